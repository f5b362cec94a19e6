"""Reads `SMTP_URL`, `MAIL_FROM` and `IMAP_URL` and complains of what cannot work, without ever quoting a secret."""

import ipaddress
import re
from dataclasses import dataclass, field
from email.utils import getaddresses
from urllib.parse import SplitResult, unquote, urlsplit

from incident_clock.channels.base import is_loopback_host
from incident_clock.errors import ConfigError

RELAY_PORT = 25  # smtp:// without a login: a relay of the house
SUBMISSION_PORT = 587  # smtp:// with a login (RFC 6409)
IMPLICIT_TLS_PORT = 465  # smtps:// (RFC 8314)
IMAP_PORTS = {"imaps": 993, "imap": 143}

# Plain ASCII only: every server takes it, and nothing in it can end a header or a command.
MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}")
HOST_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
URL_FORM = "write smtp://user:password@host:port, or smtps:// for TLS from the first byte"
IMAP_FORM = "write imaps://user:password@host:port/folder"
FOLDER = re.compile(r"[ !#-\[\]-~]{1,200}")  # printable ASCII without " and \: Chinese names in modified UTF-7
MAIL_FROM_FORM = "write clock@example.com or 舆情时钟 <clock@example.com>"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where and how to hand mail over. `user` and `password` are both empty or both given."""

    host: str
    port: int
    is_implicit_tls: bool
    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A sender: display name (may be empty, may be Chinese) and ASCII address."""

    display_name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapFolder:
    """A folder of a mailbox, and how to get at it."""

    host: str
    port: int
    is_tls: bool
    user: str = field(repr=False)
    password: str = field(repr=False)
    name: str


def read_smtp_url(url: str | None) -> SmtpServer:
    """The server named by `SMTP_URL`; user and password are percent-decoded.

    Without a port: 465 for smtps://, 587 for smtp:// with a login, else 25. Raises ConfigError.
    """
    if not url:
        raise ConfigError([f"SMTP_URL is not set: {URL_FORM}."])
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigError([f"SMTP_URL has no readable host and port: {URL_FORM}."]) from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    complaints = [*_url_complaints(parts, host), *_login_complaints(user, password)]
    if complaints:
        raise ConfigError(complaints)
    is_implicit_tls = parts.scheme == "smtps"
    default = IMPLICIT_TLS_PORT if is_implicit_tls else SUBMISSION_PORT if user else RELAY_PORT
    return SmtpServer(host=host, port=port or default, is_implicit_tls=is_implicit_tls, user=user, password=password)


def read_mail_from(mail_from: str | None) -> Mailbox:
    """The sender named by `MAIL_FROM`: `clock@example.com` or `舆情时钟 <clock@example.com>`. Raises ConfigError."""
    if not mail_from:
        raise ConfigError([f"MAIL_FROM is not set: {MAIL_FROM_FORM}."])
    found = getaddresses([mail_from])
    if len(found) != 1 or re.search(r"[\x00-\x1f\x7f]", mail_from) or not MAIL_ADDRESS.fullmatch(found[0][1]):
        raise ConfigError([f"MAIL_FROM is not one ASCII e-mail address: {MAIL_FROM_FORM}."])
    return Mailbox(*found[0])


def read_imap_url(url: str | None) -> ImapFolder:
    """The folder named by `IMAP_URL` (without one: INBOX), all parts percent-decoded. Raises ConfigError.

    imap://, which is without TLS, is for this machine alone.
    """
    if not url:
        raise ConfigError([f"IMAP_URL is not set: {IMAP_FORM}."])
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigError([f"IMAP_URL has no readable host and port: {IMAP_FORM}."]) from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    name = unquote(parts.path.strip("/")) or "INBOX"
    complaints = []
    if parts.scheme not in IMAP_PORTS:
        complaints.append(f"IMAP_URL starts with neither imaps:// nor imap://: {IMAP_FORM}.")
    elif parts.scheme == "imap" and not is_loopback_host(host):
        complaints.append("IMAP_URL would send the password without TLS: write imaps:// (imap:// is for servers on "
                          "this machine).")
    if not _is_host(host):
        complaints.append(f"IMAP_URL names no host: {IMAP_FORM}.")
    if not re.fullmatch(r"[!#$&'+-\[\]^-z|}~]+", user) or not re.fullmatch(r"[ -~]+", password):
        complaints.append(f"IMAP_URL needs a user and a password of printable ASCII: {IMAP_FORM}.")
    if not FOLDER.fullmatch(name) or parts.query or parts.fragment:
        complaints.append("IMAP_URL has no usable folder: write it in printable ASCII, and in any part / as %2F, "
                          "? as %3F, # as %23 and @ as %40.")
    if complaints:
        raise ConfigError(complaints)
    return ImapFolder(host=host, port=port or IMAP_PORTS[parts.scheme], is_tls=parts.scheme == "imaps", user=user,
                      password=password, name=name)


def _url_complaints(parts: SplitResult, host: str) -> list[str]:
    complaints = []
    if parts.scheme not in ("smtp", "smtps"):
        complaints.append(f"SMTP_URL starts with neither smtp:// nor smtps://: {URL_FORM}.")
    if not _is_host(host):
        complaints.append(f"SMTP_URL names no host: {URL_FORM}.")
    if parts.path.strip("/") or parts.query or parts.fragment:
        complaints.append("SMTP_URL goes on after host and port: in a user name or password write "
                          "/ as %2F, ? as %3F, # as %23 and @ as %40.")
    return complaints


def _login_complaints(user: str, password: str) -> list[str]:
    if bool(user) != bool(password):
        return ["SMTP_URL gives a user without a password or a password without a user: give both or neither."]
    if not (user + password).isascii() or not (user + password).isprintable():
        return ["SMTP_URL has a user or password beyond printable ASCII, which no SMTP login carries: choose another."]
    return []


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(HOST_NAME.fullmatch(host))
    return True
