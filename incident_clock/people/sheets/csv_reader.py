"""Text files as Excel and WPS write them: UTF-8, UTF-16 or GB18030, cells parted by comma, semicolon or tab."""

import codecs
import csv
import io

from incident_clock.people.sheets.complaints import Complaint, SheetRefused, quoted, refused
from incident_clock.people.sheets.grid import MOST_FLAWS, Grid, trimmed
from incident_clock.phrases import N_

SEPARATORS = ",;\t"
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
UNMARKED = ("utf-8", "gb18030")  # GB18030 is the larger brother of GBK, which Chinese Excel writes


def read_grid(source: str, content: bytes, *, most_rows: int, most_columns: int) -> Grid:
    """The cells of a text file. A record is a row, as Excel would show it. Raises SheetRefused.

    What lies beyond `most_columns` is pushed together in the column behind them.
    """
    text = _decoded(source, content)
    first_line = next(filter(str.strip, io.StringIO(text)), "")
    separator = max(SEPARATORS, key=lambda each: _count(first_line, each))
    grid = Grid()
    records = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for number, record in enumerate(records, start=1):
            if number > most_rows:
                raise refused(N_("“%(file)s”超过 %(most)s 行，请分成几个文件导入"), file=quoted(source), most=most_rows)
            if len(record) > most_columns:
                record[most_columns:] = [next(filter(str.strip, record[most_columns:]), "")]
            grid.rows.append((number, tuple(map(trimmed, record))))
            if len(grid.formulas) < MOST_FLAWS:
                grid.formulas += [(number, column) for column, cell in enumerate(record, start=1)
                                  if cell.lstrip().startswith("=")]
    except csv.Error as error:
        raise SheetRefused([Complaint(len(grid.rows) + 1, 0, N_(
            "%(cell)s：这一行的引号不成对或内容太长，从这里往下读不出来"))]) from error
    return grid


def _decoded(source: str, content: bytes) -> str:
    mark, encodings = next(((mark, (encoding,)) for mark, encoding in MARKS if content.startswith(mark)),
                           (b"", UNMARKED))
    if encodings[0] in UNMARKED and b"\x00" in content:
        raise refused(N_("“%(file)s”里有看不见的 NUL 字符，不是普通的文本。"
                         "请在 Excel 或 WPS 里另存为 .xlsx 或“CSV UTF-8”"), file=quoted(source))
    for encoding in encodings:
        try:
            text = content[len(mark):].decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise refused(N_("“%(file)s”的文字编码认不出来。请在 Excel 或 WPS 里另存为 .xlsx 或“CSV UTF-8”"),
                  file=quoted(source))


def _count(line: str, separator: str) -> int:
    """How often it stands outside of quotes."""
    return sum(part.count(separator) for part in line.split('"')[::2])
