"""The calls: parse, verb, answer. `id` is the incident's number or its id.

What a call does stands in its docstring, which is its text in the OpenAPI document too.
"""

from typing import Any

from flask import Response, url_for

from incident_clock.errors import Invalid
from incident_clock.people import access
from incident_clock.phrases import N_
from incident_clock.registry import ledger
from incident_clock.registry.drafts import NewIncident, StepLog
from incident_clock.views import incidents, messages, plain
from incident_clock.web.api import answers, examples
from incident_clock.web.api.answers import answer
from incident_clock.web.api.asked import Closing, Listing, Log, Registration, Withdrawal
from incident_clock.web.api.bearer import actor
from incident_clock.web.api.calls import api, call, reference, request_key
from incident_clock.web.api.problems import phrases
from incident_clock.web.context import assembly, now

__all__ = ["api"]

MESSAGES = 10_000  # of one incident: more than any has


@call("POST", "/incidents", needs=access.WRITE, takes=Registration, example=examples.REGISTRATION,
      gives=answers.Registered, status=201)
def register_incident(asked: Registration) -> Response:
    """Register an incident and start its clocks."""
    done = assembly().desk.register(NewIncident(**asked.model_dump()), actor=actor(), now=now(), key=request_key())
    warnings = [{"number": number, "message": phrases().say(N_("可能与 %(number)s 重复，请核对"), number=number)}
                for number in done.duplicates]
    return answer({**shown(done.incident_id), "warnings": warnings}, 201,
                  headers={"Location": url_for("api.show_incident", id=done.number)})


@call("GET", "/incidents", needs=access.READ, asks=Listing, gives=answers.Incidents)
def list_incidents(asked: Listing) -> Response:
    """List incidents, newest first, a page at a time."""
    found, more = assembly().views.search(now(), text=asked.q, is_open=asked.open, before=asked.cursor)
    return answer({"incidents": [plain.incident(one, assembly().zone) for one in found],
                   "next_cursor": None if more is None else str(more)})


@call("GET", "/incidents/<id>", needs=access.READ, gives=answers.Incident)
def show_incident(id: str) -> Response:
    """Show how an incident stands now."""
    return answer(shown(reference(id)))


@call("POST", "/incidents/<id>/steps/<key>/log", needs=access.LOG, takes=Log, example=examples.LOG,
      gives=answers.Incident)
def log_step(id: str, key: str, asked: Log) -> Response:
    """Log a step as done: its reminders stop, and those who were reminded are told."""
    found = reference(id)
    record = _form(found, key, asked.evidence) if isinstance(asked.evidence, dict) else None
    assembly().desk.log_step(found, key, StepLog(
        done_at=asked.done_at, report_to=asked.report_to, note=asked.note, reason=asked.reason, record=record,
        evidence=asked.evidence if isinstance(asked.evidence, str) else None),
        actor=actor(), now=now(), key=request_key())
    return answer(shown(found))


def _form(found: str | int, key: str, evidence: dict[str, Any]) -> dict[str, Any]:
    """The fields of the evidence. It may name its kind, which must be that of the step."""
    step = assembly().views.incident(found, now()).obligation(key)
    if "kind" in evidence and step is not None and evidence["kind"] != step.evidence:
        raise Invalid(N_("这一步的凭证应是 %(kind)s"), field="evidence", kind=step.evidence)
    fields = {name: value for name, value in evidence.items() if name != "kind"}
    if not fields:
        raise Invalid(N_("凭证里没有任何要素，请至少填一项，或改用文字"), field="evidence")
    return fields


@call("POST", "/incidents/<id>/steps/<key>/withdraw", needs=access.WRITE, takes=Withdrawal,
      example=examples.WITHDRAWAL, gives=answers.Incident)
def withdraw_step(id: str, key: str, asked: Withdrawal) -> Response:
    """Take the log of a step back: the step is open again, the log stays in the timeline."""
    found = reference(id)
    assembly().desk.withdraw(found, key, asked.reason, actor=actor(), now=now(), key=request_key())
    return answer(shown(found))


@call("POST", "/incidents/<id>/close", needs=access.WRITE, takes=Closing, example=examples.CLOSING,
      gives=answers.Incident)
def close_incident(id: str, asked: Closing) -> Response:
    """Close an incident all of whose steps are logged."""
    found = reference(id)
    assembly().desk.close(found, asked.reason, actor=actor(), now=now(), key=request_key())
    return answer(shown(found))


@call("GET", "/incidents/<id>/timeline", needs=access.READ, gives=answers.Timeline)
def show_timeline(id: str) -> Response:
    """Read the ledger of an incident, in order, in the form that verifies."""
    with assembly().store.read() as session:
        return answer({"entries": ledger.read(session, incidents.find(session, reference(id)).id).entries})


@call("GET", "/incidents/<id>/messages", needs=access.READ, gives=answers.Messages)
def show_messages(id: str) -> Response:
    """See who was told what and how it went, newest first; without addresses and texts."""
    with assembly().store.read() as session:
        found = messages.messages(session, incident_id=incidents.find(session, reference(id)).id, limit=MESSAGES,
                                  text_now=lambda _: "")
    shown = [plain.message(one, assembly().zone) for one in found]
    return answer({"messages": [{**one, "state_reason": phrases().say(one["state_reason"])} for one in shown]})


# ── below: how ────────────────────────────────────────────────────────────────
def shown(number_or_id: str | int) -> dict[str, object]:
    return plain.incident(assembly().views.incident(number_or_id, now()), assembly().zone)
