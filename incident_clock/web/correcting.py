"""Putting an entry right: a page of its own with what the entry says now. The correction is a new entry; what helps the
bureau waits for a second person.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from incident_clock.errors import Invalid, Refusal, Refusals
from incident_clock.people import access
from incident_clock.phrases import N_
from incident_clock.registry.corrections import Correction
from incident_clock.registry.drafts import CATEGORIES
from incident_clock.registry.record_kinds import KINDS
from incident_clock.views import correcting as view
from incident_clock.views import incidents
from incident_clock.views.correcting import Correctable
from incident_clock.views.shapes import IncidentView
from incident_clock.web import blanks, forms
from incident_clock.web.blanks import Complaint
from incident_clock.web.casework import ENTRY
from incident_clock.web.context import assembly, now, phrases, sentences, zone
from incident_clock.web.guard import actor, allows, must_be_signed_in, not_allowed, require
from incident_clock.web.incidents import only_numbers
from incident_clock.web.telling import Telling
from incident_clock.web.telling_cards import TEXTS, TIMES

pages = Blueprint("correcting", __name__)
pages.before_request(must_be_signed_in)
pages.url_value_preprocessor(only_numbers)

LONG = ("summary", "note")  # texts with several lines


@dataclass(frozen=True, slots=True)
class Asked:
    """A correction as typed, with everything that cannot be right."""

    correction: Correction
    complaints: list[Refusal]


@pages.get(f"{ENTRY}/correct")
def show(number: str, sequence: int) -> ResponseReturnValue:
    if not allows(access.LOG):
        return make_response(render_template("not_allowed.html", title=N_("更正"), sentence=not_allowed()), 403)
    found = _find(number, sequence)
    return _page(number, found, _as_typed(found))


@pages.post(f"{ENTRY}/correct")
def correct(number: str, sequence: int) -> ResponseReturnValue:
    require(access.LOG)
    found = _find(number, sequence)
    asked = read(request.form, found, now=now())
    try:
        if asked.complaints:
            raise Refusals(asked.complaints)
        assembly().desk.correct(number, sequence, asked.correction, actor=actor(), now=now(),
                                key=forms.request_key(request.form))
    except Refusal as refusal:
        if refusal.http_status == 404:
            raise
        return _page(number, found, request.form, sentences(refusal), status=refusal.http_status)
    is_waiting = any(row.kind == "Corrected" and row.body["corrects"] == sequence
                     for row in assembly().views.incident(number, now()).pending)
    flash(phrases().say(N_("更正已记入，待另一岗位的人核实后生效；在那以前按原来的算") if is_waiting else
                        N_("已更正。原来的记录划线保留在时间轴上")), "note" if is_waiting else "ok")
    return redirect(url_for("incidents.show", number=number), 303)


def refilled(form: MultiDict[str, str], number: str, sequence: int) -> ResponseReturnValue:
    """The form as it was when the sign-in ran out."""
    require(access.LOG)
    return _page(number, _find(number, sequence), form)


def read(form: MultiDict[str, str], found: Correctable, *, now: datetime) -> Asked:
    """What was typed otherwise than it stands."""
    shown = _as_typed(found)
    complaints: list[Refusal] = []
    times: dict[str, datetime | None] = {}
    for name in found.times:
        if all(form.get(field, "").strip() == shown.get(field, "") for field in _fields_of(name, form)):
            continue
        try:
            entered = forms.read_instant(form, name, now=now, zone=zone())
            times[name] = entered.at if entered else None
        except Invalid as refusal:
            complaints.append(refusal)
    texts = {name: forms.text_of(form, name) for name in found.texts
             if _plain(form.get(name, "")) != _plain(shown.get(name, ""))}
    record: dict[str, Any] = {}
    if found.form is not None:
        try:
            record = blanks.changed_blanks(form, KINDS[found.form], found.fields, now=now, zone=zone())
        except Refusals as refusals:
            complaints += refusals.refusals
    return Asked(Correction(reason=forms.text_of(form, "reason"), times=times, texts=texts, record=record), complaints)


def _find(number: str, sequence: int) -> Correctable:
    with assembly().store.read() as session:
        return view.find(session, incidents.find(session, number), sequence)


def _as_typed(found: Correctable) -> MultiDict[str, str]:
    """What the entry says now, as the fields show it."""
    fields = {name: text for name, text in found.texts.items() if text}
    for name, at in found.times.items():
        if at is not None:
            local = at.astimezone(zone())
            fields |= {f"{name}_time": f"{local:%H:%M}", f"{name}_day": local.date().isoformat()}
    if found.form is not None:
        fields |= blanks.as_typed(KINDS[found.form], found.fields, zone=zone())
    return MultiDict(fields)


def _fields_of(name: str, form: MultiDict[str, str]) -> tuple[str, ...]:
    """The fields that tell whether a time was changed; the day beside an empty time says nothing."""
    return (f"{name}_time", f"{name}_day") if form.get(f"{name}_time", "").strip() else (f"{name}_time",)


def _plain(text: str) -> str:
    """As browsers send a text back: with their own line ends."""
    return text.replace("\r\n", "\n").strip()


def _page(number: str, found: Correctable, values: MultiDict[str, str], complaints: list[Complaint] | None = None, *,
          status: int = 200) -> ResponseReturnValue:
    incident = assembly().views.incident(number, now())
    kind = KINDS.get(found.form) if found.form else None
    told = blanks.at_fields(complaints or [], kind) if kind else complaints or []
    labels = {**TIMES, **TEXTS, "reason": N_("原因"), **(blanks.labels(kind) if kind else {})}
    page = render_template(
        "correct.html", incident=incident, found=found, heading=_heading(incident, found), values=values,
        before=_as_typed(found), complaints=told, labels=labels, times=TIMES, texts=TEXTS, kind=kind, long=LONG,
        errors={field: said for field, said in reversed(told) if field}, categories=CATEGORIES,
        days=_days(incident, found), blank_days=blanks.offered_days(now=now(), zone=zone(),
                                                                    since=incident.clock_started_at),
        key=values.get("key") or secrets.token_urlsafe(16))
    return make_response(page, status)


def _heading(incident: IncidentView, found: Correctable) -> str:
    """Which entry it is, in words."""
    telling = Telling(phrases(), now())
    if found.kind == view.REGISTRATION:
        what = phrases().say(N_("登记内容"))
    elif found.kind == view.RECORD and found.form is not None:
        what = phrases().say(KINDS[found.form].title)
    else:
        step = incident.obligation(found.step or "")
        what = telling.title(step.title) if step else ""
    return phrases().say(N_("更正第%(sequence)s条：%(what)s"), sequence=found.root, what=what)


def _days(incident: IncidentView, found: Correctable) -> list[date]:
    """The days a time can be on, newest first; those the entry has now are among them."""
    offered = forms.days(now=now(), zone=zone(), since=incident.clock_started_at)
    there = {at.astimezone(zone()).date() for at in found.times.values() if at is not None}
    return sorted({*offered, *there}, reverse=True)
