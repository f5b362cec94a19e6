"""The duty room of the fictional bureau, on each database."""

from datetime import datetime

import pytest

from incident_clock.store.session import Store
from tests.support.room import Room


@pytest.fixture
def room(store: Store, now: datetime) -> Room:
    return Room(store, now)
