"""People as the page names them: role first, and a number to ring."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from incident_clock.people import roster
from incident_clock.people.access import main_role
from incident_clock.people.cards import PersonCard
from incident_clock.protocol.steps import PERSON
from incident_clock.views.shapes import Name


def name_of(card: PersonCard, role: str | None = None) -> Name:
    return Name(card.key, card.name, role or main_role(card.roles), card.phone)


def on_roles(session: Session, roles: Iterable[str], at: datetime) -> tuple[Name, ...]:
    """Everybody who holds one of `roles` at that instant, each once, in the order of the roles."""
    book = roster.duty_book(session, at)
    found: dict[str, Name] = {}
    for role in roles:
        for holder in book.holders(role, at):
            found.setdefault(holder.card.key, name_of(holder.card, None if role.startswith(PERSON) else role))
    return tuple(found.values())


def one(session: Session, key: str) -> Name:
    """A person by his key, also one who has left."""
    card = roster.person(session, key)
    return name_of(card) if card else Name(key, key, "")


def by_key(session: Session) -> dict[str, PersonCard]:
    """Everybody the house ever knew: old messages name people who have left."""
    return {card.key: card for card in roster.everybody(session, with_former=True)}


def named(keys: Collection[str], cards: dict[str, PersonCard]) -> tuple[Name, ...]:
    """The persons of these keys; one who left the directory keeps his key."""
    return tuple(name_of(cards[key]) if key in cards else Name(key, key, "") for key in keys)
