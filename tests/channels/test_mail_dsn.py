"""Asking for delivery reports (RFC 3461), from servers that know them, that do not, and that only say so."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from incident_clock.channels.mail import MailChannel
from tests.channels.rigs import MAIL, letter, mail_settings, read
from tests.channels.servers import MailServer, ScriptedMailServer

TRACKING = "37-1-9f2c41d07ab3"


class DsnSmtp(SMTP):
    """aiosmtpd with DSN: offers it, takes its parameters off and keeps them."""

    asked: list[str]

    async def push(self, status: Any) -> None:
        await super().push(b"250-DSN\r\n250 HELP" if status == "250 HELP" else status)

    def _getparams(self, params: Any) -> Any:
        self.asked += [word for word in params if word.startswith(("RET=", "ENVID=", "NOTIFY="))]
        return super()._getparams([word for word in params if word not in self.asked])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    monkeypatch.setattr(DsnSmtp, "asked", [], raising=False)
    monkeypatch.setattr("aiosmtpd.controller.SMTP", DsnSmtp)
    with MailServer() as running:
        yield running


@pytest.mark.parametrize(("expects", "notify"), [
    (False, "NOTIFY=FAILURE,DELAY"), (True, "NOTIFY=SUCCESS,FAILURE,DELAY")])
def test_a_server_that_offers_reports_is_asked_for_them(server: MailServer, expects: bool, notify: str) -> None:
    channel = MailChannel(mail_settings(server.port, mail_expects_receipt=expects))
    channel.send(letter(MAIL, tracking=TRACKING))
    assert DsnSmtp.asked == ["RET=HDRS", f"ENVID={TRACKING.upper()}", notify]  # aiosmtpd puts them in capitals
    assert read(server.letters[0])["X-Incident-Clock-Tracking"] == TRACKING


def test_a_letter_without_a_tracking_word_names_no_envelope(server: MailServer) -> None:
    MailChannel(mail_settings(server.port)).send(letter(MAIL))
    assert DsnSmtp.asked == ["RET=HDRS", "NOTIFY=FAILURE,DELAY"]
    assert "X-Incident-Clock-Tracking" not in read(server.letters[0])


def said(script: dict[str, str | None], **other: object) -> list[str]:
    with ScriptedMailServer(script) as server:
        MailChannel(mail_settings(server.port)).send(letter(MAIL, **other))
    return [line for line in server.heard if line.upper().startswith(("MAIL", "RCPT"))]


def test_the_word_for_the_envelope_goes_out_to_the_letter() -> None:
    heard = said({"EHLO": "250-here\r\n250 DSN"}, tracking="a+b=C")
    assert heard[0].endswith(" RET=HDRS ENVID=a+2Bb+3DC")
    assert heard[1].endswith(" NOTIFY=FAILURE,DELAY")


def test_a_server_that_does_not_offer_reports_is_not_bothered() -> None:
    assert all("=" not in line for line in said({}, tracking=TRACKING))


class _Fussy(ScriptedMailServer):
    """Offers DSN and refuses every command that uses it."""

    def __init__(self) -> None:
        super().__init__({"EHLO": "250-here\r\n250 DSN"})
        fussy = self

        class Script(dict[str, str | None]):
            def get(self, verb: str, default: Any = None) -> Any:
                is_asking = bool(fussy.heard) and verb in ("MAIL", "RCPT") and "=" in fussy.heard[-1]
                return "555 5.5.4 what?" if is_asking else super().get(verb, default)

        self.script = Script(self.script)


def test_a_server_that_offers_reports_and_refuses_the_asking_gets_the_letter_without() -> None:
    with _Fussy() as server:
        MailChannel(mail_settings(server.port)).send(letter(MAIL, tracking=TRACKING))
    verbs = [line.split()[0].upper() for line in server.heard if line.upper().startswith(("MAIL", "RCPT"))]
    assert verbs == ["MAIL", "MAIL", "RCPT", "RCPT"]
