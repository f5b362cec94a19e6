"""When the five steps are due, and what counts as late: to the minute."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from incident_clock.protocol.deadlines import due_at, floor_minute, late_minutes, overdue_from

T0 = datetime(2026, 3, 12, 14, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("step", "minutes"), [
    ("phone_report", 20), ("preliminary_report", 60), ("detailed_report", 120), ("release", 300),
    ("press_conference", 1440),
])
def test_each_step_is_due_its_limit_after_the_clock_started(district, step, minutes):
    assert due_at(district.step(step), T0) == T0 + timedelta(minutes=minutes)


def test_the_general_response_is_due_after_48_hours(general):
    assert due_at(general.step("response"), T0) == T0 + timedelta(hours=48)


def test_a_due_instant_keeps_its_seconds_and_microseconds(district):
    started = T0.replace(second=30, microsecond=250_000)
    assert due_at(district.step("phone_report"), started) == started + timedelta(minutes=20)


@pytest.mark.parametrize(("done", "due", "late"), [
    ("14:24:59", "14:25:00", 0), ("14:25:00", "14:25:00", 0), ("14:25:01", "14:25:00", 0), ("14:25:59", "14:25:00", 0),
    ("14:26:00", "14:25:00", 1), ("14:26:59", "14:25:00", 1), ("14:27:00", "14:25:00", 2), ("15:25:00", "14:25:00", 60),
    ("14:25:00", "14:25:40", 0), ("14:25:59", "14:25:40", 0), ("14:26:00", "14:25:40", 1), ("09:00:00", "14:25:00", 0),
])
def test_lateness_compares_whole_minutes(done, due, late):
    assert late_minutes(_at(done), _at(due)) == late


@pytest.mark.parametrize(("due", "overdue"), [
    ("14:25:00", "14:26:00"), ("14:25:01", "14:26:00"), ("14:25:59", "14:26:00"), ("23:59:59", "00:00:00"),
])
def test_a_step_is_overdue_from_the_minute_after_its_due_minute(due, overdue):
    assert overdue_from(_at(due)).strftime("%H:%M:%S") == overdue


def test_a_done_instant_is_late_exactly_when_it_lies_in_the_overdue_time():
    due = _at("14:25:40")
    for seconds in range(-90, 90):
        done = due + timedelta(seconds=seconds)
        assert (late_minutes(done, due) > 0) is (done >= overdue_from(due))


def test_lateness_does_not_depend_on_the_zone_an_instant_is_written_in():
    due, shanghai = _at("14:25:00"), timezone(timedelta(hours=8))
    assert late_minutes((due + timedelta(minutes=3)).astimezone(shanghai), due) == 3


def test_the_floor_of_a_minute_drops_seconds_and_microseconds():
    assert floor_minute(T0.replace(second=59, microsecond=999_999)) == T0
    assert floor_minute(T0 - SECOND) == T0 - timedelta(minutes=1)


def _at(time: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-12T{time}+00:00")
