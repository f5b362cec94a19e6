"""E-mail over SMTP: one connection, one letter, and an honest word on what became of it.

The line that matters is the dot that ends the data. Before it nothing can have been accepted, so every trouble
is a temporary failure, one of the gateway, or a permanent one where the server refuses this very recipient or
text. After it a lost answer is unknown. Server replies are never quoted: they tend to repeat the address.
"""

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Protocol

from incident_clock.channels.base import Channel, ChannelError, ChannelSettings, Letter, Receipt, is_loopback_host
from incident_clock.channels.mail_codes import ENHANCED_CODE, refusal
from incident_clock.channels.mail_format import compose, envelope_id, on_the_wire
from incident_clock.channels.mail_line import Limits, Line
from incident_clock.channels.mail_settings import Mailbox, SmtpServer, read_mail_from, read_smtp_url
from incident_clock.errors import ConfigError

RECEIPT_WITHIN = timedelta(seconds=120)  # where receipts are expected; else no mail is ever called silent
PARAMETERS_REFUSED = (501, 504, 555)  # of servers that offer DSN and then do not take its words


class MailChannel(Channel):
    """Sends through `SMTP_URL` as `MAIL_FROM`.

    TLS is used whenever the server offers it and its certificate is always verified (a private authority is made
    known with OpenSSL's own `SSL_CERT_FILE`). With a password TLS is a must: without it the password is not sent
    and the letter waits, for that is mended at the server or in `SMTP_URL`, not in the letter.

    Where the server knows DSN (RFC 3461) it is asked to report failure and delay, and delivery where receipts are
    expected. The reports go to the address of `MAIL_FROM`: see `mailbox.py`.

    A letter has 10 s from the look-up of the name to the last answer, so that a slow server holds up nobody's turn.
    The price: a server that takes longer is given up. Before the dot (a tarpit, a slow greylist) the letter waits
    for its next try and may never pass there; after it (a slow scan for viruses) it is unknown and goes again as a
    possible copy. Of a name with many addresses only the first two are tried.
    """

    name = "email"

    def __init__(self, settings: ChannelSettings, *, limits: Limits | None = None,
                 tls: Callable[[], ssl.SSLContext] = ssl.create_default_context) -> None:
        self._settings, self._limits, self._tls = settings, limits or Limits(), tls
        self.receipt_within = RECEIPT_WITHIN if settings.mail_expects_receipt else None

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
            raise ChannelError(error.problems[0], is_gateway_down=True) from None
        data = on_the_wire(compose(letter, sender))
        with self._connection(server, sender) as smtp:
            of_all, of_one = self._dsn(letter) if smtp.has_extn("dsn") else ([], [])
            _require(_asked(smtp.mail, sender.address, of_all), "the sender")
            _require(_asked(smtp.rcpt, letter.to, of_one), "the recipient", is_of_the_letter=True)
            _require(smtp.docmd("DATA"), "to take the text", expected=3, is_of_the_letter=True)
            smtp.send(data)  # if this fails the final dot has not left
            answer = _final_answer(smtp)
        # A mail has no id of the server's. That of the message is the same on every copy, the tracking word is not: a
        # bounce of the first try must not be taken for one of the second.
        return Receipt(provider_id=letter.tracking or letter.message_id,
                       detail=f"the mail server took it over ({_codes(*answer)})")

    def _dsn(self, letter: Letter) -> tuple[list[str], list[str]]:
        """What is asked of the reports to come, with the sender and with the recipient (RFC 3461)."""
        wanted = "SUCCESS,FAILURE,DELAY" if self.receipt_within else "FAILURE,DELAY"
        named = [f"ENVID={envelope_id(letter)}"] if letter.tracking else []
        return ["RET=HDRS", *named], [f"NOTIFY={wanted}"]

    @contextmanager
    def _connection(self, server: SmtpServer, sender: Mailbox) -> Iterator[smtplib.SMTP]:
        """A greeted, protected and logged-in connection. What goes wrong before or inside is a ChannelError."""
        with Line(self._limits) as line:
            smtp = (_TlsSmtp(local_hostname=sender.domain, context=self._tls()) if server.is_implicit_tls
                    else _Smtp(local_hostname=sender.domain))
            smtp.line = line
            try:
                self._open(smtp, server)
                yield smtp
                with suppress(OSError):
                    smtp.putcmd("QUIT")  # a courtesy: the letter is over there, nobody waits for the goodbye
            except (OSError, ValueError) as error:  # smtplib's own are OSErrors; it decodes what servers say unguarded
                raise _what_happened(TimeoutError() if line.is_cut else error) from None
            finally:
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
                                   "in SMTP_URL, or a server with TLS.", is_gateway_down=True)
        if server.password:
            smtp.login(server.user, server.password)


class _Smtp(smtplib.SMTP):
    """smtplib on a line that ends in time."""

    line: Line

    def _get_socket(self, host: str, port: int, timeout: object) -> socket.socket:
        return self.line.connect(host, port)


class _TlsSmtp(smtplib.SMTP_SSL, _Smtp):
    """The same, with TLS from the first byte: smtplib wraps what its next in line opened."""


class _Command(Protocol):
    def __call__(self, address: str, options: Sequence[str] = ..., /) -> tuple[int, bytes]: ...


def _asked(command: _Command, address: str, options: list[str]) -> tuple[int, bytes]:
    """The answer to MAIL or RCPT with `options`, or without them where they themselves are refused."""
    answer = command(address, options)
    return command(address) if options and answer[0] in PARAMETERS_REFUSED else answer


def _require(answer: tuple[int, bytes], refused: str, *, expected: int = 2, is_of_the_letter: bool = False) -> None:
    """Raise what a reply of another class than `expected` (2xx, 3xx) means while nothing has been accepted."""
    code, reply = answer
    if code // 100 != expected:
        raise refusal(refused, code, reply, is_of_the_letter=is_of_the_letter)


def _final_answer(smtp: smtplib.SMTP) -> tuple[int, bytes]:
    try:
        code, reply = smtp.getreply()
    except OSError:
        code, reply = -1, b""
    if code // 100 not in (2, 4, 5):
        raise ChannelError("The mail server had the whole text, but its answer was lost.", is_unknown=True)
    _require((code, reply), "the text", is_of_the_letter=True)
    return code, reply


def _what_happened(error: OSError | ValueError) -> ChannelError:
    """What a broken conversation means while nothing has been accepted: the gateway is down, unless it answered 4xx."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return refusal("the login", error.smtp_code, _bytes(error.smtp_error), is_of_the_letter=False)
    if isinstance(error, smtplib.SMTPResponseException):
        return refusal("to talk", error.smtp_code, _bytes(error.smtp_error), is_of_the_letter=False)
    return ChannelError(_sentence(error), is_gateway_down=True)


def _sentence(error: OSError | ValueError) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return (f"The certificate of the mail server was not accepted ({error.verify_message}): see the host in "
                    "SMTP_URL, or make its authority known with SSL_CERT_FILE.")
        case ssl.SSLError():
            return "TLS with the mail server failed: see whether SMTP_URL has the right port for smtp:// or smtps://."
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
    """`250 2.0.0`: the codes of a reply without its words."""
    enhanced = ENHANCED_CODE.match(reply.decode("ascii", "replace"))
    return f"{code} {enhanced[0]}" if enhanced else str(code)


def _bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode()
