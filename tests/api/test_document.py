"""The OpenAPI document against the calls themselves: every path, every shape, every example."""

import re
from typing import Any

import pytest
from pydantic import BaseModel

from incident_clock.registry.drafts import NewIncident, StepLog
from incident_clock.web.api import answers, asked, examples
from incident_clock.web.api.forecast import ForecastAnswer
from incident_clock.web.api.readiness import Readiness
from tests.api.rig import PHONE, Api, at

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    told = api.app.test_client().get("/api/openapi.json")  # without a token
    assert (told.status_code, told.mimetype) == (200, "application/json")
    return told.json


def test_the_document_holds_the_paths_of_the_application_and_no_others(api: Api, document: dict):
    real = {(re.sub(r"<(?:int:)?(\w+)>", r"{\1}", rule.rule), method) for rule in api.app.url_map.iter_rules()
            for method in rule.methods & METHODS if rule.rule.startswith("/api/")} - {("/api/openapi.json", "GET")}
    told = {(path, method.upper()) for path, operations in document["paths"].items() for method in operations}
    assert told == real
    assert len(told) == 32


def test_every_call_asks_for_a_token_and_tells_its_problems_in_one_shape(document: dict):
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert [list(one) for one in operation["security"]] == [["bearer"]]
            assert operation["summary"]
            problems = {status for status in operation["responses"] if status >= "400"}
            assert problems >= {"401", "403", "503"} | ({"404"} if "{id}" in path else set()) | (
                {"400", "409", "413", "415", "422"} if method == "post" else set())
            for status in problems:
                assert operation["responses"][status]["content"] == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def test_every_body_is_required_and_may_be_repeated_under_a_key(document: dict):
    posts = [operations["post"] for operations in document["paths"].values() if "post" in operations]
    assert len(posts) == 20
    for post in posts:
        assert post["requestBody"]["required"] is True
        assert "Idempotency-Key" in [parameter["name"] for parameter in post["parameters"]]
        content = post["requestBody"]["content"]
        assert "multipart/form-data" in content or content["application/json"]["example"]


def test_every_reference_leads_to_a_schema(document: dict):
    schemas = document["components"]["schemas"]
    found = set(re.findall(r"#/components/schemas/([^'\"]+)", str(document)))
    assert found
    assert found <= schemas.keys()


def test_the_document_is_the_same_whoever_asks_first(api: Api, document: dict):
    told = api.app.test_client().get("/api/openapi.json", headers={"Host": "evil.example"})
    assert told.json == document
    assert "evil" not in told.text


def test_the_examples_can_be_sent_as_they_are(api: Api):
    api.clock.move_to(at("14:21"))
    told = api.post("/incidents", examples.REGISTRATION)
    assert told.status_code == 201
    incident = f"/incidents/{told.json['number']}"
    assert api.post(f"{incident}{PHONE}/log", examples.LOG).status_code == 200
    assert api.post(f"{incident}{PHONE}/withdraw", examples.WITHDRAWAL).status_code == 200
    for step in told.json["steps"]:
        api.post(f"{incident}/steps/{step['key']}/log")
    assert api.post(f"{incident}/close", examples.CLOSING).status_code == 200
    answers.Problem.model_validate(examples.PROBLEM)


def test_what_may_be_asked_is_what_a_draft_holds():
    assert asked.Registration.model_fields.keys() == NewIncident.__dataclass_fields__.keys()
    assert asked.Log.model_fields.keys() | {"record"} == StepLog.__dataclass_fields__.keys()  # evidence holds both


@pytest.mark.parametrize(("path", "shape"), [
    ("/incidents", answers.Incidents), ("/incidents/1", answers.Incident), ("/incidents/1/timeline", answers.Timeline),
    ("/incidents/1/messages", answers.Messages), ("/readiness", Readiness),
    ("/incidents/1/forecast", ForecastAnswer), ("/forecast", ForecastAnswer)])
def test_an_answer_has_exactly_the_shape_that_is_written_down(api: Api, path: str, shape: type[BaseModel]):
    incident = api.registered(occurred_at="2026-03-12T13:50+08:00")
    api.tick()
    api.post(f"{incident}{PHONE}/log")
    told = api.get(path).json
    assert shape.model_validate(told, strict=False).model_dump(mode="json") == told
    for listed in ("entries", "messages", "incidents", "days", "calls"):
        assert told.get(listed, [0])


def test_a_registration_is_answered_in_the_shape_that_is_written_down(api: Api):
    api.post("/incidents", {"title": "井盖破损"})
    told = api.post("/incidents", {"title": "井盖破损"}).json
    assert answers.Registered.model_validate(told).model_dump(mode="json") == told
    assert told["warnings"]
