"""A wrong word or a wrong time is put right by a new entry; the old one stays, struck through (domain 1.4, 9.2).

Whatever helps the bureau (a later T0, an earlier minute of a late log) waits for a second person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from incident_clock.errors import Conflict, Invalid, NotFound, Refusal, Refusals
from incident_clock.ledger.fact import Actor, Erasable, erasable
from incident_clock.phrases import N_
from incident_clock.protocol.deadlines import floor_minute
from incident_clock.registry import record_kinds
from incident_clock.registry.case import Case, refuse_settled_by_closing
from incident_clock.registry.case_facts import Corrected
from incident_clock.registry.drafts import (
    CATEGORIES,
    attempt,
    checked_choice,
    checked_instant,
    checked_line,
    checked_reason,
    checked_text,
)
from incident_clock.registry.history import TEXTS, History
from incident_clock.registry.incidents import improves
from incident_clock.registry.records import check_against_history, checked_fields, kind_of, used_wordings

REGISTRATION = 1  # its sequence, always
TIMES_OF_REGISTRATION = ("received_at", "occurred_at", "first_online_at")
TEXTS_OF_LOG = ("report_to", "evidence", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is to be put right, as handed in; what is left out stays. A None empties. `reason` is needed."""

    reason: str | None
    times: Mapping[str, datetime | None] = field(default_factory=dict)
    texts: Mapping[str, str | None] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)


def correct(case: Case, sequence: int, asked: Correction, *, actor: Actor, now: datetime) -> int:
    """Put an entry right; gives the sequence of the correction. Raises NotFound, Conflict, Refusals."""
    history = case.history
    root = history.root(sequence)
    refuse_settled_by_closing(case, root)
    kind = history.kinds.get(root)
    if kind not in ("IncidentRegistered", "StepLogged", "RecordMade"):
        raise NotFound(N_("第%(sequence)s条没有可更正的内容"), sequence=sequence)
    if sequence in history.struck:
        raise Conflict(N_("第%(sequence)s条已由第%(by)s条更正或撤回，请更正最新的一条"), sequence=sequence,
                       by=history.struck[sequence])
    if any(history.root(waiting) == root and one["kind"] == "Corrected" for waiting, one in history.pending.items()):
        raise Conflict(N_("这一条已有一项更正待核，请先核定"))
    if kind == "IncidentRegistered":
        fact = _registration(history, sequence, asked, now=now)
    elif kind == "StepLogged":
        fact = _log(case, sequence, root, asked, now=now)
    else:
        fact = _form(history, sequence, root, asked, now=now)
    return case.add(fact, actor=actor, now=now)


def _registration(history: History, sequence: int, asked: Correction, *, now: datetime) -> Corrected:
    found: list[Refusal] = []
    times = {name: attempt(found, checked_instant, name, at, now) for name, at in asked.times.items()}
    texts = {name: attempt(found, checked_text if name == "summary" else checked_line, name, text)
             for name, text in asked.texts.items() if name in TEXTS}
    values = {}
    if "category" in asked.texts:
        attempt(found, checked_choice, "category", asked.texts["category"], CATEGORIES)
        values["category"] = asked.texts["category"]
    _refuse_unknown(found, asked, times=TIMES_OF_REGISTRATION, texts=(*TEXTS, "category"))
    for name, lacking in (("received_at", times.get("received_at", now)), ("title", texts.get("title", ""))):
        if lacking is None and not any(refusal.field == name for refusal in found):
            found.append(Invalid(N_("这一栏不能清空"), field=name))
    reason = _reason(found, asked)
    if found:
        raise Refusals(found)
    times = {name: at for name, at in times.items() if at != history.times[name]}
    texts = {name: text for name, text in texts.items() if text != history.texts[name]}
    values = {name: value for name, value in values.items() if value != history.values[name]}
    _refuse_nothing(times, texts, values)
    return Corrected(
        happened_at=now, corrects=sequence, step=None, times=times, values=values,
        fields={name: erasable(text) for name, text in texts.items()}, reason=reason,
        is_pending=_helps(history, times))


def _helps(history: History, times: Mapping[str, datetime | None]) -> bool:
    """Whether the clock would start later, or the occurrence be put later or out of sight."""
    started = history.clock_started_at
    is_later = started is not None and floor_minute(history.started(times)) > floor_minute(started)
    return is_later or any(_is_later(history, times, name) for name in ("received_at", "occurred_at"))


def _is_later(history: History, times: Mapping[str, datetime | None], name: str) -> bool:
    before, after = history.times[name], times.get(name)
    return name in times and before is not None and (after is None or floor_minute(after) > floor_minute(before))


def _log(case: Case, sequence: int, root: int, asked: Correction, *, now: datetime) -> Corrected:
    history, said = case.history, case.history.bodies[root]
    one = next((each for each in history.steps.values() if each.settled_sequence == root), None)
    if one is None or one.done_at is None:
        raise Conflict(N_("这条记录已撤回"))
    found: list[Refusal] = []
    times = {name: attempt(found, checked_instant, name, at, now) for name, at in asked.times.items()}
    texts = {name: attempt(found, checked_text if name == "note" else checked_line, name, text)
             for name, text in asked.texts.items()}
    _refuse_unknown(found, asked, times=("done_at",), texts=TEXTS_OF_LOG)
    reason = _reason(found, asked)
    kind = record_kinds.KINDS.get(history.evidence(one.step))
    values = _record(found, kind, asked, now=now)
    if found:
        raise Refusals(found)
    if values.get("outcome") not in (None, record_kinds.REACHED):
        raise Conflict(N_("没有接通就不算办结：请撤回这条记录，另记一次未接通"))
    done_at = times.get("done_at") or one.done_at
    times = {"done_at": done_at} if done_at != one.done_at else {}
    texts = {name: text for name, text in texts.items() if text != said.get(name)}
    _refuse_nothing(times, texts, values)
    if kind is not None and values:
        check_against_history(history, kind.key, {**said["record"], **values}, at=done_at, reason=str(reason),
                              besides=root)
    counts_at = one.counts_at or one.done_at
    return Corrected(
        happened_at=now, corrects=sequence, step=one.step, times=times, values=values,
        fields={name: erasable(text) for name, text in texts.items()}, reason=reason,
        is_pending=improves(history, one.step, before=counts_at, after=done_at) if times else False)


def _form(history: History, sequence: int, root: int, asked: Correction, *, now: datetime) -> Corrected:
    said = history.bodies[root]
    found: list[Refusal] = []
    _refuse_unknown(found, asked, times=(), texts=())
    reason = _reason(found, asked)
    values = _record(found, kind_of(said["record"]), asked, now=now)
    if found:
        raise Refusals(found)
    _refuse_nothing({}, {}, values)
    if said["record"] == record_kinds.WORDING and said["ordinal"] in used_wordings(history):
        raise Conflict(N_("第%(version)s版口径已用于发布，不能再改；请另立新版"), version=said["ordinal"])
    check_against_history(history, said["record"], {**said["fields"], **values}, at=now, reason=str(reason),
                          besides=root)
    return Corrected(happened_at=now, corrects=sequence, step=said.get("step"), times={}, values=values, fields={},
                     reason=reason, is_pending=False)


def _record(found: list[Refusal], kind: record_kinds.RecordKind | None, asked: Correction, *,
            now: datetime) -> dict[str, Any]:
    if not asked.record:
        return {}
    if kind is None:
        found.append(Invalid(N_("这一步的凭证只用文字填写"), field="record"))
        return {}
    try:
        return checked_fields(kind, asked.record, now=now, is_change=True)
    except Refusals as refusals:
        found += refusals.refusals
        return {}


def _reason(found: list[Refusal], asked: Correction) -> Erasable:
    try:
        return Erasable(checked_reason(asked.reason, is_required=True) or "")
    except Invalid as refusal:
        found.append(refusal)
        return Erasable("")


def _refuse_unknown(found: list[Refusal], asked: Correction, *, times: tuple[str, ...],
                    texts: tuple[str, ...]) -> None:
    found += [Invalid(N_("这一条没有“%(name)s”可更正"), field=name, name=name[:40])
              for name in (*asked.times, *asked.texts) if name not in (*times, *texts)]


def _refuse_nothing(*changes: Mapping[str, Any]) -> None:
    if not any(changes):
        raise Conflict(N_("与现有内容相同，没有可更正的"))
