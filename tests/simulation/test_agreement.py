"""Forecast and readiness say what the engine then does: random rosters, rules, answers and instants, 0 differences.

The seed stands in the test's name and in the complaint; the same seed plays the same again. A comparison that finds
nothing proves nothing: every bug planted on one side alone must be found.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from incident_clock.engine.course import Surroundings
from incident_clock.people import calling, readiness, roster
from incident_clock.registry import calls
from incident_clock.store.session import Store
from incident_clock.views import forecast
from tests.simulation.agreement import Disagreement, Play
from tests.simulation.world import fresh_sqlite

SEEDS, SPANS, INCIDENTS = range(17), 4, 6  # spans of one play, incidents registered at the head of each
SEEDS_CAPPED, SPANS_CAPPED = range(100, 108), 10
FORECASTS, NOT_EMPTY = 130, 85  # of one play, at least; capped a tenth of it
PLAYS = 4  # within which a planted bug must be found


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_foretold_is_what_happens(sqlite_template: Path, tmp_path: Path, seed: int):
    played = play(sqlite_template, tmp_path, seed)
    assert len(played.cases) >= FORECASTS
    assert played.compared >= NOT_EMPTY


@pytest.mark.parametrize("seed", SEEDS_CAPPED)
def test_a_small_budget_is_used_up_together_as_foretold_and_again_after_midnight(sqlite_template: Path, tmp_path: Path, seed: int):
    assert len(play(sqlite_template, tmp_path, seed, is_capped=True).cases) >= FORECASTS // 10


def test_there_are_two_thousand_cases():
    assert len(SEEDS) * FORECASTS + len(SEEDS_CAPPED) * FORECASTS // 10 >= 2_000


@pytest.mark.parametrize("seed", [201])
def test_what_is_foretold_is_what_happens_on_postgresql(postgresql_store: Store, seed: int):
    assert Play(seed, postgresql_store).run(spans=2, incidents=4).compared > 20


def play(template: Path, folder: Path, seed: int, **planted: Any) -> Play:
    store = fresh_sqlite(template, folder, seed)
    try:
        is_capped = planted.get("is_capped", False)
        return Play(seed, store, **planted).run(SPANS_CAPPED if is_capped else SPANS, INCIDENTS)
    finally:
        store.dispose()


# ── planted on one side alone ─────────────────────────────────────────────────────────────────────────────

Plant = Callable[[], AbstractContextManager]


def no_leader_gets_a_stand_in() -> AbstractContextManager:
    return patch.object(calling, "needs_stand_in", lambda *given, **named: False)


def an_empty_rung_goes_down_first() -> AbstractContextManager:
    whole = calling._others
    return patch.object(calling, "_others", lambda step, number: reversed([*whole(step, number)]))


def one_answer_is_never_enough() -> AbstractContextManager:
    return patch.object(calling, "answers_needed", lambda rung, told: told)


def a_rungs_channels_do_not_count() -> AbstractContextManager:
    whole = calling.usable
    return patch.object(calling, "usable", lambda card, by, channels: whole(card, None, channels))


def the_first_cover_decides() -> AbstractContextManager:
    return book_with(lambda book: replace(book, covers=[replace(cover, id=-cover.id) for cover in book.covers]))


def nobody_acts_for_anybody() -> AbstractContextManager:
    return book_with(lambda book: replace(book, absences=[replace(away, acting=None) for away in book.absences]))


def the_roster_stands_still() -> AbstractContextManager:
    whole = roster.duty_book
    return patch.object(roster, "duty_book", lambda session, since, until=None: whole(session, since))


def an_answer_pauses_nothing() -> AbstractContextManager:
    whole = calls.states
    return patch.object(calls, "states", lambda rows: {
        place: replace(state, paused_until=None) for place, state in whole(rows).items()})


def what_it_sends_does_not_count() -> AbstractContextManager:
    return patch.object(Surroundings, "count", lambda self, ways: None)


def what_others_send_does_not_count() -> AbstractContextManager:
    return patch.object(forecast, "_beside", lambda session, incident_id, until, is_drill: ([], [], 0))


def the_day_never_ends() -> AbstractContextManager:
    whole = forecast.midnight_of
    first: list = []

    def midnight_of(now, zone):
        first.append(whole(now, zone))
        return first[0]

    return patch.object(forecast, "midnight_of", midnight_of)


def readiness_asks_every_channel() -> AbstractContextManager:
    return patch.object(readiness, "roles_of", lambda rung: dict.fromkeys(rung.tell))


@contextmanager
def book_with(change: Callable):
    whole = roster.duty_book
    with patch.object(roster, "duty_book", lambda *given: change(whole(*given))):
        yield


PLANTED = {  # bug → where it is planted, and the seed to begin with
    no_leader_gets_a_stand_in: ("ticking", 0), an_empty_rung_goes_down_first: ("ticking", 0),
    one_answer_is_never_enough: ("ticking", 3), a_rungs_channels_do_not_count: ("ticking", 1),
    the_first_cover_decides: ("forecasting", 0), nobody_acts_for_anybody: ("forecasting", 3),
    the_roster_stands_still: ("forecasting", 2), an_answer_pauses_nothing: ("forecasting", 3),
    readiness_asks_every_channel: ("forecasting", 2),
    what_it_sends_does_not_count: ("forecasting", 100), the_day_never_ends: ("forecasting", 100),
    what_others_send_does_not_count: ("forecasting", 100),
}


@pytest.mark.parametrize("plant", PLANTED, ids=[plant.__name__ for plant in PLANTED])
def test_a_bug_planted_on_one_side_is_found(sqlite_template: Path, tmp_path: Path, plant: Plant):
    where, first = PLANTED[plant]
    for seed in range(first, first + PLAYS):
        try:
            play(sqlite_template, tmp_path, seed, is_capped=first >= SEEDS_CAPPED[0], **{where: plant})
        except Disagreement:
            return
    pytest.fail(f"{PLAYS} plays went by and nothing was found")
