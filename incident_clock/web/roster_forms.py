"""From what people type about the roster to spans, persons and turns. Pure: nothing here knows Flask.

A span is two days and two times of day. A time left empty is the hand-over; an end without a day is the first such
instant after the beginning. A day without a year is the next such day, a few days back included.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from incident_clock.errors import Invalid
from incident_clock.people.access import role_title
from incident_clock.people.cards import PersonCard
from incident_clock.phrases import N_
from incident_clock.web.forms import YEARS, time_of_day

LONGEST_TURN = 60  # persons
BACK = timedelta(days=7)  # how far back a day without a year can lie
DAY = re.compile(r"(?:(\d{4})[-/.年]?)?(\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})")
BETWEEN_NAMES = re.compile(r"[、，,;；\n]+")

Form = Mapping[str, str]


def read_span(form: Form, *, now: datetime, zone: ZoneInfo, handover_time: time) -> tuple[datetime, datetime]:
    """The span of `from_day`, `from_time`, `until_day`, `until_time`. Raises Invalid for `from_at` or `until_at`."""
    today = now.astimezone(zone).date()
    first = read_day(form.get("from_day", ""), today=today, field="from_at")
    from_at = datetime.combine(first, _clock(form, "from_time", handover_time, field="from_at"), zone)
    clock = _clock(form, "until_time", handover_time, field="until_at")
    if form.get("until_day", "").strip():
        until_at = datetime.combine(read_day(form.get("until_day", ""), today=today, field="until_at"), clock, zone)
    else:
        until_at = datetime.combine(first if clock > from_at.time() else first + timedelta(days=1), clock, zone)
    return from_at.astimezone(UTC), until_at.astimezone(UTC)


def written_span(from_at: datetime, until_at: datetime, zone: ZoneInfo) -> dict[str, str]:
    """The fields that say this span, to fill a form with."""
    since, until = from_at.astimezone(zone), until_at.astimezone(zone)
    return {"from_day": since.date().isoformat(), "from_time": f"{since:%H:%M}",
            "until_day": until.date().isoformat(), "until_time": f"{until:%H:%M}"}


def read_day(text: str, *, today: date, field: str) -> date:
    """A day written `2026-03-14`, `20260314`, `3月14日` or `3-14`, in full width too. Raises Invalid."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    if not plain:
        raise Invalid(N_("请填写日期"), field=field)
    found = DAY.fullmatch(plain)
    year, month, day = (found[1] or found[4], found[2] or found[5], found[3] or found[6]) if found else ("", "", "")
    years = [int(year)] if year else [today.year + ahead for ahead in (-1, 0, 1)]
    days = []
    for each in years if month and day else ():
        with suppress(ValueError):
            days.append(date(each, int(month), int(day)))
    meant = next((one for one in days if year or one >= today - BACK), None)
    if meant is None or meant.year not in YEARS:
        raise Invalid(N_("“%(text)s”不是日历上的日期，请写成 2026-03-14 或 3月14日"), field=field,
                      text=text.strip()[:20])
    return meant


def read_turn(text: str, people: Sequence[PersonCard], role: str, *, field: str) -> tuple[str, ...]:
    """Persons in the order they were typed, by name or key, between commas or on lines; gives their keys.

    `people` are those who have `role`. Raises Invalid.
    """
    written = [name for part in BETWEEN_NAMES.split(text) if (name := " ".join(part.split()))]
    if len(written) > LONGEST_TURN:
        raise Invalid(N_("一轮最多写%(limit)s人，现有%(count)s人"), field=field, limit=LONGEST_TURN, count=len(written))
    found, unknown, ambiguous = [], [], []
    for name in written:
        keys = [card.key for card in people if card.key == name] or [card.key for card in people if card.name == name]
        found += keys[:1]
        unknown += [] if keys else [name[:20]]
        ambiguous += [name] if len(keys) > 1 else []
    if unknown:
        raise Invalid(N_("%(names)s不在通讯录的%(role)s里，请核对姓名"), field=field, names=unknown,
                      role=role_title(role))
    if ambiguous:
        raise Invalid(N_("叫%(names)s的不止一人，请写账号"), field=field, names=ambiguous)
    return tuple(found)


def read_pair(text: str) -> tuple[str, str]:
    """`duty_officer/zhou` → role and key; empty where something is missing."""
    role, _, key = text.partition("/")
    return role, key


def _clock(form: Form, name: str, handover_time: time, *, field: str) -> time:
    typed = form.get(name, "").strip()
    if not typed:
        return handover_time
    try:
        return time_of_day(typed)
    except Invalid as refusal:
        raise Invalid(refusal.phrase, field=field, **refusal.params) from None
