"""Laying out a roster in turn, pure: workdays by one list of persons, rest days by another, a day each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import cycle
from zoneinfo import ZoneInfo

from incident_clock.errors import Invalid
from incident_clock.people.rest_days import DayKind
from incident_clock.phrases import N_


@dataclass(frozen=True, slots=True)
class PlannedShift:
    """One day of a plan: `person` is on duty from the hand-over of `day` to that of the next."""

    day: date
    kind: DayKind
    role: str
    person: str
    from_at: datetime
    until_at: datetime


def plan(role: str, days: Iterable[date], *, workday_turn: Sequence[str], restday_turn: Sequence[str],
         handover_time: time, zone: ZoneInfo, day_kind: Callable[[date], DayKind]) -> tuple[PlannedShift, ...]:
    """One shift for each of `days`: the next of `workday_turn` on workdays, the next of `restday_turn` on rest days.

    An empty `restday_turn` means that one turn runs through all days. Raises Invalid when nobody is named.
    """
    if not workday_turn:
        raise Invalid(N_("请写明轮到谁值班"), field="workday_turn")
    on_workdays: Iterator[str] = cycle(workday_turn)
    on_restdays = cycle(restday_turn) if restday_turn else on_workdays
    laid = []
    for day in days:
        kind = day_kind(day)
        from_at, until_at = duty_day(day, handover_time, zone)
        laid.append(PlannedShift(day, kind, role, next(on_restdays if kind.is_rest else on_workdays),
                                 from_at, until_at))
    return tuple(laid)


def duty_day(day: date, handover_time: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the hand-over of `day` to that of the next day."""
    return datetime.combine(day, handover_time, zone), datetime.combine(day + timedelta(days=1), handover_time, zone)


def days_between(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`, both included."""
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
