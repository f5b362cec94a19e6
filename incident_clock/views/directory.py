"""The directory as it is read: the tree of units with its people, one person's card, leave, offices outside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.people import access, roster
from incident_clock.people.cards import PersonCard
from incident_clock.people.duty_tables import Absence
from incident_clock.people.outside import OutsideDraft
from incident_clock.people.outside import draft_of as outside_draft
from incident_clock.people.tables import ContactMethod, OutsideParty, Person, Unit
from incident_clock.people.units import UnitDraft, draft_of, is_reporter

LEAVE_SHOWN_FOR = timedelta(days=30)  # how long leave that is over stays on the card


@dataclass(frozen=True, slots=True)
class LeaveView:
    """A leave. `acting` None: the stand-in takes his place."""

    id: int
    person: PersonCard
    acting: PersonCard | None
    from_at: datetime
    until_at: datetime
    reason: str

    def holds_at(self, at: datetime) -> bool:
        return self.from_at <= at < self.until_at


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person in the tree; `away`: the leave he is on now."""

    card: PersonCard
    away: LeaveView | None


@dataclass(frozen=True, slots=True)
class UnitView:
    """A unit. `depth` counts from the bureau, 0. `is_covered`: a 宣传员 is named who is active and has the role."""

    key: str
    draft: UnitDraft
    depth: int
    reporter: PersonCard | None
    second_reporter: PersonCard | None
    people: tuple[PersonLine, ...]

    @property
    def name(self) -> str:
        return self.draft.name

    @property
    def is_bureau(self) -> bool:
        return self.draft.parent is None

    @property
    def is_covered(self) -> bool:
        return is_reporter(self.reporter)


@dataclass(frozen=True, slots=True)
class DirectoryView:
    """`elsewhere`: active people whose unit is gone. `former`: who has left."""

    units: tuple[UnitView, ...]
    elsewhere: tuple[PersonLine, ...]
    former: tuple[PersonCard, ...]

    @property
    def uncovered(self) -> tuple[UnitView, ...]:
        """Units below the bureau that have no 宣传员: the holes in the reporting network (报送网络)."""
        return tuple(unit for unit in self.units if not unit.is_bureau and not unit.is_covered)


@dataclass(frozen=True, slots=True)
class ContactView:
    id: int
    kind: str
    address: str
    verified_at: datetime | None
    last_delivered_at: datetime | None
    failed_at: datetime | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class PersonView:
    """One card. `leaves`: over for a month at most, running, and to come, the earliest first."""

    card: PersonCard
    unit_name: str | None
    stand_in: PersonCard | None
    stands_in_for: tuple[PersonCard, ...]
    reports_for: tuple[str, ...]  # names of the units whose 宣传员 he is, main or B
    contacts: tuple[ContactView, ...]
    leaves: tuple[LeaveView, ...]


@dataclass(frozen=True, slots=True)
class OutsideView:
    key: str
    draft: OutsideDraft


@dataclass(frozen=True, slots=True)
class Names:
    """Key → name of everybody there ever was and of every unit there is, for old entries that hold keys."""

    people: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)


def directory(session: Session, now: datetime) -> DirectoryView:
    """Everybody in the tree, as it stands now."""
    cards = _cards(session)
    away = {leave.person.key: leave for leave in _leaves(session, cards, now) if leave.holds_at(now)}
    active = [PersonLine(card, away.get(card.key)) for card in cards.values() if card.is_active]
    rows = session.scalars(select(Unit).order_by(Unit.position)).all()
    units = tuple(_unit(row, depth, cards, active) for row, depth in _in_order(rows))
    known = {unit.key for unit in units}
    return DirectoryView(units, tuple(line for line in active if line.card.unit not in known),
                         tuple(card for card in cards.values() if not card.is_active))


def unit(session: Session, key: str, now: datetime) -> UnitView | None:
    return next((unit for unit in directory(session, now).units if unit.key == key), None)


def person(session: Session, key: str, now: datetime) -> PersonView | None:
    """One person, also one who has left."""
    row = session.get(Person, key)
    if row is None:
        return None
    cards = _cards(session)
    card = cards[key]
    units = session.scalars(select(Unit).order_by(Unit.position)).all()
    contacts = session.scalars(select(ContactMethod).where(ContactMethod.person == key)
                               .order_by(ContactMethod.position))
    return PersonView(
        card=card, unit_name=next((unit.name for unit in units if unit.key == card.unit), None),
        stand_in=cards.get(card.stand_in or ""),
        stands_in_for=tuple(other for other in cards.values() if other.stand_in == key and other.is_active),
        reports_for=tuple(unit.name for unit in units if key in (unit.reporter, unit.second_reporter)),
        contacts=tuple(ContactView(c.id, c.kind, c.address, c.verified_at, c.last_delivered_at, c.failed_at, c.failure)
                       for c in contacts),
        leaves=tuple(leave for leave in _leaves(session, cards, now - LEAVE_SHOWN_FOR) if leave.person.key == key))


def leave(session: Session, leave: int, now: datetime) -> LeaveView | None:
    """A leave that is running or to come."""
    return next((one for one in _leaves(session, _cards(session), now) if one.id == leave), None)


def outside(session: Session) -> tuple[OutsideView, ...]:
    rows = session.scalars(select(OutsideParty).order_by(OutsideParty.position))
    return tuple(OutsideView(row.key, outside_draft(row)) for row in rows)


def names(session: Session) -> Names:
    return Names({row.key: row.name for row in session.execute(select(Person.key, Person.name))},
                 {row.key: row.name for row in session.execute(select(Unit.key, Unit.name))})


def administrators(session: Session) -> tuple[PersonCard, ...]:
    return tuple(card for card in roster.everybody(session) if access.may(card.roles, access.ADMIN))


def _cards(session: Session) -> dict[str, PersonCard]:
    return {card.key: card for card in roster.everybody(session, with_former=True)}


def _leaves(session: Session, cards: dict[str, PersonCard], since: datetime) -> Iterable[LeaveView]:
    """Leave that was not over at `since`."""
    rows = session.scalars(select(Absence).where(Absence.removed_at.is_(None), Absence.until_at > since)
                           .order_by(Absence.from_at, Absence.id))
    return [LeaveView(row.id, cards[row.person], cards.get(row.acting or ""), row.from_at, row.until_at, row.reason)
            for row in rows]


def _in_order(rows: Sequence[Unit]) -> Iterable[tuple[Unit, int]]:
    """The units as a tree is read: each before those below it; what hangs in a circle comes last."""
    seen: set[str] = set()

    def below(parent: str | None, depth: int) -> Iterable[tuple[Unit, int]]:
        for row in rows:
            if row.parent == parent and row.key not in seen:
                seen.add(row.key)
                yield row, depth
                yield from below(row.key, depth + 1)

    yield from below(None, 0)
    yield from ((row, 0) for row in rows if row.key not in seen)


def _unit(row: Unit, depth: int, cards: dict[str, PersonCard], active: Sequence[PersonLine]) -> UnitView:
    return UnitView(
        key=row.key, draft=draft_of(row), depth=depth,
        reporter=cards.get(row.reporter or ""), second_reporter=cards.get(row.second_reporter or ""),
        people=tuple(line for line in active if line.card.unit == row.key))
