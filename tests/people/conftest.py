"""The fictional bureau, loaded, and threads that start at one moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from incident_clock.people.importing import ImportSummary, import_people, read_people
from incident_clock.store.session import Store
from tests.people.files import EXAMPLE, written
from tests.support.bureau import SHEN


@pytest.fixture
def bureau(store: Store, now: datetime) -> Store:
    """A database with the people of `config/people.example.yaml`."""
    with store.write() as session:
        import_people(session, read_people(EXAMPLE), actor=SHEN, now=now)
    return store


@pytest.fixture
def load(store: Store, tmp_path: Path, now: datetime) -> Callable[[str], ImportSummary]:
    """Import a people file given as text."""

    def load(text: str) -> ImportSummary:
        with store.write() as session:
            return import_people(session, read_people(written(tmp_path, text)), actor=SHEN, now=now)

    return load


@pytest.fixture
def at_once() -> Callable[[Callable[[], Any], int], list[Any]]:
    """Call a function in so many threads that start together; gives the answers, raised errors among them."""

    def at_once(call: Callable[[], Any], times: int) -> list[Any]:
        start = Barrier(times)

        def run(_: int) -> Any:
            start.wait()
            try:
                return call()
            except Exception as error:
                return error

        with ThreadPoolExecutor(times) as threads:
            return list(threads.map(run, range(times)))

    return at_once
