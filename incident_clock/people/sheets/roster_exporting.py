"""The roster as a sheet, one shift a row, that `roster_file` reads back into the very same shifts.

What is planned is written, not who covers whom. No telephone number leaves the house this way.
"""

import csv
import io
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.people import roster
from incident_clock.people.access import TITLES
from incident_clock.people.duty_tables import Shift
from incident_clock.people.sheets.grid import neutral
from incident_clock.phrases import CHINESE, ENGLISH

HEADINGS = {CHINESE: ("日期", "岗位", "姓名", "编号", "开始", "结束"),
            ENGLISH: ("date", "role", "name", "key", "from", "until")}
WIDTHS = (12, 10, 12, 14, 8, 18)  # of the columns of a workbook, in characters

Rows = list[tuple[str, ...]]


def roster_rows(session: Session, *, first: date, last: date, zone: ZoneInfo, language: str = CHINESE) -> Rows:
    """Headings and every shift that begins on a day from `first` to `last`, in order of time, then of role."""
    since, until = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    names = {card.key: card.name for card in roster.everybody(session, with_former=True)}
    order = list(TITLES)
    shifts = session.execute(select(Shift.role, Shift.person, Shift.from_at, Shift.until_at, Shift.id).where(
        Shift.removed_at.is_(None), Shift.from_at >= since, Shift.from_at < until)).all()
    rows: Rows = [HEADINGS[language]]
    for shift in sorted(shifts, key=lambda row: (row.from_at, order.index(row.role), row.id)):
        title = TITLES[shift.role] if language == CHINESE else shift.role
        from_at, until_at = shift.from_at.astimezone(zone), shift.until_at.astimezone(zone)
        rows.append((from_at.date().isoformat(), title, names[shift.person], shift.person, *_hours(from_at, until_at)))
    return [tuple(map(neutral, row)) for row in rows]


def csv_of(rows: Rows) -> bytes:
    """UTF-8 with the mark that makes Excel read it as such."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def xlsx_of(rows: Rows) -> bytes:
    """A workbook whose cells are all text."""
    from openpyxl import Workbook  # takes 0.3 s to load: only who exports waits
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet("值班表")
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCDEF", WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width

    def cell(text: str, *, is_bold: bool = False) -> Any:
        made = WriteOnlyCell(sheet, value=text)
        made.number_format = "@"  # text: Excel is not to make anything else of it
        if is_bold:
            made.font = Font(bold=True)
        return made

    for number, row in enumerate(rows):
        sheet.append([cell(text, is_bold=number == 0) for text in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _hours(from_at: datetime, until_at: datetime) -> tuple[str, str]:
    """Times of day as they are read back: an end that is not the next time the clock shows it carries its day."""
    next_time = from_at.date() + timedelta(days=1 if until_at.time() <= from_at.time() else 0)
    day = "" if until_at.date() == next_time else f"{until_at.date()} "
    return _clock(from_at), day + _clock(until_at)


def _clock(at: datetime) -> str:
    return at.time().isoformat("auto" if at.second or at.microsecond else "minutes")
