"""The one composition root: settings become a store, channels, rules, the desk, the views and the engine's parts.

Nothing here decides anything; nothing is opened before it is asked for.
"""

import secrets
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from sqlalchemy.orm import Session

from incident_clock.channels.base import CONSOLE, Channel, ChannelSettings
from incident_clock.channels.catalog import CATALOG, open_channels
from incident_clock.clock import Clock, SystemClock
from incident_clock.desk import Desk
from incident_clock.engine.auditor import Auditor
from incident_clock.engine.settling import Settler
from incident_clock.engine.tick import Ticker
from incident_clock.errors import Refusal
from incident_clock.outbox import wording
from incident_clock.outbox.sender import Sender
from incident_clock.outbox.tables import Message
from incident_clock.people import roster
from incident_clock.phrases import Phrases, language_of
from incident_clock.protocol.loading import load_protocols
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.settings import Settings
from incident_clock.store.session import Store
from incident_clock.views import reachability
from incident_clock.views.reading import Views

EXAMPLE_STAYS_HOME = "the fictional bureau is loaded: nothing leaves this machine"


@dataclass(frozen=True)
class Assembly:
    """Everything a shell needs, put together from `settings` and a clock.

    `rules`: protocols that were read already, so that a worker never depends on a file that changed meanwhile.
    """

    settings: Settings
    clock: Clock
    rules: Mapping[str, ResponseProtocol] | None = None

    @classmethod
    def of(cls, settings: Settings, clock: Clock | None = None) -> "Assembly":
        return cls(settings, clock or SystemClock())

    @property
    def zone(self) -> ZoneInfo:
        return self.settings.timezone

    @property
    def language(self) -> str:
        """The language of people who have not chosen one."""
        return language_of(self.settings.locale)

    def phrases(self, language: str | None = None) -> Phrases:
        return Phrases(language or self.language, self.zone)

    @cached_property
    def store(self) -> Store:
        return Store(self.settings.database_url)

    @cached_property
    def protocols(self) -> Mapping[str, ResponseProtocol]:
        """Every rule that can be chosen, the default first. Raises ConfigError with every complaint."""
        s = self.settings
        return self.rules or load_protocols(s.protocol, s.protocols, known_channels=tuple(CATALOG))

    @property
    def default_protocol(self) -> ResponseProtocol:
        return next(iter(self.protocols.values()))

    @cached_property
    def channels(self) -> Mapping[str, Channel]:
        """The channels named in the settings; without any, the console alone. Raises ConfigError."""
        s = self.settings
        return open_channels(s.channels or (CONSOLE,), ChannelSettings(
            smtp_url=_revealed(s.smtp_url), mail_from=s.mail_from, twilio_account_sid=s.twilio_account_sid,
            twilio_auth_token=_revealed(s.twilio_auth_token), twilio_from=s.twilio_from,
            twilio_api_base_url=s.twilio_api_base_url, allow_overseas_gateway=s.allow_overseas_gateway))

    def require_usable(self) -> None:
        """Read what a process needs before it serves anybody. Raises ConfigError with the complaints."""
        _ = self.protocols, self.channels

    def enabled_channels(self, session: Session) -> Collection[str]:
        """Channels that alerts go to now. A box without a setting tells the screen only while it is an example."""
        if self.settings.channels is not None or roster.bureau(session).is_example:
            return self.channels
        return ()

    def problems(self) -> tuple[Refusal, ...]:
        """What must not look healthy: no channel, or a rung that reaches nobody now."""
        with self.store.read() as session:
            if roster.is_empty(session):
                return ()
            return tuple(reachability.complaints(session, self.protocols.values(), now=self.clock.now(),
                                                 channels=self.enabled_channels(session)))

    @cached_property
    def desk(self) -> Desk:
        return Desk(self.store, self.protocols, self.default_protocol.key, self.zone)

    @cached_property
    def views(self) -> Views:
        return Views(self.store, self.zone, self.text_of, self.problems)

    def link_to(self, number: str) -> str:
        return f"{self.settings.public_url.rstrip('/')}/incidents/{number}"

    def text_of(self, message: Message, now: datetime) -> str:
        """What a message says if it leaves at `now`."""
        return wording.text(message, self.phrases(message.language), now=now,
                            link=self.link_to(message.facts["number"]))

    def ticker(self) -> Ticker:
        return Ticker(self.store, self.enabled_channels)

    def sender(self, engine: str) -> Sender:
        return Sender(store=self.store, channels=self.channels, clock=self.clock, engine=engine, text_of=self.text_of,
                      phrases_for=self.phrases, may_leave=self.may_leave, settle=Settler(self.store).settle)

    def auditor(self) -> Auditor:
        return Auditor(self.store)

    def may_leave(self) -> str | None:
        """Why nothing may leave this machine, or None."""
        with self.store.read() as session:
            return EXAMPLE_STAYS_HOME if roster.bureau(session).is_example else None


def engine_id() -> str:
    """A name for one engine process, never used twice."""
    return f"{socket.gethostname()}-{secrets.token_hex(4)}"


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
