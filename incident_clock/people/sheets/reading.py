"""Reading a table that somebody made in Excel or WPS: CSV or XLSX, told apart by content, into rows of text.

Nothing here knows rosters or people. Unpacking a workbook is `xlsx_reader.py`, decoding a text file `csv_reader.py`;
what a cell means (a day, a number to ring) is `cells.py`.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath

from incident_clock.errors import CannotRun
from incident_clock.people.sheets import csv_reader, xlsx_reader
from incident_clock.people.sheets.complaints import Complaint, SheetRefused, quoted, refused
from incident_clock.people.sheets.grid import Grid
from incident_clock.phrases import N_

LARGEST_FILE = 10 * 1024 * 1024  # bytes
MOST_ROWS = 100_000
MOST_COLUMNS = 50
LONGEST_CELL = 500  # characters

WORKBOOK, TEXT = "workbook", "text"
KIND_OF = {".xlsx": WORKBOOK, ".xlsm": WORKBOOK, ".csv": TEXT, ".tsv": TEXT, ".txt": TEXT}

ZIP, OLE2 = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # how a workbook with a password names its content
LOOKED_AT = 2_048  # bytes of the beginning that give a web page away
WEB_PAGE = (b"<html", b"<!doctype html", b"<table", b"<head", b"<meta", b"<style", b"<?xml", b"<workbook")

Progress = Callable[[int, int], None]  # so much done, of so much


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that is not blank. `number` counts from 1; `cells` begin with column A and hold text without its edges."""

    number: int
    cells: tuple[str, ...]

    def cell(self, column: int) -> str:
        """The text of a column counted from 1; empty beyond the last cell."""
        return self.cells[column - 1] if column <= len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as text. `heading` is its first row that is not blank, `rows` are those below.

    `sha256` is of the file's bytes; `day_zero` the day that a number in place of a date counts from; `flaws` are
    cells nobody can read: merged ones, formulas, errors.
    """

    source: str
    sha256: str
    heading: SheetRow
    rows: tuple[SheetRow, ...]
    day_zero: date
    flaws: tuple[Complaint, ...] = ()
    merged: tuple[tuple[range, range], ...] = ()

    def complaint(self, row: int, column: int, phrase: str, **params: object) -> Complaint:
        """A complaint about a cell, with what stands above it."""
        return Complaint(row, column, phrase, params, heading=quoted(self.heading.cell(column)) if column else "")

    def refuse(self, complaints: list[Complaint]) -> None:
        """Raises SheetRefused with these and the flaws; what follows only from a flaw is left out."""
        cells = {(flaw.row, flaw.column) for flaw in self.flaws}
        found = [*self.flaws, *(complaint for complaint in complaints
                                if (complaint.row, complaint.column) not in cells and not self._is_merged(complaint))]
        if found:
            raise SheetRefused(found)

    def _is_merged(self, complaint: Complaint) -> bool:
        return any(complaint.row in rows and complaint.column in columns for rows, columns in self.merged)


def read_sheet(path: Path, *, progress: Progress | None = None) -> Sheet:
    """Read a file. Raises CannotRun when it cannot be opened, else as `sheet_of`; a file too large is not read."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise _too_large(path.name, size)
        content = path.read_bytes()
    except OSError as error:
        raise CannotRun(f"{path} cannot be read: {error.strerror}.") from error
    return sheet_of(path.name, content, progress=progress)


def sheet_of(source: str, content: bytes, *, progress: Progress | None = None) -> Sheet:
    """The table in the bytes of a file called `source`.

    `progress` is told how much of the table is read. Raises SheetRefused when this is no table that can be read, as
    one complaint about the file; cells that cannot be read are `flaws` of the sheet.
    """
    source = PurePath(source.replace("\\", "/")).name
    if len(content) > LARGEST_FILE:
        raise _too_large(source, len(content))
    kind = _kind_of(source, content)
    grid = (xlsx_reader.read_grid(source, content, most_rows=MOST_ROWS, most_columns=MOST_COLUMNS,
                               progress=progress) if kind is WORKBOOK
            else csv_reader.read_grid(source, content, most_rows=MOST_ROWS, most_columns=MOST_COLUMNS))
    rows = [SheetRow(number, cells) for number, cells in grid.rows if any(cells)]
    if not rows:
        raise refused(N_("“%(file)s”里没有内容"), file=quoted(source))
    return Sheet(source=source, sha256=hashlib.sha256(content).hexdigest(), heading=rows[0], rows=tuple(rows[1:]),
                 day_zero=grid.day_zero, flaws=tuple(_flaws(rows, grid)),
                 merged=tuple((range(top, bottom + 1), range(left, right + 1))
                              for top, left, bottom, right, _ in grid.merged))


def _too_large(source: str, size: int) -> SheetRefused:
    return refused(N_("“%(file)s”有 %(size)s 字节，超过上限 %(most)s 字节。请删掉图片和多余的工作表再导入"),
                   file=quoted(source), size=size, most=LARGEST_FILE)


def _kind_of(source: str, content: bytes) -> str:
    """What the content is, when the name says the same. Raises SheetRefused with what to do instead."""
    file = quoted(source)
    if not content.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise refused(N_("“%(file)s”里没有内容"), file=file)
    if content.startswith(OLE2):
        raise refused(N_("“%(file)s”加了密码，读不了。请取消密码另存后再导入") if ENCRYPTED in content else
                      N_("“%(file)s”是旧版 .xls 格式，改扩展名没有用。请在 Excel 或 WPS 里另存为 .xlsx"), file=file)
    head = content[:LOOKED_AT].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if head.startswith(WEB_PAGE):
        raise refused(N_("“%(file)s”其实是网页或 XML，不是表格文件（许多系统这样导出“Excel”）。"
                         "请在 Excel 或 WPS 里打开，另存为 .xlsx"), file=file)
    kind = WORKBOOK if content.startswith(ZIP) else TEXT
    if kind is WORKBOOK:
        _require_workbook(content, file)
    ending = PurePath(source).suffix.lower()
    named = KIND_OF.get(ending)
    if named is kind:
        return kind
    if named is None:
        raise refused(N_("“%(file)s”的扩展名不是 .xlsx 或 .csv。请另存为其中一种"), file=file)
    if kind is WORKBOOK:
        raise refused(N_("“%(file)s”的扩展名是 %(ending)s，内容却是 Excel 工作簿。请把扩展名改成 .xlsx"),
                      file=file, ending=ending)
    raise refused(N_("“%(file)s”的扩展名是 %(ending)s，内容却不是 Excel 工作簿。请在 Excel 或 WPS 里打开，"
                     "另存为 .xlsx；如果是文本，把扩展名改成 .csv"), file=file, ending=ending)


def _require_workbook(content: bytes, file: str) -> None:
    """A workbook is a zip archive, and so is much else."""
    try:
        names = set(zipfile.ZipFile(io.BytesIO(content)).namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise refused(xlsx_reader.DAMAGED, file=file) from error
    if "xl/workbook.xml" not in names:
        raise refused(N_("“%(file)s”不是 .xlsx 工作簿。请在 Excel 或 WPS 里打开，另存为 .xlsx"), file=file)


def _flaws(rows: list[SheetRow], grid: Grid) -> list[Complaint]:
    """Cells that cannot be taken: merged, formulas, errors, too long, too far to the right."""
    heading = rows[0]

    def at(row: int, column: int, phrase: str, **params: object) -> Complaint:
        return Complaint(row, column, phrase, params, heading=quoted(heading.cell(column)))

    found = [at(row, column, N_("%(cell)s：是公式。请复制后“选择性粘贴”为数值，再导入"))
             for row, column in grid.formulas]
    found += [at(row, column, N_("%(cell)s：是错误值 %(written)s，请改成正确的内容"), written=text)
              for row, column, text in grid.errors]
    found += [at(top, left, N_("%(cell)s：%(area)s 是合并单元格。请取消合并，每一格都填上内容"), area=area)
              for top, left, _, _, area in grid.merged]
    for row in rows:
        if row.cell(MOST_COLUMNS + 1):
            found.append(at(row.number, MOST_COLUMNS + 1,
                            N_("%(cell)s：内容超出了前 %(most)s 列，请删掉右边多余的内容"), most=MOST_COLUMNS))
        if max(map(len, row.cells)) > LONGEST_CELL:
            found += [at(row.number, column, N_("%(cell)s：有 %(size)s 个字，最多 %(most)s 个"), size=len(text),
                         most=LONGEST_CELL)
                      for column, text in enumerate(row.cells, start=1) if len(text) > LONGEST_CELL]
    return found
