"""From what people type to instants and texts. Pure: `now` and the zone are arguments; nothing here knows Flask.

A time is either a printed choice, sent as the very instant that was read (`2026-03-12T14:50+08:00`), or typed
as a time of day (`1432`, `14:32`, full-width too) beside a day. A time of day that has not come yet today but
lies at most twelve hours back means yesterday: 23:58 entered at 00:05.
"""

import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from incident_clock.errors import Invalid
from incident_clock.phrases import N_
from incident_clock.registry.drafts import FUTURE_TOLERANCE

PAGE_FRESH_FOR = timedelta(minutes=10)  # an older page asks once more, with fresh choices
MEANS_YESTERDAY_WITHIN = timedelta(hours=12)
DAYS_OFFERED = 14
KEY_LIMIT = 100  # characters of the hidden key of a form
YEARS = range(2000, 2101)  # outside of it nothing was meant, and calendars overflow
OTHER = "other"

TIME_OF_DAY = re.compile(r"(\d{1,2})[:.点时]?(\d{2})分?")

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entered:
    """An instant somebody entered. `is_yesterday`: a bare time of day was taken as yesterday's; say so."""

    at: datetime
    is_yesterday: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A printed choice: `minutes_ago` None is one the reader had picked before."""

    at: datetime
    minutes_ago: int | None

    @property
    def value(self) -> str:
        return self.at.isoformat(timespec="minutes")


def time_of_day(text: str) -> time:
    """`1432`, `14:32`, `１４：３２`, `9.05`, `9点05分` → a time of day. Raises Invalid."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    found = TIME_OF_DAY.fullmatch(plain)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise Invalid(N_("“%(text)s”不是24小时制的时刻，请写成 1432 或 14:32"), text=text.strip()[:20])
    return time(int(found[1]), int(found[2]))


def instant_on(day: date, clock: time, *, now: datetime, zone: ZoneInfo) -> Entered:
    """That time of that day in `zone`, as UTC. An instant still to come today becomes yesterday's when that is near."""
    at = datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
    before = datetime.combine(day - timedelta(days=1), clock, tzinfo=zone).astimezone(UTC)
    is_today = day == now.astimezone(zone).date()
    if is_today and at - now > FUTURE_TOLERANCE and now - before <= MEANS_YESTERDAY_WITHIN:
        return Entered(before, is_yesterday=True)
    return Entered(at)


def printed_instant(value: str) -> datetime:
    """The instant of a choice as it was printed. Raises Invalid."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or at.year not in YEARS:
        raise Invalid(N_("“%(text)s”不是完整的时间，请从列出的时间里选，或另填时刻"), text=value[:40])
    return at.astimezone(UTC)


def read_instant(form: Form, name: str, *, now: datetime, zone: ZoneInfo) -> Entered | None:
    """The instant entered in the fields `name`, `name_time`, `name_day`; None when all are empty. Raises Invalid.

    Filling in the time of day chooses it, whichever choice is ticked.
    """
    picked, typed = form.get(name, "").strip(), form.get(f"{name}_time", "").strip()
    try:
        if typed:
            return instant_on(_day(form.get(f"{name}_day", ""), now, zone), time_of_day(typed), now=now, zone=zone)
        if picked == OTHER:
            raise Invalid(N_("请填写时刻，如 1432"))
        if not picked:
            return None
        at = printed_instant(picked)
        if is_stale(form, now=now):
            raise Invalid(N_("这一页打开已超过10分钟，请再确认一次时间"))
        return Entered(at)
    except Invalid as refusal:
        raise Invalid(refusal.phrase, field=name, **refusal.params) from None


def is_stale(form: Form, *, now: datetime) -> bool:
    """Whether the page a form was sent from is too old for its printed choices to be taken as they are."""
    try:
        return now - datetime.fromisoformat(form.get("page_seen_at", "")) > PAGE_FRESH_FOR
    except (ValueError, TypeError):
        return True


def choices(minutes_ago: tuple[int, ...], *, now: datetime, zone: ZoneInfo, picked: str = "") -> list[Choice]:
    """The printed choices, newest first, with an earlier pick kept if it is no longer among them."""
    minute = now.astimezone(zone).replace(second=0, microsecond=0)
    offered = [Choice(minute - timedelta(minutes=ago), ago) for ago in minutes_ago]
    if picked and picked != OTHER and picked not in [choice.value for choice in offered]:
        with suppress(Invalid):  # not one of ours: it is told at the field
            offered.insert(0, Choice(printed_instant(picked).astimezone(zone), None))
    return offered


def days(*, now: datetime, zone: ZoneInfo, since: datetime | None = None) -> list[date]:
    """The days a typed time can be on, today first: three, or back to the day of `since`, at most fourteen."""
    today = now.astimezone(zone).date()
    back = 2 if since is None else (today - since.astimezone(zone).date()).days
    return [today - timedelta(days=ago) for ago in range(1 + max(0, min(back, DAYS_OFFERED - 1)))]


def text_of(form: Form, name: str) -> str | None:
    """A text as typed, or None when nothing was."""
    return form.get(name) or None


def request_key(form: Form) -> str | None:
    """The hidden key that makes a double click one request; None when somebody has meddled with it."""
    key = form.get("key", "")
    return key if key.isascii() and key.isprintable() and 0 < len(key) <= KEY_LIMIT else None


def day_of(text: str) -> date:
    """A day as a list of days sends it. Raises Invalid."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise Invalid(N_("“%(text)s”不是日历上的日期，请重选"), text=text[:20])
    return day


def _day(text: str, now: datetime, zone: ZoneInfo) -> date:
    return day_of(text) if text else now.astimezone(zone).date()
