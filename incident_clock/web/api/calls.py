"""How a call is made: which path, who may, what it takes and gives. One decorator, so that all calls are alike."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import BaseModel
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from incident_clock.errors import Invalid, Refusal
from incident_clock.phrases import N_
from incident_clock.registry.attachments import LARGEST_FILE, MB
from incident_clock.web.api.bearer import bearer
from incident_clock.web.api.document import problems
from incident_clock.web.api.problems import attach
from incident_clock.web.attachments import read_on

PREFIX = "/api/v1"
JSON_BODY, FORM_WITH_FILE = "json", "form_and_files"  # where apiflask finds a body

api = APIBlueprint("api", __name__, url_prefix=PREFIX, tag="incidents")
attach(api)

View = Callable[..., Response]


class TooLarge(Refusal):
    """A body that is not read to its end (413)."""

    http_status = 413


def call(method: str, path: str, *, needs: str, gives: type[BaseModel], status: int = 200,
         takes: type[BaseModel] | None = None, example: dict[str, Any] | None = None, location: str = JSON_BODY,
         asks: type[BaseModel] | None = None) -> Callable[[View], View]:
    """Make a view a call of the API: `needs` is an action of `access`, `takes` the body, `asks` the query.

    The view gets body or query as `asked`. The token is looked at first, then the body: JSON, or a form with a file.
    """
    statuses = [401, 403, *([404] if "<" in path else []), *([400, 409, 413, 415] if takes else []),
                *([422] if takes or asks else []), 503]

    def decorate(view: View) -> View:
        made: Any = api.output(gives, status)(view)
        if takes is not None:
            made = api.input(takes, location=location, arg_name="asked", example=example)(made)
            made = _json_object(made) if location == JSON_BODY else _form(made)
        if asks is not None:
            made = api.input(asks, location="query", arg_name="asked")(made)
        made = api.doc(operation_id=view.__name__, responses=problems(statuses))(made)
        made = api.auth_required(bearer, roles=[needs])(made)
        api.route(path, methods=[method])(made)
        return view

    return decorate


def reference(id: str) -> str | int:
    """A number as it is, an id as the whole number it is. That it leads nowhere is told by those who look it up."""
    return int(id) if re.fullmatch("[0-9]{1,10}", id) else id


def request_key() -> str | None:
    """The caller's name for this request. Raises Invalid for one that a database could not keep."""
    key = request.headers.get("Idempotency-Key")
    if key and not key.isprintable():
        raise Invalid(N_("幂等键里有看不见的控制字符，请换一个"), field="Idempotency-Key")
    return key


def _json_object(view: View) -> View:
    """Refuse what is no JSON object, before its fields are looked at."""

    @wraps(view)
    def read(**arguments: Any) -> Response:
        if not request.is_json:
            raise UnsupportedMediaType
        try:
            body = request.get_json()
        except RecursionError as error:  # brackets within brackets without end
            raise BadRequest from error
        if not isinstance(body, dict):
            raise Invalid(N_("请求体应为一个 JSON 对象，例如 {\"reason\": \"…\"}"))
        return view(**arguments)

    return read


def _form(view: View) -> View:
    """Refuse what is no form that can hold a file, before its fields are looked at."""

    @wraps(view)
    def read(**arguments: Any) -> Response:
        if request.mimetype != "multipart/form-data":
            raise Invalid(N_("请求体应为 multipart/form-data，文件放在 file 一项里"), field="file")
        try:
            request.files  # noqa: B018 (reads the body)
        except RequestEntityTooLarge as error:
            read_on()
            raise TooLarge(N_("每个附件最多%(limit)s MB。请压缩、截取要紧的部分或分成几个文件再传"), field="file",
                           limit=LARGEST_FILE // MB) from error
        return view(**arguments)

    return read
