"""The short forms of the registry on a page: what was typed into `_blanks.html` becomes the values a verb takes.

A blank `name` is the field `f.name`; an instant is a time of day in `f.name_time` beside a day in `f.name_day`, read as
every time is (`forms.py`). Pure: `now` and the zone are arguments.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from incident_clock.errors import Invalid, Refusal, Refusals
from incident_clock.registry.record_kinds import INSTANT, NUMBER, YES, Blank, RecordKind
from incident_clock.registry.records import checked_fields
from incident_clock.web import forms
from incident_clock.web.forms import Form

DAYS_AHEAD = 14
MAY_BE_AHEAD = ("valid_from", "valid_until")
YES_VALUE = "yes"

Complaint = tuple[str | None, str]


@dataclass(frozen=True, slots=True)
class Days:
    """The days offered beside a time of day: those gone by, today first, and those to come."""

    back: list[date]
    ahead: list[date]

    def of(self, blank: Blank) -> list[date]:
        return self.ahead if blank.name in MAY_BE_AHEAD else self.back


def offered_days(*, now: datetime, zone: ZoneInfo, since: datetime | None = None) -> Days:
    today = now.astimezone(zone).date()
    return Days(forms.days(now=now, zone=zone, since=since),
                [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1)])


def read_blanks(form: Form, kind: RecordKind, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """What was filled in, by the names of the blanks; empty ones are left out. Raises Refusals, then with everything
    else the registry would refuse, so that the form is mended once."""
    found: list[Refusal] = []
    values: dict[str, Any] = {}
    for blank in kind.blanks:
        try:
            value = _read(form, blank, now=now, zone=zone)
        except Invalid as refusal:
            found.append(Invalid(refusal.phrase, field=blank.name, **refusal.params))
            continue
        if value is not None:
            values[blank.name] = value
    if found:
        told = {refusal.field for refusal in found}
        raise Refusals([*found, *(one for one in wrong_blanks(kind, values, now=now) if one.field not in told)])
    return values


def wrong_blanks(kind: RecordKind, values: Mapping[str, Any], *, now: datetime) -> list[Refusal]:
    """What the registry would refuse of these values."""
    try:
        checked_fields(kind, values, now=now)
    except Refusals as refusals:
        return list(refusals.refusals)
    return []


def changed_blanks(form: Form, kind: RecordKind, before: Mapping[str, Any], *, now: datetime,
                   zone: ZoneInfo) -> dict[str, Any]:
    """What was filled in otherwise than it stands in `before`; None where it was emptied. Raises Refusals."""
    shown, typed = as_typed(kind, before, zone=zone), read_blanks(form, kind, now=now, zone=zone)
    return {blank.name: typed.get(blank.name) for blank in kind.blanks
            if any(form.get(field, "").strip() != shown.get(field, "") for field in _compared(blank, form))}


def as_typed(kind: RecordKind, values: Mapping[str, Any], *, zone: ZoneInfo) -> dict[str, str]:
    """The values of a form the ledger holds, as its fields would show them."""
    fields: dict[str, str] = {}
    for blank in kind.blanks:
        value = values.get(blank.name)
        if value is None:
            continue
        if blank.kind == INSTANT:
            at = datetime.fromisoformat(value).astimezone(zone)
            fields |= {f"f.{blank.name}_time": f"{at:%H:%M}", f"f.{blank.name}_day": at.date().isoformat()}
        else:
            fields[f"f.{blank.name}"] = YES_VALUE if blank.kind == YES else str(value)
    return fields


def has_any(form: Form, kind: RecordKind, *, besides: Iterable[str] = ()) -> bool:
    """Whether anything was filled in at all."""
    return any(form.get(field, "").strip() for blank in kind.blanks if blank.name not in besides
               for field in (f"f.{blank.name}", f"f.{blank.name}_time"))


def at_fields(told: Iterable[Complaint], kind: RecordKind, at: str = "f") -> list[Complaint]:
    """Complaints about blanks, moved to the fields of the page: `at` is what `_blanks.html` was given."""
    return [(f"{at}-{field}" if field and kind.blank(field) else field, said) for field, said in told]


def labels(kind: RecordKind, at: str = "f") -> dict[str, str]:
    """Field of the page → how it is called among the complaints."""
    return {f"{at}-{blank.name}": blank.title for blank in kind.blanks}


def _read(form: Form, blank: Blank, *, now: datetime, zone: ZoneInfo) -> Any:
    field = f"f.{blank.name}"
    if blank.kind == INSTANT:
        return _read_ahead(form, field, zone) if blank.name in MAY_BE_AHEAD else _read_past(form, field, now, zone)
    typed = form.get(field, "").strip()
    if not typed:
        return None
    if blank.kind == YES:
        return True
    return unicodedata.normalize("NFKC", typed) if blank.kind == NUMBER else typed


def _read_past(form: Form, field: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    entered = forms.read_instant(form, field, now=now, zone=zone)
    return entered.at if entered else None


def _read_ahead(form: Form, field: str, zone: ZoneInfo) -> datetime | None:
    """An instant that may lie ahead: the time of day is of the very day that was chosen."""
    typed = form.get(f"{field}_time", "").strip()
    if not typed:
        return None
    day = forms.day_of(form.get(f"{field}_day", ""))
    return datetime.combine(day, forms.time_of_day(typed), tzinfo=zone).astimezone(UTC)


def _compared(blank: Blank, form: Form) -> tuple[str, ...]:
    """The fields that tell whether a blank was changed; the day beside an empty time says nothing."""
    if blank.kind != INSTANT:
        return (f"f.{blank.name}",)
    time_field = f"f.{blank.name}_time"
    return (time_field, f"f.{blank.name}_day") if form.get(time_field, "").strip() else (time_field,)
