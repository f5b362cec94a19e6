"""Seeded virtual days with faults: everybody is told, nobody twice without a mark, and the record is whole.

The seed stands in the test's name and in the complaint; the same seed plays the same day again.
"""

from pathlib import Path

import pytest

from incident_clock.store.session import Store
from tests.simulation.oracle import examine
from tests.simulation.world import World, fresh_sqlite

SEEDS = range(60)
SEEDS_ON_POSTGRESQL = range(1_000, 1_005)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_virtual_day(sqlite_template: Path, kept_folder: Path, seed: int):
    store = fresh_sqlite(sqlite_template, kept_folder, "day")
    examine(World(seed, store).live())
    store.dispose()


@pytest.mark.parametrize("seed", SEEDS_ON_POSTGRESQL)
def test_a_virtual_day_on_postgresql(postgresql_store: Store, seed: int):
    examine(World(seed, postgresql_store).live())


def test_the_same_seed_plays_the_same_day(sqlite_template: Path, kept_folder: Path):
    first, second = (World(3, fresh_sqlite(sqlite_template, kept_folder, name)).live() for name in ("first", "second"))
    assert first.calls == second.calls
    assert [(told.at, told.text) for told in first.room.told] == [(told.at, told.text) for told in second.room.told]
    for world in (first, second):
        world.store.dispose()
