"""From what people type about the directory to drafts and spans, and back. Pure: nothing here knows Flask.

An edit form carries the draft it was filled with in a hidden field, so that two editors at once do not overwrite each
other: what the second one did not touch follows the first, and what he typed stays.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from incident_clock.errors import Conflict, Invalid
from incident_clock.people.cards import MOBILE
from incident_clock.people.contacts import MOST_CONTACTS, Address, tidied
from incident_clock.people.directory import PersonDraft
from incident_clock.people.outside import OutsideDraft
from incident_clock.people.units import UnitDraft
from incident_clock.phrases import CHINESE, N_
from incident_clock.protocol.steps import ROLES
from incident_clock.web.forms import time_of_day
from incident_clock.web.roster_forms import read_day

BLANK_ROWS = 2  # rows for new contacts on a form
SEEN = "seen"

Draft = TypeVar("Draft", PersonDraft, UnitDraft, OutsideDraft)
Form = Mapping[str, str]


def person_of(form: Form) -> PersonDraft:
    """The person as typed; numbers are put right where that is certain."""
    ticked = [role for role in ROLES if form.get(f"role.{role}")]
    first = form.get("main_role", "")
    return PersonDraft(name=form.get("name", ""), unit=form.get("unit", ""),
                       roles=tuple(dict.fromkeys([first, *ticked] if first else ticked)),
                       contacts=tuple(contact_rows(form)), stand_in=form.get("stand_in") or None,
                       language=form.get("language", CHINESE))


def contact_rows(form: Form) -> list[Address]:
    """The rows of contacts as typed, in the order their numbers say, rows without an address left out."""
    rows = []
    for row in range(1, MOST_CONTACTS + 1):
        typed = form.get(f"contact_{row}", "")
        if typed.strip():
            kind, place = form.get(f"contact_{row}_kind", MOBILE), form.get(f"contact_{row}_place", "")
            rows.append((int(place) if place.isdecimal() and len(place) < 3 else row, row, (kind, tidied(kind, typed))))
    return [address for _, _, address in sorted(rows, key=lambda one: one[:2])]


def unit_of(form: Form) -> UnitDraft:
    return UnitDraft(name=form.get("name", ""), short_name=form.get("short_name") or None,
                     parent=form.get("parent") or None, reporter=form.get("reporter") or None,
                     second_reporter=form.get("second_reporter") or None)


def outside_of(form: Form) -> OutsideDraft:
    return OutsideDraft(name=form.get("name", ""), phone=form.get("phone") or None, email=form.get("email") or None,
                        note=form.get("note", ""))


def span_of(form: Form, *, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The span of `from_day`, `from_time`, `until_day`, `until_time`; without times whole days. Raises Invalid."""
    today = now.astimezone(zone).date()
    first = read_day(form.get("from_day", ""), today=today, field="from_at")
    last = read_day(form.get("until_day", ""), today=today, field="until_at")
    since, until = _clock(form, "from_time", "from_at"), _clock(form, "until_time", "until_at")
    if until is None:
        last, until = last + timedelta(days=1), time()
    return (datetime.combine(first, since or time(), zone).astimezone(UTC),
            datetime.combine(last, until, zone).astimezone(UTC))


def values_of(draft: PersonDraft | UnitDraft | OutsideDraft) -> dict[str, str]:
    """The fields of the form that say this draft."""
    values = {name: value for name, value in asdict(draft).items() if isinstance(value, str)}
    if isinstance(draft, PersonDraft):
        values |= {f"role.{role}": "1" for role in draft.roles} | {"main_role": draft.roles[0] if draft.roles else ""}
        values |= contact_values(draft.contacts)
    return values


def contact_values(contacts: tuple[Address, ...] | list[Address]) -> dict[str, str]:
    values: dict[str, str] = {}
    for row, (kind, address) in enumerate(contacts[:MOST_CONTACTS], start=1):
        values |= {f"contact_{row}": address, f"contact_{row}_kind": kind}
    return values


def person_again(form: Form) -> dict[str, str]:
    """What was typed, to be mended, the contacts in the order their numbers said: complaints count them so."""
    others = {name: value for name, value in form.items() if not name.startswith("contact_")}
    return {**others, **contact_values(contact_rows(form))}


def rows_shown(values: Form) -> range:
    """The rows of contacts a form shows: those that are filled, and some for more."""
    filled = max((row for row in range(1, MOST_CONTACTS + 1) if values.get(f"contact_{row}")), default=0)
    return range(1, min(filled + BLANK_ROWS, MOST_CONTACTS) + 1)


def written(draft: PersonDraft | UnitDraft | OutsideDraft) -> str:
    """A draft for the hidden field."""
    return json.dumps(asdict(draft), ensure_ascii=False, separators=(",", ":"))


def seen_in(form: Form, kind: type[Draft]) -> Draft:
    """The draft the form was filled with. Raises Conflict when somebody has meddled with it."""
    try:
        found = json.loads(form.get(SEEN, ""))
        return kind(**{name: _in_tuples(value) for name, value in found.items()})
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Conflict(N_("这一页看不出是哪一版，没有保存。请重新打开再改")) from None


def merged(typed: Draft, seen: Draft, current: Draft) -> Draft:
    """What was typed, and where nothing was touched what stands there now."""
    untouched = {field.name: getattr(current, field.name) for field in fields(typed)
                 if getattr(typed, field.name) == getattr(seen, field.name)}
    return replace(typed, **untouched)


def _clock(form: Form, name: str, field: str) -> time | None:
    typed = form.get(name, "").strip()
    if not typed:
        return None
    try:
        return time_of_day(typed)
    except Invalid as refusal:
        raise Invalid(refusal.phrase, field=field, **refusal.params) from None


def _in_tuples(value: Any) -> Any:
    return tuple(_in_tuples(inner) for inner in value) if isinstance(value, list) else value
