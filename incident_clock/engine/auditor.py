"""The self-audit: is everything that should have been told on its way? A cycle that finishes proves nothing.

Its result stands in the engine's heartbeat; readiness is never reported while it fails.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from incident_clock.outbox import messages as m
from incident_clock.outbox.tables import Attempt, Message
from incident_clock.registry.tables import Deadline
from incident_clock.store.session import Store

RUNG_LATE_AFTER = timedelta(seconds=5)  # a due rung not yet raised
MESSAGE_LATE_AFTER = timedelta(seconds=15)  # a message that may go and was not claimed
CALL_LATE_AFTER = timedelta(seconds=60)  # a call that has not come back


@dataclass(frozen=True, slots=True)
class Auditor:
    store: Store

    def audit(self, now: datetime) -> str:
        """Empty when all is well, else one sentence per kind of lapse."""
        with self.store.read() as session:
            rungs = session.scalar(select(func.count()).select_from(Deadline).where(
                Deadline.settled_at.is_(None), Deadline.wake_at < now - RUNG_LATE_AFTER)) or 0
            waiting = session.scalar(select(func.count()).select_from(Message).where(
                Message.state.in_(m.WAITING), Message.not_before < now - MESSAGE_LATE_AFTER)) or 0
            hanging = session.scalar(select(func.count()).select_from(Message).join(Attempt).where(
                Message.state == m.SENDING, Attempt.finished_at.is_(None),
                Attempt.started_at < now - CALL_LATE_AFTER)) or 0
        lapses = [(rungs, "deadlines have a rung that is due and was not raised"),
                  (waiting, "messages may go and were not taken"),
                  (hanging, "calls have not come back")]
        return "; ".join(f"{count} {what}" for count, what in lapses if count)
