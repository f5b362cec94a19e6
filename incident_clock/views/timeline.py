"""The timeline: ledger entries with their texts, what became of each message folded under the call it belongs to."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from incident_clock.ledger.chain import plain
from incident_clock.protocol.standing import is_late_entry
from incident_clock.registry import ledger
from incident_clock.registry.tables import Incident
from incident_clock.views.shapes import EntryView

NEWEST_FIRST, OLDEST_FIRST = "desc", "asc"
ALL, WORK, REMINDERS, CHANGES = "all", "work", "reminders", "changes"
FILTERS = (ALL, WORK, REMINDERS, CHANGES)
PEOPLE_WRITE = ("IncidentRegistered", "StepLogged", "LogWithdrawn", "IncidentClosed", "TextsErased")


def entries(session: Session, incident_id: int) -> list[dict[str, Any]]:
    """Every entry in order, as the API and the export show it."""
    return [plain(link) for link in ledger.links(session, incident_id)]


def timeline(session: Session, incident_id: int, *, order: str = NEWEST_FIRST,
             only: str = ALL) -> tuple[list[EntryView], dict[str, int]]:
    """The entries as the page shows them, and how many each filter would show."""
    folded = _fold(entries(session, incident_id))
    counts = {name: sum(1 for entry in folded if _is_shown(entry, name)) for name in FILTERS}
    shown = [entry for entry in folded if _is_shown(entry, only)]
    return (shown if order == OLDEST_FIRST else shown[::-1]), counts


def chain_state(session: Session, incident: Incident) -> tuple[int, str, bool]:
    """Length, head value and whether the chain holds."""
    found = ledger.verify(session, incident)
    return found.size, found.head, found.broken is None and not found.lacking_texts


def _fold(plain_entries: list[dict[str, Any]]) -> list[EntryView]:
    withdrawn = {e["body"]["withdraws"]: e["sequence"] for e in plain_entries if e["kind"] == "LogWithdrawn"}
    notes: dict[int, list[tuple[int, datetime, dict[str, Any]]]] = {}
    callers: dict[tuple[Any, ...], int] = {}
    standing_alone = []
    for entry in plain_entries:
        body = entry["body"]
        if entry["kind"] == "RungRaised":
            callers["reminder", body["step"], body["rung"], body["repeat"]] = entry["sequence"]
        elif entry["kind"] == "AudienceTold":
            callers[body["news"], body["step"]] = entry["sequence"]
        elif entry["kind"] == "MessageSettled":
            caller = callers.get((body["message"], body["step"], body["rung"], body["repeat"])) \
                or callers.get((body["message"], body["step"]))
            if caller is not None:
                notes.setdefault(caller, []).append((entry["sequence"], _instant(entry["happened_at"]), body))
                continue
        standing_alone.append(entry)
    return [EntryView(
        sequence=e["sequence"], kind=e["kind"], happened_at=_instant(e["happened_at"]),
        recorded_at=_instant(e["recorded_at"]), actor=e["actor"], actor_role=e["actor_role"], body=e["body"],
        hash=e["hash"], is_late_entry=e["kind"] == "StepLogged" and is_late_entry(
            happened_at=_instant(e["happened_at"]), recorded_at=_instant(e["recorded_at"])),
        withdrawn_by=withdrawn.get(e["sequence"]), notes=tuple(notes.get(e["sequence"], ()))) for e in standing_alone]


def _is_shown(entry: EntryView, only: str) -> bool:
    if only == WORK:
        return entry.kind in PEOPLE_WRITE
    if only == REMINDERS:
        return entry.kind not in PEOPLE_WRITE
    if only == CHANGES:
        return entry.is_late_entry or entry.withdrawn_by is not None or entry.kind == "LogWithdrawn"
    return True


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
