"""The ledger in the database: append, read, export, verify, erase texts. There is no update and no delete.

Appending needs the incident row locked by the caller (`incidents.locked`): sequence and hash follow the last
entry, and the database refuses anything else.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from incident_clock.registry import chain, projections
from incident_clock.registry.chain import Link, Verification
from incident_clock.registry.facts import Actor, Fact
from incident_clock.registry.tables import Incident, LedgerEntry, LedgerText
from incident_clock.store.writing import changed


def append(session: Session, incident: Incident, fact: Fact, *, actor: Actor, now: datetime) -> int:
    """Write a fact as the next entry of this incident; gives its sequence."""
    last = session.execute(
        select(LedgerEntry.sequence, LedgerEntry.hash).where(LedgerEntry.incident_id == incident.id)
        .order_by(LedgerEntry.sequence.desc()).limit(1)).first()
    sequence, previous_hash = (last.sequence + 1, last.hash) if last else (1, "")
    entry = chain.link(incident=incident.number, sequence=sequence, previous_hash=previous_hash, fact=fact,
                       actor=actor, recorded_at=now)
    place = {"incident_id": incident.id, "sequence": sequence}
    session.execute(insert(LedgerEntry), [{**place, "canonical": entry.canonical, "previous_hash": previous_hash,
                                           "hash": entry.hash}])
    session.execute(insert(LedgerText), [{**place, "path": path, "salt": salt, "text": text}
                                         for path, (salt, text) in entry.texts.items()])
    return sequence


def links(session: Session, incident_id: int, *, after: int = 0) -> list[Link]:
    """The entries of one incident in order, from the one behind `after`, with the texts that were not erased."""
    texts: dict[int, chain.Texts] = {}
    for row in session.execute(
            select(LedgerText.sequence, LedgerText.path, LedgerText.salt, LedgerText.text)
            .where(LedgerText.incident_id == incident_id, LedgerText.sequence > after)):
        texts.setdefault(row.sequence, {})[row.path] = (row.salt, row.text)
    rows = session.execute(
        select(LedgerEntry.sequence, LedgerEntry.canonical, LedgerEntry.previous_hash, LedgerEntry.hash)
        .where(LedgerEntry.incident_id == incident_id, LedgerEntry.sequence > after).order_by(LedgerEntry.sequence))
    return [Link(r.sequence, bytes(r.canonical), r.previous_hash, r.hash, texts.get(r.sequence, {})) for r in rows]


def export(session: Session, incident_id: int) -> Iterator[bytes]:
    """The ledger of one incident as JSON lines, which verify from themselves alone."""
    return (chain.export_line(entry) for entry in links(session, incident_id))


def verify(session: Session, incident: Incident) -> Verification:
    """Verify the stored ledger of one incident, and that what people are shown agrees with it."""
    stored = links(session, incident.id)
    found = chain.verify(stored)
    if found.broken is None:
        return replace(found, broken=projections.disagreement(incident, stored))
    return found


def erase_texts(session: Session, incident_id: int) -> int:
    """Destroy the erasable texts of one incident; gives how many. The chain stays whole."""
    return changed(session, delete(LedgerText).where(LedgerText.incident_id == incident_id))
