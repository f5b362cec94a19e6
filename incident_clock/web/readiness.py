"""The readiness board: is somebody there tonight for every rung, and in the days to come? Everybody may read it."""

from datetime import date, timedelta
from itertools import groupby

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from incident_clock.people.rest_days import MADE_UP
from incident_clock.phrases import N_
from incident_clock.views import readiness
from incident_clock.web.context import assembly, now, phrases, zone
from incident_clock.web.guard import must_be_signed_in
from incident_clock.web.telling import Telling
from incident_clock.web.telling_readiness import ReadinessWords

pages = Blueprint("readiness", __name__)
pages.before_request(must_be_signed_in)


@pages.get("/readiness")
def show() -> ResponseReturnValue:
    with assembly().store.read() as session:
        seen = readiness.readiness(session, assembly().protocols.values(), now=now(), zone=zone(),
                                   channels=assembly().enabled_channels(session), day_kind=_day_word)
    return render_template("readiness.html", seen=seen, words=_words(), days=readiness.DAYS)


@pages.get("/readiness/<day>")
def day(day: str) -> ResponseReturnValue:
    """Every rung of every rule on that day."""
    try:
        asked = date.fromisoformat(day)
    except ValueError:
        abort(404)
    with assembly().store.read() as session:
        seen = readiness.day_in_full(session, assembly().protocols.values(), asked, now=now(), zone=zone(),
                                     channels=assembly().enabled_channels(session))
    rules = [(protocol, list(rungs)) for protocol, rungs in groupby(seen.rungs, key=lambda one: one.protocol)]
    near = {ahead: asked + timedelta(days=ahead) for ahead in (-1, 1)}
    return render_template("readiness_day.html", seen=seen, rules=rules, words=_words(),
                           near={ahead: other for ahead, other in near.items()
                                 if readiness.is_shown(other, now=now(), zone=zone())})


def _day_word(day: date) -> str | None:
    """What is special about a day: a holiday's name, or that it is worked in exchange."""
    kind = assembly().rest_days.kind(day)
    return N_("调休上班") if kind.kind == MADE_UP else next(iter(kind.names), None)


def _words() -> ReadinessWords:
    return ReadinessWords(Telling(phrases(), now()))
