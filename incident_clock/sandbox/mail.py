"""Pretend mailboxes: an SMTP server on this machine that keeps what it is given, and refuses by the address.

`gone@…` is refused for good, `later@…` for now; every other mail is kept, the newest 200.
"""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from incident_clock.clock import Clock
from incident_clock.sandbox.account import HOST

KEPT = 200  # mails
LARGEST_MAIL = 1024 * 1024  # bytes
REFUSALS = {"gone": "550 5.1.1 no such mailbox", "later": "451 4.7.1 come back later"}


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as a reader's programme shows it."""

    to: str
    subject: str
    text: str
    html: str
    at: datetime


class Mailboxes:
    """The SMTP server and what came in, newest first."""

    def __init__(self, clock: Clock, *, port: int) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._mails: deque[Mail] = deque(maxlen=KEPT)
        self._server = Controller(self, hostname=HOST, port=port, data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def mails(self) -> list[Mail]:
        with self._lock:
            return list(reversed(self._mails))

    # ── what aiosmtpd calls ─────────────────────────────────────────────────────
    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        refusal = REFUSALS.get(address.partition("@")[0])
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        with self._lock:
            self._mails.extend(Mail(address, str(message["Subject"] or ""), _part(message, "plain"),
                                    _part(message, "html"), self._clock.now()) for address in envelope.rcpt_tos)
        return "250 kept by the sandbox"


def _part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    return str(found.get_content()) if found is not None else ""
