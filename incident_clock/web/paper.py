"""For a night without power or network: one printable A4 sheet per incident, and typing it in again afterwards.

What was typed is read and checked row by row with the reader of the quick log (`log_form.py`); the rows are kept all
together or not at all.
"""

import secrets

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from incident_clock.errors import Invalid, Refusal, Refusals
from incident_clock.people import access
from incident_clock.phrases import N_
from incident_clock.registry.drafts import StepLog, checked_log
from incident_clock.views.paper import open_obligations, paper
from incident_clock.views.shapes import IncidentView, StepView
from incident_clock.web import forms
from incident_clock.web.context import assembly, now, phrases, sentences, zone
from incident_clock.web.guard import actor, must_be_signed_in, page_seen_at, require
from incident_clock.web.incidents import only_numbers
from incident_clock.web.log_form import read_log
from incident_clock.web.telling import Telling

REASON = N_("断网期间纸质记录补录")
ROW_FIELDS = ("done_at_time", "report_to", "evidence")  # one of them filled in makes a row
LABELS = {"done_at": N_("实际时间"), "report_to": N_("对方"), "evidence": N_("凭证/说明")}
FREE_LINES, FEWEST_FREE_LINES = 9, 2  # for calls: what is printed above takes from them

pages = Blueprint("paper", __name__)
pages.url_value_preprocessor(only_numbers)
pages.before_request(must_be_signed_in)


@pages.get("/incidents/<number>/sheet")
def sheet(number: str) -> ResponseReturnValue:
    """The sheet to print while there is power. It holds phone numbers; no answer of the house is ever cached."""
    incident = assembly().views.incident(number, now())
    with assembly().store.read() as session:
        printed = paper(session, incident, now())
    taken = len(printed.open_steps) + (len(printed.ended) + len(printed.calls)) // 2
    return render_template("sheet.html", incident=incident, paper=printed,
                           free_lines=max(FEWEST_FREE_LINES, FREE_LINES + 4 - taken))


@pages.get("/incidents/<number>/rekey")
def rekey(number: str) -> ResponseReturnValue:
    require(access.LOG)
    return _form(number, MultiDict({"reason": phrases().say(REASON)}), [])


@pages.post("/incidents/<number>/rekey")
def enter(number: str) -> ResponseReturnValue:
    """Keep every row that was filled in, or none of them and say why at each."""
    require(access.LOG)
    incident = assembly().views.incident(number, now())
    try:
        logs = _read(request.form, incident)
        assembly().desk.log_steps(number, logs, actor=actor(), now=now(), key=forms.request_key(request.form))
    except Refusal as refusal:
        if refusal.http_status == 404:
            raise
        return _form(number, request.form, sentences(refusal), status=refusal.http_status)
    telling = Telling(phrases(), now())
    after = assembly().views.incident(number, now())
    kept = phrases().names(
        f"{telling.title(step.title)} {telling.at(log.done_at)}" for key, log in logs.items()
        if (step := after.obligation(key)) is not None and log.done_at is not None)
    said = phrases().say(N_("已按纸质记录补录%(count)s步：%(steps)s。请核对日期和时刻"), count=len(logs), steps=kept)
    flash(said, "ok")
    return redirect(url_for("incidents.show", number=number), 303)


def refilled(form: MultiDict[str, str], number: str) -> ResponseReturnValue:
    """The form as it was typed, after a sign-in that had run out."""
    return _form(number, form, [])


def _read(form: MultiDict[str, str], incident: IncidentView) -> dict[str, StepLog]:
    """The rows that were filled in, each checked as the registry will. Raises Refusals with every complaint of every
    row; a complaint's field is `<step>.<field>`, and `reason` for the one reason of all."""
    found: list[Refusal] = []
    logs: dict[str, StepLog] = {}
    typed = [key for key in (name.rpartition(".")[0] for name in form if name.endswith(".done_at_time"))
             if any(form.get(f"{key}.{field}", "").strip() for field in ROW_FIELDS)]
    for key in typed:
        step = incident.obligation(key)
        if step is None or not step.is_open:
            found.append(Invalid(N_("这一步在您填写时已有记录，请核对时间轴，把这一行清空"), field=f"{key}.done_at"))
            continue
        try:
            logs[key] = _row(form, incident, step)
        except Refusals as refusals:
            found += [_at_row(one, key, found) for one in refusals.refusals]
    if not typed:
        found.append(Invalid(N_("一行也没有填。请至少填写一步的实际时间")))
    if found:
        raise Refusals(list(dict.fromkeys(found)))
    return logs


def _row(form: MultiDict[str, str], incident: IncidentView, step: StepView) -> StepLog:
    row = MultiDict({name.removeprefix(f"{step.key}."): value for name, value in form.items()
                     if name.startswith(f"{step.key}.")})
    row["reason"] = form.get("reason", "")
    log, _entered = read_log(row, incident, step.key, now=now(), zone=zone())
    checked_log(log, started=incident.clock_started_at if step.kind == "step" else step.started_at, now=now())
    return log


def _at_row(refusal: Refusal, key: str, found: list[Refusal]) -> Refusal:
    """The complaint at its row; that of the common reason stands once."""
    if refusal.field == "reason":
        return next((one for one in found if one.field == "reason"), refusal)
    return Invalid(refusal.phrase, field=f"{key}.{refusal.field}", **refusal.params)


def _form(number: str, values: MultiDict[str, str], complaints: list[tuple[str | None, str]], *,
          status: int = 200) -> ResponseReturnValue:
    incident = assembly().views.incident(number, now())
    gone = [step for key in values if key.endswith(".done_at_time") and values.get(key)
            and (step := incident.obligation(key.removesuffix(".done_at_time"))) is not None and not step.is_open]
    return make_response(render_template(
        "rekey.html", incident=incident, rows=[*open_obligations(incident), *gone], values=values,
        errors={field: said for field, said in reversed(complaints) if field},
        complaints=[_told(incident, field, said) for field, said in complaints],
        days=forms.days(now=now(), zone=zone(), since=incident.clock_started_at), page_seen_at=page_seen_at(),
        key=values.get("key") or secrets.token_urlsafe(16)), status)


def _told(incident: IncidentView, field: str | None, said: str) -> tuple[str | None, str]:
    """A complaint of the box: led by its step, linked to the very field."""
    key, _, name = (field or "").rpartition(".")
    step = incident.obligation(key) if key else None
    if step is None:
        return field, said
    label = phrases().say(LABELS[name]) if name in LABELS else ""
    place = f"{field}_time" if name == "done_at" else field
    return place, phrases().say(N_("%(label)s：%(said)s"), said=said,
                                label=f"{Telling(phrases(), now()).title(step.title)} {label}".strip())
