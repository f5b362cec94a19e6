"""Workbooks (.xlsx), read straight from their XML in one pass.

Not by openpyxl, which takes 1.9 s for a year's roster of 60 people, keeps quiet about merged cells when it reads
quickly, and lays out every cell of a merged range (a million rows of them) when it does not. How big a part may
become is looked up before it is unpacked; a document type, which a bomb of entities needs, is refused.
"""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import NoReturn
from xml.parsers import expat

from incident_clock.people.sheets.complaints import listed, quoted, refused
from incident_clock.people.sheets.grid import MOST_FLAWS, Grid, trimmed
from incident_clock.people.sheets.numbers import BUILT_IN, PLAIN, shown_as, text_of
from incident_clock.phrases import N_

LARGEST_UNPACKED = 64 * 1024 * 1024  # bytes of all parts together
SLICE = 256 * 1024  # bytes given to the XML parser at once
DAY_ZERO_1904 = date(1904, 1, 1)

DAMAGED = N_("“%(file)s”读不出来，文件可能损坏了。请在 Excel 或 WPS 里打开，另存为 .xlsx 再导入")

RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")

Attributes = dict[str, str]
UNREADABLE = (expat.ExpatError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, IndexError, EOFError,
              NotImplementedError, RuntimeError, OverflowError)


def read_grid(source: str, content: bytes, *, most_rows: int, most_columns: int,
              progress: Callable[[int, int], None] | None = None) -> Grid:
    """The cells of the one visible worksheet that has any. Raises SheetRefused.

    What lies beyond `most_columns` is pushed together in the column behind them.
    """
    file = quoted(source)
    with _readable(file):
        archive = zipfile.ZipFile(io.BytesIO(content))
        unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > LARGEST_UNPACKED:
            raise refused(N_("“%(file)s”解开后有 %(size)s 字节，超过上限 %(most)s 字节。"
                             "请只把表格本身复制到新的工作簿再导入"),
                          file=file, size=unpacked, most=LARGEST_UNPACKED)
        book = _Book()
        book.read(archive)
        grids: dict[str, Grid] = {}
        for name, part in book.sheets:
            cells = _Cells(book, most_columns)
            total = archive.getinfo(part).file_size
            _parse(archive, part, cells.start, cells.end, cells.text,
                   read=lambda done, total=total: progress and progress(done, total),  # type: ignore[misc]
                   go_on=lambda cells=cells: len(cells.grid.rows) <= most_rows)  # type: ignore[misc]
            if len(cells.grid.rows) > most_rows:
                raise refused(N_("“%(file)s”超过 %(most)s 行，请分成几个文件导入"), file=file, most=most_rows)
            if cells.grid.rows:
                grids[name] = cells.grid
    if len(grids) > 1:
        raise refused(N_("“%(file)s”里不止一张工作表有内容（%(sheets)s）。请只留要导入的那一张"), file=file,
                      sheets=listed(map(quoted, grids)))
    return next(iter(grids.values()), Grid())


@contextmanager
def _readable(file: str) -> Iterator[None]:
    """Whatever is wrong inside an archive is one sentence."""
    try:
        yield
    except UNREADABLE as error:
        raise refused(DAMAGED, file=file) from error


def _parse(archive: zipfile.ZipFile, part: str, start: Callable[[str, Attributes], None],
           end: Callable[[str], None] | None = None, text: Callable[[str], None] | None = None, *,
           read: Callable[[int], object] = lambda done: None, go_on: Callable[[], bool] = lambda: True) -> None:
    """Feed a part of the archive to handlers of its elements, until `go_on` says no."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = _no_document_type
    done = 0
    with archive.open(part) as stream:
        while (piece := stream.read(SLICE)) and go_on():
            parser.Parse(piece, False)
            done += len(piece)
            read(done)
    if go_on():
        parser.Parse(b"", True)


def _no_document_type(*_: object) -> NoReturn:
    raise ValueError("a workbook has no document type")


def _local(name: str) -> str:
    """The name of an element without its prefix."""
    return name[name.find(":") + 1:]


class _Book:
    """What the cells need to know of their workbook."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []  # the visible ones: name and part
        self.strings: list[str] = []
        self.shown_as: list[str] = []  # style of a cell → PLAIN, DAY or CLOCK
        self.day_zero = Grid().day_zero

    def read(self, archive: zipfile.ZipFile) -> None:
        targets: dict[str, tuple[str, str]] = {}

        def relation(name: str, given: Attributes) -> None:
            if _local(name) == "Relationship" and given.get("TargetMode") != "External":
                part = posixpath.normpath(posixpath.join("/xl", given["Target"])).lstrip("/")
                targets[given["Id"]] = (given["Type"].rpartition("/")[2], part)

        def workbook(name: str, given: Attributes) -> None:
            if _local(name) == "workbookPr" and given.get("date1904") in ("1", "true"):
                self.day_zero = DAY_ZERO_1904
            elif _local(name) == "sheet" and given.get("state", "visible") == "visible":
                kind, part = targets[next((given[key] for key in given if key.endswith(":id")), "")]
                if kind == "worksheet":
                    self.sheets.append((given["name"], part))

        _parse(archive, "xl/_rels/workbook.xml.rels", relation)
        _parse(archive, "xl/workbook.xml", workbook)
        for kind, part in targets.values():
            if kind == "styles":
                self._read_styles(archive, part)
            elif kind == "sharedStrings":
                self._read_strings(archive, part)

    def _read_styles(self, archive: zipfile.ZipFile, part: str) -> None:
        formats = dict(BUILT_IN)
        is_of_cells = False

        def start(name: str, given: Attributes) -> None:
            nonlocal is_of_cells
            tag = _local(name)
            if tag == "numFmt":
                formats[int(given["numFmtId"])] = shown_as(given.get("formatCode", ""))
            elif tag == "xf" and is_of_cells:
                self.shown_as.append(formats.get(int(given.get("numFmtId", "0")), PLAIN))
            elif tag.endswith("Xfs"):  # those of named styles look the same and stand in a list of their own
                is_of_cells = tag == "cellXfs"

        _parse(archive, part, start)

    def _read_strings(self, archive: zipfile.ZipFile, part: str) -> None:
        string = _Text()

        def end(name: str) -> None:
            string.end(name)
            if _local(name) == "si":
                self.strings.append(trimmed(string.taken()))

        _parse(archive, part, string.start, end, string.text)


class _Text:
    """The text within an element: its runs one after another, without the reading aids above them."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._is_within = self._is_aside = False

    def start(self, name: str, given: Attributes) -> None:
        tag = _local(name)
        if tag == "v" or tag == "t":
            self._is_within = not self._is_aside
        elif tag == "rPh":
            self._is_aside = True

    def end(self, name: str) -> None:
        tag = _local(name)
        if tag == "v" or tag == "t":
            self._is_within = False
        elif tag == "rPh":
            self._is_aside = False

    def text(self, data: str) -> None:
        if self._is_within:
            self._parts.append(data)

    def taken(self) -> str:
        text = "".join(self._parts)
        self._parts.clear()
        return text


class _Cells(_Text):
    """The cells of one worksheet, put into a grid as they go by."""

    def __init__(self, book: _Book, most_columns: int) -> None:
        super().__init__()
        self.grid = Grid(day_zero=book.day_zero)
        self._book, self._most_columns = book, most_columns
        self._row, self._column, self._cells = 0, 0, [""]
        self._given: Attributes = {}
        self._is_formula = False
        self._columns: dict[str, int] = {}
        self._numbers: dict[tuple[str, str], str] = {}  # the same ones come again and again

    def start(self, name: str, given: Attributes) -> None:
        tag = name if ":" not in name else _local(name)
        if tag == "v" or tag == "t":
            self._is_within = not self._is_aside
        elif tag == "c":
            self._given, self._is_formula = given, False
            reference = given.get("r")
            self._column = self._number(reference.rstrip("0123456789")) if reference else self._column + 1
        elif tag == "f":
            self._is_formula = True
        elif tag == "row":
            self._row, self._column, self._cells = int(given.get("r", self._row + 1)), 0, []
        elif tag == "mergeCell":
            self._merge(given["ref"])
        else:
            super().start(tag, given)

    def end(self, name: str) -> None:
        tag = name if ":" not in name else _local(name)
        if tag == "v" or tag == "t":
            self._is_within = False
        elif tag == "c":
            self._take(self.taken())
        elif tag == "row":
            if any(self._cells):
                self.grid.rows.append((self._row, tuple(self._cells)))
        else:
            super().end(tag)

    def _merge(self, area: str) -> None:
        if len(self.grid.merged) < MOST_FLAWS and (found := RANGE.fullmatch(area)):
            left, top, right, bottom = found.groups()
            self.grid.merged.append((int(top), self._number(left), int(bottom), self._number(right), area))

    def _take(self, written: str) -> None:
        """The cell has ended."""
        if not written and not self._is_formula:
            return
        place = min(self._column, self._most_columns + 1)
        text = self._read(written, place)
        if (gap := place - len(self._cells) - 1) >= 0:
            if gap:
                self._cells.extend([""] * gap)
            self._cells.append(text)
        elif text:
            self._cells[place - 1] = text

    def _read(self, written: str, place: int) -> str:
        kind = self._given.get("t", "n")
        if self._is_formula:
            if len(self.grid.formulas) < MOST_FLAWS:
                self.grid.formulas.append((self._row, place))
            return "="
        if kind == "s":
            return self._book.strings[int(written)]
        if kind == "e" and len(self.grid.errors) < MOST_FLAWS:
            self.grid.errors.append((self._row, place, quoted(written)))
        if kind == "b":
            return "TRUE" if written == "1" else "FALSE"
        if kind != "n":
            return trimmed(written)
        style = int(self._given.get("s", 0))
        shown = self._book.shown_as[style] if style < len(self._book.shown_as) else PLAIN
        if shown is PLAIN and written.isdigit():
            return written
        known = self._numbers.get((written, shown))
        if known is None:
            known = self._numbers[written, shown] = text_of(float(written), shown, self.grid.day_zero)
        return known

    def _number(self, letters: str) -> int:
        """`A` → 1."""
        if letters not in self._columns:
            number = 0
            for letter in letters:
                number = number * 26 + ord(letter) - ord("A") + 1
            self._columns[letters] = number
        return self._columns[letters]
