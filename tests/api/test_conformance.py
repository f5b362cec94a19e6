"""Schemathesis against the real application: whatever is sent, the answer is one that the document allows."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.api.rig import Api

CALLS = [
    ("POST", "/api/v1/incidents"), ("GET", "/api/v1/incidents"), ("GET", "/api/v1/incidents/{id}"),
    ("POST", "/api/v1/incidents/{id}/steps/{key}/log"), ("POST", "/api/v1/incidents/{id}/steps/{key}/withdraw"),
    ("POST", "/api/v1/incidents/{id}/close"), ("GET", "/api/v1/incidents/{id}/timeline"),
    ("GET", "/api/v1/incidents/{id}/messages"),
    ("GET", "/api/v1/incidents/{id}/calls"), ("POST", "/api/v1/incidents/{id}/acknowledge"),
    ("POST", "/api/v1/incidents/{id}/resend"), ("GET", "/api/v1/readiness"),
    ("GET", "/api/v1/incidents/{id}/drill-card"),
    ("GET", "/api/v1/incidents/{id}/forecast"), ("GET", "/api/v1/forecast"),
    ("POST", "/api/v1/incidents/{id}/files"), ("GET", "/api/v1/incidents/{id}/files"),
    ("GET", "/api/v1/incidents/{id}/files/{file}"),
]
GIVEN = {"key": "phone_report", "file": "1"}
ABOUT_A_REAL_ONE = [call for call in CALLS if "{id}" in call[1]]
WITH_INPUT = [call for call in CALLS if call[0] == "POST" or "{" not in call[1]]

ALWAYS = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
          response_schema_conformance]
EXAMPLES = 20  # requests per test; the same ones each time
bounded = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
                   suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_request_in_the_documented_shape_is_answered_as_documented(api: Api, method: str, path: str):
    _send(api, method, path, GenerationMode.POSITIVE, [*ALWAYS, ignored_auth, unsupported_method])


@pytest.mark.parametrize(("method", "path"), ABOUT_A_REAL_ONE)
def test_a_request_about_a_real_incident_is_answered_as_documented(api: Api, method: str, path: str):
    number = api.registered().rpartition("/")[2]
    found = {"id": number, **{name: value for name, value in GIVEN.items() if f"{{{name}}}" in path}}
    _send(api, method, path, GenerationMode.POSITIVE, ALWAYS, path_parameters=found)


@pytest.mark.parametrize(("method", "path"), WITH_INPUT)
def test_a_request_in_any_other_shape_is_refused_as_documented(api: Api, method: str, path: str):
    _send(api, method, path, GenerationMode.NEGATIVE, [*ALWAYS, negative_data_rejection])


def _send(api: Api, method: str, path: str, mode: GenerationMode, checks: list, **fixed: object) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", api.app)
    headers = {"Authorization": f"Bearer {api.token('duty_officer')}"}

    @bounded
    @given(case=schema[path][method].as_strategy(generation_mode=mode, **fixed))
    def send(case: Case) -> None:
        case.call_and_validate(headers=headers, checks=checks)

    send()
