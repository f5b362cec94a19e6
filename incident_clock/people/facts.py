"""The facts of the administrative ledger: who changed the directory or the roster, in the past tense.

Keys, names, numbers and reasons are erasable; roles, instants and counts are not personal and stand in the chain.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incident_clock.ledger.fact import Erasable, Fact

ADDED, ALTERED, RETIRED, RESTORED = "added", "altered", "retired", "restored"
OUTGOING, INCOMING = "outgoing", "incoming"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryImported(Fact):
    """A people file became the directory."""

    source: Erasable
    is_example: bool
    units: int
    people: int
    added: list[Erasable]
    changed: list[Erasable]
    retired: list[Erasable]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged(Fact):
    """`changes`: field → {before, after}, both erasable texts or None."""

    person: Erasable
    name: Erasable
    change: str
    changes: dict[str, dict[str, Erasable | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChanged(Fact):
    unit: Erasable
    name: Erasable
    change: str
    changes: dict[str, dict[str, Erasable | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsidePartyChanged(Fact):
    party: Erasable
    name: Erasable
    change: str
    changes: dict[str, dict[str, Erasable | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveEntered(Fact):
    """`acting` takes the place of `person` from `from_at` to `until_at`; None: his stand-in does."""

    leave: int
    person: Erasable
    acting: Erasable | None
    from_at: datetime
    until_at: datetime
    reason: Erasable


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveRemoved(Fact):
    leave: int
    person: Erasable


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterImported(Fact):
    """A sheet became the roster of `roles` from `from_at` to `until_at`. `sha256` is of the file's bytes."""

    source: Erasable
    sha256: str
    roles: list[str]
    from_at: datetime
    until_at: datetime
    shifts: int
    replaced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPlanned(Fact):
    """Shifts were laid out in turn, rest days by their own list."""

    role: str
    from_at: datetime
    until_at: datetime
    workday_turn: list[Erasable]
    restday_turn: list[Erasable]
    shifts: int
    replaced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftAdded(Fact):
    shift: int
    role: str
    person: Erasable
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRemoved(Fact):
    shift: int
    role: str
    person: Erasable
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverEntered(Fact):
    """`person` does the duty of `instead_of`; `swap` names the other half of a 调班."""

    cover: int
    role: str
    person: Erasable
    instead_of: Erasable
    from_at: datetime
    until_at: datetime
    reason: Erasable
    swap: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverRemoved(Fact):
    cover: int
    role: str
    person: Erasable
    instead_of: Erasable


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverSigned(Fact):
    """One side signed a hand-over. `open_clocks`: `[{incident, step, due_at}]` as it was shown to him."""

    handover: int
    side: str
    person: Erasable
    open_clocks: list[dict[str, Any]]
    note: Erasable


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessGiven(Fact):
    """A new key to the house: `what` is link, password, token or calendar. Never the key itself."""

    what: str
    person: Erasable
    role: str | None
