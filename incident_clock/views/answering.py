"""Whose answer is still wanted: the list 谁没回 of an incident, and what a text message from a number can mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, NotFound
from incident_clock.outbox import messages as m
from incident_clock.outbox.queue import RESEND_PAUSE
from incident_clock.outbox.tables import Attempt, Message
from incident_clock.people import roster
from incident_clock.people.calling import answers_needed
from incident_clock.people.cards import PersonCard
from incident_clock.phrases import N_
from incident_clock.registry import calls, incidents
from incident_clock.registry.calls import is_outstanding
from incident_clock.registry.numbers import spoken as spoken_number
from incident_clock.registry.tables import Called, Deadline, Incident
from incident_clock.views import names
from incident_clock.views.shapes import CallView, StepCalls


@dataclass(frozen=True, slots=True)
class Outstanding:
    """One incident in which somebody on a number has not answered yet."""

    number: str
    people: tuple[PersonCard, ...]


def step_calls(session: Session, incident: Incident, *, now: datetime) -> tuple[StepCalls, ...]:
    """Everybody called on the open steps, the unanswered first in each; steps nobody was called on are left out."""
    steps = {step.key: step for step in incidents.rule_of(incident).steps}
    tried = _last_tries(session, incident.id)
    cards = names.by_key(session)
    found = []
    for deadline in incident.deadlines:
        rows = calls.called(session, incident.id, deadline.step) if deadline.settled_at is None else []
        if not rows:
            continue
        rungs = {rung.number: rung for rung in steps[deadline.step].ladder}
        own = {number: [row for row in rows if row.rung == number and row.in_place_of is None] for number in rungs}
        short = {number: answers_needed(rungs[number], len(each)) - sum(not is_outstanding(row, now) for row in each)
                 for number, each in own.items()}
        views = [_view(row, cards, tried.get((row.step, row.rung, row.person)), now) for row in rows]
        found.append(StepCalls(
            step=deadline.step, title=steps[deadline.step].title,
            calls=tuple(sorted(views, key=lambda view: (not view.is_outstanding, view.told_at))),
            lacking={number: count for number, count in short.items() if count > 0}))
    return tuple(found)


def outstanding(session: Session, address: str, *, now: datetime) -> dict[int, Outstanding]:
    """Incidents in which somebody was told on this number and has not answered. Raises NotFound when there is none."""
    rows = session.execute(
        select(Incident.id, Incident.number, Called).join(Called, Called.incident_id == Incident.id)
        .join(Deadline, (Deadline.incident_id == Incident.id) & (Deadline.step == Called.step))
        .join(Message, (Message.incident_id == Incident.id) & (Message.step == Called.step)
              & (Message.rung == Called.rung) & (Message.person == Called.person))
        .where(Message.address == address, Message.channel == "sms", Message.state.in_(m.MAY_HAVE_BEEN_READ),
               Deadline.settled_at.is_(None), Incident.is_drill.is_(False)).order_by(Incident.id).distinct())
    people: dict[int, dict[str, PersonCard]] = {}
    numbers: dict[int, str] = {}
    for incident_id, number, row in rows:
        card = roster.person(session, row.person) if is_outstanding(row, now) else None
        if card is not None:
            numbers[incident_id] = number
            people.setdefault(incident_id, {})[card.key] = card
    if not people:
        raise NotFound(N_("这个号码没有待确认的事件"))
    return {key: Outstanding(numbers[key], tuple(each.values())) for key, each in people.items()}


def meant(asked: Mapping[int, Outstanding], spoken: str | None) -> int:
    """Which incident an answer is about; a bare one only while there is exactly one. Raises Conflict, NotFound."""
    if spoken is None:
        if len(asked) > 1:
            raise Conflict(N_("有几起事件待确认，请回复1加事件号，如1037"))
        return next(iter(asked))
    found = [key for key, one in asked.items() if spoken_number(one.number) == spoken]
    if not found:
        raise NotFound(N_("事件 %(spoken)s 没有等您确认的提醒，请核对事件号"), spoken=spoken)
    return found[-1]


def _view(row: Called, cards: Mapping[str, PersonCard], tried_at: datetime | None, now: datetime) -> CallView:
    person = names.named([row.person], dict(cards))[0]
    return CallView(
        person=person, rung=row.rung, told_at=row.told_at, last_told_at=row.last_told_at,
        answered_at=row.answered_at, answered_how=row.answered_how,
        paused_until=row.paused_until, is_outstanding=is_outstanding(row, now),
        in_place_of=names.named([row.in_place_of], dict(cards))[0] if row.in_place_of else None,
        can_resend_at=tried_at + RESEND_PAUSE if tried_at else None)


def _last_tries(session: Session, incident_id: int) -> dict[tuple[str, int, str], datetime]:
    """(step, rung, person) → when a message of that call was last tried."""
    rows = session.execute(
        select(Message.step, Message.rung, Message.person, Attempt.started_at)
        .join(Attempt, Attempt.message_id == Message.id)
        .where(Message.incident_id == incident_id, Message.kind.in_((m.REMINDER, m.STAND_IN)))
        .order_by(Attempt.started_at))
    return {(step, rung, person): at for step, rung, person, at in rows}
