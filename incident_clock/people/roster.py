"""Who is who, read: the persons of the directory, who holds a role, and where each can be reached."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.people.tables import Directory, Person, Unit


@dataclass(frozen=True, slots=True)
class PersonCard:
    """One person. `unit` and `stand_in` are keys; `phone` is E.164. `is_active` False: no longer in the file."""

    key: str
    name: str
    unit: str
    roles: tuple[str, ...]
    phone: str | None
    email: str | None
    stand_in: str | None
    language: str
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Bureau:
    """Whose box this is. `is_example`: the fictional bureau is loaded. Names are empty before the first import."""

    name: str
    short_name: str
    is_example: bool


def who_is(session: Session, role: str, at: datetime) -> list[PersonCard]:
    """The active persons who hold `role` at the instant `at`, in the order of the file.

    There is no duty roster yet, so that the answer is the same at every instant.
    """
    return [card for card in everybody(session) if role in card.roles]


def everybody(session: Session) -> list[PersonCard]:
    """All active persons, in the order of the file."""
    active = select(Person).where(Person.is_active).order_by(Person.position)
    return [card_of(person) for person in session.scalars(active)]


def person(session: Session, key: str) -> PersonCard | None:
    """The person with this key, also one who has left (`is_active` False): old entries name him."""
    found = session.get(Person, key)
    return None if found is None else card_of(found)


def name_of(session: Session, key: str) -> str:
    """The name behind a key, also of one who has left; the key itself when nobody ever had it."""
    found = person(session, key)
    return found.name if found else key


def addresses(card: PersonCard) -> dict[str, str]:
    """Channel → address, for every channel this person can be reached on."""
    known = {"sms": card.phone, "email": card.email, "console": card.key}
    return {channel: address for channel, address in known.items() if address}


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
    return PersonCard(key=person.key, name=person.name, unit=person.unit, roles=tuple(person.roles),
                      phone=person.phone, email=person.email, stand_in=person.stand_in, language=person.language,
                      is_active=person.is_active)
