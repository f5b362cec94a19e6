"""Scenarios played through the product's own verbs: every verdict, every approval."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from incident_clock.rehearsal.performance import REFUSED, Performance
from incident_clock.rehearsal.played import CLOCK, DIFFERS, NOT_COMPARED, OCCURRED, OK
from incident_clock.rehearsal.replay import last_look, prepared, replay
from incident_clock.rehearsal.scenario import read_scenarios
from incident_clock.rehearsal.stage import open_stage
from tests.rehearsal.shipped import CASES, SCENARIOS, SHANGHAI, shipped

EXPECTED = [
    pytest.param(scenario.id, basis, step, word, id=f"{scenario.id}-{basis}-{step}")
    for scenario in read_scenarios([SCENARIOS], shipped())
    for basis, expected in ((CLOCK, scenario.expected), (OCCURRED, scenario.expected_occurred))
    for step, word in expected.items()
]
IN_TIME = {"phone": "03-12 14:10", "initial": "03-12 15:05", "detailed": "03-12 15:30", "release": "03-12 16:00",
           "press": "03-12 17:00"}


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
    assert (line.verdict, line.outcome) == (word, OK)


def test_all_35_verdicts_of_the_scenarios_are_compared(show, scenarios):
    outcomes = [line.outcome for name in scenarios for line in show(name)[0].lines]
    assert (len(EXPECTED), outcomes) == (35, [OK] * 35)
    assert not any(show(name)[0].has_finding for name in scenarios)


@pytest.mark.parametrize("scenario", read_scenarios([CASES], shipped()), ids=lambda scenario: scenario.id)
def test_our_own_scenarios_end_as_a_strict_reviewer_expects(setting, scenario):
    found = {(line.step, line.counts_from, line.verdict) for line in replay(scenario, setting).lines if line.expected}
    assert found == {*((step, CLOCK, word) for step, word in scenario.expected.items()),
                     *((step, OCCURRED, word) for step, word in scenario.expected_occurred.items())}


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


@pytest.mark.parametrize(("wrong", "reason"), [("wrong: 先处置后登记, ", "先处置后登记"), ("", "按值班记录补记")])
def test_an_entry_that_needs_a_reason_is_given_what_went_wrong_or_a_stock_sentence(play_file, wrong, reason):
    played, events = play_file(f"{wrong}{done(phone='03-12 13:58', initial='03-12 14:40')}, "
                               "entered: {initial: 2026-03-12 14:56}, exp: {phone: ontime, initial: ontime}")
    assert [line.outcome for line in played.lines[:2]] == [OK, OK]
    assert [(event.body["reason"], event.body["evidence"]) for event in events if event.kind == "StepLogged"] == [
        (reason, "纸质值班记录"), (reason, "纸质值班记录"), *[(None, None)] * 3]


def test_a_log_the_desk_refuses_is_told_and_the_verdict_is_what_it_was(play_file):
    played, events = play_file(f"waived: {{press: 2026-03-12 16:30}}, {done()}, exp: {{press: ontime}}")
    [refused] = [event for event in events if event.kind == REFUSED]
    assert (refused.step, refused.at) == ("press_conference", at("03-12 17:00"))
    assert [(line.verdict, line.outcome) for line in played.lines][3:] == [("ontime", NOT_COMPARED), ("waived", DIFFERS)]


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


# ── approvals ─────────────────────────────────────────────────────────────────────────────────────────────


def kinds(events, *wanted: str) -> list[tuple[str, str, str]]:
    """(kind, actor, time of day) of the entries of these kinds."""
    return [(event.kind, event.actor, event.at.astimezone(SHANGHAI).strftime("%H:%M"))
            for event in events if event.kind in wanted]


APPROVALS = ("StepWaived", "TransferOffered", "TransferAccepted", "Regraded", "Confirmed")


@pytest.mark.parametrize(("text", "words", "entries"), [
    ("waived: {press: 2026-03-13 10:00}", "ontime ontime ontime ontime waived", [("StepWaived", "周甲", "10:00")]),
    ("transferred: {detailed: 2026-03-12 15:20}", "ontime ontime transferred transferred transferred",
     [("TransferOffered", "周甲", "15:20"), ("TransferAccepted", "周甲", "15:20")]),
    ("transferred: {detailed: 2026-03-12 16:08, press: 2026-03-12 16:08}",
     "ontime ontime transferred_late_3 transferred transferred",
     [("TransferOffered", "周甲", "16:08"), ("TransferAccepted", "周甲", "16:08")]),
    ("waived: {press: 2026-03-12 15:50}, transferred: {release: 2026-03-12 15:50}",
     "ontime ontime ontime transferred waived",
     [("StepWaived", "周甲", "15:50"), ("TransferOffered", "周甲", "15:50"), ("TransferAccepted", "周甲", "15:50")]),
    ("not_applicable: {press: 2026-03-12 16:00}", "ontime ontime ontime ontime not_applicable",
     [("Regraded", "周甲", "16:00"), ("Confirmed", "王丁", "16:00")]),
    ("not_applicable: {release: 2026-03-12 15:40, press: 2026-03-12 15:50}",
     "ontime ontime ontime not_applicable not_applicable",
     [("Regraded", "周甲", "15:40"), ("Confirmed", "王丁", "15:40"), ("Regraded", "周甲", "15:50"),
      ("Confirmed", "王丁", "15:50")]),
    ("not_applicable: {release: 2026-03-12 15:40, press: 2026-03-12 15:40}, profile_after: general-48h",
     "ontime ontime ontime not_applicable not_applicable open",
     [("Regraded", "周甲", "15:40"), ("Confirmed", "王丁", "15:40")]),
    ("waived: {press: 2026-03-12 16:30}, profile_after: general-48h", "ontime ontime ontime ontime waived open",
     [("StepWaived", "周甲", "16:30"), ("Regraded", "周甲", "16:30"), ("Confirmed", "王丁", "16:30")]),
])
def test_a_step_ends_by_an_approval_when_the_file_says(play_file, text, words, entries):
    ended = [key for key in ("detailed", "release", "press") if key in text] or ["press"]
    first = min(("detailed", "release", "press").index(key) for key in ended)
    left = dict.fromkeys(("detailed", "release", "press")[first:])
    expected = dict(zip(("phone", "initial", "detailed", "release", "press", "response"),
                        (word.replace("late_", "late ") for word in words.split()), strict=False))
    exp = ", ".join(f"{key}: {word}" for key, word in expected.items())
    played, events = play_file(f"{done(**left)}, {text}, exp: {{{exp}}}")
    assert [line.verdict for line in played.lines] == list(expected.values())
    assert not played.has_finding
    assert kinds(events, *APPROVALS, REFUSED) == entries


def test_a_rule_that_asks_for_more_counts_from_the_same_t0_and_comes_before_a_waiver(play_file):
    played, events = play_file(
        "protocol: general-48h, opinion_grade: 一般, profile_after: district-emergency, "
        "waived: {press: 2026-03-12 15:30}, "
        "done: {phone: 2026-03-12 15:58, initial: 2026-03-12 16:01, detailed: 2026-03-12 16:05, "
        "release: 2026-03-12 16:10}, exp: {phone: ontime, initial: late 1, detailed: ontime, press: waived}")
    assert not played.has_finding
    due = {line.step: line.due_at for line in played.lines}
    assert (due["phone_report"], due["detailed_report"]) == (at("03-12 16:00"), at("03-12 16:05"))
    assert kinds(events, *APPROVALS)[0][0] == "Regraded"


def test_a_late_log_is_confirmed_by_a_second_person_where_that_is_expected_and_else_by_nobody(play_file):
    late = {"phone": "03-12 14:10", "initial": "03-12 15:05"}
    played, events = play_file(
        f"{done(**late)}, entered: {{phone: 2026-03-12 15:40, initial: 2026-03-12 15:41}}, "
        "exp: {phone: ontime_backfilled_confirmed, initial: ontime_backfilled}")
    assert not played.has_finding
    assert kinds(events, "Confirmed") == [("Confirmed", "吴乙", "15:40")]


def test_what_is_expected_of_a_step_that_never_came_to_be_differs(play_file):
    played, events = play_file('wrong: "倒\\u202e写", waived: {press: 2026-03-12 14:06}, profile_after: general-48h, '
                               f"{done()}, exp: {{response: open}}")
    assert {event.refusal.field for event in events if event.kind == REFUSED} == {"reason", "basis"}
    assert [(line.step, line.verdict, line.outcome) for line in played.lines][-1] == ("response", "", DIFFERS)


# ── time ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_days_are_played_in_jumps_from_one_event_to_the_next(setting, scenarios):
    reached, events = [], []
    setting, deeds = prepared(scenarios["S02"], setting)
    with open_stage(setting, starts_at=scenarios["S02"].registered_at) as stage:

        def reach(instant: datetime) -> None:
            reached.append(instant)
            stage.clock.move_to(instant)

        performance = Performance(stage, events.append, reach)
        performance.play(scenarios["S02"].new, deeds, until=last_look)
    assert reached[-1] == at("03-13 10:00")
    assert len(reached) == len(set(reached))
    assert set(reached) == {event.at for event in events} - {scenarios["S02"].registered_at}


def test_a_rehearsal_leaves_nothing_behind(setting, scenarios, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with open_stage(setting, starts_at=scenarios["S01"].registered_at):
        assert list(tmp_path.rglob("*.db"))
    assert list(tmp_path.iterdir()) == []
