"""When the shift of a row begins and ends: its day, and its hours or the hand-over of the house."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from zoneinfo import ZoneInfo

from incident_clock.people.roster import LONGEST_SHIFT
from incident_clock.people.sheets.cells import MIDNIGHT, Moment, read_day, read_moment
from incident_clock.people.sheets.complaints import quoted
from incident_clock.people.sheets.reading import SheetRow
from incident_clock.people.sheets.remarks import Remarks
from incident_clock.phrases import N_

Span = tuple[datetime, datetime]


class Hours:
    """`columns`: the numbers of `day` and, if there are any, of `from` and `until`."""

    def __init__(self, remarks: Remarks, columns: dict[str, int], *, zone: ZoneInfo, handover_time: time) -> None:
        self._remarks, self._zone = remarks, zone
        self._day, self._from, self._until = (columns.get(name, 0) for name in ("day", "from", "until"))
        handover = timedelta(hours=handover_time.hour, minutes=handover_time.minute)
        self._handover = Moment(None, handover)
        day_zero = remarks.sheet.day_zero
        self._read_day = cache(partial(read_day, day_zero=day_zero))  # the same ones come again and again
        self._read_moment = cache(partial(read_moment, day_zero=day_zero))
        self._instant = cache(self._at)

    def of(self, row: SheetRow) -> Span | None:
        """The instants in UTC, the end not included; None when they cannot be read, which is then a complaint."""
        day = self._remarks.read(row, self._day, self._read_day)
        first: Moment | None = self._handover
        last: Moment | None = self._handover
        if self._from and (row.cell(self._from) or row.cell(self._until)):
            first = self._remarks.read(row, self._from, self._read_moment)
            last = self._remarks.read(row, self._until, self._read_moment)
        if day is None or first is None or last is None:
            return None
        return self._span(row, day, first, last)

    def _span(self, row: SheetRow, day: date, first: Moment, last: Moment) -> Span | None:
        """An end without a day is the next time the clock shows it."""
        end_day = last.day or (day + timedelta(days=1) if last.clock <= first.clock else day)
        from_at, until_at = self._instant(day, first.clock), self._instant(end_day, last.clock)
        column, phrase = self._until, ""
        if first.clock >= MIDNIGHT:
            column, phrase = self._from, N_("%(cell)s：“%(written)s”不能是开始的时刻，请写第二天的 00:00")
        elif first.day not in (None, day):
            column, phrase = self._from, N_("%(cell)s：“%(written)s”和这一行的日期不是同一天")
        elif until_at <= from_at:
            phrase = N_("%(cell)s：“%(written)s”不晚于开始的时刻，请核对")
        elif until_at - from_at > LONGEST_SHIFT:
            phrase = N_("%(cell)s：到“%(written)s”超过了一班最长的 %(most)s 天，请核对")
        if not phrase:
            return from_at, until_at
        self._remarks.add(row.number, column, phrase, written=quoted(row.cell(column)), most=LONGEST_SHIFT.days)
        return None

    def _at(self, day: date, clock: timedelta) -> datetime:
        return (datetime.combine(day, time(), self._zone) + clock).astimezone(UTC)
