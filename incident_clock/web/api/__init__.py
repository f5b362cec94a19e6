"""The JSON API under `/api/v1` and its description at `/api/openapi.json`. Calls the desk and the views, nothing else.

`incidents.py`, `casework.py`, `answering.py`, `files.py`, `forecast.py`, `readiness.py` and `drill_card.py` hold the
calls,
`asked.py`, `asked_case.py` and `answers.py` what they take and give, `problems.py` what goes wrong.
"""

from typing import TYPE_CHECKING

from apiflask import APIFlask

from incident_clock.web.api import (
    answering,
    casework,
    document,
    drill_card,
    files,
    forecast,
    incidents,
    problems,
    readiness,
)
from incident_clock.web.api.calls import api

CALLS = (incidents, casework, answering, files, forecast, readiness, drill_card)  # each attaches its calls to `api`

if TYPE_CHECKING:
    from incident_clock.assembly import Assembly


def register_api(app: APIFlask, assembly: "Assembly") -> None:
    """Attach the API to the application. A bearer token is its only key, so the forms' CSRF guard passes it by."""
    app.extensions["assembly"] = assembly
    if "csrf" in app.extensions:
        app.extensions["csrf"].exempt(api)
    app.before_request(problems.unrouted)
    app.register_blueprint(api)
    document.serve(app, api)
