"""Whose answer is still wanted: the list 谁没回 of an incident, what a text message from a number can mean, and what
the link in a mail is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from incident_clock.errors import NotFound
from incident_clock.outbox import messages as m
from incident_clock.outbox.queue import RESEND_PAUSE
from incident_clock.outbox.tables import Attempt, Message
from incident_clock.people import access, roster
from incident_clock.people.calling import answers_needed
from incident_clock.people.cards import PersonCard
from incident_clock.phrases import N_
from incident_clock.registry import calls
from incident_clock.registry.calls import is_outstanding
from incident_clock.registry.numbers import spoken as spoken_number
from incident_clock.registry.obligations import deadline_of, step_of, steps_of
from incident_clock.registry.tables import Called, Deadline, Incident
from incident_clock.views import names
from incident_clock.views.message_shapes import CallView, MailedCall, StepCalls


@dataclass(frozen=True, slots=True)
class Asked:
    """One incident of which somebody was told on a number, key → person: all of them, and whose answer is wanted."""

    number: str
    people: dict[str, PersonCard] = field(default_factory=dict)
    outstanding: dict[str, PersonCard] = field(default_factory=dict)


def step_calls(session: Session, incident: Incident, *, now: datetime) -> tuple[StepCalls, ...]:
    """Everybody called on the open steps, the unanswered first in each; steps nobody was called on are left out."""
    steps = steps_of(incident)
    sent = _sent(session, incident.id)
    cards = {card.key: card for card in roster.everybody(session, with_former=True)}
    found = []
    for deadline in incident.deadlines:
        rows = calls.called(session, incident.id, deadline.step) if deadline.settled_at is None else []
        if not rows:
            continue
        rungs = {rung.number: rung for rung in steps[deadline.step].ladder}
        own = {number: [row for row in rows if row.rung == number and row.in_place_of is None] for number in rungs}
        short = {number: answers_needed(rungs[number], len(each)) - sum(not is_outstanding(row, now) for row in each)
                 for number, each in own.items()}
        views = [_view(row, cards, sent.get((row.step, row.rung, row.person), _Sent()), now) for row in rows]
        found.append(StepCalls(
            step=deadline.step, title=steps[deadline.step].title,
            calls=tuple(sorted(views, key=lambda view: (not view.is_outstanding, view.told_at))),
            lacking={number: count for number, count in short.items() if count > 0}))
    return tuple(found)


def asked(session: Session, address: str, *, now: datetime) -> dict[int, Asked]:
    """Incidents with an open step on which somebody was told on this number, oldest first.

    A message that left once counts whatever became of a later try. Who has left, or never writes to an incident, does
    not answer.
    """
    rows = session.execute(
        select(Incident.id, Incident.number, Called).join(Called, Called.incident_id == Incident.id)
        .join(Deadline, (Deadline.incident_id == Incident.id) & (Deadline.step == Called.step))
        .join(Message, (Message.incident_id == Incident.id) & (Message.step == Called.step)
              & (Message.rung == Called.rung) & (Message.person == Called.person))
        .where(*_read_on(address), Deadline.settled_at.is_(None)).order_by(Incident.id).distinct())
    found: dict[int, Asked] = {}
    for incident_id, number, row in rows:
        card = roster.person(session, row.person)
        if card is not None and card.is_active and access.may(card.roles, access.LOG):
            one = found.setdefault(incident_id, Asked(number))
            one.people.setdefault(card.key, card)
            if is_outstanding(row, now):
                one.outstanding.setdefault(card.key, card)
    return found


def told_on(session: Session, address: str, spoken: Sequence[str]) -> tuple[Incident, set[str]] | None:
    """The latest incident, of one of these numbers where any are given, of which anybody was ever told on this
    number; and the steps it was about."""
    rows = session.execute(
        select(Incident.id, Incident.number, Message.step).join(Message, Message.incident_id == Incident.id)
        .where(*_read_on(address)).order_by(Incident.id.desc()).distinct()).all()
    found = next((row.id for row in rows if not spoken or spoken_number(row.number) in spoken), None)
    if found is None:
        return None
    return session.get_one(Incident, found), {row.step for row in rows if row.id == found}


def meant(among: Mapping[int, Asked], spoken: Sequence[str]) -> int | None:
    """Which incident an answer is about: the latest with one of these numbers, the likeliest first."""
    for number in spoken:
        found = [key for key, one in among.items() if spoken_number(one.number) == number]
        if found:
            return found[-1]
    return None


def _read_on(address: str) -> tuple[ColumnElement[bool], ...]:
    """Messages that somebody may have read on this number. A drill is not answered by text."""
    return (Message.address == address, Message.channel == "sms", Incident.is_drill.is_(False),
            Message.state.in_(m.MAY_HAVE_BEEN_READ) | Message.may_be_copy | Message.sent_at.is_not(None))


def mailed_call(session: Session, message_id: int, *, now: datetime) -> MailedCall:
    """What the link in this message is about. It works once: when its receiver has answered since the message was last
    sent, it asks for nothing more. Raises NotFound when there is no such message."""
    message = session.get(Message, message_id)
    incident = session.get(Incident, message.incident_id) if message is not None and message.incident_id else None
    if message is None or incident is None:
        raise NotFound(N_("没有这条提醒，请核对链接"))
    deadline = deadline_of(incident, message.step)
    rows = [row for row in calls.called(session, incident.id, message.step) if row.person == message.person]
    last = max((row for row in rows if row.answered_at), key=_answered_at, default=None)
    sent_at = max((attempt.started_at for attempt in message.attempts), default=message.created_at)
    is_answered = last is not None and _answered_at(last) >= sent_at
    card = roster.person(session, message.person)
    may_answer = card is not None and card.is_active and access.may(card.roles, access.LOG)
    return MailedCall(
        number=incident.number, is_drill=incident.is_drill, step=message.step,
        title=step_of(deadline).title, due_at=deadline.due_at,
        is_settled=deadline.settled_at is not None, is_closed=incident.closed_at is not None,
        is_erased=incident.texts_erased_at is not None, person=card if may_answer else None,
        is_wanted=may_answer and deadline.settled_at is None and not is_answered
        and any(is_outstanding(row, now) for row in rows),
        answered_at=last.answered_at if last else None, paused_until=last.paused_until if last else None)


@dataclass(slots=True)
class _Sent:
    """What was sent of one call: in which role, when last, and whether one is still under way."""

    role: str | None = None
    tried_at: datetime | None = None
    states: dict[str, str] = field(default_factory=dict)  # channel → state of its latest message

    @property
    def can_be_resent_at(self) -> datetime | None:
        """As `queue.resend` decides it."""
        is_under_way = any(state in (*m.WAITING, m.SENDING) for state in self.states.values())
        return None if is_under_way or self.tried_at is None else self.tried_at + RESEND_PAUSE


def _view(row: Called, cards: Mapping[str, PersonCard], sent: _Sent, now: datetime) -> CallView:
    person = names.named([row.person], dict(cards))[0]
    return CallView(
        person=replace(person, role=sent.role or person.role), rung=row.rung, told_at=row.told_at,
        last_told_at=row.last_told_at,
        answered_at=row.answered_at, answered_how=row.answered_how,
        paused_until=row.paused_until, is_outstanding=is_outstanding(row, now),
        in_place_of=names.named([row.in_place_of], dict(cards))[0] if row.in_place_of else None,
        can_resend_at=sent.can_be_resent_at)


def _sent(session: Session, incident_id: int) -> dict[tuple[str, int, str], _Sent]:
    """(step, rung, person) → what was sent of that call."""
    tried = select(Attempt.message_id, func.max(Attempt.started_at).label("at")).group_by(Attempt.message_id).subquery()
    rows = session.execute(
        select(Message.step, Message.rung, Message.person, Message.channel, Message.state, Message.because, tried.c.at)
        .outerjoin(tried, tried.c.message_id == Message.id)
        .where(Message.incident_id == incident_id, Message.kind.in_((m.REMINDER, m.STAND_IN)))
        .order_by(Message.due_at, Message.id))
    found: dict[tuple[str, int, str], _Sent] = {}
    for step, rung, person, channel, state, because, at in rows:
        one = found.setdefault((step, rung, person), _Sent())
        one.role, one.states[channel] = (because or {}).get("role"), state
        one.tried_at = max(filter(None, (one.tried_at, at)), default=None)
    return found


def _answered_at(row: Called) -> datetime:
    assert row.answered_at is not None
    return row.answered_at
