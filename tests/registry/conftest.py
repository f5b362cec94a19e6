"""The duty room of the fictional bureau, on each database."""

from datetime import datetime

import pytest

from incident_clock.store.session import Store
from tests.support.databases import kept_database, postgresql_store
from tests.support.room import Room

__all__ = ["kept_database", "postgresql_store"]


@pytest.fixture
def room(store: Store, now: datetime) -> Room:
    return Room(store, now)
