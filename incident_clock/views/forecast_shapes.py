"""The shapes of a forecast: calls to come with their people, reasons and repeats; and the same as JSON values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from incident_clock.engine.course import TOLD_ALREADY
from incident_clock.people.readiness import Lack
from incident_clock.protocol.ladder import PassedOver
from incident_clock.protocol.steps import ResponseProtocol, Step
from incident_clock.views.plain import instant
from incident_clock.views.shapes import Name


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person who will be told. `why`, `of`, `from_at`, `until_at` as of a `Holder`; `ways`: channel → masked
    address. `is_capped`: his number's day is used up, so that other channels carry it."""

    person: Name
    why: str
    of: Name | None
    from_at: datetime | None
    until_at: datetime | None
    ways: tuple[tuple[str, str], ...]
    is_capped: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """The same call once more, `every` so often. `is_endless`: until something is logged."""

    every: timedelta
    times: int
    first_at: datetime
    last_at: datetime
    is_endless: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One call to come. `planned_at` lies before `at` where it is caught up.

    `kind`: reminder, or stand_in for a leader (`in_place_of`) who does not answer; `outcome` of that is called,
    told_already or nobody. `told_rung` is the rung whose people hear of it, `skipped` the empty ones gone over.
    `paused` have acknowledged, until when; `capped` are left out for their number's day; `lacks`: roles nobody is
    reached in. `again`: repeats that go to the same people in the same way.
    """

    at: datetime
    planned_at: datetime
    kind: str
    step: Step
    due_at: datetime
    rung: int
    repeat: int
    told_rung: int
    reason: str
    recipients: tuple[Recipient, ...]
    skipped: tuple[int, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    paused: tuple[tuple[Name, datetime], ...] = ()
    capped: tuple[Name, ...] = ()
    lacks: tuple[Lack, ...] = ()
    in_place_of: Name | None = None
    outcome: str = ""
    again: tuple[Again, ...] = ()

    @property
    def is_news(self) -> bool:
        """Whether it says anything: a B角 who was called on this rung already is not called again."""
        return self.outcome != TOLD_ALREADY


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant: the steps whose due minute begins, and the calls that are made."""

    at: datetime
    due: tuple[Step, ...]
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to come from `seen_at` to `until`. `steps`: the open steps with their due instants. `uncounted`: how many
    other open incidents' text messages do not count towards a number's day here, because there are too many."""

    protocol: ResponseProtocol
    seen_at: datetime
    until: datetime
    steps: tuple[tuple[Step, datetime], ...]
    calls: tuple[Call, ...]
    uncounted: int = 0

    @property
    def moments(self) -> tuple[Moment, ...]:
        dues = {due for _, due in self.steps if self.seen_at <= due <= self.until}
        return tuple(Moment(at, tuple(step for step, due in self.steps if due == at),
                            tuple(call for call in self.calls if call.at == at))
                     for at in sorted(dues | {call.at for call in self.calls}))


def plain(forecast: Forecast, zone: ZoneInfo) -> dict[str, Any]:
    """A forecast without addresses; persons by key and name."""
    rule = forecast.protocol
    return {
        "protocol": {"key": rule.key, "version": rule.version, "hash": rule.content_hash()},
        "seen_at": instant(forecast.seen_at, zone), "until": instant(forecast.until, zone),
        "steps": [{"key": step.key, "title": step.title, "due_at": instant(due, zone)} for step, due in forecast.steps],
        "calls": [_call(call, zone) for call in forecast.calls],
    }


def _call(call: Call, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "at": instant(call.at, zone), "planned_at": instant(call.planned_at, zone), "kind": call.kind,
        "step": call.step.key, "rung": call.rung, "repeat": call.repeat, "told_rung": call.told_rung,
        "skipped": list(call.skipped), "reason": call.reason,
        "passed_over": [{"rung": over.rung, "first": over.first, "last": over.last} for over in call.passed_over],
        "people": [{
            "key": one.person.key, "name": one.person.name, "role": one.person.role, "why": one.why,
            "instead_of": one.of.key if one.of else None, "from_at": instant(one.from_at, zone),
            "until_at": instant(one.until_at, zone), "channels": [channel for channel, _ in one.ways],
            "is_capped": one.is_capped} for one in call.recipients],
        "paused": [{"key": name.key, "name": name.name, "until": instant(until, zone)} for name, until in call.paused],
        "capped": [name.key for name in call.capped],
        "lacks": [{"role": lack.role, "why": lack.why, "people": list(lack.people)} for lack in call.lacks],
        "in_place_of": call.in_place_of.key if call.in_place_of else None, "outcome": call.outcome or None,
        "again": [{"every_s": int(again.every.total_seconds()), "times": again.times,
                   "first_at": instant(again.first_at, zone), "last_at": instant(again.last_at, zone),
                   "is_endless": again.is_endless} for again in call.again],
    }
