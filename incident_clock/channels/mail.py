"""E-mail over SMTP: one connection, one letter, and an honest word on what became of it.

The line that matters is the dot that ends the data. Before it nothing can have been accepted, so every trouble
is a temporary failure, or a permanent one where the server refuses this very recipient or text. After it a
lost answer is unknown. Server replies are never quoted whole: they tend to repeat the recipient's address.
"""

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from incident_clock.channels.base import Channel, ChannelError, ChannelSettings, Letter, Receipt, is_loopback_host
from incident_clock.channels.mail_format import compose, on_the_wire
from incident_clock.channels.mail_settings import Mailbox, SmtpServer, read_mail_from, read_smtp_url
from incident_clock.errors import ConfigError

ANSWER_TIMEOUT_S = 8.0  # for connecting (to each address of the host), and of silence at each later step
CONVERSATION_LIMIT_S = 40.0  # for the whole of it, against servers that answer one byte at a time

LOGIN_REFUSALS = (530, 534, 535, 538)  # RFC 4954: the gateway's trouble, not the recipient's
ENHANCED_CODE = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class SmtpLimits:
    """How long to wait, in seconds."""

    answer_s: float = ANSWER_TIMEOUT_S
    conversation_s: float = CONVERSATION_LIMIT_S


class MailChannel(Channel):
    """Sends through `SMTP_URL` as `MAIL_FROM`.

    TLS is used whenever the server offers it and its certificate is always verified (a private authority is made
    known with OpenSSL's own `SSL_CERT_FILE`). With a password TLS is a must: without it the password is not sent
    and the letter waits, for that is mended at the server or in `SMTP_URL`, not in the letter.
    """

    name = "email"

    def __init__(self, settings: ChannelSettings, *, limits: SmtpLimits | None = None,
                 tls: Callable[[], ssl.SSLContext] = ssl.create_default_context) -> None:
        self._settings, self._limits, self._tls = settings, limits or SmtpLimits(), tls

    @property
    def is_loopback(self) -> bool:
        try:
            return is_loopback_host(read_smtp_url(self._settings.smtp_url).host)
        except ConfigError:
            return False

    def problems(self) -> list[str]:
        complaints: list[str] = []
        for read, value in ((read_smtp_url, self._settings.smtp_url), (read_mail_from, self._settings.mail_from)):
            try:
                read(value)
            except ConfigError as error:
                complaints.extend(error.problems)
        return complaints

    def send(self, letter: Letter) -> Receipt:
        try:
            server, sender = read_smtp_url(self._settings.smtp_url), read_mail_from(self._settings.mail_from)
        except ConfigError as error:
            raise ChannelError(error.problems[0]) from None
        data = on_the_wire(compose(letter, sender))
        with self._connection(server, sender) as smtp:
            _require(smtp.mail(sender.address), "the sender: see MAIL_FROM")
            _require(smtp.rcpt(letter.to), "the recipient", is_of_the_letter=True)
            _require(smtp.docmd("DATA"), "to take the text", expected=3, is_of_the_letter=True)
            smtp.send(data)  # if this fails the final dot has not left
            answer = _final_answer(smtp)
        return Receipt(provider_id=letter.message_id, detail=f"the mail server took it over ({_codes(*answer)})")

    @contextmanager
    def _connection(self, server: SmtpServer, sender: Mailbox) -> Iterator[smtplib.SMTP]:
        """A greeted, protected and logged-in connection. What goes wrong before or inside is a ChannelError."""
        named, patience = sender.domain, self._limits.answer_s
        smtp = (smtplib.SMTP_SSL(local_hostname=named, timeout=patience, context=self._tls())
                if server.is_implicit_tls else smtplib.SMTP(local_hostname=named, timeout=patience))
        alarm = threading.Timer(self._limits.conversation_s, _cut, (smtp,))
        alarm.daemon = True
        alarm.start()
        try:
            self._open(smtp, server)
            yield smtp
            with suppress(OSError):
                smtp.putcmd("QUIT")  # a courtesy: the letter is over there, nobody waits for the goodbye
        except (OSError, ValueError) as error:  # smtplib's own are OSErrors; it decodes what servers say unguarded
            raise ChannelError(_what_happened(error)) from None
        finally:
            alarm.cancel()
            smtp.close()

    def _open(self, smtp: smtplib.SMTP, server: SmtpServer) -> None:
        # What TLS checks the certificate against; smtplib itself sets it only when its constructor connects.
        smtp._host = server.host  # type: ignore[attr-defined]
        _require(smtp.connect(server.host, server.port), "the connection")
        smtp.ehlo_or_helo_if_needed()
        if not server.is_implicit_tls:
            if smtp.has_extn("starttls"):
                smtp.starttls(context=self._tls())
                smtp.ehlo_or_helo_if_needed()
            elif server.password:
                raise ChannelError("The mail server offers no STARTTLS, so the password was not sent: use smtps:// "
                                   "in SMTP_URL, or a server with TLS.")
        if server.password:
            smtp.login(server.user, server.password)


def _require(answer: tuple[int, bytes], refused: str, *, expected: int = 2, is_of_the_letter: bool = False) -> None:
    """Raise what a reply of another class than `expected` (2xx, 3xx) means while nothing has been accepted."""
    code, reply = answer
    if code // 100 != expected:
        is_permanent = is_of_the_letter and code // 100 == 5 and code not in LOGIN_REFUSALS
        raise ChannelError(f"The mail server refused {refused} ({_codes(code, reply)}).", is_permanent=is_permanent)


def _final_answer(smtp: smtplib.SMTP) -> tuple[int, bytes]:
    try:
        code, reply = smtp.getreply()
    except OSError:
        code, reply = -1, b""
    if code // 100 not in (2, 4, 5):
        raise ChannelError("The mail server had the whole text, but its answer was lost.", is_unknown=True)
    _require((code, reply), "the text", is_of_the_letter=True)
    return code, reply


def _what_happened(error: OSError | ValueError) -> str:
    """One sentence for the operator. Nothing had been accepted yet."""
    match error:
        case ssl.SSLCertVerificationError():
            return (f"The certificate of the mail server was not accepted ({error.verify_message}): see the host in "
                    "SMTP_URL, or make its authority known with SSL_CERT_FILE.")
        case ssl.SSLError():
            return "TLS with the mail server failed: see whether SMTP_URL has the right port for smtp:// or smtps://."
        case smtplib.SMTPAuthenticationError():
            return f"The mail server refused the login ({error.smtp_code}): see user and password in SMTP_URL."
        case smtplib.SMTPResponseException():
            return f"The mail server answered {_codes(error.smtp_code, b'')}."
        case smtplib.SMTPServerDisconnected() if not isinstance(error.__context__, TimeoutError):
            return "The mail server closed the connection before it had the text."
        case TimeoutError() | smtplib.SMTPServerDisconnected():
            return "The mail server did not answer in time."
        case smtplib.SMTPException():
            return "The mail server offers no login known here, but SMTP_URL has a password: see host and port."
        case socket.gaierror():
            return "The name of the mail server was not found: see SMTP_URL and the DNS of this machine."
        case ConnectionRefusedError():
            return "The mail server refuses connections: see host and port in SMTP_URL."
    return f"The mail server could not be talked to ({type(error).__name__})."


def _codes(code: int, reply: bytes) -> str:
    """`550 5.1.1`: the codes of a reply without its words."""
    if code < 0:
        return "in no words of SMTP"
    enhanced = ENHANCED_CODE.match(reply)
    return f"{code} {enhanced[0].decode()}" if enhanced else str(code)


def _cut(smtp: smtplib.SMTP) -> None:
    """End the conversation from outside: whoever waits for an answer sees the connection closed."""
    if smtp.sock is not None:
        with suppress(OSError):
            socket.socket.shutdown(smtp.sock, socket.SHUT_RDWR)  # not SSLSocket's own, which pulls TLS from under it
