"""One tick: read the deadlines that are due, decide with pure functions, write alerts, entries and the next wake.

Cost grows with what is due, never with what is open. Incidents go through in batches of one short transaction;
a batch that fails is tried again incident by incident, so that one cannot hold up the others.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.engine import alerts
from incident_clock.outbox import queue
from incident_clock.people import roster
from incident_clock.protocol import ladder
from incident_clock.protocol.deadlines import overdue_from
from incident_clock.protocol.ladder import Decision
from incident_clock.protocol.steps import Step
from incident_clock.registry import incidents, ledger
from incident_clock.registry.facts import ENGINE, DeadlinePassed, Erasable, RungRaised
from incident_clock.registry.tables import Deadline, Incident
from incident_clock.store.session import Store

logger = logging.getLogger(__name__)

BATCH = 20  # incidents per transaction
DUE_LIMIT = 500  # incidents per tick; the rest follow at once in the next
LATE_AFTER = timedelta(seconds=5)  # a single rung raised later than this after its instant counts as recovered


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
            signature, channels = roster.bureau(session).short_name, self.channels(session)
            locked = session.scalars(select(Incident).where(Incident.id.in_(ids)).order_by(Incident.id)
                                     .with_for_update(of=Incident, skip_locked=True)).unique().all()
            for incident in locked:
                steps = {step.key: step for step in incidents.rule_of(incident).steps}
                for deadline in incident.deadlines:
                    if deadline.settled_at is None and deadline.wake_at is not None and deadline.wake_at <= now:
                        raised += self._raise_due(session, incident, deadline, steps[deadline.step], channels,
                                                  now, signature)
        if raised:
            self.after_batch()
        return raised

    def _raise_due(self, session: Session, incident: Incident, deadline: Deadline, step: Step,
                   channels: Collection[str], now: datetime, signature: str) -> int:
        if deadline.passed_at is None and overdue_from(deadline.due_at) <= now:
            deadline.passed_at = overdue_from(deadline.due_at)
            ledger.append(session, incident, DeadlinePassed(
                happened_at=deadline.passed_at, step=step.key, due_at=deadline.due_at), actor=ENGINE, now=now)
        raised = 0
        if deadline.next_rung_at is not None and deadline.next_rung_at <= now:
            decision = ladder.decide(step, started=incident.clock_started_at, next_rung_at=deadline.next_rung_at,
                                     now=now)
            reason = _reason(incident, deadline, decision, now)
            for occurrence in decision.raised:
                reached = alerts.reach(session, alerts.roles_of(step, decision, occurrence), channels=channels,
                                       now=now)
                queue.enqueue(session, alerts.drafts(incident, step, deadline, occurrence, reached, reason=reason,
                                                     signature=signature), now=now)
                ledger.append(session, incident, RungRaised(
                    happened_at=now, step=step.key, rung=occurrence.rung, repeat=occurrence.repeat,
                    due_at=occurrence.at, reason=reason, audience=[Erasable(card.name) for card, _ in reached.people],
                    passed_over=[{"rung": p.rung, "first": p.first, "last": p.last} for p in decision.passed_over],
                    unreachable=list(reached.unreachable)), actor=ENGINE, now=now)
                raised += 1
            deadline.next_rung_at = decision.next_rung_at
        deadline.wake_at = incidents.wake_at(deadline.next_rung_at, deadline.due_at, deadline.passed_at)
        session.flush()
        return raised


def _reason(incident: Incident, deadline: Deadline, decision: Decision, now: datetime) -> str:
    """The named reason why this alert exists: told in time or at registration, or caught up after a gap."""
    latest = max((occurrence.at for occurrence in decision.raised), default=now)
    if not decision.passed_over and now - latest <= LATE_AFTER:
        return "on_time"
    known_at = max(incident.registered_at, deadline.reopened_at or incident.registered_at)
    if latest > known_at or now - known_at > LATE_AFTER:
        return "recovered"
    if known_at == deadline.reopened_at:
        return "reopened"
    return "late_registration" if decision.passed_over else "registered"
