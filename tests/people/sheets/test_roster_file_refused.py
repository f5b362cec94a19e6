"""Broken files, really written: each gets sentences with row and column, and nothing of it is imported."""

import io
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from incident_clock.people.sheets.complaints import MOST_TOLD, SheetRefused
from incident_clock.people.sheets.reading import LARGEST_FILE, MOST_ROWS
from incident_clock.people.sheets.xlsx_reader import LARGEST_UNPACKED
from incident_clock.phrases import Phrases
from incident_clock.store.session import Store
from tests.people.roster_rig import Rig
from tests.people.sheet_files import CHINESE, HOURS, Error, Formula, Styled, archive, csv, ole2, xlsx
from tests.support.bureau import ZONE

LONG = ("日期", "岗位", "姓名")
HOURLY = (*LONG, "开始", "结束")
WIDE = ("日期", "值班员", "值班长")
DAY = date(2026, 3, 20)
ONE = (DAY, "值班员", "周甲")


def days(count: int, *, first: date = DAY) -> list[tuple[str, str, str]]:
    return [((first + timedelta(days=ahead)).isoformat(), "值班员", "周甲") for ahead in range(count)]


def four_hundred_with_one_wrong() -> bytes:
    rows = days(400)
    rows[249] = ("2027-02-29", "值班员", "周甲")
    return csv(LONG, *rows)


CELLS: dict[str, tuple[bytes, list[tuple[int, str, str]]]] = {
    # ── days ──
    "no such day": (csv(LONG, ("2026-02-30", "值班员", "周甲")), [
        (2, "A", "第2行 A列（日期）：没有“2026-02-30”这一天，请核对日期")]),
    "a word for a day": (csv(LONG, ("下周一", "值班员", "周甲")), [
        (2, "A", "第2行 A列（日期）：“下周一”不是日期，请写成 2026-03-12 这样")]),
    "a day without its year": (csv(LONG, ("3月20日", "值班员", "周甲")), [
        (2, "A", "第2行 A列（日期）：“3月20日”没有年份，请写成 2026-03-12 这样")]),
    "day and month in an unclear order": (csv(LONG, ("03/04/2026", "值班员", "周甲")), [
        (2, "A", "第2行 A列（日期）：“03/04/2026”看不出年月日的先后，请写成 2026-03-12 这样")]),
    "a year nobody meant": (csv(LONG, ("1926-03-20", "值班员", "周甲")), [
        (2, "A", "第2行 A列（日期）：“1926-03-20”的年份不对，应在 2000 到 2100 年之间")]),
    "a time among the days": (csv(LONG, ("2026-03-20 20:00", "值班员", "周甲")), [
        (2, "A", "第2行 A列（日期）：“2026-03-20 20:00”里有时刻。这里只写日期，时刻写在“开始”列")]),
    "blank cells": (csv(LONG, ("", "值班员", "周甲"), ("2026-03-21", "", "周甲"), ("2026-03-22", "值班员", "")), [
        (2, "A", "第2行 A列（日期）：没有填"), (3, "B", "第3行 B列（岗位）：没有填"), (4, "C", "第4行 C列（姓名）：没有填")]),
    # ── hours ──
    "25 o'clock": (csv(HOURLY, ("2026-03-20", "值班员", "周甲", "08:30", "25:00")), [
        (2, "E", "第2行 E列（结束）：“25:00”不是时刻，请写成 00:00 到 24:00，如 08:30")]),
    "25 o'clock as Excel keeps it": (xlsx(HOURLY, (*ONE, time(8, 30), Styled(25 / 24, HOURS))), [
        (2, "E", "第2行 E列（结束）：“25:00”不是时刻，请写成 00:00 到 24:00，如 08:30")]),
    "an end before its beginning": (csv(HOURLY, ("2026-03-20", "值班员", "周甲", "2026-03-20 20:00", "2026-03-20 08:00")), [
        (2, "E", "第2行 E列（结束）：“2026-03-20 08:00”不晚于开始的时刻，请核对")]),
    "a beginning on another day": (csv(HOURLY, ("2026-03-20", "值班员", "周甲", "2026-03-21 08:30", "2026-03-22 08:30")), [
        (2, "D", "第2行 D列（开始）：“2026-03-21 08:30”和这一行的日期不是同一天")]),
    "a beginning at 24:00": (csv(HOURLY, ("2026-03-20", "值班员", "周甲", "24:00", "08:30")), [
        (2, "D", "第2行 D列（开始）：“24:00”不能是开始的时刻，请写第二天的 00:00")]),
    "an end without its time": (csv(HOURLY, ("2026-03-20", "值班员", "周甲", "08:30", "2026-03-21")), [
        (2, "E", "第2行 E列（结束）：“2026-03-21”只有日期，请写上时刻，如 2026-03-13 08:30")]),
    "only one of two times": (csv(HOURLY, ("2026-03-20", "值班员", "周甲", "08:30", "")), [
        (2, "E", "第2行 E列（结束）：没有填")]),
    "a shift of eight days": (csv(HOURLY, ("2026-03-20", "值班员", "周甲", "08:30", "2026-03-28 08:30")), [
        (2, "E", "第2行 E列（结束）：到“2026-03-28 08:30”超过了一班最长的 7 天，请核对")]),
    # ── people and roles ──
    "a stranger": (csv(LONG, ("2026-03-20", "值班员", "赵未")), [
        (2, "C", "第2行 C列（姓名）：通讯录里没有“赵未”。请核对姓名，或先把他加进通讯录")]),
    "a slip of the pen": (csv(LONG, ("2026-03-20", "值班员", "欧阳子花")), [
        (2, "C", "第2行 C列（姓名）：通讯录里没有“欧阳子花”，是不是“欧阳子华”？")]),
    "a name that two have": (csv(LONG, ("2026-03-20", "值班员", "王丁")), [
        (2, "C", "第2行 C列（姓名）：通讯录里有2个“王丁”，请改写编号（wang、wang2）")]),
    "somebody without that role": (csv(LONG, ("2026-03-20", "带班领导", "冯戊")), [
        (2, "C", "第2行 C列（姓名）：冯戊 在通讯录里不是带班领导。请换人，或先给他这个角色")]),
    "a role that is not on the roster": (csv(LONG, ("2026-03-20", "主要领导", "冯戊")), [
        (2, "B", "第2行 B列（岗位）：“主要领导”不排班，只能写 值班员、值班长、带班领导")]),
    "two people in one row": (csv(LONG, ("2026-03-20", "值班员", "周甲、李酉")), [
        (2, "C", "第2行 C列（姓名）：一行只写一个人，请分成几行")]),
    "key and name of two people": (csv((*LONG, "编号"), ("2026-03-20", "值班员", "周甲", "li")), [
        (2, "C", "第2行 C列（姓名）：写的是“周甲”，编号 li 却是李酉，请核对")]),
    "on duty twice at once": (csv(LONG, *days(2), ("2026-03-21", "值班员", "zhou")), [
        (4, "C", "第4行 C列（姓名）：周甲 的值班员班次和第3行重叠")]),
    "a shift that reaches into the next": (csv(HOURLY, ("2026-03-20", "值班员", "周甲", "08:30", "2026-03-23 08:30"),
                                               ("2026-03-22", "值班员", "周甲", "08:30", "20:30")), [
        (3, "C", "第3行 C列（姓名）：周甲 的值班员班次和第2行重叠")]),
    "a shift within one that began two rows before": (
        csv(HOURLY, ("2026-03-20", "值班员", "周甲", "08:30", "2026-03-24 08:30"), ("2026-03-21", "值班员", "周甲", "08:30", "09:30"),
            ("2026-03-22", "值班员", "周甲", "08:30", "09:30")), [
            (3, "C", "第3行 C列（姓名）：周甲 的值班员班次和第2行重叠"), (4, "C", "第4行 C列（姓名）：周甲 的值班员班次和第2行重叠")]),
    "wide: a stranger among others": (csv(WIDE, ("2026-03-20", "周甲、赵未", "吴乙")), [
        (2, "B", "第2行 B列（值班员）：通讯录里没有“赵未”。请核对姓名，或先把他加进通讯录")]),
    "wide: the same person twice": (csv(WIDE, ("2026-03-20", "周甲 zhou", "吴乙")), [
        (2, "B", "第2行 B列（值班员）：周甲 的值班员班次和第2行重叠")]),
    "wide: a blank cell": (csv(WIDE, ("2026-03-20", "周甲", "吴乙"), ("2026-03-21", "", "吴乙")), [
        (3, "B", "第3行 B列（值班员）：没有填。这一班确实没有人值，请写“无”")]),
    # ── telephone numbers ──
    "another number than the directory has": (csv((*LONG, "电话"), ("2026-03-20", "值班员", "周甲", "13800000002")), [
        (2, "D", "第2行 D列（电话）：和通讯录里周甲的电话不同。催办用的是通讯录，请先核对改好")]),
    "a number that lost its digits": (csv((*LONG, "电话"), ("2026-03-20", "值班员", "周甲", "1.38E+10")), [
        (2, "D", "第2行 D列（电话）：号码变成了科学计数，后几位已经丢了。请把这一列设为文本，重新填写")]),
    "a number with a figure too few": (csv((*LONG, "电话"), ("2026-03-20", "值班员", "周甲", "1380000001")), [
        (2, "D", "第2行 D列（电话）：没有这样的电话号码，请数一数位数；国外号码以 + 和国家代码开头")]),
    # ── what spreadsheets do ──
    "merged cells": (xlsx(LONG, (DAY, "值班员", "周甲"), (None, "值班员", "李酉"), merged=["A2:A3"]), [
        (2, "A", "第2行 A列（日期）：A2:A3 是合并单元格。请取消合并，每一格都填上内容")]),
    "a merged title above the headings": (xlsx(("三月值班表",), LONG, (DAY, "值班员", "周甲"), merged=["A1:C1"]), [
        (1, "", "第1行：这一行不像列名。第一行请写列名：日期、岗位、姓名、编号、开始、结束、电话"),
        (1, "A", "第1行 A列（三月值班表）：A1:C1 是合并单元格。请取消合并，每一格都填上内容")]),
    "a formula": (xlsx(LONG, (Formula("A1+1", "46101"), "值班员", "周甲")), [
        (2, "A", "第2行 A列（日期）：是公式。请复制后“选择性粘贴”为数值，再导入")]),
    "a formula in a text file": (csv(LONG, ("2026-03-20", "值班员", '=CONCAT("周";"甲")')), [
        (2, "C", "第2行 C列（姓名）：是公式。请复制后“选择性粘贴”为数值，再导入")]),
    "an error of Excel": (xlsx(LONG, (DAY, "值班员", Error("#REF!"))), [
        (2, "C", "第2行 C列（姓名）：是错误值 #REF!，请改成正确的内容")]),
    "a quotation mark that never ends": (csv(LONG, ("2026-03-20", "值班员", "周甲"), ("2026-03-21", '"值班员', "周甲")), [
        (3, "", "第3行：这一行的引号不成对或内容太长，从这里往下读不出来")]),
    "a novel in a cell": (csv(LONG, ("2026-03-20", "值班员", "周" * 501)), [
        (2, "C", "第2行 C列（姓名）：有 501 个字，最多 500 个")]),
    "content far to the right": (xlsx(LONG, (*ONE, *[None] * 70, "？")), [
        (2, "AY", "第2行 AY列：内容超出了前 50 列，请删掉右边多余的内容")]),
    "text with commas without end": (csv(LONG, "2026-03-20,值班员,周甲" + "," * 100_000 + "？"), [
        (2, "AY", "第2行 AY列：内容超出了前 50 列，请删掉右边多余的内容")]),
    # ── headings ──
    "no headings": (csv(*days(1)), [
        (1, "", "第1行：这一行不像列名。第一行请写列名：日期、岗位、姓名、编号、开始、结束、电话")]),
    "a missing column": (csv(("日期", "姓名"), ("2026-03-20", "周甲")), [(1, "", "第1行：缺少这几列：岗位")]),
    "a beginning without an end": (csv((*LONG, "开始"), ("2026-03-20", "值班员", "周甲", "08:30")), [
        (1, "", "第1行：缺少这几列：结束")]),
    "wide: no day": (csv(("值班员", "值班长"), ("周甲", "吴乙")), [(1, "", "第1行：缺少这几列：日期")]),
    "a column twice": (csv((*LONG, "值班人员"), ("2026-03-20", "值班员", "周甲", "李酉")), [
        (1, "D", "第1行 D列（值班人员）：和 C 列是同一列，请只留一列")]),
    "a column nearly known": (csv((*LONG, "结束时问"), ("2026-03-20", "值班员", "周甲", "08:30")), [
        (1, "D", "第1行 D列（结束时问）：不认识这一列，是不是“结束时间”？不需要的列请删掉")]),
    "a column quite unknown": (csv((*LONG, "车牌"), ("2026-03-20", "值班员", "周甲", "云A00001")), [
        (1, "D", "第1行 D列（车牌）：不认识这一列，请改列名或删掉这一列")]),
    "content without a heading": (csv(LONG, ("2026-03-20", "值班员", "周甲"), ("2026-03-21", "值班员", "周甲", "替李酉")), [
        (3, "D", "第3行 D列：这一格有内容，但这一列没有列名。请补上列名或删掉内容")]),
    "one wrong row among 400": (four_hundred_with_one_wrong(), [
        (251, "A", "第251行 A列（日期）：没有“2027-02-29”这一天，请核对日期")]),
    "several things at once": (
        csv((*LONG, "电话"), ("2026-02-30", "值班员", "赵未", "1.38E+10"), ("2026-03-21", "值班长", "周甲", "138")), [
            (2, "A", "第2行 A列（日期）：没有“2026-02-30”这一天，请核对日期"),
            (2, "C", "第2行 C列（姓名）：通讯录里没有“赵未”。请核对姓名，或先把他加进通讯录"),
            (3, "C", "第3行 C列（姓名）：周甲 在通讯录里不是值班长。请换人，或先给他这个角色"),
            (3, "D", "第3行 D列（电话）：没有这样的电话号码，请数一数位数；国外号码以 + 和国家代码开头")]),
}

NOT_A_SHEET: dict[str, tuple[str, bytes, str]] = {
    "nothing in it": ("值班表.csv", b"", "“值班表.csv”里没有内容"),
    "only a byte order mark and line ends": ("值班表.csv", b"\xef\xbb\xbf\r\n\r\n", "“值班表.csv”里没有内容"),
    "only commas": ("值班表.csv", b",,,\r\n,,,\r\n", "“值班表.csv”里没有内容"),
    "a workbook without a cell": ("值班表.xlsx", xlsx(), "“值班表.xlsx”里没有内容"),
    "only headings": ("值班表.csv", csv(LONG), "“值班表.csv”里只有列名，一个班次也没有"),
    "a workbook called .csv": (
        "值班表.csv", xlsx(LONG, ONE), "“值班表.csv”的扩展名是 .csv，内容却是 Excel 工作簿。请把扩展名改成 .xlsx"),
    "text called .xlsx": (
        "值班表.xlsx", csv(LONG, *days(1)),
        "“值班表.xlsx”的扩展名是 .xlsx，内容却不是 Excel 工作簿。请在 Excel 或 WPS 里打开，另存为 .xlsx；如果是文本，把扩展名改成 .csv"),
    "no ending at all": ("值班表", csv(LONG, *days(1)), "“值班表”的扩展名不是 .xlsx 或 .csv。请另存为其中一种"),
    "an old .xls": ("值班表.xls", ole2(), "“值班表.xls”是旧版 .xls 格式，改扩展名没有用。请在 Excel 或 WPS 里另存为 .xlsx"),
    "an old .xls called .xlsx": (
        "值班表.xlsx", ole2(), "“值班表.xlsx”是旧版 .xls 格式，改扩展名没有用。请在 Excel 或 WPS 里另存为 .xlsx"),
    "a workbook with a password": (
        "值班表.xlsx", ole2(is_encrypted=True), "“值班表.xlsx”加了密码，读不了。请取消密码另存后再导入"),
    "a web page called .xls": (
        "值班表.xls", "<html><body><table><tr><td>日期</td></tr></table></body></html>".encode(),
        "“值班表.xls”其实是网页或 XML，不是表格文件（许多系统这样导出“Excel”）。请在 Excel 或 WPS 里打开，另存为 .xlsx"),
    "a web page in UTF-16 called .csv": (
        "值班表.csv", "\ufeff<!DOCTYPE html><table>".encode("utf-16-le"),
        "“值班表.csv”其实是网页或 XML，不是表格文件（许多系统这样导出“Excel”）。请在 Excel 或 WPS 里打开，另存为 .xlsx"),
    "a torn workbook": (
        "值班表.xlsx", xlsx(LONG, ONE)[:900],
        "“值班表.xlsx”读不出来，文件可能损坏了。请在 Excel 或 WPS 里打开，另存为 .xlsx 再导入"),
    "a workbook whose XML breaks off": (
        "值班表.xlsx", xlsx(LONG, ONE, parts={"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row"}),
        "“值班表.xlsx”读不出来，文件可能损坏了。请在 Excel 或 WPS 里打开，另存为 .xlsx 再导入"),
    "a bomb of entities": (
        "值班表.xlsx", xlsx(LONG, ONE, before='<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'),
        "“值班表.xlsx”读不出来，文件可能损坏了。请在 Excel 或 WPS 里打开，另存为 .xlsx 再导入"),
    "another archive": (
        "值班表.xlsx", b"PK\x03\x04" + bytes(60),
        "“值班表.xlsx”读不出来，文件可能损坏了。请在 Excel 或 WPS 里打开，另存为 .xlsx 再导入"),
    "a document called .xlsx": (
        "值班表.xlsx", archive({"word/document.xml": b"<x/>"}),
        "“值班表.xlsx”不是 .xlsx 工作簿。请在 Excel 或 WPS 里打开，另存为 .xlsx"),
    "two sheets with content": (
        "值班表.xlsx", xlsx(LONG, ONE, others={"四月": [LONG]}),
        "“值班表.xlsx”里不止一张工作表有内容（Sheet1、四月）。请只留要导入的那一张"),
    "NUL characters": (
        "值班表.csv", csv(LONG, ("2026-03-20", "值班\x00员", "周甲")),
        "“值班表.csv”里有看不见的 NUL 字符，不是普通的文本。请在 Excel 或 WPS 里另存为 .xlsx 或“CSV UTF-8”"),
    "UTF-16 without its mark": (
        "值班表.csv", csv(LONG, *days(1), encoding="utf-16-le"),
        "“值班表.csv”里有看不见的 NUL 字符，不是普通的文本。请在 Excel 或 WPS 里另存为 .xlsx 或“CSV UTF-8”"),
    "no known encoding": (
        "值班表.csv", csv(LONG, *days(1)) + b"\xff\xff\x80",
        "“值班表.csv”的文字编码认不出来。请在 Excel 或 WPS 里另存为 .xlsx 或“CSV UTF-8”"),
    "too many rows": (
        "值班表.csv", b"1\n" * (MOST_ROWS + 1), f"“值班表.csv”超过 {MOST_ROWS} 行，请分成几个文件导入"),
    "a list of people": (
        "人员.csv", csv(("编号", "姓名", "部门", "角色"), ("zhou", "周甲", "值班室", "值班员")),
        "“人员.csv”是人员表，不是值班表。请用 incident-clock people import 导入"),
}


@pytest.fixture
def rig(sqlite_store: Store, tmp_path: Path, now: datetime) -> Rig:
    return Rig(sqlite_store, tmp_path, now)


@pytest.mark.parametrize("case", CELLS)
def test_a_broken_cell_is_named_with_row_and_column_and_nothing_is_imported(case: str, rig: Rig) -> None:
    content, expected = CELLS[case]
    before = rig.traces()
    told = rig.complaints(content, "值班表.xlsx" if content.startswith(b"PK") else "值班表.csv")
    assert told == expected
    assert "1380000" not in str(told), "a complaint repeats a telephone number"
    assert rig.traces() == before


@pytest.mark.parametrize("case", NOT_A_SHEET)
def test_a_file_that_is_no_sheet_gets_one_sentence_and_nothing_is_imported(case: str, rig: Rig) -> None:
    name, content, sentence = NOT_A_SHEET[case]
    before = rig.traces()
    assert rig.complaints(content, name) == [(0, "", sentence)]
    assert rig.traces() == before


def test_a_file_of_more_than_10_mb_is_refused_before_it_is_read(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("it was read"))
    assert rig.complaints(bytes(LARGEST_FILE + 1)) == [
        (0, "", "“值班表.csv”有 10485761 字节，超过上限 10485760 字节。请删掉图片和多余的工作表再导入")]


def test_a_file_that_would_fill_the_memory_is_refused_before_it_is_unpacked(rig: Rig) -> None:
    bomb = xlsx(LONG, ONE, parts={"xl/worksheets/sheet1.xml": bytes(LARGEST_UNPACKED)})
    size = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(bomb)).infolist())
    assert len(bomb) < LARGEST_FILE / 10
    assert rig.complaints(bomb, "值班表.xlsx") == [
        (0, "", f"“值班表.xlsx”解开后有 {size} 字节，超过上限 {LARGEST_UNPACKED} 字节。请只把表格本身复制到新的工作簿再导入")]


def test_what_follows_from_a_merged_cell_is_not_told_again(rig: Rig) -> None:
    content = xlsx(WIDE, (DAY, "周甲", "吴乙"), (DAY + timedelta(days=1), None, "吴乙"),
                   (DAY + timedelta(days=2), None, "赵未"), merged=["B2:B4"])
    assert [(row, column) for row, column, _ in rig.complaints(content, "值班表.xlsx")] == [(2, "B"), (4, "C")]


def test_the_first_hundred_complaints_are_told_and_how_many_more_there_are(rig: Rig) -> None:
    wrong = [("2026-02-30", "值班员", "周甲")] * 250
    with pytest.raises(SheetRefused) as refused:
        rig.take(csv(LONG, *wrong))
    told = [Phrases("zh", ZONE).refusal(each, seen=rig.now) for each in refused.value.refusals]
    assert len(refused.value.complaints) == 250
    assert len(told) == MOST_TOLD + 1
    assert told[-1] == "另有150处没有列出。改好上面这些再导入一次，就会列出其余的"


def test_complaints_are_read_in_english_too(rig: Rig) -> None:
    with pytest.raises(SheetRefused) as refused:
        rig.take(xlsx(LONG, (Styled(46101, CHINESE), "带班领导", "冯戊")), "roster.xlsx")
    told = [Phrases("en", ZONE).refusal(each, seen=rig.now) for each in refused.value.refusals]
    assert told == [
        "row 2, column C (姓名): 冯戊 is not Duty leader in the directory. Name somebody else, or give the role first"]


def test_a_number_in_the_wrong_column_is_masked(rig: Rig) -> None:
    assert rig.complaints(csv(LONG, ("2026-03-20", "值班员", "13800000001"))) == [
        (2, "C", "第2行 C列（姓名）：通讯录里没有“****0001”。请核对姓名，或先把他加进通讯录")]
