"""The hand-over page: every open clock as it stands, who may hand over to whom, and the records so far."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.errors import NotFound
from incident_clock.people import handover, roster
from incident_clock.people.cards import PersonCard
from incident_clock.people.duty import ROSTERED_ROLES, DutyBook
from incident_clock.people.duty_tables import Handover
from incident_clock.people.handover import HandedClock, OpenClock
from incident_clock.phrases import N_
from incident_clock.registry.obligations import steps_of
from incident_clock.registry.tables import Incident
from incident_clock.views import answering, board, names
from incident_clock.views.shapes import BoardRow, Name, StepView

PAGE = 20  # records
LOOK_AHEAD = timedelta(days=8)  # for who comes next

WAITING, SIGNED, REPLACED = "waiting", "signed", "replaced"


@dataclass(frozen=True, slots=True)
class OpenStep:
    """An open clock. `told`: who was called last about this step, at `told_at`; `silent`: who was called about it and
    has not answered."""

    number: str
    title: str
    is_drill: bool
    step: StepView
    told_at: datetime | None
    told: tuple[Name, ...]
    silent: tuple[Name, ...]

    @property
    def clock(self) -> OpenClock:
        return OpenClock(self.number, self.step.key, self.step.due_at)


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty somebody can hand over. `next_one`: key of who comes by the roster; `candidates`: who may come, that one
    first."""

    role: str
    is_on_duty: bool
    next_one: str | None
    candidates: tuple[PersonCard, ...]


@dataclass(frozen=True, slots=True)
class RecordClock:
    """A clock of a record with what its incident is called now. `title` None: its texts were destroyed."""

    handed: HandedClock
    title: str | None
    is_drill: bool
    step_title: dict[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """A signed, half signed or replaced hand-over."""

    id: int
    role: str
    state: str
    outgoing: Name
    incoming: Name
    note: str
    outgoing_signed_at: datetime
    incoming_signed_at: datetime | None
    clocks: tuple[RecordClock, ...]

    @property
    def has_changed(self) -> bool:
        """Whether the second to sign saw another list than the first."""
        return self.incoming_signed_at is not None and any(len(one.handed.seen_by) == 1 for one in self.clocks)


def open_steps(session: Session, *, now: datetime, zone: ZoneInfo) -> tuple[OpenStep, ...]:
    """Every step that is not logged yet, of every open incident, the one due first in front."""
    found = [step for row in board.board(session, now=now, zone=zone).rows for step in _open(session, row, now)]
    return tuple(sorted(found, key=lambda one: (one.step.due_at, one.number)))


def fingerprint(clocks: Iterable[OpenClock]) -> str:
    """Tells two lists of clocks apart: a form carries the one that was read."""
    text = "\n".join(sorted(f"{clock.incident} {clock.step} {clock.due_at.isoformat()}" for clock in clocks))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def duties(session: Session, me: PersonCard, now: datetime) -> tuple[Duty, ...]:
    """What `me` can hand over: what he is on duty for, then what he was until lately; without a roster what he is put
    down for in the directory."""
    book = roster.duty_book(session, now - handover.JUST_RELIEVED, now + LOOK_AHEAD)
    current = [role for role in ROSTERED_ROLES if handover.holds(book, role, me.key, now)]
    others = [role for role in ROSTERED_ROLES
              if role not in current and handover.may_hand_over(book, role, me, now)]
    return tuple(_duty(book, role, me.key, role in current, now) for role in (*current, *others))


def records(session: Session, *, before: int | None = None, limit: int = PAGE) -> tuple[list[Record], int | None]:
    """The records, newest first; the second value continues the list."""
    query = select(Handover).order_by(Handover.id.desc()).limit(limit + 1)
    rows = list(session.scalars(query if before is None else query.where(Handover.id < before)))
    return _records(session, rows[:limit]), rows[limit - 1].id if len(rows) > limit else None


def waiting(session: Session) -> list[Record]:
    """What still waits for the signature of the one who comes, at most one of a role and person."""
    return _records(session, [row for row in handover.newest_of_all(session) if row.incoming_signed_at is None])


def record(session: Session, number: int) -> Record:
    """Raises NotFound."""
    row = session.get(Handover, number)
    if row is None:
        raise NotFound(N_("没有这份交接班记录"))
    return _records(session, [row])[0]


def _open(session: Session, row: BoardRow, now: datetime) -> Iterable[OpenStep]:
    incident = row.incident
    found = answering.step_calls(session, session.get_one(Incident, incident.id), now=now)
    calls = {one.step: one.calls for one in found}
    for step in incident.steps:
        if step.is_open:
            here = calls.get(step.key, ())
            told_at = max((call.last_told_at for call in here), default=None)
            yield OpenStep(incident.number, incident.title, incident.is_drill, step, told_at,
                           _once(call.person for call in here if call.last_told_at == told_at),
                           _once(call.person for call in here if call.answered_at is None))


def _once(people: Iterable[Name]) -> tuple[Name, ...]:
    """Each person once, whatever the roles he was called in."""
    return tuple({person.key: person for person in people}.values())


def _duty(book: DutyBook, role: str, key: str, is_on_duty: bool, now: datetime) -> Duty:
    cuts = [now, *book.changes(now, now + LOOK_AHEAD)]
    # on duty: who is there once I am not; relieved already: who is there now
    coming = (holder.card for at in cuts if not handover.holds(book, role, key, at)
              for holder in book.holders(role, at))
    card = next(coming, None) if book.is_rostered(role, now) else None
    others = [other for other in book.people.values() if role in other.roles and other.key != key]
    candidates = [*([card] if card else []), *(other for other in others if card is None or other.key != card.key)]
    return Duty(role, is_on_duty, card.key if card else None, tuple(candidates))


def _records(session: Session, rows: Sequence[Handover]) -> list[Record]:
    cards = names.by_key(session)
    numbers = {each["incident"] for row in rows for each in row.open_clocks}
    found = {incident.number: incident for incident in session.scalars(
        select(Incident).where(Incident.number.in_(numbers)))}
    steps = {(number, key): step for number, incident in found.items() for key, step in steps_of(incident).items()}
    newest = {row.id for row in handover.newest_of_all(session)}

    def name(key: str, role: str) -> Name:
        return names.name_of(cards[key], role) if key in cards else Name(key, key, role)

    def clock(handed: HandedClock) -> RecordClock:
        incident, step = found.get(handed.clock.incident), steps.get(handed.clock.key)
        return RecordClock(handed, incident.title if incident else None, bool(incident and incident.is_drill),
                           dict(step.title) if step else {"zh": handed.clock.step, "en": handed.clock.step})

    def state(row: Handover) -> str:
        if row.incoming_signed_at is not None:
            return SIGNED
        return WAITING if row.id in newest else REPLACED

    return [Record(row.id, row.role, state(row), name(row.outgoing, row.role), name(row.incoming, row.role), row.note,
                   row.outgoing_signed_at or row.opened_at, row.incoming_signed_at,
                   tuple(clock(one) for one in handover.handed(row))) for row in rows]
