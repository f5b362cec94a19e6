"""The readiness board (今晚叫得应吗): the coming days × everybody a rule calls, read from the database.

What is a gap and what is weak is decided in `people/readiness*.py`; here it gets its names, and its first gap the
answer to "who hears of it then instead".
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from incident_clock.errors import Invalid, NotFound, Refusal
from incident_clock.office import LOOK_AHEAD
from incident_clock.people import roster
from incident_clock.people.access import role_title
from incident_clock.people.duty import DutyBook
from incident_clock.people.readiness import OFF_DUTY, Gap, Hole, Lack, gaps, holes
from incident_clock.people.readiness_days import (
    DutyBoard,
    OnDuty,
    Part,
    RungDay,
    RungPart,
    board,
    midnights,
    rungs,
)
from incident_clock.phrases import N_
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.views.plain import instant

DAYS = LOOK_AHEAD.days  # what the board shows
MOST_DAYS = 60  # what may be asked for
AT_ONCE = timedelta(seconds=1)  # the span in which "now" is looked at

NO_CHANNEL = N_("没有启用任何发送渠道，现在不会有人收到提醒。请系统管理员设置 INCIDENT_CLOCK_CHANNELS")


@dataclass(frozen=True, slots=True)
class FirstGap:
    """The earliest hole, the first rung it leaves short, and whom that rung's call goes to instead."""

    hole: Hole
    rung: RungDay
    instead: RungPart


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the page and the API show. `names`: key → name of everybody in the directory."""

    board: DutyBoard
    holes: tuple[Hole, ...]
    first: FirstGap | None
    names: Mapping[str, str]
    is_rostered: bool
    has_channel: bool


@dataclass(frozen=True, slots=True)
class DayInFull:
    """Every rung of every rule on one day."""

    day: date
    from_at: datetime
    until_at: datetime
    rungs: tuple[RungDay, ...]
    names: Mapping[str, str]
    has_channel: bool


def readiness(session: Session, rules: Iterable[ResponseProtocol], *, channels: Collection[str], now: datetime,
              zone: ZoneInfo, days: int = DAYS,
              day_kind: Callable[[date], str | None] = lambda day: None) -> Readiness:
    """The next `days` calendar days, today from now on. `day_kind` gives the word for a day not like others."""
    rules = tuple(rules)
    book = roster.duty_book(session, now, midnights(now, days, zone)[-1])
    shown = board(book, rules, channels=channels, since=now, days=days, zone=zone, day_kind=day_kind)
    found = holes(shown.gaps)
    first = None
    if found and channels:
        first = _first(found[0], rungs(book, rules, channels=channels, since=found[0].from_at,
                                       until=found[0].from_at + AT_ONCE))
    return Readiness(shown, found, first, _names(book),
                     is_rostered=bool(book.rostered_from), has_channel=bool(channels))


def day_in_full(session: Session, rules: Iterable[ResponseProtocol], day: date, *, channels: Collection[str],
                now: datetime, zone: ZoneInfo) -> DayInFull:
    """Who is called on `day` by which rung. Raises NotFound for a day gone by or too far ahead."""
    if not is_shown(day, now=now, zone=zone):
        raise NotFound(N_("值守检查只能看今天起%(days)s天内的日子"), days=MOST_DAYS)
    ahead = (day - now.astimezone(zone).date()).days
    starts = midnights(now, ahead + 1, zone)
    since, until = max(now, starts[ahead]), starts[ahead + 1]
    book = roster.duty_book(session, since, until)
    return DayInFull(day, since, until, rungs(book, rules, channels=channels, since=since, until=until),
                     _names(book), has_channel=bool(channels))


def _names(book: DutyBook) -> dict[str, str]:
    """Also of those who have left and are still on the roster."""
    return {key: card.name for key, card in {**book.former, **book.people}.items()}


def is_shown(day: date, *, now: datetime, zone: ZoneInfo) -> bool:
    """Whether a day can be looked at in full: today and not too far ahead."""
    return 0 <= (day - now.astimezone(zone).date()).days < MOST_DAYS


def complaints(session: Session, rules: Iterable[ResponseProtocol], *, channels: Collection[str],
               now: datetime) -> tuple[Refusal, ...]:
    """What is wrong at this moment, for the red banner: no channel, a role nobody is on duty in, a rung that reaches
    nobody."""
    if not channels:
        return (Invalid(NO_CHANNEL),)
    found = gaps(roster.duty_book(session, now, now + AT_ONCE), rules, channels=channels, since=now,
                 until=now + AT_ONCE)
    off_duty = dict.fromkeys(lack.role for gap in found for lack in gap.lacks if lack.why in OFF_DUTY)
    said: list[Refusal] = [Invalid(N_("现在没有%(role)s在岗，请补排班次或指定代理人"), role=role_title(role))
                           for role in off_duty]
    said += [Invalid(N_("规则 %(rule)s 的“%(step)s”第%(rung)s级催不到任何人（%(roles)s），请补通讯录或渠道"),
                     rule=gap.protocol, step=gap.step_title, rung=gap.rung, roles=list(gap.role_titles))
             for gap in found if gap.is_empty and not off_duty.keys() >= set(gap.roles)]
    return tuple(said)


def plain(seen: Readiness, zone: ZoneInfo) -> dict[str, Any]:
    """The board as JSON values; persons by key and name, without addresses."""
    return {
        "gaps": [_plain_gap(gap, zone) for gap in seen.board.gaps],
        "days": [{
            "day": day.day.isoformat(), "state": day.state,
            "roles": [{
                "role": cell.column.role, "state": cell.state,
                "called_after_s": int(cell.column.called_after.total_seconds()),
                "parts": [_plain_part(part, zone) for part in cell.parts],
            } for cell in day.cells],
        } for day in seen.board.days],
    }


def _first(hole: Hole, then: Iterable[RungDay]) -> FirstGap:
    """`then`: every rung at the moment the hole begins."""
    gap = hole.gaps[0]
    rung = next(one for one in then
                if (one.protocol.key, one.step.key, one.rung.number) == (gap.protocol, gap.step, gap.rung))
    return FirstGap(hole, rung, rung.parts[0])


def _plain_gap(gap: Gap, zone: ZoneInfo) -> dict[str, Any]:
    return {"protocol": gap.protocol, "step": gap.step, "rung": gap.rung, "from_at": instant(gap.from_at, zone),
            "until_at": instant(gap.until_at, zone), "is_empty": gap.is_empty,
            "lacks": [_plain_lack(lack) for lack in gap.lacks]}


def _plain_lack(lack: Lack) -> dict[str, Any]:
    return {"role": lack.role, "why": lack.why, "people": list(lack.people)}


def _plain_part(part: Part, zone: ZoneInfo) -> dict[str, Any]:
    return {"from_at": instant(part.from_at, zone), "until_at": instant(part.until_at, zone), "state": part.state,
            "lack": _plain_lack(part.lack) if part.lack else None,
            "people": [_plain_person(one, zone) for one in part.people]}


def _plain_person(one: OnDuty, zone: ZoneInfo) -> dict[str, Any]:
    return {"key": one.card.key, "name": one.card.name, "why": one.why, "instead_of": one.of,
            "stand_in": one.stand_in.key if one.stand_in else None, "weak": list(one.weak),
            "channels": [{"channel": way.channel, "delivered_at": instant(way.delivered_at, zone)}
                         for way in one.ways]}
