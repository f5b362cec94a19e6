"""The pages of one incident and its quick deeds: log a step, take a log back, close; and all incidents with search.

What the page prints is in `incident_page.py`; approvals, transfers and second persons in `casework.py`.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from incident_clock.errors import NotFound, Refusal
from incident_clock.people import access
from incident_clock.phrases import N_
from incident_clock.registry.incidents import LARGEST_ID
from incident_clock.web import forms
from incident_clock.web.context import assembly, now, phrases, sentences, zone
from incident_clock.web.guard import actor, must_be_signed_in, require
from incident_clock.web.incident_page import cards_of, page, shown
from incident_clock.web.log_form import read_log
from incident_clock.web.telling import Telling

pages = Blueprint("incidents", __name__)
pages.before_request(must_be_signed_in)

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
    return page(number, focus=request.args.get("step"))


@pages.get("/fragments/incidents/<number>")
def fragment(number: str) -> ResponseReturnValue:
    """The regions of the page that change by themselves, for a quiet refresh. Never a form somebody is filling."""
    return render_template("fragments/incident.html", is_fragment=True,
                           **shown(number, focus=request.args.get("step")))


@pages.post("/incidents/<number>/steps/<key>/log")
def log(number: str, key: str) -> ResponseReturnValue:
    require(access.LOG)
    try:
        draft, entered = read_log(request.form, assembly().views.incident(number, now()), key, now=now(), zone=zone())
        assembly().desk.log_step(number, key, draft, actor=actor(), now=now(), key=forms.request_key(request.form))
    except Refusal as refusal:
        return _refused(refusal, number, key, "log")
    incident = assembly().views.incident(number, now())
    telling, step = Telling(phrases(), now()), incident.obligation(key)
    assert step is not None
    if step.is_open:  # a call that did not end it
        flash(cards_of(incident).called(step), "note")
        return _back(number)
    said = telling.saved(step, incident.focus, is_closed=incident.closed_at is not None)
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
        return _refused(refusal, number, key, f"withdraw-{key}")
    step = assembly().views.incident(number, now()).obligation(key)
    assert step is not None
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
    opened = assembly().views.incident(number, now()).focus
    said = phrases().say(N_("已结案。不再计时，也不再催办；时间轴保留"))
    if opened is not None:
        telling = Telling(phrases(), now())
        said = phrases().say(N_("已结案，时间轴保留。接下来：%(step)s，%(due)s"), step=telling.title(opened.title),
                             due=telling.due(opened))
    flash(said, "ok")
    return _back(number)


def refilled_log(form: MultiDict[str, str], number: str, key: str) -> ResponseReturnValue:
    return page(number, focus=key, values=form, form="log")


def refilled_withdrawal(form: MultiDict[str, str], number: str, key: str) -> ResponseReturnValue:
    return page(number, values=form, form=f"withdraw-{key}")


def refilled_closing(form: MultiDict[str, str], number: str) -> ResponseReturnValue:
    return page(number, values=form, form="close")


def page_again(number: str, *, form: str, values: MultiDict[str, str],
               complaints: list[tuple[str | None, str]] | None = None, status: int = 200) -> ResponseReturnValue:
    """The page with a form of another module as it was sent, and why it was not carried out."""
    return page(number, values=values, form=form, complaints=complaints, status=status)


def _refused(refusal: Refusal, number: str, key: str | None, form: str) -> ResponseReturnValue:
    """The page again with what was typed and why it was not kept; NotFound goes on to its own page."""
    if refusal.http_status == 404:
        raise refusal
    return page(number, focus=key if form == "log" else None, values=request.form, form=form,
                complaints=sentences(refusal), status=refusal.http_status)


def _back(number: str) -> ResponseReturnValue:
    return redirect(url_for("incidents.show", number=number), 303)
