"""The runner piece by piece, on a clock that is moved: its jobs cannot raise, its watchdog mends a dead scheduler,
and no lease of its own is ever forgotten. One test starts a real scheduler, and kills its thread."""

import logging
import threading
from datetime import timedelta

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from incident_clock.engine import beating, lines, runner
from incident_clock.engine.runner import Parts, Runner
from incident_clock.engine.tables import EngineBeat
from incident_clock.engine.tick import Ticked
from incident_clock.outbox import messages as m
from incident_clock.outbox import queue
from tests.outbox.drafts import attempts, draft, enqueue
from tests.support.bureau import small_rule
from tests.support.room import Room

WITHIN_S = 10  # for what a thread does at once


class AlarmClock:
    """Stands in for a scheduler: keeps the jobs and the instants it was asked for, and never rings."""

    def __init__(self, **_settings: object) -> None:
        self.jobs: dict[str, object] = {}
        self.triggers: dict[str, object] = {}
        self.asked: list[tuple[str, object]] = []
        self.is_running = False

    def add_job(self, job, trigger: object, **named: object) -> None:
        self.jobs[str(named["id"])], self.triggers[str(named["id"])] = job, trigger

    def modify_job(self, name: str, *, next_run_time) -> None:
        self.asked.append((name, next_run_time))

    def start(self) -> None:
        self.is_running = True

    def shutdown(self, *, wait: bool) -> None:
        self.is_running = False


@pytest.fixture
def alarms(monkeypatch: pytest.MonkeyPatch) -> list[AlarmClock]:
    """Every scheduler the runner starts, oldest first."""
    made: list[AlarmClock] = []
    monkeypatch.setattr(runner, "BackgroundScheduler", lambda **settings: made.append(AlarmClock(**settings)) or made[-1])
    return made


@pytest.fixture
def room(store, now) -> Room:
    return Room(store, now, small_rule(), channels=("sms",), engine="me")


@pytest.fixture
def engine(room: Room, alarms: list[AlarmClock]) -> Runner:
    engine = Runner(Parts("me", room.store, room.clock, room.ticker, room.sender, room.looker, room.auditor, room.noticer))
    engine._start()
    yield engine
    engine._lines.close()


def row(room: Room, engine: str = "me") -> EngineBeat | None:
    with room.store.read() as session:
        return session.get(EngineBeat, engine)


def run(engine: Runner, job: str) -> None:
    """The job as the scheduler calls it."""
    engine._scheduler.jobs[job]()


def settled(engine: Runner) -> None:
    """Wait until every call under way is over."""
    assert engine._lines.are_settled(within_s=WITHIN_S)


# ── the jobs ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_tick_beats_and_asks_to_be_woken_at_the_next_due_instant(room: Room, engine: Runner, alarms):
    room.register()
    room.wait(minutes=9, seconds=59.8)
    run(engine, "tick")
    assert (row(room).beat_at, row(room).ticked_at) == (room.now, room.now)
    assert ("tick", room.now + timedelta(seconds=0.2)) in alarms[0].asked


def test_a_far_instant_is_left_to_the_regular_tick(room: Room, engine: Runner, alarms):
    room.register()
    room.tick()
    run(engine, "tick")
    assert alarms[0].asked == []


def test_more_waiting_incidents_are_taken_at_once(room: Room, engine: Runner, alarms, monkeypatch):
    monkeypatch.setattr(runner.Ticker, "tick", lambda self, now: Ticked(3, None, (), is_more_waiting=True))
    run(engine, "tick")
    assert alarms[0].asked == [("tick", room.now)]


@pytest.mark.parametrize("leap", [timedelta(days=3_650), timedelta(0), timedelta(days=-3_650)])
def test_a_clock_that_leaps_is_followed_by_one_tick(room: Room, engine: Runner, alarms, leap: timedelta):
    """A machine that starts without the time: the library's own interval would count 600 million missed ticks."""
    trigger = alarms[0].triggers["tick"]
    assert trigger.get_next_fire_time(room.now - leap, room.now) == room.now + timedelta(seconds=0.5)


def test_the_heart_beats_every_two_seconds_and_not_with_every_tick(room: Room, engine: Runner):
    run(engine, "tick")
    first = row(room).beat_at
    run_after(room, engine, 1.9)
    assert row(room).beat_at == first
    run_after(room, engine, 0.1)
    assert row(room).beat_at == room.now


def run_after(room: Room, engine: Runner, seconds: float) -> None:
    room.wait(seconds=seconds)
    run(engine, "tick")


@pytest.mark.parametrize("job", ["tick", "send", "audit"])
def test_no_job_can_raise(room: Room, engine: Runner, job: str, monkeypatch, caplog):
    def fail(*_given: object, **_named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(runner.Ticker, "tick", fail)
    monkeypatch.setattr(runner.Sender, "claim", fail)
    monkeypatch.setattr(runner.Auditor, "audit", fail)
    with caplog.at_level(logging.ERROR):
        run(engine, job)
        run(engine, job)
    assert [record.message for record in caplog.records] == [f"job {job} failed (ZeroDivisionError); it is tried again"] * 2
    assert [bool(record.exc_info) for record in caplog.records] == [True, False]  # a lasting error is traced once


def test_a_failed_claim_gives_its_threads_back(room: Room, engine: Runner, monkeypatch):
    enqueue(room, draft(room, room.register()))
    with monkeypatch.context() as patch:
        patch.setattr(queue, "claim", lambda *_given, **_named: 1 / 0)
        for _ in range(3):
            run(engine, "send")
    settled(engine)
    run(engine, "send")
    settled(engine)
    assert room.message().state == m.ACCEPTED


def test_no_more_is_claimed_than_there_are_free_threads(room: Room, engine: Runner, alarms, monkeypatch):
    monkeypatch.setattr(lines, "THREADS_PER_CHANNEL", 16)
    number = room.register()
    enqueue(room, *(draft(room, number, repeat=repeat) for repeat in range(20)))
    go_on = threading.Event()
    room.channels["sms"].fate = lambda letter: go_on.wait(WITHIN_S) and "arrives"
    run(engine, "send")
    run(engine, "send")
    assert len(room.messages(state=m.SENDING)) == 16
    go_on.set()
    settled(engine)
    assert ("send", room.now) in alarms[0].asked  # a thread that is free asks for more
    run(engine, "send")
    settled(engine)
    assert len(room.told) == len(room.messages(state=m.ACCEPTED)) == 20


def test_the_audit_is_written_into_the_heartbeat(room: Room, engine: Runner, caplog):
    run(engine, "audit")
    assert (row(room).audited_at, row(room).audit_problem) == (room.now, "")
    room.register()
    room.wait(seconds=6)
    run(engine, "audit")
    assert (row(room).audited_at, row(room).audit_problem) == (room.now, "1 deadlines have a rung that is due and was not raised")
    assert "self-audit: 1 deadlines" in caplog.text


def test_an_incident_that_cannot_be_handled_is_named_in_the_audit(room: Room, engine: Runner, monkeypatch):
    monkeypatch.setattr(runner.Ticker, "tick", lambda self, now: Ticked(0, None, ("2026-0007", "Y2026-0001")))
    run(engine, "tick")
    run(engine, "audit")
    assert row(room).audit_problem == "incidents 2026-0007, Y2026-0001 cannot be handled"


# ── leases ────────────────────────────────────────────────────────────────────────────────────────────────


def lease(room: Room, owner: str) -> None:
    enqueue(room, draft(room, room.register()))
    room.another_sender(owner).claim(1)


def beaten(room: Room, engine: str) -> None:
    with room.store.write() as session:
        beating.beat(session, engine=engine, started_at=room.now, ticked_at=None, now=room.now)


def test_at_the_start_of_the_only_engine_every_old_lease_is_freed(room: Room, engine: Runner):
    """On SQLite the engine lock proves the old one dead; on PostgreSQL it may be one of several and is waited for."""
    beaten(room, "dead a second ago")
    lease(room, "dead a second ago")
    engine._rescue(is_start=True)
    assert room.message().state == (m.QUEUED if room.store.is_sqlite else m.SENDING)


def test_the_lease_of_an_engine_falls_fifteen_seconds_after_its_last_heartbeat(room: Room, engine: Runner):
    beaten(room, "other")
    lease(room, "other")
    room.wait(seconds=15, microseconds=-1)
    run(engine, "audit")
    assert room.message().state == m.SENDING
    room.wait(microseconds=1)
    run(engine, "audit")
    assert (room.message().state, room.message().may_be_copy) == (m.QUEUED, True)


def test_an_own_call_that_takes_long_keeps_its_lease(room: Room, engine: Runner):
    enqueue(room, draft(room, room.register()))
    go_on = threading.Event()
    room.channels["sms"].fate = lambda letter: go_on.wait(WITHIN_S) and "arrives"
    run(engine, "send")
    room.wait(minutes=3)
    run(engine, "audit")
    assert (room.message().state, room.message().may_be_copy) == (m.SENDING, False)
    go_on.set()
    settled(engine)
    assert room.message().state == m.ACCEPTED


@pytest.mark.parametrize("fate", ["arrives", "temporary"])
def test_an_outcome_that_could_not_be_written_down_does_not_leave_the_message_lying(room: Room, engine: Runner, fate,
                                                                                  monkeypatch):
    """The database was away when the answer came: the lease is ours, we live, and nobody else would free it."""
    enqueue(room, draft(room, room.register()))
    room.channels["sms"].fate = lambda letter: fate
    with monkeypatch.context() as patch:
        patch.setattr(queue, "settle", lambda *_given, **_named: 1 / 0)
        run(engine, "send")
        settled(engine)
    room.channels["sms"].fate = lambda letter: "arrives"
    assert room.message().state == m.SENDING
    run(engine, "audit")
    run(engine, "send")
    settled(engine)
    assert (room.message().state, room.told[-1].is_copy) == (m.ACCEPTED, True)


def test_a_claim_whose_commit_was_not_confirmed_is_not_lost(room: Room, engine: Runner):
    """The claim is in the database, the connection broke before we heard so."""
    lease(room, "me")
    run(engine, "audit")
    assert [attempt.outcome for attempt in attempts(room)] == [queue.LOST]
    run(engine, "send")
    settled(engine)
    assert room.message().state == m.ACCEPTED


def test_the_heart_beats_before_anything_is_claimed(room: Room, engine: Runner, monkeypatch):
    """Otherwise another engine would take the first leases for those of a dead one."""
    enqueue(room, draft(room, room.register()))
    seen = []
    monkeypatch.setattr(engine, "_start", lambda: seen.append(row(room)))
    stop = threading.Event()
    stop.set()
    engine._scheduler = None
    engine.run(stop)
    assert seen[0] is not None
    assert (seen[0].beat_at, seen[0].ticked_at) == (room.now, None)


def test_the_heart_beats_on_while_a_tick_takes_long(room: Room, engine: Runner):
    run(engine, "tick")
    with engine._ticking:
        room.wait(seconds=20)
        run(engine, "tick")
        run(engine, "audit")
    assert row(room).beat_at == room.now
    assert row(room).ticked_at == room.now - timedelta(seconds=20)


def test_the_daily_notice_is_put_into_the_outbox_and_sent_at_once(room: Room, engine: Runner, alarms):
    room.noticer.gaps = lambda session, now: ["一处"]
    room.noticer.words = lambda found, language, now: {
        "number": "", "is_drill": False, "subject": "缺一处", "sms": "短", "mail": "长"}
    run(engine, "notice")
    assert [(message.kind, message.incident_id, message.person) for message in room.messages()] == [("gaps", None, "shen")]
    assert ("send", room.now) in alarms[0].asked
    run(engine, "send")
    settled(engine)
    assert [told.text for told in room.told] == ["短"]


# ── the watchdog ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_watchdog_leaves_a_ticking_engine_alone(room: Room, engine: Runner, alarms):
    for _ in range(5):
        run_after(room, engine, 2.9)
        engine._watch()
    assert len(alarms) == 1


def test_the_watchdog_ticks_by_itself_and_starts_the_scheduler_anew(room: Room, engine: Runner, alarms, caplog):
    room.register()
    room.wait(seconds=3)
    engine._watch()
    assert [message.rung for message in room.messages()] == [1]
    assert [alarm.is_running for alarm in alarms] == [False, True]
    assert engine._scheduler is alarms[1]
    assert sorted(alarms[1].jobs) == ["audit", "look", "notice", "send", "tick"]
    assert "no tick for 3 s" in caplog.text


def test_the_watchdog_gives_a_new_scheduler_time(room: Room, engine: Runner, alarms, monkeypatch):
    """While the database is away no tick succeeds: the scheduler is not thrown away every second."""
    monkeypatch.setattr(runner.Ticker, "tick", lambda self, now: 1 / 0)
    for _ in range(9):
        room.wait(seconds=1)
        engine._watch()
    assert len(alarms) == 1 + 3


def test_a_tick_that_takes_long_is_not_doubled_by_the_watchdog(room: Room, engine: Runner, alarms):
    room.register()
    with engine._ticking:
        room.wait(seconds=4)
        engine._watch()
    assert room.messages() == []


def test_a_scheduler_that_cannot_be_shut_down_is_replaced_all_the_same(room: Room, engine: Runner, alarms, monkeypatch):
    monkeypatch.setattr(alarms[0], "shutdown", lambda **_named: 1 / 0)
    room.wait(seconds=4)
    engine._watch()
    assert len(alarms) == 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the death is the point
def test_a_scheduler_whose_thread_has_died_is_replaced_by_one_that_ticks(room: Room, caplog):
    """APScheduler's own trap: an exception outside its guard ends the thread, and `running` stays true."""
    engine = Runner(Parts("me", room.store, room.clock, room.ticker, room.sender, room.looker, room.auditor, room.noticer))
    ticked = threading.Event()
    engine._start()
    dead = engine._scheduler
    dead._process_jobs = lambda: 1 / 0
    dead.wakeup()
    dead._thread.join(WITHIN_S)
    assert dead.running
    assert not dead._thread.is_alive()
    room.ticker.after_batch = ticked.set
    engine._parts.ticker = room.ticker
    with engine._ticking:  # the watchdog's own tick is kept away: the new scheduler must do it
        room.register()
        room.wait(seconds=4)
        engine._watch()
    assert ticked.wait(WITHIN_S)
    assert isinstance(engine._scheduler, BackgroundScheduler)
    assert engine._scheduler is not dead
    engine._scheduler.shutdown()
    engine._lines.close()
