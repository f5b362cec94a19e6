"""What is raised when several instants are due at once: the present truth, once, to everybody it concerns."""

from datetime import UTC, datetime, timedelta

import pytest

from incident_clock.protocol.ladder import Decision, Occurrence, PassedOver, audience, decide, first_rung_at
from incident_clock.protocol.steps import AFTER, OVERDUE_BY, Repeat, Rung, Step

T0 = datetime(2026, 5, 7, 10, 25, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
YEAR = timedelta(days=365)


def test_rungs_of_one_instant_are_all_raised():
    step = _step(_rung(1, 5, "duty_officer"), _rung(2, 5, "deputy"), _rung(3, 9, "head"))
    decision = decide(step, started=T0, next_rung_at=T0 + 5 * MINUTE, now=T0 + 5 * MINUTE + SECOND)
    assert decision == Decision((Occurrence(1, 0, T0 + 5 * MINUTE), Occurrence(2, 0, T0 + 5 * MINUTE)), (),
                                T0 + 9 * MINUTE)


def test_a_rung_and_a_repeat_of_another_at_one_instant_are_both_raised():
    step = _step(_rung(1, 0, "duty_officer", Repeat(5 * MINUTE)), _rung(2, 10, "deputy"))
    decision = decide(step, started=T0, next_rung_at=T0 + 10 * MINUTE, now=T0 + 10 * MINUTE)
    assert decision.raised == (Occurrence(1, 2, T0 + 10 * MINUTE), Occurrence(2, 0, T0 + 10 * MINUTE))
    assert decision.next_rung_at == T0 + 15 * MINUTE


def test_after_a_gap_only_the_highest_due_rung_is_raised_and_the_others_are_named():
    step = _step(_rung(1, 0, "duty_officer"), _rung(2, 5, "duty_chief"), _rung(3, 9, "head"))
    decision = decide(step, started=T0, next_rung_at=T0, now=T0 + 6 * MINUTE)
    assert decision == Decision((Occurrence(2, 0, T0 + 5 * MINUTE),), (PassedOver(1, 0, 0),), T0 + 9 * MINUTE)


def test_after_a_gap_the_latest_repeat_of_the_highest_rung_is_raised():
    step = _step(_rung(1, 0, "duty_officer", Repeat(5 * MINUTE)), _rung(2, 21, "head", Repeat(5 * MINUTE, 3)))
    decision = decide(step, started=T0, next_rung_at=T0 + 15 * MINUTE, now=T0 + 34 * MINUTE)
    assert decision.raised == (Occurrence(2, 2, T0 + 31 * MINUTE),)
    assert decision.passed_over == (PassedOver(1, 3, 6), PassedOver(2, 0, 1))
    assert decision.next_rung_at == T0 + 35 * MINUTE


def test_the_highest_rung_wins_even_when_a_lower_one_repeated_later():
    step = _step(_rung(1, 0, "duty_officer", Repeat(MINUTE)), _rung(2, 5, "head"))
    decision = decide(step, started=T0, next_rung_at=T0 + 3 * MINUTE, now=T0 + 9 * MINUTE)
    assert decision.raised == (Occurrence(2, 0, T0 + 5 * MINUTE),)
    assert decision.passed_over == (PassedOver(1, 3, 9),)


def test_what_was_dealt_with_before_the_gap_is_neither_raised_nor_named():
    step = _step(_rung(1, 0, "duty_officer"), _rung(2, 5, "duty_chief"), _rung(3, 9, "deputy"), _rung(4, 12, "head"))
    decision = decide(step, started=T0, next_rung_at=T0 + 9 * MINUTE, now=T0 + 30 * MINUTE)
    assert decision == Decision((Occurrence(4, 0, T0 + 12 * MINUTE),), (PassedOver(3, 0, 0),), None)


def test_a_gap_with_a_single_call_in_it_passes_nothing_over():
    step = _step(_rung(1, 0, "duty_officer"), _rung(2, 60, "head"))
    assert decide(step, started=T0, next_rung_at=T0, now=T0 + 59 * MINUTE).passed_over == ()


def test_a_clock_set_back_raises_nothing_a_second_time():
    step = _step(_rung(1, 0, "duty_officer"), _rung(2, 5, "head"), _rung(3, 9, "head"))
    decision = decide(step, started=T0, next_rung_at=T0 + 9 * MINUTE, now=T0 + 2 * MINUTE)
    assert decision == Decision((), (), T0 + 9 * MINUTE)


def test_a_ladder_that_has_ended_has_nothing_further():
    step = _step(_rung(1, 0, "head", Repeat(5 * MINUTE, 2)))
    assert decide(step, started=T0, next_rung_at=T0 + 10 * MINUTE, now=T0 + 10 * MINUTE).next_rung_at is None


@pytest.mark.parametrize(("now", "raised", "passed_over"), [
    (T0 + 10 * MINUTE - SECOND, [(1, 0)], []),
    (T0 + 10 * MINUTE, [(1, 1)], [(1, 0, 0)]),
    (T0 + 10 * MINUTE + SECOND, [(1, 1)], [(1, 0, 0)]),
    (T0 + 30 * MINUTE - SECOND, [(1, 2)], [(1, 0, 1)]),
    (T0 + 30 * MINUTE, [(1, 3)], [(1, 0, 2)]),
    (T0 + 90 * MINUTE, [(1, 6)], [(1, 0, 5)]),
])
def test_repeats_run_from_one_pause_into_the_next(now, raised, passed_over):
    step = _step(_rung(1, 0, "head", Repeat(10 * MINUTE, 2), Repeat(10 * MINUTE, 1), Repeat(20 * MINUTE)))
    decision = decide(step, started=T0, next_rung_at=T0, now=now)
    assert [(call.rung, call.repeat) for call in decision.raised] == raised
    assert [(p.rung, p.first, p.last) for p in decision.passed_over] == passed_over


@pytest.mark.timeout(5)
def test_an_endless_repeat_after_years_of_silence_is_computed_not_counted():
    step = _step(_rung(1, 0, "head", Repeat(SECOND)))
    decision = decide(step, started=T0, next_rung_at=T0, now=T0 + 100 * YEAR)
    calls = int(100 * YEAR / SECOND)
    assert decision.raised == (Occurrence(1, calls, T0 + 100 * YEAR),)
    assert decision.passed_over == (PassedOver(1, 0, calls - 1),)
    assert decision.next_rung_at == T0 + 100 * YEAR + SECOND


# ── registered 75 minutes late: three alerts, one per step that has anything due ──────────────────────────

@pytest.mark.parametrize(("key", "raised", "passed_over", "roles", "next_min"), [
    ("phone_report", (5, 6, 66), [(1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0), (5, 0, 5)],
     ["duty_officer", "duty_chief", "duty_leader", "publicity_chief", "deputy", "head"], 76),
    ("preliminary_report", (4, 1, 71), [(1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0)],
     ["duty_officer", "duty_chief", "publicity_chief", "duty_leader", "deputy", "head"], 81),
    ("detailed_report", (1, 0, 75), [], ["duty_chief", "publicity_chief"], 100),
])
def test_an_incident_registered_75_minutes_late_raises_each_due_step_once(district, key, raised, passed_over, roles,
                                                                          next_min):
    step = district.step(key)
    decision = decide(step, started=T0, next_rung_at=first_rung_at(step, T0), now=T0 + 75 * MINUTE)
    rung, repeat, minutes = raised
    assert decision.raised == (Occurrence(rung, repeat, T0 + minutes * MINUTE),)
    assert [(p.rung, p.first, p.last) for p in decision.passed_over] == passed_over
    assert decision.next_rung_at == T0 + next_min * MINUTE
    assert list(audience(step, decision)) == roles


@pytest.mark.parametrize("key", ["release", "press_conference"])
def test_an_incident_registered_75_minutes_late_raises_nothing_for_the_steps_still_far_off(district, key):
    step = district.step(key)
    first = first_rung_at(step, T0)
    assert decide(step, started=T0, next_rung_at=first, now=T0 + 75 * MINUTE) == Decision((), (), first)


# ── the union of audiences ────────────────────────────────────────────────────────────────────────────────

@pytest.mark.parametrize(("first_by", "second_by", "told"), [
    (None, None, None), (None, ("sms",), None), (("sms",), None, None), (("sms",), ("sms",), ("sms",)),
    (("sms",), ("email",), ("sms", "email")), (("email", "sms"), ("sms", "voice"), ("email", "sms", "voice")),
])
def test_a_role_of_two_rungs_is_told_by_the_channels_of_both(first_by, second_by, told):
    step = _step(_rung(1, 0, "head", by=first_by), _rung(2, 5, "head", by=second_by))
    decision = decide(step, started=T0, next_rung_at=T0, now=T0 + 6 * MINUTE)
    assert audience(step, decision) == {"head": told}


def test_a_rung_that_was_neither_raised_nor_passed_over_is_not_told():
    step = _step(_rung(1, 0, "duty_officer"), _rung(2, 5, "duty_chief"), _rung(3, 9, "head"))
    decision = decide(step, started=T0, next_rung_at=T0 + 5 * MINUTE, now=T0 + 5 * MINUTE)
    assert audience(step, decision) == {"duty_chief": None}


def _step(*ladder: Rung) -> Step:
    return Step(key="phone_report", title={"zh": "电话上报", "en": "Phone report"}, within=20 * MINUTE, evidence="call",
                ladder=ladder)


def _rung(number: int, minutes: int, role: str, *repeats: Repeat, by: tuple[str, ...] | None = None) -> Rung:
    overdue = minutes - 20
    anchor, offset = (OVERDUE_BY, overdue) if overdue > 0 else (AFTER, minutes)
    return Rung(number=number, anchor=anchor, offset=offset * MINUTE, tell=(role,), by=by, repeats=repeats)
