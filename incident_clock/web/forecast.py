"""The forecast (预演) of an incident, or of one that came in now; and why every message of an incident was sent.

Everybody who is signed in may read it. Nothing is sent by looking.
"""

from itertools import groupby

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from incident_clock.errors import NotFound
from incident_clock.phrases import N_
from incident_clock.protocol.deadlines import floor_minute
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.views import explaining, incidents
from incident_clock.views.forecast_shapes import Forecast, Moment
from incident_clock.web.context import assembly, now, phrases
from incident_clock.web.guard import must_be_signed_in
from incident_clock.web.telling import Telling
from incident_clock.web.telling_forecast import ForecastWords
from incident_clock.web.telling_messages import Messages

pages = Blueprint("forecast", __name__)
of_incidents = Blueprint("incident_forecast", __name__)  # apart, because it belongs to no entry of the menus
pages.before_request(must_be_signed_in)
of_incidents.before_request(must_be_signed_in)


@pages.get("/forecast")
def show() -> ResponseReturnValue:
    """If one came in now, under the rule of `?protocol=`."""
    rule = _rule(request.args.get("protocol"))
    return render_template("forecast.html", incident=None, past=None, rule=rule, rules=assembly().protocols.values(),
                           **_shown(assembly().forecaster.if_one_came_in(rule, floor_minute(now()))))


@of_incidents.get("/incidents/<number>/forecast")
def show_one(number: str) -> ResponseReturnValue:
    """What is to come for this incident, and why everything that went before did."""
    forecast = assembly().forecaster.of_incident(number, now())
    with assembly().store.read() as session:
        past = explaining.explanation(session, incidents.find(session, number))
    return render_template("forecast.html", incident=assembly().views.incident(number, now()), past=past,
                           rule=forecast.protocol, rules=(), message_words=Messages(Telling(phrases(), now())),
                           **_shown(forecast))


def _shown(forecast: Forecast) -> dict[str, object]:
    words = ForecastWords(Telling(phrases(), now()))
    days = [(day, list(moments)) for day, moments in groupby(
        (moment for moment in forecast.moments if _tells(moment)), key=lambda moment: phrases().day(moment.at))]
    with assembly().store.read() as session:
        has_channel = bool(assembly().enabled_channels(session))
    return {"forecast": forecast, "days": days, "words": words, "has_channel": has_channel,
            "today": phrases().day(now())}


def _tells(moment: Moment) -> bool:
    return bool(moment.due or any(call.is_news for call in moment.calls))


def _rule(key: str | None) -> ResponseProtocol:
    """The rule of that key, the default without one. Raises NotFound."""
    rules = assembly().protocols
    if key is None:
        return assembly().default_protocol
    if key not in rules:
        raise NotFound(N_("没有“%(key)s”这套规则，可选：%(keys)s"), key=key[:40], keys=list(rules))
    return rules[key]
