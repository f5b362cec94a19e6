"""The form that logs a step, read: when, to whom, what bears it out, and the blanks of the step's own evidence."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from incident_clock.errors import Invalid, Refusal, Refusals
from incident_clock.phrases import N_
from incident_clock.registry.drafts import StepLog, checked_log
from incident_clock.registry.record_kinds import CALL, EVIDENCE, KINDS, REACHED
from incident_clock.views.shapes import IncidentView, StepView
from incident_clock.web import blanks, forms
from incident_clock.web.forms import Entered, Form

OUTCOME, RECIPIENT = "outcome", "recipient"


def read_log(form: Form, incident: IncidentView, key: str, *, now: datetime,
             zone: ZoneInfo) -> tuple[StepLog, Entered | None]:
    """The log as typed. Raises Refusals with every complaint."""
    step = incident.obligation(key)
    complaints: list[Refusal] = []
    entered = None
    try:
        entered = forms.read_instant(form, "done_at", now=now, zone=zone)
        if entered is None:
            complaints.append(Invalid(N_("请选一项，或填写时刻"), field="done_at"))
    except Invalid as refusal:
        complaints.append(refusal)
    texts = {name: forms.text_of(form, name) for name in ("report_to", "evidence", "note", "reason")}
    record: dict[str, Any] | None = None
    if step is not None and step.is_open:
        try:
            record = _record(form, step, texts, now=now, zone=zone)
        except Refusals as refusals:
            complaints += (one for one in refusals.refusals if one.field != OUTCOME)
        if step.evidence in EVIDENCE and is_reached(form, step) and not (texts["report_to"] or "").strip():
            complaints.append(Invalid(N_("请填写这一项，审计要看"), field="report_to"))
    draft = StepLog(done_at=entered.at if entered else None, report_to=texts["report_to"], evidence=texts["evidence"],
                    note=texts["note"], reason=texts["reason"], record=record)
    if complaints:
        told = {refusal.field for refusal in complaints}
        raise Refusals([*complaints, *_others(draft, incident, step, told, now=now)])
    return draft, entered


def is_reached(form: Form, step: StepView) -> bool:
    """Whether this is no call, or one that somebody answered."""
    return step.evidence != CALL or form.get(f"f.{OUTCOME}", REACHED) == REACHED


def _record(form: Form, step: StepView, texts: dict[str, str | None], *, now: datetime,
            zone: ZoneInfo) -> dict[str, Any] | None:
    """The blanks that were filled in, or None. A call that reached somebody says so only when more is said of it, so
    that the quick log stays what it was; one that did not is kept with the number it was for and all that was typed."""
    kind = KINDS.get(step.evidence)
    if kind is None:
        return None
    fields = blanks.read_blanks(form, kind, now=now, zone=zone)
    if step.evidence != CALL:
        return fields or None
    must_name = len(step.required) > 1
    if is_reached(form, step) and not must_name and not blanks.has_any(form, kind, besides=(OUTCOME,)):
        return None
    fields.setdefault(OUTCOME, REACHED)
    if texts["report_to"] and (must_name or not is_reached(form, step)):
        fields[RECIPIENT] = texts["report_to"]
    if not is_reached(form, step):
        if texts["evidence"]:
            fields.setdefault("recording", texts["evidence"])
        texts["reason"] = texts["reason"] or texts["note"]
    return fields


def _others(draft: StepLog, incident: IncidentView, step: StepView | None, told: set[str | None], *,
            now: datetime) -> list[Refusal]:
    """What else the registry would refuse, so that the form is mended once."""
    started = incident.clock_started_at if step is None or step.kind == "step" else step.started_at
    kind = KINDS.get(step.evidence) if step is not None else None
    found = blanks.wrong_blanks(kind, draft.record, now=now) if kind is not None and draft.record else []
    try:
        checked_log(draft, started=started, now=now)
    except Refusals as refusals:
        found += refusals.refusals
    return [one for one in found if one.field not in told]
