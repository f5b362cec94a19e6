"""What one cell means: a day, a time, a number to ring. Pure; what cannot be read comes back as `Wrong`.

People write the same thing in many ways, and Excel rewrites it on its own. What is certain is put right; a guess
never is: a day without its year or a number that lost digits is refused.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import phonenumbers

from incident_clock.people.cards import DESK_PHONE, MOBILE
from incident_clock.people.sheets.complaints import quoted
from incident_clock.phrases import N_

YEARS = range(2000, 2101)  # outside of it nothing was meant
HOME = "CN"  # the country of a number that does not name one
MIDNIGHT = timedelta(days=1)  # 24:00

DAY = (r"(?P<year>\d{4})(?:(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})"
       r"|年(?P<month2>\d{1,2})月(?P<day2>\d{1,2})[日号]|(?P<month3>\d{2})(?P<day3>\d{2}))")
CLOCK = (r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2}(?:\.\d{1,6})?))?"
         r"|[点时](?:(?P<minute2>\d{1,2})分)?)")
ONLY_DAY, ONLY_CLOCK = re.compile(DAY), re.compile(CLOCK)
DAY_AND_CLOCK = re.compile(rf"{DAY}[ T]*{CLOCK}")
SERIAL = re.compile(r"\d{5}(\.\d+)?")  # the days since Excel's day zero
PART_OF_A_DAY = re.compile(r"0(\.\d+)?(E-\d+)?", re.IGNORECASE)
WITHOUT_YEAR = re.compile(r"\d{1,2}[-/.月]\d{1,2}[日号]?")
UNCLEAR_ORDER = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d{2,4}")

POWER_OF_TEN = re.compile(r"(\d)(?:\.(\d+))?E\+?(\d{1,2})", re.IGNORECASE)
DIALLED = re.compile(r" *\+?[\d \-.]+")


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a cell cannot be read: a message id that begins with `%(cell)s：`, and what fills its other places."""

    phrase: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as it is written: so long after midnight, up to 24:00, of `day` or (None) of the row's own day."""

    day: date | None
    clock: timedelta


def plain(text: str) -> str:
    """Full-width figures and signs as ordinary ones."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).replace("—", "-").replace("−", "-")


def read_day(text: str, *, day_zero: date) -> date | Wrong:
    """`2026-03-12`, `2026/3/12`, `2026.3.12`, `2026年3月12日`, `20260312`, or Excel's number of it."""
    written = _close(text)
    serial, found = SERIAL.fullmatch(written), ONLY_DAY.fullmatch(written) or DAY_AND_CLOCK.fullmatch(written)
    if serial and not serial[1]:
        return _in_range(day_zero + timedelta(days=int(written)), text)
    if serial or (found and "hour" in found.re.groupindex and _clock(found) != timedelta()):
        return Wrong(N_("%(cell)s：“%(written)s”里有时刻。这里只写日期，时刻写在“开始”列"), {"written": quoted(text)})
    if found is not None:
        return _date(found, text)
    if WITHOUT_YEAR.fullmatch(written):
        return Wrong(N_("%(cell)s：“%(written)s”没有年份，请写成 2026-03-12 这样"), {"written": quoted(text)})
    if UNCLEAR_ORDER.fullmatch(written):
        return Wrong(N_("%(cell)s：“%(written)s”看不出年月日的先后，请写成 2026-03-12 这样"), {"written": quoted(text)})
    return Wrong(N_("%(cell)s：“%(written)s”不是日期，请写成 2026-03-12 这样"), {"written": quoted(text)})


def read_moment(text: str, *, day_zero: date) -> Moment | Wrong:
    """`08:30`, `8：30`, `8点30分`, `24:00`, Excel's part of a day, or a day and a time: `2026-03-12 08:30`."""
    written = _close(text)
    if PART_OF_A_DAY.fullmatch(written):
        return Moment(None, timedelta(seconds=round(float(written) * 86_400)))
    if SERIAL.fullmatch(written) and "." in written:
        days, part = divmod(float(written), 1)
        return Moment(day_zero + timedelta(days=int(days)), timedelta(seconds=round(part * 86_400)))
    found = ONLY_CLOCK.fullmatch(written) or DAY_AND_CLOCK.fullmatch(written)
    clock = _clock(found) if found else None
    if found is not None and clock is not None:
        day = _date(found, text) if "year" in found.re.groupindex else None
        return day if isinstance(day, Wrong) else Moment(day, clock)
    if not isinstance(read_day(text, day_zero=day_zero), Wrong):
        return Wrong(N_("%(cell)s：“%(written)s”只有日期，请写上时刻，如 2026-03-13 08:30"), {"written": quoted(text)})
    return Wrong(N_("%(cell)s：“%(written)s”不是时刻，请写成 00:00 到 24:00，如 08:30"), {"written": quoted(text)})


def read_phone(text: str) -> str | Wrong:
    """A number as E.164 (`+8613800000001`), also when Excel took it for a number. The country is China if not named."""
    written = plain(text).strip().lstrip("'`’‘").strip()
    if power := POWER_OF_TEN.fullmatch(written):
        digits = power[1] + (power[2] or "")
        if len(digits) != int(power[3]) + 1:
            return Wrong(N_("%(cell)s：号码变成了科学计数，后几位已经丢了。请把这一列设为文本，重新填写"), {})
        written = digits
    written = written.replace("(", " ").replace(")", " ")  # phonenumbers knows (0571) 8700, but not (+86) 138
    if re.fullmatch(r"\d+\.0+", written):
        written = written.partition(".")[0]
    try:
        number = phonenumbers.parse(written, HOME) if DIALLED.fullmatch(written) else None
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        return Wrong(N_("%(cell)s：没有这样的电话号码，请数一数位数；国外号码以 + 和国家代码开头"), {})
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def kind_of_phone(number: str) -> str:
    """Whether an E.164 number takes text messages: `mobile`, or `desk_phone` for a fixed line."""
    is_fixed = phonenumbers.number_type(phonenumbers.parse(number)) == phonenumbers.PhoneNumberType.FIXED_LINE
    return DESK_PHONE if is_fixed else MOBILE


def _close(text: str) -> str:
    """In ordinary signs, without the spaces that some write around 年, 月 and 日."""
    written = plain(text)
    return "".join(written.split()) if "年" in written else written


def _date(found: re.Match[str], text: str) -> date | Wrong:
    month = found["month"] or found["month2"] or found["month3"]
    day = found["day"] or found["day2"] or found["day3"]
    try:
        return _in_range(date(int(found["year"]), int(month), int(day)), text)
    except ValueError:
        return Wrong(N_("%(cell)s：没有“%(written)s”这一天，请核对日期"), {"written": quoted(text)})


def _in_range(day: date, text: str) -> date | Wrong:
    if day.year in YEARS:
        return day
    return Wrong(N_("%(cell)s：“%(written)s”的年份不对，应在 %(first)s 到 %(last)s 年之间"),
                 {"written": quoted(text), "first": YEARS[0], "last": YEARS[-1]})


def _clock(found: re.Match[str]) -> timedelta | None:
    """The time of day; None when no clock shows it."""
    hour, minute = int(found["hour"]), int(found["minute"] or found["minute2"] or 0)
    second = float(found["second"] or 0)
    clock = timedelta(hours=hour, minutes=minute, seconds=second)
    return clock if minute < 60 and second < 60 and clock <= MIDNIGHT else None
