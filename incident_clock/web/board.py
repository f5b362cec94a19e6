"""The board: open incidents, the one due first on top."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from incident_clock.web.context import assembly, now
from incident_clock.web.guard import must_be_signed_in

pages = Blueprint("board", __name__)
pages.before_request(must_be_signed_in)


@pages.get("/")
def show() -> ResponseReturnValue:
    return render_template("board.html", board=assembly().views.board(now()), is_fragment=False)


@pages.get("/fragments/board")
def fragment() -> ResponseReturnValue:
    return render_template("fragments/board.html", board=assembly().views.board(now()), is_fragment=True)


@pages.get("/fragments/pulse")
def pulse() -> ResponseReturnValue:
    """Only the heartbeat and the alarm, for pages that hold nothing else that changes."""
    return render_template("fragments/pulse.html", is_fragment=True)
