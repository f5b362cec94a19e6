"""The rule: steps, their limits, and the ladder of each. Frozen values, written down and read back exactly.

A running incident keeps the rule it was registered under: `stamp` gives the text that is stored with it and
`content_hash` names that text. Reading the YAML file is `loading.py`.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

ROLES = ("duty_officer", "duty_chief", "duty_leader", "office", "publicity_chief", "reporter", "squad",
         "deputy", "head", "spokesman", "auditor", "admin")
EVIDENCE_KINDS = ("call", "document", "release", "press_conference", "note")
CLOCK_STARTS = ("received", "occurred", "registered")

AFTER, BEFORE_DUE, OVERDUE_BY = "after", "before_due", "overdue_by"
ANCHORS = (AFTER, BEFORE_DUE, OVERDUE_BY)


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
    """An obligation: `within` after T0 it must have been done."""

    key: str
    title: dict[str, str]
    within: timedelta
    evidence: str
    ladder: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class ResponseProtocol:
    """A whole rule, as one version of one file."""

    key: str
    version: str
    title: dict[str, str]
    source: str
    clock_starts_at: str
    steps: tuple[Step, ...]

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)

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
        return cls(steps=steps, **plain)


def _plain(protocol: ResponseProtocol) -> dict[str, Any]:
    return {
        "key": protocol.key, "version": protocol.version, "title": protocol.title, "source": protocol.source,
        "clock_starts_at": protocol.clock_starts_at,
        "steps": [{
            "key": step.key, "title": step.title, "within": _seconds(step.within), "evidence": step.evidence,
            "ladder": [{
                "anchor": rung.anchor, "offset": _seconds(rung.offset), "tell": list(rung.tell),
                "by": None if rung.by is None else list(rung.by),
                "repeats": [{"every": _seconds(r.every), "times": r.times} for r in rung.repeats],
                **({} if rung.answers is None else {"answers": rung.answers}),
            } for rung in step.ladder],
        } for step in protocol.steps],
    }


def _step(plain: dict[str, Any]) -> Step:
    return Step(
        key=plain["key"], title=plain["title"], within=timedelta(seconds=plain["within"]), evidence=plain["evidence"],
        ladder=tuple(Rung(
            number=number, anchor=rung["anchor"], offset=timedelta(seconds=rung["offset"]), tell=tuple(rung["tell"]),
            by=None if rung["by"] is None else tuple(rung["by"]),
            repeats=tuple(Repeat(every=timedelta(seconds=r["every"]), times=r["times"]) for r in rung["repeats"]),
            answers=rung.get("answers"),
        ) for number, rung in enumerate(plain["ladder"], start=1)),
    )


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
