"""The OpenAPI 3.1 document at `/api/openapi.json`: what apiflask finds in the calls, and what it leaves out."""

import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from apiflask import APIBlueprint, APIFlask
from flask import Flask, Response

import incident_clock
from incident_clock.desk import KEY_LIMIT
from incident_clock.web.api import examples
from incident_clock.web.api.answers import PROBLEM_JSON, Problem, answer

PATH = "/api/openapi.json"

DESCRIPTION = """Registers emergency public-opinion incidents, logs their steps, and reads how they stand.

Instants are ISO 8601 with an offset. Errors are RFC 9457 problems whose sentences follow Accept-Language (zh, en).
A POST with an Idempotency-Key may be repeated: it is carried out once and answered the same way.
"""
PROBLEMS = {
    400: "The body is not JSON", 401: "No token, or one that does not count", 403: "The token's role may not do this",
    404: "No such incident or step", 409: "It contradicts what stands already: who did it and when is told",
    413: "The body is too large", 415: "The body is not declared as JSON", 422: "Each wrong field with a sentence",
    503: "The database cannot be used; repeat with the same Idempotency-Key",
}
ARGUMENTS = {
    "id": "The incident's number (2026-0037, drills Y2026-0005) or its id.",
    "key": "The step's key, e.g. phone_report.", "file": "The file's id.",
    "sequence": "The entry's sequence in the incident's timeline.",
}
IDEMPOTENCY_KEY = {
    "in": "header", "name": "Idempotency-Key", "required": False, "example": "7f6a3f1c-phone-1",
    "description": "The same key with the same body is answered again and not carried out again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LIMIT},
}
HEADERS = {
    "201": {"Location": "What was made"}, "401": {"WWW-Authenticate": "Bearer"}, "503": {"Retry-After": "Seconds"},
}


def serve(app: Flask, api: APIBlueprint) -> None:
    """Serve the document of `api`, without sign-in. It is made once, when it is first asked for."""
    document = cache(lambda: _completed(_described(api)))

    @app.get(PATH)
    def openapi() -> Response:
        return answer(document())


def problems(statuses: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    """What to write down for these statuses among the responses of a call."""
    content = {PROBLEM_JSON: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    return {status: {"description": PROBLEMS[status], "content": content} for status in statuses}


def _described(api: APIBlueprint) -> dict[str, Any]:
    """What apiflask says of the calls, in an application of their own: it cannot bear the pages beside them."""
    app = APIFlask(__name__, title="Incident Clock API", version=incident_clock.__version__, spec_path=None,
                   docs_path=None)
    app.config.update(DESCRIPTION=DESCRIPTION, SERVERS=[{"url": "/"}], AUTO_404_RESPONSE=False,
                      AUTO_VALIDATION_ERROR_RESPONSE=False, AUTO_AUTH_ERROR_RESPONSE=False)
    app.register_blueprint(api)
    return cast(dict[str, Any], app.spec)


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """Required bodies, headers, arguments in words, and the one shape of problems; each schema under its own name."""
    document = json.loads(re.sub(r"(#/components/schemas/)\w+\.", r"\1", json.dumps(document)))
    schemas = {name.rpartition(".")[2]: schema for name, schema in document["components"]["schemas"].items()}
    document["components"]["schemas"] = schemas | _problem_schemas()
    for operations in document["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
                operation["parameters"].append(IDEMPOTENCY_KEY)
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    parameter["description"] = ARGUMENTS[parameter["name"]]
            for status, response in operation["responses"].items():
                if status in HEADERS:
                    response["headers"] = {name: {"description": said, "schema": {"type": "string"}}
                                           for name, said in HEADERS[status].items()}
    return document


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), Problem.__name__: schema | {"examples": [examples.PROBLEM]}}
