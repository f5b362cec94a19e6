"""The secret address of a person's calendar of shifts: only its hash is kept, and a new one ends the old one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.errors import NotFound
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.people import ledger
from incident_clock.people.cards import PersonCard
from incident_clock.people.duty_checks import take_turn
from incident_clock.people.facts import AccessGiven
from incident_clock.people.roster import card_of
from incident_clock.people.sign_in_tables import CalendarFeed
from incident_clock.people.tables import Person
from incident_clock.people.tokens import digest, new_token
from incident_clock.phrases import N_

CALENDAR = "calendar"  # what `AccessGiven` calls it


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Whose calendar an address shows, and since when."""

    card: PersonCard
    since: datetime


def give_feed(session: Session, person: str, *, actor: Actor, now: datetime) -> str:
    """A new token for this person's calendar, shown this once. Raises NotFound for nobody active."""
    take_turn(session)
    row = session.get(Person, person)
    if row is None or not row.is_active:
        raise NotFound(N_("人员名单里没有“%(key)s”，或者已经停用"), key=person[:40])
    token = new_token()
    session.merge(CalendarFeed(person=person, token_hash=digest(token), created_at=now))
    session.flush()
    ledger.append(session, AccessGiven(happened_at=now, what=CALENDAR, person=Erasable(person), role=None),
                  actor=actor, now=now)
    return token


def subscriber(session: Session, token: str) -> Subscriber | None:
    """Whose calendar this token opens; None for an unknown or ended one, and for one who has left."""
    found = session.execute(
        select(Person, CalendarFeed.created_at).join(CalendarFeed, CalendarFeed.person == Person.key)
        .where(CalendarFeed.token_hash == digest(token), Person.is_active)).first()
    return None if found is None else Subscriber(card_of(found[0]), found[1])


def has_feed(session: Session, person: str) -> bool:
    return session.get(CalendarFeed, person) is not None
