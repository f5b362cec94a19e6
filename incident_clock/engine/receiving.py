"""What comes in about letters that have left: reports of providers, and what is found when we ask ourselves."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from incident_clock.channels.base import Report
from incident_clock.engine.settling import Ending, LookAround, lock
from incident_clock.outbox import messages as m
from incident_clock.outbox import receipts
from incident_clock.outbox.tables import Attempt, Message
from incident_clock.store.session import Store
from incident_clock.store.writing import changed

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Takes reports. `read_tracking` gives (message, attempt) of the word that came back, None for a made-up one."""

    store: Store
    look_around: LookAround
    read_tracking: Callable[[str], tuple[int, int] | None]
    after_commit: Callable[[], None] = lambda: None

    def receive(self, report: Report, *, gateway: str, provider_id: str, tracking: str = "", now: datetime) -> bool:
        """Keep and apply one report; False when it was known already. What it is about may not be known yet."""
        tracked = self.read_tracking(tracking) if tracking else None

        def attempt_in(session: Session) -> Attempt | None:
            return receipts.attempt_of(session, gateway=gateway, provider_id=provider_id, tracked=tracked)

        with self.store.read() as session:  # which incident: it is locked before anything else
            about = _incident_of(session, attempt_in(session))
        with self.store.write() as session:
            incidents = lock(session, [about])
            is_new = receipts.keep(session, report, gateway=gateway, provider_id=provider_id, tracking=tracking,
                                   now=now)
            attempt = attempt_in(session)
            if attempt is None:
                logger.info("a report of %s about a letter that is not known yet is kept", gateway)
                return is_new
            if not incidents:  # the attempt was settled meanwhile
                incidents = lock(session, [_incident_of(session, attempt)])
            change = receipts.apply(session, attempt, report, provider_id=provider_id, gateway=gateway, now=now)
            ending = Ending(session, incidents, now, self.look_around)
            if change is not None:
                ending.changed(change)
        if ending.is_more_to_send:
            self.after_commit()
        return is_new


    def look_soon(self, *, gateway: str, provider_id: str, tracking: str, now: datetime) -> bool:
        """Have the engine ask at once what became of a letter: somebody who proves nothing says that there is news.

        False for a letter that is not waiting for any.
        """
        tracked = self.read_tracking(tracking) if tracking else None
        with self.store.read() as session:  # strangers must not hold up those who write
            attempt = receipts.attempt_of(session, gateway=gateway, provider_id=provider_id, tracked=tracked)
            message = session.get(Message, attempt.message_id) if attempt else None
            if message is None or message.state != m.ACCEPTED or message.check_at is None or message.check_at <= now:
                return False
        with self.store.write() as session:
            return changed(session, update(Message).where(
                Message.id == message.id, Message.state == m.ACCEPTED, Message.check_at > now)
                .values(check_at=now)) == 1


def _incident_of(session: Session, attempt: Attempt | None) -> int | None:
    return session.get_one(Message, attempt.message_id).incident_id if attempt else None
