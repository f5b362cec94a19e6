"""What every channel takes, gives and raises, and the settings they are opened with.

A channel tells one person one thing and says honestly what became of it. It knows nothing of incidents, of
retrying or of the database, and it never reads the time: the letter carries its own.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from incident_clock.errors import IncidentClockError

CONSOLE = "console"  # the screen: it stands in for every channel, whatever a rung's `by` names


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One text for one person.

    `to` is the address in this channel's form (E.164 number, e-mail address, key of the person). `subject` and
    `headers` (names `X-…`) are for channels that have them. `message_id` is `<…@…>`, the same on every copy of
    the letter, `reference` the code a person sees on every copy. `sent_at` is an aware instant.
    """

    to: str = field(repr=False)
    subject: str
    text: str
    reference: str
    message_id: str
    sent_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The next station has taken the letter over: its own id for it, and what it said (no address, no secret)."""

    provider_id: str
    detail: str


class ChannelError(IncidentClockError):
    """The letter was not told, or it is not known whether it was. `detail` names no address and no secret.

    Neither flag: nothing was sent, try again. `is_permanent`: nothing was sent and this letter never will be on
    this channel. `is_unknown`: everything was handed over but the answer was lost, so a second try may be a copy.
    """

    def __init__(self, detail: str, *, is_permanent: bool = False, is_unknown: bool = False) -> None:
        if is_permanent and is_unknown:
            raise ValueError("a letter whose fate is unknown was not refused for good")
        self.detail, self.is_permanent, self.is_unknown = detail, is_permanent, is_unknown
        super().__init__(detail)


class Channel(Protocol):
    """One way of telling. `send` may be called from several threads at once."""

    @property
    def name(self) -> str:
        """The word for it in a protocol's `by` and in the settings."""
        ...

    @property
    def is_loopback(self) -> bool:
        """Whether nothing it sends can leave this machine, judged by the written address of its server."""
        ...

    def problems(self) -> list[str]:
        """Every reason why it cannot work as set up, one English sentence each, without connecting anywhere."""
        ...

    def send(self, letter: Letter) -> Receipt:
        """Tell it. Raises ChannelError, and nothing else, when that did not surely succeed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """Settings of all channels, as the operator wrote them. Secrets and numbers stay out of its `repr`."""

    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = field(default=None, repr=False)
    twilio_account_sid: str | None = field(default=None, repr=False)
    twilio_auth_token: str | None = field(default=None, repr=False)
    twilio_from: str | None = field(default=None, repr=False)
    twilio_api_base_url: str | None = field(default=None, repr=False)
    allow_overseas_gateway: bool = False


def is_loopback_host(host: str | None) -> bool:
    """Whether a host as written is this machine: 127.0.0.0/8, ::1 or `localhost`. Nothing is looked up."""
    if not host:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
