"""Durations as a protocol file writes them, and what is said of the others."""

from datetime import timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from incident_clock.protocol.complaints import Complaints
from incident_clock.protocol.durations import read_duration, written_as
from incident_clock.protocol.yaml_tree import Place


@pytest.mark.parametrize(("written", "seconds"), [
    ("1s", 1), ("90s", 90), ("20m", 1_200), ("1h", 3_600), ("24h", 86_400), ("2d", 172_800), ("366d", 366 * 86_400),
    ("8784h", 366 * 86_400), ("007m", 420), ("'20m'", 1_200),
])
def test_a_whole_number_with_its_unit_is_a_duration(written, seconds):
    place = _place(written)
    assert read_duration(place) == timedelta(seconds=seconds)
    assert place.complaints.lines == []


def test_no_time_at_all_is_a_duration_only_where_it_may_be():
    assert read_duration(_place("0s"), may_be_zero=True) == timedelta(0)
    assert read_duration(_place("0s")) is None


@pytest.mark.parametrize(("written", "what", "instead"), [
    ("20 min", '"20 min"', "write 20m"), ("20minutes", '"20minutes"', "write 20m"), ("20M", '"20M"', "write 20m"),
    ("20分钟", '"20分钟"', "write 20m"), ("2 小时", '"2 小时"', "write 2h"), ("1天", '"1天"', "write 1d"),
    ("1.5h", '"1.5h"', "write 90m"), ("0.5m", '"0.5m"', "write 30s"), ("1h30m", '"1h30m"', "write 90m"),
    ("1 h 30 min", '"1 h 30 min"', "write 90m"), ("20", "the number 20", "write 20m"), ("2.5", "the number 2.5", "20m"),
    ("-5m", '"-5m"', "without the minus"), ("-5", "the number -5", "without the minus"), ("0m", "0m", "longer"),
    ("367d", "367d", "at most 366d"), ("999999999d", "999999999d", "at most 366d"),
    ("9999999999d", "9999999999d", "like 20m"), ("1.0001h", '"1.0001h"', "like 20m"), ("20x", '"20x"', "like 20m"), ("m", '"m"', "like 20m"),
    ("", "nothing", "like 20m"),
    ("２０m", '"２０m"', "write 20m"), ("20m later", '"20m later"', "like 20m"), ("[20m]", "a list", "20m"),
    ("{m: 20}", "a mapping", "20m"), ("true", "the truth value true", "20m"), ("PT20M", '"PT20M"', "20m"),
])
def test_anything_else_is_refused_with_what_to_write(written, what, instead):
    place = _place(written)
    assert read_duration(place) is None
    ((line, sentence),) = place.complaints.lines
    assert line == 1
    assert what in sentence
    assert instead in sentence.partition(";")[2]


@pytest.mark.parametrize(("seconds", "written"), [
    (0, "0s"), (1, "1s"), (90, "90s"), (60, "1m"), (5_400, "90m"), (7_200, "2h"), (86_400, "1d"), (90_000, "25h"),
])
def test_a_duration_is_written_with_the_largest_unit_that_fits(seconds, written):
    assert written_as(timedelta(seconds=seconds)) == written


def _place(written: str) -> Place:
    node = YAML(typ="rt", pure=True).compose(f"within: {written}").value[0][1]
    return Place(node, "within", Complaints(Path("rule.yaml")))
