"""The facts the ledger can hold, in the past tense. Facts go in; standing is computed from them.

Fields typed `Erasable` are free text, names or numbers: the chain sees only their salted hash. Everything else
is part of the canonical bytes and must never carry personal data.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar

from incident_clock.phrases import N_


class Erasable(str):
    """A text that can be destroyed later without breaking the chain (retention rules, domain 9.4)."""

    __slots__ = ()


def erasable(text: str | None) -> Erasable | None:
    return None if text is None else Erasable(text)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person, a token's label, or the engine. `key` is stable, `name` is what is printed."""

    name: str
    role: str
    key: str


ENGINE = Actor(name=N_("催办引擎"), role="engine", key="engine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened. `happened_at` is when; the ledger adds when it was written down."""

    happened_at: datetime

    @property
    def kind(self) -> str:
        return type(self).__name__

    def body(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "happened_at"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRegistered(Fact):
    number: str
    is_drill: bool
    protocol: dict[str, str]  # key, version, hash
    clock_started_at: datetime
    received_at: datetime
    registered_at: datetime
    occurred_at: datetime | None
    first_online_at: datetime | None
    category: str | None
    event_grade: str | None
    opinion_grade: str | None
    title: Erasable
    place: Erasable | None
    source: Erasable | None
    first_learned_by: Erasable | None
    summary: Erasable | None
    unit: Erasable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RungRaised(Fact):
    """The engine called a rung. `passed_over` names the calls a gap swallowed; `unreachable` the roles it found
    nobody for."""

    REASONS: ClassVar = ("on_time", "registered", "late_registration", "recovered", "reopened")

    step: str
    rung: int
    repeat: int
    due_at: datetime
    reason: str
    audience: list[Erasable]
    passed_over: list[dict[str, int]]
    unreachable: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinePassed(Fact):
    """The due minute ended and nothing was logged. A lasting fact, whatever is entered later."""

    step: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLogged(Fact):
    step: str
    done_at: datetime
    due_at: datetime
    late_minutes: int
    is_late_entry: bool
    report_to: Erasable | None
    evidence: Erasable | None
    note: Erasable | None
    reason: Erasable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogWithdrawn(Fact):
    """A log was taken back: the step is open again, the withdrawn entry stays."""

    step: str
    withdraws: int
    reason: Erasable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceTold(Fact):
    """Those who were chased are told the outcome: `news` is `all_clear` or `reopened`."""

    step: str
    news: str
    audience: list[Erasable]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSettled(Fact):
    """What became of one message: `accepted`, `failed` or `unknown`."""

    message: str  # kind of message: reminder, all_clear, reopened
    step: str
    rung: int
    repeat: int
    person: Erasable
    channel: str
    outcome: str
    attempt: int
    reference: str
    may_be_copy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClosed(Fact):
    reason: Erasable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextsErased(Fact):
    """The erasable texts of all earlier entries were destroyed."""

    reason: Erasable
