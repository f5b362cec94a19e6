"""Numbers of a workbook as they are shown: a day, a time of day, both, or a plain number."""

import re
from datetime import date, datetime, time, timedelta

LAST_DAY = 2_958_466  # the serial of 1 January 10000
EXACT_UP_TO = 1e15  # a spreadsheet keeps 15 digits of a number

PLAIN, DAY, CLOCK, BOTH = "plain", "day", "clock", "both"
BUILT_IN = {  # number formats that every workbook has, those of Chinese Excel among them
    **dict.fromkeys((*range(14, 18), *range(27, 32), 36, *range(50, 55), 57, 58), DAY),
    **dict.fromkeys((*range(18, 22), *range(32, 36), *range(45, 48), 55, 56), CLOCK), 22: BOTH}
LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)


def shown_as(code: str) -> str:
    """What a number format shows. Colours, conditions and literal texts do not count."""
    shown = LITERAL.sub("", code.split(";")[0]).lower()
    if shown.strip() == "general":
        return PLAIN
    has_clock, has_day = re.search("[hs]", shown), re.search("[yd]", shown)
    if has_day:
        return BOTH if has_clock else DAY
    return CLOCK if has_clock else DAY if "m" in shown else PLAIN


def text_of(value: float, shown: str, day_zero: date) -> str:
    """The number as text: `2026-03-12`, `08:30`, `2026-03-12 08:30`, `13800000001`. A time may go up to two days."""
    if shown is PLAIN or not 0 <= value < LAST_DAY:
        return str(int(value)) if value.is_integer() and abs(value) < EXACT_UP_TO else repr(value)
    if value < 1 or (shown is CLOCK and value < 2):
        minutes, seconds = divmod(round(value * 86_400), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")
    at = datetime.combine(day_zero, time()) + timedelta(milliseconds=round(value * 86_400_000))
    if shown is DAY:
        return at.date().isoformat()
    return at.isoformat(" ", timespec="auto" if at.second or at.microsecond else "minutes")
