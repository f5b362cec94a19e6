"""The shapes of who was called, and of the messages that told him: frozen values that pages, API and commands print."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from incident_clock.people.cards import PersonCard
from incident_clock.views.shapes import Name


@dataclass(frozen=True, slots=True)
class CallView:
    """One person called on one rung (叫应), in the role he was called in. `answered_how`: as in `registry/calls.py`.

    `in_place_of`: the A角 he was called for. `is_outstanding`: no answer yet, or its pause has run out.
    `can_resend_at`: None while a message of the call is still under way.
    """

    person: Name
    rung: int
    told_at: datetime
    last_told_at: datetime
    answered_at: datetime | None
    answered_how: str | None
    paused_until: datetime | None
    is_outstanding: bool
    in_place_of: Name | None
    can_resend_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepCalls:
    """Who was called on one open step. `lacking`: rung → how many answers it still asks for."""

    step: str
    title: dict[str, str]
    calls: tuple[CallView, ...]
    lacking: dict[int, int]

    @property
    def outstanding(self) -> tuple[CallView, ...]:
        return tuple(call for call in self.calls if call.is_outstanding)


@dataclass(frozen=True, slots=True)
class MailedCall:
    """What the one-time link of a mail is about. `person` None: he may not answer any more. `is_wanted`: an answer to
    this very message is. `answered_at`, `paused_until`: his last answer on this step."""

    number: str
    is_drill: bool
    step: str
    title: dict[str, str]
    due_at: datetime
    is_settled: bool
    is_closed: bool
    is_erased: bool
    person: PersonCard | None
    is_wanted: bool
    answered_at: datetime | None
    paused_until: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptView:
    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message. `address` is masked. `state`: queued, sending, accepted, delivered, failed, unknown, withdrawn."""

    id: int
    incident_id: int | None
    incident_number: str | None  # None: a notice that belongs to no incident
    kind: str
    step: str
    step_title: dict[str, str]
    rung: int
    repeat: int
    person: str
    person_name: str
    person_role: str
    channel: str
    address: str
    state: str
    reason: str
    state_reason: str
    due_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    next_try_at: datetime | None
    reference: str
    may_be_copy: bool
    text: str  # as it was said last, or as it would be said now
    attempts: tuple[AttemptView, ...] = ()
    skipped_rung: int = 0
    round: int = 0  # how often the step's ladder had begun anew
    because: dict[str, Any] = field(default_factory=dict)
    segments: int = 1  # how many SMS it is billed as
    is_drill: bool = False
