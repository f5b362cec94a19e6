"""The rules the product ships, read from their files."""

from pathlib import Path

import pytest

from incident_clock.protocol.loading import load_protocol
from incident_clock.protocol.steps import ResponseProtocol

PROTOCOLS = Path(__file__).parents[2] / "config" / "protocols"


@pytest.fixture(scope="session")
def district() -> ResponseProtocol:
    return load_protocol(PROTOCOLS / "district-emergency.yaml")


@pytest.fixture(scope="session")
def general() -> ResponseProtocol:
    return load_protocol(PROTOCOLS / "general-48h.yaml")
