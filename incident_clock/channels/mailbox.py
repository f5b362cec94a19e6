"""Reads the mails that came to the address of `MAIL_FROM`, over IMAP: for the reports of `mail_bounces.py`.

Every unseen mail is handed over and then marked as seen, so the folder should be of the clock's own: what people
write there would otherwise look read. Nothing is deleted or moved.
"""

import imaplib
import logging
import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from incident_clock.channels.base import ChannelError
from incident_clock.channels.mail_bounces import LARGEST_READ
from incident_clock.channels.mail_line import Limits, Line
from incident_clock.channels.mail_settings import ImapFolder, read_imap_url
from incident_clock.errors import ConfigError

MOST_AT_ONCE = 50  # mails of one visit, the newest first: an odd one that stays behind holds up no other
NAMING = '("name" "incident-clock")'  # RFC 2971: some providers in China open no folder to a nameless client

logger = logging.getLogger(__name__)


def read_new(imap_url: str | None, handle: Callable[[bytes], None], *, limits: Limits | None = None,
             tls: Callable[[], ssl.SSLContext] = ssl.create_default_context) -> int:
    """Give each unseen mail (its first 256 KiB) to `handle`, mark it as seen, and give how many there were.

    One that `handle` raises on stays unseen and comes again, and any may come twice when the line breaks. A visit ends
    within 10 s; what is left is read at the next. Raises ChannelError when the mailbox cannot be read; mails handled
    until then stay seen.
    """
    try:
        folder = read_imap_url(imap_url)
    except ConfigError as error:
        raise ChannelError(error.problems[0], is_gateway_down=True) from None
    with Line(limits or Limits()) as line:
        try:
            mailbox = _Mailbox(folder, line, tls() if folder.is_tls else None)
            try:
                return _read(mailbox, folder, handle)
            finally:
                with suppress(OSError, imaplib.IMAP4.error):
                    mailbox.shutdown()
        except (OSError, imaplib.IMAP4.error, ValueError) as error:
            raise ChannelError(_sentence(TimeoutError() if line.is_cut else error), is_gateway_down=True) from None


class _Mailbox(imaplib.IMAP4):
    """imaplib on a line that ends in time, with TLS from the first byte where `tls` is given."""

    def __init__(self, folder: ImapFolder, line: Line, tls: ssl.SSLContext | None) -> None:
        self._line, self._tls_context = line, tls
        super().__init__(folder.host, folder.port)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        connection = self._line.connect(self.host, self.port)
        if self._tls_context is None:
            return connection
        try:
            return self._tls_context.wrap_socket(connection, server_hostname=self.host)
        except BaseException:
            connection.close()
            raise


def _read(mailbox: _Mailbox, folder: ImapFolder, handle: Callable[[bytes], None]) -> int:
    mailbox.login(folder.user, folder.password)
    if "ID" in mailbox.capabilities:
        mailbox.xatom("ID", NAMING)
    _done(mailbox.select(f'"{folder.name}"'))
    found: Any = _done(mailbox.uid("SEARCH", "UNSEEN"))
    numbers = [number for number in (found[0] or b"").split() if number.isdigit()]
    count = 0
    for number in sorted(numbers, key=int, reverse=True)[:MOST_AT_ONCE]:
        data = _mail(mailbox, number.decode())
        if data is None:
            continue  # somebody deleted it meanwhile
        try:
            handle(data)
        except Exception:
            logger.exception("a mail in the mailbox of MAIL_FROM could not be handled and stays unseen")
        else:
            _done(mailbox.uid("STORE", number.decode(), "+FLAGS.SILENT", r"(\Seen)"))
            count += 1
    return count


def _mail(mailbox: _Mailbox, number: str) -> bytes | None:
    answer: Any = _done(mailbox.uid("FETCH", number, f"(BODY.PEEK[]<0.{LARGEST_READ}>)"))
    return next((part[1] for part in answer if isinstance(part, tuple) and re.search(rb"BODY\[\]", part[0])), None)


def _done(answer: tuple[str, Any]) -> Any:
    if answer[0] != "OK":
        raise imaplib.IMAP4.error
    return answer[1]


def _sentence(error: Exception) -> str:
    """What to look at. The server's own words may repeat the user or what was sent, so they are left out."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"The certificate of the IMAP server was not accepted ({error.verify_message}): see IMAP_URL."
        case ssl.SSLError():
            return "TLS with the IMAP server failed: see host and port in IMAP_URL."
        case TimeoutError():
            return "The IMAP server did not answer in time."
        case imaplib.IMAP4.abort():
            return "The IMAP server ended the conversation."
        case imaplib.IMAP4.error():
            return "The IMAP server refused the login or the folder: see IMAP_URL."
        case socket.gaierror():
            return "The name of the IMAP server was not found: see IMAP_URL and the DNS of this machine."
        case ConnectionRefusedError():
            return "The IMAP server refuses connections: see host and port in IMAP_URL."
    return f"The IMAP server could not be talked to ({type(error).__name__})."
