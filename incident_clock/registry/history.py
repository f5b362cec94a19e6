"""What the ledger comes to: one incident and its obligations as they stand. Pure; `retelling.py` goes through the
entries. Every row of `incident` and `deadline` that a person can read follows from here: `case.py` writes them,
`projections.py` compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from incident_clock.protocol.standing import PENDING
from incident_clock.protocol.steps import ResponseProtocol

STEP, FOLLOW_UP, TASK, CHECK = "step", "follow_up", "task", "check"  # kinds of obligation
DONE, WAIVED, TRANSFERRED, NOT_APPLICABLE = "done", "waived", "transferred", "not_applicable"  # how one ended
CLOSED, VOIDED, MERGED = "closed", "voided", "merged"  # how an incident ended
UP, DOWN, LEVEL = "up", "down", "none"  # directions of a re-grading

DECIDABLE = ("StepLogged", "TransferAccepted")  # what a second person may still bear out when the incident has ended
TIMES = ("received_at", "occurred_at", "first_online_at", "registered_at")
VALUES = ("number", "is_drill", "category", "event_grade", "opinion_grade", "warning_level", "response_level",
          "is_sensitive", "secondary_categories", "related_to", "relation")
TEXTS = ("title", "place", "source", "first_learned_by", "summary", "unit")

Entry = dict[str, Any]  # as `ledger.chain.plain` gives it


@dataclass(slots=True)
class Obligation:
    """A step, follow-up, task or check as it stands; the fields are those of `tables.Deadline`. `former_at`: when
    it counted when its log was last taken back. `follow_up`: the key in the rule. The ordinal of a CHECK is the
    sequence of the entry that somebody has to decide about."""

    step: str
    kind: str
    position: int
    started_at: datetime
    due_at: datetime
    ordinal: int = 1
    follow_up: str | None = None
    rule: str | None = None
    title: str | None = None
    owner: str | None = None
    first_due_at: datetime | None = None
    passed_at: datetime | None = None
    reopened_at: datetime | None = None
    settled_at: datetime | None = None
    settled_sequence: int | None = None
    ended: str | None = None
    done_at: datetime | None = None
    checked: str | None = None
    counted_at: datetime | None = None
    former_at: datetime | None = None
    round: int = 0

    @property
    def is_open(self) -> bool:
        return self.settled_at is None

    @property
    def counts_at(self) -> datetime | None:
        """The instant its end counts with, whatever it claims."""
        if self.counted_at is not None or self.checked != PENDING:
            return self.counted_at or self.done_at
        return self.former_at or self.settled_at

    def move_to(self, due: datetime) -> None:
        """Another due instant; its ladder moves with it. That the old one passed says nothing about the new one."""
        if due != self.due_at:
            self.started_at, self.due_at, self.passed_at = self.started_at + (due - self.due_at), due, None

    def begin_anew(self, *, within: timedelta, due: datetime) -> None:
        """A ladder of another limit, or the same once more from its beginning."""
        self.move_to(due)
        self.started_at, self.round = due - within, self.round + 1

    def end(self, how: str, *, done_at: datetime, settled_at: datetime, sequence: int) -> None:
        self.ended, self.done_at, self.settled_at, self.settled_sequence = how, done_at, settled_at, sequence
        self.checked = self.counted_at = None

    def reopen(self, at: datetime) -> None:
        if self.ended == DONE:
            self.former_at = self.counts_at
        self.settled_at = self.settled_sequence = self.ended = self.done_at = self.checked = self.counted_at = None
        self.reopened_at = at


@dataclass(slots=True)
class History:
    """One incident as its ledger has it. `rules`: content hash → rule, of all it ever stood under.

    `pending`: sequence → entry that waits for a second person. `bodies`: sequence → what a log or a form says with its
    corrections. `struck`: sequence → the later entry that took its place or took it back. `former`: sequence of a
    correction → what it changes, as it stood until then.
    """

    rules: Mapping[str, ResponseProtocol]
    size: int = 0
    times: dict[str, datetime | None] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str | None] = field(default_factory=dict)
    clock_started_at: datetime | None = None
    absorbed_at: datetime | None = None  # the earliest T0 of a duplicate
    clock_starts_at: str = ""
    protocol: str = ""
    steps: dict[str, Obligation] = field(default_factory=dict)
    pending: dict[int, Entry] = field(default_factory=dict)
    offers: dict[int, Entry] = field(default_factory=dict)  # transfers nobody has answered yet
    bodies: dict[int, dict[str, Any]] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)
    struck: dict[int, int] = field(default_factory=dict)
    former: dict[int, dict[str, Any]] = field(default_factory=dict)
    roots: dict[int, int] = field(default_factory=dict)  # correction → the entry that was wrong in the first place
    counts: dict[str, int] = field(default_factory=dict)  # kind of form, or task → how many there are
    graded: dict[str, str] = field(default_factory=dict)  # scale → the last grade there ever was
    ended_as: str | None = None
    closed_at: datetime | None = None

    @property
    def rule(self) -> ResponseProtocol:
        return self.rules[self.protocol]

    def open_steps(self) -> list[Obligation]:
        """The steps of the rule that are still open, in order."""
        return [one for one in self.steps.values() if one.is_open and one.kind == STEP]

    def evidence(self, step: str) -> str:
        """The kind of evidence a step, follow-up or task is logged with."""
        one = self.steps[step]
        rule = self.rules[one.rule or self.protocol]
        found = rule.step(step) or next((each for each in rule.follow_ups if each.key == one.follow_up), None)
        return found.evidence if found else "note"

    def root(self, sequence: int) -> int:
        """The entry a correction is about in the end; any other entry is its own."""
        return self.roots.get(sequence, sequence)

    def started(self, changed: Mapping[str, datetime | None] | None = None) -> datetime:
        """T0 by the rule it was registered under; where that counts from an unknown occurrence, the receipt. `changed`:
        what it would be with other times."""
        times = {**self.times, **(changed or {})}
        at = times["registered_at"] if self.clock_starts_at == "registered" else \
            (times["occurred_at"] if self.clock_starts_at == "occurred" else None) or times["received_at"]
        assert at is not None
        return min(at, self.absorbed_at or at)

    def set_clock(self) -> None:
        """Count every step from T0 anew. One that an upgrade re-opened keeps the time it was given."""
        before, now = self.clock_started_at, self.started()
        self.clock_started_at = now
        for one in self.steps.values():
            if before is None or one.kind != STEP:
                continue
            if one.first_due_at is None:
                one.move_to(one.due_at + (now - before))
            else:
                one.first_due_at += now - before

    def note_grades(self) -> None:
        """Remember the grades there are: what is graded again is measured by the last one."""
        self.graded |= {name: self.values[name] for name in ("event_grade", "opinion_grade") if self.values.get(name)}

    def stop(self, how: str, at: datetime, sequence: int) -> None:
        """The incident ends without having been dealt with to its end: nothing of it is asked for any more."""
        self.ended_as, self.closed_at = how, at
        self.pending = {sequence: entry for sequence, entry in self.pending.items() if entry["kind"] in DECIDABLE}
        for one in self.steps.values():
            if one.is_open and one.kind != CHECK:  # those end with their entry
                one.end(NOT_APPLICABLE, done_at=at, settled_at=at, sequence=sequence)
