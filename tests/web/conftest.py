"""`house` is a fresh house at 14:05:30; `busy` one where S02 has been played to 14:50:12 (its number: `busy.s02`)."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from incident_clock.store.session import Store
from tests.support.databases import copied
from tests.web.house import House, at, billboard


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> Iterator[House]:
    opened = House.open(str(sqlite_store.url), tmp_path, now=at("14:05:30"))
    opened.beat(at("14:05:28"))
    yield opened
    opened.close()


@pytest.fixture
def busy(billboard_file: tuple[Path, str], kept_folder: Path, tmp_path: Path) -> Iterator[House]:
    played, number = billboard_file
    store = copied(played, kept_folder / "busy.db")
    opened = House.over(str(store.url), tmp_path, now=at("14:50:12"))
    opened.s02 = number
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def billboard_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """S02 played once per worker, to be copied."""
    folder = tmp_path_factory.mktemp("billboard")
    shutil.copyfile(sqlite_template, folder / "played.db")
    played = House.open(f"sqlite:///{folder / 'played.db'}", folder)
    number = billboard(played)
    played.close()
    return folder / "played.db", number
