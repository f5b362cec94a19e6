"""Databases of their own: these tests change which version a database says it is."""

from collections.abc import Iterator

import pytest

from incident_clock.store.session import Store
from tests.schema import create_from_models


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A fresh database with the whole schema; the test runs once on each kind."""
    store = Store(request.getfixturevalue(f"{request.param}_url"))
    create_from_models(store)
    yield store
    store.dispose()
