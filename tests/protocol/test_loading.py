"""Reading good protocol files, a folder of them, and the warnings about what is allowed but leaves people untold."""

from datetime import timedelta
from pathlib import Path

import pytest

from incident_clock.errors import ConfigError
from incident_clock.protocol.loading import load_protocol, load_protocols, warnings_of
from incident_clock.protocol.steps import Repeat, Rung

PROTOCOLS = Path(__file__).parents[2] / "config" / "protocols"
DISTRICT = PROTOCOLS / "district-emergency.yaml"
MINUTE = timedelta(minutes=1)

RULE = """\
key: {key}
version: "1"
title: {{zh: 样本, en: Sample}}
steps:
  - key: report
    title: {{zh: 报告, en: Report}}
    within: {within}
    ladder: {ladder}
"""
LADDER = "[{overdue_by: 1m, tell: [head], repeat: [{every: 1h}]}]"


@pytest.fixture
def write(tmp_path):
    def write(name: str = "rule.yaml", *, key: str = "sample", within: str = "20m", ladder: str = LADDER) -> Path:
        file = tmp_path / name
        file.write_text(RULE.format(key=key, within=within, ladder=ladder), encoding="utf-8")
        return file
    return write


def test_the_shipped_rules_are_read_with_every_channel_known_and_without_a_warning():
    rules = load_protocols(DISTRICT, PROTOCOLS, known_channels=("console", "email", "sms"))
    assert list(rules) == ["district-emergency", *sorted(set(rules) - {"district-emergency"})]  # the default first
    assert [warnings_of(rule) for rule in rules.values()] == [[]] * len(rules)
    assert len(rules) == 8


def test_the_header_of_a_file_is_read_as_written(district):
    assert (district.key, district.version, district.source) == ("district-emergency", "2019-2", "台综执字〔2019〕2号")
    assert district.title == {"zh": "突发事件舆情五步时限", "en": "Five-step emergency public-opinion response"}
    assert district.clock_starts_at == "received"
    assert [step.evidence for step in district.steps] == ["call", "document", "document", "release", "press_conference"]


def test_what_may_be_left_out_has_the_ordinary_value(write):
    rule = load_protocol(write())
    (step,) = rule.steps
    assert (rule.source, rule.clock_starts_at, step.evidence) == ("", "received", "note")
    assert step.ladder == (Rung(1, "overdue_by", MINUTE, ("head",), None, (Repeat(timedelta(hours=1)),)),)


def test_rungs_are_numbered_in_the_order_of_their_instants(write):
    rule = load_protocol(write(ladder="""
      - {overdue_by: 1m, tell: [head]}
      - {before_due: 5m, tell: [deputy]}
      - {after: 15m, tell: [duty_leader]}
      - {after: 0s, tell: [duty_officer]}
      - {before_due: 20m, tell: [duty_chief]}
      - {before_due: 0s, tell: [office], by: [sms, email]}"""))
    assert [(rung.number, rung.tell) for rung in rule.steps[0].ladder] == [
        (1, ("duty_officer",)), (2, ("duty_chief",)), (3, ("deputy",)), (4, ("duty_leader",)), (5, ("office",)),
        (6, ("head",))]
    assert rule.steps[0].ladder[4].by == ("sms", "email")


def test_a_rule_in_seconds_is_a_rule(write):
    step = load_protocol(write(within="3s", ladder="[{before_due: 1s, tell: [head]}, {overdue_by: 1s, tell: [head]}]"))
    assert [rung.from_start(step.steps[0].within).total_seconds() for rung in step.steps[0].ladder] == [2, 4]


def test_without_a_list_of_channels_any_well_formed_name_is_taken(write):
    file = write(ladder="[{overdue_by: 1m, tell: [head], by: [carrier_pigeon]}]")
    assert load_protocol(file).steps[0].ladder[0].by == ("carrier_pigeon",)
    with pytest.raises(ConfigError, match="is not a known channel"):
        load_protocol(file, known_channels=("sms",))


@pytest.mark.parametrize(("written", "answers"), [
    ("", None), (", answers: all", "all"), (", answers: any", "any"), (", answers: 1", 1), (", answers: 2", 2),
    (", answers: 50", 50), (", answers: 007", 7),
])
def test_a_rung_says_how_many_of_those_told_must_answer(write, written, answers):
    rule = load_protocol(write(ladder=f"[{{overdue_by: 1m, tell: [deputy, head]{written}}}]"))
    assert rule.steps[0].ladder[0].answers == answers
    assert type(rule.steps[0].ladder[0].answers) is type(answers)


# ── folders ───────────────────────────────────────────────────────────────────────────────────────────────

def test_the_default_rule_comes_first_and_the_others_in_the_order_of_their_files(write, tmp_path):
    write("b.yaml", key="beta")
    write("a.yml", key="alpha")
    default = write("c.yaml", key="gamma")
    for ignored in (".hidden.yaml", "note.txt", "b.yaml~"):
        (tmp_path / ignored).write_text("not: [a rule")
    assert list(load_protocols(default, tmp_path)) == ["gamma", "alpha", "beta"]


def test_two_different_rules_with_one_key_in_a_folder_are_refused(write, tmp_path):
    default = write("a.yaml", within="20m")
    write("b.yaml", within="30m")
    with pytest.raises(ConfigError) as caught:
        load_protocols(default, tmp_path)
    (complaint,) = caught.value.problems
    assert complaint.startswith(f"{tmp_path / 'b.yaml'}:1: has the key sample of a.yaml but other content")


def test_the_same_rule_twice_in_a_folder_is_one_rule(write, tmp_path):
    write("b.yaml")
    assert list(load_protocols(write("a.yaml"), tmp_path)) == ["sample"]


def test_a_default_from_elsewhere_wins_over_the_folder(write, tmp_path):
    folder = tmp_path / "protocols"
    folder.mkdir()
    write("protocols/rule.yaml", within="20m")
    rules = load_protocols(write("mine.yaml", within="30m"), folder)
    assert [rule.steps[0].within for rule in rules.values()] == [30 * MINUTE]


def test_the_complaints_about_all_files_are_told_at_once(write, tmp_path):
    write("a.yaml", within="20 min")
    default = write("b.yaml", key="beta", ladder="[]")
    with pytest.raises(ConfigError) as caught:
        load_protocols(default, tmp_path)
    assert sorted(problem.removeprefix(f"{tmp_path}/").partition(": ")[0] for problem in caught.value.problems) == [
        "a.yaml:7", "b.yaml:8"]


def test_a_folder_that_is_not_there_is_told_with_its_setting(write, tmp_path):
    with pytest.raises(ConfigError, match=r"cannot be read as a folder.*INCIDENT_CLOCK_PROTOCOLS"):
        load_protocols(write(), tmp_path / "nowhere")


# ── warnings ──────────────────────────────────────────────────────────────────────────────────────────────

@pytest.mark.parametrize(("ladder", "warnings"), [
    ("[{overdue_by: 1m, tell: [head], repeat: [{every: 1h}]}]", []),
    ("[{after: 21m, tell: [head], repeat: [{every: 5m, times: 2}, {every: 1h}]}]", []),
    ("[{overdue_by: 1m, tell: [head], repeat: [{every: 5m, times: 2}, {every: 1h, times: 3}]}]", ["after 6 calls"]),
    ("[{overdue_by: 1m, tell: [head]}]", ["after 1 call although"]),
    ("[{overdue_by: 1m, tell: [deputy], repeat: [{every: 5m}]}, {overdue_by: 2m, tell: [head]}]", ["after 1 call "]),
    ("[{before_due: 0s, tell: [head], repeat: [{every: 1h}]}]", ["no rung stands after the deadline"]),
    ("[{after: 0s, tell: [head]}]", ["no rung stands after the deadline", "falls silent after 1 call although"]),
])
def test_a_ladder_that_leaves_people_untold_is_warned_of(write, ladder, warnings):
    said = warnings_of(load_protocol(write(ladder=ladder)))
    assert len(said) == len(warnings)
    for sentence, part in zip(said, warnings, strict=True):
        assert sentence.startswith("Protocol sample, step report: ")
        assert part in sentence
