"""Twilio's SDK for the channels: sessions kept alive, its exceptions turned into ChannelErrors, and its settings.

The SDK is imported at the first letter, because it is slow. Twilio lies outside the mainland: it works only when
the operator allows that, or against a server on this machine.
"""

import ipaddress
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlencode, urlsplit

from incident_clock.channels.base import ChannelError, ChannelSettings, is_loopback_host
from incident_clock.channels.twilio_codes import lost, refusal

if TYPE_CHECKING:
    from twilio.rest import Client

    from incident_clock.channels.twilio_http import Gateway

ANSWER_TIMEOUT_S = 8.0  # for connecting and the answer together
# A session idle for longer is not trusted with a letter: a connection that went stale unnoticed would make one that
# never left look like an answer lost.
KEPT_ALIVE = timedelta(seconds=20)

PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
ACCOUNT_SID = re.compile(r"AC[0-9A-Za-z]+")
HOST_NAME = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
ANSWERED_SID = re.compile(r"[A-Za-z]{2}[0-9A-Za-z]{1,62}")  # an id as a server of Twilio's shape gives it
PLACE = re.compile(r"[a-z0-9-]{1,32}")  # a region or an edge: it becomes part of the server's name

OVERSEAS = ("Twilio lies outside the mainland, and personal information handled by state organs, phone numbers "
            "included, is kept inside it (PIPL art. 36): set INCIDENT_CLOCK_ALLOW_OVERSEAS_GATEWAY=1 only after a "
            "security assessment, or do without twilio in INCIDENT_CLOCK_SMS_GATEWAYS and voice in "
            "INCIDENT_CLOCK_CHANNELS.")
BASE_URL_FORM = "TWILIO_API_BASE_URL is not of the form https://host:port, without user, path or query."


@dataclass(slots=True)
class _Session:
    client: "Client"
    http: "Gateway"
    used_at: datetime | None


class TwilioClient:
    """The account of the settings. Each thread has its own session: those of `requests` are not for several."""

    def __init__(self, settings: ChannelSettings, *, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._settings, self._timeout_s = settings, timeout_s
        self._of_thread = threading.local()

    @property
    def is_loopback(self) -> bool:
        url = self._settings.twilio_api_base_url or ""
        return not _base_url_complaints(url) and is_loopback_host(urlsplit(url).hostname)

    def problems(self) -> list[str]:
        """What is wrong with the settings every use of Twilio needs, the leave to go abroad last."""
        settings = self._settings
        complaints = _base_url_complaints(settings.twilio_api_base_url) if settings.twilio_api_base_url else []
        if not ACCOUNT_SID.fullmatch(settings.twilio_account_sid or ""):
            complaints.append("TWILIO_ACCOUNT_SID is missing or does not start with AC: copy it from Twilio's console.")
        token = settings.twilio_auth_token or ""
        if not token or not token.isascii() or not token.isprintable():
            complaints.append("TWILIO_AUTH_TOKEN is missing or not printable ASCII: copy it from Twilio's console.")
        for name, place in (("TWILIO_REGION", settings.twilio_region), ("TWILIO_EDGE", settings.twilio_edge)):
            if place and not PLACE.fullmatch(place):
                complaints.append(f"{name} is not a word of small letters, digits and hyphens, like ie1 or dublin.")
        if not settings.allow_overseas_gateway and not self.is_loopback:
            complaints.append(OVERSEAS)
        return complaints

    def callback_url(self, path: str, tracking: str) -> str | None:
        """Where Twilio reports to, `?m=` the word it is to repeat. None where it could not, or not safely: only https
        will do, save from one server on this machine to another."""
        base = self._settings.public_url.rstrip("/")
        try:
            parts = urlsplit(base)
            is_here = is_loopback_host(parts.hostname)
        except ValueError:
            return None
        is_fit = self.is_loopback and parts.scheme in ("http", "https") if is_here else parts.scheme == "https"
        if not is_fit or not parts.hostname:
            return None
        return f"{base}{path}" + (f"?{urlencode({'m': tracking})}" if tracking else "")

    @contextmanager
    def telling(self, what: str, *, now: datetime | None = None) -> Iterator["Client"]:
        """The SDK, to hand a letter over. `what` names it in the sentences of the ChannelErrors, the only exceptions
        to come out. `now`: when the letter leaves."""
        from requests import RequestException
        from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

        session = self._session(now)
        try:
            yield session.client
        except (TwilioRestException, TwilioServiceException) as error:
            raise refusal(what, status=error.status, code=error.code,
                          retry_after_s=session.http.retry_after_s) from None
        except RequestException as error:
            raise _broken_connection(what, error) from None
        except UnicodeEncodeError:
            raise ChannelError(f"The text cannot be written as {'an SMS' if what == 'SMS' else 'a call'}.",
                               is_permanent=True, gateway="twilio") from None
        except (TwilioException, ValueError, TypeError, AttributeError, LookupError, RecursionError):
            raise lost(what, "its answer could not be read") from None  # 2xx, but not what Twilio says

    @contextmanager
    def asking(self) -> Iterator["Client"]:
        """The SDK, to ask a question: without an answer it may be asked again, whatever went wrong."""
        try:
            with self.telling("question") as client:
                yield client
        except ChannelError as error:
            if error.is_gateway_down:
                raise
            raise ChannelError("Twilio did not say what became of the letter.", code=error.code,
                               retry_after_s=error.retry_after_s, gateway="twilio") from None

    def _session(self, now: datetime | None) -> _Session:
        held: _Session | None = getattr(self._of_thread, "session", None)
        if held is not None and now is not None:
            if held.used_at is None or not timedelta(0) <= now - held.used_at <= KEPT_ALIVE:
                held.http.close()  # the next request opens a new connection
            held.used_at = now
        if held is None:
            held = self._of_thread.session = self._open(now)
        return held

    def _open(self, now: datetime | None) -> _Session:
        from twilio.rest import Client

        from incident_clock.channels.twilio_http import Gateway

        settings = self._settings
        http = Gateway(settings.twilio_api_base_url, timeout_s=self._timeout_s,
                       trusts_environment=not self.is_loopback)  # a proxy would carry it off this machine
        places = {"TWILIO_REGION": settings.twilio_region or "", "TWILIO_EDGE": settings.twilio_edge or ""}
        client = Client(settings.twilio_account_sid, settings.twilio_auth_token, http_client=http,
                        environment=places)  # the SDK would look them up in the environment itself
        return _Session(client, http, now)


def _broken_connection(what: str, error: Exception) -> ChannelError:
    """Nothing was sent where the connection never stood; otherwise the letter may have been taken."""
    from requests import exceptions as http
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, http.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(reason):
        return ChannelError("The certificate of Twilio's server was not accepted: see TWILIO_API_BASE_URL and the "
                            "clock of this machine.", gateway="twilio")
    if isinstance(reason, NameResolutionError):
        return ChannelError("The name of Twilio's server was not found: see the DNS of this machine.",
                            gateway="twilio")
    if isinstance(error, (http.ConnectTimeout, http.ProxyError, http.InvalidURL)) or isinstance(
            reason, NewConnectionError):
        return ChannelError("Twilio's server could not be reached: see the network of this machine and "
                            "TWILIO_API_BASE_URL.", gateway="twilio")
    return lost(what, "the connection broke or fell silent")


def _base_url_complaints(url: str) -> list[str]:
    """What keeps `url` from taking the place of Twilio's own address. The token goes there, so only over TLS."""
    try:
        parts = urlsplit(url)
        host, netloc = parts.hostname or "", _netloc(parts)
    except ValueError:
        return [BASE_URL_FORM]
    if parts.scheme not in ("http", "https") or parts.netloc.lower() != netloc or not host:
        return [BASE_URL_FORM]
    if parts.path.strip("/") or parts.query or parts.fragment:
        return [BASE_URL_FORM]
    if parts.scheme == "http" and not is_loopback_host(host):
        return ["TWILIO_API_BASE_URL must be https:// unless it is on this machine: the account's token goes there."]
    return []


def _netloc(parts: SplitResult) -> str:
    """`host:port` put together anew, so that nothing else in it can be read as another host further down."""
    host = parts.hostname or ""
    if not HOST_NAME.fullmatch(host):
        host = f"[{ipaddress.IPv6Address(host)}]"
    return host if parts.port is None else f"{host}:{parts.port}"
