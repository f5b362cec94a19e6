"""The board: open incidents by the deadline that comes first, and the search over all of them."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from incident_clock.outbox import messages as m
from incident_clock.outbox.tables import Message
from incident_clock.people import roster
from incident_clock.registry.history import CLOSED
from incident_clock.registry.incidents import LARGEST_ID
from incident_clock.registry.tables import Deadline, Incident
from incident_clock.views import incidents, names
from incident_clock.views.shapes import Board, BoardRow, IncidentView

ON_DUTY = ("duty_officer", "duty_chief", "duty_leader")
PAGE = 30  # incidents per page of a list


def board(session: Session, *, now: datetime, zone: ZoneInfo) -> Board:
    """Every open incident: the real ones, then drills, each with the next due first."""
    rows = [_row(session, incident, now) for incident in session.scalars(
        select(Incident).where(Incident.closed_at.is_(None)).options(selectinload(Incident.deadlines)))]
    far = datetime.max.replace(tzinfo=now.tzinfo)
    rows.sort(key=lambda row: (
        row.incident.is_drill, row.incident.focus.due_at if row.incident.focus else far, row.incident.id))
    unfinished = [incidents.view(session, incident, now=now) for incident in session.scalars(
        select(Incident).where(Incident.closed_at.is_not(None), Incident.deadlines.any(Deadline.settled_at.is_(None)))
        .options(selectinload(Incident.deadlines)).order_by(Incident.id).limit(PAGE))]
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    closed = session.scalar(select(func.count()).select_from(Incident).where(
        Incident.is_drill.is_(False), Incident.ended_as == CLOSED,
        Incident.closed_at >= midnight, Incident.closed_at < midnight + timedelta(days=1))) or 0
    return Board(tuple(rows), closed, names.on_roles(session, ON_DUTY, now), now, tuple(unfinished))


def search(session: Session, *, text: str = "", is_open: bool | None = None, before: int | None = None,
           now: datetime, limit: int = PAGE) -> tuple[list[IncidentView], int | None]:
    """Incidents whose number, title or place holds `text`, newest first; the second value continues the list."""
    query = select(Incident).options(selectinload(Incident.deadlines)).order_by(Incident.id.desc()).limit(limit + 1)
    for word in text.replace("\0", " ").split():  # PostgreSQL takes no NUL
        query = query.where(or_(*(column.icontains(word, autoescape=True)
                                  for column in (Incident.number, Incident.title, Incident.place))))
    if is_open is not None:
        query = query.where(Incident.closed_at.is_(None) if is_open else Incident.closed_at.is_not(None))
    if before is not None:
        query = query.where(Incident.id < max(0, min(before, LARGEST_ID)))
    found = list(session.scalars(query))
    more = found[limit - 1].id if len(found) > limit else None
    return [incidents.view(session, incident, now=now) for incident in found[:limit]], more


def _row(session: Session, incident: Incident, now: datetime) -> BoardRow:
    last = session.execute(
        select(Message.step, Message.rung, Message.repeat)
        .where(Message.incident_id == incident.id, Message.kind == m.REMINDER)
        .order_by(Message.created_at.desc(), Message.id.desc()).limit(1)).first()
    told: dict[str, datetime] = {}  # name → when the first channel took it
    called: dict[str, bool] = {}
    if last is not None:
        for person, sent_at in session.execute(select(Message.person, Message.sent_at).where(
                Message.incident_id == incident.id, Message.kind == m.REMINDER, Message.step == last.step,
                Message.rung == last.rung, Message.repeat == last.repeat).order_by(Message.id)):
            name = roster.name_of(session, person)
            called[name] = True
            if sent_at is not None:
                told[name] = min(sent_at, told.get(name, sent_at))
    next_at, next_told = incidents.next_people(session, incident, now)
    return BoardRow(
        incidents.view(session, incident, now=now), last_told_at=max(told.values(), default=None),
        last_told=tuple(name for name in called if name in told),
        unsent=tuple(name for name in called if name not in told), next_told_at=next_at, next_told=next_told)
