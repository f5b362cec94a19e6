"""Who is who, read: the persons of the directory, and who holds a role at an instant. The rules: `duty.py`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from incident_clock.people.cards import Contact, PersonCard
from incident_clock.people.duty import Away, DutyBook, Holder, OnShift
from incident_clock.people.duty_tables import Absence, Cover, Shift
from incident_clock.people.tables import ContactMethod, Directory, Person, Unit
from incident_clock.store.writing import changed

LONGEST_SHIFT = timedelta(days=7)  # of a shift or a cover: what a look-up must go back


@dataclass(frozen=True, slots=True)
class Bureau:
    """Whose box this is. `is_example`: the fictional bureau is loaded. Names are empty before the first import."""

    name: str
    short_name: str
    is_example: bool


def who_is(session: Session, role: str, at: datetime) -> tuple[Holder, ...]:
    """Who holds `role` at the instant `at`, and why; empty when nobody does."""
    return duty_book(session, at).holders(role, at)


def duty_book(session: Session, since: datetime, until: datetime | None = None) -> DutyBook:
    """Everything that decides who holds a role from `since` to `until` (both included; None: only then)."""
    until = until or since
    shifts = session.execute(
        select(Shift.role, Shift.person, Shift.from_at, Shift.until_at, Shift.id)
        .where(Shift.removed_at.is_(None), Shift.from_at > since - LONGEST_SHIFT, Shift.from_at <= until,
               Shift.until_at > since).order_by(Shift.from_at, Shift.id))
    covers = session.scalars(select(Cover).where(
        Cover.removed_at.is_(None), Cover.from_at > since - LONGEST_SHIFT, Cover.from_at <= until,
        Cover.until_at > since).order_by(Cover.id))
    absences = session.scalars(select(Absence).where(
        Absence.removed_at.is_(None), Absence.until_at > since, Absence.from_at <= until).order_by(Absence.id))
    first = session.execute(select(Shift.role, func.min(Shift.from_at)).where(Shift.removed_at.is_(None))
                            .group_by(Shift.role))
    people = {card.key: card for card in everybody(session)}
    on_shift = [OnShift(r.role, r.person, r.from_at, r.until_at, id=r.id) for r in shifts]
    left = {shift.person for shift in on_shift} - people.keys()
    return DutyBook(
        people=people, shifts=on_shift,
        former={key: card for key in left if (card := person(session, key)) is not None},
        covers=[OnShift(c.role, c.person, c.from_at, c.until_at, c.instead_of, c.id) for c in covers],
        absences=[Away(a.person, a.acting, a.from_at, a.until_at, a.id) for a in absences],
        rostered_from={row[0]: row[1] for row in first})


def everybody(session: Session, *, with_former: bool = False) -> list[PersonCard]:
    """All active persons, in the order of the directory; on request also those who have left."""
    query = select(Person).order_by(Person.position)
    return [card_of(person) for person in session.scalars(query if with_former else query.where(Person.is_active))]


def person(session: Session, key: str) -> PersonCard | None:
    """The person with this key, also one who has left (`is_active` False): old entries name him."""
    found = session.get(Person, key)
    return None if found is None else card_of(found)


def name_of(session: Session, key: str) -> str:
    """The name behind a key, also of one who has left; the key itself when nobody ever had it."""
    found = person(session, key)
    return found.name if found else key


def note_delivery(session: Session, key: str, address: str, at: datetime) -> None:
    """A message to this address of that person has arrived, as far as its provider says."""
    changed(session, update(ContactMethod).where(ContactMethod.person == key, ContactMethod.address == address)
            .values(last_delivered_at=at, failed_at=None, failure=None))


def note_failure(session: Session, key: str, address: str, at: datetime, why: str) -> None:
    """Its provider says that this address of that person is dead. It stays in use, and shows red until one arrives."""
    changed(session, update(ContactMethod).where(ContactMethod.person == key, ContactMethod.address == address)
            .values(failed_at=at, failure=why))


def bureau(session: Session) -> Bureau:
    """The first unit without a parent."""
    top = session.scalars(select(Unit).where(Unit.parent.is_(None)).order_by(Unit.position)).first()
    directory = session.get(Directory, 1)
    if top is None or directory is None:
        return Bureau(name="", short_name="", is_example=False)
    return Bureau(name=top.name, short_name=top.short_name or top.name, is_example=directory.is_example)


def is_empty(session: Session) -> bool:
    """Whether no people file was ever imported."""
    return session.get(Directory, 1) is None


def card_of(person: Person) -> PersonCard:
    """The frozen copy of a row."""
    return PersonCard(
        key=person.key, name=person.name, unit=person.unit, roles=tuple(person.roles),
        contacts=tuple(Contact(c.kind, c.address, c.verified_at, c.last_delivered_at, c.failed_at, c.failure)
                       for c in person.contacts),
        stand_in=person.stand_in, language=person.language, is_active=person.is_active)
