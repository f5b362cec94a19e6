"""The shapes of the read models: frozen values that templates, the API and the command line print."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from incident_clock.errors import Refusal
from incident_clock.protocol.standing import Standing, Verdict


@dataclass(frozen=True, slots=True)
class Name:
    """A person as the page names him: role first at first mention. `phone` for the `tel:` link, or None."""

    key: str
    name: str
    role: str
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class RungView:
    """One line of a ladder in words.

    `state`: `told` (raised), `passed` (a gap went over it; its people were told with a higher rung), `next`,
    `later`, `gone` (not reached, because the step was logged). `people` are those told, or who would be told now.
    """

    number: int
    repeat: int
    at: datetime
    state: str
    is_overdue_rung: bool
    people: tuple[Name, ...]
    every: timedelta | None = None  # how often it repeats from here on
    told: int = 0  # how often this rung has been raised
    channels: tuple[str, ...] = ()
    undelivered: tuple[str, ...] = ()  # names of people whom no channel has reached yet
    told_at: datetime | None = None  # when it was first raised, which after a gap is later than `at`
    told_rung: int = 0  # whose people were told; another rung's when this one was empty


@dataclass(frozen=True, slots=True)
class StepView:
    """One step card. `key` is the step's, `title` has zh and en, `evidence` the kind of form it needs."""

    key: str
    title: dict[str, str]
    evidence: str
    within: timedelta
    started_at: datetime
    due_at: datetime
    verdict: Verdict
    is_open: bool
    next_rung_at: datetime | None
    done_at: datetime | None = None
    recorded_at: datetime | None = None
    logged_by: str | None = None
    kind: str = "step"  # step, follow_up, task, check
    ordinal: int = 1
    task: str | None = None  # what a task asks for, in its own words
    owner: Name | None = None  # whose task it is
    ended: str | None = None  # done, waived, transferred, not_applicable
    ended_at: datetime | None = None  # when that was so: the approval of a waiver, the acceptance of a transfer
    sequence: int | None = None  # the entry that ended it
    body: dict[str, Any] = field(default_factory=dict)  # what that entry says, with its corrections
    first_due_at: datetime | None = None  # when it was due before an upgrade gave it a new time
    offered_to: str | None = None  # the unit that has been asked to take it over and has not answered
    offered_from: str | None = None  # the step that offer was made on: this one and others went with it
    required: tuple[str, ...] = ()  # who must each have been reached before a call completes it
    also: tuple[str, ...] = ()  # who is to hear of it besides
    reached: frozenset[str] = frozenset()  # who of them has been reached so far
    report_to: str | None = None  # who took the call, to whom it was sent, where it was published
    evidence_text: str | None = None
    occurred_due_at: datetime | None = None  # the shadow deadline, counted from occurred_at (事发口径)
    occurred_verdict: Verdict | None = None
    ladder: tuple[RungView, ...] = ()
    spent: float = 0.0  # share of the step's time that is over, 0…1
    marks: tuple[tuple[float, str, bool], ...] = ()  # ruler: (share of the rail, told|next, is an overdue rung)

    @property
    def standing(self) -> Standing:
        return self.verdict.standing


@dataclass(frozen=True, slots=True)
class PendingView:
    """An entry that waits for a second person, asked to decide by `due_at`. `kind` and `body` are the entry's."""

    sequence: int
    kind: str
    step: str | None
    actor: str | None
    actor_role: str
    happened_at: datetime
    recorded_at: datetime
    body: dict[str, Any]
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordView:
    """One short form (`registry/record_kinds.py`). `fields` are its values with their corrections."""

    sequence: int
    record: str
    ordinal: int
    step: str | None
    fields: dict[str, Any]
    happened_at: datetime
    recorded_at: datetime
    actor: str | None
    is_corrected: bool = False


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One incident as it stands at `seen_at`. `steps` are those of its rule, `follow_ups` and `tasks` what else is
    asked for; `ended_as`: closed, voided, merged. `pending` and `records` are there in a whole view only."""

    id: int
    number: str
    spoken: str  # 037, Y05
    title: str
    is_drill: bool
    place: str | None
    source: str | None
    summary: str | None
    unit: str | None
    category: str | None
    event_grade: str | None
    opinion_grade: str | None
    first_learned_by: str | None
    occurred_at: datetime | None
    first_online_at: datetime | None
    received_at: datetime
    registered_at: datetime
    clock_started_at: datetime
    closed_at: datetime | None
    protocol_key: str
    protocol_version: str
    protocol_title: dict[str, str]
    steps: tuple[StepView, ...]
    seen_at: datetime
    follow_ups: tuple[StepView, ...] = ()
    tasks: tuple[StepView, ...] = ()
    checks: tuple[StepView, ...] = ()  # what a second person has to decide
    warning_level: str | None = None
    response_level: str | None = None
    is_sensitive: bool = False
    secondary_categories: tuple[str, ...] = ()
    related_to: str | None = None
    relation: str | None = None
    ended_as: str | None = None
    closed_in: int | None = None  # the entry that closed it, while its texts are kept
    pending: tuple[PendingView, ...] = ()
    records: tuple[RecordView, ...] = ()
    after_close: tuple[tuple[dict[str, str], timedelta], ...] = ()  # what its closing opens: (title, limit)

    @property
    def focus(self) -> StepView | None:
        """The open step that is due first: the one thing to do next. What else is asked for comes behind the steps."""
        return min((s for s in self.steps if s.is_open), key=lambda s: s.due_at, default=None) or min(
            (s for s in (*self.follow_ups, *self.tasks) if s.is_open), key=lambda s: s.due_at, default=None)

    @property
    def has_open_step(self) -> bool:
        """Whether a step of the rule is still open, which keeps the incident from being closed."""
        return any(step.is_open for step in self.steps)

    def may_mend(self, sequence: int | None) -> bool:
        """Whether an entry may still be put right: while the case is open, and what came after its closing."""
        return self.closed_at is None or (self.closed_in is not None and sequence is not None
                                          and sequence > self.closed_in)

    def obligation(self, key: str) -> StepView | None:
        """A step, follow-up, task or decision by its key."""
        return next((s for s in (*self.steps, *self.follow_ups, *self.tasks, *self.checks) if s.key == key), None)


@dataclass(frozen=True, slots=True)
class BoardRow:
    """An open incident on the board, with what was said last and what comes next.

    `last_told`: whom the latest call really left for, `last_told_at` when; `unsent`: those it has not left for yet.
    """

    incident: IncidentView
    last_told_at: datetime | None
    last_told: tuple[str, ...]
    unsent: tuple[str, ...]
    next_told_at: datetime | None
    next_told: tuple[str, ...]

    @property
    def waiting(self) -> int:
        """How many entries a second person has to decide about."""
        return sum(check.is_open for check in self.incident.checks)


@dataclass(frozen=True, slots=True)
class Board:
    """`unfinished`: closed incidents of which something is still to be done, the final report or a task."""

    rows: tuple[BoardRow, ...]
    closed_today: int
    on_duty: tuple[Name, ...]  # who answers when nothing is open
    seen_at: datetime
    unfinished: tuple[IncidentView, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryView:
    """One ledger entry with its texts put back (None where erased).

    `notes` are the entries folded under it (who was reached, and when) as (sequence, happened_at, body).
    `withdrawn_by`: the sequence of the entry that took it back or took its place, `struck_how` which of the two
    (`withdrawn`, `corrected`, `rejected`). `is_waiting`: it holds only when a second person has confirmed it.
    `before`: what a correction changes, as it was.
    """

    sequence: int
    kind: str
    happened_at: datetime
    recorded_at: datetime
    actor: str | None
    actor_role: str
    body: dict[str, Any]
    hash: str
    is_late_entry: bool
    withdrawn_by: int | None = None
    struck_how: str = ""
    is_waiting: bool = False
    before: dict[str, Any] = field(default_factory=dict)
    notes: tuple[tuple[int, datetime, dict[str, Any]], ...] = ()

    @property
    def is_engine(self) -> bool:
        return self.actor_role == "engine"


@dataclass(frozen=True, slots=True)
class TimelineView:
    """The entries of one filter, and how many each would show. `hidden`: how many older or newer ones a first look
    leaves out."""

    entries: list[EntryView]
    counts: dict[str, int]
    order: str
    only: str
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class ChainView:
    """Length and head value of an incident's ledger, and whether it holds."""

    size: int
    head: str
    is_intact: bool


@dataclass(frozen=True, slots=True)
class Pulse:
    """Whether the engine is alive, for the heartbeat in the bar and the red banner.

    `silent_for` None: it never ticked. `to_ring`: when silent, whom to phone by hand now, per open step.
    """

    is_silent: bool
    ticked_at: datetime | None
    silent_for: timedelta | None
    audit_problem: str
    seen_at: datetime
    to_ring: tuple[tuple[IncidentView, StepView, tuple[Name, ...]], ...] = ()
    admins: tuple[Name, ...] = ()
    not_listed: int = 0  # open incidents that `to_ring` leaves out
    problems: tuple[Refusal, ...] = ()  # other red banners, put into words by `Phrases.refusal`
