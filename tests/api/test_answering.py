"""Calls about answers: who has not answered, recording a telephone call, having a message sent again."""

from datetime import timedelta

import pytest

from incident_clock.web.api import examples
from incident_clock.web.api.answering import Calls
from tests.api.rig import LABEL, Api, at, complaints

WU = {"person": "wu", "step": "phone_report"}


@pytest.fixture
def incident(api: Api) -> str:
    return called(api)


def called(api: Api) -> str:
    """An incident of which 周甲 and 吴乙 have been told at 14:12; gives its path."""
    found = api.registered()
    api.tick()
    api.assembly.sender("test").turn()
    return found


def entries(api: Api, incident: str, kind: str) -> list[dict]:
    return [one for one in api.get(f"{incident}/timeline").json["entries"] if one["kind"] == kind]


def steps(api: Api, incident: str) -> list[dict]:
    told = api.get(f"{incident}/calls")
    assert told.status_code == 200, told.text
    assert Calls.model_validate(told.json).model_dump(mode="json") == told.json
    return told.json["steps"]


def test_the_list_says_who_was_called_and_who_has_not_answered(api_on_both: Api) -> None:
    incident = called(api_on_both)
    (step,) = steps(api_on_both, incident)
    assert (step["step"], step["title"]["zh"], step["lacking"]) == ("phone_report", "电话上报", [{"rung": 1, "answers": 2}])
    assert step["calls"][0] == {
        "person": "zhou", "name": "周甲", "role": "duty_officer", "rung": 1, "told_at": "2026-03-12T14:12:00+08:00",
        "last_told_at": "2026-03-12T14:12:00+08:00", "answered_at": None, "answered_how": None, "paused_until": None,
        "is_outstanding": True, "in_place_of": None, "can_resend_at": "2026-03-12T14:17:00+08:00"}
    assert "+86" not in api_on_both.get(f"{incident}/calls").text, "no number leaves by this way"


def test_a_telephone_call_is_recorded(api_on_both: Api) -> None:
    incident = called(api_on_both)
    told = api_on_both.post(f"{incident}/acknowledge", {**WU, "note": "马上到"})
    assert told.status_code == 200, told.text
    (step,) = told.json["steps"]
    assert [(one["person"], one["answered_how"], one["is_outstanding"]) for one in step["calls"]] == [
        ("zhou", None, True), ("wu", "phone", False)]
    assert step["calls"][1]["paused_until"] == "2026-03-12T14:15:15+08:00"
    assert step["lacking"] == [{"rung": 1, "answers": 1}]
    (entry,) = entries(api_on_both, incident, "Acknowledged")
    assert (entry["actor"], entry["body"]["person"], entry["body"]["how"], entry["body"]["note"]) == (LABEL, "吴乙", "phone", "马上到")


def test_without_a_step_all_his_open_steps_are_meant(api: Api, incident: str) -> None:
    api.clock.move_to(at("14:36"))
    api.tick()
    told = api.post(f"{incident}/acknowledge", {"person": "zhou"})
    assert told.status_code == 200
    assert [one["body"]["step"] for one in entries(api, incident, "Acknowledged")] == ["phone_report", "preliminary_report"]


@pytest.mark.parametrize(("body", "status", "field", "said"), [
    ({}, 422, "person", "缺少这一项"), ({"person": "nobody"}, 404, None, "通讯录里没有 nobody 这个人"), ({"person": "zheng"}, 409, None, "没有待确认的提醒"),
    ({"person": "wu", "step": "coffee"}, 404, None, "没有“coffee”这一步"), ({"person": "wu", "note": "坠\0落"}, 422, "note", "看不见的控制字符"),
    ({"person": "\0"}, 404, None, "通讯录里没有"), ({"person": "\ud800"}, 404, None, "通讯录里没有"), ({"person": 1}, 422, "person", "应为文字"),
    ({"person": "wu", "how": "page"}, 422, "how", "没有“how”这一项")])
def test_what_cannot_be_recorded_is_told(api: Api, incident: str, body: dict, status: int, field: str | None, said: str) -> None:
    told = api.post(f"{incident}/acknowledge", body)
    assert told.status_code == status
    assert said in complaints(told)[field]
    assert entries(api, incident, "Acknowledged") == []


def test_a_repeated_request_is_answered_the_same_and_recorded_once(api: Api, incident: str) -> None:
    first, second = (api.post(f"{incident}/acknowledge", WU, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json == second.json
    assert api.post(f"{incident}/acknowledge", {"person": "zhou"}, headers={"Idempotency-Key": "k"}).status_code == 409
    assert len(entries(api, incident, "Acknowledged")) == 1


def test_a_message_is_sent_again_five_minutes_after_its_last_try(api_on_both: Api) -> None:
    api = api_on_both
    incident = called(api)
    early = api.post(f"{incident}/resend", {**WU, "rung": 1})
    assert (early.status_code, "14:12 刚发过，至少隔5分钟" in complaints(early)[None]) == (409, True)
    api.clock.advance(timedelta(minutes=5))
    told = api.post(f"{incident}/resend", {**WU, "rung": 1}, headers={"Idempotency-Key": "k"})
    assert told.status_code == 200, told.text
    again = next(one for one in told.json["steps"][0]["calls"] if one["person"] == "wu")
    assert (again["can_resend_at"], again["last_told_at"]) == (None, "2026-03-12T14:17:00+08:00")
    assert api.post(f"{incident}/resend", {**WU, "rung": 1}, headers={"Idempotency-Key": "k"}).status_code == 200
    assert len(entries(api, incident, "Resent")) == 1


@pytest.mark.parametrize(("changed", "status", "field"), [
    ({"rung": 0}, 422, "rung"), ({"rung": 100}, 422, "rung"), ({"rung": "1"}, 422, "rung"), ({"rung": True}, 422, "rung"),
    ({"rung": 1.0}, 422, "rung"), ({"rung": 10**30}, 422, "rung"), ({"rung": 9}, 404, None), ({"rung": 2}, 409, None),
    ({"step": "coffee"}, 404, None), ({"person": "nobody"}, 404, None), ({"person": "zheng"}, 409, None)])
def test_what_cannot_be_sent_again_is_told(api: Api, incident: str, changed: dict, status: int, field: str | None) -> None:
    api.clock.advance(timedelta(minutes=1))
    told = api.post(f"{incident}/resend", {**WU, "rung": 1, **changed})
    assert told.status_code == status
    assert complaints(told)[field]
    assert entries(api, incident, "Resent") == []


@pytest.mark.parametrize("role", ["auditor", "admin"])
def test_who_may_only_read_sees_the_list_and_records_nothing(api: Api, incident: str, role: str) -> None:
    assert api.get(f"{incident}/calls", role=role).status_code == 200
    assert api.post(f"{incident}/acknowledge", WU, role=role).status_code == 403
    assert api.post(f"{incident}/resend", {**WU, "rung": 1}, role=role).status_code == 403


def test_the_examples_can_be_sent_as_they_are(api: Api, incident: str) -> None:
    assert api.post(f"{incident}/acknowledge", examples.ACKNOWLEDGEMENT).status_code == 200
    api.clock.advance(timedelta(minutes=5))
    assert api.post(f"{incident}/resend", examples.RESENDING).status_code == 200
