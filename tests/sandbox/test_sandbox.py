"""The sandbox as the product meets it: the real Twilio SDK and real SMTP over loopback, every trouble of its table."""

import smtplib
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from urllib.request import urlopen

import pytest

from incident_clock.channels.base import ChannelError, ChannelSettings, Letter
from incident_clock.channels.catalog import open_channels
from incident_clock.clock import VirtualClock
from incident_clock.sandbox.account import sandbox_environment
from incident_clock.sandbox.fates import FATES
from incident_clock.sandbox.server import Sandbox
from tests.channels.servers import free_port
from tests.support.bureau import ZONE

NOW = datetime(2026, 3, 12, 6, 5, tzinfo=UTC)
PHONE = "+8613800000001"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(port=0, smtp_port=free_port(), public_url=f"http://127.0.0.1:{free_port()}", clock=VirtualClock(NOW),
                  zone=ZONE, pause_s=0.0)
    box.start()
    yield box
    box.stop()


@pytest.fixture
def send(sandbox: Sandbox) -> Callable[[str], str]:
    """Send an SMS over the product's own channel; gives what became of the call: its id, or the fate of its failure."""
    given = sandbox_environment(port=sandbox.port, smtp_port=1)
    channel = open_channels(["sms"], ChannelSettings(
        twilio_api_base_url=given["TWILIO_API_BASE_URL"], twilio_account_sid=given["TWILIO_ACCOUNT_SID"],
        twilio_auth_token=given["TWILIO_AUTH_TOKEN"], twilio_from=given["TWILIO_FROM"]))["sms"]

    def carry_out(number: str) -> str:
        try:
            receipt = channel.send(letter(number))
        except ChannelError as error:
            return f"{error.fate} {error.code}".strip()
        for _ in range(200):  # until the last state is reported, a moment later
            report = channel.look_up(receipt.provider_id)
            if report is not None and report.status in ("delivered", "failed"):
                return f"{report.status} {report.code}".strip()
            if not FATES.get(number[-5:], None) or FATES[number[-5:]].statuses == ():
                return report.status if report else "unheard of"
        return "silent"

    return carry_out


def letter(number: str) -> Letter:
    return Letter(to=number, subject="", text="事件037电话上报剩5分钟。回复1037确认。编号K7Q2", reference="K7Q2",
                  message_id="<1@example.com>", sent_at=NOW)


@pytest.mark.parametrize(("ending", "outcome"), [
    ("21610", "permanent 21610"), ("21211", "permanent 21211"), ("20429", "temporary 20429"),
    ("20003", "gateway_down 20003"), ("50000", "unknown 20500"), ("50300", "unknown 20503"), ("99000", "unknown"),
    ("99003", "unknown"), ("99001", "queued"), ("30003", "failed 30003"), ("30005", "failed 30005"),
])
def test_every_trouble_reaches_the_product_as_what_it_is(send, ending: str, outcome: str) -> None:
    assert send(f"+86138000{ending}") == outcome


def test_what_arrives_stands_on_the_page_and_can_be_answered(sandbox: Sandbox, send) -> None:
    send(PHONE)
    with urlopen(f"http://127.0.0.1:{sandbox.port}/") as page:
        shown = page.read().decode()
    assert "事件037电话上报剩5分钟" in shown
    assert 'name="text" value="1037"' in shown
    assert "script" not in page.headers["Content-Security-Policy"]


def test_mails_are_kept_and_two_mailboxes_refuse(sandbox: Sandbox) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "037 电话上报", "clock@example.com", "zhou@example.com"
    message.set_content("剩5分钟")
    message.add_alternative("<p>剩5分钟</p>", subtype="html")
    port = sandbox.mailboxes._server.port
    with smtplib.SMTP("127.0.0.1", port) as server:
        server.send_message(message)
    for address, code in (("gone@example.com", 550), ("later@example.com", 451)):
        with smtplib.SMTP("127.0.0.1", port) as server, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            server.sendmail("clock@example.com", [address], "x")
        assert refused.value.recipients[address][0] == code
    [kept] = sandbox.mailboxes.mails()
    assert (kept.to, kept.subject, kept.text.strip(), kept.html.strip()) == (
        "zhou@example.com", "037 电话上报", "剩5分钟", "<p>剩5分钟</p>")


def test_only_this_machine_reaches_it(sandbox: Sandbox) -> None:
    assert sandbox._server.server_address[0] == "127.0.0.1"
    assert sandbox.mailboxes._server.hostname == "127.0.0.1"
    assert socket.gethostbyname("localhost") == "127.0.0.1"
