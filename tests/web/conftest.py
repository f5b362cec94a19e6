"""`house` is a fresh house at 14:05:30; `busy` one where S02 has been played to 14:50:12 (its number: `busy.s02`)."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from incident_clock.store.session import Store
from tests.web.house import House, at, billboard


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> Iterator[House]:
    opened = House.open(str(sqlite_store.url), tmp_path, now=at("14:05:30"))
    opened.beat(at("14:05:28"))
    yield opened
    opened.close()


@pytest.fixture
def busy(billboard_file: tuple[Path, str], tmp_path: Path) -> Iterator[House]:
    played, number = billboard_file
    shutil.copyfile(played, tmp_path / "busy.db")
    opened = House.over(f"sqlite:///{tmp_path / 'busy.db'}", tmp_path, now=at("14:50:12"))
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
