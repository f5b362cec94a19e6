"""Which column is which: headings in Chinese or English, in any order; what is missing, doubled or unknown is told."""

import difflib
import re
from collections.abc import Collection, Mapping
from datetime import date

from incident_clock.people.sheets.cells import plain, read_day
from incident_clock.people.sheets.complaints import Complaint, letters, listed, quoted
from incident_clock.people.sheets.reading import Sheet
from incident_clock.phrases import N_

PASSED_OVER = ("备注", "星期", "序号", "remark", "note", "notes", "weekday", "no", "no.")  # columns nobody reads
ALIKE = 0.5  # of two characters one

Headings = Mapping[str, tuple[str, ...]]  # what a column means → the headings it may have, the usual one first


def columns_of(sheet: Sheet, known: Headings) -> tuple[dict[str, int], list[Complaint]]:
    """What each column means → its number from 1, and what is wrong with the headings.

    Without any known heading, or with a day among them, there is one complaint about the row and nothing else.
    """
    meaning = {fold(heading): name for name, headings in known.items() for heading in headings}
    row, found, complaints = sheet.heading.number, {}, []  # type: int, dict[str, int], list[Complaint]
    if holds_a_day(sheet) or not any(fold(cell) in meaning for cell in sheet.heading.cells):
        return {}, [sheet.complaint(row, 0, N_("%(cell)s：这一行不像列名。第一行请写列名：%(wanted)s"),
                                    wanted=listed(headings[0] for headings in known.values()))]
    for column, heading in enumerate(sheet.heading.cells, start=1):
        name = meaning.get(fold(heading), "")
        if name in found:
            complaints.append(sheet.complaint(row, column, N_("%(cell)s：和 %(first)s 列是同一列，请只留一列"),
                                              first=letters(found[name])))
        elif name:
            found[name] = column
        elif heading and fold(heading) not in map(fold, PASSED_OVER):
            complaints.append(_unknown(sheet, column, heading, meaning))
    complaints += _without_heading(sheet)
    return found, complaints


def missing(sheet: Sheet, known: Headings, names: Collection[str]) -> Complaint:
    """The complaint that columns are not there."""
    return sheet.complaint(sheet.heading.number, 0, N_("%(cell)s：缺少这几列：%(missing)s"),
                           missing=listed(known[name][0] for name in names))


def is_headed(sheet: Sheet, headings: Collection[str]) -> bool:
    """Whether one of these headings stands in the first row."""
    wanted = set(map(fold, headings))
    return any(fold(cell) in wanted for cell in sheet.heading.cells)


def holds_a_day(sheet: Sheet) -> bool:
    """Whether the first row is no heading but a row like all others."""
    return any(isinstance(read_day(cell, day_zero=sheet.day_zero), date) for cell in sheet.heading.cells)


def fold(heading: str) -> str:
    """A heading without what people vary: case, spaces, hyphens, a star or colon behind it."""
    return re.sub(r"[\s_*:\-]", "", plain(heading).casefold())


def _unknown(sheet: Sheet, column: int, heading: str, meaning: Mapping[str, str]) -> Complaint:
    near = difflib.get_close_matches(fold(heading)[:40], meaning, n=1, cutoff=ALIKE)
    row = sheet.heading.number
    if near:
        return sheet.complaint(row, column, N_("%(cell)s：不认识这一列，是不是“%(meant)s”？不需要的列请删掉"),
                               meant=listed(near))
    return sheet.complaint(row, column, N_("%(cell)s：不认识这一列，请改列名或删掉这一列"), written=quoted(heading))


def _without_heading(sheet: Sheet) -> list[Complaint]:
    """The first cell of every column that has content and no heading."""
    bare: dict[int, int] = {}
    for row in sheet.rows:
        for column in range(1, len(row.cells) + 1):
            if row.cells[column - 1] and not sheet.heading.cell(column):
                bare.setdefault(column, row.number)
    return [sheet.complaint(row, column, N_("%(cell)s：这一格有内容，但这一列没有列名。请补上列名或删掉内容"))
            for column, row in bare.items()]
