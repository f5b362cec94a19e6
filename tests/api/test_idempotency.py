"""A request sent twice under one key is carried out once and answered alike; of two officers one logs the step."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from werkzeug.test import TestResponse

from incident_clock.people.tokens import issue_token
from tests.api.rig import LABEL, PHONE, Api, complaints

KEY = {"Idempotency-Key": "7f6a3f1c"}
BODY = {"title": "井盖破损", "place": "滨湖路"}


def test_the_same_registration_again_gets_the_same_answer(api_on_both: Api):
    api = api_on_both
    first, again = (api.post("/incidents", BODY, headers=KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]
    assert len(api.get("/incidents").json["incidents"]) == 1


def test_the_same_body_in_other_words_is_the_same_request(api: Api):
    api.post("/incidents", {**BODY, "unit": None}, headers=KEY)
    assert api.post("/incidents", dict(reversed(BODY.items())), headers=KEY).status_code == 201
    assert len(api.get("/incidents").json["incidents"]) == 1


def test_the_same_key_with_another_body_is_refused(api: Api):
    api.post("/incidents", BODY, headers=KEY)
    told = api.post("/incidents", {**BODY, "place": "文昌桥"}, headers=KEY)
    assert told.status_code == 409
    assert "已经提交过" in complaints(told)[None]
    assert len(api.get("/incidents").json["incidents"]) == 1


@pytest.mark.parametrize(("path", "body"), [
    (f"{PHONE}/log", {"note": "已复述"}), (f"{PHONE}/withdraw", {"reason": "记错了"}), ("/close", {"reason": "办结"})])
def test_every_post_may_be_repeated_under_its_key(api: Api, path: str, body: dict):
    incident = api.registered(protocol="general-48h") if path == "/close" else api.registered()
    if path == "/close":
        api.post(f"{incident}/steps/response/log")
    if path.endswith("withdraw"):
        api.post(f"{incident}{PHONE}/log")
    first, again = (api.post(f"{incident}{path}", body, headers=KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json == first.json
    assert api.post(f"{incident}{path}", {"reason": "另一个"}, headers=KEY).status_code == 409
    assert api.post(f"{incident}{path}", body).status_code == 409  # without the key it is carried out, and refused


def test_a_refused_request_does_not_use_its_key_up(api: Api):
    assert api.post("/incidents", {"title": ""}, headers=KEY).status_code == 422
    assert api.post("/incidents", BODY, headers=KEY).status_code == 201


def test_two_tokens_never_share_a_key_even_under_one_label(api: Api):
    first = api.post("/incidents", BODY, headers=KEY).json["number"]
    with api.assembly.store.write() as session:
        other = issue_token(session, "duty_officer", LABEL, api.clock.now())
    told = api.post("/incidents", BODY, role=None, headers={**KEY, "Authorization": f"Bearer {other}"})
    assert told.status_code == 201
    assert told.json["number"] != first


@pytest.mark.parametrize("key", ["", "k" * 201, "a\x7f", "\x00"])
def test_a_key_that_cannot_be_kept_is_refused(api_on_both: Api, key: str):
    told = api_on_both.post("/incidents", BODY, headers={"Idempotency-Key": key})
    assert told.status_code == 422
    assert "幂等键" in "".join(complaints(told).values())


def test_of_two_officers_who_log_one_step_at_once_one_is_told_about_the_other(api_on_both: Api):
    api = api_on_both
    path = f"{api.registered()}{PHONE}/log"
    told = _at_once(api, [lambda role=role: api.post(path, role=role) for role in ("duty_officer", "duty_leader")])
    assert sorted(one.status_code for one in told) == [200, 409]
    refused = next(one for one in told if one.status_code == 409)
    assert complaints(refused)[None].startswith(f"{LABEL}已在 14:12 记录过这一步")
    kinds = [entry["kind"] for entry in api.get(path.removesuffix(f"{PHONE}/log") + "/timeline").json["entries"]]
    assert kinds == ["IncidentRegistered", "StepLogged"]


def test_one_request_sent_many_times_at_once_is_carried_out_once(api_on_both: Api):
    api = api_on_both
    told = _at_once(api, [lambda: api.post("/incidents", BODY, headers=KEY)] * 6)
    assert [one.status_code for one in told] == [201] * 6
    assert {one.json["number"] for one in told} == {"2026-0001"}


def _at_once(api: Api, calls: list) -> list[TestResponse]:
    """The answers to calls that start at one moment."""
    for role in ("duty_officer", "duty_leader"):
        api.token(role)
    barrier = Barrier(len(calls))

    def start(call) -> TestResponse:
        barrier.wait(timeout=10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(start, calls))
