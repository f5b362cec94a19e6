"""The directory's people from a sheet: what it says, what it leaves as it was, and what is wrong with it."""

from datetime import datetime
from pathlib import Path

import pytest

from incident_clock.people import roster
from incident_clock.people.cards import CHAT, DESK_PHONE, EMAIL, MOBILE, Contact
from incident_clock.people.importing import import_people, read_people
from incident_clock.people.people_file import PeopleFile, UnitCard
from incident_clock.people.sheets.complaints import SheetRefused, letters
from incident_clock.people.sheets.people_sheet import known, read_people_sheet
from incident_clock.people.sheets.reading import sheet_of
from incident_clock.phrases import Phrases
from incident_clock.store.session import Store
from tests.people.files import EXAMPLE, written
from tests.people.sheet_files import csv, xlsx
from tests.support.bureau import SHEN, ZONE

CHINESE = ("编号", "姓名", "部门", "角色", "手机", "邮箱", "B角", "语言")
ENGLISH = ("key", "name", "unit", "roles", "phone", "email", "stand_in", "language")
ZHOU = ("zhou", "周甲", "值班室", "值班员", "13800000001", "zhou@example.com", "吴乙", "中文")
WU = ("wu", "吴乙", "duty", "duty_chief、宣传员", "", "wu@example.com", "zhou", "英文")

DIRECTORY = """units:
  - {key: bureau, name: 云河区综合执法局, short_name: 云河综合执法}
  - {key: duty, name: 值班室, parent: bureau, reporter: wu, second_reporter: chen}
  - {key: squad1, name: 一中队, parent: bureau}
  - {key: squad2, name: 一中队, parent: duty}
people:
  - {key: zhou, name: 周甲, unit: duty, roles: [duty_officer], stand_in: wu, language: en, contacts: [
      {kind: mobile, address: "+8613800000009"}, {kind: desk_phone, address: "+861012345678"}, {kind: chat, address: zhou-jia},
      {kind: email, address: old@example.com}]}
  - {key: wu, name: 吴乙, unit: duty, roles: [duty_chief, reporter]}
  - {key: chen, name: 陈己, unit: duty, roles: [reporter]}
"""


class Office:
    def __init__(self, store: Store, folder: Path, now: datetime) -> None:
        self.store, self.folder, self.now = store, folder, now

    def load(self, text: str) -> None:
        with self.store.write() as session:
            import_people(session, read_people(written(self.folder, text)), actor=SHEN, now=self.now)

    def read(self, content: bytes, name: str = "人员.csv") -> PeopleFile:
        with self.store.read() as session:
            there = known(session)
        return read_people_sheet(sheet_of(name, content), there)

    def take(self, content: bytes) -> None:
        file = self.read(content)
        with self.store.write() as session:
            import_people(session, file, actor=SHEN, now=self.now)

    def complaints(self, *rows: tuple[str, ...], headings: tuple[str, ...] = CHINESE) -> list[tuple[int, str, str]]:
        with pytest.raises(SheetRefused) as refused:
            self.read(csv(headings, *rows))
        words = Phrases("zh", ZONE)
        return [(one.row, letters(one.column), words.refusal(told, seen=self.now))
                for one, told in zip(refused.value.complaints, refused.value.refusals, strict=True)]


@pytest.fixture
def empty(sqlite_store: Store, tmp_path: Path, now: datetime) -> Office:
    return Office(sqlite_store, tmp_path, now)


@pytest.fixture
def office(empty: Office) -> Office:
    empty.load(DIRECTORY)
    return empty


@pytest.mark.parametrize("headings", [CHINESE, ENGLISH])
def test_a_sheet_becomes_a_people_file(headings: tuple[str, ...], office: Office) -> None:
    file = office.read(csv(headings, ZHOU, WU))
    zhou, wu = file.people
    assert (zhou.key, zhou.name, zhou.unit, zhou.roles, zhou.stand_in, zhou.language) == (
        "zhou", "周甲", "duty", ("duty_officer",), "wu", "zh")
    assert (wu.unit, wu.roles, wu.stand_in, wu.language) == ("duty", ("duty_chief", "reporter"), "zhou", "en")
    assert wu.addresses() == {"email": "wu@example.com", "console": "wu"}
    assert (file.source, file.is_example, file.outside) == ("人员.csv", False, None)


def test_the_sheet_is_imported_and_whoever_is_not_in_it_leaves(office: Office) -> None:
    office.take(csv(CHINESE, ZHOU, WU))
    with office.store.read() as session:
        assert [card.key for card in roster.everybody(session)] == ["zhou", "wu"]
        assert roster.person(session, "zhou").phone == "+8613800000001"
        assert roster.bureau(session).short_name == "云河综合执法"


def test_ways_to_reach_somebody_that_the_sheet_cannot_hold_stay(office: Office) -> None:
    assert office.read(csv(CHINESE, ZHOU, WU)).people[0].contacts == (
        Contact(MOBILE, "+8613800000001"), Contact(EMAIL, "zhou@example.com"), Contact(DESK_PHONE, "+861012345678"),
        Contact(CHAT, "zhou-jia"))


def test_columns_that_are_not_there_change_nothing(office: Office) -> None:
    zhou, _ = office.read(csv(CHINESE[:4], ZHOU[:4], WU[:4])).people
    assert [contact.address for contact in zhou.contacts] == [
        "+8613800000009", "+861012345678", "zhou-jia", "old@example.com"]
    assert (zhou.stand_in, zhou.language) == ("wu", "en")


def test_a_stand_in_who_left_is_no_longer_one(office: Office) -> None:
    assert office.read(csv(CHINESE[:5], ZHOU[:5])).people[0].stand_in is None


def test_a_blank_cell_of_a_column_that_is_there_takes_away(office: Office) -> None:
    zhou = office.read(csv(CHINESE, (*ZHOU[:4], "", "zhou@example.com", "", ""))).people[0]
    assert (zhou.addresses().get("sms"), zhou.stand_in, zhou.language) == (None, None, "zh")


def test_units_stay_and_a_reporter_who_is_not_in_the_sheet_is_none_any_more(office: Office) -> None:
    units = office.read(csv(CHINESE, ZHOU, WU)).units
    assert [(unit.key, unit.parent, unit.reporter, unit.second_reporter) for unit in units] == [
        ("bureau", None, None, None), ("duty", "bureau", "wu", None), ("squad1", "bureau", None, None), ("squad2", "duty", None, None)]


def test_a_fixed_line_is_no_mobile(office: Office) -> None:
    zhou = office.read(csv(CHINESE, (*ZHOU[:4], "010-12345679", *ZHOU[5:7], ""), WU)).people[0]
    assert Contact(DESK_PHONE, "+861012345679") in zhou.contacts
    assert "sms" not in zhou.addresses()


def test_two_units_of_one_name_are_told_apart_by_what_is_above(office: Office) -> None:
    people = office.read(csv(CHINESE, ZHOU, (*WU[:2], "云河区综合执法局/值班室/一中队", *WU[3:]))).people
    assert people[1].unit == "squad2"


@pytest.mark.parametrize("start", ["", "example"])
def test_while_there_is_no_real_directory_the_sheet_lays_out_the_units(start: str, empty: Office) -> None:
    if start:
        empty.load(EXAMPLE.read_text(encoding="utf-8"))
    file = empty.read(xlsx(CHINESE, (*ZHOU[:2], "云河局/值班室", "值班员", 13800000001, *ZHOU[5:]),
                           (*WU[:2], "云河局 / 支队 / 一中队", *WU[3:]), ("feng", "冯戊", "云河局", "主要领导", "13800000006")), "人员.xlsx")
    assert file.units == (
        UnitCard("bureau", "云河局", None, None), UnitCard("unit1", "值班室", None, "bureau"),
        UnitCard("unit2", "支队", None, "bureau"), UnitCard("unit3", "一中队", None, "unit2"))
    assert [card.unit for card in file.people] == ["unit1", "unit3", "bureau"]


def test_units_without_their_bureau_are_refused_while_there_is_no_directory(empty: Office) -> None:
    assert empty.complaints(ZHOU, (*WU[:2], "宣传科", *WU[3:])) == [
        (3, "C", "第3行 C列（部门）：通讯录里还没有部门。请把每个部门都写成“局名/部门”，第一段是同一个局名，如“云河区综合执法局/值班室”")]


@pytest.mark.parametrize(("changed", "column", "sentence"), [
    ({0: "周甲"}, "A", "（编号）：“周甲”不能作编号。请用小写字母开头，只含字母、数字、_ 和 -，如 zhou"),
    ({0: "wu"}, "A", "（编号）：和第2行的编号相同，请另写一个"),
    ({0: ""}, "A", "（编号）：没有填"),
    ({1: ""}, "B", "（姓名）：没有填"),
    ({1: "周" * 61}, "B", "（姓名）：有 61 个字，最多 60 个"),
    ({2: ""}, "C", "（部门）：没有填"),
    ({2: "值班事"}, "C", "（部门）：通讯录里没有部门“值班事”，是不是“值班室”？"),
    ({2: "财务科"}, "C", "（部门）：通讯录里没有部门“财务科”。请核对，或先在通讯录里加上它"),
    ({2: "一中队"}, "C", "（部门）：有2个“一中队”，请写编号（squad1、squad2）"),
    ({3: ""}, "D", "（角色）：没有填"),
    ({3: "值班员、司机"}, "D", "（角色）：没有“司机”这个角色，只能写 值班员、值班长、带班领导、办公室主任、宣传科科长、宣传员、中队长、分管领导、主要领导、新闻发言人、审计员、系统管理员"),
    ({4: "1.38E+10"}, "E", "（手机）：号码变成了科学计数，后几位已经丢了。请把这一列设为文本，重新填写"),
    ({4: "138"}, "E", "（手机）：没有这样的电话号码，请数一数位数；国外号码以 + 和国家代码开头"),
    ({5: "zhou＠"}, "F", "（邮箱）：这不是邮箱地址，请写成 zhou@example.com 这样"),
    ({6: "周甲"}, "G", "（B角）：B角不能是本人"),
    ({6: "赵未"}, "G", "（B角）：这张表里没有“赵未”，B角自己也要在表里"),
    ({7: "法语"}, "H", "（语言）：“法语”不是语言，请写“中文”或“英文”"),
])
def test_a_wrong_cell_is_named(changed: dict[int, str], column: str, sentence: str, office: Office) -> None:
    row = tuple(changed.get(place, cell) for place, cell in enumerate(ZHOU))
    assert office.complaints((*WU[:6], "", ""), row) == [(3, column, f"第3行 {column}列{sentence}")]


@pytest.mark.parametrize(("content", "sentence"), [
    (csv(("日期", "值班员"), ("2026-03-20", "周甲")), "“人员.csv”是值班表，不是人员表。请用 incident-clock roster import 导入"),
    (csv(CHINESE), "“人员.csv”里只有列名，一个人也没有"),
    (csv(("编号", "姓名", "部门"), ZHOU[:3]), "第1行：缺少这几列：角色"),
    (csv(CHINESE, (*WU[:6], "", "")), "第1行：下面没有一位值班员有电话或邮箱，第一次催办会没有人收到"),
    (csv(ZHOU), "第1行：这一行不像列名。第一行请写列名：编号、姓名、部门、角色、手机、邮箱、B角、语言"),
])
def test_a_sheet_that_cannot_be_the_directory_is_refused(content: bytes, sentence: str, office: Office) -> None:
    with pytest.raises(SheetRefused) as refused:
        office.read(content)
    assert sentence in [Phrases("zh", ZONE).refusal(told, seen=office.now) for told in refused.value.refusals]
