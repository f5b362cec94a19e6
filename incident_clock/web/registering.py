"""Registering an incident: three things are asked, everything else may stay empty (先报后补)."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from incident_clock.errors import Conflict, Invalid, NeedsConfirmation, Refusal, Refusals
from incident_clock.people import access
from incident_clock.phrases import N_
from incident_clock.registry.drafts import CATEGORIES, GRADES, LEVELS, PART_OF, NewIncident, checked_incident
from incident_clock.registry.grading import hints
from incident_clock.views import names
from incident_clock.web import forms
from incident_clock.web.context import assembly, now, phrases, sentences, zone
from incident_clock.web.guard import actor, allows, must_be_signed_in, not_allowed, page_seen_at, require

pages = Blueprint("registering", __name__)
pages.before_request(must_be_signed_in)

MINUTES_AGO = (0, 5, 10, 15, 30)
HINT_PLAYS = 100_000  # so many that every hint on grading is shown
SOURCES = (N_("12345热线"), N_("中队或现场电话"), N_("网上巡查"), N_("上级或兄弟单位"))
LABELS = {  # field → how it is called among the complaints, in the order of the page
    "received_at": N_("获知时间"), "title": N_("什么事"), "place": N_("地点"), "source": N_("来源"),
    "occurred_at": N_("事发时间"), "first_online_at": N_("网上首发时间"), "first_learned_by": N_("最早何人获知"),
    "unit": N_("承办单位"), "category": N_("事件类别"), "event_grade": N_("事件分级"), "opinion_grade": N_("舆情分级"),
    "warning_level": N_("预警级别"), "response_level": N_("响应级别"), "secondary_categories": N_("次生类别"),
    "related_to": N_("关联事件"), "protocol": N_("适用规则"), "summary": N_("现有情况"),
}
INSTANTS = ("received_at", "occurred_at", "first_online_at")
TEXTS = ("title", "place", "summary", "unit", "first_learned_by", "category", "event_grade", "opinion_grade",
         "warning_level", "response_level", "protocol")


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled-in form: the draft, where a time of day was taken as yesterday's, and every complaint."""

    draft: NewIncident
    yesterday: datetime | None
    complaints: list[Refusal]


@pages.get("/register")
def blank() -> ResponseReturnValue:
    if not allows(access.WRITE):
        return make_response(render_template("not_allowed.html", title=N_("事件登记"), sentence=not_allowed()), 403)
    return _page(MultiDict({name: text for name in ("related_to",) if (text := request.args.get(name))}))


@pages.post("/register")
def register() -> ResponseReturnValue:
    require(access.WRITE)
    if request.form.get("edit"):
        return refilled(request.form)
    filled = read(request.form, now=now())
    if filled.complaints:
        return _refused(Refusals(filled.complaints), filled)
    try:
        done = assembly().desk.register(filled.draft, actor=actor(), now=now(), key=forms.request_key(request.form))
    except Refusal as refusal:
        return _refused(refusal, filled)
    flash(_registered(done.number, filled), "ok")
    if done.duplicates:
        flash(phrases().say(N_("可能是同一件事：%(numbers)s。如果重复，请在其中一件里继续办理"),
                            numbers=phrases().names(list(done.duplicates))), "note")
    return redirect(url_for("incidents.show", number=done.number), 303)


def refilled(form: MultiDict[str, str]) -> ResponseReturnValue:
    """The form as it was when the sign-in ran out, or when somebody wants to change it before confirming."""
    require(access.WRITE)
    return _page(form)


def read(form: MultiDict[str, str], *, now: datetime) -> Filled:
    """What was typed, with everything that cannot be right told at once."""
    complaints: list[Refusal] = []

    entered: dict[str, forms.Entered | None] = {}
    for name in INSTANTS:
        try:
            entered[name] = forms.read_instant(form, name, now=now, zone=zone())
        except Invalid as refusal:
            complaints.append(refusal)
            entered[name] = None
    if entered["received_at"] is None and not any(one.field == "received_at" for one in complaints):
        complaints.append(Invalid(N_("请选一项，或填写时刻"), field="received_at"))
    source = forms.text_of(form, "source_other") or forms.text_of(form, "source")
    if source is None or source == forms.OTHER:
        complaints.append(Invalid(N_("请选一项"), field="source"))
    instants = {name: one.at if one else None for name, one in entered.items()}
    texts = {name: forms.text_of(form, name) for name in TEXTS}
    related = (forms.text_of(form, "related_to") or "").strip() or None
    draft = NewIncident(**{**texts, "title": texts["title"] or ""}, **instants, source=source,  # type: ignore[arg-type]
                        is_drill=bool(form.get("is_drill")), confirmed=bool(form.get("confirmed")),
                        is_sensitive=bool(form.get("is_sensitive")), related_to=related,
                        secondary_categories=tuple(form.getlist("secondary_categories")),
                        relation=PART_OF if related else None)
    if complaints:
        complaints += _others(draft, now, {refusal.field for refusal in complaints})
    yesterday = next((one.at for one in entered.values() if one and one.is_yesterday), None)
    return Filled(draft, yesterday, complaints)


def _others(draft: NewIncident, now: datetime, told: set[str | None]) -> list[Refusal]:
    """What else the registry would refuse, so that the form is mended once."""
    try:
        checked_incident(draft, now=now)
    except Refusals as refusals:
        return [one for one in refusals.refusals if one.field not in told and not isinstance(one, NeedsConfirmation)]
    return []


def _refused(refusal: Refusal, filled: Filled) -> ResponseReturnValue:
    """The form again, with nothing lost; or the question whether a time so long ago is meant."""
    every = refusal.refusals if isinstance(refusal, Refusals) else (refusal,)
    if all(isinstance(one, NeedsConfirmation) for one in every):
        page = render_template("confirm_old.html", values=request.form, sentences=sentences(refusal),
                               received_at=filled.draft.received_at, steps=_rule(filled.draft.protocol).steps)
        return make_response(page, refusal.http_status)
    form = MultiDict(request.form)
    if isinstance(refusal, Conflict):
        form["key"] = ""  # this one was used up: the next try is a request of its own
    places = list(LABELS)
    told = sorted(sentences(refusal), key=lambda one: places.index(one[0]) if one[0] in places else len(places))
    return _page(form, told, status=refusal.http_status)


def _page(values: MultiDict[str, str], complaints: list[tuple[str | None, str]] | None = None, *,
          status: int = 200) -> ResponseReturnValue:
    with assembly().store.read() as session:
        first_told = names.on_roles(session, _first_told(values.get("protocol")), now())
    page = render_template(
        "register.html", values=values, complaints=complaints or [], labels=LABELS,
        errors={field: said for field, said in reversed(complaints or []) if field},
        key=values.get("key") or secrets.token_urlsafe(16), page_seen_at=page_seen_at(),
        choices=forms.choices(MINUTES_AGO, now=now(), zone=zone(), picked=values.get("received_at", "")),
        days=forms.days(now=now(), zone=zone()), sources=SOURCES, categories=CATEGORIES, grades=GRADES,
        levels=LEVELS, hints=hints(opinion_grade=None, is_sensitive=False, plays=HINT_PLAYS),
        protocols=list(assembly().protocols.values()), rule=_rule(values.get("protocol")), first_told=first_told)
    return make_response(page, status)


def _rule(key: str | None):  # type: ignore[no-untyped-def]
    return assembly().protocols.get(key or "") or assembly().default_protocol


def _first_told(protocol: str | None) -> list[str]:
    """The roles told at the moment of registration."""
    return list(dict.fromkeys(role for step in _rule(protocol).steps for rung in step.ladder
                              if not rung.from_start(step.within) for role in rung.tell))


def _registered(number: str, filled: Filled) -> str:
    said = phrases().say(N_("已登记为 %(number)s，计时开始"), number=number)
    if filled.yesterday is None:
        return said
    return said + phrases().say(N_("。所填时刻今天还没到，按昨天（%(at)s）记录"),
                                at=phrases().at(filled.yesterday, seen=now()))

