"""The duty roster for reading: day by day who does which shift, who covers whom, who is away; and who is on duty now.

Who really does a shift is asked of `people.duty`, shift by shift, so that the page and the engine cannot disagree.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.people import roster
from incident_clock.people.cards import PersonCard
from incident_clock.people.duty import COVER, ROSTERED_ROLES, DutyBook, OnShift
from incident_clock.people.duty_tables import Cover
from incident_clock.people.planning import duty_day
from incident_clock.people.rest_days import DayKind
from incident_clock.people.roster import LONGEST_SHIFT
from incident_clock.views import names
from incident_clock.views.shapes import Name

DAYS = 14  # one page


@dataclass(frozen=True, slots=True)
class CoverView:
    """A cover in force. `is_swap`: it is one half of a 调班."""

    id: int
    reason: str
    is_swap: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a shift with one answer. `person` None: nobody does it. `why`, `of`: as `people.duty.Holder`."""

    from_at: datetime
    until_at: datetime
    person: Name | None
    why: str = ""
    of: Name | None = None
    cover: CoverView | None = None


@dataclass(frozen=True, slots=True)
class ShiftView:
    """A shift. `person` is who was put down for it, `parts` are who really does it, in order."""

    id: int
    role: str
    person: Name
    from_at: datetime
    until_at: datetime
    parts: tuple[Part, ...]
    is_over: bool


@dataclass(frozen=True, slots=True)
class LeaveView:
    person: Name
    acting: Name | None
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Cell:
    """One role on one day. `is_rostered` False: the role has no roster yet, everybody who has it is called."""

    role: str
    shifts: tuple[ShiftView, ...]
    is_rostered: bool


@dataclass(frozen=True, slots=True)
class DayView:
    """A duty day, from hand-over to hand-over."""

    day: date
    kind: DayKind
    from_at: datetime
    until_at: datetime
    cells: tuple[Cell, ...]
    leave: tuple[LeaveView, ...]


@dataclass(frozen=True, slots=True)
class OnDutyNow:
    """Who holds a role now. `parts` are empty when nobody does; `is_rostered` as in `Cell`."""

    role: str
    parts: tuple[Part, ...]
    is_rostered: bool


@dataclass(frozen=True, slots=True)
class RosterView:
    days: tuple[DayView, ...]
    on_duty: tuple[OnDutyNow, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was read at once: the book, the covers in full, and everybody by key. It knows whole shifts, also where
    they reach out of [since, until)."""

    book: DutyBook
    covers: Mapping[int, Cover]
    cards: Mapping[str, PersonCard]
    since: datetime
    until: datetime
    now: datetime


def roster_view(session: Session, *, first: date, now: datetime, zone: ZoneInfo, handover_time: time,
                day_kind: Callable[[date], DayKind], days: int = DAYS) -> RosterView:
    """`days` duty days from `first` on, and who is on duty at `now`."""
    spans = [duty_day(first + timedelta(days=ahead), handover_time, zone) for ahead in range(days)]
    read = _read(session, datetime.combine(first, time(), zone), spans[-1][1], now)
    shifts = list(_shifts(read))
    return RosterView(
        days=tuple(_day(read, shifts, from_at, until_at, day_kind) for from_at, until_at in spans),
        on_duty=on_duty(session, now))


def on_duty(session: Session, now: datetime) -> tuple[OnDutyNow, ...]:
    """Each rostered role with those who hold it at `now`, and until when."""
    read = _read(session, now, now, now)
    return tuple(OnDutyNow(
        role, is_rostered=read.book.is_rostered(role, now),
        parts=tuple(Part(holder.from_at or now, holder.until_at or now, names.name_of(holder.card, role), holder.why,
                         _name(read, holder.of, role), _cover(read, role, holder.card.key, now) if holder.why == COVER
                         else None)
                    for holder in read.book.holders(role, now))) for role in ROSTERED_ROLES)


def shifts_between(session: Session, since: datetime, until: datetime, now: datetime) -> tuple[ShiftView, ...]:
    """Every shift that reaches into [since, until), the earliest first."""
    return tuple(_shifts(_read(session, since, until, now)))


def duties_of(session: Session, key: str, since: datetime, until: datetime, now: datetime) -> Iterator[
        tuple[ShiftView, Part]]:
    """What this person really does within [since, until): his own shifts without what others do for him, and what he
    does for others."""
    read = _read(session, since, until, now)
    concerned = [shift for shift in read.book.shifts if _may_concern(read.book, shift, key)]
    for shift in _shifts(replace(read, book=replace(read.book, shifts=concerned))):
        for part in shift.parts:
            if part.person is not None and part.person.key == key:
                yield shift, part


def _may_concern(book: DutyBook, shift: OnShift, key: str) -> bool:
    """Whether this person may come to do the shift: it is his, he covers it, or somebody in it is away."""
    people = {shift.person}
    near = [cover for cover in book.covers if cover.role == shift.role and cover.from_at < shift.until_at
            and cover.until_at > shift.from_at]
    while more := {cover.person for cover in near if cover.instead_of in people} - people:
        people |= more
    return key in people or any(away.person in people and away.from_at < shift.until_at
                                and away.until_at > shift.from_at for away in book.absences)


def _read(session: Session, since: datetime, until: datetime, now: datetime) -> _Reading:
    earlier, later = since - LONGEST_SHIFT, until + LONGEST_SHIFT
    covers = session.scalars(select(Cover).where(Cover.removed_at.is_(None), Cover.until_at > earlier,
                                                 Cover.from_at <= later))
    return _Reading(roster.duty_book(session, earlier, later), {cover.id: cover for cover in covers},
                    names.by_key(session), since, until, now)


def _day(read: _Reading, shifts: Sequence[ShiftView], from_at: datetime, until_at: datetime,
         day_kind: Callable[[date], DayKind]) -> DayView:
    """A shift stands on the day it begins on, and on every later one whose hand-over it lasts beyond."""
    day = from_at.date()

    def is_of_day(shift: ShiftView) -> bool:
        return shift.from_at.astimezone(from_at.tzinfo).date() == day or shift.from_at < from_at < shift.until_at

    cells = tuple(Cell(role, tuple(shift for shift in shifts if shift.role == role and is_of_day(shift)),
                       read.book.is_rostered(role, from_at)) for role in ROSTERED_ROLES)
    leave = tuple(LeaveView(_known(read, away.person), _name(read, away.acting, ""), away.from_at, away.until_at)
                  for away in read.book.absences if away.from_at < until_at and away.until_at > from_at)
    return DayView(day, day_kind(day), from_at, until_at, cells, leave)


def _shifts(read: _Reading) -> Iterator[ShiftView]:
    for shift in read.book.shifts:
        if shift.from_at < read.until and shift.until_at > read.since:
            yield ShiftView(shift.id, shift.role, _known(read, shift.person, shift.role), shift.from_at,
                            shift.until_at, tuple(_parts(read, shift)), shift.until_at <= read.now)


def _parts(read: _Reading, shift: OnShift) -> Iterator[Part]:
    """Who does this one shift, stretch by stretch; neighbours with the same answer are one."""
    book = replace(read.book, shifts=[shift]).during(shift.from_at, shift.until_at)
    cuts = [shift.from_at, *book.changes(shift.from_at, shift.until_at)]
    before: Part | None = None
    for from_at, until_at in zip(cuts, [*cuts[1:], shift.until_at], strict=True):
        holder = next(iter(book.holders(shift.role, from_at)), None)
        part = Part(from_at, until_at, None) if holder is None else Part(
            from_at, until_at, names.name_of(holder.card, shift.role), holder.why, _name(read, holder.of, shift.role),
            _cover(read, shift.role, holder.card.key, from_at) if holder.why == COVER else None)
        if before is not None and replace(before, until_at=until_at) == replace(part, from_at=before.from_at):
            before = replace(before, until_at=until_at)
            continue
        if before is not None:
            yield before
        before = part
    if before is not None:
        yield before


def _cover(read: _Reading, role: str, person: str, at: datetime) -> CoverView | None:
    """The cover by which this person is on duty at `at`."""
    found = max((cover for cover in read.covers.values() if (cover.role, cover.person) == (role, person)
                 and cover.from_at <= at < cover.until_at), key=lambda cover: cover.id, default=None)
    return None if found is None else CoverView(found.id, found.reason, found.swap is not None)


def _name(read: _Reading, key: str | None, role: str) -> Name | None:
    return None if key is None else _known(read, key, role)


def _known(read: _Reading, key: str, role: str = "") -> Name:
    card = read.cards.get(key)
    return Name(key, key, role) if card is None else names.name_of(card, role or None)
