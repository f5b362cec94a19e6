"""Is it alive, can it work, is the engine ticking: for watchdogs, without sign-in, without personal data."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from incident_clock.errors import CannotRun
from incident_clock.store.migrating import require_current
from incident_clock.web.context import assembly, now

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def alive() -> ResponseReturnValue:
    return {"status": "alive"}


@pages.get("/readyz")
def ready() -> ResponseReturnValue:
    """The database answers and has the schema this program expects."""
    try:
        require_current(assembly().store)
    except CannotRun as error:
        return _not_ready(str(error))
    return {"status": "ready"}


@pages.get("/readyz/engine")
def engine_ready() -> ResponseReturnValue:
    """The engine ticked within 15 s and its last self-audit passed."""
    reason = assembly().views.why_engine_not_ready(now())
    return _not_ready(reason) if reason else {"status": "ready"}


def _not_ready(reason: str) -> ResponseReturnValue:
    return {"status": "not ready", "reason": reason}, 503
