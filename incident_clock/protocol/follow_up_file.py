"""The part of a protocol file that says what comes again: `follow_ups`, each with its rhythm and its ladder."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

from incident_clock.protocol.durations import read_duration
from incident_clock.protocol.steps import AFTER, EVIDENCE_KINDS, FollowUp, Rung, Step
from incident_clock.protocol.yaml_tree import Place

KEY = "[a-z][a-z_]*"  # the number of the time is put behind it: `progress_report-2`
LONGEST_KEY, LONGEST_TITLE = 40, 60  # characters
RHYTHMS = ("daily_at", "every", "after_close")
NOMINAL = timedelta(days=366)  # only to put the rungs in order: how long one runs is not known yet

EXAMPLE = "`- {key: progress_report, title: {…}, daily_at: [08:00, 17:00], since: detailed_report, ladder: […]}`"
EXAMPLE_TIMES = '["08:00", "17:00"]'
EXAMPLE_LADDER = "`- {before_due: 30m, tell: [duty_chief]}`"


def read_follow_ups(place: Place, steps: tuple[Step, ...], rung: Callable[[Place], Rung]) -> tuple[FollowUp, ...]:
    """What stands there, with empty values where it was complained about. `rung` reads one line of a ladder."""
    if place.is_absent:
        return ()
    keys, found = [step.key for step in steps], list[FollowUp]()
    for item in place.items(example=EXAMPLE):
        fields = item.fields(required=("key", "title", "ladder"), optional=("evidence", "since", *RHYTHMS))
        key = fields["key"].text(longest=LONGEST_KEY, pattern=KEY, example="progress_report")
        if key in keys or key in [one.key for one in found]:
            fields["key"].complain(f"{key} is in use already; choose another one")
        rhythms = [name for name in RHYTHMS if not fields[name].is_absent]
        if len(rhythms) != 1 and item.is_mapping:
            item.complain(f"has {' and '.join(rhythms) or 'no rhythm'}; write exactly one of {', '.join(RHYTHMS)}")
        since = None if fields["since"].is_absent else fields["since"].choice(keys, noun="step")
        if rhythms != ["after_close"] and fields["since"].is_absent and item.is_mapping:
            item.complain("does not say which step it follows; write `since` with the key of a step")
        found.append(FollowUp(
            key=key, title=read_title(fields["title"]),
            evidence=fields["evidence"].choice(EVIDENCE_KINDS, noun="kind of evidence") or "note",
            ladder=_ladder(fields["ladder"], rung), since=since, daily_at=_times(fields["daily_at"]),
            every=read_duration(fields["every"]), after_close=read_duration(fields["after_close"])))
    return tuple(found)


def read_title(place: Place) -> dict[str, str]:
    """A name in both languages."""
    fields = place.fields(required=("zh", "en"))
    return {"zh": fields["zh"].text(longest=LONGEST_TITLE, example="电话上报"),
            "en": fields["en"].text(longest=LONGEST_TITLE, example="Phone report")}


def _ladder(place: Place, rung: Callable[[Place], Rung]) -> tuple[Rung, ...]:
    rungs = []
    for item in place.items(example=EXAMPLE_LADDER):
        one = rung(item)
        if one.anchor == AFTER and item.is_mapping:
            item.complain("counts from the beginning, which a follow-up has none of; write before_due or overdue_by")
        rungs.append(one)
    rungs.sort(key=lambda one: one.from_start(NOMINAL))
    return tuple(replace(one, number=number) for number, one in enumerate(rungs, start=1))


def _times(place: Place) -> tuple[time, ...]:
    if place.is_absent:
        return ()
    times = []
    for item in place.items(example=EXAMPLE_TIMES):
        written = item.scalar()
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", written):
            item.complain(f"is {item.quoted()}; write a time of day in quotes, like \"08:00\"")
            continue
        times.append(time.fromisoformat(written))
    return tuple(sorted(set(times)))
