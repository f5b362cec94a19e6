"""`api` runs a test on SQLite, `api_on_both` once more on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from incident_clock.store.session import Store
from tests.api.rig import Api


@pytest.fixture
def api(sqlite_store: Store, tmp_path: Path) -> Iterator[Api]:
    yield from _opened(sqlite_store, tmp_path)


@pytest.fixture
def api_on_both(store: Store, tmp_path: Path) -> Iterator[Api]:
    yield from _opened(store, tmp_path)


def _opened(store: Store, folder: Path) -> Iterator[Api]:
    api = Api.open(store.url.render_as_string(hide_password=False), folder)
    yield api
    api.close()
