"""The timeline: ledger entries with their texts, what became of each message folded under the call it belongs to."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from incident_clock.protocol.standing import is_late_entry
from incident_clock.registry import ledger
from incident_clock.registry.account import Account
from incident_clock.registry.history import Entry, History
from incident_clock.registry.tables import Incident
from incident_clock.views.shapes import ChainView, EntryView, TimelineView

NEWEST_FIRST, OLDEST_FIRST = "desc", "asc"
ALL, WORK, REMINDERS, ANSWERS, CHANGES = "all", "work", "reminders", "answers", "changes"
FILTERS = (ALL, WORK, REMINDERS, ANSWERS, CHANGES)
PEOPLE_WRITE = (
    "IncidentRegistered", "StepLogged", "LogWithdrawn", "IncidentClosed", "TextsErased", "RecordMade", "Corrected",
    "StepWaived", "TransferOffered", "TransferAccepted", "TransferRefused", "Regraded", "Confirmed", "Rejected",
    "TaskSet", "DuplicateAbsorbed", "MergedInto", "Voided", "FileAttached")
CHANGING = ("LogWithdrawn", "Corrected", "Confirmed", "Rejected", "Regraded", "Voided", "DuplicateAbsorbed",
            "MergedInto")
DATED = ("StepLogged", "RecordMade", "StepWaived", "TransferAccepted")  # entries with a time of their own
STRUCK = {"LogWithdrawn": "withdrawn", "Corrected": "corrected", "Rejected": "rejected"}  # entry → what it does
# What people answered to their calls, and what silence led to.
ABOUT_ANSWERS = ("Acknowledged", "SelfReported", "ReceiverDenied", "TextCameIn", "StandInCalled", "Resent")


def timeline(account: Account, *, order: str = NEWEST_FIRST, only: str = ALL, limit: int | None = None) -> TimelineView:
    """The entries as the page shows them: the first `limit` of that order."""
    folded = _fold(account.entries, account.history)
    counts = {name: sum(1 for entry in folded if _is_shown(entry, name)) for name in FILTERS}
    found = [entry for entry in folded if _is_shown(entry, only)]
    shown = (found if order == OLDEST_FIRST else found[::-1])[:limit]
    return TimelineView(shown, counts, order, only, hidden=len(found) - len(shown))


def chain_state(session: Session, incident: Incident, account: Account) -> ChainView:
    found = ledger.verify(session, incident, account)
    return ChainView(found.size, found.head, found.broken is None and not found.lacking_texts)


def _fold(entries: list[Entry], history: History) -> list[EntryView]:
    notes: dict[int, list[tuple[int, datetime, dict[str, Any]]]] = {}
    callers: dict[tuple[Any, ...], int] = {}
    standing_alone = []
    for entry in entries:
        if entry["kind"] == "MessageSettled":
            caller = _caller(callers, entry["body"])
            if caller is not None:
                notes.setdefault(caller, []).append((entry["sequence"], _instant(entry["happened_at"]), entry["body"]))
                continue
        _note_call(callers, entry)
        standing_alone.append(entry)
    return [EntryView(
        sequence=e["sequence"], kind=e["kind"], happened_at=_instant(e["happened_at"]),
        recorded_at=_instant(e["recorded_at"]), actor=e["actor"], actor_role=e["actor_role"], body=e["body"],
        hash=e["hash"], is_late_entry=e["kind"] in DATED and is_late_entry(
            happened_at=_instant(e["happened_at"]), recorded_at=_instant(e["recorded_at"])),
        withdrawn_by=history.struck.get(e["sequence"]),
        struck_how=STRUCK.get(history.kinds.get(history.struck.get(e["sequence"], 0), ""), ""),
        is_waiting=e["sequence"] in history.pending, before=history.former.get(e["sequence"], {}),
        notes=tuple(notes.get(e["sequence"], ()))) for e in standing_alone]


def _note_call(callers: dict[tuple[Any, ...], int], entry: dict[str, Any]) -> None:
    """Remember which entry the outcome of a message will belong to."""
    body, sequence = entry["body"], entry["sequence"]
    if entry["kind"] == "RungRaised":
        told = body.get("told_rung", body["rung"])  # the rung whose people are told, when its own is empty
        callers["reminder", body["step"], told, body["repeat"]] = sequence
        for person in body["audience"]:
            callers.pop(("resent", body["step"], told, person), None)
    elif entry["kind"] == "Resent":
        callers["resent", body["step"], body["rung"], body["person"]] = sequence
    elif entry["kind"] == "StandInCalled":
        callers["stand_in", body["step"], body["rung"], body["person"]] = sequence
    elif entry["kind"] == "AudienceTold":
        callers[body["news"], body["step"]] = sequence


def _caller(callers: dict[tuple[Any, ...], int], body: dict[str, Any]) -> int | None:
    """The entry a message's outcome belongs to: sending it again, else the call, else the news."""
    kind, step, rung, person = body["message"], body["step"], body["rung"], body["person"]
    for key in (("resent", step, rung, person), (kind, step, rung, person), (kind, step, rung, body["repeat"]),
                (kind, step)):
        if (found := callers.get(key)) is not None:
            return found
    return None


def _is_shown(entry: EntryView, only: str) -> bool:
    if only == WORK:
        return entry.kind in PEOPLE_WRITE
    if only == REMINDERS:
        return entry.kind not in (*PEOPLE_WRITE, *ABOUT_ANSWERS)
    if only == ANSWERS:
        return entry.kind in ABOUT_ANSWERS
    if only == CHANGES:
        return entry.is_late_entry or entry.withdrawn_by is not None or entry.kind in CHANGING
    return True


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
