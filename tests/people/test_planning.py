"""Laying out shifts in turn: workdays by one list, rest days by another."""

from datetime import date, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_clock.people.planning import PlannedShift, days_between, duty_day, plan
from incident_clock.people.rest_days import MADE_UP, RestDays
from tests.support.bureau import ZONE

A, B, C, D, E = "abcde"


def laid(first: date, last: date, workday_turn: list[str], restday_turn: list[str], *, zone: ZoneInfo = ZONE,
         at: time = time(8, 30)) -> tuple[PlannedShift, ...]:
    return plan("duty_officer", days_between(first, last), workday_turn=workday_turn, restday_turn=restday_turn,
                handover_time=at, zone=zone, day_kind=RestDays().kind)


def people(*given: object) -> str:
    return "".join(one.person for one in laid(*given))


@pytest.mark.parametrize(("first", "last", "workdays", "restdays", "expected"), [
    # Thu 12 – Wed 18 March 2026: rest days have their own turn, and the workday turn goes on where it was
    (date(2026, 3, 12), date(2026, 3, 18), [A, B, C], [D, E], "abdecab"),
    (date(2026, 3, 12), date(2026, 3, 18), [A, B, C], [], "abcabca"),  # one turn through all days
    (date(2026, 3, 14), date(2026, 3, 14), [A], [D, E], "d"),
    (date(2026, 3, 12), date(2026, 3, 13), [A], [D], "aa"),
    # 27 September – 12 October 2026: eight rest days, and Saturday 10 October is worked in exchange
    (date(2026, 9, 27), date(2026, 10, 12), [A, B], [D, E], "dabaedededebabda"),
    # Sunday 4 January 2026 is worked: 1–3 are rest days
    (date(2025, 12, 31), date(2026, 1, 5), [A, B], [D, E], "adedba"),
])
def test_each_day_goes_to_the_next_in_its_own_turn(
        first: date, last: date, workdays: list[str], restdays: list[str], expected: str) -> None:
    assert people(first, last, workdays, restdays) == expected


def test_a_worked_saturday_is_a_workday_of_the_plan() -> None:
    saturday, = laid(date(2026, 10, 10), date(2026, 10, 10), [A], [D])
    assert (saturday.kind.kind, saturday.person) == (MADE_UP, A)


def test_a_day_lasts_from_hand_over_to_hand_over() -> None:
    one, = laid(date(2026, 3, 12), date(2026, 3, 12), [A], [])
    assert one.from_at.isoformat() == "2026-03-12T08:30:00+08:00"
    assert one.until_at.isoformat() == "2026-03-13T08:30:00+08:00"


@given(first=st.dates(date(2024, 1, 1), date(2026, 12, 1)), ahead=st.integers(0, 60),
       workdays=st.lists(st.sampled_from("abc"), min_size=1, max_size=4), restdays=st.lists(st.sampled_from("de"), max_size=3),
       at=st.times().map(lambda t: t.replace(second=0, microsecond=0)))
def test_a_plan_has_no_hole_and_no_overlap_and_a_day_for_each_day(
        first: date, ahead: int, workdays: list[str], restdays: list[str], at: time) -> None:
    found = laid(first, first + timedelta(days=ahead), workdays, restdays, at=at)
    assert [one.day for one in found] == days_between(first, first + timedelta(days=ahead))
    assert all(one.until_at == later.from_at for one, later in pairwise(found))
    assert all(one.until_at - one.from_at == timedelta(days=1) for one in found)  # no daylight saving time here
    assert all(one.person in (restdays or workdays) for one in found if one.kind.is_rest)
    assert all(one.person in workdays for one in found if not one.kind.is_rest)


def test_where_clocks_are_put_forward_a_day_still_ends_at_the_hand_over() -> None:
    since, until = duty_day(date(2026, 3, 28), time(8, 30), ZoneInfo("Europe/Berlin"))
    assert (since.isoformat(), until.isoformat()) == ("2026-03-28T08:30:00+01:00", "2026-03-29T08:30:00+02:00")
