"""The calls that close steps as they really are closed: who may, what is needed, what they come to."""

from typing import Any

import pytest

from incident_clock.people import access
from incident_clock.web.api import examples
from tests.api.rig import PHONE, Api, complaints

PRESS, RELEASE = "/steps/press_conference", "/steps/release"

CALLS = [  # path under the incident, action, body, status on a fresh incident for one who may
    (f"{PRESS}/waive", access.LOG, examples.WAIVER, 200),
    (f"{RELEASE}/transfer", access.LOG, examples.TRANSFER, 200),
    (f"{RELEASE}/transfer/accept", access.LOG, examples.ACCEPTANCE, 409),
    (f"{RELEASE}/transfer/refuse", access.LOG, examples.REFUSED, 409),
    ("/entries/1/confirm", access.LOG, examples.CONFIRMATION, 409),
    ("/entries/1/reject", access.LOG, examples.REJECTION, 409),
    ("/entries/99/confirm", access.LOG, examples.CONFIRMATION, 404),
    ("/entries/1/correct", access.LOG, examples.CORRECTION, 200),
    ("/entries/99/correct", access.LOG, examples.CORRECTION, 404),
    ("/regrade", access.WRITE, examples.REGRADING, 200),
    ("/records", access.WRITE, examples.RECORD, 200),
    ("/tasks", access.LOG, examples.TASK, 200),
    ("/merge", access.WRITE, examples.MERGING, 404),
    ("/void", access.WRITE, examples.VOIDING, 200),
    ("/register-as-real", access.WRITE, examples.REAL_CASE, 409),
]


@pytest.mark.parametrize(("under", "action", "body", "status"), CALLS)
@pytest.mark.parametrize("role", ["duty_officer", "deputy", "auditor", "admin"])
def test_every_call_is_open_to_those_who_may(api: Api, under: str, action: str, body: dict[str, Any], status: int, role: str):
    told = api.call("POST", api.registered() + under, body, role=role)
    assert told.status_code == (status if access.may([role], action) else 403), told.text


@pytest.mark.parametrize(("under", "fields"), [
    (f"{PRESS}/waive", {"approver", "reason"}), (f"{RELEASE}/transfer", {"to", "approver", "reason"}),
    ("/entries/1/correct", {"reason"}), ("/regrade", {"basis"}), ("/void", {"reason"}),
])
def test_approver_and_reason_are_asked_for_and_nothing_is_written_without(api: Api, under: str, fields: set[str]):
    incident = api.registered()
    told = api.post(incident + under, {})
    assert (told.status_code, set(complaints(told))) == (422, fields)
    assert len(api.get(f"{incident}/timeline").json["entries"]) == 1


@pytest.mark.parametrize(("under", "body", "field"), [
    ("waive", examples.WAIVER, "approved_at"), ("transfer", examples.TRANSFER, "offered_at")])
def test_a_wrong_instant_is_told_under_the_name_it_was_sent_with(api: Api, under: str, body: dict[str, Any], field: str):
    told = api.post(f"{api.registered()}{RELEASE}/{under}", {**body, field: "2026-03-12T14:00+08:00"})
    assert set(complaints(told)) == {field}


def test_a_waiver_is_kept_with_its_approver_and_ends_the_step_grey(api_on_both: Api):
    incident = api_on_both.registered()
    step = _step(api_on_both.post(f"{incident}{PRESS}/waive", examples.WAIVER), "press_conference")
    assert (step["standing"], step["ended"], step["done_at"]) == ("waived", "waived", None)
    (entry,) = [e for e in api_on_both.get(f"{incident}/timeline").json["entries"] if e["kind"] == "StepWaived"]
    assert (entry["body"]["approver"], entry["body"]["document"]) == ("李某", "云宣函〔2026〕3号")
    assert "李某" not in entry["canonical"]


def test_the_clock_of_an_offered_step_runs_until_the_other_unit_accepts(api_on_both: Api):
    incident = api_on_both.registered()
    offered = api_on_both.post(f"{incident}{RELEASE}/transfer", examples.TRANSFER).json
    assert [(s["standing"], s["offered_to"]) for s in offered["steps"][3:]] == [("waiting", "区卫健局")] * 2
    accepted = api_on_both.post(f"{incident}{RELEASE}/transfer/accept", examples.ACCEPTANCE).json
    assert [s["standing"] for s in accepted["steps"][3:]] == ["transferred"] * 2
    assert [s["ended"] for s in accepted["steps"][:3]] == [None] * 3


def test_a_refused_transfer_may_be_offered_again(api: Api):
    incident = api.registered()
    assert api.post(f"{incident}{RELEASE}/transfer", examples.TRANSFER).status_code == 200
    assert api.post(f"{incident}{RELEASE}/transfer", examples.TRANSFER).status_code == 409
    assert _step(api.post(f"{incident}{RELEASE}/transfer/refuse", examples.REFUSED), "release")["offered_to"] is None
    assert api.post(f"{incident}{RELEASE}/transfer", examples.TRANSFER).status_code == 200


def test_a_late_entry_that_rescues_a_deadline_holds_when_another_role_confirms(api_on_both: Api):
    incident = api_on_both.registered(received_at="2026-03-12T13:00+08:00")
    late = {"done_at": "2026-03-12T13:15+08:00", "reason": "断网", "evidence": "纸质值班记录"}
    told = api_on_both.post(f"{incident}{PHONE}/log", late).json
    (pending,) = told["pending"]
    assert (pending["step"], told["steps"][0]["needs_verification"]) == ("phone_report", True)
    assert pending["due_at"] == "2026-03-13T17:00:00+08:00"
    path = f"{incident}/entries/{pending['sequence']}/confirm"
    assert api_on_both.call("POST", path, {}, role="duty_officer").status_code == 403
    step = _step(api_on_both.call("POST", path, {}, role="deputy"), "phone_report")
    assert (step["standing"], step["needs_verification"], step["is_verified"]) == ("met", False, True)
    assert api_on_both.call("POST", path, {}, role="deputy").status_code == 409


def test_a_late_entry_nobody_bears_out_counts_from_when_it_was_entered(api: Api):
    incident = api.registered(received_at="2026-03-12T13:00+08:00")
    late = {"done_at": "2026-03-12T13:15+08:00", "reason": "断网", "evidence": "纸质值班记录"}
    sequence = api.post(f"{incident}{PHONE}/log", late).json["pending"][0]["sequence"]
    told = api.call("POST", f"{incident}/entries/{sequence}/reject", examples.REJECTION, role="deputy")
    step = _step(told, "phone_report")
    assert (step["standing"], step["is_doubted"], step["late_minutes"] > 0) == ("met_late", True, True)


@pytest.mark.parametrize("outcome", ["no_answer", "busy"])
def test_a_call_that_reaches_nobody_is_kept_and_completes_nothing(api: Api, outcome: str):
    incident = api.registered()
    told = api.post(f"{incident}{PHONE}/log", {"evidence": {"kind": "call", "outcome": outcome}})
    assert (told.status_code, _step(told, "phone_report")["done_at"]) == (200, None)
    (record,) = api.get(f"{incident}/records").json["records"]
    assert (record["kind"], record["fields"]["outcome"], record["step"]) == ("call", outcome, "phone_report")
    reached = api.post(f"{incident}{PHONE}/log", {"evidence": {"outcome": "reached", "answered_by": "刘丙"}})
    assert _step(reached, "phone_report")["standing"] == "met"


def test_a_downgrade_waits_and_then_drops_what_the_lighter_rule_lacks(api: Api):
    incident = api.registered(opinion_grade="重大")
    told = api.post(f"{incident}/regrade", {"opinion_grade": "一般", "protocol": "general-48h", "basis": "热度回落"}).json
    assert (told["opinion_grade"], told["protocol"]["key"]) == ("重大", "district-emergency")
    path = f"{incident}/entries/{told['pending'][0]['sequence']}/confirm"
    assert api.call("POST", path, {}, role="duty_leader").status_code == 403
    told = api.call("POST", path, {}, role="head").json
    assert (told["opinion_grade"], told["protocol"]["key"]) == ("一般", "general-48h")
    assert {s["key"]: s["standing"] for s in told["steps"]}["release"] == "not_applicable"


def test_a_grade_left_out_stays_and_a_null_takes_it_back(api: Api):
    incident = api.registered(opinion_grade="较大", event_grade="一般")
    told = api.post(f"{incident}/regrade", {"opinion_grade": None, "warning_level": "三级", "basis": "待核"}).json
    assert (told["opinion_grade"], told["event_grade"], told["warning_level"]) == (None, "一般", "三级")


def test_the_same_key_is_answered_again_and_another_body_refused(api: Api):
    incident, headers = api.registered(), {"Idempotency-Key": "waive-1"}
    first = api.call("POST", f"{incident}{PRESS}/waive", examples.WAIVER, headers=headers)
    again = api.call("POST", f"{incident}{PRESS}/waive", examples.WAIVER, headers=headers)
    other = api.call("POST", f"{incident}{PRESS}/waive", {**examples.WAIVER, "reason": "另一个"}, headers=headers)
    assert [told.status_code for told in (first, again, other)] == [200, 200, 409]
    assert len([e for e in api.get(f"{incident}/timeline").json["entries"] if e["kind"] == "StepWaived"]) == 1


def test_two_registrations_merge_with_the_earlier_t0(api: Api):
    kept = api.registered(received_at="2026-03-12T14:05+08:00")
    other = api.registered(title="井盖破损（另一处登记）", received_at="2026-03-12T13:55+08:00")
    number = api.get(other).json["number"]
    told = api.post(f"{kept}/merge", {"duplicate": number, "reason": "同一事件"}).json
    assert told["clock_started_at"] == "2026-03-12T13:55:00+08:00"
    assert api.get(other).json["ended_as"] == "merged"
    assert api.post(f"{other}{PHONE}/log", {}).status_code == 409


def test_what_was_entered_as_a_drill_is_registered_as_real_with_its_t0(api: Api):
    drill = api.registered(is_drill=True, received_at="2026-03-12T14:00+08:00")
    assert set(complaints(api.post(f"{drill}/register-as-real", {"confirmed": False}))) == {"confirmed"}
    told = api.post(f"{drill}/register-as-real", {"confirmed": True})
    assert (told.status_code, told.json["is_drill"], told.json["related_to"]) == (201, False, "Y2026-0001")
    assert told.json["clock_started_at"] == "2026-03-12T14:00:00+08:00"


def _step(told: Any, key: str) -> dict[str, Any]:
    assert told.status_code == 200, told.text
    return next(step for step in told.json["steps"] if step["key"] == key)
