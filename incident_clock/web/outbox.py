"""The outbox: every message, its state in a word and a sentence, and each try."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from incident_clock.views.messages import GROUPS, LIMIT
from incident_clock.web.context import assembly, now, phrases
from incident_clock.web.guard import must_be_signed_in
from incident_clock.web.telling import Telling
from incident_clock.web.telling_messages import FILTERS, Messages

pages = Blueprint("outbox", __name__)
pages.before_request(must_be_signed_in)


@pages.get("/outbox")
def show() -> ResponseReturnValue:
    return render_template("outbox.html", is_fragment=False, **_shown())


@pages.get("/fragments/outbox")
def fragment() -> ResponseReturnValue:
    return render_template("fragments/outbox.html", is_fragment=True, **_shown())


def _shown() -> dict[str, object]:
    asked = request.args.get("state")
    state = asked if asked in GROUPS else None
    return {
        "state": state, "counts": assembly().views.message_counts(), "limit": LIMIT,
        "filters": FILTERS, "ways": assembly().views.ways(now()),
        "messages": assembly().views.messages(now(), group=state),
        "words": Messages(Telling(phrases(), now())),
    }
