"""The calls that close steps as they really are closed: approvals, second persons, corrections, forms, tasks."""

from typing import Any

from flask import Response, url_for

from incident_clock.errors import Forbidden, Invalid, Refusals
from incident_clock.people import access
from incident_clock.phrases import N_
from incident_clock.protocol.tasks import INSTRUCTION
from incident_clock.registry.corrections import Correction
from incident_clock.registry.decisions import Approval
from incident_clock.registry.drafts import SCALES
from incident_clock.registry.grading import Regrading
from incident_clock.views import plain
from incident_clock.web.api import answers, examples
from incident_clock.web.api.answers import answer
from incident_clock.web.api.asked_case import (
    Acceptance,
    Confirmation,
    CorrectionOf,
    Merging,
    RealCase,
    Record,
    Refused,
    Regraded,
    Rejection,
    Task,
    Transfer,
    Voiding,
    Waiver,
)
from incident_clock.web.api.bearer import actor
from incident_clock.web.api.calls import call, reference, request_key
from incident_clock.web.api.incidents import shown
from incident_clock.web.context import assembly, now


def _about() -> dict[str, Any]:
    """Who calls, when, and the caller's name for the request."""
    return {"actor": actor(), "now": now(), "key": request_key()}


@call("POST", "/incidents/<id>/steps/<key>/waive", needs=access.LOG, takes=Waiver, example=examples.WAIVER,
      gives=answers.Incident)
def waive_step(id: str, key: str, asked: Waiver) -> Response:
    """End a step that is not carried out, as somebody with the power to do so has approved (免开)."""
    found = reference(id)
    try:
        assembly().desk.waive(found, key, Approval(
            approver=asked.approver, reason=asked.reason, approver_unit=asked.approver_unit, document=asked.document,
            evidence=asked.evidence, at=asked.approved_at), **_about())
    except Refusals as refusals:
        raise refusals.renamed(at="approved_at") from None
    return answer(shown(found))


@call("POST", "/incidents/<id>/steps/<key>/transfer", needs=access.LOG, takes=Transfer, example=examples.TRANSFER,
      gives=answers.Incident)
def transfer_step(id: str, key: str, asked: Transfer) -> Response:
    """Offer a step and the open ones behind it to another unit; the clock stops when it accepts."""
    found = reference(id)
    try:
        assembly().desk.offer_transfer(
            found, key, asked.to, Approval(approver=asked.approver, reason=asked.reason, document=asked.document,
                                           at=asked.offered_at),
            accepted_by=asked.accepted_by, accepted_at=asked.accepted_at, **_about())
    except Refusals as refusals:
        raise refusals.renamed(at="offered_at") from None
    return answer(shown(found))


@call("POST", "/incidents/<id>/steps/<key>/transfer/accept", needs=access.LOG, takes=Acceptance,
      example=examples.ACCEPTANCE, gives=answers.Incident)
def accept_transfer(id: str, key: str, asked: Acceptance) -> Response:
    """Record that the other unit has accepted: its clock from then on."""
    found = reference(id)
    assembly().desk.accept_transfer(found, key, asked.accepted_by, accepted_at=asked.accepted_at,
                                    evidence=asked.evidence, **_about())
    return answer(shown(found))


@call("POST", "/incidents/<id>/steps/<key>/transfer/refuse", needs=access.LOG, takes=Refused,
      example=examples.REFUSED, gives=answers.Incident)
def refuse_transfer(id: str, key: str, asked: Refused) -> Response:
    """Record that the other unit will not have it, or take the offer back."""
    found = reference(id)
    assembly().desk.refuse_transfer(found, key, asked.refused_by, asked.reason, **_about())
    return answer(shown(found))


@call("POST", "/incidents/<id>/entries/<int:sequence>/confirm", needs=access.LOG, takes=Confirmation,
      example=examples.CONFIRMATION, gives=answers.Incident)
def confirm_entry(id: str, sequence: int, asked: Confirmation) -> Response:
    """Bear out an entry that waits for a second person: somebody else, in another role than who wrote it."""
    found = reference(id)
    assembly().desk.confirm(found, sequence, asked.note, **_about())
    return answer(shown(found))


@call("POST", "/incidents/<id>/entries/<int:sequence>/reject", needs=access.LOG, takes=Rejection,
      example=examples.REJECTION, gives=answers.Incident)
def reject_entry(id: str, sequence: int, asked: Rejection) -> Response:
    """Do not bear out an entry that waits for a second person."""
    found = reference(id)
    assembly().desk.reject(found, sequence, asked.reason, **_about())
    return answer(shown(found))


@call("POST", "/incidents/<id>/entries/<int:sequence>/correct", needs=access.LOG, takes=CorrectionOf,
      example=examples.CORRECTION, gives=answers.Incident)
def correct_entry(id: str, sequence: int, asked: CorrectionOf) -> Response:
    """Put an entry right by a new one; what helps the bureau waits for a second person."""
    found = reference(id)
    assembly().desk.correct(found, sequence, Correction(
        reason=asked.reason, times=asked.times, texts=asked.texts, record=asked.record), **_about())
    return answer(shown(found))


@call("POST", "/incidents/<id>/regrade", needs=access.WRITE, takes=Regraded, example=examples.REGRADING,
      gives=answers.Incident)
def regrade_incident(id: str, asked: Regraded) -> Response:
    """Change grades, and with `protocol` the rule. A downgrade holds when a line leader or the head has confirmed."""
    found = reference(id)
    values = {name: getattr(asked, name) for name in SCALES if name in asked.model_fields_set}
    assembly().desk.regrade(found, Regrading(values=values, is_sensitive=asked.is_sensitive, basis=asked.basis),
                            protocol=asked.protocol, **_about())
    return answer(shown(found))


@call("POST", "/incidents/<id>/records", needs=access.WRITE, takes=Record, example=examples.RECORD,
      gives=answers.Incident)
def keep_record(id: str, asked: Record) -> Response:
    """Keep a short form: lead, consultation, assessment, wording, release, evaluation, comment, countersignature."""
    found = reference(id)
    assembly().desk.record(found, asked.kind, asked.fields, happened_at=asked.happened_at, reason=asked.reason,
                           step=asked.step, **_about())
    return answer(shown(found))


@call("GET", "/incidents/<id>/records", needs=access.READ, gives=answers.Records)
def list_records(id: str) -> Response:
    """List the short forms of an incident with their corrections, oldest first."""
    view = assembly().views.incident(reference(id), now())
    return answer({"records": [plain.record(one, assembly().zone) for one in view.records]})


@call("POST", "/incidents/<id>/tasks", needs=access.LOG, takes=Task, example=examples.TASK, gives=answers.Incident)
def set_task(id: str, asked: Task) -> Response:
    """Give somebody something to do by an instant; he is reminded until it is logged like a step.

    Leaders give instructions; decisions and promises are entered by those who write.
    """
    if asked.origin != INSTRUCTION and not access.may([actor().role], access.WRITE):
        raise Forbidden(N_("领导账号只登记批示；会商任务和承诺事项请由值班员登记"))
    found = reference(id)
    assembly().desk.set_task(found, origin=asked.origin, text=asked.text, owner=asked.owner, by=asked.by,
                             due_at=asked.due_at, about=asked.about, **_about())
    return answer(shown(found))


@call("POST", "/incidents/<id>/merge", needs=access.WRITE, takes=Merging, example=examples.MERGING,
      gives=answers.Incident)
def merge_incident(id: str, asked: Merging) -> Response:
    """Merge another registration of the same case into this one, which has the earlier T0 from then on."""
    found = reference(id)
    assembly().desk.merge(found, asked.duplicate, asked.reason, **_about())
    return answer(shown(found))


@call("POST", "/incidents/<id>/void", needs=access.WRITE, takes=Voiding, example=examples.VOIDING,
      gives=answers.Incident)
def void_incident(id: str, asked: Voiding) -> Response:
    """Ask for a registration to count as none; it does when a second person has confirmed it."""
    found = reference(id)
    assembly().desk.void(found, asked.reason, **_about())
    return answer(shown(found))


@call("POST", "/incidents/<id>/register-as-real", needs=access.WRITE, takes=RealCase,
      example=examples.REAL_CASE,
      gives=answers.Incident, status=201)
def register_as_real(id: str, asked: RealCase) -> Response:
    """Register what was entered as a drill as the real case it is, with the T0 it had."""
    if not asked.confirmed:
        raise Invalid(N_("确实不是演练，请加上 \"confirmed\": true 再发一次"), field="confirmed")
    done = assembly().desk.register_as_real(reference(id), **_about())
    return answer(shown(done.incident_id), 201, headers={"Location": url_for("api.show_incident", id=done.number)})
