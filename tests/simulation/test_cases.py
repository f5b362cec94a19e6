"""Whatever anybody does to a case, in whatever order: its rows follow from the ledger alone, no edit makes a verdict
better without a second person, and the chain holds. The seed stands in the test's name; it plays the same again.
"""

from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest
from sqlalchemy.orm import Session

from incident_clock.registry import case, corrections, incidents
from incident_clock.registry.history import History
from incident_clock.registry.tables import Incident
from incident_clock.store.session import Store
from tests.simulation.case_play import CasePlay
from tests.simulation.world import fresh_sqlite

CHUNKS, PLAYS, LENGTH = range(10), 510, 7  # 5,100 plays in all, of so many acts that were tried
CARRIED_OUT = 2.5  # acts of a play that were not refused, on average


@pytest.mark.parametrize("chunk", CHUNKS)
def test_no_sequence_of_acts_breaks_a_promise(sqlite_template: Path, tmp_path: Path, chunk: int) -> None:
    acts = play_many(fresh_sqlite(sqlite_template, tmp_path, "cases"), range(chunk * PLAYS, (chunk + 1) * PLAYS))
    assert acts >= CARRIED_OUT * PLAYS


def test_long_lives_break_none_either(store: Store) -> None:
    assert play_many(store, range(100_000, 100_012), length=60, is_verified_each_time=True) >= 12 * 12


def unless_withdrawn(session: Session, incident: Incident, history: History) -> None:
    """Rows that forget to follow when a log is taken back."""
    if history.kinds[history.size] != "LogWithdrawn":
        WRITE_ROWS(session, incident, history)


WRITE_ROWS = case.write_rows


@pytest.mark.parametrize("bug", [
    patch.object(incidents, "improves", lambda *_, **__: False),
    patch.object(corrections, "improves", lambda *_, **__: False),
    patch.object(corrections, "_helps", lambda *_: False),
    patch.object(case, "write_rows", unless_withdrawn),
], ids=["a_better_log_is_taken_at_its_word", "a_better_minute_is_taken_at_its_word",
        "a_later_t0_holds_at_once", "rows_do_not_follow_a_withdrawal"])
def test_a_planted_bug_is_found(sqlite_template: Path, tmp_path: Path, bug) -> None:
    with bug, pytest.raises(AssertionError):
        play_many(fresh_sqlite(sqlite_template, tmp_path, "cases"), range(2_000))


def play_many(store: Store, seeds: range, *, length: int = LENGTH, is_verified_each_time: bool = False) -> int:
    """Every seed on its own pair of registrations; gives how many acts were carried out."""
    acts = 0
    for start in range(seeds.start, seeds.stop, 50):
        with store.write() as session:
            for seed in range(start, min(start + 50, seeds.stop)):
                play = CasePlay(session, Random(seed), is_verified_each_time=is_verified_each_time)
                found = play.play(length)
                assert not found, f"seed {seed}: {found}"
                acts += len(play.acts)
    return acts
