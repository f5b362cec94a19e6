"""Persons, shifts, covers and leave put straight into the tables, while a room or a story goes on."""

from datetime import datetime

from sqlalchemy import delete

from incident_clock.people.cards import MOBILE
from incident_clock.people.duty_tables import Absence, Cover, Shift
from incident_clock.people.tables import ContactMethod, Person
from incident_clock.store.session import Store


def put(store: Store, key: str, **changes: object) -> None:
    """Change a person's row."""
    with store.write() as session:
        for name, value in changes.items():
            setattr(session.get_one(Person, key), name, value)


def without(store: Store, key: str, *kinds: str) -> None:
    """Take a person's contacts of these kinds away."""
    with store.write() as session:
        session.execute(delete(ContactMethod).where(ContactMethod.person == key, ContactMethod.kind.in_(kinds)))


def share_phone(store: Store, key: str, number: str) -> None:
    """A person is reached on this number instead of his own."""
    without(store, key, MOBILE)
    with store.write() as session:
        session.add(ContactMethod(person=key, kind=MOBILE, address=number, position=9))


def on_shift(store: Store, role: str, key: str, from_at: datetime, until_at: datetime) -> None:
    with store.write() as session:
        session.add(Shift(role=role, person=key, from_at=from_at, until_at=until_at))


def cover(store: Store, role: str, key: str, instead_of: str, from_at: datetime, until_at: datetime,
          swap: str | None = None) -> None:
    with store.write() as session:
        session.add(Cover(role=role, person=key, instead_of=instead_of, from_at=from_at, until_at=until_at,
                          reason="替班", swap=swap))


def away(store: Store, key: str, from_at: datetime, until_at: datetime, acting: str | None = None) -> None:
    with store.write() as session:
        session.add(Absence(person=key, acting=acting, from_at=from_at, until_at=until_at, reason="出差"))
