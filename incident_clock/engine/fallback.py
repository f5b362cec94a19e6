"""What follows when a message does not surely arrive: another way to the same person, then his stand-in, then the
rung above. All in the transaction that learned of it, with the incident locked.

Each message is followed once. A way that only keeps silent gets company; nobody else is called for it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from incident_clock.engine import alerts, stand_ins
from incident_clock.engine.course import CALLED, Surroundings
from incident_clock.ledger.fact import ENGINE, Erasable
from incident_clock.outbox import messages as m
from incident_clock.outbox import queue
from incident_clock.outbox.messages import Draft
from incident_clock.outbox.tables import Message
from incident_clock.people import calling
from incident_clock.people.calling import Conditions, Heard
from incident_clock.people.cards import CONSOLE, PersonCard
from incident_clock.protocol.ladder import Decision, Occurrence
from incident_clock.protocol.steps import Step
from incident_clock.registry import calls, ledger
from incident_clock.registry.facts import FellBack
from incident_clock.registry.obligations import deadline_of, step_of
from incident_clock.registry.tables import Deadline, Incident
from incident_clock.store.writing import changed

REFUSED, UNDELIVERED, SILENT, UNKNOWN, FAILING, GATEWAY_DOWN = FellBack.REASONS
UNREACHABLE = "unreachable"  # why a stand-in or the rung above is called

PREFERENCE = ("sms", "voice", "email", "wecom", "dingtalk", "feishu", "apprise")  # which way is tried next
DEAD = (m.FAILED, m.WITHDRAWN)
FALLBACK = "fallback"  # why the message beside it exists


@dataclass(slots=True)
class Fallback:
    """One message of an incident that did not surely arrive. `signature`: how the bureau signs its messages."""

    session: Session
    incident: Incident
    message: Message
    around: Surroundings
    signature: str

    def carry_out(self, why: str, *, code: str = "") -> bool:
        """Tell the same person another way, or somebody in his place; gives whether anything new is to be sent."""
        deadline = self._open_deadline()
        if deadline is None or self.message.followed_at is not None:
            return False
        way = self._next_way(self.around.book.people.get(self.message.person))
        if way is None and (why == SILENT or any(one.state not in DEAD for one in self._siblings())):
            return False  # nothing to be done yet: the message is not used up by that
        if not self._claim():
            return False
        if way is not None:
            self._tell_on(*way, why=why, code=code)
            return True
        return self._tell_stand_in(deadline) or self._tell_rung_above(deadline)

    def _open_deadline(self) -> Deadline | None:
        """The deadline a reminder is about, while it is wanted."""
        message = self.message
        if message.kind not in (m.REMINDER, m.STAND_IN) or not message.is_wanted:
            return None
        found = deadline_of(self.incident, message.step)
        return found if found.settled_at is None and found.round == message.round else None

    def _claim(self) -> bool:
        won = changed(self.session, update(Message).where(
            Message.id == self.message.id, Message.followed_at.is_(None)).values(followed_at=self.around.now))
        self.session.expire(self.message, ["followed_at"])
        return bool(won)

    # ── another way to the same person ────────────────────────────────────────
    def _siblings(self) -> Sequence[Message]:
        """Every message of this call to this person, whatever the channel."""
        one = self.message
        return self.session.scalars(select(Message).where(
            Message.incident_id == one.incident_id, Message.step == one.step, Message.kind == one.kind,
            Message.rung == one.rung, Message.repeat == one.repeat, Message.skipped_rung == one.skipped_rung,
            Message.round == one.round,
            Message.person == one.person)).all()

    def _next_way(self, card: PersonCard | None) -> tuple[str, str] | None:
        """(channel, address) not tried yet. No budget holds it back: the first way cost the person nothing."""
        if card is None:
            return None
        return next_way(card.addresses(), self.around.channels, [one.channel for one in self._siblings()])

    def _tell_on(self, channel: str, address: str, *, why: str, code: str) -> None:
        one, now = self.message, self.around.now
        queue.enqueue(self.session, [Draft(
            incident_id=one.incident_id, step=one.step, kind=one.kind, rung=one.rung, repeat=one.repeat,
            skipped_rung=one.skipped_rung, round=one.round, person=one.person, channel=channel, address=address,
            language=one.language, facts=one.facts, because=one.because, reason=FALLBACK, due_at=now,
            instead_of=one.channel)], now=now)
        ledger.append(self.session, self.incident, FellBack(
            happened_at=now, step=one.step, rung=one.rung, repeat=one.repeat, person=Erasable(self._name(one.person)),
            channel=one.channel, to=channel, why=why, code=code), actor=ENGINE, now=now)

    # ── somebody in his place ─────────────────────────────────────────────────
    def _tell_stand_in(self, deadline: Deadline) -> bool:
        one = self.message
        return one.kind == m.REMINDER and stand_ins.tell(
            self.session, self.incident, deadline, self._step, one.rung, of=one.person, around=self.around,
            signature=self.signature, reason=UNREACHABLE).reason == CALLED

    def _tell_rung_above(self, deadline: Deadline) -> bool:
        """Nobody of this call is reached on any way: the people of the next rung with anybody are told at once."""
        one, now = self.message, self.around.now
        if any(other.state not in DEAD for other in self._call()):
            return False
        first = one.skipped_rung or one.rung
        heard = self._above(one.rung)
        occurrence = Occurrence(rung=first, repeat=one.repeat, at=one.due_at)
        if heard is None:
            heard = Heard(one.rung, (), (), self._step.ladder[one.rung - 1].tell)
        queue.enqueue(self.session, alerts.drafts(
            self.incident, self._step, deadline, occurrence, heard, reason=UNREACHABLE, signature=self.signature),
            now=now)
        rows = calls.called(self.session, self.incident.id, one.step)
        known = calls.states(rows)
        for reached in heard.reached:
            calls.note(known, heard.rung, reached.card.key, now=now)
        calls.keep(self.session, rows, known, incident_id=self.incident.id, step=one.step)
        names = {key: card.name for key, card in self.around.book.people.items()}
        ledger.append(self.session, self.incident, alerts.raised(
            self._step, occurrence, Decision((occurrence,), (), None), heard, names, ladder_round=one.round,
            reason=UNREACHABLE, now=now), actor=ENGINE, now=now)
        return bool(heard.reached)

    def _call(self) -> Sequence[Message]:
        """Every message of this call of the rung, and of stand-ins called on it."""
        one = self.message
        return self.session.scalars(select(Message).where(
            Message.incident_id == one.incident_id, Message.step == one.step, Message.rung == one.rung,
            (Message.kind == m.STAND_IN) | ((Message.kind == m.REMINDER) & (Message.repeat == one.repeat)
                                            & (Message.skipped_rung == one.skipped_rung)))).all()

    def _above(self, rung: int) -> Heard | None:
        for other in (each for each in self._step.ladder if each.number > rung):
            heard = calling.reach(other.number, calling.roles_of(other), book=self.around.book, at=self.around.now,
                                  given=Conditions(self.around.channels))
            if heard.reached:
                return Heard(heard.rung, (rung,), heard.reached, heard.unreachable)
        return None

    @property
    def _step(self) -> Step:
        return step_of(deadline_of(self.incident, self.message.step))

    def _name(self, key: str) -> str:
        card = self.around.book.people.get(key)
        return card.name if card else key


def next_way(addresses: dict[str, str], channels: Collection[str], tried: Collection[str]) -> tuple[str, str] | None:
    """The next (channel, address) of a person that is switched on and was not tried. The screen carries nothing away,
    so it is no way out."""
    ways = {channel: address for channel, address in addresses.items()
            if channel in channels and channel not in tried and channel != CONSOLE}
    return next(((channel, ways[channel]) for channel in PREFERENCE if channel in ways), None)

