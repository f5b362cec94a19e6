"""The readiness board as it is read, in both languages and without a script; and `incident-clock check` over it."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest

from incident_clock.people.tables import Person
from incident_clock.store.session import Store
from tests.support import duty_days
from tests.support.bureau import move_in
from tests.support.duty_days import DAY, HANDOVER
from tests.web.house import House, at

ROOT = Path(__file__).parents[2]
BOTH = ("sms", "email")


@pytest.fixture
def both(house: House) -> House:
    """SMS and mail are switched on; nothing is sent here."""
    vars(house.assembly)["channels"] = dict.fromkeys(BOTH)
    return house


def text(page: str) -> str:
    """What a person reads: no tags, single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def rows(page: str) -> dict[str, str]:
    """Day → its line of the grid."""
    return {row.split('"')[0]: row.split("</tr>")[0] for row in page.split('<tr id="d')[1:]}


def read(house: House, path: str = "/readiness", *, person: str = "zhou") -> str:
    answer = house.client(person).get(path)
    assert answer.status_code == 200, path
    return answer.text


# ── the board ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_complete_board_says_so_and_shows_each_with_the_stand_in(both: House) -> None:
    page = read(both)
    assert "今后14天，每一级都有人接。" in page
    assert list(rows(page)) == [f"2026-03-{day}" for day in range(12, 26)]
    for said in ("齐备", "周甲 / 吴乙", "王丁 / 冯戊", "3月12日 周四"):
        assert said in text(rows(page)["2026-03-12"]), said
    for said in ("值班员 0分起", "带班领导 11分起", "分管领导 11分起", "主要领导 超时起"):
        assert said in text(page), said
    assert "还没有值班表" in page


@pytest.mark.parametrize("person", ["zhou", "zheng", "yang", "shen", "han"])
def test_everybody_who_is_signed_in_may_read_it_and_a_stranger_may_not(house: House, person: str) -> None:
    for path in ("/readiness", "/readiness/2026-03-12"):
        assert house.client(person).get(path).status_code == 200
        assert house.client().get(path).status_code == 302


def test_a_gap_is_named_with_its_day_its_role_and_whom_its_reminder_goes_to(both: House) -> None:
    store = both.assembly.store
    duty_days.shifts(store, "duty_leader", "zheng", "wang", None, *["zheng"] * 14, first=-1)
    page = read(both)
    banner = text(page.split('class="banner banner-note">')[1].split("</div>")[0])
    for said in ("1处无人可催", "最早的缺口：3月13日 周五 08:30 起 带班领导：未排班。",
                 "届时电话上报15分一级的提醒只发给宣传科科长 陈己。", "去看3月13日"):
        assert said in banner, said
    assert 'href="#d2026-03-13"' in page
    assert "还没有值班表" not in page
    gap, night = rows(page)["2026-03-13"], rows(page)["2026-03-14"]
    assert "缺1处" in gap
    assert re.search(r'<td class="gap" data-role="带班领导">', gap)
    assert "08:30起 未排班" in text(gap)
    assert "至08:30 未排班" in text(night)
    assert "08:30起 郑丙 / 王丁" in text(night)


def test_what_only_goes_on_from_the_day_before_is_not_repeated(both: House) -> None:
    duty_days.shifts(both.assembly.store, "duty_leader", *["zheng", "wang"] * 9, first=-1)
    shown = rows(read(both))
    assert "08:30起 郑丙" in text(shown["2026-03-13"])
    assert "至08:30" not in text(shown["2026-03-13"])


def test_a_change_at_midnight_is_shown_from_midnight_on(both: House) -> None:
    midnight = HANDOVER - timedelta(hours=8, minutes=30)
    duty_days.leave(both.assembly.store, "wang", midnight + DAY, midnight + DAY + timedelta(hours=9), acting="zheng")
    shown = text(rows(read(both))["2026-03-13"])
    assert "至09:00 郑丙（代王丁） / 冯戊 09:00起 王丁 / 冯戊" in shown
    assert "至09:00 冯戊 / 郑丙 09:00起 冯戊 / 王丁" in shown, "he who is away stands in for nobody, his deputy does"


def test_weak_places_are_listed_once_with_their_reason(both: House) -> None:
    store = both.assembly.store
    duty_days.without_stand_in(store, "chen")
    duty_days.without_contact(store, "zhou", ["mobile"])
    page = read(both)
    assert "2处较弱" in page
    for said in ("3月12日 周四起 值班员 周甲：只有邮件", "3月12日 周四起 宣传科科长 陈己：无B角", "弱2处", "陈己·无B角"):
        assert said in text(page), said
    assert rows(page)["2026-03-12"].count('class="part thin"') == 2


def test_when_the_gap_is_now_the_page_says_now_and_the_red_banner_too(both: House) -> None:
    duty_days.shifts(both.assembly.store, "duty_leader", "zheng", first=-1)
    page = read(both)
    assert "最早的缺口：现在 带班领导：未排班。" in text(page)
    assert "现在没有带班领导在岗，请补排班次或指定代理人" in page.split('id="alarm"')[1].split("</section>")[0]


def test_without_a_channel_the_page_says_that_and_nothing_else(house: House) -> None:
    vars(house.assembly)["channels"] = {}
    assert "没有启用发送渠道，谁也催不到" in read(house)
    assert "<table" not in read(house)
    assert "没有启用发送渠道，谁也催不到" in read(house, "/readiness/2026-03-12")


def test_the_import_is_linked_once_its_page_exists(both: House) -> None:
    if "roster.upload" not in both.app.view_functions:
        both.app.add_url_rule("/roster/import", "roster.upload", lambda: "")
    assert "导入值班表</a>" in read(both)


def test_in_english_nothing_is_left_in_chinese_but_names(both: House) -> None:
    store = both.assembly.store
    duty_days.shifts(store, "duty_leader", "zheng", None, *["zheng"] * 5, first=-1)
    duty_days.without_stand_in(store, "chen")
    duty_days.leave(store, "feng", at("20:00"), at("21:00"), acting="wang")
    names = "周甲吴乙郑丙王丁陈己冯戊卫辛蒋壬韩子沈癸褚庚杨丑"
    for path in ("/readiness?lang=en", "/readiness/2026-03-12?lang=en"):
        page = text(read(both, path).split("<main")[1].split("</main>")[0])
        assert set(re.findall(r"[\u4e00-\u9fff]", page)) <= set(names), path
        assert "Duty leader: no shift" in page


def test_the_page_carries_no_script_of_its_own_and_no_inline_style(both: House) -> None:
    for path in ("/readiness", "/readiness/2026-03-12"):
        main = read(both, path).split("<main")[1].split("</main>")[0]
        assert "<script" not in main
        assert "style=" not in main


# ── a day in full ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_day_lists_every_rung_with_channels_and_what_last_arrived(both: House) -> None:
    store = both.assembly.store
    duty_days.delivered(store, "zhou", at("09:12") - 2 * DAY)
    duty_days.delivered(store, "wu", at("09:12") - 100 * DAY)
    page = read(both, "/readiness/2026-03-12")
    rules = both.assembly.protocols.values()
    assert page.count('class="rung"') == sum(len(step.ladder) for rule in rules for step in rule.chased) == 82
    for said in ("突发事件舆情五步时限", "政务舆情四十八小时回应", "电话上报 限20分钟", "第5级 超时1分", "第1级 0分", "第3级 15分",
                 "值班员 周甲 短信（3月10日 09:12送达）·邮件（尚无送达记录） B角 吴乙", "短信（2025-12-02 09:12送达）"):
        assert said in text(page), said


def test_an_empty_rung_of_a_day_names_where_its_reminder_goes(both: House) -> None:
    duty_days.shifts(both.assembly.store, "duty_leader", "zheng", first=-1)
    page = text(read(both, "/readiness/2026-03-12"))
    assert "缺 带班领导：未排班 这一级的提醒转给第3级：分管领导 王丁" in page


@pytest.mark.parametrize(("day", "status"), [
    ("2026-03-11", 404), ("2026-03-12", 200), ("2026-05-10", 200), ("2026-05-11", 404), ("2026-02-30", 404), ("x", 404)])
def test_only_days_that_can_be_looked_ahead_to_have_a_page(house: House, day: str, status: int) -> None:
    assert house.client("zhou").get(f"/readiness/{day}").status_code == status


@pytest.mark.parametrize(("day", "near"), [
    ("2026-03-12", ["2026-03-13"]), ("2026-03-13", ["2026-03-12", "2026-03-14"]), ("2026-05-10", ["2026-05-09"])])
def test_a_day_leads_to_its_neighbours(house: House, day: str, near: list[str]) -> None:
    assert re.findall(r'href="/readiness/([^"?]+)"', read(house, f"/readiness/{day}")) == near


def test_both_databases_show_the_same_board(store: Store, tmp_path: Path) -> None:
    house = House.open(store.url.render_as_string(hide_password=False), tmp_path, now=at("14:05:30"))
    duty_days.shifts(house.assembly.store, "duty_leader", "zheng", None, "wang", first=-1)
    assert "最早的缺口：现在 带班领导：未排班。" in text(read(house))
    house.close()


# ── check ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def installed(sqlite_store: Store, tmp_path: Path) -> Store:
    """The example bureau now, by the machine's clock: the command asks no other."""
    move_in(sqlite_store, datetime.now(UTC))
    return sqlite_store


def check(store: Store, folder: Path, *, exit_code: int, channels: str = "console") -> dict[str, list[str]]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME", "CI")}
    environment = {**kept, "DATABASE_URL": str(store.url), "INCIDENT_CLOCK_SECRET_KEY": "only-for-tests-" * 3,
                   "INCIDENT_CLOCK_CHANNELS": channels}
    done = subprocess.run([sys.executable, "-m", "incident_clock", "check", "--json"], cwd=ROOT, env=environment,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == exit_code, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_check_passes_over_the_example_and_says_that_there_is_no_roster(installed: Store, tmp_path: Path) -> None:
    told = check(installed, tmp_path, exit_code=0)
    assert told["errors"] == []
    assert any("no roster" in note for note in told["notes"])


def test_check_fails_when_no_administrator_would_hear_of_a_gap(installed: Store, tmp_path: Path) -> None:
    with installed.write() as session:
        session.get_one(Person, "shen").is_active = False
    told = check(installed, tmp_path, exit_code=1)
    assert [error.split(":")[0] for error in told["errors"]] == ["No administrator can be reached"]


def test_check_fails_over_a_gap_within_a_day_and_notes_a_later_one(installed: Store, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    duty_days.shifts(installed, "duty_leader", "zheng", None, *["zheng"] * 4, None, *["zheng"] * 10, start=now - timedelta(hours=23))
    duty_days.without_stand_in(installed, "chen")
    told = check(installed, tmp_path, exit_code=1)
    errors = [re.sub(r"^\S+ \S+ to \S+ \S+: ", "", error) for error in told["errors"]]
    assert [error for error in errors if "district-emergency" in error] == [
        "protocol district-emergency, phone_report, rung 3 reaches others, but nobody is on duty (Duty leader: no shift)",
        "protocol district-emergency, preliminary_report, rung 2 reaches others, but nobody is on duty (Duty leader: no shift)",
        "protocol district-emergency, detailed_report, rung 2 reaches nobody (Duty leader: no shift)",
        "protocol district-emergency, progress_report, rung 2 reaches others, but nobody is on duty (Duty leader: no shift)"]
    (later,) = [note for note in told["notes"] if note.startswith("gap")]
    assert "Duty leader: no shift (Phone report rung 3, Preliminary report rung 2, Detailed report rung 2" in later
    (weak,) = [note for note in told["notes"] if note.startswith("weak")]
    assert weak.endswith("Publicity chief 陈己: no stand-in")


def test_check_names_a_gap_that_stands_now_to_the_minute(installed: Store, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    duty_days.shifts(installed, "duty_chief", "wu", start=now - timedelta(hours=30))
    told = check(installed, tmp_path, exit_code=1)
    assert len([error for error in told["errors"] if "district-emergency" in error]) == 6
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d to \d{4}-\d\d-\d\d 00:00: ", error) for error in told["errors"])
