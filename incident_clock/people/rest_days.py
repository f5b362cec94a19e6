"""Which days are rest days: weekends, public holidays, and the weekends worked in exchange for them (调休).

The State Council's notices come with the `holidays` package, a new year each November; a file of the bureau's own
beats them. Rest days change who is on duty, never a deadline.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from ruamel.yaml.nodes import MappingNode, SequenceNode

from incident_clock.phrases import N_
from incident_clock.protocol.complaints import Complaints, refuse
from incident_clock.protocol.yaml_tree import Place, read_tree

WORKDAY, WEEKEND, HOLIDAY, MADE_UP = "workday", "weekend", "holiday", "made_up"

COUNTRY = "CN"
YEARS = range(2000, 2101)  # outside of it no calendar of ours reaches
LONGEST_NAME = 20  # characters
MOST_DAYS = 1_000  # of one list of the file
EXAMPLE_HOLIDAY, EXAMPLE_WORKDAY = "`- 2026-10-01: 国庆节`", "`- 2026-10-10`"

EXCHANGED = N_("调休")  # a rest day whose only reason is a weekend that was worked
NAMES = (N_("元旦"), N_("农历除夕"), N_("春节"), N_("清明节"), N_("劳动节"), N_("端午节"), N_("中秋节"), N_("国庆节"),
         EXCHANGED)


@dataclass(frozen=True, slots=True)
class DayKind:
    """What a day is. `kind`: workday, weekend, holiday, or made_up (a weekend that is worked).

    `names`: what the holiday is called, in Chinese; those of `NAMES` are message ids.
    """

    kind: str
    names: tuple[str, ...] = ()

    @property
    def is_rest(self) -> bool:
        return self.kind in (WEEKEND, HOLIDAY)


@dataclass(frozen=True, slots=True)
class RestDays:
    """The calendar of one installation. `holidays` and `workdays` are those of its own file; they win."""

    holidays: Mapping[date, str] = field(default_factory=dict)
    workdays: Collection[date] = ()

    def kind(self, day: date) -> DayKind:
        is_weekend = day.weekday() >= 5
        holidays, workdays = _official(day.year)
        if day in self.workdays:
            return DayKind(MADE_UP if is_weekend or day in holidays else WORKDAY)
        if day in self.holidays:
            return DayKind(HOLIDAY, (self.holidays[day],))
        if day in workdays:
            return DayKind(MADE_UP)
        if day in holidays:
            return DayKind(HOLIDAY, holidays[day])
        return DayKind(WEEKEND if is_weekend else WORKDAY)

    def knows_year(self, year: int) -> bool:
        """Whether that year's exchanged days are known, from its notice or from the file. Else only what the law
        fixes is, and a weekend may turn out to be worked."""
        _, worked = _official(year)
        return bool(worked) or any(day.year == year for day in self.holidays)


@cache
def read_rest_days(path: Path | None) -> RestDays:
    """The calendar with the file at `path`; None: the notices alone. A file is read once in the life of a process.

    Raises ConfigError with every complaint, as `file:line: path: what is wrong; what to write`.
    """
    if path is None:
        return RestDays()
    complaints = Complaints(path)
    lists = read_tree(complaints).fields(required=("holidays", "workdays"))
    seen: dict[date, Place] = {}
    holidays, workdays = {}, set()
    for place in _entries(lists["holidays"], example=EXAMPLE_HOLIDAY):
        for day, name in _named_days(place, seen):
            holidays[day] = name
    for place in _entries(lists["workdays"], example=EXAMPLE_WORKDAY):
        workday = _day(place, seen)
        if workday is not None:
            workdays.add(workday)
    refuse([complaints])
    return RestDays(holidays, frozenset(workdays))


@cache
def _official(year: int) -> tuple[Mapping[date, tuple[str, ...]], Collection[date]]:
    """The holidays and the worked weekends of a year; of one without a notice, what the law alone gives."""
    import holidays  # takes a fifth of a second: only who lays out a roster waits for it

    # a weekend of December may be worked for a day of the next January
    found = holidays.country_holidays(COUNTRY, years=(year, year + 1), language="zh_CN")
    return ({day: _names(said) for day, said in found.items() if day.year == year},
            frozenset(day for day in found.weekend_workdays if day.year == year))


def _names(said: str) -> tuple[str, ...]:
    """`国庆节（补假）; 中秋节` → 国庆节, 中秋节; `休息日（由 2026-10-10 调休）` → 调休."""
    if said.startswith("休息日"):
        return (EXCHANGED,)
    return tuple(dict.fromkeys(re.sub("（.*）", "", name).strip() for name in said.split(";")))


def _entries(place: Place, *, example: str) -> list[Place]:
    """The entries of a list, which may be empty."""
    if place.is_absent:
        return []
    if not isinstance(place.node, SequenceNode):
        place.complain(f"is {place.quoted()}; write a list: {example}, or [] for none")
        return []
    if len(place.node.value) > MOST_DAYS:
        place.complain(f"has {len(place.node.value)} entries; write at most {MOST_DAYS}")
    return [Place(node, f"{place.path}[{number}]", place.complaints)
            for number, node in enumerate(place.node.value[:MOST_DAYS], start=1)]


def _named_days(place: Place, seen: dict[date, Place]) -> Iterator[tuple[date, str]]:
    if not isinstance(place.node, MappingNode):
        place.complain(f"is {place.quoted()}; write the day and its name: {EXAMPLE_HOLIDAY}")
        return
    for key, value in place.node.value:
        day = _day(Place(key, place.path, place.complaints), seen)
        name = Place(value, place.path, place.complaints).text(longest=LONGEST_NAME, example="国庆节")
        if day is not None and name:
            yield day, name


def _day(place: Place, seen: dict[date, Place]) -> date | None:
    """The day that is written here; complains of what is none, and of one that stands twice."""
    try:
        day = date.fromisoformat(place.scalar()) if re.fullmatch("[0-9-]{10}", place.scalar()) else None
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        place.complain(f"is {place.quoted()}, no day of the calendar; write one like 2026-10-01")
        return None
    if day in seen:
        place.complain(f"names {day.isoformat()} again, which stands in line {seen[day].line}; keep one of them")
        return None
    seen[day] = place
    return day
