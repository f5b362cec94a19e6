"""What every channel takes, gives and raises, and the settings they are opened with.

A channel tells one person one thing and says honestly what became of it, then and later. It knows nothing of
incidents, of retrying or of the database, and it never reads the time: the letter carries its own.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from incident_clock.errors import IncidentClockError

CONSOLE = "console"  # the screen: it stands in for every channel, whatever a rung's `by` names

# What a provider says of a letter it has taken over. The later in this list wins, in whatever order they come in:
# one lost segment makes the whole message lost, and nothing is read that did not arrive.
QUEUED, SENT, DELIVERED, FAILED, READ = "queued", "sent", "delivered", "failed", "read"
STATUSES = (QUEUED, SENT, DELIVERED, FAILED, READ)

# What a failure means for the letter (the truth tables of the providers are made of these).
TEMPORARY = "temporary"  # nothing was told, trying again may help
PERMANENT = "permanent"  # nothing was told, and this letter never will be on this way
UNKNOWN = "unknown"  # everything was handed over but the answer was lost, so a second try may be a copy
GATEWAY_DOWN = "gateway_down"  # nothing was told, and no other letter will be until somebody mends the gateway
FATES = (TEMPORARY, PERMANENT, UNKNOWN, GATEWAY_DOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One text for one person.

    `to` is the address in this channel's form (E.164 number, e-mail address, key of the person). `subject`, `html`
    (the twin of `text`) and `headers` (names `X-…`) are for channels that have them. `message_id` is `<…@…>`, the
    same on every copy of the letter; `thread_id` is that of its incident. `reference` is the code a person sees on
    every copy, `tracking` what a provider is asked to repeat in its callbacks (no secret, no address).
    `template` and `params` are the same words for gateways that only send filed texts. `valid_for_s`: after so many
    seconds the next reminder makes it idle. `gateway` asks for one of several, whatever its state; empty for the best.
    `avoid` is the one that did not bring it there the last time. `sent_at` is an aware instant.
    """

    to: str = field(repr=False)
    subject: str
    text: str
    reference: str
    message_id: str
    sent_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    html: str | None = None
    thread_id: str | None = None
    language: str = "zh"
    tracking: str = ""
    template: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    valid_for_s: int | None = None
    gateway: str = ""
    avoid: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The next station has taken the letter over: its own id for it, and what it said (no address, no secret).

    `gateway`: which one, where a channel has several. `segments`: how many parts it is billed as, where it says so.
    """

    provider_id: str
    detail: str
    gateway: str = ""
    segments: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider says later of a letter it took over. `status` is one of STATUSES, `fate` says what a failure
    means (TEMPORARY, PERMANENT or GATEWAY_DOWN), `code` is the provider's own. `is_address_dead`: the address itself
    is to blame (opted out, no such number), whoever writes to it."""

    status: str
    code: str = ""
    detail: str = ""
    fate: str = TEMPORARY
    is_address_dead: bool = False
    segments: int | None = None


class ChannelError(IncidentClockError):
    """The letter was not told, or it is not known whether it was. `detail` names no address and no secret.

    `fate` is one of FATES; without a word on it the failure is temporary. `retry_after_s`: the provider asks for
    so long a pause. `gateway` and `code` say who refused it and with what.
    """

    def __init__(self, detail: str, *, is_permanent: bool = False, is_unknown: bool = False,
                 is_gateway_down: bool = False, code: str = "", is_address_dead: bool = False,
                 retry_after_s: float | None = None, gateway: str = "") -> None:
        fates = [fate for fate, is_so in ((PERMANENT, is_permanent), (UNKNOWN, is_unknown),
                                          (GATEWAY_DOWN, is_gateway_down)) if is_so]
        if len(fates) > 1:
            raise ValueError(f"a letter has one fate, not {' and '.join(fates)}")
        self.fate = fates[0] if fates else TEMPORARY
        self.detail, self.code, self.is_address_dead = detail, code, is_address_dead
        self.retry_after_s, self.gateway = retry_after_s, gateway
        super().__init__(detail)

    @property
    def is_permanent(self) -> bool:
        return self.fate == PERMANENT

    @property
    def is_unknown(self) -> bool:
        return self.fate == UNKNOWN

    @property
    def is_gateway_down(self) -> bool:
        return self.fate == GATEWAY_DOWN


class Channel(Protocol):
    """One way of telling. `send`, `look_up` and `find` may be called from several threads at once; each ends within
    10 s. A channel that gives no receipts, or cannot look anything up, leaves those two as they are here.

    `receipt_within`: how long word of delivery may take before another way is tried beside it; None: it gives none.
    `is_two_way`: whether a person can answer on it, so that its texts may ask for a reply.
    """

    receipt_within: timedelta | None = None
    is_two_way: bool = False

    @property
    def name(self) -> str:
        """The word for it in a protocol's `by` and in the settings; for a gateway, that in the gateway settings."""
        ...

    @property
    def is_loopback(self) -> bool:
        """Whether nothing it sends can leave this machine, judged by the written address of its server."""
        ...

    @property
    def gateways(self) -> tuple[str, ...]:
        """The names of its gateways; its own where there is only one."""
        return (self.name,)

    def problems(self) -> list[str]:
        """Every reason why it cannot work as set up, one English sentence each, without connecting anywhere."""
        ...

    def send(self, letter: Letter) -> Receipt:
        """Tell it. Raises ChannelError, and nothing else, when that did not surely succeed."""
        ...

    def look_up(self, provider_id: str, *, gateway: str = "") -> Report | None:
        """Ask what became of a letter. None: the provider does not know it, or knows nothing more, or cannot be
        asked. Raises ChannelError when the question got no answer."""
        return None

    def find(self, letter: Letter, *, gateway: str = "") -> Receipt | None:
        """Look for a letter whose answer was lost, by its recipient and text, from `sent_at` on. None: not found.
        Raises ChannelError when the question got no answer."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """Settings of all channels, as the operator wrote them. Secrets and numbers stay out of its `repr`.

    `public_url`: under which providers reach our callbacks. `sms_gateways`: gateways of the channel `sms`, the first
    is tried first. `sms_replies`: whether people can answer by SMS; None: as the gateway itself says. Files are paths.
    """

    public_url: str = ""
    sms_gateways: tuple[str, ...] = ("twilio",)
    sms_replies: bool | None = None
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = field(default=None, repr=False)
    mail_expects_receipt: bool = False
    twilio_account_sid: str | None = field(default=None, repr=False)
    twilio_auth_token: str | None = field(default=None, repr=False)
    twilio_from: str | None = field(default=None, repr=False)
    twilio_voice_from: str | None = field(default=None, repr=False)
    twilio_api_base_url: str | None = field(default=None, repr=False)
    twilio_region: str | None = None
    twilio_edge: str | None = None
    allow_overseas_gateway: bool = False
    aliyun_access_key_id: str | None = field(default=None, repr=False)
    aliyun_access_key_secret: str | None = field(default=None, repr=False)
    aliyun_sign_name: str | None = None
    aliyun_endpoint: str | None = None
    sms_templates: Path | None = None
    http_gateway: Path | None = None
    wecom_robot: str | None = field(default=None, repr=False)
    dingtalk_robot: str | None = field(default=None, repr=False)
    dingtalk_secret: str | None = field(default=None, repr=False)
    feishu_robot: str | None = field(default=None, repr=False)
    feishu_secret: str | None = field(default=None, repr=False)
    apprise_url: str | None = field(default=None, repr=False)


def is_loopback_host(host: str | None) -> bool:
    """Whether a host as written is this machine: 127.0.0.0/8, ::1 or `localhost`. Nothing is looked up."""
    if not host:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
