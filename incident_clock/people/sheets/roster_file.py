"""Reading a roster (值班表) from a sheet, in either of two layouts, checked as a whole against the directory.

LONG has one shift a row: 日期, 岗位, 姓名 (or 编号), optionally 开始, 结束, 电话. WIDE has one day a row and a column
per role (值班员, 值班长, 带班领导) whose cells name one or more persons. `docs/roster.md` shows both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from incident_clock.people.access import TITLES
from incident_clock.people.cards import PersonCard
from incident_clock.people.duty import ROSTERED_ROLES
from incident_clock.people.sheets.complaints import quoted, refused
from incident_clock.people.sheets.headings import Headings, columns_of, holds_a_day, is_headed, missing
from incident_clock.people.sheets.reading import Progress, Sheet
from incident_clock.people.sheets.remarks import Remarks
from incident_clock.people.sheets.roster_hours import Hours
from incident_clock.people.sheets.roster_rows import Rows, role_headings
from incident_clock.phrases import N_

TOLD_EVERY = 500  # rows

DAY: Headings = {"day": ("日期", "值班日期", "date", "day")}
HOURS: Headings = {"from": ("开始", "开始时间", "from", "start"), "until": ("结束", "结束时间", "until", "to", "end")}
LONG: Headings = {
    **DAY,
    "role": ("岗位", "值班岗位", "角色", "role", "post"),
    "name": ("姓名", "值班人员", "人员", "name", "person"),
    "key": ("编号", "人员编号", "key"),
    **HOURS,
    "phone": ("电话", "手机", "手机号", "联系电话", "phone", "mobile"),
}
ONLY_OF_PEOPLE = ("部门", "B角", "邮箱", "语言", "unit", "roles", "stand_in", "email", "language")


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A shift as the sheet plans it. `person` is a key, `row` where it stands; the end is not included."""

    role: str
    person: str
    from_at: datetime
    until_at: datetime
    row: int


@dataclass(frozen=True, slots=True)
class RosterFile:
    """A roster that can be imported: at least one shift, in the order of the sheet. `sha256` is of the file's bytes."""

    source: str
    sha256: str
    entries: tuple[RosterEntry, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        there = {entry.role for entry in self.entries}
        return tuple(role for role in ROSTERED_ROLES if role in there)

    @property
    def from_at(self) -> datetime:
        return min(entry.from_at for entry in self.entries)

    @property
    def until_at(self) -> datetime:
        return max(entry.until_at for entry in self.entries)


def read_roster(sheet: Sheet, *, people: Iterable[PersonCard], zone: ZoneInfo, handover_time: time,
                progress: Progress | None = None) -> RosterFile:
    """The shifts of a sheet. `people` are all who may be on duty; times are those of `zone`.

    A day without times runs from `handover_time` to the same time of the next day. Raises SheetRefused with every
    complaint at once: rows of which one is wrong are no roster.
    """
    remarks = Remarks(sheet)
    cards = {card.key: card for card in people}
    found: list[tuple[RosterEntry, int]] = []
    layout = _layout(remarks)
    if layout is not None:
        is_wide, columns = layout
        hours = Hours(remarks, columns, zone=zone, handover_time=handover_time)
        rows = Rows(remarks, columns, cards.values())
        read = rows.wide if is_wide else rows.long
        for done, row in enumerate(sheet.rows, start=1):
            span = hours.of(row)
            named = read(row)
            if span is not None:
                found += [(RosterEntry(role, card.key, *span, row.number), column) for role, card, column in named]
            if progress and (done % TOLD_EVERY == 0 or done == len(sheet.rows)):
                progress(done, len(sheet.rows))
        _complain_of_overlaps(remarks, found, cards)
    remarks.refuse()
    if not found:
        raise refused(N_("“%(file)s”里只有列名，一个班次也没有"), file=quoted(sheet.source))
    return RosterFile(sheet.source, sheet.sha256, tuple(shift for shift, _ in found))


def is_roster(sheet: Sheet) -> bool:
    """Whether the headings are those of a roster: it has days, a list of people has none."""
    return is_headed(sheet, DAY["day"])


def _layout(remarks: Remarks) -> tuple[bool, dict[str, int]] | None:
    """Whether there is a column per role, and which column is which; None when the headings do not say.

    Raises SheetRefused for a list of people.
    """
    sheet, roles = remarks.sheet, role_headings()
    is_wide = not holds_a_day(sheet) and is_headed(sheet, [word for words in roles.values() for word in words])
    if not is_roster(sheet) and not is_wide and is_headed(sheet, ONLY_OF_PEOPLE):
        raise refused(N_("“%(file)s”是人员表，不是值班表。请用 incident-clock people import 导入"),
                      file=quoted(sheet.source))
    known = {**DAY, **HOURS, **roles} if is_wide else LONG
    columns, complaints = columns_of(sheet, known)
    remarks.complaints += complaints
    if not columns:
        return None
    lacking = [name for name in (("day",) if is_wide else ("day", "role")) if name not in columns]
    if not is_wide and not {"name", "key"} & set(columns):
        lacking.append("name")
    if ("from" in columns) != ("until" in columns):
        lacking += {"from", "until"} - set(columns)
    if lacking:
        remarks.complaints.append(missing(sheet, known, lacking))
        return None
    return is_wide, columns


def _complain_of_overlaps(remarks: Remarks, found: list[tuple[RosterEntry, int]],
                          people: dict[str, PersonCard]) -> None:
    """The same person cannot be on duty twice in the same role at the same time."""
    by_person: dict[tuple[str, str], list[tuple[RosterEntry, int]]] = {}
    for shift, column in found:
        by_person.setdefault((shift.role, shift.person), []).append((shift, column))
    for same in by_person.values():
        same.sort(key=lambda one: (one[0].from_at, one[0].row))
        before = same[0][0]
        for shift, column in same[1:]:
            if shift.from_at < before.until_at:
                first, later = sorted((shift.row, before.row))
                remarks.add(later, column, N_("%(cell)s：%(name)s 的%(role)s班次和第%(other)s行重叠"),
                            name=people[shift.person].name, role=TITLES[shift.role], other=first)
            before = max(before, shift, key=lambda one: one.until_at)
