"""The engine as a process. APScheduler is only its alarm clock, a watchdog on the monotonic clock watches both.

A few fixed jobs (tick, send, look, audit, notice, mail) in a memory store, each wrapped so that it cannot raise. The
tick comes at least every 0.5 s and at the next known due instant; a tick that raised something nudges the sender. When
no tick was seen for 3 s of monotonic time (a stopped scheduler thread, a wall clock set back) the watchdog ticks by
itself and starts the scheduler anew.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor as JobThreads
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from incident_clock.clock import Clock
from incident_clock.engine import beating
from incident_clock.engine.auditor import Auditor
from incident_clock.engine.lines import Lines
from incident_clock.engine.looking import Looker
from incident_clock.engine.noticing import Noticer
from incident_clock.engine.probing import Prober
from incident_clock.engine.returned import ReturnedMail
from incident_clock.engine.tick import Ticker
from incident_clock.outbox import queue
from incident_clock.outbox.sender import Sender
from incident_clock.store.session import Store

logger = logging.getLogger(__name__)

TICK_EVERY_S = 0.5
SEND_EVERY_S = 0.5
LOOK_EVERY_S = 1
AUDIT_EVERY_S = 5
NOTICE_EVERY_S = 60
MAIL_EVERY_S = 30
JOB_THREADS = 6  # one for each job: none waits for another's network
WATCH_EVERY_S = 1.0
STALLED_AFTER_S = 3.0


@dataclass(slots=True)
class Parts:
    """What an engine is made of; `engine` is its id."""

    engine: str
    store: Store
    clock: Clock
    ticker: Ticker
    sender: Sender
    looker: Looker
    auditor: Auditor
    noticer: Noticer
    prober: Prober | None = None
    returned_mail: ReturnedMail | None = None


class Every(BaseTrigger):
    """Again so many seconds from now. The library's own interval counts every instant missed, one by one: a clock
    that leaps ahead by years (a machine that starts without the time) would keep it busy for hours."""

    def __init__(self, seconds: float) -> None:
        self._pause = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self._pause


class Runner:
    """Runs one engine until told to stop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._scheduler: BackgroundScheduler | None = None
        self._lines = Lines(parts.sender, parts.clock, when_settled=self.nudge)
        self._ticking = threading.Lock()
        self._started_at = parts.clock.now()
        self._ticked_at: datetime | None = None
        self._quiet_since = parts.clock.monotonic()  # the last tick, or the last attempt to mend their absence
        self._beat_at: datetime | None = None
        self._failed: tuple[str, ...] = ()
        self._troubles: dict[str, str] = {}  # job → its last error, so that a lasting one is traced once

    def run(self, stop: threading.Event) -> None:
        """Blocks until `stop` is set. The heart beats before anything is claimed; leases of dead engines are freed."""
        self._guarded("beat", lambda: self._beat(self._parts.clock.now()))()
        self._guarded("rescue", lambda: self._rescue(is_start=True))()
        self._start()
        logger.info("engine %s runs", self._parts.engine)
        while not stop.wait(WATCH_EVERY_S):
            self._guarded("watch", self._watch)()
        logger.info("engine %s stops", self._parts.engine)
        if self._scheduler:
            self._scheduler.shutdown(wait=True)  # what was claimed is handed to a thread, and called, before we go
        self._lines.close()

    def _start(self) -> None:
        scheduler = BackgroundScheduler(
            timezone=UTC, executors={"default": JobThreads(JOB_THREADS)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1})
        jobs = [("tick", self._tick, TICK_EVERY_S), ("send", self._send, SEND_EVERY_S),
                ("look", self._look, LOOK_EVERY_S), ("audit", self._audit, AUDIT_EVERY_S),
                ("notice", self._notice, NOTICE_EVERY_S)]
        if self._parts.returned_mail is not None:
            jobs.append(("mail", self._fetch_mail, MAIL_EVERY_S))
        for name, job, seconds in jobs:
            scheduler.add_job(self._guarded(name, job), Every(seconds), id=name,
                              next_run_time=self._parts.clock.now())
        scheduler.start()
        self._scheduler = scheduler

    def _watch(self) -> None:
        silent_s = self._parts.clock.monotonic() - self._quiet_since
        if silent_s < STALLED_AFTER_S:
            return
        logger.error("no tick for %.0f s: the watchdog ticks and starts the scheduler anew", silent_s)
        self._guarded("tick", self._tick)()
        old, self._scheduler = self._scheduler, None
        if old is not None:
            self._guarded("shutdown", lambda: old.shutdown(wait=False))()
        self._start()
        self._quiet_since = self._parts.clock.monotonic()

    # ── the jobs ────────────────────────────────────────────────────────
    def _tick(self) -> None:
        if not self._ticking.acquire(blocking=False):
            return
        try:
            now = self._parts.clock.now()
            ticked = self._parts.ticker.tick(now)
            self._failed = ticked.failed
            self._ticked_at, self._quiet_since = now, self._parts.clock.monotonic()
            self._beat(now)
            soonest = now + timedelta(seconds=TICK_EVERY_S)
            if ticked.is_more_waiting:
                self._run_at("tick", now)
            elif ticked.wake_at is not None and ticked.wake_at < soonest:
                self._run_at("tick", ticked.wake_at)
        finally:
            self._ticking.release()

    def _send(self) -> None:
        self._lines.send()

    def _look(self) -> None:
        if self._parts.looker.look(self._parts.clock.now()):
            self.nudge()

    def _audit(self) -> None:
        now = self._parts.clock.now()
        self._beat(now)  # also while a long tick keeps its own from coming
        self._rescue(is_start=False)
        problem = self._parts.auditor.audit(now)
        if self._failed:
            problem = "; ".join(filter(None, (problem, f"incidents {', '.join(self._failed)} cannot be handled")))
        if problem:
            logger.error("self-audit: %s", problem)
        with self._parts.store.write() as session:
            beating.record_audit(session, engine=self._parts.engine, problem=problem, now=now)

    def _notice(self) -> None:
        new = self._parts.noticer.notice(self._parts.clock.now())
        new += self._parts.prober.probe(self._parts.clock.now()) if self._parts.prober else 0
        if new:
            self.nudge()

    def _fetch_mail(self) -> None:
        if self._parts.returned_mail and self._parts.returned_mail.fetch(self._parts.clock.now()):
            self.nudge()

    def nudge(self) -> None:
        """Something new waits in the outbox: send at once."""
        self._run_at("send", self._parts.clock.now())

    # ── pieces ────────────────────────────────────────────────────────────────
    def _rescue(self, *, is_start: bool) -> None:
        """Free leases of dead engines, and our own whose outcome could not be written down.

        On SQLite the engine lock proves at the start that every other engine is dead.
        """
        now, me = self._parts.clock.now(), self._parts.engine
        is_alone = is_start and self._parts.store.is_sqlite
        with self._lines.claiming, self._parts.store.write() as session:
            others = set() if is_alone else beating.living(session, now) - {me}
            freed = queue.rescue(session, now=now, is_lost=lambda message: (
                not self._lines.is_under_way(message.id, message.attempt_count) if message.lease_owner == me
                else message.lease_owner not in others))
        if freed:
            logger.warning("%s messages with a lost lease go again, marked as possible copies", freed)
            self.nudge()

    def _beat(self, now: datetime) -> None:
        if self._beat_at is None or abs(now - self._beat_at) >= beating.BEAT_EVERY:
            with self._parts.store.write() as session:
                beating.beat(session, engine=self._parts.engine, started_at=self._started_at,
                             ticked_at=self._ticked_at, now=now)
            self._beat_at = now

    def _run_at(self, job: str, instant: datetime) -> None:
        scheduler = self._scheduler
        if scheduler is not None:
            with suppress(JobLookupError):  # it is being shut down
                scheduler.modify_job(job, next_run_time=instant)

    def _guarded(self, name: str, job: Callable[[], object]) -> Callable[[], None]:
        """The job, unable to raise: an exception in the scheduler's thread would silence it for ever."""

        def run() -> None:
            try:
                job()
                self._troubles.pop(name, None)
            except Exception as error:
                is_new = self._troubles.get(name) != repr(error)
                self._troubles[name] = repr(error)
                logger.error("job %s failed (%s); it is tried again", name, type(error).__name__, exc_info=is_new)

        return run
