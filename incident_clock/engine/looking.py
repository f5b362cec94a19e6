"""Looking what became of letters that have left, when no callback came: ask the provider, and when its receipt is
overdue tell the person another way beside it. A lost answer is looked up before a marked copy goes.

No transaction is open during a question. Two engines that look at the same letter do no harm: each answer is applied
upwards only, and each message is followed once.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from incident_clock.channels.base import SENT, Channel, ChannelError, Letter, Report
from incident_clock.engine import fallback
from incident_clock.engine.receiving import Receiver
from incident_clock.engine.settling import Ending, lock
from incident_clock.outbox import messages as m
from incident_clock.outbox.tables import Attempt, Message
from incident_clock.protocol.retry import next_look
from incident_clock.store.session import Store
from incident_clock.store.writing import changed

LOOK_LIMIT = 100  # messages per turn; the rest follow in the next
QUESTIONS_AT_ONCE = 8

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """One letter to be asked about."""

    message: Message
    attempt: Attempt
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Looker:
    """Asks about letters whose time to look has come. `letter_of` makes the letter of an attempt as it left."""

    store: Store
    channels: Mapping[str, Channel]
    receiver: Receiver
    letter_of: Callable[[Message, Attempt], Letter]
    after_commit: Callable[[], None] = lambda: None

    def look(self, now: datetime) -> int:
        """Ask about every letter that is due; gives how many."""
        questions = self._due(now)
        if questions:
            with ThreadPoolExecutor(min(QUESTIONS_AT_ONCE, len(questions)), thread_name_prefix="look") as threads:
                list(threads.map(lambda question: self._ask(question, now), questions))
            self._follow([question for question in questions if question.is_overdue], now)
        return len(questions)

    def _due(self, now: datetime) -> Sequence[Question]:
        """Take what is due, and set when to look again: a question that fails is asked then."""
        with self.store.read() as session:
            ids = session.scalars(select(Message.id).where(Message.check_at <= now)
                                  .order_by(Message.check_at).limit(LOOK_LIMIT)).all()
        if not ids:
            return ()
        with self.store.write() as session:
            rows = session.scalars(select(Message).where(Message.id.in_(ids), Message.check_at <= now)
                                   .with_for_update(skip_locked=True)).all()
            return [question for row in rows if (question := self._question(session, row, now))]

    def _question(self, session: Session, message: Message, now: datetime) -> Question | None:
        within = self._receipt_within(message.channel)
        attempt = session.scalar(select(Attempt).where(
            Attempt.message_id == message.id, Attempt.number == message.attempt_count))
        is_open = message.state in (m.ACCEPTED, m.UNKNOWN) and attempt is not None
        sent_at = message.sent_at or now
        message.check_at = (next_look(sent_at=sent_at, now=now, receipt_within=within)
                            if is_open and message.state == m.ACCEPTED else None)
        if not is_open or attempt is None:
            return None
        is_overdue = message.state == m.ACCEPTED and within is not None and now - sent_at >= within
        return Question(message, attempt, is_overdue)

    def _ask(self, question: Question, now: datetime) -> None:
        message, attempt = question.message, question.attempt
        channel = self.channels.get(message.channel)
        if channel is None:
            return
        try:
            if message.state == m.UNKNOWN:
                self._find(channel, message, attempt, now)
            elif attempt.provider_id:
                report = channel.look_up(attempt.provider_id, gateway=attempt.gateway or "")
                if report is not None:
                    self.receiver.receive(report, gateway=attempt.gateway or "", provider_id=attempt.provider_id,
                                          now=now)
        except ChannelError as error:
            logger.warning("what became of message %s could not be asked: %s", message.id, error.detail)
        except Exception:
            logger.exception("what became of message %s could not be asked", message.id)

    def _find(self, channel: Channel, message: Message, attempt: Attempt, now: datetime) -> None:
        found = channel.find(self.letter_of(message, attempt), gateway=attempt.gateway or "")
        if found is None:
            return
        with self.store.write() as session:
            changed(session, update(Attempt).where(Attempt.id == attempt.id).values(
                provider_id=found.provider_id, gateway=found.gateway or attempt.gateway))
        self.receiver.receive(Report(SENT, detail=found.detail), gateway=found.gateway or attempt.gateway or "",
                              provider_id=found.provider_id, now=now)
        report = channel.look_up(found.provider_id, gateway=found.gateway)
        if report is not None:
            self.receiver.receive(report, gateway=found.gateway or attempt.gateway or "",
                                  provider_id=found.provider_id, now=now)

    def _follow(self, overdue: Sequence[Question], now: datetime) -> None:
        """Receipts that did not come in time: the same persons are told another way, beside what is under way."""
        if not overdue:
            return
        with self.store.write() as session:
            ending = Ending(session, lock(session, (one.message.incident_id for one in overdue)), now,
                            self.receiver.look_around)
            for row in session.scalars(select(Message).where(
                    Message.id.in_([one.message.id for one in overdue]), Message.state == m.ACCEPTED)):
                ending.follow(row, fallback.SILENT)
        if ending.is_more_to_send:
            self.after_commit()

    def _receipt_within(self, channel: str) -> timedelta | None:
        found = self.channels.get(channel)
        return found.receipt_within if found else None
