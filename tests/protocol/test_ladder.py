"""The shipped ladders, rung by rung and repeat by repeat, against the table of the rule (minutes from T0)."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from incident_clock.protocol.ladder import Occurrence, audience, decide, first_rung_at, occurrences
from incident_clock.protocol.steps import ROLES

T0 = datetime(2026, 3, 12, 14, 5, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)

OFFICER, CHIEF, LEADER, PUBLICITY, DEPUTY, HEAD = (
    "duty_officer", "duty_chief", "duty_leader", "publicity_chief", "deputy", "head")

TABLE = {
    "phone_report": [
        (0, {OFFICER, CHIEF}), (10, {OFFICER, CHIEF}), (15, {LEADER, PUBLICITY}), (18, {DEPUTY}), (21, {DEPUTY, HEAD})],
    "preliminary_report": [
        (30, {OFFICER, CHIEF, PUBLICITY}), (45, {LEADER, DEPUTY}), (55, {DEPUTY, HEAD}), (61, {HEAD, DEPUTY})],
    "detailed_report": [(75, {CHIEF, PUBLICITY}), (100, {LEADER}), (110, {DEPUTY}), (121, {HEAD, DEPUTY})],
    "release": [
        (120, {PUBLICITY}), (180, {PUBLICITY, DEPUTY}), (240, {DEPUTY, HEAD}), (270, {HEAD}),
        (290, {HEAD, DEPUTY, PUBLICITY}), (301, {HEAD, DEPUTY, PUBLICITY})],
    "press_conference": [
        (360, {PUBLICITY}), (720, {PUBLICITY, DEPUTY}), (1080, {DEPUTY}), (1260, {DEPUTY, HEAD}), (1380, {HEAD}),
        (1441, {HEAD, DEPUTY, PUBLICITY})],
    "response": [(1440, {PUBLICITY}), (2160, {DEPUTY}), (2640, {DEPUTY, HEAD}), (2881, {HEAD})],
}
REPEATS = {  # minutes after the overdue rung
    "phone_report": [5, 10, 15, 25, 35, 45, 55, 65, 75, 105, 135, 165],
    "preliminary_report": [10, 20, 30, 40, 50, 60, 90, 120, 150],
    "detailed_report": [15, 30, 45, 60, 120, 180, 240],
    "release": [30, 60, 90, 120, 180, 240, 300],
    "press_conference": [120, 240, 360, 480, 1200, 1920, 2640],
    "response": [240, 480, 720, 960, 1680, 2400, 3120],
}
RUNGS = [(step, number, minutes, roles)
         for step, rungs in TABLE.items() for number, (minutes, roles) in enumerate(rungs, start=1)]


@pytest.fixture(params=TABLE)
def step(request, district, general):
    return district.step(request.param) or general.step(request.param)


def test_the_shipped_rules_have_these_steps_and_no_others(district, general):
    assert [s.key for s in (*district.steps, *general.steps)] == list(TABLE)


def test_each_ladder_has_the_instants_and_the_audience_of_the_table(step):
    rungs = [(r.number, r.from_start(step.within) / MINUTE, set(r.tell), r.by) for r in step.ladder]
    assert rungs == [(n, minutes, roles, None) for n, (minutes, roles) in enumerate(TABLE[step.key], start=1)]


def test_only_the_overdue_rung_repeats_and_never_ends(step):
    assert [bool(rung.repeats) for rung in step.ladder] == [*(False for _ in step.ladder[1:]), True]
    last = step.ladder[-1]
    calls = list(islice(occurrences(last, T0), len(REPEATS[step.key]) + 1))
    assert [(call.at - T0) / MINUTE for call in calls] == [0, *REPEATS[step.key]]
    assert [call.repeat for call in calls] == list(range(len(calls)))


@pytest.mark.parametrize(("key", "number", "minutes", "roles"), RUNGS)
def test_each_rung_is_raised_at_its_instant_and_not_a_second_before(district, general, key, number, minutes, roles):
    step = district.step(key) or general.step(key)
    at = T0 + minutes * MINUTE
    early = decide(step, started=T0, next_rung_at=at, now=at - SECOND)
    assert early.raised == early.passed_over == ()
    assert early.next_rung_at == at
    for now in (at, at + SECOND):
        decision = decide(step, started=T0, next_rung_at=at, now=now)
        assert decision.raised == (Occurrence(number, 0, at),)
        assert decision.passed_over == ()
        assert decision.next_rung_at > now
        assert set(audience(step, decision)) == roles


def test_a_ladder_starts_at_its_first_rung(step):
    assert first_rung_at(step, T0) == T0 + TABLE[step.key][0][0] * MINUTE


def test_walking_from_call_to_call_meets_the_whole_table_in_order(step):
    at, met = first_rung_at(step, T0), []
    for _ in range(len(TABLE[step.key]) + len(REPEATS[step.key])):
        decision = decide(step, started=T0, next_rung_at=at, now=at)
        assert decision.passed_over == ()
        met += [(call.at - T0) / MINUTE for call in decision.raised]
        at = decision.next_rung_at
    overdue = TABLE[step.key][-1][0]
    assert met == [*(minutes for minutes, _ in TABLE[step.key]), *(overdue + more for more in REPEATS[step.key])]


def test_every_role_of_the_shipped_rules_is_a_known_one(step):
    assert {role for rung in step.ladder for role in rung.tell} <= set(ROLES)
