"""Do the rows people read agree with the chain? Incident and deadlines are projections: the ledger alone decides.

A whole chain proves nothing about a deadline that was changed beside it; this compares the two, entry by entry.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from incident_clock.ledger.chain import Broken, Link, plain
from incident_clock.protocol.deadlines import due_at
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry.tables import Deadline, Incident

INSTANTS = ("clock_started_at", "received_at", "registered_at", "occurred_at", "first_online_at")
VALUES = ("number", "is_drill", "category", "event_grade", "opinion_grade")
TEXTS = ("title", "place", "source", "first_learned_by", "summary", "unit")


def disagreement(incident: Incident, links: list[Link]) -> Broken | None:
    """The first entry whose row says something else, or None. `links` is a whole, unbroken chain."""
    entries = [plain(link) for link in links]
    if not entries or entries[0]["kind"] != "IncidentRegistered":
        return Broken(1, "the ledger does not begin with the registration")
    found = [*_registration(incident, entries[0]), *_deadlines(incident, entries), *_closing(incident, entries)]
    return min(found, key=lambda broken: broken.sequence, default=None)


def _registration(incident: Incident, entry: dict[str, Any]) -> Iterator[Broken]:
    body = entry["body"]
    for name in INSTANTS:
        if getattr(incident, name) != _instant(body[name]):
            yield _differs(1, f"the incident's {name}")
    for name in VALUES:
        if getattr(incident, name) != body[name]:
            yield _differs(1, f"the incident's {name}")
    for name in TEXTS:
        if body[name] is not None and getattr(incident, name) != body[name]:  # None: never given, or erased
            yield _differs(1, f"the incident's {name}")
    stamp = incident.protocol.stamp
    if hashlib.sha256(stamp.encode()).hexdigest() != body["protocol"]["hash"]:
        yield Broken(1, "the stamped rule is not the one it was registered under")
        return
    rule = ResponseProtocol.from_stamp(stamp)
    limits = {step.key: due_at(step, incident.clock_started_at) for step in rule.steps}
    if {deadline.step: deadline.due_at for deadline in incident.deadlines} != limits:
        yield _differs(1, "a deadline")


def _deadlines(incident: Incident, entries: list[dict[str, Any]]) -> Iterator[Broken]:
    """The last log or withdrawal of each step decides what its row must say."""
    for deadline in incident.deadlines:
        about = [e for e in entries if e["body"].get("step") == deadline.step]
        last = next((e for e in reversed(about) if e["kind"] in ("StepLogged", "LogWithdrawn")), None)
        passed = next((e for e in about if e["kind"] == "DeadlinePassed"), None)
        if _settled(deadline) != _as_logged(last):
            yield _differs(last["sequence"] if last else 1, f"whether and when {deadline.step} was done")
        if deadline.passed_at != (_instant(passed["happened_at"]) if passed else None):
            yield _differs(passed["sequence"] if passed else 1, f"when {deadline.step} passed unlogged")


def _closing(incident: Incident, entries: list[dict[str, Any]]) -> Iterator[Broken]:
    closed = next((e for e in entries if e["kind"] == "IncidentClosed"), None)
    if incident.closed_at != (_instant(closed["recorded_at"]) if closed else None):
        yield _differs(closed["sequence"] if closed else 1, "whether and when the incident was closed")


def _settled(deadline: Deadline) -> tuple[Any, ...]:
    return deadline.done_at, deadline.settled_at, deadline.settled_sequence


def _as_logged(entry: dict[str, Any] | None) -> tuple[Any, ...]:
    if entry is None or entry["kind"] == "LogWithdrawn":
        return None, None, None
    return _instant(entry["body"]["done_at"]), _instant(entry["recorded_at"]), entry["sequence"]


def _differs(sequence: int, what: str) -> Broken:
    return Broken(sequence, f"{what} is shown otherwise than the ledger holds it")


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
