"""What both kinds of file are read into: rows of text as they lie in the sheet, and the cells that are not text."""

import re
from dataclasses import dataclass, field
from datetime import date

MOST_FLAWS = 200  # of each kind that are kept: more are no longer told one by one
DAY_ZERO = date(1899, 12, 30)  # Excel's: a number in place of a date counts the days from here
UNSEEN = re.compile("[\u200b-\u200f\u2060\ufeff]")  # characters that come along when cells are copied from a chat
DANGEROUS = re.compile(r"'*[=+\-@\t\r]")  # what a spreadsheet takes for a formula when it opens a text file
KEPT_AS_TEXT = re.compile(r"'+[=+\-@\t\r]")


@dataclass(slots=True)
class Grid:
    """`rows`: number from 1 and the texts from column A. Places are (row, column), both counted from 1.

    `merged`: top, left, bottom, right and the range as it is written (`A1:F1`).
    """

    rows: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    formulas: list[tuple[int, int]] = field(default_factory=list)
    errors: list[tuple[int, int, str]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int, str]] = field(default_factory=list)
    day_zero: date = DAY_ZERO


def trimmed(text: str) -> str:
    """The text of a cell without spaces around it, unseen characters, and the apostrophe that keeps it a text."""
    plain = (text if text.isascii() else UNSEEN.sub("", text)).strip()
    return plain[1:] if KEPT_AS_TEXT.match(plain) else plain


def neutral(text: str) -> str:
    """The text of a cell as it is exported: an apostrophe keeps a spreadsheet from taking it for a formula."""
    return f"'{text}" if DANGEROUS.match(text) else text
