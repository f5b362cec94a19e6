"""The ledger retold: one function per kind of entry, each turning a `History` into the next. Pure.

Facts are taken at their word; whether one may be written is for the verbs to say.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from incident_clock.protocol.deadlines import MINUTE, due_at, late_minutes
from incident_clock.protocol.standing import CONFIRMED, PENDING, REFUSED, is_rescue
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry.history import (
    CHECK,
    CLOSED,
    DONE,
    FOLLOW_UP,
    MERGED,
    NOT_APPLICABLE,
    STEP,
    TASK,
    TEXTS,
    TIMES,
    TRANSFERRED,
    VALUES,
    VOIDED,
    WAIVED,
    Entry,
    History,
    Obligation,
)
from incident_clock.registry.retelling_grades import regrade


def retell(entries: Iterable[Entry], rules: Mapping[str, ResponseProtocol]) -> History:
    """What all entries of one incident, in order, come to. `rules` by content hash."""
    history = History(rules)
    for entry in entries:
        go_on(history, entry)
    return history


def go_on(history: History, entry: Entry) -> None:
    """Take in the next entry."""
    history.size = entry["sequence"]
    history.kinds[history.size] = entry["kind"]
    handle = HANDLERS.get(entry["kind"])
    if handle is not None:
        handle(history, entry, entry["body"])
        _end_decided(history, entry)


# ── one function per kind of entry ────────────────────────────────────────────────────────────────────────

def _registered(history: History, entry: Entry, body: dict[str, Any]) -> None:
    history.times = {name: instant(body[name]) for name in TIMES}
    history.values = {name: body.get(name) for name in VALUES}
    history.values["is_sensitive"] = bool(body.get("is_sensitive"))
    history.values["secondary_categories"] = body.get("secondary_categories") or []
    history.texts = {name: body[name] for name in TEXTS}
    history.protocol = body["protocol"]["hash"]
    history.clock_starts_at = history.rule.clock_starts_at
    history.note_grades()
    started = history.clock_started_at = instant(body["clock_started_at"])
    assert started is not None
    for position, step in enumerate(history.rule.steps):
        history.steps[step.key] = Obligation(step.key, STEP, position, started, due_at(step, started))


def _passed(history: History, entry: Entry, body: dict[str, Any]) -> None:
    one = history.steps[body["step"]]
    if instant(body["due_at"]) == one.due_at:
        one.passed_at = instant(entry["happened_at"])


def _logged(history: History, entry: Entry, body: dict[str, Any]) -> None:
    one, recorded, done = history.steps[body["step"]], _at(entry["recorded_at"]), _at(body["done_at"])
    one.end(DONE, done_at=done, settled_at=recorded, sequence=entry["sequence"])
    history.bodies[entry["sequence"]] = dict(body)
    if body.get("is_pending"):
        one.checked = PENDING
        if one.former_at is not None and late_minutes(done, one.due_at):  # better than before, but late all the same
            one.counted_at = one.former_at
    if body.get("is_pending", is_rescue(done=done, due=one.due_at, recorded=recorded)):  # older entries do not say
        history.pending[entry["sequence"]] = entry


def _withdrawn(history: History, entry: Entry, body: dict[str, Any]) -> None:
    root, at = history.root(body["withdraws"]), _at(entry["recorded_at"])
    history.struck[body["withdraws"]] = entry["sequence"]
    history.pending = {sequence: waiting for sequence, waiting in history.pending.items()
                       if history.root(sequence) != root}
    for one in history.steps.values():
        if one.settled_sequence == body["withdraws"]:
            one.reopen(at)
    begun = {each.key for each in history.rule.follow_ups if each.since == body["step"]}
    for one in history.steps.values():  # what followed it is asked for when it is done again
        if one.is_open and one.follow_up in begun:
            one.end(NOT_APPLICABLE, done_at=at, settled_at=at, sequence=entry["sequence"])


def _recorded(history: History, entry: Entry, body: dict[str, Any]) -> None:
    history.bodies[entry["sequence"]] = dict(body)
    history.counts[body["record"]] = body["ordinal"]


def _corrected(history: History, entry: Entry, body: dict[str, Any]) -> None:
    history.roots[entry["sequence"]] = history.root(body["corrects"])
    history.former[entry["sequence"]] = _former(history, body)
    if body["is_pending"]:
        history.pending[entry["sequence"]] = entry
    else:
        _apply_correction(history, entry, body)


def _former(history: History, body: dict[str, Any]) -> dict[str, Any]:
    """What a correction changes, as it stands before it; instants as entries write them."""
    root, changed = history.root(body["corrects"]), [*body["times"], *body["values"], *body["fields"]]
    if history.kinds[root] == "IncidentRegistered":
        said: dict[str, Any] = {**history.values, **history.texts,
                                **{name: at.isoformat() if at else None for name, at in history.times.items()}}
    else:
        log = history.bodies[root]
        form = log.get("record") if history.kinds[root] == "StepLogged" else log["fields"]
        done = next((one.done_at for one in history.steps.values() if one.settled_sequence == root), None)
        said = {**log, **(form or {}), **({"done_at": done.isoformat()} if done else {})}
    return {name: said.get(name) for name in changed}


def _apply_correction(history: History, entry: Entry, body: dict[str, Any], *, is_checked: bool = False) -> None:
    root = history.root(body["corrects"])
    history.struck[body["corrects"]] = entry["sequence"]
    if history.kinds[root] == "IncidentRegistered":
        history.times |= {name: instant(at) for name, at in body["times"].items()}
        history.values |= body["values"]
        history.texts |= body["fields"]
        history.set_clock()
        return
    said = history.bodies[root]
    said["record" if history.kinds[root] == "StepLogged" else "fields"] = {
        **(said.get("record") or said.get("fields") or {}), **body["values"]}
    said |= body["fields"]
    one = next((each for each in history.steps.values() if each.settled_sequence == root), None)
    if one is not None and "done_at" in body["times"]:
        one.done_at = instant(body["times"]["done_at"])
        one.checked, one.counted_at = (CONFIRMED if is_checked else one.checked), None


def _waived(history: History, entry: Entry, body: dict[str, Any]) -> None:
    history.steps[body["step"]].end(WAIVED, done_at=_at(entry["happened_at"]), settled_at=_at(entry["recorded_at"]),
                                    sequence=entry["sequence"])


def _offered(history: History, entry: Entry, body: dict[str, Any]) -> None:
    history.offers[entry["sequence"]] = entry


def _accepted(history: History, entry: Entry, body: dict[str, Any]) -> None:
    history.offers.pop(body["offer"], None)
    recorded, accepted = _at(entry["recorded_at"]), _at(entry["happened_at"])
    for key in body["steps"]:
        one = history.steps[key]
        one.end(TRANSFERRED, done_at=accepted, settled_at=recorded, sequence=entry["sequence"])
        if body["is_pending"]:
            one.checked, one.counted_at = PENDING, recorded
    if body["is_pending"]:
        history.pending[entry["sequence"]] = entry


def _not_accepted(history: History, entry: Entry, body: dict[str, Any]) -> None:
    history.offers.pop(body["offer"], None)


def _regraded(history: History, entry: Entry, body: dict[str, Any]) -> None:
    if body["is_pending"]:
        history.pending[entry["sequence"]] = entry
    else:
        for sequence in [key for key, waiting in history.pending.items() if waiting["kind"] == "Regraded"]:
            history.pending.pop(sequence)  # an upgrade settles a downgrade that nobody has approved
            history.struck[sequence] = entry["sequence"]
        regrade(history, body, at=_at(entry["recorded_at"]), sequence=entry["sequence"])


def _follow_up(history: History, entry: Entry, body: dict[str, Any]) -> None:
    due = _at(body["due_at"])
    history.steps[body["step"]] = Obligation(  # one entered late may be due already: its ladder still has a minute
        body["step"], FOLLOW_UP, len(history.steps), min(_at(entry["recorded_at"]), due - MINUTE), due,
        ordinal=body["ordinal"], follow_up=body["follow_up"], rule=history.protocol)


def _second_asked(history: History, entry: Entry, body: dict[str, Any]) -> None:
    history.steps[body["step"]] = Obligation(body["step"], CHECK, len(history.steps), _at(entry["recorded_at"]),
                                             _at(body["due_at"]), ordinal=body["about"])


def _end_decided(history: History, entry: Entry) -> None:
    """Nobody is asked any more about what does not wait any more: decided, or overtaken by another entry."""
    at, decided = _at(entry["recorded_at"]), entry["body"].get("confirms") or entry["body"].get("rejects")
    for one in history.steps.values():
        if one.kind == CHECK and one.is_open and one.ordinal not in history.pending:
            how = DONE if one.ordinal == decided else NOT_APPLICABLE
            one.end(how, done_at=at, settled_at=at, sequence=entry["sequence"])


def _task(history: History, entry: Entry, body: dict[str, Any]) -> None:
    history.counts[body["origin"]] = body["ordinal"]
    history.bodies[entry["sequence"]] = dict(body)
    history.steps[body["step"]] = Obligation(
        body["step"], TASK, len(history.steps), _at(entry["recorded_at"]), _at(body["due_at"]),
        ordinal=body["ordinal"], title=body["text"], owner=body["owner_key"])


def _confirmed(history: History, entry: Entry, body: dict[str, Any]) -> None:
    """The entry holds from now on, as if it had just been written."""
    waiting = history.pending.pop(body["confirms"])
    said, at = waiting["body"], _at(entry["recorded_at"])
    if waiting["kind"] == "Corrected":
        _apply_correction(history, waiting, said, is_checked=True)
    elif waiting["kind"] == "Regraded":
        regrade(history, said, at=at, sequence=entry["sequence"])
    elif waiting["kind"] == "Voided":
        history.stop(VOIDED, at, entry["sequence"])
    else:
        for one in history.steps.values():
            if one.settled_sequence == waiting["sequence"]:
                one.checked, one.counted_at = CONFIRMED, None


def _rejected(history: History, entry: Entry, body: dict[str, Any]) -> None:
    """The entry does not hold. A log stays, counting from when it was written down, or with what it said before."""
    waiting = history.pending.pop(body["rejects"])
    if waiting["kind"] == "Corrected":
        history.struck[waiting["sequence"]] = entry["sequence"]
    for one in history.steps.values():
        if one.settled_sequence == waiting["sequence"]:
            one.checked, one.counted_at = REFUSED, min(at for at in (one.former_at, one.settled_at) if at)


def _absorbed(history: History, entry: Entry, body: dict[str, Any]) -> None:
    started = _at(body["clock_started_at"])
    history.absorbed_at = min(started, history.absorbed_at or started)
    history.set_clock()
    history.values |= body.get("values", {})
    history.note_grades()
    for step, due in body.get("dues", {}).items():  # what was due there sooner stays so
        one = history.steps.get(step)
        if one is not None and one.is_open and _at(due) < one.due_at:
            one.first_due_at = None
            one.move_to(_at(due))


def _merged(history: History, entry: Entry, body: dict[str, Any]) -> None:
    history.stop(MERGED, _at(entry["recorded_at"]), entry["sequence"])


def _voided(history: History, entry: Entry, body: dict[str, Any]) -> None:
    if body["is_pending"]:
        history.pending[entry["sequence"]] = entry
    else:
        history.stop(VOIDED, _at(entry["recorded_at"]), entry["sequence"])


def _closed(history: History, entry: Entry, body: dict[str, Any]) -> None:
    """What recurs while a case is open ends with it; tasks and what its closing brings about go on."""
    at = _at(entry["recorded_at"])
    history.ended_as, history.closed_at = CLOSED, at
    history.pending = {key: waiting for key, waiting in history.pending.items() if waiting["kind"] != "Regraded"}
    for one in history.steps.values():
        if one.kind == FOLLOW_UP and one.is_open:
            one.end(NOT_APPLICABLE, done_at=at, settled_at=at, sequence=entry["sequence"])


HANDLERS: dict[str, Callable[[History, Entry, dict[str, Any]], None]] = {
    "IncidentRegistered": _registered, "DeadlinePassed": _passed, "StepLogged": _logged, "LogWithdrawn": _withdrawn,
    "RecordMade": _recorded, "Corrected": _corrected, "StepWaived": _waived, "TransferOffered": _offered,
    "TransferAccepted": _accepted, "TransferRefused": _not_accepted, "Regraded": _regraded,
    "FollowUpOpened": _follow_up, "SecondAsked": _second_asked, "TaskSet": _task, "Confirmed": _confirmed,
    "Rejected": _rejected, "DuplicateAbsorbed": _absorbed, "MergedInto": _merged, "Voided": _voided,
    "IncidentClosed": _closed,
}


def instant(text: str | None) -> datetime | None:
    """An instant as it stands in an entry."""
    return datetime.fromisoformat(text) if text else None


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
