"""What a bad protocol file is told: the exact line, the path, what is wrong and what to write instead."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from incident_clock.errors import ConfigError
from incident_clock.protocol.loading import load_protocol
from incident_clock.protocol.yaml_tree import MOST_BYTES

GOOD = """\
key: sample
version: "1"
title: {zh: 样本, en: Sample}
source: 样字〔2026〕1号
clock_starts_at: received
steps:
  - key: phone_report
    title: {zh: 电话上报, en: Phone report}
    within: 20m
    evidence: call
    ladder:
      - {after: 0s, tell: [duty_officer]}
      - {before_due: 5m, tell: [duty_leader], by: [sms, email]}
      - overdue_by: 1m
        tell: [head]
        repeat:
          - {every: 5m, times: 3}
          - {every: 30m}
  - key: release
    title: {zh: 发布, en: Release}
    within: 5h
    ladder: [{overdue_by: 1m, tell: [head], repeat: [{every: 1h}]}]
"""
FIRST, SECOND = "steps[1].ladder[1]", "steps[1].ladder[2]"

ONE_LINE = [  # line to replace, what stands there then, path of the complaint, what it says
    # keys
    (1, "kee: sample", "kee", 'unknown key; did you mean "key"?'),
    (10, "    evidense: call", "steps[1].evidense", 'unknown key; did you mean "evidence"?'),
    (12, "      - {after: 0s, tel: [duty_officer]}", f"{FIRST}.tel", 'did you mean "tell"?'),
    (12, "      - {After: 0s, tell: [duty_officer]}", f"{FIRST}.After", 'did you mean "after"?'),
    (13, "      - {before-due: 5m, tell: [duty_leader]}", f"{SECOND}.before-due", 'did you mean "before_due"?'),
    (17, "          - {every: 5m, time: 3}", "steps[1].ladder[3].repeat[1].time", 'did you mean "times"?'),
    (4, "colour: red", "colour", "write one of key, version"),
    (4, "? [a, b]\n: 1", "", "has a key that is not a word"),
    (4, "version: \"2\"", "version", "stands here a second time; keep one of them"),
    (12, "      - {after: 0s, tell: [head], after: 1m}", f"{FIRST}.after", "stands here a second time"),
    (18, "          - {every: 30m, every: 40m}", "steps[1].ladder[3].repeat[2].every", "stands here a second time"),
    (4, "<<: {source: x}", "<<", "unknown key"),
    # texts
    (1, "key: District Emergency", "key", 'is "District Emergency"; write something like district-emergency'),
    (1, "key: 42", "key", 'is the number 42, not a text; put it in quotes: "42"'),
    (1, "key: [a]", "key", "is a list; write a text like district-emergency"),
    (2, "version: 2019", "version", 'is the number 2019, not a text; put it in quotes: "2019"'),
    (2, "version: 1.10", "version", 'put it in quotes: "1.10"'),
    (2, "version: true", "version", 'is the truth value true, not a text; put it in quotes: "true"'),
    (2, "version:", "version", 'is nothing; write a text like "2019-2"'),
    (2, "version: ' '", "version", "is nothing"),
    (2, f"version: {'x' * 41}", "version", "is 41 characters long; write at most 40"),
    (2, 'version: "1\\n2"', "version", "with a line break or an invisible character; write one plain line"),
    (2, 'version: "1\\u200b"', "version", 'is "1\\u200b" with a line break or an invisible character'),
    (2, 'version: "\\ud800"', "version", "invisible character"),
    (2, "version: !!python/object:os.system x", "version", "not a text"),
    (3, "title: 样本", "title", 'is "样本"; write a mapping with the keys zh, en'),
    (3, "title: {zh: 样本}", "title", "en is missing; write `en: …`"),
    (3, "title: {en: Sample}", "title", "zh is missing; write `zh: …`"),
    (3, "title: {zh: 样本, en: ''}", "title.en", "is nothing; write a text like Phone report"),
    (8, "    title: {zh: 电话上报, en: 7}", "steps[1].title.en", "is the number 7, not a text"),
    (5, "clock_starts_at: recieved", "clock_starts_at", 'is not a known start of the clock; did you mean "received"?'),
    (5, "clock_starts_at: noon", "clock_starts_at", "write one of received, occurred, registered"),
    # steps
    (10, "    evidence: doc", "steps[1].evidence", 'is not a known kind of evidence; did you mean "document"?'),
    (10, "    evidence: fax", "steps[1].evidence", "write one of call, document, release, press_conference, note"),
    (19, "  - key: phone_report", "steps[2].key", "phone_report is the key of the step on line 7 already"),
    (9, "    within: 0m", "steps[1].within", "is 0m, no time at all"),
    (21, "    within: 1.5h", "steps[2].within", 'is "1.5h"; write 90m'),
    (21, "    within: -5h", "steps[2].within", "without the minus"),
    (21, "    within: 300", "steps[2].within", "needs a unit; write 300m for minutes"),
    (21, "    within: 20 min", "steps[2].within", 'is "20 min"; write 20m'),
    (21, "    within: 400d", "steps[2].within", "is 400d; write at most 366d"),
    (21, "    within:", "steps[2].within", "is nothing; write a whole number and its unit"),
    (22, "    ladder: []", "steps[2].ladder", "is an empty list; write `- {before_due: 10m, tell: [duty_officer]}`"),
    (22, "    ladder: none", "steps[2].ladder", 'is "none"; write a list'),
    (18, "          - ", "steps[1].ladder[3].repeat[2]", "is nothing; write a mapping with the keys every"),
    (22, "    ladder: [head]", "steps[2].ladder[1]", 'is "head"; write a mapping with the keys tell'),
    # rungs
    (12, "      - {after: 0s, tell: []}", f"{FIRST}.tell", "is an empty list; write [duty_officer, duty_chief]"),
    (12, "      - {after: 0s, tell: head}", f"{FIRST}.tell", 'is "head"; write a list: [duty_officer, duty_chief]'),
    (12, "      - {after: 0s, tell: }", f"{FIRST}.tell", "is nothing; write a list"),
    (12, "      - {after: 0s}", FIRST, "tell is missing; write `tell: …`"),
    (12, "      - {after: 0s, tell: [pub_chief]}", f"{FIRST}.tell[1]", 'did you mean "publicity_chief"?'),
    (12, "      - {after: 0s, tell: [head, duty]}", f"{FIRST}.tell[2]", 'did you mean "duty_officer"?'),
    (12, "      - {after: 0s, tell: [mayor]}", f"{FIRST}.tell[1]", "is not a known role; write one of duty_officer"),
    (12, "      - {after: 0s, tell: [head, head]}", f"{FIRST}.tell[2]", "head stands in this list a second time"),
    (12, "      - {after: 0s, tell: [[head]]}", f"{FIRST}.tell[1]", "is a list; write a text"),
    (12, "      - {tell: [head]}", FIRST, "has no instant; write exactly one of after, before_due, overdue_by"),
    (12, "      - {after: 0s, before_due: 5m, tell: [head]}", FIRST, "has after and before_due; write exactly one"),
    (13, "      - {before_due: 21m, tell: [head]}", f"{SECOND}.before_due", "clock starts; write at most 20m"),
    (13, "      - {before_due: 1201s, tell: [head]}", f"{SECOND}.before_due", "1201s before the deadline"),
    (12, "      - {after: 367d, tell: [head]}", f"{FIRST}.after", "write at most 366d"),
    (13, "      - {before_due: 5m, tell: [head], by: []}", f"{SECOND}.by", "is an empty list; write [sms, email]"),
    (13, "      - {before_due: 5m, tell: [head], by: sms}", f"{SECOND}.by", 'is "sms"; write a list: [sms, email]'),
    (13, "      - {before_due: 5m, tell: [head], by: [emial]}", f"{SECOND}.by[1]",
     'is not a known channel; did you mean "email"?'),
    # how many must answer
    (12, "      - {after: 0s, tell: [head], answers: 0}", f"{FIRST}.answers", "is 0; write a whole number from 1 to 50"),
    (12, "      - {after: 0s, tell: [head], answers: 51}", f"{FIRST}.answers", "is 51; write a whole number from 1 to 50"),
    (12, "      - {after: 0s, tell: [head], answers: -1}", f"{FIRST}.answers",
     "is the number -1; write any, all, or how many of those told must acknowledge, like 2"),
    (12, "      - {after: 0s, tell: [head], answers: 1.5}", f"{FIRST}.answers", "is the number 1.5; write any, all, or how"),
    (12, "      - {after: 0s, tell: [head], answers: many}", f"{FIRST}.answers", 'is "many"; write any, all, or how many'),
    (12, "      - {after: 0s, tell: [head], answers: All}", f"{FIRST}.answers", 'is "All"; write any, all, or how many'),
    (12, "      - {after: 0s, tell: [head], answers: '2'}", f"{FIRST}.answers", 'is "2"; write a whole number'),
    (12, "      - {after: 0s, tell: [head], answers: ２}", f"{FIRST}.answers", 'is "２"; write a whole number'),
    (12, "      - {after: 0s, tell: [head], answers: true}", f"{FIRST}.answers", "is the truth value true; write any, all"),
    (12, "      - {after: 0s, tell: [head], answers: [1, 2]}", f"{FIRST}.answers", "is a list; write any, all, or how many"),
    (12, "      - {after: 0s, tell: [head], answers: {any: 2}}", f"{FIRST}.answers", "is a mapping; write any, all, or how"),
    (12, "      - {after: 0s, tell: [head], answers: }", f"{FIRST}.answers", "is nothing; write any, all, or how many"),
    (12, "      - {after: 0s, tell: [head], answer: any}", f"{FIRST}.answer", 'unknown key; did you mean "answers"?'),
    # repeats
    (18, "          - {every: 0m}", "steps[1].ladder[3].repeat[2].every", "is 0m, no time at all"),
    (18, "          - {times: 3}", "steps[1].ladder[3].repeat[2]", "every is missing; write `every: …`"),
    (18, "          - {every: 5m, times: 0}", "steps[1].ladder[3].repeat[2].times", "a whole number from 1 to 1000"),
    (18, "          - {every: 5m, times: 2.5}", "steps[1].ladder[3].repeat[2].times", "is the number 2.5; write"),
    (18, "          - {every: 5m, times: '3'}", "steps[1].ladder[3].repeat[2].times", 'is "3"; write a whole number'),
    (18, "          - {every: 5m, times: }", "steps[1].ladder[3].repeat[2].times", "is nothing; write a whole number"),
    (18, "          - 30m", "steps[1].ladder[3].repeat[2]", 'is "30m"; write a mapping with the keys every'),
    (22, "    ladder: [{overdue_by: 1m, tell: [head], repeat: {every: 1h}}]", "steps[2].ladder[1].repeat",
     "is a mapping; write a list: [{every: 5m, times: 3}, {every: 30m}]"),
    (22, "    ladder: [{overdue_by: 1m, tell: [head], repeat: 1h}]", "steps[2].ladder[1].repeat", 'is "1h"; write a'),
    (22, "    ladder: [{overdue_by: 1m, tell: [head], repeat: []}]", "steps[2].ladder[1].repeat", "is an empty list"),
]


def test_the_good_file_of_these_tests_is_taken(tmp_path):
    assert complaints_about(GOOD, tmp_path) == []


@pytest.mark.parametrize(("line", "written", "path", "what"), ONE_LINE)
def test_one_wrong_line_is_told_with_its_number_and_what_to_write(tmp_path, line, written, path, what):
    lines = GOOD.splitlines()
    lines[line - 1] = written
    (complaint,) = complaints_about("\n".join(lines) + "\n", tmp_path)
    assert complaint.startswith(f"rule.yaml:{line}: {path}{': ' if path else ''}")
    assert what in complaint


@pytest.mark.parametrize(("content", "line", "what"), [
    ("", 1, "is empty; start from a file in config/"), ("# only a comment\n", 1, "is empty"), ("---\n", 2, "is noth"),
    ("\n\n- a\n- b\n", 3, "is a list; write a mapping with the keys key, version, title, steps"),
    ("突发事件\n", 1, 'is "突发事件"; write a mapping'), ("42\n", 1, "is the number 42"),
    ("key: a\n\tversion: b\n", 2, "is indented with a tab; YAML wants spaces"),
    ("steps:\n  - key: a\n  \t  title: b\n", 3, "is indented with a tab"),
    ("key: a\n version: b\n", 2, "is not readable as YAML: mapping values are not allowed here"),
    ("key: [a\n", 2, "is not readable as YAML"), ("key: 'a\n\n", 3, "is not readable as YAML"),
    ("key: *nowhere\n", 1, "found undefined alias 'nowhere'"), ("key: a\n---\nkey: b\n", 2, "another document"),
    ("key: a\nversion: \x07\n", 2, "a control character stands here; remove it"),
    ("[" * 1_000, 1, "is nested too deeply"), ("%YAML 9.9\n---\nkey: a\n", 1, "is not readable as YAML"),
    (b"key: a\ntitle: \xcd\xbb\xb7\xa2\n", 2, "is not UTF-8 text; save it with the encoding UTF-8"),
    (b"\xff\xfek\x00e\x00", 1, "is not UTF-8 text"), (b"\x00" * 10, 1, "a control character"),
    (b"#" * (MOST_BYTES + 1), 1, "is larger than 256 KiB; write a shorter file"),
])
def test_a_file_that_is_no_rule_at_all_is_told_in_one_sentence(tmp_path, content, line, what):
    (complaint,) = complaints_about(content, tmp_path)
    assert complaint.startswith(f"rule.yaml:{line}: ")
    assert what in complaint


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_taken(tmp_path):
    assert complaints_about(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode(), tmp_path) == []


def test_a_repeat_after_an_endless_one_is_told_where_it_stands(tmp_path):
    text = GOOD.replace("{every: 5m, times: 3}", "{every: 5m}")
    (complaint,) = complaints_about(text, tmp_path)
    assert complaint.startswith("rule.yaml:18: steps[1].ladder[3].repeat[2]: is never reached")


def test_repeats_that_end_after_more_than_a_year_are_refused(tmp_path):
    text = GOOD.replace("{every: 5m, times: 3}", "{every: 1d, times: 367}")
    (complaint,) = complaints_about(text, tmp_path)
    assert complaint.startswith("rule.yaml:17: steps[1].ladder[3].repeat: goes on for longer than 366d")


def test_every_complaint_is_told_at_once_in_the_order_of_the_file(tmp_path):
    text = (GOOD.replace('"1"', "1").replace("evidence: call", "evidence: cal").replace("within: 20m", "within: 20 min")
            .replace("[duty_officer]", "[duty_oficer, mayor]").replace("every: 1h", "every: 1 hour"))
    starts = [complaint.split(": ")[:2] for complaint in complaints_about(text, tmp_path)]
    assert starts == [
        ["rule.yaml:2", "version"], ["rule.yaml:9", "steps[1].within"], ["rule.yaml:10", "steps[1].evidence"],
        ["rule.yaml:12", f"{FIRST}.tell[1]"], ["rule.yaml:12", f"{FIRST}.tell[2]"],
        ["rule.yaml:22", "steps[2].ladder[1].repeat[1].every"]]


def test_a_missing_part_is_named_once(tmp_path):
    complaints = complaints_about("key: sample\nsteps:\n  - key: a\n", tmp_path)
    assert complaints == [
        "rule.yaml:1: version, title are missing; write `version: …` and `title: …`",
        "rule.yaml:3: steps[1]: title, within, ladder are missing; write `title: …` and `within: …` and `ladder: …`"]


def test_a_list_without_measure_is_refused(tmp_path):
    text = GOOD.replace("[head]", f"[{', '.join(['head'] * 51)}]", 1)
    assert "has 51 entries; write at most 50" in complaints_about(text, tmp_path)[0]


@pytest.mark.timeout(20)
def test_aliases_that_multiply_do_not_multiply_the_work(tmp_path):
    words = "w: &w [" + ", ".join(["head"] * 50) + "]\n"
    rungs = "r: &r [" + ", ".join(["{after: 0s, tell: *w}"] * 50) + "]\n"
    steps = "steps: [" + ", ".join(["{key: a, within: 1m, title: {zh: a, en: a}, ladder: *r}"] * 50) + "]\n"
    assert complaints_about(words + rungs + steps, tmp_path)


@pytest.mark.parametrize("path", ["nowhere.yaml", ".", "a\0b", "rule.yaml/inside", "x" * 300])
def test_a_path_that_cannot_be_read_is_told_in_one_sentence(tmp_path, path):
    (tmp_path / "rule.yaml").write_text(GOOD)
    with pytest.raises(ConfigError) as caught:
        load_protocol(tmp_path / path)
    (complaint,) = caught.value.problems
    assert "cannot be read" in complaint


# ── no bytes whatever lead to a stack trace ───────────────────────────────────────────────────────────────

PIECES = st.sampled_from([*GOOD.splitlines(keepends=True), *GOOD.split(" "), "\t", "- ", "&a ", "*a", "{", "}", "[",
                          "]", "? ", "\xa0", "\u3000",
                          "| \n", ">", "'", '"', "!!binary ", "%YAML 1.1\n", "---\n", "\ufeff", "<<: ", "\x85",
                          "0x10", "1e9999", "2026-01-01", "~", "\\", "#", "\u2028", "😀"])
HARD = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@HARD
@given(content=st.binary(max_size=400))
@example(content=b"\xef\xbb\xbf")
def test_no_bytes_lead_to_anything_but_complaints(tmp_path, content):
    complaints_about(content, tmp_path)


@HARD
@given(pieces=st.lists(PIECES, max_size=40))
def test_no_shuffled_yaml_leads_to_anything_but_complaints(tmp_path, pieces):
    complaints_about("".join(pieces), tmp_path)


@HARD
@given(start=st.integers(0, len(GOOD)), length=st.integers(0, 30), put=PIECES | st.text(max_size=8))
def test_no_damage_to_a_good_file_leads_to_anything_but_complaints(tmp_path, start, length, put):
    complaints_about(GOOD[:start] + put + GOOD[start + length:], tmp_path)


def complaints_about(content: str | bytes, folder: Path) -> list[str]:
    """The complaints with the folder cut off. Each has its file, its line and one visible line of text."""
    file = folder / "rule.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        load_protocol(file, known_channels=("console", "email", "sms"))
    except ConfigError as error:
        problems = error.problems
    else:
        return []
    assert problems
    for problem in problems:
        assert re.match(re.escape(str(file)) + ":[1-9][0-9]*: .", problem)
        assert problem.replace("\u3000", " ").isprintable()
    return [problem.removeprefix(f"{folder}/") for problem in problems]
