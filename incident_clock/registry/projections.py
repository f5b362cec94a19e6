"""Do the rows people read agree with the chain? Incident and deadlines are projections: the ledger alone decides.

A whole chain proves nothing about a deadline that was changed beside it; this compares every one with what the entries
come to (`retelling.py`).
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from incident_clock.ledger.chain import Broken
from incident_clock.registry.account import Account
from incident_clock.registry.history import Entry, History, Obligation
from incident_clock.registry.tables import Deadline, Incident, StampedProtocol

RUNNING = ("position", "started_at", "due_at", "first_due_at", "round", "kind", "ordinal")  # of a deadline
ENDED = ("settled_at", "settled_sequence", "ended", "done_at", "checked", "counted_at")


def disagreement(session: Session, incident: Incident, account: Account) -> Broken | None:
    """The first entry whose row says something else, or None. `account` is of a whole, unbroken chain."""
    entries = account.entries
    if not entries or entries[0]["kind"] != "IncidentRegistered":
        return Broken(1, "the ledger does not begin with the registration")
    found = list(_stamps(session, entries))
    if not found:
        found = [*_incident(incident, account.history), *_deadlines(incident, account.history)]
    return min(found, key=lambda broken: broken.sequence, default=None)


def _stamps(session: Session, entries: list[Entry]) -> Iterator[Broken]:
    """Every rule an entry names must be kept as it was."""
    for entry in entries:
        named = entry["body"].get("protocol") if entry["kind"] in ("IncidentRegistered", "Regraded") else None
        stamp = session.get(StampedProtocol, named["hash"]) if named else None
        if named and (stamp is None or hashlib.sha256(stamp.stamp.encode()).hexdigest() != named["hash"]):
            yield Broken(entry["sequence"], "the stamped rule is not the one that was in force")


def _incident(incident: Incident, history: History) -> Iterator[Broken]:
    shown: dict[str, Any] = {**history.times, **history.values, "clock_started_at": history.clock_started_at}
    for name, value in shown.items():
        if getattr(incident, name) != value:
            yield _differs(1, f"the incident's {name}")
    for name, text in history.texts.items():
        if text is not None and getattr(incident, name) != text:  # None: never given, or erased
            yield _differs(1, f"the incident's {name}")
    if incident.protocol_hash != history.protocol:
        yield _differs(1, "the rule the incident stands under")
    if (incident.closed_at, incident.ended_as) != (history.closed_at, history.ended_as):
        ending = next((sequence for sequence, kind in history.kinds.items()
                       if kind in ("IncidentClosed", "MergedInto", "Voided")), 1)
        yield _differs(ending, "whether and when the incident was closed")


def _deadlines(incident: Incident, history: History) -> Iterator[Broken]:
    rows = {row.step: row for row in incident.deadlines}
    for step in rows.keys() ^ history.steps.keys():
        yield _differs(1, f"the deadline of {step}")
    for step in rows.keys() & history.steps.keys():
        yield from _deadline(rows[step], history.steps[step])


def _deadline(row: Deadline, one: Obligation) -> Iterator[Broken]:
    if any(getattr(row, name) != getattr(one, name) for name in RUNNING) or row.protocol_hash != one.rule:
        yield _differs(1, f"the deadline of {one.step}")
    if any(getattr(row, name) != getattr(one, name) for name in ENDED):
        yield _differs(one.settled_sequence or 1, f"whether and when {one.step} was done")
    if any(getattr(one, name) is not None and getattr(row, name) != getattr(one, name) for name in ("title", "owner")):
        yield _differs(1, f"what {one.step} asks of whom")  # None: erased
    if one.is_open and row.wake_at is None and row.passed_at is None:
        yield _differs(1, f"when {one.step} is looked at next")
    if row.passed_at != one.passed_at:
        yield _differs(1, f"when {one.step} passed unlogged")


def _differs(sequence: int, what: str) -> Broken:
    return Broken(sequence, f"{what} is shown otherwise than the ledger holds it")
