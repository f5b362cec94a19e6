"""Forms filled in: whether what was handed in can be right, what of it the ledger holds, and the verb that keeps one.

What each form asks for stands in `record_kinds.py`.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from incident_clock.errors import Invalid, NotFound, Refusal, Refusals
from incident_clock.ledger.chain import instant_text
from incident_clock.ledger.fact import Actor, Erasable, erasable
from incident_clock.phrases import N_
from incident_clock.protocol.standing import EXPLAINED_AFTER
from incident_clock.registry import record_kinds as k
from incident_clock.registry.case import Case, refuse_closed
from incident_clock.registry.case_facts import RecordMade
from incident_clock.registry.drafts import attempt, checked_instant, checked_line, checked_reason, checked_text
from incident_clock.registry.history import CLOSED, TASK, History
from incident_clock.registry.record_kinds import Blank, RecordKind
from incident_clock.registry.tables import Incident

LARGEST_NUMBER = 10**12
URL = re.compile(r"https?://[^\s<>\"]{1,500}")


def kind_of(key: str) -> RecordKind:
    """The form of that name. Raises NotFound."""
    kind = k.KINDS.get(key)
    if kind is None:
        raise NotFound(N_("没有“%(key)s”这种记录，可选：%(keys)s"), key=key[:40], keys=list(k.KINDS))
    return kind


def checked_fields(kind: RecordKind, given: Mapping[str, Any], *, now: datetime,
                   is_change: bool = False) -> dict[str, Any]:
    """The values as the ledger holds them, empty ones left out; raises Refusals with every complaint.

    Instants are datetimes or ISO 8601 texts with an offset. `is_change`: only what is given is changed (None empties).
    """
    found: list[Refusal] = []
    values: dict[str, Any] = {}
    for name in given:
        if kind.blank(name) is None:
            found.append(Invalid(N_("“%(kind)s”没有这一栏"), field=name, kind=kind.title))
    for blank in kind.blanks:
        value = attempt(found, _value, blank, given.get(blank.name), now)
        if value is not None or (is_change and blank.name in given):
            values[blank.name] = value
        is_told = any(refusal.field == blank.name for refusal in found)
        if value is None and blank.is_required and not is_told and not (is_change and blank.name not in given):
            found.append(Invalid(N_("请填写“%(blank)s”"), field=blank.name, blank=blank.title))
    if found:
        raise Refusals(found)
    if values.get("body_text"):
        values["content_sha256"] = hashlib.sha256(values["body_text"].encode()).hexdigest()
    return values


def make(case: Case, key: str, given: Mapping[str, Any], *, actor: Actor, now: datetime, happened_at: datetime | None,
         reason: str | None, step: str | None = None) -> int:
    """Keep a form of this incident; gives its sequence. Raises NotFound, Conflict, Refusals."""
    kind = kind_of(key)
    if not (key in k.AFTER_CLOSING and _may_look_back(case.incident)):
        refuse_closed(case.incident)
    if step is not None and step not in case.history.steps:
        raise Invalid(N_("本事件没有“%(step)s”这一步"), field="step", step=step[:40])
    at = checked_instant("happened_at", happened_at, now) or now
    reason = checked_reason(reason)
    fields = checked_fields(kind, given, now=now)
    if key in k.EVIDENCE and now - at > EXPLAINED_AFTER and reason is None:
        raise Invalid(N_("补录迟于15分钟，请写明原因"), field="reason")
    check_against_history(case.history, key, fields, at=at, reason=reason)
    return case.add(RecordMade(
        happened_at=at, record=key, ordinal=case.history.counts.get(key, 0) + 1, step=step, fields=fields,
        reason=erasable(reason)), actor=actor, now=now)


def check_against_history(history: History, key: str, fields: Mapping[str, Any], *, at: datetime,
                          reason: str | None, besides: int | None = None) -> None:
    """What only the earlier entries can tell. `besides`: the entry that is being corrected. Raises Refusals, Conflict.

    A figure lower than in the report before needs a reason (domain 4.1); a release may only use a wording that is
    there and valid, and replace a release; a countersignature belongs to a report signed by phone.
    """
    if key == k.DOCUMENT and reason is None:
        before = figures(history, besides=besides)
        found: list[Refusal] = [
            Invalid(N_("比上一份报告（%(before)s）少，请写明原因"), field=name, before=before[name])
            for name in k.FIGURES if fields.get(name) is not None and fields[name] < before.get(name, 0)]
        if found:
            raise Refusals(found)
    if key == k.RELEASE:
        _check_release(history, fields, at=at, besides=besides)
    if key == k.COUNTERSIGN:
        said = history.bodies.get(fields["entry"], {})
        if not (said.get("record") or {}).get("is_signed_by_phone"):
            raise Invalid(N_("第%(entry)s条不是电话签发的报告"), field="entry", entry=fields["entry"])


def figures(history: History, *, besides: int | None = None) -> dict[str, int]:
    """The figures of the reports so far, the last one said of each."""
    known: dict[str, int] = {}
    for sequence, body in sorted(history.bodies.items()):
        said = _document_of(history, sequence, body)
        if sequence != besides and sequence not in taken_back(history):
            known |= {name: said[name] for name in k.FIGURES if said.get(name) is not None}
    return known


def taken_back(history: History) -> set[int]:
    """Logs that were withdrawn."""
    return {sequence for sequence, by in history.struck.items() if history.kinds[by] == "LogWithdrawn"}


def _may_look_back(incident: Incident) -> bool:
    """Whether what looks back may be added to a closed case: as long as its texts are kept."""
    return incident.ended_as == CLOSED and incident.texts_erased_at is None


def _document_of(history: History, sequence: int, body: dict[str, Any]) -> dict[str, Any]:
    said = body.get("record") if history.kinds[sequence] == "StepLogged" else \
        body.get("fields") if body.get("record") == k.DOCUMENT else None
    return said if isinstance(said, dict) else {}


def _check_release(history: History, fields: Mapping[str, Any], *, at: datetime, besides: int | None) -> None:
    version, replaced = fields.get("wording"), fields.get("supersedes")
    if version is not None:
        body = next((body for sequence, body in history.bodies.items() if body.get("record") == k.WORDING
                     and body["ordinal"] == version), None)
        if body is None:
            raise Invalid(N_("没有第%(version)s版口径"), field="wording", version=version)
        since, until = (_instant(body["fields"].get(name)) for name in ("valid_from", "valid_until"))
        if (since and at < since) or (until and at > until):
            raise Invalid(N_("第%(version)s版口径在这个时间无效，请核对有效期"), field="wording", version=version)
    if replaced is not None and (replaced not in releases(history) or replaced == besides):
        raise Invalid(N_("第%(entry)s条不是发布记录"), field="supersedes", entry=replaced)


def releases(history: History) -> dict[int, dict[str, Any]]:
    """Sequence → what a release says, the first one (of the step) and those that follow; not what was withdrawn."""
    found, gone = {}, taken_back(history)
    for sequence, body in history.bodies.items():
        if sequence in gone:
            continue
        if body.get("record") == k.RELEASE:
            found[sequence] = body["fields"]
        elif history.kinds[sequence] == "StepLogged" and history.evidence(body["step"]) == k.RELEASE:
            found[sequence] = body.get("record") or {}
    return found


def open_release(history: History) -> str | None:
    """The key of the release that is asked for now, if one is: the step's own, then the continuing one."""
    return next((one.step for one in history.steps.values() if one.is_open and one.kind != TASK
                 and history.evidence(one.step) == k.RELEASE), None)


def used_wordings(history: History) -> set[int]:
    """The versions that some release was made with: these are frozen."""
    return {said["wording"] for said in releases(history).values() if said.get("wording") is not None}


def reached(history: History, step: str) -> set[str]:
    """Who was reached by telephone about a step so far, by the names that were written down."""
    calls = [body["fields"] for body in history.bodies.values()
             if body.get("record") == k.CALL and body.get("step") == step]
    return {call["recipient"] for call in calls if call.get("outcome") == k.REACHED and call.get("recipient")}


def _value(blank: Blank, value: Any, now: datetime) -> Any:
    """One value as the ledger holds it, None when there is none. Raises Invalid."""
    if value is None or value == "" or value is False:
        return None
    if blank.kind == k.YES:
        return _yes(blank, value)
    if blank.kind == k.NUMBER:
        return _number(blank, value)
    if blank.kind == k.INSTANT:
        return _checked_moment(blank, value, now)
    if not isinstance(value, str):
        raise Invalid(N_("“%(blank)s”应是文字"), field=blank.name, blank=blank.title)
    if blank.kind == k.CHOICE:
        if value not in blank.choices:
            raise Invalid(N_("没有“%(value)s”这一项，可选：%(allowed)s"), field=blank.name, value=value[:40],
                          allowed=list(blank.choices))
        return value
    text = checked_text(blank.name, value) if blank.kind == k.TEXT else checked_line(blank.name, value)
    if blank.kind == k.ADDRESS and text is not None and not URL.fullmatch(text):
        raise Invalid(N_("网址应以 http:// 或 https:// 开头，不含空格"), field=blank.name)
    return None if text is None else Erasable(text)


def _yes(blank: Blank, value: Any) -> bool | None:
    if value not in (True, "yes", "true", "on", "1"):
        raise Invalid(N_("“%(blank)s”只能是或否"), field=blank.name, blank=blank.title)
    return True


def _number(blank: Blank, value: Any) -> int:
    is_number = isinstance(value, int) or (isinstance(value, str) and value.strip().isascii()
                                           and value.strip().isdigit() and len(value) < 20)
    if isinstance(value, bool) or not is_number or not 0 <= int(value) <= LARGEST_NUMBER:
        raise Invalid(N_("“%(blank)s”应是不带单位的整数"), field=blank.name, blank=blank.title)
    return int(value)


def _checked_moment(blank: Blank, value: Any, now: datetime) -> str | None:
    at = value
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            at = None
    if not isinstance(at, datetime):
        raise Invalid(N_("时间缺少时区，请写成 2026-03-12T14:05+08:00"), field=blank.name)
    checked = checked_instant(blank.name, at, now, may_be_ahead=blank.name in ("valid_from", "valid_until"))
    return instant_text(checked) if checked else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
