"""Rest days: the notices of 2026, the bureau's own file, and that no deadline ever depends on them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from incident_clock.errors import ConfigError
from incident_clock.people.rest_days import HOLIDAY, MADE_UP, NAMES, WEEKEND, WORKDAY, RestDays, read_rest_days
from incident_clock.protocol import deadlines, ladder
from tests.support import bureau

EXAMPLE = bureau.CONFIG / "holidays.example.yaml"


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(("text", "kind", "names"), [
    ("2026-01-01", HOLIDAY, ("元旦",)),
    ("2026-01-02", HOLIDAY, ("调休",)),
    ("2026-01-03", WEEKEND, ()),
    ("2026-01-04", MADE_UP, ()),  # a Sunday that is worked
    ("2026-02-14", MADE_UP, ()),
    ("2026-02-15", WEEKEND, ()),
    ("2026-02-16", HOLIDAY, ("农历除夕",)),
    ("2026-02-17", HOLIDAY, ("春节",)),
    ("2026-02-20", HOLIDAY, ("调休",)),
    ("2026-02-24", WORKDAY, ()),
    ("2026-02-28", MADE_UP, ()),
    ("2026-04-06", HOLIDAY, ("清明节",)),
    ("2026-05-09", MADE_UP, ()),
    ("2026-09-20", MADE_UP, ()),
    ("2026-09-25", HOLIDAY, ("中秋节",)),
    ("2026-10-04", WEEKEND, ()),
    ("2026-10-07", HOLIDAY, ("调休",)),
    ("2026-10-08", WORKDAY, ()),
    ("2026-10-10", MADE_UP, ()),
    ("2026-10-11", WEEKEND, ()),
    ("2020-10-01", HOLIDAY, ("中秋节", "国庆节")),  # both on one day
    ("2006-12-30", MADE_UP, ()),  # worked for a day of the next year
])
def test_the_notice_of_the_year_says_what_a_day_is(text: str, kind: str, names: tuple[str, ...]) -> None:
    found = RestDays().kind(day(text))
    assert (found.kind, found.names) == (kind, names)
    assert found.is_rest is (kind in (WEEKEND, HOLIDAY))
    assert set(names) <= set(NAMES)


def test_the_six_worked_weekends_of_2026_are_known() -> None:
    days = [day("2026-01-01") + timedelta(days=ahead) for ahead in range(365)]
    assert [one.isoformat() for one in days if RestDays().kind(one).kind == MADE_UP] == [
        "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]


@pytest.mark.parametrize(("year", "is_known"), [(2025, True), (2026, True), (2035, False)])
def test_a_year_without_a_notice_is_known_to_be_a_guess(year: int, is_known: bool) -> None:
    assert RestDays().knows_year(year) is is_known


def test_a_file_of_the_bureau_makes_a_year_known_and_beats_the_notice(tmp_path: Path) -> None:
    file = tmp_path / "holidays.yaml"
    file.write_text("holidays:\n  - 2035-01-01: 元旦\n  - 2026-10-08: 文化节\nworkdays: [2026-10-01, 2026-10-11, 2026-10-09]\n",
                    encoding="utf-8")
    found = read_rest_days(file)
    assert [found.knows_year(year) for year in (2026, 2035, 2036)] == [True, True, False]
    assert (found.kind(day("2026-10-08")).kind, found.kind(day("2026-10-08")).names) == (HOLIDAY, ("文化节",))
    assert found.kind(day("2026-10-01")).kind == MADE_UP  # a holiday that is worked
    assert found.kind(day("2026-10-11")).kind == MADE_UP
    assert found.kind(day("2026-10-09")).kind == WORKDAY  # it was one anyhow
    assert found.kind(day("2026-10-02")).names == ("国庆节",)


def test_the_example_file_can_be_read_and_no_file_means_the_notices_alone() -> None:
    assert read_rest_days(EXAMPLE).kind(day("2026-10-10")).kind == MADE_UP
    assert read_rest_days(None) == RestDays()


@pytest.mark.parametrize(("text", "complaints"), [
    ("holidays: []\n", ["1: workdays is missing; write `workdays: …`"]),
    ("holidays: {}\nworkdays: []\n", ["1: holidays: is a mapping; write a list: `- 2026-10-01: 国庆节`, or [] for none"]),
    ("holidays:\n  - 2026-10-01\nworkdays: []\n",
     ["2: holidays[1]: is \"2026-10-01\"; write the day and its name: `- 2026-10-01: 国庆节`"]),
    ("holidays:\n  - 2026-13-01: 国庆节\nworkdays:\n  - 10月1日\n",
     ["2: holidays[1]: is \"2026-13-01\", no day of the calendar; write one like 2026-10-01",
      "4: workdays[1]: is \"10月1日\", no day of the calendar; write one like 2026-10-01"]),
    ("holidays:\n  - 2026-10-01: 国庆节\n  - 2026-10-01: 中秋节\nworkdays:\n  - 2026-10-01\n",
     ["3: holidays[2]: names 2026-10-01 again, which stands in line 2; keep one of them",
      "5: workdays[1]: names 2026-10-01 again, which stands in line 2; keep one of them"]),
    ("holidays:\n  - 2026-10-01: 5\nworkdays: []\n",
     ["2: holidays[1]: is the number 5, not a text; put it in quotes: \"5\""]),
    ("holiday: []\nworkdays: []\n", ["1: holiday: unknown key; did you mean \"holidays\"?"]),
    ("holidays:\n  - 1026-10-01: 国庆节\nworkdays: [[2026-10-01]]\n",
     ["2: holidays[1]: is \"1026-10-01\", no day of the calendar; write one like 2026-10-01",
      "3: workdays[1]: is a list, no day of the calendar; write one like 2026-10-01"]),
])
def test_a_file_that_cannot_be_right_is_refused_with_line_and_remedy(
        tmp_path: Path, text: str, complaints: list[str]) -> None:
    file = tmp_path / "holidays.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        read_rest_days(file)
    assert [problem.removeprefix(f"{file}:") for problem in refused.value.problems] == complaints


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_rest_days(tmp_path / "none.yaml")


def test_no_deadline_and_no_rung_moves_for_a_rest_day() -> None:
    """The clock of an incident runs on every day of the year: a workday, a Sunday and the National Day are alike."""
    workday, *others = (datetime(2026, month, on, 6, 5, tzinfo=UTC) for month, on in ((9, 30), (10, 1), (10, 4), (10, 10)))
    assert len({RestDays().kind(each.date()).kind for each in (workday, *others)}) == 4
    for rule in (bureau.rule(), bureau.rule("general-48h")):
        for step in rule.steps:
            for started in others:
                moved = started - workday
                assert deadlines.due_at(step, started) == deadlines.due_at(step, workday) + moved
                due = ladder.decide(step, started=started, next_rung_at=started, now=started + step.within)
                like = ladder.decide(step, started=workday, next_rung_at=workday, now=workday + step.within)
                assert [(one.rung, one.at - moved) for one in due.raised] == [(one.rung, one.at) for one in like.raised]
                assert (due.next_rung_at or started) - moved == (like.next_rung_at or workday)


def test_what_counts_deadlines_and_rungs_does_not_know_rest_days_at_all() -> None:
    package = bureau.CONFIG.parent / "incident_clock"
    counting = [file for room in ("protocol", "registry", "engine", "outbox") for file in (package / room).glob("*.py")]
    assert len(counting) > 20
    assert not [file for file in counting if "rest_days" in file.read_text(encoding="utf-8")]
