"""The administrative ledger: one chain over every change of directory and roster, by the rules of every ledger.

Its entries carry the name `administration` where an incident's carry their number.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from incident_clock.ledger.book import Book
from incident_clock.ledger.chain import Link, Verification
from incident_clock.ledger.fact import Actor, Fact
from incident_clock.people.tables import AdministrationEntry, AdministrationText, Directory

BOOK = Book(AdministrationEntry, AdministrationText)
NAME = "administration"


def append(session: Session, fact: Fact, *, actor: Actor, now: datetime) -> int:
    """Write a fact as the next entry, behind the lock that every change of the directory takes; gives its sequence."""
    session.get(Directory, 1, with_for_update=True)
    return BOOK.append(session, fact, name=NAME, actor=actor, now=now)


def links(session: Session, *, after: int = 0) -> list[Link]:
    """The entries in order, from the one behind `after`."""
    return BOOK.links(session, after=after)


def export(session: Session) -> Iterator[bytes]:
    """The ledger as JSON lines, which verify from themselves alone."""
    return BOOK.export(session)


def verify(session: Session) -> Verification:
    return BOOK.verify(session)
