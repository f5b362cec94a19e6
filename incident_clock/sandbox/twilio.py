"""The provider's own interface, as far as the product and its SDK use it: send, look up, list; and its troubles."""

import hmac
import socket
import time
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from incident_clock.clock import Clock
from incident_clock.sandbox.account import ACCOUNT_SID, AUTH_TOKEN, NUMBER
from incident_clock.sandbox.phones import CALL, SMS, Phones, Piece
from incident_clock.sandbox.reporting import Reporter

ROOT = f"/2010-04-01/Accounts/{ACCOUNT_SID}"


def twilio(phones: Phones, reporter: Reporter, clock: Clock) -> Blueprint:
    """The pages of the provider over these phones."""
    api = Blueprint("twilio", __name__)

    @api.before_request
    def only_with_the_account() -> ResponseReturnValue | None:
        given = request.authorization
        is_ours = given is not None and given.username == ACCOUNT_SID and hmac.compare_digest(
            (given.password or "").encode(), AUTH_TOKEN.encode())
        return None if is_ours else _refused(401, 20003)

    @api.post(f"{ROOT}/Messages.json")
    def send() -> ResponseReturnValue:
        return _take(SMS, request.form.get("Body", ""))

    @api.post(f"{ROOT}/Calls.json")
    def call() -> ResponseReturnValue:
        words, action = _spoken(request.form.get("Twiml", ""))
        return _take(CALL, words, action=action)

    @api.get(f"{ROOT}/Messages/<sid>.json")
    @api.get(f"{ROOT}/Calls/<sid>.json")
    def look_up(sid: str) -> ResponseReturnValue:
        piece = phones.find(sid)
        return _refused(404, 20404) if piece is None else jsonify(_plain(piece))

    @api.get(f"{ROOT}/Messages.json")
    def listed() -> ResponseReturnValue:
        found = phones.to(request.args.get("To", ""))
        return jsonify({"messages": [_plain(piece) for piece in found], "page": 0, "page_size": 50,
                        "next_page_uri": None, "uri": request.path})

    def _take(kind: str, text: str, *, action: str = "") -> ResponseReturnValue:
        number = request.form.get("To", "")
        if not number.startswith("+"):
            return _refused(400, 21211)
        fate = phones.fate(number)
        if fate.hang_s:
            time.sleep(fate.hang_s)
        if fate.refusal is not None:
            return _refused(*fate.refusal, retry_after_s=fate.retry_after_s)
        if fate.body is not None:
            return Response(fate.body, mimetype="text/html")
        piece = phones.add(kind, number, text, clock.now(), action=action,
                           callback=request.form.get("StatusCallback", ""))
        answer = jsonify(_plain(piece))  # as it is taken, before anything becomes of it
        if kind == SMS:
            reporter.follow(piece)
        return _cut() if fate.is_lost else (answer, 201)

    return api


def _spoken(markup: str) -> tuple[str, str]:
    """What a call says, each sentence once, and where a key goes."""
    try:
        found = ElementTree.fromstring(markup)
    except ElementTree.ParseError:
        return markup, ""
    gather = found.find("Gather")
    said = list(dict.fromkeys(one.text or "" for one in found.iter("Say")))
    return " ".join(said), gather.get("action", "") if gather is not None else ""


def _plain(piece: Piece) -> dict[str, Any]:
    created = format_datetime(piece.at)
    return {"sid": piece.sid, "account_sid": ACCOUNT_SID, "to": piece.number, "from": NUMBER, "body": piece.text,
            "status": piece.status, "error_code": piece.error_code, "error_message": None, "num_segments": "1",
            "direction": "outbound-api", "date_created": created, "date_sent": created, "date_updated": created,
            "api_version": "2010-04-01", "price": None, "uri": f"{ROOT}/{piece.sid}.json"}


def _refused(status: int, code: int, *, retry_after_s: int | None = None) -> ResponseReturnValue:
    headers: Mapping[str, str] = {"Retry-After": str(retry_after_s)} if retry_after_s is not None else {}
    body = {"code": code, "message": f"the sandbox refuses with {code}", "status": status,
            "more_info": f"https://www.twilio.com/docs/errors/{code}"}
    return jsonify(body), status, dict(headers)


def _cut() -> Response:
    """Close the connection without a word: the answer is lost on the way."""
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
