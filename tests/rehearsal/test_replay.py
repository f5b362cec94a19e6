"""Scenarios played through the product's own verbs: every verdict, and what cannot be played yet."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from incident_clock.rehearsal.performance import REFUSED, Performance
from incident_clock.rehearsal.played import CLOCK, DIFFERS, NOT_COMPARED, NOT_YET_PLAYED, OCCURRED, OK
from incident_clock.rehearsal.replay import acts_of, last_look, replay
from incident_clock.rehearsal.scenario import read_scenarios
from incident_clock.rehearsal.stage import open_stage
from tests.rehearsal.shipped import SCENARIOS, SHANGHAI, shipped

EXPECTED = [
    pytest.param(scenario.id, basis, step, word, id=f"{scenario.id}-{basis}-{step}")
    for scenario in read_scenarios([SCENARIOS], shipped())
    for basis, expected in ((CLOCK, scenario.expected), (OCCURRED, scenario.expected_occurred))
    for step, word in expected.items()
]
IN_TIME = {"phone": "03-12 14:10", "initial": "03-12 15:05", "detailed": "03-12 15:30", "release": "03-12 16:00",
           "press": "03-12 17:00"}
NEEDS_APPROVAL = {("S02", "press_conference"), ("S07", "press_conference")}


def at(text: str) -> datetime:
    """`03-12 14:05` of 2026 in Shanghai."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


def done(**instants: str | None) -> str:
    """`done: {…}` with every step in time, save those given otherwise (None: not done)."""
    instants = {step: instant for step, instant in (IN_TIME | instants).items() if instant}
    return f"done: {{{', '.join(f'{step}: 2026-{instant}' for step, instant in instants.items())}}}"


@pytest.mark.parametrize(("name", "basis", "step", "word"), EXPECTED)
def test_every_verdict_is_the_expected_one(show, name, basis, step, word):
    [line] = [line for line in show(name)[0].lines if (line.step, line.counts_from) == (step, basis)]
    assert line.expected == word
    if (name, step) in NEEDS_APPROVAL:
        assert (line.verdict, line.outcome) == ("open", NOT_YET_PLAYED)
    else:
        assert (line.verdict, line.outcome) == (word, OK)


def test_the_scenarios_name_35_verdicts_of_which_33_can_be_played(show, scenarios):
    outcomes = [line.outcome for name in scenarios for line in show(name)[0].lines]
    assert len(EXPECTED) == len(outcomes) == 35
    assert (outcomes.count(OK), outcomes.count(NOT_YET_PLAYED)) == (33, 2)


def test_a_scenario_with_a_step_not_yet_played_is_a_finding(show):
    assert show("S02")[0].has_finding
    assert not show("S01")[0].has_finding


def test_a_verdict_that_is_not_the_expected_one_differs(setting, scenarios):
    wrong = replace(scenarios["S08"], expected={"phone_report": "late 1", "release": "ontime"})
    played = replay(wrong, setting)
    assert [line.outcome for line in played.lines] == [DIFFERS, NOT_COMPARED, NOT_COMPARED, OK, NOT_COMPARED]
    assert played.has_finding


# ── entries ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("done_at", "entered_at", "word"), [
    ("14:25", "14:25", "ontime"),
    ("14:26", "14:26", "late 1"),
    ("14:25", "14:30", "ontime"),  # five minutes are no late entry
    ("14:25", "14:31", "ontime_backfilled"),  # six are, and the step counted as overdue by then
    ("14:10", "14:25", "ontime"),  # a late entry that rescues nothing
    ("14:26", "15:30", "late 1"),
])
def test_a_log_is_keyed_in_when_the_file_says(play_file, done_at, entered_at, word):
    played, events = play_file(f"{done(phone=f'03-12 {done_at}')}, entered: {{phone: 2026-03-12 {entered_at}}}, "
                               f"exp: {{phone: {word}}}")
    assert (played.lines[0].verdict, played.lines[0].outcome) == (word, OK)
    [logged] = [event for event in events if event.kind == "StepLogged" and event.step == "phone_report"]
    assert (logged.at, datetime.fromisoformat(logged.body["done_at"])) == (
        at(f"03-12 {entered_at}"), at(f"03-12 {done_at}"))


def test_a_log_before_the_clock_started_is_taken_with_what_went_wrong_as_its_reason(play_file):
    played, events = play_file(f"wrong: 先处置后登记, {done(phone='03-12 13:58')}, exp: {{phone: ontime}}")
    assert played.lines[0].outcome == OK
    assert [event.body["reason"] for event in events if event.kind == "StepLogged"] == ["先处置后登记", *[None] * 4]


def test_a_log_the_desk_refuses_is_told_and_the_step_stays_open(play_file):
    played, events = play_file(f"{done(phone='03-12 13:58')}, exp: {{phone: ontime}}")
    [refused] = [event for event in events if event.kind == REFUSED]
    assert (refused.step, refused.refusal.field) == ("phone_report", "reason")
    assert [(line.verdict, line.outcome) for line in played.lines][:2] == [("open", DIFFERS), ("ontime", NOT_COMPARED)]


def test_a_step_nobody_logs_is_open_after_two_days(play_file):
    played, events = play_file("exp: {phone: open, press: open}")
    assert [line.outcome for line in played.lines] == [OK, NOT_COMPARED, NOT_COMPARED, NOT_COMPARED, OK]
    assert played.ended_at - played.started_at == timedelta(days=2)
    assert {event.step for event in events if event.kind == "DeadlinePassed"} == {line.step for line in played.lines}


def test_what_is_logged_after_two_days_is_played_too(play_file):
    played, _ = play_file(f"{done(press='03-15 10:00')}, exp: {{press: late 2635}}")
    assert played.lines[-1].outcome == OK


def test_a_scenario_may_name_another_rule(play_file):
    played, events = play_file("protocol: general-48h, done: {response: 2026-03-14 14:05}, exp: {response: ontime}")
    assert [(line.step, line.outcome) for line in played.lines] == [("response", OK)]
    assert [event.body["rung"] for event in events if event.kind == "RungRaised"] == [1, 2, 3]


@pytest.mark.parametrize(("text", "step"), [
    (f"{done(press=None)}, waived: {{press: 2026-03-13 10:00}}", "press_conference"),
    (f"{done(release=None)}, transferred: {{release: 2026-03-12 16:00}}", "release"),
    (f"{done(press=None)}, not_applicable: {{press: 2026-03-12 16:00}}", "press_conference"),
    (f"{done()}, profile_after: general-48h", "response"),
    (f"{done()}, exp: {{phone: ontime_backfilled_confirmed}}", "phone_report"),
    (f"{done(release=None)}, exp: {{release: transferred}}", "release"),
    (f"{done()}, exp: {{release: transferred_late 3}}", "release"),
])
def test_what_needs_an_approval_is_not_yet_played_and_the_rest_is(play_file, text, step):
    together = text.replace("exp: {", "exp: {initial: ontime, ") if "exp:" in text else text + ", exp: {initial: ontime}"
    played, _ = play_file(together)
    outcomes = {line.step: line.outcome for line in played.lines}
    assert outcomes["preliminary_report"] == OK
    assert [key for key, outcome in outcomes.items() if outcome == NOT_YET_PLAYED] == [step]


# ── time ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_days_are_played_in_jumps_from_one_event_to_the_next(setting, scenarios):
    reached, events = [], []
    with open_stage(setting, starts_at=scenarios["S02"].registered_at) as stage:

        def reach(instant: datetime) -> None:
            reached.append(instant)
            stage.clock.move_to(instant)

        performance = Performance(stage, events.append, reach)
        performance.play(scenarios["S02"].new, acts_of(scenarios["S02"]), until=last_look)
    *on_the_way, curtain = reached
    assert curtain == at("03-14 14:05")
    assert len(on_the_way) == len(set(on_the_way))
    assert set(on_the_way) == {event.at for event in events} - {scenarios["S02"].registered_at}


def test_a_rehearsal_leaves_nothing_behind(setting, scenarios, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with open_stage(setting, starts_at=scenarios["S01"].registered_at):
        assert list(tmp_path.rglob("*.db"))
    assert list(tmp_path.iterdir()) == []
