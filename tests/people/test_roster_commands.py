"""`roster import`, `export`, `show` and `people import` from the command line, on a database of their own."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from freezegun import freeze_time

from incident_clock.cli.main import main
from incident_clock.store.migrating import upgrade
from incident_clock.store.session import Store
from tests.people.files import EXAMPLE
from tests.people.sheet_files import csv, ole2, xlsx

WIDE = ("日期", "值班员", "值班长", "带班领导")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """`run("roster", "show")` at 14:05 on 12 March 2026 in Shanghai, with the example bureau loaded."""
    store = Store(sqlite_url, is_durable=False)
    upgrade(store)
    store.dispose()
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("INCIDENT_CLOCK_SECRET_KEY", "only-for-tests-" * 3)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["incident-clock", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        seen = capsys.readouterr()
        return Ran(code, seen.out, seen.err)

    with freeze_time("2026-03-12 06:05", ignore=["_pytest"]):
        assert run("people", "import", EXAMPLE).code == 0
        yield run


@pytest.fixture
def roster(tmp_path: Path) -> Callable[[int], Path]:
    """A file with so many days from 13 March on."""

    def make(days: int) -> Path:
        path = tmp_path / "值班表.xlsx"
        path.write_bytes(xlsx(WIDE, *((f"2026-{3 + (12 + ahead) // 31:02d}-{(12 + ahead) % 31 + 1:02d}", "周甲", "吴乙", "郑丙")
                                      for ahead in range(days))))
        return path

    return make


def test_a_roster_is_imported_shown_exported_and_imported_again(run: Run, roster: Callable, tmp_path: Path) -> None:
    assert run("roster", "import", roster(20)) == Ran(
        0, "", "60 shifts from 2026-03-13 08:30 to 2026-04-02 08:30: 60 added, 0 replaced.\n")
    assert run("roster", "show").out.splitlines() == [
        "Duty officer: 周甲 (zhou) (no roster: everybody with this role)",
        "Duty chief: 吴乙 (wu) (no roster: everybody with this role)",
        "Duty leader: 郑丙 (zheng) (no roster: everybody with this role)"]
    out = tmp_path / "out.csv"
    assert run("roster", "export", "--from", "2026-03-01", "--until", "2026-04-30", "--out", out).err == (
        f"60 shifts written to {out}.\n")
    again = run("roster", "import", out, "--json")
    assert json.loads(again.out) == {
        "shifts": 60, "added": 0, "replaced": 0, "past": 0, "from_at": "2026-03-13T00:30:00+00:00",
        "until_at": "2026-04-02T00:30:00+00:00", "roles": ["duty_officer", "duty_chief", "duty_leader"]}


def test_show_says_who_is_on_duty_and_who_is_next(run: Run, tmp_path: Path) -> None:
    people = EXAMPLE.read_text(encoding="utf-8").replace("roles: [duty_chief]", "roles: [duty_chief, duty_officer]")
    (tmp_path / "people.yaml").write_text(people, encoding="utf-8")
    run("people", "import", tmp_path / "people.yaml")
    path = tmp_path / "a.csv"
    path.write_bytes(csv(("日期", "值班员"), ("2026-03-12", "周甲"), *((f"2026-03-{day}", "吴乙") for day in range(13, 28))))
    assert run("roster", "import", path).code == 0
    assert "Duty officer: 周甲 (zhou); from 13 Mar 08:30 吴乙 (wu)" in run("roster", "show").out
    shown = json.loads(run("roster", "show", "--json").out)[0]
    assert (shown["role"], shown["is_rostered"], shown["now"][0]["key"], shown["now"][0]["why"]) == (
        "duty_officer", True, "zhou", "shift")
    assert (shown["next"]["at"], [one["key"] for one in shown["next"]["people"]]) == ("2026-03-13T00:30:00+00:00", ["wu"])


def test_a_wrong_file_is_told_line_by_line_and_exits_2(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv(WIDE, ("2026-02-30", "周甲", "赵未", "郑丙")))
    assert run("roster", "import", path) == Ran(
        2, "", "第2行 A列（日期）：没有“2026-02-30”这一天，请核对日期\n"
               "第2行 C列（值班长）：通讯录里没有“赵未”。请核对姓名，或先把他加进通讯录\n")
    path.write_bytes(ole2())
    assert run("roster", "import", path).code == 2
    assert "cannot be read" in run("roster", "import", tmp_path / "nowhere.csv").err


def test_a_roster_with_a_hole_in_it_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv(WIDE, ("2026-03-13", "周甲", "吴乙", "郑丙"), ("2026-03-18", "周甲", "吴乙", "郑丙")))
    refused = run("roster", "import", path)
    assert refused.code == 2
    assert "2026-03-14" in refused.err
    assert len(run("roster", "export", "--from", "2026-03-01", "--until", "2026-04-30", "--out", "-").out.splitlines()) == 1


def test_a_short_roster_is_taken_and_says_where_it_ends(run: Run, roster: Callable) -> None:
    """The page and the command line keep one rule: a bureau may post its roster week by week."""
    assert run("roster", "import", roster(5)) == Ran(
        0, "", "15 shifts from 2026-03-13 08:30 to 2026-03-18 08:30: 15 added, 0 replaced.\n"
               "Nobody is on duty from 2026-03-18 08:30 on: import what follows in time.\n")


def test_a_sheet_given_to_the_wrong_command_is_told_which_one_takes_it(run: Run, roster: Callable, tmp_path: Path) -> None:
    people = tmp_path / "人员.csv"
    people.write_bytes(csv(("编号", "姓名", "部门", "角色", "手机"), ("zhou", "周甲", "云河局/值班室", "值班员", "13800000001")))
    assert run("people", "import", roster(1)).err == "“值班表.xlsx”是值班表，不是人员表。请用 incident-clock roster import 导入\n"
    assert run("roster", "import", people).err == "“人员.csv”是人员表，不是值班表。请用 incident-clock people import 导入\n"
    taken = run("people", "import", people)
    assert taken == Ran(0, "", "1 people: 0 added, 1 changed, 11 retired.\n")


def test_a_directory_of_real_people_is_never_left_with_a_rung_nobody_answers(
        run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCIDENT_CLOCK_CHANNELS", "console")
    real = tmp_path / "people.yaml"
    real.write_text(EXAMPLE.read_text(encoding="utf-8").replace("example: true", ""), encoding="utf-8")
    assert run("people", "import", real).code == 0
    fewer = tmp_path / "人员.csv"
    fewer.write_bytes(csv(("编号", "姓名", "部门", "角色", "手机"), ("zhou", "周甲", "值班室", "值班员", "13800000001")))
    assert run("people", "import", fewer).code == 2
    assert run("people", "import", real).err == "12 people: 0 added, 0 changed, 0 retired.\n"


@pytest.mark.parametrize(("arguments", "sentence"), [
    (("--from", "2026-03-02", "--until", "2026-03-01", "--out", "-"), "--until 2026-03-01 lies before --from 2026-03-02"),
    (("--from", "2026-03-01", "--until", "2026-03-02", "--out", "a.pdf"), "a.pdf is neither .csv nor .xlsx"),
    (("--from", "2026-03-01", "--until", "2026-03-02", "--out", "nowhere/a.csv"), "cannot be written"),
    (("--from", "3月1日", "--until", "2026-03-02", "--out", "-"), "does not match the format")])
def test_an_export_that_cannot_be_is_told_why(arguments: tuple[str, ...], sentence: str, run: Run) -> None:
    ran = run("roster", "export", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err


def test_bars_are_shown_on_a_terminal_only(run: Run, roster: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    path = roster(20)
    assert "Reading" not in run("roster", "import", path).err
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = run("roster", "import", roster(21)).err
    assert all(name in shown for name in ("Reading", "Checking", "Writing"))
