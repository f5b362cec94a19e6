"""Grades and what a registration counts as: a page to re-grade with what it would do, and the forms at the foot of the
incident's page: merge a duplicate, void, register a drill as real.
"""

import hashlib
import json
import secrets

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from incident_clock.errors import Refusal
from incident_clock.people import access
from incident_clock.phrases import N_
from incident_clock.registry.drafts import SCALES
from incident_clock.registry.grading import Regrading
from incident_clock.views import incidents as incident_views
from incident_clock.views.regrading import Preview, preview
from incident_clock.views.shapes import IncidentView
from incident_clock.web import forms
from incident_clock.web.blanks import Complaint
from incident_clock.web.context import assembly, now, phrases, sentences, zone
from incident_clock.web.guard import actor, allows, must_be_signed_in, not_allowed, require
from incident_clock.web.incidents import only_numbers, page_again
from incident_clock.web.records import SIGNED_IN_AGAIN, mechanism_of
from incident_clock.web.telling_records import SCALES as TITLES

pages = Blueprint("grading", __name__)
pages.before_request(must_be_signed_in)
pages.url_value_preprocessor(only_numbers)

YES = "1"
LABELS = {**TITLES, "protocol": N_("适用规则"), "basis": N_("依据")}
DIRECTIONS = {
    "up": N_("这是升级：记入后即时生效，计时起点不变"),
    "down": N_("这是降级：记入后等分管领导或主要领导批准，批准以前各步照常计时"),
    "none": N_("不升不降：记入后即时生效，各步时限不因此改变"),
}


@pages.get("/incidents/<number>/grade")
def show(number: str) -> ResponseReturnValue:
    if not allows(access.WRITE):
        return make_response(render_template("not_allowed.html", title=N_("调整级别"), sentence=not_allowed()), 403)
    incident = assembly().views.incident(number, now())
    return _page(incident, _as_it_stands(incident))


@pages.post("/incidents/<number>/grade")
def regrade(number: str) -> ResponseReturnValue:
    """First what the change would do, then, when that very choice is confirmed, the change."""
    require(access.WRITE)
    incident, form = assembly().views.incident(number, now()), request.form
    asked, protocol = _asked(form, incident)
    try:
        shown = _preview(number, asked, protocol)
        if form.get("seen") != _digest(form):
            return _page(incident, form, shown=shown)
        assembly().desk.regrade(number, asked, protocol=protocol, actor=actor(), now=now(),
                                key=forms.request_key(form))
    except Refusal as refusal:
        if refusal.http_status == 404 and refusal.field is None:
            raise
        return _page(incident, form, sentences(refusal), status=refusal.http_status)
    flash(phrases().say(N_("降级已记入，等分管领导或主要领导批准；批准以前各步照常计时") if shown.needs_approval else
                        N_("改级已记入，即时生效；计时起点不变")), "note" if shown.needs_approval else "ok")
    return redirect(url_for("incidents.show", number=number), 303)


@pages.post("/incidents/<number>/merge")
def merge(number: str) -> ResponseReturnValue:
    """Another registration of the same case goes into this one."""
    require(access.WRITE)
    duplicate = (forms.text_of(request.form, "number") or "").strip()
    try:
        assembly().desk.merge(number, duplicate, forms.text_of(request.form, "reason"), actor=actor(), now=now(),
                              key=forms.request_key(request.form))
    except Refusal as refusal:
        return _refused(number, "merge", refusal)
    flash(phrases().say(N_("%(number)s 已并入本事件，计时起点取较早的一个"), number=duplicate), "ok")
    return redirect(url_for("incidents.show", number=number), 303)


@pages.post("/incidents/<number>/void")
def void(number: str) -> ResponseReturnValue:
    require(access.WRITE)
    try:
        assembly().desk.void(number, forms.text_of(request.form, "reason"), actor=actor(), now=now(),
                             key=forms.request_key(request.form))
    except Refusal as refusal:
        return _refused(number, "void", refusal)
    flash(phrases().say(N_("已提出作废，另一岗位的人同意后生效；在那以前各步照常计时")), "note")
    return redirect(url_for("incidents.show", number=number), 303)


@pages.post("/incidents/<number>/real")
def real(number: str) -> ResponseReturnValue:
    """What was entered as a drill has really happened: it is registered as such, its clock starts where it did."""
    require(access.WRITE)
    try:
        done = assembly().desk.register_as_real(number, actor=actor(), now=now(), key=forms.request_key(request.form))
    except Refusal as refusal:
        return _refused(number, "real", refusal)
    flash(phrases().say(N_("已登记为真实事件 %(number)s，计时起点不变。演练 %(drill)s 请提出作废"), number=done.number,
                        drill=number), "ok")
    return redirect(url_for("incidents.show", number=done.number), 303)


def refilled_grade(form: MultiDict[str, str], number: str) -> ResponseReturnValue:
    """The form as it was when the sign-in ran out."""
    require(access.WRITE)
    flash(phrases().say(SIGNED_IN_AGAIN), "note")
    return _page(assembly().views.incident(number, now()), form)


def refilled_merge(form: MultiDict[str, str], number: str) -> ResponseReturnValue:
    return page_again(number, form="merge", values=form)


def refilled_void(form: MultiDict[str, str], number: str) -> ResponseReturnValue:
    return page_again(number, form="void", values=form)


def refilled_real(form: MultiDict[str, str], number: str) -> ResponseReturnValue:
    return page_again(number, form="real", values=form)


REFILLED = {
    "grading.regrade": refilled_grade, "grading.merge": refilled_merge, "grading.void": refilled_void,
    "grading.real": refilled_real,
}


def _refused(number: str, form: str, refusal: Refusal) -> ResponseReturnValue:
    """The page again with what was typed. An unknown duplicate is a matter of the form, not a page that is missing."""
    assembly().views.incident(number, now())
    return page_again(number, form=form, values=request.form, complaints=sentences(refusal),
                      status=422 if refusal.http_status == 404 else refusal.http_status)


def _as_it_stands(incident: IncidentView) -> MultiDict[str, str]:
    fields = {name: getattr(incident, name) or "" for name in SCALES}
    return MultiDict({**fields, "protocol": incident.protocol_key, **({"is_sensitive": YES} if incident.is_sensitive
                                                                      else {})})


def _asked(form: MultiDict[str, str], incident: IncidentView) -> tuple[Regrading, str | None]:
    """What was chosen; the rule only when it is another one."""
    values = {name: forms.text_of(form, name) for name in SCALES if name in form}
    protocol = forms.text_of(form, "protocol")
    return Regrading(values=values, is_sensitive=bool(form.get("is_sensitive")), basis=forms.text_of(form, "basis")), \
        protocol if protocol != incident.protocol_key else None


def _preview(number: str, asked: Regrading, protocol: str | None) -> Preview:
    desk = assembly().desk
    with assembly().store.read() as session:
        return preview(session, incident_views.find(session, number), asked,
                       desk.protocol(protocol) if protocol else None, full=desk.protocol(desk.default_protocol),
                       now=now(), zone=zone())


def _digest(form: MultiDict[str, str]) -> str:
    """Names what was chosen, so that only what was previewed can be confirmed."""
    chosen = [form.get(name, "") for name in (*SCALES, "is_sensitive", "protocol")]
    return hashlib.sha256(json.dumps(chosen).encode()).hexdigest()[:16]


def _page(incident: IncidentView, values: MultiDict[str, str], complaints: list[Complaint] | None = None, *,
          shown: Preview | None = None, status: int = 200) -> ResponseReturnValue:
    told = complaints or []
    rules = assembly().protocols
    page = render_template(
        "grade.html", incident=incident, values=values, complaints=told, labels=LABELS, titles=TITLES, scales=SCALES,
        errors={field: said for field, said in reversed(told) if field}, mechanism=mechanism_of(incident),
        protocols=list(rules.values()), is_listed=incident.protocol_key in rules, preview=shown,
        directions=DIRECTIONS, seen=_digest(values) if shown else "",
        key=(status != 409 and values.get("key")) or secrets.token_urlsafe(16))
    return make_response(page, status)
