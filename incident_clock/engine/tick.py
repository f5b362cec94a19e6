"""One tick: read the deadlines that are due, decide with pure functions, write alerts, entries and the next wake.

Cost grows with what is due, never with what is open. Real incidents come before drills, and few drills
go into one tick: none keeps a real one waiting. Incidents go through in batches of one short transaction;
a batch that fails is tried again incident by incident, so that one cannot hold up the others.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from incident_clock.engine.course import Surroundings, midnight_of
from incident_clock.engine.raising import Raising
from incident_clock.outbox import queue
from incident_clock.people import roster
from incident_clock.people.calling import BUDGETED
from incident_clock.people.drill_book import EMPTY, DrillBook
from incident_clock.registry.obligations import step_of
from incident_clock.registry.tables import Deadline, Incident
from incident_clock.store.session import Store

logger = logging.getLogger(__name__)

BATCH = 20  # incidents per transaction
DUE_LIMIT = 500  # incidents per tick; the rest follow at once in the next
DRILL_LIMIT = 40  # drills per tick: a real incident that comes meanwhile waits for no more than these
DAILY_BUDGET = 40  # text messages to one number from midnight to midnight (domain 3.5)


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a tick did. `wake_at` is the next instant something is due; `failed` the numbers it could not handle."""

    raised: int
    wake_at: datetime | None
    failed: tuple[str, ...] = ()
    is_more_waiting: bool = False


@dataclass(slots=True)
class Ticker:
    """The engine's tick, bound to a database and the channels that are switched on."""

    store: Store
    channels: Callable[[Session], Collection[str]]
    zone: ZoneInfo  # whose midnight begins a number's day
    daily_budget: int = DAILY_BUDGET
    drill_book: DrillBook = EMPTY
    after_batch: Callable[[], None] = field(default=lambda: None)

    def tick(self, now: datetime) -> Ticked:
        """Raise everything that is due at `now`."""
        real = self._due(now, is_drill=False, limit=DUE_LIMIT)
        drills = self._due(now, is_drill=True, limit=DRILL_LIMIT)
        raised, failed = 0, list[int]()
        for batch in (*_batches(real), *_batches(drills)):
            try:
                raised += self._carry_out(batch, now)
            except Exception:
                logger.exception("a batch of %s incidents failed; trying each alone", len(batch))
                for one in batch:
                    try:
                        raised += self._carry_out([one], now)
                    except Exception:
                        logger.exception("incident %s cannot be handled", one)
                        failed.append(one)
        with self.store.read() as session:
            numbers = tuple(session.scalars(
                select(Incident.number).where(Incident.id.in_(failed)).order_by(Incident.id)))
            wake_at = session.scalar(
                select(Deadline.wake_at).where(Deadline.settled_at.is_(None), Deadline.wake_at > now)
                .order_by(Deadline.wake_at).limit(1))
        return Ticked(raised, wake_at, numbers, is_more_waiting=len(real) >= DUE_LIMIT or len(drills) >= DRILL_LIMIT)

    def _due(self, now: datetime, *, is_drill: bool, limit: int) -> list[int]:
        with self.store.read() as session:
            return list(session.scalars(
                select(Deadline.incident_id).join(Incident, Incident.id == Deadline.incident_id)
                .where(Deadline.settled_at.is_(None), Deadline.wake_at <= now, Incident.is_drill.is_(is_drill))
                .group_by(Deadline.incident_id).order_by(Deadline.incident_id).limit(limit)))


    def _carry_out(self, ids: Sequence[int], now: datetime) -> int:
        raised = 0
        with self.store.write() as session:
            locked = session.scalars(select(Incident).where(Incident.id.in_(ids)).order_by(Incident.id)
                                     .options(lazyload(Incident.protocol))
                                     .with_for_update(of=Incident, skip_locked=True)).unique().all()
            signature = roster.bureau(session).short_name
            around = {is_drill: self.look_around(session, now, is_drill)
                      for is_drill in {incident.is_drill for incident in locked}}
            for incident in locked:
                for deadline in incident.deadlines:
                    if deadline.settled_at is None and deadline.wake_at is not None and deadline.wake_at <= now:
                        raised += Raising(session, incident, deadline, step_of(deadline),
                                          around[incident.is_drill], signature).carry_out()
        if raised:
            self.after_batch()
        return raised

    def look_around(self, session: Session, now: datetime, is_drill: bool = False) -> Surroundings:
        """Who is on duty, which channels are on, and what each number has had today. For a drill: each with his
        addresses of the drill book, and the channels a drill may use."""
        book, channels = roster.duty_book(session, now), self.channels(session)
        if is_drill:
            book, channels = self.drill_book.duty_book(book), self.drill_book.channels(channels)
        return Surroundings(
            now=now, book=book, channels=channels, daily_budget=self.daily_budget,
            sent_today=queue.counted(session, channel=BUDGETED, addresses=book.addresses(BUDGETED),
                                     since=midnight_of(now, self.zone), is_drill=is_drill))


def _batches(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start:start + BATCH] for start in range(0, len(ids), BATCH)]
