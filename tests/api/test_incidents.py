"""The calls at their work: S02 of the scenarios from registration to the closed case."""

import json
from datetime import timedelta

import pytest

from incident_clock.ledger.chain import verify_lines
from incident_clock.outbox import queue
from incident_clock.outbox.messages import REMINDER, Draft
from tests.api.rig import LABEL, PHONE, Api, at, complaints

S02 = {
    "title": "青禾路户外广告牌被大风刮落伤人", "source": "区12345热线转办", "category": "accident",
    "event_grade": "一般", "opinion_grade": "较大", "place": "青禾路与文昌街路口东北侧",
    "summary": "约4平方米面板坠落，2人受伤送医，1辆电动自行车受损", "occurred_at": "2026-03-12T13:50:00+08:00",
    "first_online_at": "2026-03-12T14:10:00+08:00", "received_at": "2026-03-12T14:05:00+08:00",
}
STEPS = ("phone_report", "preliminary_report", "detailed_report", "release", "press_conference")


def test_s02_gets_its_five_due_times(api_on_both: Api):
    told = api_on_both.post("/incidents", S02)
    assert told.status_code == 201
    incident = told.json
    assert {step["key"]: step["due_at"] for step in incident["steps"]} == dict(zip(STEPS, (
        "2026-03-12T14:25:00+08:00", "2026-03-12T15:05:00+08:00", "2026-03-12T16:05:00+08:00",
        "2026-03-12T19:05:00+08:00", "2026-03-13T14:05:00+08:00"), strict=True))
    assert {name: incident[name] for name in S02} == S02
    assert incident["number"] == "2026-0001"
    assert incident["is_drill"] is False
    assert incident["protocol"] == {"key": "district-emergency", "version": "2019-2"}
    assert incident["clock_started_at"] == "2026-03-12T14:05:00+08:00"
    assert incident["registered_at"] == "2026-03-12T14:12:00+08:00"
    assert incident["closed_at"] is None
    assert incident["warnings"] == []


def test_the_location_of_a_new_incident_leads_to_it_by_number_and_by_id(api: Api):
    told = api.post("/incidents", S02)
    location = told.headers["Location"]
    assert location == "/api/v1/incidents/2026-0001"
    shown = {name: value for name, value in told.json.items() if name != "warnings"}
    assert api.get("/incidents/2026-0001").json == shown
    assert api.get(f"/incidents/{told.json['id']}").json == shown


def test_without_received_at_the_clock_starts_now(api: Api):
    told = api.post("/incidents", {"title": "井盖破损"}).json
    assert told["received_at"] == told["clock_started_at"] == told["registered_at"] == "2026-03-12T14:12:00+08:00"


def test_a_drill_has_a_number_of_its_own_and_another_rule_can_be_chosen(api: Api):
    told = api.post("/incidents", {"title": "灯会演练", "is_drill": True, "protocol": "general-48h"}).json
    assert told["number"] == "Y2026-0001"
    assert [step["key"] for step in told["steps"]] == ["response"]
    assert api.get("/incidents/Y2026-0001").json["is_drill"] is True


def test_an_incident_that_may_be_the_same_is_named_in_a_warning(api: Api):
    api.post("/incidents", S02)
    told = api.post("/incidents", {**S02, "title": "广告牌掉落"}, headers={"Accept-Language": "en"})
    assert told.status_code == 201
    assert [one["number"] for one in told.json["warnings"]] == ["2026-0001"]
    assert "2026-0001" in told.json["warnings"][0]["message"]


def test_the_standing_follows_the_clock_in_both_counts(api: Api):
    incident = api.registered(occurred_at="2026-03-12T13:50+08:00")
    api.clock.move_to(at("14:28"))
    step = api.get(incident).json["steps"][0]
    assert (step["standing"], step["late_minutes"]) == ("overdue", 3)
    assert step["from_occurrence"] == {
        "due_at": "2026-03-12T14:10:00+08:00", "standing": "overdue", "late_minutes": 18, "is_late_entry": False, "is_verified": False, "is_doubted": False,
        "needs_verification": False}
    api.post(f"{incident}{PHONE}/log", {"done_at": "2026-03-12T14:20+08:00"})
    step = api.get(incident).json["steps"][0]
    assert (step["standing"], step["late_minutes"], step["is_late_entry"]) == ("met", 0, True)
    assert (step["from_occurrence"]["standing"], step["from_occurrence"]["late_minutes"]) == ("met_late", 10)
    assert (step["done_at"], step["recorded_at"]) == ("2026-03-12T14:20:00+08:00", "2026-03-12T14:28:00+08:00")
    assert step["logged_by"] == LABEL


def test_logging_a_step_stops_its_reminders_and_no_others(api: Api):
    incident = api.registered()
    before = {step["key"]: step["next_rung_at"] for step in api.get(incident).json["steps"]}
    told = api.post(f"{incident}{PHONE}/log", {
        "done_at": "2026-03-12T14:10+08:00", "report_to": "市局值班室", "evidence": "通话2分钟", "note": "已复述",
        "reason": "稍后补录"})
    assert told.status_code == 200
    after = {step["key"]: step["next_rung_at"] for step in told.json["steps"]}
    assert before["phone_report"] is not None
    assert after == before | {"phone_report": None}
    body = api.get(f"{incident}/timeline").json["entries"][-1]["body"]
    assert {name: body[name] for name in ("step", "report_to", "evidence", "note", "reason")} == {
        "step": "phone_report", "report_to": "市局值班室", "evidence": "通话2分钟", "note": "已复述", "reason": "稍后补录"}


def test_a_step_logged_already_names_who_and_when(api: Api):
    incident = api.registered()
    api.post(f"{incident}{PHONE}/log")
    api.clock.move_to(at("14:14"))
    told = api.post(f"{incident}{PHONE}/log", role="reporter")
    assert told.status_code == 409
    assert complaints(told) == {None: f"{LABEL}已在 14:12 记录过这一步，未重复记录"}


def test_a_withdrawn_log_opens_the_step_again_and_stays_in_the_timeline(api: Api):
    incident = api.registered()
    api.post(f"{incident}{PHONE}/log")
    told = api.post(f"{incident}{PHONE}/withdraw", {"reason": "记错了步骤"})
    assert told.status_code == 200
    assert (told.json["steps"][0]["standing"], told.json["steps"][0]["done_at"]) == ("waiting", None)
    kinds = [entry["kind"] for entry in api.get(f"{incident}/timeline").json["entries"]]
    assert kinds == ["IncidentRegistered", "StepLogged", "LogWithdrawn"]
    assert api.post(f"{incident}{PHONE}/withdraw").status_code == 409


def test_an_incident_is_closed_once_all_its_steps_are_logged(api: Api):
    incident = api.registered()
    refused = api.post(f"{incident}/close")
    assert refused.status_code == 409
    assert "还有5步没有记录（电话上报、" in complaints(refused)[None]
    for step in STEPS:
        assert api.post(f"{incident}/steps/{step}/log").status_code == 200
    told = api.post(f"{incident}/close", {"reason": "五步均已办结"})
    assert (told.status_code, told.json["closed_at"]) == (200, "2026-03-12T14:12:00+08:00")
    assert api.post(f"{incident}/close").status_code == 409
    assert api.post(f"{incident}{PHONE}/withdraw").status_code == 409


def test_the_list_goes_page_by_page_and_can_be_narrowed(api: Api):
    for index in range(32):
        api.registered(title=f"井盖破损{index}")
    closed = api.registered(protocol="general-48h", place="滨湖路")
    api.post(f"{closed}/steps/response/log")
    api.post(f"{closed}/close")

    first = api.get("/incidents?open=true").json
    rest = api.get(f"/incidents?open=true&cursor={first['next_cursor']}").json
    numbers = [one["number"] for page in (first, rest) for one in page["incidents"]]
    assert numbers == [f"2026-{number:04}" for number in range(32, 0, -1)]
    assert rest["next_cursor"] is None
    assert [one["number"] for one in api.get("/incidents?open=false").json["incidents"]] == ["2026-0033"]
    assert [one["number"] for one in api.get("/incidents?q=滨湖").json["incidents"]] == ["2026-0033"]
    assert [one["title"] for one in api.get("/incidents?q=井盖破损7").json["incidents"]] == ["井盖破损7"]
    assert len(api.get("/incidents").json["incidents"]) == 30


def test_an_incident_in_the_list_has_the_shape_of_a_single_one(api: Api):
    incident = api.registered()
    assert api.get("/incidents").json == {"incidents": [api.get(incident).json], "next_cursor": None}


def test_the_timeline_verifies_from_the_answer_alone(api: Api):
    incident = api.registered()
    api.post(f"{incident}{PHONE}/log", {"note": "𠮷 😀 已复述"})
    entries = api.get(f"{incident}/timeline").json["entries"]
    found = verify_lines(_line(entry) for entry in entries)
    assert (found.size, found.incident, found.broken) == (2, "2026-0001", None)
    entries[1]["body"]["note"] = "改过"
    assert verify_lines(_line(entry) for entry in entries).broken.sequence == 2


def test_the_messages_say_who_was_told_without_addresses_and_texts(api: Api):
    incident = api.registered()
    api.tick()
    messages = api.get(f"{incident}/messages").json["messages"]
    assert messages
    assert all((one["kind"], one["step"], one["state"]) == ("reminder", "phone_report", "queued") for one in messages)
    assert {one["person"] for one in messages} >= {"zhou"}
    assert all(one["due_at"].endswith("+08:00") and len(one["reference"]) == 4 for one in messages)
    assert "+86138" not in str(messages)
    api.post(f"{incident}{PHONE}/log")
    messages = api.get(f"{incident}/messages").json["messages"]
    assert {(one["state"], one["state_reason"]) for one in messages if one["kind"] == "reminder"} == {
        ("withdrawn", "这一步已经记录，不再发出")}


def test_the_messages_of_another_incident_are_not_shown(api: Api):
    api.registered()
    api.tick()
    api.clock.advance(timedelta(minutes=1))
    assert api.get(f"{api.registered(title='井盖破损')}/messages").json == {"messages": []}


def test_a_long_chase_is_told_to_its_last_message(api: Api):
    incident = api.registered()
    with api.assembly.store.write() as session:
        queue.enqueue(session, [Draft(
            incident_id=1, step="phone_report", kind=REMINDER, rung=5, repeat=repeat, person="zhou", channel="console",
            address="zhou", language="zh", facts={"is_drill": False}, reason="on_time", due_at=api.clock.now())
            for repeat in range(250)], now=api.clock.now())
    assert len(api.get(f"{incident}/messages").json["messages"]) == 250


@pytest.mark.parametrize("language", ["en", "en-GB,en;q=0.9,zh;q=0.5", "fr, en;q=0.3"])
def test_sentences_are_english_for_those_who_ask(api: Api, language: str):
    told = api.post("/incidents", {}, headers={"Accept-Language": language})
    assert told.json["errors"][0]["message"].isascii()


@pytest.mark.parametrize("language", ["", "zh-CN,zh;q=0.9,en;q=0.8", "fr", "*", ";;q=,"])
def test_sentences_are_chinese_for_everybody_else(api: Api, language: str):
    told = api.post("/incidents", {}, headers={"Accept-Language": language})
    assert complaints(told) == {"title": "缺少这一项，必须填写"}


def _line(entry: dict) -> bytes:
    return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
