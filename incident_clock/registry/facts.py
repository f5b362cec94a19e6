"""The facts the ledger can hold, in the past tense. Facts go in; standing is computed from them.

What a fact is, and which of its fields are erasable: `ledger/fact.py`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from incident_clock.ledger.fact import Erasable, Fact


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
    warning_level: str | None = None
    response_level: str | None = None
    is_sensitive: bool = False
    secondary_categories: list[str] = field(default_factory=list)
    related_to: str | None = None
    relation: str | None = None
    title: Erasable
    place: Erasable | None
    source: Erasable | None
    first_learned_by: Erasable | None
    summary: Erasable | None
    unit: Erasable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RungRaised(Fact):
    """The engine called a rung. `passed_over` names the calls a gap swallowed; `unreachable` the roles it found
    nobody for.

    `told_rung` is the rung whose people are told and `skipped` the empty ones gone over for it; `because` says, for
    each of the `audience`, `{role, why, of}` (`people/duty.py`). `paused` have acknowledged and are left alone;
    `capped` have used up their number's day: they are told on another channel, or not at all. `unreachable` as the
    `reason`: no message to the rung below arrives on any way.
    """

    REASONS: ClassVar = ("on_time", "registered", "late_registration", "recovered", "reopened", "unreachable")

    step: str
    rung: int
    repeat: int
    due_at: datetime
    reason: str
    audience: list[Erasable]
    passed_over: list[dict[str, int]]
    unreachable: list[str]
    round: int = 0
    told_rung: int
    skipped: list[int]
    because: list[dict[str, Any]]
    paused: list[Erasable]
    capped: list[Erasable]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInCalled(Fact):
    """A leader did not answer in time: his B角 is told (`called`), was told already, or there is nobody.

    `unreachable`: his B角 is told because no message reaches him on any way. `passed_on`: he asked for it himself,
    `passed_to_nobody` in vain."""

    REASONS: ClassVar = ("called", "told_already", "nobody", "unreachable", "passed_on", "passed_to_nobody")

    step: str
    rung: int
    in_place_of: Erasable
    person: Erasable | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(Fact):
    """A person has received his calls on these rungs. `how`: page, link, phone (an officer rang him), reply, code (of
    the page for codes) or voice (a key pressed in a call).

    Repeats leave him out until `paused_until`. It is not a completion.
    """

    step: str
    rungs: list[int]
    person: Erasable
    how: str
    paused_until: datetime
    note: Erasable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfReported(Fact):
    """A person says by reply that the step is done and will be logged later. It completes nothing: repeats leave him
    out until `paused_until`, once."""

    step: str
    rungs: list[int]
    person: Erasable
    paused_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverDenied(Fact):
    """Somebody answers from the number of these people that he is not meant; the administrators are told."""

    people: list[Erasable]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCameIn(Fact):
    """A text that is no answer came from the number of these people while they were asked for one; word for word."""

    people: list[Erasable]
    text: Erasable


@dataclass(frozen=True, slots=True, kw_only=True)
class Resent(Fact):
    """A person had a message sent once more, as a new attempt on the same message."""

    step: str
    rung: int
    person: Erasable
    channels: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinePassed(Fact):
    """The due minute ended and nothing was logged. A lasting fact, whatever is entered later."""

    step: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLogged(Fact):
    """A step was done. `record`: the evidence of its kind, field by field (`records.py`); empty when only texts were
    given. `is_pending`: it helps the bureau, so that a second person is asked (domain 9.2)."""

    step: str
    done_at: datetime
    due_at: datetime
    late_minutes: int
    is_late_entry: bool
    is_pending: bool = False
    record: dict[str, Any] = field(default_factory=dict)
    report_to: Erasable | None
    evidence: Erasable | None
    note: Erasable | None
    reason: Erasable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogWithdrawn(Fact):
    """What ended a step was taken back: it is open again, the withdrawn entry stays."""

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
    """What became of one message: `accepted`, `failed` or `unknown`; later `delivered`, `undelivered` or `read`, as its
    provider reports. `code` is the provider's own."""

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
    gateway: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack(Fact):
    """A message did not surely arrive on `channel`: the same person is told on `to` beside it.

    `why`: refused, undelivered, silent (no receipt in time), unknown (the answer was lost), failing, gateway_down.
    """

    REASONS: ClassVar = ("refused", "undelivered", "silent", "unknown", "failing", "gateway_down")

    step: str
    rung: int
    repeat: int
    person: Erasable
    channel: str
    to: str
    why: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClosed(Fact):
    reason: Erasable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextsErased(Fact):
    """The erasable texts of all earlier entries were destroyed."""

    reason: Erasable


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAttached(Fact):
    """A file was kept as evidence for the entry `about` (None: for the incident). `supersedes` is the entry of the file
    it takes the place of, which stays. `media_type` by content, `size` in bytes. The hash outlives the file.
    """

    about: int | None
    name: Erasable
    media_type: str
    size: int
    sha256: str
    supersedes: int | None
