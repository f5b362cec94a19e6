"""The outbox as people see it: who is told what on which channel, and what became of each try. Addresses are masked."""

from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from incident_clock.channels.masking import mask_address
from incident_clock.outbox import lint
from incident_clock.outbox import messages as m
from incident_clock.outbox.tables import Message
from incident_clock.people.access import main_role
from incident_clock.registry.tables import Incident
from incident_clock.views import names
from incident_clock.views.message_shapes import AttemptView, MessageView

LIMIT = 200  # messages per page
HIDDEN = "······"  # in place of a code
GROUPS = {  # what the page filters by → states
    "queued": (m.QUEUED, m.SENDING), "accepted": (m.ACCEPTED,), "delivered": (m.DELIVERED,), "failed": (m.FAILED,),
    "unknown": (m.UNKNOWN,), "withdrawn": (m.WITHDRAWN,),
}


def messages(session: Session, *, incident_id: int | None = None, group: str | None = None, limit: int = LIMIT,
             text_now: Callable[[Message], str]) -> list[MessageView]:
    """Messages, newest first. `text_now` words one that was never tried as it would leave now."""
    query = (select(Message, Incident.number).outerjoin(Incident, Incident.id == Message.incident_id)
             .options(selectinload(Message.attempts)).order_by(Message.due_at.desc(), Message.id.desc()).limit(limit))
    if incident_id is not None:
        query = query.where(Message.incident_id == incident_id)
    if group is not None:
        query = query.where(Message.state.in_(GROUPS.get(group, (group,))))
    cards = names.by_key(session)
    return [_view(message, number, cards, text_now) for message, number in session.execute(query)]


def counts(session: Session) -> dict[str, int]:
    """How many messages stand in each group of `GROUPS`."""
    rows = session.execute(select(Message.state, func.count().label("size")).group_by(Message.state))
    found = {row.state: row.size for row in rows}
    return {group: sum(found.get(state, 0) for state in states) for group, states in GROUPS.items()}


def _view(message: Message, number: str | None, cards: dict, text_now: Callable[[Message], str]) -> MessageView:
    card = cards.get(message.person)
    is_waiting = message.state in m.WAITING
    text = message.attempts[-1].text if message.attempts else text_now(message) if message.facts else ""
    if message.answer_code:  # it answers for him: for nobody else's eyes
        text = text.replace(message.answer_code, HIDDEN)
    return MessageView(
        id=message.id, incident_id=message.incident_id, incident_number=number, kind=message.kind, step=message.step,
        step_title=message.facts.get("step_title", {"zh": message.step, "en": message.step}), rung=message.rung,
        repeat=message.repeat, person=message.person, person_name=card.name if card else message.person,
        person_role=main_role(card.roles) if card else "", channel=message.channel,
        address="" if message.channel == "console" else mask_address(message.address), state=message.state,
        reason=message.reason, state_reason=message.state_reason, due_at=message.due_at, sent_at=message.sent_at,
        delivered_at=message.delivered_at, next_try_at=message.not_before if is_waiting else None,
        reference=message.reference, may_be_copy=message.may_be_copy, text=text,
        attempts=tuple(AttemptView(a.number, a.started_at, a.finished_at, a.outcome, a.detail)
                       for a in message.attempts),
        skipped_rung=message.skipped_rung, round=message.round, because=message.because,
        segments=billed_as(message, text), is_drill=message.is_drill)


def billed_as(message: Message, text: str) -> int:
    """As the provider says, or as the text is long; one on other channels."""
    if message.channel != "sms":
        return 1
    told = [attempt.segments for attempt in message.attempts if attempt.segments]
    return told[-1] if told else lint.segments(text)


