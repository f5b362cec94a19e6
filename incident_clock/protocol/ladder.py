"""Which rungs of a step are due, and what to raise: the escalation decided without a database.

A ladder is an ordered stream of occurrences (rung, repeat, instant). The only state is `next_rung_at`, the
instant of the first occurrence not yet dealt with. In the ordinary case all due occurrences stand at one
instant and all are raised. After a gap (engine down, late registration, a withdrawn log) several instants are
due: only the highest due rung is raised, once, to the union of its audience and of those passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from incident_clock.protocol.steps import Rung, Step


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One planned call of a rung. `repeat` 0 is the rung itself."""

    rung: int
    repeat: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Calls of one rung that a gap swallowed: repeats `first` to `last`, both included."""

    rung: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What to raise now, what was passed over, and when to look again (None: the ladder has ended)."""

    raised: tuple[Occurrence, ...]
    passed_over: tuple[PassedOver, ...]
    next_rung_at: datetime | None


def first_rung_at(step: Step, started: datetime) -> datetime | None:
    """The instant of the first rung of a ladder that starts at T0 = `started`."""
    return min((started + rung.from_start(step.within) for rung in step.ladder), default=None)


def decide(step: Step, *, started: datetime, next_rung_at: datetime, now: datetime) -> Decision:
    """What is due in [next_rung_at, now] and what to do about it. A clock set back raises nothing a second time."""
    if now < next_rung_at:
        return Decision((), (), next_rung_at)
    spans = []
    upcoming: list[datetime] = []
    for rung in step.ladder:
        base = started + rung.from_start(step.within)
        span = _span(rung, base, since=next_rung_at, until=now)
        if span is not None:
            spans.append((rung, *span))
        after = _first_after(rung, base, now)
        if after is not None:
            upcoming.append(after)
    coming = min(upcoming, default=None)
    if not spans:
        return Decision((), (), coming)
    instants = {occurrence.at for _, first, last in spans for occurrence in (first, last)}
    if len(instants) == 1:
        return Decision(tuple(first for _, first, _ in spans), (), coming)
    _, highest_first, highest = spans[-1]
    passed = [PassedOver(first.rung, first.repeat, last.repeat) for _, first, last in spans[:-1]]
    if highest_first.repeat < highest.repeat:
        passed.append(PassedOver(highest.rung, highest_first.repeat, highest.repeat - 1))
    return Decision((highest,), tuple(passed), coming)


def occurrences(rung: Rung, base: datetime) -> Iterator[Occurrence]:
    """The calls of one rung in order, without end where its last repeat has none."""
    number, at = 0, base
    yield Occurrence(rung.number, number, at)
    for repeat in rung.repeats:
        done = 0
        while repeat.times is None or done < repeat.times:
            number, at, done = number + 1, at + repeat.every, done + 1
            yield Occurrence(rung.number, number, at)


def audience(step: Step, decision: Decision) -> dict[str, tuple[str, ...] | None]:
    """Role → channels (None: every channel) of all who must hear of `decision`, passed-over rungs included."""
    told: dict[str, tuple[str, ...] | None] = {}
    numbers = {o.rung for o in decision.raised} | {p.rung for p in decision.passed_over}
    for rung in step.ladder:
        if rung.number not in numbers:
            continue
        for role in rung.tell:
            before = told.get(role, ())
            told[role] = None if rung.by is None or before is None else tuple(dict.fromkeys((*before, *rung.by)))
    return told


def _segments(rung: Rung, base: datetime) -> Iterator[tuple[int, datetime, timedelta, int | None]]:
    """Arithmetic runs of a rung: (number of the first call, its instant, pause, how many calls; None: endless)."""
    yield 0, base, timedelta(0), 1
    number, at = 1, base
    for repeat in rung.repeats:
        yield number, at + repeat.every, repeat.every, repeat.times
        if repeat.times is None:
            return
        number, at = number + repeat.times, at + repeat.every * repeat.times


def _span(rung: Rung, base: datetime, *, since: datetime, until: datetime) -> tuple[Occurrence, Occurrence] | None:
    """First and last call of a rung within [since, until], by arithmetic: a year of silence costs no loop."""
    first: Occurrence | None = None
    last: Occurrence | None = None
    for number, at, every, count in _segments(rung, base):
        if at > until:
            break
        low = 0 if at >= since or not every else -((at - since) // every)
        high = (until - at) // every if every else 0
        if count is not None:
            high = min(high, count - 1)
        if low > high or at + every * low < since:
            continue
        if first is None:
            first = Occurrence(rung.number, number + low, at + every * low)
        last = Occurrence(rung.number, number + high, at + every * high)
    return None if first is None or last is None else (first, last)


def _first_after(rung: Rung, base: datetime, instant: datetime) -> datetime | None:
    for _, at, every, count in _segments(rung, base):
        if at > instant:
            return at
        if every:
            index = (instant - at) // every + 1
            if count is None or index < count:
                return at + every * index
    return None
