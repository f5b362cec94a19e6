"""Bad input gets a sentence per field and changes nothing; the machine's own trouble is told too, never a stack trace."""

import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from incident_clock.web.api import problems
from incident_clock.web.security import MAX_BODY_BYTES
from tests.api.rig import PHONE, Api, at, complaints

GOOD = {"title": "井盖破损"}

BAD_REGISTRATIONS: list[tuple[Any, dict[str | None, str]]] = [
    ({}, {"title": "缺少这一项"}),
    ({"title": None}, {"title": "应为文字"}),
    ({"title": "  "}, {"title": "请用一句话写明什么事"}),
    ({"title": 12}, {"title": "应为文字"}),
    ({"title": "故" * 10_000}, {"title": "最多200字，现有10000字"}),
    ({"title": "井盖\x00破损"}, {"title": "控制字符"}),
    ({"title": "井盖\u202e破损"}, {"title": "控制字符"}),
    ({"title": "井盖\ud800"}, {"title": "控制字符"}),
    ({**GOOD, "\ud800": 1}, {None: "半个字"}),
    ({**GOOD, "titel": "x"}, {"titel": "是不是“title”"}),
    ({**GOOD, "收件时间": "x"}, {"收件时间": "可用：title、received_at"}),
    ({**GOOD, "a\x1b[31m\n": 1}, {"a\\x1b[31m\\n": "没有"}),
    ({**GOOD, "is_drill": "true"}, {"is_drill": "应为 true 或 false"}),
    ({**GOOD, "is_drill": 1}, {"is_drill": "应为 true 或 false"}),
    ({**GOOD, "confirmed": None}, {"confirmed": "应为 true 或 false"}),
    ({**GOOD, "received_at": "2026-03-12T14:05"}, {"received_at": "缺少时区"}),
    ({**GOOD, "received_at": "2026-03-12"}, {"received_at": "缺少时区"}),
    ({**GOOD, "received_at": "2026-02-30T14:05+08:00"}, {"received_at": "“2026-02-30T14:05+08:00”不是日历上的时刻"}),
    ({**GOOD, "received_at": "刚才"}, {"received_at": "“刚才”不是日历上的时刻"}),
    ({**GOOD, "received_at": "\ud800" * 99}, {"received_at": "“\\ud800"}),
    ({**GOOD, "received_at": 1773295500}, {"received_at": "应为文字"}),
    ({**GOOD, "received_at": "0001-01-01T00:00+08:00"}, {"received_at": "年份不对"}),
    ({**GOOD, "occurred_at": "9999-12-31T23:59-23:59"}, {"occurred_at": "年份不对"}),
    ({**GOOD, "received_at": "2026-03-12T14:15+08:00"}, {"received_at": "比现在晚3分钟"}),
    ({**GOOD, "received_at": "2025-03-10T14:15+08:00"}, {"received_at": "一年以前"}),
    ({**GOOD, "category": "weather"}, {"category": "可选：natural、accident"}),
    ({**GOOD, "event_grade": "大"}, {"event_grade": "可选：一般、较大"}),
    ({**GOOD, "protocol": "five-step"}, {"protocol": "可选：district-emergency、cn-2016-80"}),
    ({**GOOD, "place": ["滨湖路"]}, {"place": "应为文字"}),
    ({**GOOD, "place": float("nan")}, {"place": "应为文字"}),
    ({"place": 3, "received_at": "x", "drill": True},
     {"title": "缺少这一项", "place": "应为文字", "received_at": "不是日历上的时刻", "drill": "没有“drill”这一项"}),
    ([], {None: "应为一个 JSON 对象"}),
    ("井盖破损", {None: "应为一个 JSON 对象"}),
]


@pytest.mark.parametrize(("body", "said"), BAD_REGISTRATIONS)
def test_a_registration_that_cannot_be_right_is_refused_field_by_field(api: Api, body: Any, said: dict):
    told = api.post("/incidents", body)
    assert told.status_code == 422
    found = complaints(told)
    assert sorted(map(str, found)) == sorted(map(str, said))
    for field, part in said.items():
        assert part in found[field]
    assert api.get("/incidents").json["incidents"] == []


@pytest.mark.parametrize("title", ["😀 井盖破损", "𠮷野家门前井盖破损", "<script>alert(1)</script>", "' OR 1=1 --", "a" * 200])
def test_a_strange_but_possible_title_is_kept_as_it_is(api_on_both: Api, title: str):
    assert api_on_both.get(api_on_both.registered(title=title)).json["title"] == title


def test_a_time_more_than_a_day_back_asks_to_be_confirmed(api: Api):
    body = {**GOOD, "received_at": "2026-03-11T14:11+08:00"}
    told = api.post("/incidents", body)
    assert told.status_code == 422
    assert list(complaints(told)) == ["received_at"]
    assert "\"confirmed\": true" in complaints(told)["received_at"]
    assert api.post("/incidents", {**body, "confirmed": True}).status_code == 201


BAD_LOGS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"done_at": "2026-03-12T14:04+08:00"}, {"reason": "早于计时起点"}),
    ({"done_at": "2026-03-12T14:15+08:00"}, {"done_at": "不能在未来"}),
    ({"done_at": "14:10"}, {"done_at": "不是日历上的时刻"}),
    ({"done": "2026-03-12T14:10+08:00"}, {"done": "是不是“done_at”"}),
    ({"note": "\x07"}, {"note": "控制字符"}),
    ({"evidence": ["call"]}, {"evidence": "写明各要素的对象"}), ({"evidence": {"kind": "call"}}, {"evidence": "没有任何要素"}), ({"evidence": {"kind": "document"}}, {"evidence": "应是 call"}),
    ({"evidence": {"answered_by": "刘丙"}}, {"outcome": "请填写“结果”"}),
    ({"evidence": {"outcome": "reached", "mood": "calm"}}, {"mood": "没有这一栏"}),
]


@pytest.mark.parametrize(("body", "said"), BAD_LOGS)
def test_a_log_that_cannot_be_right_is_refused_and_leaves_the_step_open(api: Api, body: dict, said: dict):
    incident = api.registered()
    told = api.post(f"{incident}{PHONE}/log", body)
    assert told.status_code == 422
    found = complaints(told)
    assert set(found) == set(said)
    assert all(part in found[field] for field, part in said.items())
    assert api.get(incident).json["steps"][0]["done_at"] is None


def test_a_log_before_the_clock_started_is_taken_with_a_reason(api: Api):
    told = api.post(f"{api.registered()}{PHONE}/log", {"done_at": "2026-03-12T14:04+08:00", "reason": "先口头报告"})
    assert told.status_code == 200


@pytest.mark.parametrize(("path", "field"), [
    (f"{PHONE}/withdraw", "done_at"), ("/close", "note")])
def test_a_field_of_another_call_is_refused(api: Api, path: str, field: str):
    told = api.post(f"{api.registered()}{path}", {field: "x"})
    assert (told.status_code, complaints(told)) == (422, {field: f"没有“{field}”这一项，可用：reason"})


@pytest.mark.parametrize(("query", "field"), [
    ("open=yes", "open"), ("open=True", "open"), ("open=", "open"), ("cursor=x", "cursor"), ("cursor=-1", "cursor"),
    ("cursor=2147483648", "cursor"), ("cursor=%EF%BC%91", "cursor"), ("q=%00", "q"), ("q=" + "a" * 201, "q"),
    ("opne=true", "opne")])
def test_a_wrong_query_of_the_list_is_refused(api_on_both: Api, query: str, field: str):
    told = api_on_both.get(f"/incidents?{query}")
    assert (told.status_code, list(complaints(told))) == (422, [field])


@pytest.mark.parametrize("query", ["q=%25", "q=_%5C", "q=%F0%9F%98%80", "q=%ff", "q='", "cursor=2147483647", "q="])
def test_a_strange_but_possible_query_is_answered(api_on_both: Api, query: str):
    assert api_on_both.get(f"/incidents?{query}").json["incidents"] == []


BODIES = [
    ("{", "application/json", 400), ("", "application/json", 400), ("[" * 99_999, "application/json", 400),
    (b"\xff\xfe\xfd", "application/json", 400), ('{"title": ' + "1" * 5_000 + "}", "application/json", 400),
    ('{"title": "x"}', "text/plain", 415), ("title=x", "application/x-www-form-urlencoded", 415), ('{"title": "x"}', "", 415),
    ('{"title": "' + "x" * MAX_BODY_BYTES + '"}', "application/json", 413), ("null", "application/json", 422),
]


@pytest.mark.parametrize("path", ["/incidents", f"/incidents/2026-0001{PHONE}/log", "/incidents/2026-0001/close"])
@pytest.mark.parametrize(("body", "content_type", "status"), BODIES)
def test_what_is_no_json_is_refused(api: Api, path: str, body: str | bytes, content_type: str, status: int):
    api.registered()
    told = api.call("POST", path, data=body, content_type=content_type)
    assert told.status_code == status
    assert len(complaints(told)[None]) > 5


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/api", 404), ("GET", "/api/", 404), ("GET", "/api/v1", 404), ("GET", "/api/v2/incidents", 404),
    ("GET", "/api/v1/incidents/", 404), ("POST", "/api/v1/incidents/1/reopen", 404), ("GET", "/api/v1/incidents/a/b", 404),
    ("PUT", "/api/v1/incidents", 405), ("DELETE", "/api/v1/incidents/1", 405), ("POST", "/api/openapi.json", 405)])
def test_a_path_or_method_that_is_not_there_is_a_problem_too(api: Api, method: str, path: str, status: int):
    told = api.app.test_client().open(path, method=method)
    assert told.status_code == status
    assert "/api/openapi.json" in complaints(told)[None]
    assert ("Allow" in told.headers) == (status == 405)


def test_other_paths_keep_their_pages(api: Api):
    assert api.app.test_client().get("/apiary").mimetype == "text/html"


def test_a_database_that_cannot_be_used_is_told_without_its_words(api: Api, caplog: pytest.LogCaptureFixture):
    incident = api.registered()
    api.assembly.store.dispose()
    file = Path(api.assembly.store.url.database)
    file.rename(file.with_suffix(".away"))
    file.mkdir()
    with caplog.at_level(logging.ERROR):
        told = [api.get(incident), api.post("/incidents", GOOD), api.get("/incidents")]
    assert {one.status_code for one in told} == {503}
    assert all("重试" in complaints(one)[None] and one.headers["Retry-After"] == "5" for one in told)
    assert "unable to open database file" in caplog.text
    assert "Traceback" not in caplog.text
    assert "SELECT" not in caplog.text


def test_a_database_that_only_reads_refuses_a_registration_and_loses_nothing(api: Api):
    incident = api.registered()
    with api.assembly.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    told = api.post("/incidents", GOOD)
    assert told.status_code == 503
    api.assembly.store.dispose()
    assert [one["number"] for one in api.get("/incidents").json["incidents"]] == [incident.rpartition("/")[2]]


def test_our_own_mistake_is_logged_and_told_without_a_stack_trace(
        api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise RuntimeError("a planted mistake")

    monkeypatch.setattr("incident_clock.views.plain.incident", broken)
    told = api.get(api.post("/incidents", GOOD) and "/incidents/2026-0001")
    assert told.status_code == 500
    assert "系统管理员" in complaints(told)[None]
    assert "planted" not in told.text
    assert "a planted mistake" in caplog.text


def test_a_kind_of_error_that_pydantic_may_yet_invent_is_told_as_well(api: Api):
    error = ValidationError.from_exception_data("Registration", [{"type": "int_parsing", "loc": ("place",), "input": "x"}])
    assert [(one.field, one.phrase) for one in problems.complaints(error)] == [("place", problems.WRONG_SOMEHOW)]


def test_a_future_is_measured_from_now(api: Api):
    api.clock.move_to(at("14:13"))
    assert api.post("/incidents", {**GOOD, "received_at": "2026-03-12T14:15+08:00"}).status_code == 201
