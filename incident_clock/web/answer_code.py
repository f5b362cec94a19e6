"""The page `/a`: a six-digit code from a text message answers that one message for its one receiver. No sign-in.

For ways that carry no answers back. Shows number, step and deadline only; wrong codes are throttled (`gates.py`).
"""

import re
import unicodedata

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from incident_clock.inbox import Answered
from incident_clock.outbox.queue import ANSWER_DIGITS
from incident_clock.phrases import N_
from incident_clock.protocol.replies import ACKNOWLEDGE, PASS_ON
from incident_clock.web.context import assembly, now, phrases

# Without CSRF guard (see `app.py`): there is no session here that a foreign page could ride on, and the code is the
# proof that the guard's own token would be.
pages = Blueprint("answer_code", __name__)

ACTIONS = {"1": ACKNOWLEDGE, "2": PASS_ON}
CODE = re.compile(rf"[0-9]{{{ANSWER_DIGITS}}}")
INCOMPLETE = N_("请填写短信里的六位确认码")


@pages.get("/a")
def show() -> ResponseReturnValue:
    """The form. A code never stands in an address, where it would be kept."""
    return _page()


@pages.post("/a")
def use() -> ResponseReturnValue:
    """One of the two buttons."""
    code = re.sub(r"\s", "", unicodedata.normalize("NFKC", request.form.get("code", "")))
    action = ACTIONS.get(request.form.get("action", ""), ACKNOWLEDGE)
    if not CODE.fullmatch(code):
        return _page(complaint=phrases().say(INCOMPLETE), status=422)
    done = assembly().inbox.by_code(code, action, client=request.remote_addr or "", now=now())
    if done.number:
        return _page(done=done)
    return _page(complaint=phrases().say(done.said), status=429 if done.is_throttled else 404)


def _page(*, done: Answered | None = None, complaint: str = "", status: int = 200) -> ResponseReturnValue:
    errors = {"code": complaint} if complaint else {}
    return make_response(render_template("answer_code.html", done=done, errors=errors, digits=ANSWER_DIGITS,
                                         seen_at=now()), status)
