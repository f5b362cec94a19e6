"""The rule: steps, their limits, and the ladder of each. Frozen values, written down and read back exactly.

A running incident keeps the rule it was registered under: `stamp` gives the text that is stored with it and
`content_hash` names that text. Reading the YAML file is `loading.py`.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

ROLES = ("duty_officer", "duty_chief", "duty_leader", "office", "publicity_chief", "reporter", "squad",
         "deputy", "head", "spokesman", "auditor", "admin")
PERSON = "person:"  # in place of a role: one person, `person:zhou`, or whoever stands for him
EVIDENCE_KINDS = ("call", "document", "release", "press_conference", "note")
CLOCK_STARTS = ("received", "occurred", "registered")

AFTER, BEFORE_DUE, OVERDUE_BY = "after", "before_due", "overdue_by"
ANCHORS = (AFTER, BEFORE_DUE, OVERDUE_BY)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Repeat:
    """After the rung itself: again `every` so often, `times` times; None never ends."""

    every: timedelta
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of a ladder. `number` counts from 1 in the order of the instants.

    `anchor` says what `offset` counts from: T0 (after), back from the due instant (before_due), or past it
    (overdue_by). `by` None means every enabled channel the person has an address for. `answers`: how many of those
    told must acknowledge before it counts as answered: `all` (None: the same), `any`, or a number.
    """

    number: int
    anchor: str
    offset: timedelta
    tell: tuple[str, ...]
    by: tuple[str, ...] | None = None
    repeats: tuple[Repeat, ...] = ()
    answers: str | int | None = None

    def from_start(self, within: timedelta) -> timedelta:
        """How long after T0 this rung stands, for a step with the limit `within`."""
        if self.anchor == AFTER:
            return self.offset
        return within - self.offset if self.anchor == BEFORE_DUE else within + self.offset


@dataclass(frozen=True, slots=True)
class Step:
    """An obligation: `within` after T0 it must have been done. `required` names who must each have been reached before
    a call completes it, `also` who is to hear of it besides (none named: anybody completes it)."""

    key: str
    title: dict[str, str]
    within: timedelta
    evidence: str
    ladder: tuple[Rung, ...]
    required: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An obligation that comes again: a step opened anew each time, numbered from 1, chased by the same ladder code.

    Exactly one of: `daily_at` (times of day, the first one behind the due instant of the step `since`), `every` (so
    long after the step `since` was done, then after each time), `after_close` (once, so long after the closing).
    """

    key: str
    title: dict[str, str]
    evidence: str
    ladder: tuple[Rung, ...]
    since: str | None = None
    daily_at: tuple[time, ...] = ()
    every: timedelta | None = None
    after_close: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ResponseProtocol:
    """A whole rule, as one version of one file."""

    key: str
    version: str
    title: dict[str, str]
    source: str
    clock_starts_at: str
    steps: tuple[Step, ...]
    follow_ups: tuple[FollowUp, ...] = ()

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)

    @property
    def chased(self) -> tuple[Step, ...]:
        """Everything this rule calls people about: its steps, then its follow-ups, each as one time of it."""
        return (*self.steps, *(Step(each.key, each.title, each.every or each.after_close or DAY, each.evidence,
                                    each.ladder) for each in self.follow_ups))

    def stamp(self) -> str:
        """The rule as one line of JSON: equal rules give equal bytes. Durations are whole seconds."""
        return json.dumps(_plain(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def content_hash(self) -> str:
        """SHA-256 of the stamp, hexadecimal."""
        return hashlib.sha256(self.stamp().encode()).hexdigest()

    @classmethod
    def from_stamp(cls, stamp: str) -> "ResponseProtocol":
        """The inverse of `stamp`."""
        plain = json.loads(stamp)
        steps = tuple(_step(step) for step in plain.pop("steps"))
        follow_ups = tuple(_follow_up(each) for each in plain.pop("follow_ups", ()))
        return cls(steps=steps, follow_ups=follow_ups, **plain)


def _plain(protocol: ResponseProtocol) -> dict[str, Any]:
    """What was added to the format later stands there only where it is used: older stamps keep their hashes."""
    return {
        "key": protocol.key, "version": protocol.version, "title": protocol.title, "source": protocol.source,
        "clock_starts_at": protocol.clock_starts_at,
        "steps": [{
            "key": step.key, "title": step.title, "within": _seconds(step.within), "evidence": step.evidence,
            "ladder": _plain_ladder(step.ladder),
            **({"required": list(step.required)} if step.required else {}),
            **({"also": list(step.also)} if step.also else {}),
        } for step in protocol.steps],
        **({"follow_ups": [_plain_follow_up(each) for each in protocol.follow_ups]} if protocol.follow_ups else {}),
    }


def _plain_ladder(ladder: tuple[Rung, ...]) -> list[dict[str, Any]]:
    return [{
        "anchor": rung.anchor, "offset": _seconds(rung.offset), "tell": list(rung.tell),
        "by": None if rung.by is None else list(rung.by),
        "repeats": [{"every": _seconds(r.every), "times": r.times} for r in rung.repeats],
        **({} if rung.answers is None else {"answers": rung.answers}),
    } for rung in ladder]


def _plain_follow_up(each: FollowUp) -> dict[str, Any]:
    return {"key": each.key, "title": each.title, "evidence": each.evidence, "ladder": _plain_ladder(each.ladder),
            "since": each.since, "daily_at": [at.isoformat("minutes") for at in each.daily_at],
            "every": None if each.every is None else _seconds(each.every),
            "after_close": None if each.after_close is None else _seconds(each.after_close)}


def _step(plain: dict[str, Any]) -> Step:
    return Step(
        key=plain["key"], title=plain["title"], within=timedelta(seconds=plain["within"]), evidence=plain["evidence"],
        ladder=_ladder(plain["ladder"]), required=tuple(plain.get("required", ())), also=tuple(plain.get("also", ())))


def _follow_up(plain: dict[str, Any]) -> FollowUp:
    every, after_close = plain["every"], plain["after_close"]
    return FollowUp(
        key=plain["key"], title=plain["title"], evidence=plain["evidence"], ladder=_ladder(plain["ladder"]),
        since=plain["since"], daily_at=tuple(time.fromisoformat(at) for at in plain["daily_at"]),
        every=None if every is None else timedelta(seconds=every),
        after_close=None if after_close is None else timedelta(seconds=after_close))


def _ladder(plain: list[dict[str, Any]]) -> tuple[Rung, ...]:
    return tuple(Rung(
        number=number, anchor=rung["anchor"], offset=timedelta(seconds=rung["offset"]), tell=tuple(rung["tell"]),
        by=None if rung["by"] is None else tuple(rung["by"]),
        repeats=tuple(Repeat(every=timedelta(seconds=r["every"]), times=r["times"]) for r in rung["repeats"]),
        answers=rung.get("answers"),
    ) for number, rung in enumerate(plain, start=1))


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
