"""Shifts and leave written straight into the tables, for tests of what is read from them. Verbs: `tests/people`."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, update

from incident_clock.people.duty_tables import Absence, Shift
from incident_clock.people.tables import ContactMethod, Person
from incident_clock.store.session import Store
from tests.support.bureau import ZONE

HANDOVER = datetime(2026, 3, 12, 8, 30, tzinfo=ZONE).astimezone(UTC)
DAY = timedelta(days=1)


def shifts(store: Store, role: str, *people: str | None, first: int = 0, start: datetime = HANDOVER) -> None:
    """One shift a day from the hand-over of day `first` on (day 0: 12 March), None leaving a day out."""
    with store.write() as session:
        session.add_all([Shift(role=role, person=person, from_at=start + DAY * day, until_at=start + DAY * (day + 1))
                         for day, person in enumerate(people, start=first) if person])


def leave(store: Store, person: str, from_at: datetime, until_at: datetime, *, acting: str | None = None) -> None:
    with store.write() as session:
        session.add(Absence(person=person, acting=acting, from_at=from_at, until_at=until_at, reason="请假"))


def without_stand_in(store: Store, *people: str) -> None:
    with store.write() as session:
        session.execute(update(Person).where(Person.key.in_(people)).values(stand_in=None))


def without_contact(store: Store, person: str, kinds: Iterable[str] = ("mobile", "email")) -> None:
    with store.write() as session:
        session.execute(delete(ContactMethod).where(ContactMethod.person == person, ContactMethod.kind.in_(kinds)))


def delivered(store: Store, person: str, at: datetime, kind: str = "mobile") -> None:
    """A message last arrived there then."""
    with store.write() as session:
        session.execute(update(ContactMethod).where(ContactMethod.person == person, ContactMethod.kind == kind)
                        .values(last_delivered_at=at))
