"""Durations as a protocol file writes them: a whole number with one unit, `90s`, `20m`, `1h`, `2d`."""

import re
from datetime import timedelta
from fractions import Fraction

from incident_clock.protocol.yaml_tree import Place

LONGEST = timedelta(days=366)

SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SPELLINGS = {  # what people write instead
    "d": ("day", "days", "天", "日"), "h": ("hr", "hrs", "hour", "hours", "小时", "时", "钟头"),
    "m": ("min", "mins", "minute", "minutes", "分", "分钟"), "s": ("sec", "secs", "second", "seconds", "秒", "秒钟"),
}
_UNIT_OF = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in (unit, *spellings)}
_PART = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*([^\W\d_]+)")


def read_duration(place: Place, *, may_be_zero: bool = False) -> timedelta | None:
    """The duration at `place`; None when it is absent, or cannot be right, which is complained about there."""
    if place.is_absent:
        return None
    written = place.scalar()
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", written)
    if match is None:
        place.complain(f"is {place.quoted()}; {_instead(written)}")
        return None
    seconds = int(match[1]) * SECONDS[match[2]]
    if seconds == 0 and not may_be_zero:
        place.complain(f"is {written}, no time at all; write a longer one like 20m")
    elif seconds > LONGEST.total_seconds():
        place.complain(f"is {written}; write at most {written_as(LONGEST)}")
    else:
        return timedelta(seconds=seconds)
    return None


def written_as(duration: timedelta) -> str:
    """The shortest way to write whole seconds with one unit: `90m`, `2h`."""
    seconds = int(duration.total_seconds())
    unit = next(unit for unit, size in SECONDS.items() if seconds % size == 0)
    return f"{seconds // SECONDS[unit]}{unit}" if seconds else "0s"


def _instead(written: str) -> str:
    if written.startswith("-"):
        return "write it without the minus (before_due counts back from the deadline)"
    if re.fullmatch(r"[0-9]{1,6}", written):
        return f"it needs a unit; write {written}m for minutes (s, m, h and d are the units)"
    meant = _meant(written)
    if meant is not None:
        return f"write {written_as(meant)}"
    return "write a whole number and its unit s, m, h or d, like 20m"


def _meant(written: str) -> timedelta | None:
    """`20 min`, `1.5h`, `1h30m`, `2小时` as a duration, if it comes to whole seconds within bounds."""
    total, end = Fraction(0), 0
    while match := _PART.match(written, end):
        unit = _UNIT_OF.get(match[2].lower())
        if unit is None:
            return None
        total, end = total + Fraction(match[1]) * SECONDS[unit], match.end()
    is_whole = end == len(written) and total.denominator == 1
    return timedelta(seconds=int(total)) if is_whole and 0 < total <= LONGEST.total_seconds() else None
