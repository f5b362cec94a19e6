"""One tick: read the deadlines that are due, decide with pure functions, write alerts, entries and the next wake.

Cost grows with what is due, never with what is open. Incidents go through in batches of one short transaction;
a batch that fails is tried again incident by incident, so that one cannot hold up the others.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.engine.course import Surroundings, midnight_of
from incident_clock.engine.raising import Raising
from incident_clock.outbox import queue
from incident_clock.people import roster
from incident_clock.people.calling import BUDGETED
from incident_clock.registry import incidents
from incident_clock.registry.tables import Deadline, Incident
from incident_clock.store.session import Store

logger = logging.getLogger(__name__)

BATCH = 20  # incidents per transaction
DUE_LIMIT = 500  # incidents per tick; the rest follow at once in the next
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
    after_batch: Callable[[], None] = field(default=lambda: None)

    def tick(self, now: datetime) -> Ticked:
        """Raise everything that is due at `now`."""
        due = self._due(now)
        raised, failed = 0, list[int]()
        for start in range(0, len(due), BATCH):
            batch = due[start:start + BATCH]
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
        return Ticked(raised, wake_at, numbers, is_more_waiting=len(due) >= DUE_LIMIT)

    def _due(self, now: datetime) -> list[int]:
        with self.store.read() as session:
            return list(session.scalars(
                select(Deadline.incident_id).where(Deadline.settled_at.is_(None), Deadline.wake_at <= now)
                .group_by(Deadline.incident_id).order_by(Deadline.incident_id).limit(DUE_LIMIT)))

    def _carry_out(self, ids: list[int], now: datetime) -> int:
        raised = 0
        with self.store.write() as session:
            locked = session.scalars(select(Incident).where(Incident.id.in_(ids)).order_by(Incident.id)
                                     .with_for_update(of=Incident, skip_locked=True)).unique().all()
            around, signature = self.look_around(session, now), roster.bureau(session).short_name
            for incident in locked:
                steps = {step.key: step for step in incidents.rule_of(incident).steps}
                for deadline in incident.deadlines:
                    if deadline.settled_at is None and deadline.wake_at is not None and deadline.wake_at <= now:
                        raised += Raising(session, incident, deadline, steps[deadline.step], around,
                                          signature).carry_out()
        if raised:
            self.after_batch()
        return raised

    def look_around(self, session: Session, now: datetime) -> Surroundings:
        """Who is on duty, which channels are on, and what each number has had today."""
        book = roster.duty_book(session, now)
        return Surroundings(
            now=now, book=book, channels=self.channels(session), daily_budget=self.daily_budget,
            sent_today=queue.counted(session, channel=BUDGETED, addresses=book.addresses(BUDGETED),
                                     since=midnight_of(now, self.zone)))
