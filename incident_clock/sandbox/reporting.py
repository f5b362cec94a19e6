"""What the sandbox tells the product: states of messages and calls, answers, pressed keys; signed as Twilio signs."""

import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from incident_clock.channels.base import is_loopback_host
from incident_clock.channels.twilio_signing import SIGNATURE_HEADER, sign
from incident_clock.sandbox.account import ACCOUNT_SID, AUTH_TOKEN, NUMBER
from incident_clock.sandbox.phones import Phones, Piece

PAUSE_S = 0.3  # between two states, as a quick carrier has it
TIMEOUT_S = 5.0
REPORTERS = 8  # threads

logger = logging.getLogger(__name__)


class _Straight(HTTPRedirectHandler):
    """Follows no redirect: it might lead off this machine."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Reporter:
    """Posts to `public_url`, the product's address on this machine, and nowhere else."""

    def __init__(self, phones: Phones, public_url: str, *, pause_s: float = PAUSE_S) -> None:
        self._phones, self._public_url, self._pause_s = phones, public_url.rstrip("/"), pause_s
        self._threads = ThreadPoolExecutor(REPORTERS, thread_name_prefix="report")
        self._open = build_opener(ProxyHandler({}), _Straight).open

    def follow(self, piece: Piece) -> None:
        """Report what becomes of a message, one state after the other, in the background."""
        self._threads.submit(self._follow, piece)

    def answer(self, piece: Piece) -> bool:
        """A text that a phone sends; False when the product did not take it."""
        return self._post(f"{self._public_url}/callbacks/twilio/inbound", {
            "MessageSid": piece.sid, "AccountSid": ACCOUNT_SID, "From": piece.number, "To": NUMBER,
            "Body": piece.text}) is not None

    def press(self, piece: Piece, key: str) -> str | None:
        """A key pressed in a call; gives what the product says to it."""
        return self._post(piece.action, {"CallSid": piece.sid, "AccountSid": ACCOUNT_SID, "Digits": key,
                                         "From": NUMBER, "To": piece.number})

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _follow(self, piece: Piece) -> None:
        fate = self._phones.fate(piece.number)
        for place, status in enumerate(fate.statuses, start=1):
            time.sleep(self._pause_s)
            code = fate.code if place == len(fate.statuses) else None
            self._phones.report(piece, status, code)
            form = {"MessageSid": piece.sid, "MessageStatus": status, "AccountSid": ACCOUNT_SID}
            if code is not None:
                form["ErrorCode"] = str(code)
            if piece.callback:
                self._post(piece.callback, form)

    def _post(self, url: str, form: Mapping[str, str]) -> str | None:
        if not _is_here(url):
            logger.warning("the sandbox reports to this machine only")
            return None
        signed = (url + "".join(name + form[name] for name in sorted(form))).encode()
        request = Request(url, urlencode(form).encode(), {
            SIGNATURE_HEADER: sign(AUTH_TOKEN.encode(), signed), "Content-Type": "application/x-www-form-urlencoded"})
        try:
            with self._open(request, timeout=TIMEOUT_S) as response:
                return str(response.read().decode())
        except (HTTPException, OSError, ValueError) as error:
            logger.warning("the product did not take a callback: %s", error)
            return None


def _is_here(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and is_loopback_host(parts.hostname)
    except ValueError:
        return False
