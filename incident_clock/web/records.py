"""The mechanism on the page: a form page per kind of record (收集、会商、研判、回应、评估), and tasks for persons.

What each form asks for stands in `registry/record_kinds.py`; how rows are worded, in `telling_records.py`.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from incident_clock.errors import Invalid, NotFound, Refusal, Refusals
from incident_clock.people import access, roster
from incident_clock.phrases import N_
from incident_clock.protocol.tasks import DECISION, INSTRUCTION, ORIGINS, PROMISE
from incident_clock.registry import record_kinds as k
from incident_clock.registry.history import CLOSED
from incident_clock.registry.incidents import LARGEST_ID
from incident_clock.registry.tasks import ORIGIN_OF
from incident_clock.views import names
from incident_clock.views.shapes import IncidentView
from incident_clock.web import blanks, forms
from incident_clock.web.blanks import DAYS_AHEAD, Complaint
from incident_clock.web.context import assembly, now, phrases, sentences, zone
from incident_clock.web.guard import actor, allows, must_be_signed_in, not_allowed, require
from incident_clock.web.incidents import only_numbers
from incident_clock.web.telling import Telling
from incident_clock.web.telling_records import Mechanism

pages = Blueprint("records", __name__)
pages.before_request(must_be_signed_in)
pages.url_value_preprocessor(only_numbers)

OFFERED = (*k.MECHANISM, k.COUNTERSIGN)  # calls, reports and press conferences are logged with their steps
HAPPENED_IN = {k.LEAD: "found_at", k.CONSULTATION: "held_at", k.COMMENT: "published_at", k.COUNTERSIGN: "signed_at"}
TASKS = {INSTRUCTION: N_("记录批示"), DECISION: N_("给某人派任务"), PROMISE: N_("记录承诺事项")}
TASK_LABELS = {"text": N_("要做什么"), "by": N_("何人批示"), "owner": N_("责任人"), "due_at": N_("何时完成"),
               "origin": N_("出自")}
OF_STAFF = ("captured_at", "drafted_by", "reviewed_by", "co_reviewed_by", "signed_by", "confidentiality_reviewed_by",
            "external_unit")  # blanks of a release that are folded away
SIGNED_IN_AGAIN = N_("已重新登录。您填写的内容还在下面，尚未保存，请核对后提交。")
AT = "r"  # begins every id of a form's blanks


@pages.app_context_processor
def _for_templates() -> dict[str, object]:
    return {"mechanism_of": mechanism_of, "may_look_back": may_look_back,
            "asked_stage": lambda: request.args.get("stage", "")}


def mechanism_of(incident: IncidentView) -> Mechanism:
    return Mechanism(Telling(phrases(), now()), incident)


def may_look_back(incident: IncidentView) -> bool:
    """Whether an evaluation may still be added to a closed case: as long as its texts are kept."""
    return allows(access.WRITE) and incident.ended_as == CLOSED and bool(incident.title)


# ── records ───────────────────────────────────────────────────────────────────────────────────────────────

@pages.get("/incidents/<number>/records/<key>")
def show(number: str, key: str) -> ResponseReturnValue:
    kind = _kind(key)
    if not allows(access.WRITE):
        return make_response(render_template("not_allowed.html", title=kind.title, sentence=not_allowed()), 403)
    incident = assembly().views.incident(number, now())
    values: MultiDict[str, str] = MultiDict()
    owed = mechanism_of(incident).unsigned()
    if key == k.COUNTERSIGN and owed:
        values["f.entry"] = str(owed[0][0])
    return _page(incident, kind, values)


@pages.post("/incidents/<number>/records/<key>")
def keep(number: str, key: str) -> ResponseReturnValue:
    """Keep a form; a consultation goes on to the tasks that came of it."""
    require(access.WRITE)
    kind, form = _kind(key), request.form
    try:
        fields, happened_at = _read(form, kind)
        assembly().desk.record(number, key, fields, actor=actor(), now=now(), happened_at=happened_at,
                               reason=forms.text_of(form, "reason"), key=forms.request_key(form))
    except Refusal as refusal:
        if refusal.http_status == 404:
            raise
        return _page(assembly().views.incident(number, now()), kind, form, sentences(refusal), refusal.http_status)
    flash(phrases().say(N_("已保存：%(form)s，并记入时间轴"), form=phrases().say(kind.title)), "ok")
    if key in ORIGIN_OF:
        made = [one.sequence for one in assembly().views.incident(number, now()).records if one.record == key]
        return redirect(url_for("records.tasks", number=number, origin=ORIGIN_OF[key], about=max(made)), 303)
    return redirect(url_for("incidents.show", number=number, stage=kind.stage, _anchor="mechanism"), 303)


def refilled(form: MultiDict[str, str], number: str, key: str) -> ResponseReturnValue:
    """The form as it was when the sign-in ran out."""
    require(access.WRITE)
    flash(phrases().say(SIGNED_IN_AGAIN), "note")
    return _page(assembly().views.incident(number, now()), _kind(key), form)


def _kind(key: str) -> k.RecordKind:
    if key not in OFFERED:
        raise NotFound(N_("没有“%(key)s”这种记录，可选：%(keys)s"), key=key[:40], keys=list(OFFERED))
    return k.KINDS[key]


def _read(form: forms.Form, kind: k.RecordKind) -> tuple[dict[str, Any], datetime | None]:
    """What was filled in, and when it happened. Raises Refusals."""
    found: list[Refusal] = []
    fields: dict[str, Any] = {}
    happened_at = None
    try:
        entered = forms.read_instant(form, "happened_at", now=now(), zone=zone())
        happened_at = entered.at if entered else None
    except Invalid as refusal:
        found.append(refusal)
    try:
        fields = blanks.read_blanks(form, kind, now=now(), zone=zone())
    except Refusals as refusals:
        found += refusals.refusals
    if found:
        raise Refusals(found)
    return fields, happened_at or fields.get(HAPPENED_IN.get(kind.key, ""))


def _page(incident: IncidentView, kind: k.RecordKind, values: MultiDict[str, str],
          complaints: list[Complaint] | None = None, status: int = 200) -> ResponseReturnValue:
    told = [(f"{field}_time" if field == "happened_at" else field, said)
            for field, said in blanks.at_fields(complaints or [], kind, at=AT)]
    offered = blanks.offered_days(now=now(), zone=zone(), since=incident.clock_started_at)
    page = render_template(
        "record_form.html", incident=incident, kind=kind, values=values, complaints=told, at=AT, days=offered,
        errors={field: said for field, said in reversed(told) if field}, mechanism=mechanism_of(incident),
        of_staff=OF_STAFF, key=_key(values, status),
        labels={**blanks.labels(kind, at=AT), "happened_at_time": N_("发布时间"),
                "reason": N_("原因")})
    return make_response(page, status)


# ── tasks ─────────────────────────────────────────────────────────────────────────────────────────────────

@pages.get("/incidents/<number>/tasks")
def tasks(number: str) -> ResponseReturnValue:
    origin = request.args.get("origin", "")
    if not _may_set(origin):
        return make_response(render_template("not_allowed.html", title=N_("派任务"), sentence=not_allowed()), 403)
    return _task_page(assembly().views.incident(number, now()), MultiDict(
        {"origin": origin, "about": request.args.get("about", "")}))


@pages.post("/incidents/<number>/tasks")
def set_task(number: str) -> ResponseReturnValue:
    form = request.form
    require(_right(form.get("origin", "")))
    try:
        assembly().desk.set_task(
            number, origin=form.get("origin", ""), text=forms.text_of(form, "text"),
            owner=forms.text_of(form, "owner"), by=forms.text_of(form, "by"), due_at=_due(form), about=_about(form),
            actor=actor(), now=now(), key=forms.request_key(form))
    except Refusal as refusal:
        if refusal.http_status == 404:
            raise
        return _task_page(assembly().views.incident(number, now()), form, sentences(refusal), refusal.http_status)
    made = max(assembly().views.incident(number, now()).tasks, key=lambda one: one.started_at)
    owner = made.owner.name if made.owner else ""
    flash(phrases().say(N_("任务已交给%(owner)s，到期前一小时提醒"), owner=owner), "ok")
    if form.get("again"):
        return redirect(url_for("records.tasks", number=number, origin=form.get("origin"),
                                about=form.get("about") or None), 303)
    return redirect(url_for("incidents.show", number=number, _anchor="further"), 303)


def refilled_task(form: MultiDict[str, str], number: str) -> ResponseReturnValue:
    require(_right(form.get("origin", "")))
    flash(phrases().say(SIGNED_IN_AGAIN), "note")
    return _task_page(assembly().views.incident(number, now()), form)


def _right(origin: str) -> str:
    """A leader may hand out what he himself asks for."""
    return access.LOG if origin == INSTRUCTION else access.WRITE


def _may_set(origin: str) -> bool:
    return allows(_right(origin))


def _due(form: forms.Form) -> datetime | None:
    """When a task is due: a time of the very day that was chosen. Raises Invalid."""
    typed = form.get("due_at_time", "").strip()
    if not typed:
        return None
    try:
        day = forms.day_of(form.get("due_at_day", ""))
        return datetime.combine(day, forms.time_of_day(typed), tzinfo=zone()).astimezone(UTC)
    except Invalid as refusal:
        raise Invalid(refusal.phrase, field="due_at", **refusal.params) from None


def _about(form: forms.Form) -> int | None:
    text = form.get("about", "")
    return int(text) if text.isascii() and text.isdigit() and int(text[:12]) <= LARGEST_ID else None


def _task_page(incident: IncidentView, values: MultiDict[str, str], complaints: list[Complaint] | None = None,
               status: int = 200) -> ResponseReturnValue:
    with assembly().store.read() as session:
        people = [names.name_of(card) for card in roster.everybody(session)]
    origin = values.get("origin", "")
    today, told = now().astimezone(zone()).date(), complaints or []
    page = render_template(
        "task_form.html", incident=incident, values=values, people=people, complaints=told, labels=TASK_LABELS,
        errors={field: said for field, said in reversed(told) if field}, about=_about(values),
        origin=origin if origin in ORIGINS else DECISION, heading=TASKS.get(origin, TASKS[DECISION]),
        days=[today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1)],
        set_so_far=[one for one in incident.tasks if one.is_open], key=_key(values, status))
    return make_response(page, status)


def _key(values: MultiDict[str, str], status: int) -> str:
    """The form's own key; a new one after a conflict, which may be that this one was used up."""
    return (status != 409 and values.get("key")) or secrets.token_urlsafe(16)
