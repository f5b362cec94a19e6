"""The one composition root: settings become a store, channels, rules, the desk, the views and the engine's parts.

Nothing here decides anything; nothing is opened before it is asked for.
"""

import secrets
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property, partial
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from sqlalchemy.orm import Session

from incident_clock.casework import CaseDesk
from incident_clock.channels.base import CONSOLE, Channel, ChannelSettings
from incident_clock.channels.catalog import CATALOG, open_channels
from incident_clock.clock import Clock, SystemClock
from incident_clock.engine.auditor import Auditor
from incident_clock.engine.looking import Looker
from incident_clock.engine.noticing import Noticer
from incident_clock.engine.probing import Prober
from incident_clock.engine.receiving import Receiver
from incident_clock.engine.returned import ReturnedMail
from incident_clock.engine.settling import Settler
from incident_clock.engine.tick import Ticker
from incident_clock.errors import Refusal
from incident_clock.inbox import Inbox
from incident_clock.office import LOOK_AHEAD, Office
from incident_clock.outbox import answer_links, tracking, wording
from incident_clock.outbox.messages import CHASING
from incident_clock.outbox.sender import Sender
from incident_clock.outbox.tables import Message
from incident_clock.people import gap_words, roster
from incident_clock.people.drill_book import DrillBook, read_drill_book
from incident_clock.people.outside import outside_addresses
from incident_clock.people.readiness import Gap, gaps
from incident_clock.people.rest_days import RestDays, read_rest_days
from incident_clock.phrases import N_, Phrases, language_of
from incident_clock.protocol.loading import load_protocols
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.settings import Settings
from incident_clock.store.session import Store
from incident_clock.views import readiness
from incident_clock.views.forecast import Forecaster
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
        """The channels named in the settings; without any, those of the example or the console. Raises ConfigError."""
        s = self.settings
        return open_channels(s.channels or s.example_channels or (CONSOLE,), ChannelSettings(
            **{field.name: _revealed(getattr(s, field.name)) for field in fields(ChannelSettings)}))

    def require_usable(self) -> None:
        """Read what a process needs before it serves anybody. Raises ConfigError with the complaints."""
        _ = self.protocols, self.channels, self.rest_days
        if not self.drill_book.is_empty:
            with self.store.read() as session:
                self.drill_book.require_no_outside(outside_addresses(session))

    @cached_property
    def sending_channels(self) -> Mapping[str, Channel]:
        """Those, and the screen, which carries drills whatever is switched on."""
        return {**self.channels, **({} if CONSOLE in self.channels else open_channels((CONSOLE,), ChannelSettings()))}

    @cached_property
    def drill_book(self) -> DrillBook:
        """Who may be told of drills, and where; empty when no file is named. Raises ConfigError."""
        return read_drill_book(self.settings.drill_people)

    def why_not_drill(self, message: Message) -> str | None:
        """Why a message of a drill may not leave for its address, or None. Outside parties are asked for anew each
        time: one may have been entered since the book was read."""
        with self.store.read() as session:
            outside = outside_addresses(session)
        return self.drill_book.why_not(message.person, message.channel, message.address, outside)

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
            return readiness.complaints(session, self.protocols.values(), now=self.clock.now(),
                                        channels=self.enabled_channels(session))

    @cached_property
    def desk(self) -> CaseDesk:
        return CaseDesk(self.store, self.protocols, self.default_protocol.key, self.zone)

    @cached_property
    def office(self) -> Office:
        return Office(self.store, self.protocols, self.enabled_channels, self.zone)

    @cached_property
    def rest_days(self) -> RestDays:
        """Holidays and exchanged days, which change who is on duty and never a deadline. Raises ConfigError."""
        return read_rest_days(self.settings.holidays)

    @cached_property
    def views(self) -> Views:
        return Views(self.store, self.zone, self.text_of, self.problems)

    @cached_property
    def forecaster(self) -> Forecaster:
        return Forecaster(self.store, self.enabled_channels, self.zone, self.settings.daily_budget, self.drill_book)

    def link_to(self, number: str) -> str:
        return f"{self.settings.public_url.rstrip('/')}/incidents/{number}"

    def answer_link(self, message: Message) -> str | None:
        """Where a mail that asks for something can be acknowledged by the one it was written to."""
        if message.channel != "email" or message.incident_id is None or message.kind not in CHASING:
            return None
        token = answer_links.sign(self._secret, message.id)
        return f"{self.settings.public_url.rstrip('/')}/answer/{token}"

    def text_of(self, message: Message, now: datetime) -> str:
        """What a message says if it leaves at `now`."""
        return wording.text(message, self.phrases(message.language), now=now, code=self._code_for(message),
                            link=self.link_to(message.facts["number"]))

    def _code_for(self, message: Message) -> str | None:
        """The code for the page `/a`, where the way carries no answers. The screen stands in for every way."""
        way = self.channels.get(message.channel)
        return None if way is None or way.is_two_way or message.channel == CONSOLE else message.answer_code

    def ticker(self) -> Ticker:
        return Ticker(self.store, self.enabled_channels, self.zone, self.settings.daily_budget, self.drill_book)

    def sender(self, engine: str) -> Sender:
        return Sender(store=self.store, channels=self.sending_channels, clock=self.clock, engine=engine,
                      text_of=self.text_of, phrases_for=self.phrases, may_leave=self.may_leave,
                      settle=Settler(self.store, self.ticker().look_around).settle, answer_link=self.answer_link,
                      tracking=partial(tracking.sign, self._secret), page_code=self._code_for, page_link=self.link_to,
                      why_not_drill=self.why_not_drill)

    @cached_property
    def receiver(self) -> Receiver:
        """Takes what providers report, in the web processes and in the engine."""
        return Receiver(self.store, self.ticker().look_around, partial(tracking.read, self._secret))

    @cached_property
    def inbox(self) -> Inbox:
        """Takes what people answer, in the web processes."""
        return Inbox(self.store, self.ticker().look_around, self.phrases, self.language,
                     partial(tracking.read, self._secret))

    def prober(self) -> Prober:
        s = self.settings
        return Prober(self.store, self.channels, s.test_message_to, s.test_message_every, self.probe_facts)

    def probe_facts(self, gateway: str, now: datetime) -> dict[str, Any]:
        """The text of a test message, as a message's facts."""
        words = self.phrases("zh")
        with self.store.read() as session:
            signature = roster.bureau(session).short_name
        text = words.say(N_("渠道自检 %(at)s，无需处理。"), at=words.moment(now))
        return {"number": "", "is_drill": False, "gateway": gateway, "subject": words.say(N_("渠道自检")), "mail": text,
                "sms": (f"【{signature}】" if signature else "") + text}

    def returned_mail(self) -> ReturnedMail | None:
        """The mailbox that bounces come back to, where one is named."""
        url = self.settings.imap_url
        return ReturnedMail(url.get_secret_value(), self.receiver,
                            partial(tracking.read, self._secret)) if url else None

    def looker(self, sender: Sender) -> Looker:
        return Looker(self.store, self.sending_channels, self.receiver, sender.letter_again)

    def noticer(self) -> Noticer:
        return Noticer(self.store, self.zone, self.enabled_channels, self.gaps_ahead, self.gap_notice)

    def gaps_ahead(self, session: Session, now: datetime) -> tuple[Gap, ...]:
        """Where nobody is on duty within the days the readiness board shows."""
        until, channels = now + LOOK_AHEAD, self.enabled_channels(session)
        if not channels:  # every rung would be a gap, and nobody could be told of them
            return ()
        return gaps(roster.duty_book(session, now, until), self.protocols.values(), channels=channels, since=now,
                    until=until)

    def gap_notice(self, found: Sequence[Gap], language: str, now: datetime) -> dict[str, Any]:
        """The texts of the daily notice, as a message's facts."""
        words, days = self.phrases(language), LOOK_AHEAD.days
        with self.store.read() as session:
            signature = roster.bureau(session).short_name
        return {"number": "", "is_drill": False, "subject": gap_words.subject(found, words, days=days),
                "sms": (f"【{signature}】" if signature else "") + gap_words.sms_line(found, words, days=days),
                "mail": gap_words.mail_text(found, words, days=days)}

    @property
    def _secret(self) -> str:
        return self.settings.secret_key.get_secret_value()

    def auditor(self) -> Auditor:
        return Auditor(self.store)

    def may_leave(self) -> str | None:
        """Why nothing may leave this machine, or None."""
        with self.store.read() as session:
            return EXAMPLE_STAYS_HOME if roster.bureau(session).is_example else None


def engine_id() -> str:
    """A name for one engine process, never used twice."""
    return f"{socket.gethostname()}-{secrets.token_hex(4)}"


def _revealed(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
