"""The story of a duty room, on each database."""

from datetime import datetime

import pytest

from incident_clock.store.session import Store
from tests.support.room import Room
from tests.support.story import Story


@pytest.fixture
def story(store: Store, now: datetime) -> Story:
    """12 March 2026, 14:05: the day of S02. Everybody is reached by SMS."""
    return Story(Room(store, now, channels=("sms",)))
