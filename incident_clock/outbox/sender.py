"""The sender's turn: claim, call, settle. One message's broken channel never touches another message.

No transaction is open during a call. Threads belong to the runner; a rehearsal takes whole turns in one thread.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from incident_clock.channels.base import Channel, ChannelError, Letter
from incident_clock.clock import Clock
from incident_clock.outbox import queue, wording
from incident_clock.outbox.queue import Claimed, Outcome
from incident_clock.outbox.tables import Message
from incident_clock.phrases import Phrases
from incident_clock.store.session import Store

logger = logging.getLogger(__name__)

MAIL_DOMAIN = "incident-clock.invalid"  # right-hand side of Message-IDs: never a real host

Settle = Callable[[Claimed, Outcome, datetime], None]


@dataclass(frozen=True, slots=True)
class Sender:
    """Takes messages out of the outbox and hands them to channels.

    `text_of` words a message as it would leave at an instant, `phrases_for` gives the words for its subject;
    `may_leave` a reason why nothing may leave this machine over an outside channel, or None; `settle` writes the
    outcome down; `answer_link` is the one-time address at which a mail can be acknowledged, None for other messages.
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

    def claim(self, limit: int) -> list[Claimed]:
        """Lease up to `limit` messages that may go now."""
        now = self.clock.now()
        with self.store.read() as session:
            next_try = queue.next_try_at(session)
        if next_try is None or next_try > now:
            return []
        with self.store.write() as session:
            return queue.claim(session, engine=self.engine, limit=limit, now=now,
                               render=lambda message: self.text_of(message, now))

    def deliver(self, claimed: Claimed) -> Outcome:
        """Make the call for one leased message and write down what came of it. Never raises on a failed call."""
        outcome = self._call(claimed)
        self.settle(claimed, outcome, self.clock.now())
        return outcome

    def turn(self, limit: int = 100) -> int:
        """Send all that may go now, one after the other; gives how many were tried."""
        claimed = self.claim(limit)
        for one in claimed:
            self.deliver(one)
        return len(claimed)

    def _call(self, claimed: Claimed) -> Outcome:
        message = claimed.message
        channel = self.channels.get(message.channel)
        if channel is None:
            return Outcome(queue.RETRY, f"channel {message.channel} is not set up")
        refusal = None if channel.is_loopback else self.may_leave()
        if refusal:
            return Outcome(queue.FAILED, refusal)
        try:
            receipt = channel.send(self._letter(claimed))
        except ChannelError as error:
            result = queue.UNKNOWN if error.is_unknown else queue.FAILED if error.is_permanent else queue.RETRY
            return Outcome(result, error.detail)
        except Exception as error:  # a fault of ours must not lose the message
            logger.exception("channel %s failed unexpectedly", message.channel)
            return Outcome(queue.RETRY, f"unexpected {type(error).__name__}")
        return Outcome(queue.ACCEPTED, receipt.detail, receipt.provider_id)

    def _letter(self, claimed: Claimed) -> Letter:
        message, now = claimed.message, self.clock.now()
        number, phrases = message.facts["number"], self.phrases_for(message.language)
        identity = (f"kind={message.kind}; incident={number}; step={message.step}; "
                    f"rung={message.rung}; repeat={message.repeat}")
        if message.skipped_rung:
            identity += f"; skipped={message.skipped_rung}"
        headers = {"X-Incident-Clock": identity, "X-Incident-Clock-Reference": message.reference}
        if message.may_be_copy:
            headers["X-Incident-Clock-Copy"] = "possible"
        parts = (number, message.step, message.kind, message.rung, message.repeat, message.id,
                 *([f"again{claimed.attempt}"] if message.sent_at else []))  # people asked for it: no copy of the first
        local = ".".join(str(part) for part in parts if part != "")
        text, link = claimed.text, self.answer_link(message)
        if link:  # it is worth a signature: it stands in the letter, never in the database
            text = wording.with_answer_link(text, link, phrases, is_drill=message.facts["is_drill"])
        return Letter(
            to=message.address, text=text, reference=message.reference, headers=headers,
            subject=wording.mail_subject(message, phrases, now=now),
            message_id=f"<{local}@{MAIL_DOMAIN}>", sent_at=now.astimezone(UTC))
