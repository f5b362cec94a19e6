"""What the pretend phones and mailboxes show, and what one can do with them: answer, press a key, set a fate."""

import re
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from incident_clock.channels.base import is_loopback_host
from incident_clock.clock import Clock
from incident_clock.sandbox.fates import FATES
from incident_clock.sandbox.mail import REFUSALS, Mailboxes
from incident_clock.sandbox.phones import ANSWER, Phones, Piece
from incident_clock.sandbox.reporting import Reporter

CODE = re.compile(r"回复([0-9]{4,6})确认|reply ([0-9]{4,6})|Reply ([0-9]{4,6})")
LINK = re.compile(r"(http://\S+)")
LONGEST_ANSWER = 200  # characters
POLICY = ("default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
          "frame-src 'self'")


def page(phones: Phones, mailboxes: Mailboxes, reporter: Reporter, clock: Clock, zone: ZoneInfo) -> Blueprint:
    """The pages over these phones and mailboxes. They hold no secret and change nothing but the sandbox."""
    pages = Blueprint("sandbox", __name__)

    @pages.before_request
    def only_from_here() -> None:
        """Another site open in the same browser may neither read what stands here nor answer for anybody."""
        origin = request.headers.get("Origin", request.host_url.rstrip("/"))
        if not is_loopback_host(urlsplit(request.host_url).hostname) or origin != request.host_url.rstrip("/"):
            abort(403)

    @pages.after_request
    def with_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-store"
        return response

    @pages.get("/")
    @pages.get("/phones/<number>")
    def show(number: str = "") -> ResponseReturnValue:
        """Everything, anew every few seconds; or one phone, which stands still while somebody writes."""
        found = phones.by_number()
        if number:
            if number not in found:
                abort(404)
            found = {number: found[number]}
        return render_template(
            "sandbox.html", phones=found, mails=[] if number else mailboxes.mails(), fates=FATES, refusals=REFUSALS,
            set_fates=phones.set_fates(), code_of=code_of, zone=zone, only=number, LINK=LINK)

    @pages.post("/answer")
    def answer() -> ResponseReturnValue:
        """A phone sends a text."""
        number, text = request.form.get("number", ""), request.form.get("text", "").strip()[:LONGEST_ANSWER]
        if number not in phones.by_number() or not text:
            abort(400)
        reporter.answer(phones.add(ANSWER, number, text, clock.now()))
        return redirect(url_for("sandbox.show", number=request.form.get("only") or None), 303)

    @pages.post("/press")
    def press() -> ResponseReturnValue:
        """A key of a phone that is being called."""
        piece, key = phones.find(request.form.get("sid", "")), request.form.get("key", "")
        if piece is None or not re.fullmatch("[0-9*#]", key):
            abort(400)
        said = reporter.press(piece, key)
        piece.said.append(f"{key}: {re.sub('<[^>]*>', '', said or '').strip() or '—'}")
        return redirect(url_for("sandbox.show"), 303)

    @pages.post("/fate")
    def set_fate() -> ResponseReturnValue:
        """Every number, or one, has this fate from now on; an empty one takes it back."""
        name = request.form.get("fate", "")
        if name and name not in FATES:
            abort(400)
        phones.set_fate(request.form.get("number", ""), FATES[name] if name else None)
        return redirect(url_for("sandbox.show"), 303)

    return pages


def code_of(piece: Piece) -> str:
    """The code a text asks to be answered with; empty when it asks for none."""
    found = CODE.search(piece.text)
    return next((code for code in found.groups() if code), "") if found else ""
