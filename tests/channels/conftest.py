"""One rig per channel; see rigs.py."""

from collections.abc import Iterator

import pytest

from tests.channels.rigs import PASSWORD, USER, ConsoleRig, MailRig, Rig, TwilioRig, VoiceRig
from tests.channels.servers import MailServer, TwilioServer


@pytest.fixture
def mail_rig() -> Iterator[MailRig]:
    with MailServer(starttls=True, login=(USER, PASSWORD)) as server:
        yield MailRig(server)


@pytest.fixture
def twilio_rig() -> Iterator[TwilioRig]:
    with TwilioServer() as server:
        yield TwilioRig(server)


@pytest.fixture
def voice_rig() -> Iterator[VoiceRig]:
    with TwilioServer() as server:
        yield VoiceRig(server)


@pytest.fixture
def console_rig(caplog: pytest.LogCaptureFixture) -> ConsoleRig:
    return ConsoleRig(caplog)


@pytest.fixture(params=["console", "mail", "twilio", "voice"])
def rig(request: pytest.FixtureRequest) -> Rig:
    """Every channel."""
    return request.getfixturevalue(f"{request.param}_rig")


@pytest.fixture(params=["mail", "twilio", "voice"])
def outside_rig(request: pytest.FixtureRequest) -> MailRig | TwilioRig:
    """Every channel that talks to a server, and so can fail."""
    return request.getfixturevalue(f"{request.param}_rig")
