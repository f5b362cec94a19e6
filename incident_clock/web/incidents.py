"""The pages of one incident: five step cards, what was told to whom, the timeline; and all incidents with search."""

import secrets

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from incident_clock.errors import Invalid, NotFound, Refusal, Refusals
from incident_clock.people import access
from incident_clock.phrases import N_
from incident_clock.registry.drafts import StepLog, checked_log
from incident_clock.registry.incidents import LARGEST_ID
from incident_clock.views.shapes import IncidentView, Name, StepView
from incident_clock.views.timeline import ALL, NEWEST_FIRST, OLDEST_FIRST
from incident_clock.web import forms
from incident_clock.web.context import assembly, me, now, phrases, sentences, zone
from incident_clock.web.guard import actor, allows, must_be_signed_in, not_allowed, page_seen_at, require
from incident_clock.web.telling import Telling
from incident_clock.web.telling_calls import Calls
from incident_clock.web.telling_timeline import FILTERS, Timeline

pages = Blueprint("incidents", __name__)
pages.before_request(must_be_signed_in)

MINUTES_AGO = (0, 5)
REQUIRED_TO = ("call", "document", "release", "press_conference")  # kinds of evidence that name a counterpart
NAMES_TO_RING = 3
SEARCH_LIMIT = 200  # characters


@pages.url_value_preprocessor
def only_numbers(endpoint: str | None, values: dict[str, str] | None) -> None:
    """A number holds letters, digits and hyphens; anything else never reaches the database."""
    number = (values or {}).get("number")
    if number is not None and not number.replace("-", "").isalnum():
        raise NotFound(N_("没有编号为 %(number)s 的事件，请核对编号"), number=number[:40])


@pages.get("/incidents")
def index() -> ResponseReturnValue:
    """All incidents, newest first, found by number, title or place."""
    text = "".join(c for c in request.args.get("q", "") if c.isprintable()).strip()[:SEARCH_LIMIT]
    before = request.args.get("before", type=int)
    is_cursor = before is not None and 0 < before <= LARGEST_ID
    found, next_cursor = assembly().views.search(now(), text=text, before=before if is_cursor else None)
    return render_template("incidents.html", text=text, found=found, next_cursor=next_cursor)


@pages.get("/incidents/<number>")
def show(number: str) -> ResponseReturnValue:
    return _page(number, focus=request.args.get("step"))


@pages.get("/fragments/incidents/<number>")
def fragment(number: str) -> ResponseReturnValue:
    """The regions of the page that change by themselves, for a quiet refresh. Never a form somebody is filling."""
    return render_template("fragments/incident.html", is_fragment=True,
                           **_shown(number, focus=request.args.get("step"), values=MultiDict()))


@pages.post("/incidents/<number>/steps/<key>/log")
def log(number: str, key: str) -> ResponseReturnValue:
    require(access.LOG)
    try:
        draft, entered = _read_log(number, key)
        assembly().desk.log_step(number, key, draft, actor=actor(), now=now(), key=forms.request_key(request.form))
    except Refusal as refusal:
        return _refused(refusal, number, key, "log")
    incident = assembly().views.incident(number, now())
    telling = Telling(phrases(), now())
    step = next(step for step in incident.steps if step.key == key)
    said = telling.saved(step, incident.focus)
    if entered is not None and entered.is_yesterday:
        said += phrases().say(N_("。所填时刻今天还没到，按昨天（%(at)s）记录"), at=telling.at(entered.at))
    flash(said, "ok")
    return _back(number)


@pages.post("/incidents/<number>/steps/<key>/withdraw")
def withdraw(number: str, key: str) -> ResponseReturnValue:
    require(access.WRITE)
    try:
        assembly().desk.withdraw(number, key, forms.text_of(request.form, "reason"), actor=actor(), now=now(),
                                 key=forms.request_key(request.form))
    except Refusal as refusal:
        return _refused(refusal, number, key, "withdraw")
    step = next(step for step in assembly().views.incident(number, now()).steps if step.key == key)
    flash(phrases().say(N_("已撤回。%(step)s重新计时催办，原记录保留在时间轴上"),
                        step=Telling(phrases(), now()).title(step.title)), "ok")
    return _back(number)


@pages.post("/incidents/<number>/close")
def close(number: str) -> ResponseReturnValue:
    require(access.WRITE)
    try:
        assembly().desk.close(number, forms.text_of(request.form, "reason"), actor=actor(), now=now(),
                              key=forms.request_key(request.form))
    except Refusal as refusal:
        return _refused(refusal, number, None, "close")
    flash(phrases().say(N_("已结案。不再计时，也不再催办；时间轴保留")), "ok")
    return _back(number)


def refilled_log(form: MultiDict[str, str], number: str, key: str) -> ResponseReturnValue:
    return _page(number, focus=key, values=form, form="log")


def refilled_withdrawal(form: MultiDict[str, str], number: str, key: str) -> ResponseReturnValue:
    return _page(number, focus=None, values=form, form=f"withdraw-{key}")


def refilled_closing(form: MultiDict[str, str], number: str) -> ResponseReturnValue:
    return _page(number, focus=None, values=form, form="close")


def page_again(number: str, *, form: str, values: MultiDict[str, str],
               complaints: list[tuple[str | None, str]] | None = None, status: int = 200) -> ResponseReturnValue:
    """The page with a form of `answering.py` as it was sent, and why it was not carried out."""
    return _page(number, focus=None, values=values, form=form, complaints=complaints, status=status)


def to_ring(step: StepView, *, besides: str) -> list[Name]:
    """Whom to phone about this step: the next rung first, then those told last; not the reader himself."""
    told = [rung for rung in step.ladder if rung.state in ("told", "passed")]
    coming = [rung for rung in step.ladder if rung.state in ("next", "later")]
    rungs = [*coming[:1], *reversed(told), *coming[1:]]
    found = {person.key: person for rung in rungs for person in rung.people if person.phone and person.key != besides}
    return list(found.values())[:NAMES_TO_RING]


def _read_log(number: str, key: str) -> tuple[StepLog, forms.Entered | None]:
    """The log as typed. Raises Refusals with every complaint, NotFound."""
    incident = assembly().views.incident(number, now())
    step = next((s for s in incident.steps if s.key == key), None)
    complaints: list[Refusal] = []
    entered = None
    try:
        entered = forms.read_instant(request.form, "done_at", now=now(), zone=zone())
        if entered is None:
            complaints.append(Invalid(N_("请选一项，或填写时刻"), field="done_at"))
    except Invalid as refusal:
        complaints.append(refusal)
    texts = {name: forms.text_of(request.form, name) for name in ("report_to", "evidence", "note", "reason")}
    if step is not None and step.is_open and step.evidence in REQUIRED_TO and not (texts["report_to"] or "").strip():
        complaints.append(Invalid(N_("请填写这一项，审计要看"), field="report_to"))
    draft = StepLog(done_at=entered.at if entered else None, **texts)
    if complaints:
        raise Refusals([*complaints, *_others(draft, incident, {refusal.field for refusal in complaints})])
    return draft, entered


def _others(draft: StepLog, incident: IncidentView, told: set[str | None]) -> list[Refusal]:
    """What else the registry would refuse, so that the form is mended once."""
    try:
        checked_log(draft, started=incident.clock_started_at, now=now())
    except Refusals as refusals:
        return [one for one in refusals.refusals if one.field not in told]
    return []


def _refused(refusal: Refusal, number: str, key: str | None, form: str) -> ResponseReturnValue:
    """The page again with what was typed and why it was not kept; NotFound goes on to its own page."""
    if refusal.http_status == 404:
        raise refusal
    name = f"withdraw-{key}" if form == "withdraw" else form
    return _page(number, focus=key if form == "log" else None, values=request.form, form=name,
                 complaints=sentences(refusal), status=refusal.http_status)


def _back(number: str) -> ResponseReturnValue:
    return redirect(url_for("incidents.show", number=number), 303)


def _page(number: str, *, focus: str | None, values: MultiDict[str, str] | None = None, form: str = "",
          complaints: list[tuple[str | None, str]] | None = None, status: int = 200) -> ResponseReturnValue:
    shown = _shown(number, focus=focus, values=values or MultiDict(), form=form, complaints=complaints)
    return make_response(render_template("incident.html", is_fragment=False, **shown), status)


def _shown(number: str, *, focus: str | None, values: MultiDict[str, str], form: str = "",
           complaints: list[tuple[str | None, str]] | None = None) -> dict[str, object]:
    """Everything the incident page prints. `form` is the one the `values` and `complaints` belong to."""
    incident = assembly().views.incident(number, now())
    order = OLDEST_FIRST if request.args.get("order") == OLDEST_FIRST else NEWEST_FIRST
    chosen = next((name for name in FILTERS if name == request.args.get("show")), ALL)
    entries, counts = assembly().views.timeline(incident.id, order=order, only=chosen)
    large = _large(incident, focus)
    lost: MultiDict[str, str] = MultiDict()
    if form == "log" and (large is None or large.key != focus):  # typed for a step that has no form any more
        lost, values, form = values, MultiDict(), ""
    card, calls = me(), Calls(Telling(phrases(), now()))
    called = {one.step: one for one in assembly().views.step_calls(incident.id, now())}
    size, head, is_intact = assembly().views.chain_state(incident.id)
    return {
        "incident": incident, "large": large, "tab": "board", "form": form, "values": values, "lost": lost,
        "complaints": complaints or [], "errors": {field: said for field, said in reversed(complaints or []) if field},
        "entries": entries, "line": Timeline(Telling(phrases(), now()), incident), "counts": counts,
        "filters": FILTERS, "order": order, "chosen": chosen,
        "chain_size": size, "chain_head": head, "chain_is_intact": is_intact,
        "may_log": allows(access.LOG) and incident.closed_at is None,
        "may_write": allows(access.WRITE) and incident.closed_at is None,
        "not_allowed": "" if allows(access.LOG) else not_allowed(), "printed_by": card.name if card else "",
        "key": (form == "log" and values.get("key")) or secrets.token_urlsafe(16), "page_seen_at": page_seen_at(),
        "choices": forms.choices(MINUTES_AGO, now=now(), zone=zone(), picked=values.get("done_at", "")),
        "days": forms.days(now=now(), zone=zone(), since=incident.clock_started_at),
        "to_ring": to_ring(large, besides=card.key if card else "") if large else [], "calls": calls, "called": called,
        "mine": calls.mine(called.values(), card.key) if card and allows(access.LOG) else [],
    }


def _large(incident: IncidentView, asked: str | None) -> StepView | None:
    """The one large card: the open step that was asked for, else the one due first."""
    chosen = next((step for step in incident.steps if step.key == asked and step.is_open), None)
    return None if incident.closed_at is not None else chosen or incident.focus
