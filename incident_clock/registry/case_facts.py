"""The facts of how steps are really closed: evidence, corrections, approvals, tasks. Those of the clock: `facts.py`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incident_clock.ledger.fact import Erasable, Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMade(Fact):
    """A form of the incident was filled in: a lead, a consultation, a call that reached nobody … (`records.py`).

    `fields` holds its values; `ordinal` counts those of one kind in the incident. `step`: the step it belongs to.
    """

    record: str
    ordinal: int
    step: str | None
    fields: dict[str, Any]
    reason: Erasable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(Fact):
    """An earlier entry was wrong: `corrects` is its sequence. That one stays, struck through.

    `times` and `values` hold what is changed of the registration or of a log (`done_at`), `fields` what is changed of
    a form or a text. `is_pending`: it helps the bureau, so that it holds only when a second person has confirmed it.
    """

    corrects: int
    step: str | None
    times: dict[str, datetime | None]
    values: dict[str, Any]
    fields: dict[str, Any]
    reason: Erasable
    is_pending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWaived(Fact):
    """Somebody with the power to do so has approved that a step is not carried out (免开); `happened_at`: when."""

    step: str
    approver: Erasable
    approver_unit: Erasable | None
    document: Erasable | None
    reason: Erasable
    evidence: Erasable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferOffered(Fact):
    """A step, and the open ones behind it, are offered to another unit. The clock runs on until it accepts."""

    step: str
    steps: list[str]
    to: Erasable
    approver: Erasable
    document: Erasable | None
    reason: Erasable


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAccepted(Fact):
    """The other unit has accepted (`happened_at`: when): these steps are its own from then on."""

    step: str
    offer: int
    steps: list[str]
    accepted_by: Erasable
    evidence: Erasable | None
    is_pending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRefused(Fact):
    """The other unit will not have it, or the offer was taken back: the steps stay here."""

    step: str
    offer: int
    refused_by: Erasable
    reason: Erasable


@dataclass(frozen=True, slots=True, kw_only=True)
class Regraded(Fact):
    """The grade, and with it perhaps the rule, has changed. T0 never moves (domain 2.5).

    `values` holds what is changed of the four scales; `protocol` the rule from then on, None: the same. `direction`:
    up, down or none. `is_pending`: a downgrade, which holds when it is approved.
    """

    values: dict[str, Any]
    protocol: dict[str, str] | None
    direction: str
    basis: Erasable
    is_pending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed(Fact):
    """A second person in another role bears out an entry; it holds from here on."""

    confirms: int
    note: Erasable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Fact):
    """A second person in another role does not bear out an entry."""

    rejects: int
    reason: Erasable


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondAsked(Fact):
    """Somebody else has to decide about an entry by an instant; whoever may is reminded until it is decided."""

    step: str
    about: int
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpOpened(Fact):
    """A recurring obligation has begun to run: the `ordinal`-th of its kind."""

    step: str
    follow_up: str
    ordinal: int
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSet(Fact):
    """Somebody has something to do by an instant: a leader's instruction (批示), a promise, a decision.

    `origin` says which, `about` is the entry it comes from. `owner` is the person's name, `owner_key` his key.
    """

    step: str
    ordinal: int
    origin: str
    about: int | None
    owner: Erasable
    owner_key: Erasable
    text: Erasable
    by: Erasable | None
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateAbsorbed(Fact):
    """Another registration of the same case was merged into this one, which has the earlier T0 from then on, for each
    open step the earlier of both deadlines (`dues`), and the higher grades (`values`: those that change)."""

    number: str
    clock_started_at: datetime
    received_at: datetime
    dues: dict[str, datetime]
    values: dict[str, Any]
    reason: Erasable


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedInto(Fact):
    """This registration repeats another one, which carries the case on; this one ends."""

    number: str
    reason: Erasable


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided(Fact):
    """This was no real case: it ends and counts nowhere, once a second person has confirmed it."""

    reason: Erasable
    is_pending: bool
