"""A fresh installation per test, stopped at its end."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """`world(protocol=…)` makes an installation; nothing runs in it yet."""
    made: list[World] = []

    def make(*, protocol: str, channels: str = "email") -> World:
        made.append(World(tmp_path, protocol=protocol, channels=channels))
        return made[-1]

    yield make
    for one in made:
        one.close()
