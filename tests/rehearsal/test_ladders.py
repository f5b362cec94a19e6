"""The ladder as a rehearsal shows it: every rung at its instant, one call after a gap, and who is told."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from incident_clock.rehearsal.cast import OFFICER
from incident_clock.rehearsal.performance import Event
from incident_clock.rehearsal.replay import replay
from incident_clock.rehearsal.stage import open_stage
from tests.rehearsal.shipped import SHANGHAI

MINUTE = timedelta(minutes=1)


def calls(events: Iterable[Event], step: str) -> list[tuple[str, int, int]]:
    """(time of day, rung, repeat) of every call of a step."""
    return [(event.at.astimezone(SHANGHAI).strftime("%H:%M"), event.body["rung"], event.body["repeat"])
            for event in events if event.kind == "RungRaised" and event.step == step]


def called_by(event: Event) -> list[str]:
    """Who is told to do something by this event."""
    if event.kind == "StandInCalled":
        return [event.body["person"]] if event.body["reason"] == "called" else []
    return event.body["audience"] if event.kind == "RungRaised" else []


def test_the_preliminary_report_of_s01_is_called_four_times_and_no_more_once_it_is_logged(show):
    events = show("S01")[1]
    assert calls(events, "preliminary_report") == [("22:10", 1, 0), ("22:25", 2, 0), ("22:35", 3, 0), ("22:41", 4, 0)]
    last = [event for event in events if event.step == "preliminary_report"][-2:]
    assert [(event.at.astimezone(SHANGHAI).strftime("%H:%M"), event.kind) for event in last] == [
        ("22:46", "StepLogged"), ("22:46", "AudienceTold")]


def test_each_rung_tells_the_people_of_its_roles(show):
    told = {event.body["rung"]: event.body["audience"] for event in show("S01")[1]
            if event.kind == "RungRaised" and event.step == "preliminary_report"}
    assert told == {1: ["周甲", "吴乙", "陈己"], 2: ["郑丙", "王丁"], 3: ["王丁", "冯戊"], 4: ["冯戊", "王丁"]}


def test_everybody_who_was_called_hears_the_all_clear_once(show):
    events = show("S01")[1]
    for step in {event.step for event in events if event.kind == "StepLogged"}:
        called = [name for event in events if event.step == step for name in called_by(event)]
        [cleared] = [event.body["audience"] for event in events if event.kind == "AudienceTold" and event.step == step]
        assert cleared == list(dict.fromkeys(called))


def test_the_stand_in_of_a_silent_leader_is_called_two_minutes_after_his_rung(show):
    """郑丙 and 王丁 at 22:25, a quarter of the hour before the deadline; 王丁, B角 of 郑丙, was told at once with him."""
    found = [(event.at.astimezone(SHANGHAI).strftime("%H:%M"), event.body["rung"], event.body["in_place_of"],
              event.body["person"], event.body["reason"]) for event in show("S01")[1]
             if event.kind == "StandInCalled" and event.step == "preliminary_report"]
    assert found == [("22:27", 2, "郑丙", "王丁", "told_already"), ("22:27", 2, "王丁", "冯戊", "called"),
                     ("22:37", 3, "王丁", "冯戊", "told_already"), ("22:37", 3, "冯戊", "王丁", "told_already")]


def test_no_stand_in_is_called_before_the_last_quarter_nor_once_the_step_is_logged(show):
    """The phone report is logged the moment 郑丙 is told; the release tells 王丁 at 00:40, an hour before its quarter."""
    found = [(event.at.astimezone(SHANGHAI).strftime("%H:%M"), event.step) for event in show("S01")[1]
             if event.kind == "StandInCalled"]
    assert [one for one in found if one[1] in ("phone_report", "release")] == [("01:42", "release")] * 2


def test_a_restart_at_17_minutes_sends_one_recovered_rung_not_three(setting, scenarios):
    scenario = scenarios["S02"]
    with open_stage(setting, starts_at=scenario.registered_at) as stage:
        incident = stage.desk.register(scenario.new, actor=OFFICER, now=stage.clock.now()).incident_id
        stage.clock.move_to(scenario.registered_at + 17 * MINUTE)  # the engine was down until now
        stage.work()
        [raised] = [entry["body"] for entry in stage.entries(incident, after=0) if entry["kind"] == "RungRaised"]
        assert (raised["rung"], raised["reason"]) == (3, "recovered")
        assert raised["passed_over"] == [{"rung": 1, "first": 0, "last": 0}, {"rung": 2, "first": 0, "last": 0}]
        assert sorted(letter.to for letter in stage.letters) == ["chen", "wu", "zheng", "zhou"]


def test_a_registration_75_minutes_late_raises_three_alerts_at_once(setting, scenarios):
    late = replace(scenarios["S03"], registered_at=datetime(2026, 5, 7, 11, 40, tzinfo=SHANGHAI))
    events: list[Event] = []
    played = replay(late, setting, tell=events.append)
    first = [event for event in events if event.kind == "RungRaised"][:3]
    assert [event.at for event in first] == [late.registered_at] * 3
    assert {event.step: set(event.body["audience"]) for event in first} == {
        "phone_report": {"周甲", "吴乙", "郑丙", "陈己", "王丁", "冯戊"},
        "preliminary_report": {"周甲", "吴乙", "陈己", "郑丙", "王丁", "冯戊"},
        "detailed_report": {"吴乙", "陈己"},
    }
    assert {event.step: sorted({over["rung"] for over in event.body["passed_over"]}) for event in first} == {
        "phone_report": [1, 2, 3, 4, 5], "preliminary_report": [1, 2, 3, 4], "detailed_report": []}
    assert [line.verdict for line in played.lines[:3]] == ["ontime_backfilled", "ontime_backfilled", "ontime"]


@pytest.mark.parametrize("name", ["S01", "S02", "S03", "S07", "S08", "Y01"])
def test_no_call_comes_after_the_log_of_its_step(show, name):
    logged: set[str | None] = set()
    for event in show(name)[1]:
        assert not (event.kind == "RungRaised" and event.step in logged)
        if event.kind == "StepLogged":
            logged.add(event.step)
    assert logged
