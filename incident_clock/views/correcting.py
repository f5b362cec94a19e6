"""What can be put right of an entry: its times, texts and form as they hold now, and which entry to name."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, NotFound
from incident_clock.phrases import N_
from incident_clock.registry import ledger, record_kinds
from incident_clock.registry.corrections import TEXTS_OF_LOG, TIMES_OF_REGISTRATION
from incident_clock.registry.history import TEXTS, History
from incident_clock.registry.tables import Incident

REGISTRATION, LOG, RECORD = "registration", "log", "record"
KINDS = {"IncidentRegistered": REGISTRATION, "StepLogged": LOG, "RecordMade": RECORD}


@dataclass(frozen=True, slots=True)
class Correctable:
    """An entry with its corrections. `sequence`: the newest entry about it, the one a correction names; `form`: the key
    of its form (`registry/record_kinds.py`), `fields` what that holds."""

    sequence: int
    root: int
    kind: str
    step: str | None = None
    form: str | None = None
    ordinal: int = 1
    times: dict[str, datetime | None] = field(default_factory=dict)
    texts: dict[str, str | None] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)


def find(session: Session, incident: Incident, sequence: int) -> Correctable:
    """Raises NotFound for what cannot be corrected, Conflict for what was taken back."""
    history = ledger.read(session, incident.id).history
    root = history.root(sequence)
    kind = KINDS.get(history.kinds.get(root, ""))
    newest = _newest(history, root)
    if kind == REGISTRATION:
        return Correctable(newest, root, kind, times={name: history.times[name] for name in TIMES_OF_REGISTRATION},
                           texts={**{name: history.texts[name] for name in TEXTS},
                                  "category": history.values["category"]})
    if kind is None:
        raise NotFound(N_("第%(sequence)s条没有可更正的内容"), sequence=sequence)
    said = history.bodies[root]
    if kind == RECORD:
        return Correctable(newest, root, kind, step=said.get("step"), form=said["record"], ordinal=said["ordinal"],
                           fields=said["fields"])
    one = next((each for each in history.steps.values() if each.settled_sequence == root), None)
    if one is None:
        raise Conflict(N_("这条记录已撤回"))
    evidence = history.evidence(one.step)
    return Correctable(
        newest, root, kind, step=one.step, form=evidence if evidence in record_kinds.KINDS else None,
        times={"done_at": one.done_at}, texts={name: said.get(name) for name in TEXTS_OF_LOG},
        fields=said.get("record") or {})


def _newest(history: History, root: int) -> int:
    """The entry that holds: the last correction that took effect, else the entry itself."""
    newest = root
    while (by := history.struck.get(newest)) is not None and history.kinds[by] == "Corrected":
        newest = by
    return newest
