"""Each channel with what it talks to, in one shape: what the conformance suite is run on."""

import logging
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Protocol
from xml.etree.ElementTree import fromstring

import pytest
from aiosmtpd.smtp import Envelope

from incident_clock.channels.base import Channel, ChannelSettings, Letter
from incident_clock.channels.catalog import open_channels
from incident_clock.channels.console import ConsoleChannel
from incident_clock.channels.mail import MailChannel
from tests.channels.servers import CLOSE, MailServer, TwilioServer, trusting_tls

PERMANENT, TEMPORARY, UNKNOWN = "permanent", "temporary", "unknown"
SENT_AT = datetime(2026, 3, 12, 6, 20, tzinfo=UTC)
MAIL, PHONE = "zhou@example.com", "+8613800000001"
USER, PASSWORD = "clock@example.com", "s3cret/#%"
SMTP_LOGIN = "clock%40example.com:s3cret%2F%23%25"
ACCOUNT, TOKEN, NUMBER = "AC" + "0" * 32, "t0ken-of-the-account", "+15005550006"
PUBLIC_URL = "http://127.0.0.1:8000"
MARK = "kind=reminder; incident=2026-0037; step=phone_report; rung=2; repeat=0"


def letter(to: str, **other: Any) -> Letter:
    return Letter(**{
        "to": to, "subject": "【舆情时钟】037 电话上报", "text": "事件037电话上报剩5分钟（14:25截止）",
        "reference": "K7Q2", "message_id": "<2026-0037.K7Q2@example.com>", "sent_at": SENT_AT,
        "headers": {"X-Incident-Clock": MARK}} | other)


def mail_settings(port: int, *, scheme: str = "smtp", login: str = "", **other: Any) -> ChannelSettings:
    at = f"{login}@" if login else ""
    return ChannelSettings(**{"smtp_url": f"{scheme}://{at}127.0.0.1:{port}",
                              "mail_from": "云河舆情时钟 <clock@example.com>"} | other)


def twilio_settings(port: int, **other: Any) -> ChannelSettings:
    return ChannelSettings(**{
        "twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN, "twilio_from": NUMBER,
        "twilio_api_base_url": f"http://127.0.0.1:{port}", "public_url": PUBLIC_URL} | other)


def read(envelope: Envelope) -> EmailMessage:
    """The e-mail as a reader's programme sees it."""
    message = message_from_bytes(envelope.original_content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


class Rig(Protocol):
    channel: Channel
    to: str
    secrets: tuple[str, ...]

    def arrived(self) -> list[str]: ...


class OutsideRig(Rig, Protocol):
    """A channel that talks to a server, and so can fail."""

    def will(self, outcome: str) -> None: ...

    def recover(self) -> None: ...


class ConsoleRig:
    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, logger="incident_clock.console")
        self.channel, self.to, self.secrets, self._caplog = ConsoleChannel(), "zhou", (), caplog

    def arrived(self) -> list[str]:
        return [record.getMessage().partition(" | ")[2] for record in self._caplog.records
                if record.name == "incident_clock.console"]


class MailRig:
    """With TLS and a login, so that there is a password to lose."""

    def __init__(self, server: MailServer) -> None:
        self.server, self.to, self.secrets = server, MAIL, (MAIL, PASSWORD, "s3cret")
        self.channel = MailChannel(mail_settings(server.port, login=SMTP_LOGIN), tls=trusting_tls)

    def arrived(self) -> list[str]:
        return [read(envelope).get_content().replace("\r\n", "\n") for envelope in self.server.letters]

    def will(self, outcome: str) -> None:
        self.server.trouble = {
            PERMANENT: {"RCPT": f"550 5.1.1 <{MAIL}>: no such user"},
            TEMPORARY: {"RCPT": f"451 4.7.1 <{MAIL}>: come back later"},
            UNKNOWN: {"DATA": CLOSE},
        }[outcome]

    def recover(self) -> None:
        self.server.trouble = {}


class TwilioRig:
    """The channel as the catalogue opens it, here sms."""

    name, field = "sms", "Body"

    def __init__(self, server: TwilioServer) -> None:
        self.server, self.to, self.secrets = server, PHONE, (PHONE, PHONE[3:], TOKEN, NUMBER)
        self.channel = open_channels([self.name], twilio_settings(server.port))[self.name]

    def arrived(self) -> list[str]:
        return [request[self.field] for request in self.server.requests]

    def will(self, outcome: str) -> None:
        match outcome:
            case "permanent":
                self.server.refuse(400, 21211, f"The 'To' number {PHONE} is not a valid phone number.")
            case "temporary":
                self.server.refuse(429, 20429, f"Too many requests to {PHONE} by {TOKEN}")
            case "unknown":
                self.server.trouble = CLOSE

    def recover(self) -> None:
        self.server.status, self.server.body, self.server.trouble = 201, None, None


class VoiceRig(TwilioRig):
    """A call says its text twice, within markup."""

    name, field = "voice", "Twiml"

    def arrived(self) -> list[str]:
        said = [[say.text or "" for say in fromstring(twiml).iter("Say")] for twiml in super().arrived()]
        assert all(words[:2] == words[2:] for words in said)
        return [words[0] for words in said]
