"""Scenario files: what is read out of them, and a sentence with its line for everything that cannot be right."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from incident_clock.errors import ConfigError
from incident_clock.rehearsal.scenario import read_scenarios
from tests.rehearsal.shipped import SHANGHAI

WHOLE = "- {id: S01, title: 测试场景, received: 2026-03-12 14:05%s}\n"


@pytest.fixture
def read(tmp_path, setting):
    """Reads texts as files `a.yaml`, `b.yaml` …"""

    def read_texts(*texts: str):
        paths = []
        for name, text in zip("abc", texts, strict=False):
            paths.append(tmp_path / f"{name}.yaml")
            paths[-1].write_text(text, encoding="utf-8")
        return read_scenarios(paths, setting)

    return read_texts


def test_a_scenario_is_read_with_everything_it_says(read):
    [scenario] = read("""
limits: {phone: 20, press: 1440, response: 2880}
scenarios:
- id: T07
  title: 网传场景
  gloss: prose
  test: prose
  source: 巡网
  discovered: 宣传科
  facts: |
    第一行
    第二行
  category: opinion_only
  event_grade: null
  opinion_grade: 较大
  place:
  occurred: 2026-03-12 13:50
  online: 2026-03-12 14:00
  received: 2026-03-12 14:05
  registered: 2026-03-12 14:07
  done: {phone: 2026-03-12 14:10, press_conference: 2026-03-12 15:00}
  entered: {phone: 2026-03-12 14:30}
  waived: {press: 2026-03-12 16:00}
  wrong: 补记
  exp: {phone: ontime, initial: late  6}
  exp_occurred: {phone: late 3}
""")
    new = scenario.new
    assert (new.title, new.source, new.first_learned_by, new.place) == ("网传场景", "巡网", "宣传科", None)
    assert (new.summary, new.event_grade, new.opinion_grade) == ("第一行\n第二行", None, "较大")
    received = datetime(2026, 3, 12, 14, 5, tzinfo=SHANGHAI)
    assert (new.occurred_at, new.first_online_at) == (received - timedelta(minutes=15), received - timedelta(minutes=5))
    assert (new.received_at, scenario.registered_at) == (received, received + timedelta(minutes=2))
    assert scenario.done == {"phone_report": received + timedelta(minutes=5),
                             "press_conference": received + timedelta(minutes=55)}
    assert scenario.entered == {"phone_report": received + timedelta(minutes=25)}
    assert (scenario.waived, scenario.reason) == ({"press_conference": received + timedelta(minutes=115)}, "补记")
    assert (scenario.transferred, scenario.not_applicable, scenario.profile_after) == ({}, {}, None)
    assert scenario.expected == {"phone_report": "ontime", "preliminary_report": "late 6"}
    assert scenario.expected_occurred == {"phone_report": "late 3"}


def test_registration_happens_when_it_was_received_unless_the_file_says_otherwise(read):
    [scenario] = read(WHOLE % "")
    assert scenario.registered_at == scenario.new.received_at


def test_what_was_first_online_after_the_registration_is_not_part_of_it(read):
    [scenario] = read(WHOLE % ", online: 2026-03-12 14:10")
    assert scenario.new.first_online_at is None


@pytest.mark.parametrize(("text", "is_drill"), [
    (WHOLE % "", False), (WHOLE % ", drill: true", True), (WHOLE % ", drill: false", False),
    (WHOLE.replace("S01", "Y01") % "", True), (WHOLE.replace("S01", "Y01") % ", drill: false", True),
])
def test_an_id_with_y_or_the_flag_makes_a_drill(read, text, is_drill):
    assert read(text)[0].new.is_drill == is_drill


def test_several_files_are_read_in_their_order_and_may_use_the_same_ids(read):
    first, second = read(WHOLE % "", f"scenarios:\n{WHOLE % ', drill: true'}")
    assert (first.file.name, second.file.name, second.new.is_drill) == ("a.yaml", "b.yaml", True)


@pytest.mark.parametrize(("text", "complaint"), [
    ("limits: {phone: 15}\nscenarios:\n" + WHOLE % "",
     "a.yaml:1: limits.phone: is 15 minutes, but district-emergency gives phone_report 20m; correct one of the two"),
    ("limits: {phone: 20, response: 48}\nscenarios:\n" + WHOLE % "",
     "a.yaml:1: limits.response: is 48 minutes, but general-48h gives response 2d; correct one of the two"),
    ("limits: {phone: 20m}\nscenarios:\n" + WHOLE % "", 'a.yaml:1: limits.phone: is "20m"; write a whole number'),
    ("limits: {phne: 20}\nscenarios:\n" + WHOLE % "", 'a.yaml:1: limits.phne: unknown key; did you mean "phone"?'),
    ("limits: {phone: 20}\n", "a.yaml:1: scenarios is missing"),
    ("", "a.yaml:1: is empty"),
    ("- 5\n", "a.yaml:1: [1]: is the number 5; write a mapping with the keys id, title, received"),
    ("- id: S01\n\ttitle: x\n", "a.yaml:2: is indented with a tab; YAML wants spaces"),
    ("- {id: S01, title: x}\n", "a.yaml:1: [1]: received is missing"),
    ("- {id: S01, title: x, received: }\n", "a.yaml:1: [1].received: is nothing; write when the bureau learned of it"),
    ("- {id: S01, title: x, received: 2026-02-30 10:00}\n",
     "a.yaml:1: [1].received: is 2026-02-30 10:00, which is not in the calendar"),
    ("- {id: S01, title: x, received: 2026-03-12}\n", "a.yaml:1: [1].received: is \"2026-03-12\"; write date and time"),
    (WHOLE % ", recieved: 2026-03-12 14:05", 'a.yaml:1: [1].recieved: unknown key; did you mean "received"?'),
    (WHOLE % ", done: [1]", "a.yaml:1: [1].done: is a list; write a mapping of steps"),
    (WHOLE % ", done: {call: 2026-03-12 14:05}", "a.yaml:1: [1].done.call: unknown key; write one of phone, initial"),
    (WHOLE % ", done: {response: 2026-03-12 14:05}", "a.yaml:1: [1].done.response: unknown key"),
    (WHOLE % ", done: {phone: soon}", 'a.yaml:1: [1].done.phone: is "soon"; write date and time like'),
    (WHOLE % ", done: {phone: 2026-03-12 14:05, phone_report: 2026-03-12 14:05}",
     "a.yaml:1: [1].done.phone_report: is the step on line 1 once more; keep one of them"),
    (WHOLE % ", entered: {phone: 2026-03-12 14:10}", "a.yaml:1: [1].entered: phone_report was entered but is not in"),
    (WHOLE % ", done: {phone: 2026-03-12 14:11}, entered: {phone: 2026-03-12 14:10}",
     "a.yaml:1: [1].entered: phone_report was entered before it was done; write the later time"),
    (WHOLE % ", registered: 2026-03-12 15:00, done: {phone: 2026-03-12 14:11}, entered: {phone: 2026-03-12 14:12}",
     "a.yaml:1: [1].entered: phone_report was entered before the incident was registered"),
    (WHOLE % ", exp: {phone: onetime}", 'a.yaml:1: [1].exp.phone: is "onetime", no verdict; write ontime'),
    (WHOLE % ", exp: {phone: late}", 'a.yaml:1: [1].exp.phone: is "late", no verdict; write late N with whole minutes'),
    (WHOLE % ", exp: {phone: late 0}", 'a.yaml:1: [1].exp.phone: is "late 0", no verdict'),
    (WHOLE % ", exp_occurred: {phone: ontime}", "a.yaml:1: [1].exp_occurred: needs to know when it occurred"),
    ("- {id: ../S01, title: x, received: 2026-03-12 14:05}\n", 'a.yaml:1: [1].id: is "../S01"; write something like S01'),
    (WHOLE % ", drill: perhaps", 'a.yaml:1: [1].drill: is "perhaps"; write true or false'),
    (WHOLE % ", facts: [1]", "a.yaml:1: [1].facts: is a list; write a text"),
    (WHOLE % ", profile_after: general", 'a.yaml:1: [1].profile_after: "general" is not a known protocol; did you mean'),
    (WHOLE % ", profile_after: general-48h",
     "a.yaml:1: [1].profile_after: needs to know when it was approved; write waived or transferred or not_applicable"),
    (WHOLE % "" + WHOLE % "", "a.yaml:2: [2]: S01 is the id of the scenario on line 1 already; choose another one"),
])
def test_what_cannot_be_right_is_refused_with_its_line(read, tmp_path, text, complaint):
    with pytest.raises(ConfigError) as refused:
        read(text)
    problems = [problem.removeprefix(f"{tmp_path}/") for problem in refused.value.problems]
    assert [problem for problem in problems if problem.startswith(complaint)], problems


@pytest.mark.parametrize(("text", "place"), [
    ("- {id: S01, title: , received: 2026-03-12 14:05}\n", "[1].title"),
    (f"- {{id: S01, title: {'长' * 201}, received: 2026-03-12 14:05}}\n", "[1].title"),
    (WHOLE % ", category: weather", "[1].category"),
    (WHOLE % ", event_grade: 3", "[1].event_grade"),
    (WHOLE % ', facts: "a\\0b"', "[1].facts"),
    (WHOLE % ", occurred: 2024-03-12 14:05", "[1].occurred"),
    (WHOLE % ", registered: 2026-03-12 14:02", "[1].received"),
])
def test_what_the_desk_would_refuse_is_told_before_anything_is_played(read, tmp_path, text, place):
    with pytest.raises(ConfigError) as refused:
        read(text)
    [problem] = refused.value.problems
    assert problem.startswith(f"{tmp_path}/a.yaml:1: {place}: ")


def test_every_complaint_of_every_file_is_told_at_once(read):
    with pytest.raises(ConfigError) as refused:
        read(WHOLE % ", drill: perhaps, done: {phone: soon}", "- {id: S01}\n")
    assert len(refused.value.problems) == 3


def test_a_file_that_is_not_there_is_told(setting):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml:1: cannot be read: No such file or directory"):
        read_scenarios([Path("nowhere.yaml")], setting)
