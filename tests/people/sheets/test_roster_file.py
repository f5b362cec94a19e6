"""A roster is read from either layout, in Chinese or English, by key or by name."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from incident_clock.people.importing import read_people
from incident_clock.people.sheets.reading import read_sheet
from incident_clock.people.sheets.roster_file import read_roster
from incident_clock.store.session import Store
from tests.people.files import EXAMPLE
from tests.people.roster_rig import HANDOVER, Rig, read_back
from tests.people.sheet_files import csv, xlsx
from tests.support.bureau import ZONE

LONG = ("日期", "岗位", "姓名")
HOURLY = (*LONG, "开始", "结束")
DAY = "2026-03-20"


@pytest.fixture
def rig(sqlite_store: Store, tmp_path: Path, now: datetime) -> Rig:
    return Rig(sqlite_store, tmp_path, now)


@pytest.mark.parametrize("headings", [
    ("日期", "岗位", "姓名"), ("值班日期", "值班岗位", "值班人员"), ("date", "role", "name"), ("Date", " Role ", "PERSON*"),
    ("日期：", "岗位", "编号")])
@pytest.mark.parametrize("role", ["值班员", "duty_officer", "Duty officer"])
def test_headings_and_roles_may_be_chinese_or_english(headings: tuple[str, ...], role: str, rig: Rig) -> None:
    assert read_back(rig.read(csv(headings, (DAY, role, "zhou")))) == ["officer zhou 20 08:30 – 21 08:30"]


def test_columns_stand_in_any_order_beside_some_that_nobody_reads(rig: Rig) -> None:
    content = csv(("序号", "姓名", "星期", "岗位", "日期", "备注"), ("1", "周甲", "五", "值班员", DAY, "节前"))
    assert read_back(rig.read(content)) == ["officer zhou 20 08:30 – 21 08:30"]


@pytest.mark.parametrize(("from_", "until", "expected"), [
    ("", "", "20 08:30 – 21 08:30"), ("08:30", "20:30", "20 08:30 – 20 20:30"), ("20:30", "08:30", "20 20:30 – 21 08:30"),
    ("08:30", "08:30", "20 08:30 – 21 08:30"), ("00:00", "24:00", "20 00:00 – 21 00:00"),
    ("08:30", "24:00", "20 08:30 – 21 00:00"), ("08:30", "2026-03-27 08:30", "20 08:30 – 27 08:30"),
    ("2026-03-20 17:00", "2026-03-21 09:00", "20 17:00 – 21 09:00")])
def test_a_shift_ends_at_the_next_time_its_end_is_shown(from_: str, until: str, expected: str, rig: Rig) -> None:
    assert read_back(rig.read(csv(HOURLY, (DAY, "值班员", "周甲", from_, until)))) == [f"officer zhou {expected}"]


def test_shifts_of_the_same_person_may_touch_but_not_overlap(rig: Rig) -> None:
    file = rig.read(csv(HOURLY, (DAY, "值班员", "周甲", "08:30", "20:30"), (DAY, "值班员", "周甲", "20:30", "08:30"),
                        (DAY, "值班长", "wang2", "08:30", "08:30"), (DAY, "值班员", "wang2", "08:30", "08:30")))
    assert len(file.entries) == 4
    assert file.roles == ("duty_officer", "duty_chief")


def test_times_are_those_of_the_zone_of_the_house(rig: Rig) -> None:
    entry = rig.read(csv(LONG, (DAY, "值班员", "周甲"))).entries[0]
    assert (entry.from_at, entry.until_at) == (datetime(2026, 3, 20, 0, 30, tzinfo=UTC), datetime(2026, 3, 21, 0, 30, tzinfo=UTC))


@pytest.mark.parametrize(("cell", "keys"), [
    ("周甲", ["zhou"]), ("zhou", ["zhou"]), ("ZHOU", ["zhou"]), ("周　甲", ["zhou"]), ("周 甲", ["zhou"]),
    ("周甲、李酉", ["zhou", "li"]), ("周甲，李酉", ["zhou", "li"]), ("周甲/李酉", ["zhou", "li"]), ("周甲 李酉", ["zhou", "li"]),
    ("周甲\n李酉", ["zhou", "li"]), ("周 甲；李 酉", ["zhou", "li"]), ("John Smith、周甲", ["smith", "zhou"]),
    ("john smith", ["smith"]), ("wang、wang2", ["wang", "wang2"]), ("欧阳子华", ["ouyang"])])
def test_a_cell_may_name_several_people_in_the_ways_people_write_them(cell: str, keys: list[str], rig: Rig) -> None:
    file = rig.read(xlsx(("日期", "值班员"), (DAY, cell)), "值班表.xlsx")
    assert [entry.person for entry in file.entries] == keys


def test_wide_has_a_day_a_row_and_a_role_a_column(rig: Rig) -> None:
    file = rig.read(xlsx(("日期", "带班领导", "值班员", "duty_chief"), (date(2026, 3, 20), "郑丙", "周甲、李酉", "吴乙"),
                         (date(2026, 3, 21), "无", "周甲", "——")), "值班表.xlsx")
    assert read_back(file) == [
        "officer zhou 20 08:30 – 21 08:30", "officer li 20 08:30 – 21 08:30", "chief wu 20 08:30 – 21 08:30",
        "leader zheng 20 08:30 – 21 08:30", "officer zhou 21 08:30 – 22 08:30"]
    assert [entry.row for entry in file.entries] == [2, 2, 2, 2, 3]


def test_wide_may_have_hours(rig: Rig) -> None:
    file = rig.read(xlsx(("日期", "开始", "结束", "值班员"), (date(2026, 3, 20), time(8, 30), time(20, 30), "周甲"),
                         (date(2026, 3, 20), time(20, 30), time(8, 30), "李酉")), "值班表.xlsx")
    assert read_back(file) == ["officer zhou 20 08:30 – 20 20:30", "officer li 20 20:30 – 21 08:30"]


def test_a_telephone_number_is_compared_after_it_was_put_right(rig: Rig) -> None:
    content = xlsx((*LONG, "手机"), (DAY, "值班员", "周甲", 13800000001), (DAY, "值班员", "李酉", "138-0000-0002"),
                   (DAY, "值班长", "吴乙", None), (DAY, "带班领导", "郑丙", 1.3800000006e10))
    assert len(rig.read(content, "值班表.xlsx").entries) == 4


def test_the_file_is_known_by_its_bytes(rig: Rig) -> None:
    content = csv(LONG, (DAY, "值班员", "周甲"))
    assert rig.read(content).sha256 == rig.read(content, "b.csv").sha256 != rig.read(content + b"\r\n").sha256


def test_the_example_is_read_by_the_example_bureau() -> None:
    file = read_roster(read_sheet(EXAMPLE.with_name("roster.example.csv")), people=read_people(EXAMPLE).people, zone=ZONE,
                       handover_time=HANDOVER)
    assert file.roles == ("duty_officer", "duty_chief", "duty_leader")
    assert (file.until_at - file.from_at).days >= 14, "the office takes no roster that ends within the days it looks ahead"
