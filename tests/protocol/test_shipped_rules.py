"""The rules of `config/protocols`: their limits, and each played through the engine that knows none of them by name."""

from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from incident_clock.protocol.follow_ups import next_due
from incident_clock.protocol.loading import load_protocol, warnings_of
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.store.session import Store
from tests.support.bureau import CONFIG, ZONE
from tests.support.room import Room

FILES = sorted((CONFIG / "protocols").glob("*.yaml"))
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

LIMITS = {  # rule → start of the clock, minutes of each step
    "district-emergency": ("received", {"phone_report": 20, "preliminary_report": 60, "detailed_report": 120,
                                        "release": 300, "press_conference": 1440}),
    "general-48h": ("received", {"response": 2880}),
    "cn-2016-80": ("received", {"release": 300, "press_conference": 1440}),
    "county-20-40": ("occurred", {"phone_report": 20, "written_report": 40}),
    "henan-15-35": ("occurred", {"phone_report": 15, "written_report": 35}),
    "network-security-1h": ("received", {"network_report": 60}),
    "network-security-2h": ("received", {"network_report": 120}),
    "network-security-4h": ("received", {"network_report": 240}),
}


def read(path: Path) -> ResponseProtocol:
    return load_protocol(path, known_channels=("console", "email", "sms"))


def test_every_shipped_rule_stands_in_the_table():
    assert {path.stem for path in FILES} == set(LIMITS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_rule_has_the_limits_of_its_source_and_leaves_nobody_untold(path: Path):
    rule = read(path)
    start, minutes = LIMITS[path.stem]
    assert (rule.key, rule.clock_starts_at) == (path.stem, start)
    assert {step.key: step.within / MINUTE for step in rule.steps} == minutes
    assert warnings_of(rule) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_engine_plays_any_rule_and_stops_at_the_log(store: Store, now: datetime, path: Path):
    rule = read(path)
    room = Room(store, now, rule, channels=("sms",))
    number = room.register(received_at=now, occurred_at=now)
    last = max(step.within for step in rule.steps)
    room.work(seconds=(last + 5 * MINUTE).total_seconds())
    for step in rule.steps:
        raised = [(entry["body"]["rung"], entry["body"]["repeat"])
                  for entry in room.entries(number, "RungRaised") if entry["body"]["step"] == step.key]
        assert [rung for rung, repeat in raised if repeat == 0] == [rung.number for rung in step.ladder]
        assert len(set(raised)) == len(raised)
        room.log(number, step.key)
    told = len(room.entries(number, "RungRaised"))
    room.work(hours=1)
    assert len([e for e in room.entries(number, "RungRaised")[told:] if e["body"]["step"] in LIMITS[path.stem][1]]) == 0


@pytest.mark.parametrize(("done", "due"), [
    ("06:59", "08:00"), ("07:00", "08:00"), ("07:01", "17:00"),  # none is asked for within an hour of the last report
    ("15:59", "17:00"), ("16:00", "17:00"), ("16:01", "08:00"), ("23:59", "08:00"),
])
def test_the_next_follow_up_is_due_at_the_next_fixed_hour(now: datetime, done: str, due: str):
    follow_up = read(CONFIG / "protocols" / "henan-15-35.yaml").follow_ups[0]
    done_at = datetime.combine(now.date(), time.fromisoformat(done), ZONE)
    found = next_due(follow_up, done=done_at, after=done_at - 10 * MINUTE, zone=ZONE)
    assert found.time() == time.fromisoformat(due)
    assert timedelta(hours=1) <= found - done_at < DAY
