"""Tables are read by what they are: encodings, separators, and everything Excel keeps in place of a text."""

import io
import zipfile
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from incident_clock.people.sheets.complaints import SheetRefused
from incident_clock.people.sheets.reading import Sheet, read_sheet, sheet_of
from tests.people.sheet_files import BOTH, BY_HAND, CHINESE, DAY, HOURS, Raw, Styled, archive, csv, xlsx

ROWS = (("日期", "岗位", "姓名"), ("2026-03-12", "值班员", "周甲"), ("2026-03-13", "值班长", "吴乙"))


WHOLE = {part.filename: packed.read(part) for packed in [zipfile.ZipFile(io.BytesIO(xlsx(
    *ROWS, (date(2026, 3, 14), time(8, 30), 13800000001), merged=["A8:B9"])))] for part in packed.infolist()}


def cells(sheet: Sheet) -> list[tuple[str, ...]]:
    return [sheet.heading.cells, *(row.cells for row in sheet.rows)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_text_is_read_in_every_encoding_that_excel_writes(encoding: str, separator: str, newline: str) -> None:
    sheet = sheet_of("值班表.csv", csv(*ROWS, separator=separator, encoding=encoding, newline=newline))
    assert cells(sheet) == list(ROWS)
    assert [row.number for row in sheet.rows] == [2, 3]


def test_big_endian_utf_16_is_read_too() -> None:
    assert cells(sheet_of("a.csv", b"\xfe\xff" + csv(*ROWS, encoding="utf-16-be"))) == list(ROWS)


def test_quoted_cells_keep_their_separators_and_blank_rows_their_place() -> None:
    sheet = sheet_of("a.csv", '日期,姓名\r\n\r\n2026-03-12,"周甲,吴乙"\r\n2026-03-13,"周甲\n吴乙"\r\n,\r\n2026-03-14,周甲\r\n'.encode())
    assert [(row.number, row.cell(2)) for row in sheet.rows] == [(3, "周甲,吴乙"), (4, "周甲\n吴乙"), (6, "周甲")]


def test_spaces_and_unseen_characters_around_a_text_do_not_count() -> None:
    assert cells(sheet_of("a.csv", "日期\n\u3000周甲\u200b \n".encode())) == [("日期",), ("周甲",)]


def test_the_source_is_the_name_alone() -> None:
    assert sheet_of(r"C:\Users\zhou\值班表.csv", csv(*ROWS)).source == "值班表.csv"


def test_what_excel_keeps_as_a_number_becomes_the_text_it_shows() -> None:
    sheet = sheet_of("值班表.xlsx", xlsx(
        ("日期", "x"),
        (date(2026, 3, 12), time(8, 30)),
        (datetime(2026, 3, 12, 20, 0), datetime(2026, 3, 13, 0, 0)),  # noqa: DTZ001
        (Styled(46093, CHINESE), Styled(46093.354, BY_HAND)),
        (Styled(1.0, HOURS), Styled(25 / 24, HOURS)),
        (13800000001, 1.38e10),
        (46093, 0.354),
        (True, Styled(46093.00001157407, BOTH)),
        (Styled(-1, DAY), Raw('<c r="{r}"><v></v></c>'))))
    assert cells(sheet) == [
        ("日期", "x"), ("2026-03-12", "08:30"), ("2026-03-12 20:00", "2026-03-13 00:00"), ("2026-03-12", "2026-03-12"),
        ("24:00", "25:00"), ("13800000001", "13800000000"), ("46093", "0.354"), ("TRUE", "2026-03-12 00:00:01"),
        ("-1",)]


def test_texts_in_the_cell_and_in_runs_are_read_without_their_reading_aids() -> None:
    sheet = sheet_of("a.xlsx", xlsx(
        ("日期",), (Raw('<c r="{r}" t="inlineStr"><is><r><t>周</t></r><r><t>甲</t></r><rPh sb="0" eb="1"><t>zhōu</t></rPh></is></c>'),),
        (Raw('<c r="{r}" t="str"><v> 吴乙 </v></c>'),), (Raw('<c r="{r}" t="d"><v>2026-03-12T00:00:00</v></c>'),),
        (Raw('<c t="inlineStr"><is><t>无位置</t></is></c>'),)))
    assert cells(sheet) == [("日期",), ("周甲",), ("吴乙",), ("2026-03-12T00:00:00",), ("无位置",)]


def test_a_workbook_that_counts_from_1904_says_so() -> None:
    sheet = sheet_of("a.xlsx", xlsx(("日期",), (Styled(44631, DAY),), is_1904=True))
    assert cells(sheet)[1] == ("2026-03-12",)
    assert sheet.day_zero == date(1904, 1, 1)


def test_hidden_and_empty_sheets_are_passed_over() -> None:
    content = xlsx(*ROWS, others={"藏": [("别的",)], "Sheet3": []}, hidden=["藏"])
    assert cells(sheet_of("a.xlsx", content)) == list(ROWS)


def test_prefixed_names_and_rows_far_apart_are_read() -> None:
    content = xlsx(("日期",), *[()] * 5_000, ("2026-03-12",), prefix="x")
    assert [row.number for row in sheet_of("a.xlsx", content).rows] == [5_002]


def test_styled_cells_without_content_count_for_nothing() -> None:
    content = xlsx(("日期", *[Raw('<c r="{r}" s="1"/>')] * 60), ("2026-03-12",))
    assert cells(sheet_of("a.xlsx", content)) == [("日期",), ("2026-03-12",)]
    assert sheet_of("a.xlsx", content).flaws == ()


def test_a_workbook_of_openpyxl_is_read_as_it_was_written() -> None:
    book = Workbook()
    book.active.append(["日期", "姓名", "开始"])
    book.active.append([date(2026, 3, 12), "周甲", time(8, 30)])
    book.active.append([datetime(2026, 3, 13, 8, 30), 13800000001, None])  # noqa: DTZ001
    book.active.merge_cells("B2:B3")
    out = io.BytesIO()
    book.save(out)
    sheet = sheet_of("a.xlsx", out.getvalue())
    assert cells(sheet)[:2] == [("日期", "姓名", "开始"), ("2026-03-12", "周甲", "08:30")]
    assert [(flaw.row, flaw.column, flaw.params) for flaw in sheet.flaws] == [(2, 2, {"area": "B2:B3"})]


TORN = [b"<", b">", b'"', b"9" * 30, b"-1", b"NaN", b"1e400", b"", b"\xff", b"\x00", b' s="99"', b"<f/>", b"&#x0;", b"<row/>",
        b"<c><v>1</v></c>", b"x:", b"rId77", b"../..", "²".encode()]


@settings(max_examples=150)
@given(st.data())
def test_whatever_is_broken_in_a_workbook_is_a_complaint(data: st.DataObject) -> None:
    parts = dict(WHOLE)
    for name in data.draw(st.lists(st.sampled_from(sorted(parts)), min_size=1, max_size=3)):
        place = data.draw(st.integers(0, len(parts[name])))
        end = place + data.draw(st.integers(0, 8))
        parts[name] = parts[name][:place] + data.draw(st.sampled_from(TORN)) + parts[name][end:]
    with suppress(SheetRefused):
        sheet_of("a.xlsx", archive(parts))


def test_reading_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = tmp_path / "值班表.xlsx"
    path.write_bytes(xlsx(*ROWS))
    read_sheet(path, progress=lambda done, total: told.append((done, total)))
    assert told
    assert told[-1][0] == told[-1][1] > 0
