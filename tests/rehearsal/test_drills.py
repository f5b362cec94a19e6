"""Drills: marked everywhere, at the speed that was asked for, with an escalation and an all-clear to be seen."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from incident_clock.clock import VirtualClock
from incident_clock.errors import ConfigError
from incident_clock.protocol.steps import Repeat, ResponseProtocol, Rung, Step
from incident_clock.rehearsal.drill import drill, read_speed
from incident_clock.rehearsal.performance import Event
from incident_clock.rehearsal.played import Played
from incident_clock.rehearsal.stage import Setting
from incident_clock.rehearsal.telling import Teller
from tests.rehearsal.shipped import SHANGHAI, shipped

NOW = datetime(2026, 3, 12, 6, 5, 20, tzinfo=UTC)
SECONDS_RULE = ResponseProtocol("seconds", "1", {"zh": "秒级规则", "en": "Seconds"}, "", "received", tuple(
    Step(key, {"zh": key, "en": key}, timedelta(seconds=40), "note", (
        Rung(1, "after", timedelta(0), ("duty_officer",)),
        Rung(2, "overdue_by", timedelta(seconds=60), ("head",), None, (Repeat(timedelta(seconds=10)),))))
    for key in ("one", "two")))


class Wall:
    """The real time of a test: it passes only while somebody waits."""

    def __init__(self) -> None:
        self.clock, self.waited = VirtualClock(NOW), []

    def wait(self, seconds: float) -> None:
        assert seconds > 0
        self.waited.append(seconds)
        self.clock.advance(timedelta(seconds=seconds))


def play(setting: Setting, *, speed: float | None = None, rule: ResponseProtocol | None = None,
         tell: Callable[[Event], object] = lambda event: None) -> tuple[Played, list[Event], Wall]:
    wall, events = Wall(), []
    rule = rule or setting.protocols["district-emergency"]

    def hear(event: Event) -> None:
        events.append(event)
        tell(event)

    setting = Setting({rule.key: rule}, rule.key, setting.zone, setting.language)
    return drill(rule, setting, speed=speed, clock=wall.clock, wait=wall.wait, tell=hear), events, wall


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_line_and_every_message_of_a_drill_says_so(language):
    setting, lines = shipped(language), []
    teller = Teller(setting.phrases, lines.append, is_wordy=True)
    teller.heading("district-emergency", "五步时限", is_drill=True)
    played, events, _ = play(setting, tell=teller.event)
    teller.closing(played)
    mark, said = setting.phrases.say("【演练】"), setting.phrases.say("（演练）")
    assert len(lines) > 40
    assert [line for line in lines if line and not line.startswith(mark)] == []
    assert [event.text for event in events if event.text and event.text.count(said) != 2] == []
    assert played.number == "Y2026-0001"
    assert played.plain()["is_drill"]
    assert all(event.plain()["is_drill"] for event in events)
    assert json.loads(json.loads(played.export[0])["canonical"])["body"]["is_drill"]
    assert {json.loads(line)["incident"] for line in played.export} == {"Y2026-0001"}


def test_a_drill_shows_one_step_overdue_the_leaders_called_twice_and_the_all_clear(setting):
    played, events, _ = play(setting)
    assert [line.verdict for line in played.lines] == ["ontime", "late 16", "ontime", "ontime", "ontime"]
    assert [event.step for event in events if event.kind == "DeadlinePassed"] == ["preliminary_report"]
    calls = [(event.body["rung"], event.body["repeat"]) for event in events
             if event.kind == "RungRaised" and event.step == "preliminary_report"]
    assert calls == [(1, 0), (2, 0), (3, 0), (4, 0), (4, 1)]
    assert [event.step for event in events if event.kind == "AudienceTold"] == [line.step for line in played.lines]
    assert (played.ledger.broken, played.has_finding, played.is_interrupted) == (None, False, False)


@pytest.mark.parametrize("name", ["general-48h", "seconds"])
def test_any_rule_can_be_drilled(setting, name):
    rule = SECONDS_RULE if name == "seconds" else setting.protocols[name]
    played, events, _ = play(setting, rule=rule)
    assert {line.step for line in played.lines if line.verdict.startswith("late")} == {rule.steps[-1].key}
    assert [event.body["repeat"] for event in events
            if event.kind == "RungRaised" and event.step == rule.steps[-1].key][-2:] == [0, 1]


def test_a_drill_at_60_takes_one_second_for_a_minute(setting):
    played, events, wall = play(setting, speed=60)
    virtual = played.ended_at - NOW
    assert virtual == timedelta(hours=18)
    assert sum(wall.waited) == pytest.approx(virtual.total_seconds() / 60)
    assert len(wall.waited) == len({event.at for event in events}) - 1


def test_a_drill_that_is_behind_does_not_wait(setting):
    """The machine was busy for an hour while the first event was told."""
    wall, rule = Wall(), SECONDS_RULE

    def busy(event: Event) -> None:
        if event.kind == "IncidentRegistered":
            wall.clock.advance(timedelta(hours=1))

    played = drill(rule, Setting({rule.key: rule}, rule.key, SHANGHAI), speed=1, clock=wall.clock, wait=wall.wait,
                   tell=busy)
    assert wall.waited == []
    assert [line.verdict for line in played.lines] == ["ontime", "late 1"]


def test_a_drill_at_full_speed_never_waits(setting):
    assert play(setting, rule=SECONDS_RULE)[2].waited == []


def test_ctrl_c_ends_a_drill_with_what_was_played_and_leaves_nothing_behind(setting, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    wall, rule = Wall(), setting.protocols["district-emergency"]

    def wait(seconds: float) -> None:
        if len(wall.waited) == 3:
            raise KeyboardInterrupt
        wall.wait(seconds)

    lines: list[str] = []
    teller = Teller(setting.phrases, lines.append)
    played = drill(rule, setting, speed=600, clock=wall.clock, wait=wait, tell=teller.event)
    teller.closing(played)
    assert played.is_interrupted
    assert [line.verdict for line in played.lines] == ["ontime", *["open"] * 4]
    assert played.ledger.broken is None
    assert [line for line in lines if "已中止" in line]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("written", "speed"), [
    ("60", 60), ("60x", 60), (" 0.5 ", 0.5), ("1000000", 1_000_000), ("max", None), ("MAX", None),
])
def test_a_speed_is_a_number_or_max(written, speed):
    assert read_speed(written) == speed


@pytest.mark.parametrize("written", ["0", "-1", "fast", "", "nan", "inf", "1000001"])
def test_no_other_speed_is_taken(written):
    with pytest.raises(ConfigError, match=r"The speed '.*' is not a number from above 0 to 1000000"):
        read_speed(written)
