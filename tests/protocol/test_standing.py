"""How a step stands one second before, at and after each boundary."""

from datetime import UTC, datetime, timedelta

import pytest

from incident_clock.protocol.standing import Standing, is_late_entry, standing_done, standing_open

T0 = datetime(2026, 3, 12, 14, 5, tzinfo=UTC)
DUE = T0 + timedelta(minutes=20)


@pytest.mark.parametrize(("minutes", "seconds", "standing", "late"), [
    (0, 0, Standing.WAITING, 0),
    (14, 59, Standing.WAITING, 0), (15, 0, Standing.NEARING, 0), (15, 1, Standing.NEARING, 0),
    (19, 59, Standing.NEARING, 0), (20, 0, Standing.NEARING, 0), (20, 1, Standing.NEARING, 0),
    (20, 59, Standing.NEARING, 0), (21, 0, Standing.OVERDUE, 1), (21, 1, Standing.OVERDUE, 1),
    (21, 59, Standing.OVERDUE, 1), (22, 0, Standing.OVERDUE, 2), (80, 0, Standing.OVERDUE, 60),
])
def test_an_open_step_waits_then_nears_in_its_last_quarter_then_is_overdue(minutes, seconds, standing, late):
    verdict = standing_open(started=T0, due=DUE, now=T0 + timedelta(minutes=minutes, seconds=seconds))
    assert (verdict.standing, verdict.late_minutes) == (standing, late)


def test_an_open_step_before_its_clock_starts_is_waiting():
    assert standing_open(started=T0, due=DUE, now=T0 - timedelta(minutes=2)).standing is Standing.WAITING


@pytest.mark.parametrize("started_s", [0, 1, 30, 59])
def test_a_clock_that_started_within_a_minute_is_overdue_from_a_whole_minute(started_s):
    started = T0 + timedelta(seconds=started_s)
    due = started + timedelta(minutes=20)
    overdue = T0 + timedelta(minutes=21)
    before = standing_open(started=started, due=due, now=overdue - timedelta(microseconds=1))
    assert before.standing is Standing.NEARING
    assert standing_open(started=started, due=due, now=overdue).standing is Standing.OVERDUE


@pytest.mark.parametrize(("done_s", "standing", "late"), [
    (0, Standing.MET, 0), (20 * 60 - 1, Standing.MET, 0), (20 * 60, Standing.MET, 0), (20 * 60 + 59, Standing.MET, 0),
    (21 * 60, Standing.MET_LATE, 1), (26 * 60 + 30, Standing.MET_LATE, 6),
])
def test_a_logged_step_is_met_or_met_late_to_the_minute(done_s, standing, late):
    done = T0 + timedelta(seconds=done_s)
    verdict = standing_done(done=done, due=DUE, recorded=done)
    assert (verdict.standing, verdict.late_minutes) == (standing, late)
    assert not verdict.is_late_entry
    assert not verdict.is_rescue


@pytest.mark.parametrize(("after_s", "is_late"), [(0, False), (299, False), (300, False), (301, True), (3600, True)])
def test_an_entry_more_than_five_minutes_after_the_fact_is_a_late_entry(after_s, is_late):
    assert is_late_entry(happened_at=T0, recorded_at=T0 + timedelta(seconds=after_s)) is is_late


@pytest.mark.parametrize(("done_min", "recorded_s", "is_late_entry_", "is_rescue"), [
    (19, 20 * 60, False, False),      # a minute later, while the step is still open
    (10, 20 * 60 + 59, True, False),  # a late entry, but the step did not count as overdue yet
    (10, 21 * 60, True, True),        # it counted as overdue, and this entry says it was in time
    (19, 21 * 60, False, False),      # within five minutes: an ordinary entry
    (22, 60 * 60, True, False),       # late by its own words: nothing is rescued
])
def test_a_late_entry_that_turns_overdue_into_in_time_is_a_rescue(done_min, recorded_s, is_late_entry_, is_rescue):
    verdict = standing_done(done=T0 + timedelta(minutes=done_min), due=DUE, recorded=T0 + timedelta(seconds=recorded_s))
    assert (verdict.is_late_entry, verdict.is_rescue) == (is_late_entry_, is_rescue)


def test_every_standing_of_the_vocabulary_has_its_name():
    assert [str(standing) for standing in Standing] == [
        "waiting", "nearing", "overdue", "met", "met_late", "waived", "transferred", "not_applicable"]
