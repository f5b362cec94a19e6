"""The ledger of the incidents, one chain each. Appending needs the incident's row locked (`incidents.locked`)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from incident_clock.ledger import chain
from incident_clock.ledger.book import Book
from incident_clock.ledger.chain import Link, Verification
from incident_clock.ledger.fact import Actor, Fact
from incident_clock.registry import projections
from incident_clock.registry.account import Account
from incident_clock.registry.rules import Rules
from incident_clock.registry.tables import Incident, LedgerEntry, LedgerText

BOOK = Book(LedgerEntry, LedgerText, "incident_id")


def append(session: Session, incident: Incident, fact: Fact, *, actor: Actor, now: datetime) -> int:
    """Write a fact as the next entry of this incident; gives its sequence."""
    return BOOK.append(session, fact, name=incident.number, actor=actor, now=now, chain_id=incident.id)


def links(session: Session, incident_id: int, *, after: int = 0) -> list[Link]:
    """The entries of one incident in order, from the one behind `after`, with the texts that were not erased."""
    return BOOK.links(session, incident_id, after=after)


def read(session: Session, incident_id: int, *, rules: Rules | None = None) -> Account:
    """The whole ledger of one incident."""
    return Account(links(session, incident_id), Rules(session) if rules is None else rules)


def export(session: Session, incident_id: int) -> Iterator[bytes]:
    """The ledger of one incident as JSON lines, which verify from themselves alone."""
    return BOOK.export(session, incident_id)


def verify(session: Session, incident: Incident, account: Account | None = None) -> Verification:
    """Verify the stored ledger of one incident, and that what people are shown agrees with it. `account`: what was
    read of it already."""
    account = account or read(session, incident.id)
    found = chain.verify(account.links)
    if found.broken is None:
        return replace(found, broken=projections.disagreement(session, incident, account))
    return found


def erase_texts(session: Session, incident_id: int) -> int:
    """Destroy the erasable texts of one incident; gives how many. The chain stays whole."""
    return BOOK.erase_texts(session, incident_id)
