"""One rig per channel; see rigs.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels import rig_domestic
from tests.channels.rigs import PASSWORD, USER, ConsoleRig, MailRig, OutsideRig, Rig, TwilioRig, VoiceRig
from tests.channels.server_domestic import JsonServer
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


@pytest.fixture
def domestic_server() -> Iterator[JsonServer]:
    with JsonServer() as server:
        yield server


@pytest.fixture(params=["console", "mail", "twilio", "voice", *rig_domestic.RIGS])
def rig(request: pytest.FixtureRequest) -> Rig:
    """Every channel."""
    return opened(request)


@pytest.fixture(params=["mail", "twilio", "voice", *rig_domestic.SAYING_WHY])
def outside_rig(request: pytest.FixtureRequest) -> OutsideRig:
    """Every channel that talks to a server, and so can fail, and can tell why."""
    return opened(request)


def opened(request: pytest.FixtureRequest) -> OutsideRig:
    if request.param not in rig_domestic.RIGS:
        return request.getfixturevalue(f"{request.param}_rig")
    folder: Path = request.getfixturevalue("tmp_path")
    return rig_domestic.RIGS[request.param](request.getfixturevalue("domestic_server"), folder)
