"""SMS through Twilio's own SDK, which is imported at the first letter (it is slow) and nowhere else.

Twilio lies outside the mainland: it works only when the operator allows that, or against a server on this
machine. What Twilio says in words is never passed on, because it repeats the number.
"""

import ipaddress
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from incident_clock.channels.base import ChannelError, ChannelSettings, Letter, Receipt, is_loopback_host

if TYPE_CHECKING:
    from twilio.rest import Client

ANSWER_TIMEOUT_S = 8.0  # for connecting, and again for each silence while the answer is awaited

PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
ACCOUNT_SID = re.compile(r"AC[0-9A-Za-z]+")
MESSAGING_SERVICE_SID = re.compile(r"MG[0-9A-Za-z]+")
HOST_NAME = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")

OVERSEAS = ("Twilio lies outside the mainland, and personal information handled by state organs, phone numbers "
            "included, is kept inside it (PIPL art. 36): set INCIDENT_CLOCK_ALLOW_OVERSEAS_GATEWAY=1 only after a "
            "security assessment, or take sms out of INCIDENT_CLOCK_CHANNELS.")
BASE_URL_FORM = "TWILIO_API_BASE_URL is not of the form https://host:port, without user, path or query."

# Twilio's error codes that name the person's number: trying again changes nothing.
OF_THE_LETTER = {
    21211: "the number is not a phone number",
    21408: "sending to that country is not switched on in Twilio's geo permissions",
    21610: "the person has opted out by answering STOP",
    21612: "there is no route from our number to that number",
    21614: "the number is not a mobile number",
}
# Those that name the account or the gateway: the operator can mend it, or it passes, and the letter is still wanted.
OF_THE_GATEWAY = {
    20003: "it did not accept the login: see TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
    20005: "the account is not active",
    20404: "there is no such account: see TWILIO_ACCOUNT_SID",
    20429: "too many requests at once",
    21212: "it does not accept TWILIO_FROM as a number",
    21603: "no sender was given: see TWILIO_FROM",
    21606: "TWILIO_FROM is not a number of this account that can send SMS",
    21659: "TWILIO_FROM is not a number of this account",
    21703: "the messaging service of TWILIO_FROM has no number to send from",
    21704: "the messaging service of TWILIO_FROM has no number to send from",
}
ACCOUNT_STATUSES = (401, 403, 404)
PASSING_STATUSES = (408, 425, 429)
LOST_ANSWER_STATUSES = (502, 504)  # a proxy speaks: whether Twilio took the letter is not known
LONGEST_CODE = 1_000_000  # above it, it is no error code but something that should not be repeated
NOT_SENT = ("failed", "undelivered", "canceled")  # states of a message Twilio answers 201 for and does not send


class TwilioChannel:
    """Sends as `TWILIO_FROM`, an E.164 number or the SID of a messaging service (`MG…`).

    Every letter has its own connection: sessions of `requests` are not made for several threads, and one that
    went stale while idle would make a letter that never left look like an answer lost.
    """

    name = "sms"

    def __init__(self, settings: ChannelSettings, *, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._settings, self._timeout_s = settings, timeout_s

    @property
    def is_loopback(self) -> bool:
        url = self._settings.twilio_api_base_url or ""
        return not _base_url_complaints(url) and is_loopback_host(urlsplit(url).hostname)

    def problems(self) -> list[str]:
        settings = self._settings
        complaints = _base_url_complaints(settings.twilio_api_base_url) if settings.twilio_api_base_url else []
        if not ACCOUNT_SID.fullmatch(settings.twilio_account_sid or ""):
            complaints.append("TWILIO_ACCOUNT_SID is missing or does not start with AC: copy it from Twilio's console.")
        token = settings.twilio_auth_token or ""
        if not token or not token.isascii() or not token.isprintable():
            complaints.append("TWILIO_AUTH_TOKEN is missing or not printable ASCII: copy it from Twilio's console.")
        if not any(form.fullmatch(settings.twilio_from or "") for form in (PHONE_NUMBER, MESSAGING_SERVICE_SID)):
            complaints.append("TWILIO_FROM is missing or neither a number like +15005550006 nor a messaging service "
                              "SID (MG…).")
        if not settings.allow_overseas_gateway and not self.is_loopback:
            complaints.append(OVERSEAS)
        return complaints

    def send(self, letter: Letter) -> Receipt:
        complaints = self.problems()
        if complaints:
            raise ChannelError(complaints[0])
        if not PHONE_NUMBER.fullmatch(letter.to):
            raise ChannelError("The person's number is not in international form (+86…).", is_permanent=True)
        sender = self._settings.twilio_from or ""
        sender_field = "messaging_service_sid" if MESSAGING_SERVICE_SID.fullmatch(sender) else "from_"
        with self._client() as client:
            message = client.messages.create(to=letter.to, body=letter.text, **{sender_field: sender})
        if message.status in NOT_SENT:
            raise _refusal(message.status, message.error_code)
        if not isinstance(message.sid, str) or not message.sid:
            raise _lost("it named no message")
        return Receipt(provider_id=message.sid, detail="Twilio took it over")

    @contextmanager
    def _client(self) -> Iterator["Client"]:
        """The SDK on a connection of its own; its exceptions, and those of `requests`, become ChannelErrors."""
        from requests import RequestException
        from twilio.base.exceptions import TwilioRestException, TwilioServiceException
        from twilio.rest import Client

        settings = self._settings
        http = _http_client_class()(settings.twilio_api_base_url, timeout_s=self._timeout_s)
        if self.is_loopback:
            http.session.trust_env = False  # a proxy of the environment would carry it off this machine
        try:
            yield Client(settings.twilio_account_sid, settings.twilio_auth_token, http_client=http)
        except (TwilioRestException, TwilioServiceException) as error:
            raise _refusal(error.status, error.code) from None
        except RequestException as error:
            raise _broken_connection(error) from None
        except UnicodeEncodeError:
            raise ChannelError("The text cannot be written as an SMS.", is_permanent=True) from None
        except (ValueError, TypeError, AttributeError, RecursionError):  # 2xx, but not what Twilio says
            raise _lost("its answer could not be read") from None
        finally:
            http.session.close()


@cache
def _http_client_class() -> Any:
    from twilio.http.http_client import TwilioHttpClient

    class Gateway(TwilioHttpClient):
        """The SDK's client with a timeout, without its chatter, and on another server where one is given."""

        def __init__(self, base_url: str | None, *, timeout_s: float) -> None:
            super().__init__(timeout=timeout_s, logger=logging.Logger("twilio", level=logging.WARNING))
            self._base_url = base_url

        def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            if self._base_url:
                url = urlunsplit((*urlsplit(self._base_url)[:2], *urlsplit(url)[2:]))
            return super().request(method, url, *args, **kwargs)

    return Gateway


def _refusal(status: object, code: object) -> ChannelError:
    """What Twilio's answer means, by its error code first and by the HTTP status where the code is not known here."""
    status = status if isinstance(status, int) else 0
    code = code if isinstance(code, int) and 0 < code < LONGEST_CODE else status
    if code in OF_THE_LETTER:
        return ChannelError(f"Twilio refused the SMS: {OF_THE_LETTER[code]} ({code}).", is_permanent=True)
    if code in OF_THE_GATEWAY:
        return ChannelError(f"Twilio refused the SMS: {OF_THE_GATEWAY[code]} ({code}).")
    if status in LOST_ANSWER_STATUSES:
        return _lost(f"a server on the way said {status}")
    if status in ACCOUNT_STATUSES:
        return ChannelError(f"Twilio refused the SMS ({code}): see TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.")
    if 400 <= status < 500 and status not in PASSING_STATUSES:
        return ChannelError(f"Twilio refused the SMS ({code}).", is_permanent=True)
    return ChannelError(f"Twilio could not take the SMS just now ({code}).")


def _broken_connection(error: Exception) -> ChannelError:
    """Nothing was sent where the connection never stood; otherwise the SMS may have been taken."""
    from requests import exceptions as http
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, http.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(reason):
        return ChannelError("The certificate of Twilio's server was not accepted: see TWILIO_API_BASE_URL and the "
                            "clock of this machine.")
    if isinstance(reason, NameResolutionError):
        return ChannelError("The name of Twilio's server was not found: see the DNS of this machine.")
    if isinstance(error, (http.ConnectTimeout, http.ProxyError, http.InvalidURL)) or isinstance(
            reason, NewConnectionError):
        return ChannelError("Twilio's server could not be reached: see the network of this machine and "
                            "TWILIO_API_BASE_URL.")
    return _lost("the connection broke or fell silent")


def _lost(why: str) -> ChannelError:
    return ChannelError(f"Twilio had the SMS, but its answer was lost ({why}).", is_unknown=True)


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
