"""The sender's turn: claim, call, settle. One message's broken channel never touches another message.

No transaction is open during a call. Threads belong to the runner; a rehearsal takes whole turns in one thread.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from incident_clock.channels.base import CONSOLE, PERMANENT, UNKNOWN, Channel, ChannelError, Letter
from incident_clock.clock import Clock
from incident_clock.outbox import mail_twin, queue, wording
from incident_clock.outbox.queue import Claimed, Outcome
from incident_clock.outbox.tables import Attempt, Message
from incident_clock.phrases import Phrases
from incident_clock.store.session import Store

logger = logging.getLogger(__name__)

MAIL_DOMAIN = "incident-clock.invalid"  # right-hand side of Message-IDs: never a real host

NO_DRILL_BOOK = "there is no drill address book"

Settle = Callable[[Sequence[tuple[Claimed, Outcome]], datetime], None]


@dataclass(frozen=True, slots=True)
class Sender:
    """Takes messages out of the outbox and hands them to channels.

    `text_of` words a message as it would leave at an instant, `phrases_for` gives the words for its subject;
    `may_leave` a reason why nothing may leave this machine over an outside channel, or None; `settle` writes the
    outcome down; `answer_link` is the one-time address at which a mail can be acknowledged, None for other messages;
    `tracking` the word that providers give back with what they report of an attempt; `page_code` what is typed on the
    page `/a` where a way carries no answers, `page_link` the page of an incident by its number; `why_not_drill` is
    asked of every message of a drill that would leave the screen: a reason why it may not, or None.
    """

    store: Store
    channels: Mapping[str, Channel]
    clock: Clock
    engine: str
    text_of: Callable[[Message, datetime], str]
    phrases_for: Callable[[str], Phrases]
    may_leave: Callable[[], str | None]
    settle: Settle
    answer_link: Callable[[Message], str | None] = lambda message: None
    tracking: Callable[[int, int], str] = lambda message_id, attempt: ""
    page_code: Callable[[Message], str | None] = lambda message: None
    page_link: Callable[[str], str] = lambda number: ""
    why_not_drill: Callable[[Message], str | None] = lambda message: NO_DRILL_BOOK

    def claim(self, limit: int, *, free: Callable[[str], int] | None = None, kept_for_real: int = 0) -> list[Claimed]:
        """Lease messages that may go now: up to `limit`, and no more than `free(channel)` of one channel, where
        drills leave `kept_for_real` places empty."""
        now = self.clock.now()
        with self.store.read() as session:
            waiting = queue.waiting_channels(session, now=now)
        limits = {channel: min(limit, free(channel)) for channel in waiting} if free else {None: limit}
        if not waiting or not any(limits.values()):
            return []
        with self.store.write() as session:
            return [one for channel, most in limits.items() if most
                    for one in queue.claim(session, engine=self.engine, limit=most, now=now, channel=channel,
                                           kept_for_real=kept_for_real,
                                           render=lambda message: self.text_of(message, now))]

    def deliver(self, claimed: Claimed) -> Outcome:
        """Make the call for one leased message and write down what came of it. Never raises on a failed call."""
        outcome = self.call(claimed)
        self.settle([(claimed, outcome)], self.clock.now())
        return outcome

    def turn(self, limit: int = 100) -> int:
        """Send all that may go now, one after the other; gives how many were tried."""
        claimed = self.claim(limit)
        for one in claimed:
            self.deliver(one)
        return len(claimed)

    def call(self, claimed: Claimed) -> Outcome:
        """Make the call for one leased message, without writing anything down. Never raises on a failed call."""
        message = claimed.message
        if message.is_drill and message.channel != CONSOLE and (why := self.why_not_drill(message)):
            return Outcome(queue.FAILED, why)
        channel = self.channels.get(message.channel)
        if channel is None:
            return Outcome(queue.RETRY, f"channel {message.channel} is not set up")
        try:
            refusal = None if channel.is_loopback else self.may_leave()
            if refusal:
                return Outcome(queue.FAILED, refusal)
            receipt = channel.send(self._letter(message, claimed.attempt, claimed.text, self.clock.now(),
                                                claimed.avoid))
        except ChannelError as error:
            return _failure(error)
        except Exception as error:  # a fault of ours must not lose the message
            logger.exception("channel %s failed unexpectedly", message.channel)
            return Outcome(queue.RETRY, f"unexpected {type(error).__name__}")
        return Outcome(queue.ACCEPTED, receipt.detail, receipt.provider_id, gateway=receipt.gateway,
                       segments=receipt.segments, receipt_within=channel.receipt_within)

    def letter_again(self, message: Message, attempt: Attempt) -> Letter:
        """The letter of an earlier attempt, to look for it at the provider."""
        return self._letter(message, attempt.number, attempt.text, attempt.started_at)

    def _letter(self, message: Message, attempt: int, text: str, now: datetime, avoid: str = "") -> Letter:
        number, phrases = message.facts["number"], self.phrases_for(message.language)
        identity = (f"kind={message.kind}; incident={number}; step={message.step}; "
                    f"rung={message.rung}; repeat={message.repeat}")
        if message.skipped_rung:
            identity += f"; skipped={message.skipped_rung}"
        headers = {"X-Incident-Clock": identity, "X-Incident-Clock-Reference": message.reference}
        if message.may_be_copy:
            headers["X-Incident-Clock-Copy"] = "possible"
        parts = (number, message.step, message.kind, message.rung, message.repeat, message.id,
                 *([f"again{attempt}"] if message.sent_at else []))  # people asked for it: no copy of the first
        local = ".".join(str(part) for part in parts if part != "")
        link = self.answer_link(message)
        if link:  # it is worth a signature: it stands in the letter, never in the database
            text = wording.with_answer_link(text, link, phrases, is_drill=message.facts["is_drill"])
        template, params = self._filed(message, phrases, now)
        return Letter(
            to=message.address, text=text, html=self._html(message, text, link, phrases, now),
            template=template, params=params, reference=message.reference, headers=headers,
            subject=wording.mail_subject(message, phrases, now=now),
            message_id=f"<{local}@{MAIL_DOMAIN}>", thread_id=f"<{number}@{MAIL_DOMAIN}>" if number else None,
            language=message.language, tracking=self.tracking(message.id, attempt),
            gateway=message.facts.get("gateway", ""), avoid=avoid, valid_for_s=_valid_for_s(message, now),
            sent_at=now.astimezone(UTC))

    def _filed(self, message: Message, phrases: Phrases, now: datetime) -> tuple[str, dict[str, str]]:
        """The same words for a gateway of SMS that sends filed texts only; none for other channels and notices."""
        if message.incident_id is None or message.channel != "sms":
            return "", {}
        return wording.filed(message, phrases, now=now, code=self.page_code(message))

    def _html(self, message: Message, text: str, answer_link: str | None, phrases: Phrases,
              now: datetime) -> str | None:
        if message.incident_id is None or message.channel != "email":
            return None
        return mail_twin.html_of(
            wording.mail_parts(message, text, phrases, now=now, link=self.page_link(message.facts["number"]),
                               answer_link=answer_link), phrases)


def _valid_for_s(message: Message, now: datetime) -> int | None:
    """Whole seconds until the next call of its step; None for one that is late already, or the last."""
    left_s = int((message.idle_from - now).total_seconds()) if message.idle_from else 0
    return left_s if left_s > 0 else None


def _failure(error: ChannelError) -> Outcome:
    result = {UNKNOWN: queue.UNKNOWN, PERMANENT: queue.FAILED}.get(error.fate, queue.RETRY)
    return Outcome(result, error.detail, gateway=error.gateway, code=error.code, fate=error.fate,
                   is_address_dead=error.is_address_dead, retry_after_s=error.retry_after_s)
