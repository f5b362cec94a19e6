"""What callers hand in about a case beside its logs: approvals, second persons, corrections, grades, forms, tasks."""

from typing import Any

from pydantic import Field, StrictBool

from incident_clock.web.api.asked import Asked, Grade, Instant, Level, Line, Sequence, Text


class Waiver(Asked):
    approver: Line | None = Field(None, description="Who approved it. Needed.")
    reason: Text | None = Field(None, description="Needed.")
    approver_unit: Line | None = None
    document: Line | None = Field(None, description="Number of the document.")
    evidence: Line | None = None
    approved_at: Instant | None = Field(None, description="Absent: now.")


class Transfer(Asked):
    to: Line | None = Field(None, description="The unit that is to take it over. Needed.")
    approver: Line | None = Field(None, description="Needed.")
    reason: Text | None = Field(None, description="Needed.")
    document: Line | None = None
    offered_at: Instant | None = Field(None, description="Absent: now.")
    accepted_by: Line | None = Field(None, description="If it has accepted already: who did. Then the clock stops.")
    accepted_at: Instant | None = None


class Acceptance(Asked):
    accepted_by: Line | None = Field(None, description="Who accepted it there. Needed.")
    accepted_at: Instant | None = Field(None, description="Absent: now.")
    evidence: Line | None = None


class Refused(Asked):
    refused_by: Line | None = Field(None, description="Who answered. Needed.")
    reason: Text | None = Field(None, description="Needed.")


class Confirmation(Asked):
    note: Text | None = None


class Rejection(Asked):
    reason: Text | None = Field(None, description="Needed.")


class CorrectionOf(Asked):
    reason: Text | None = Field(None, description="Needed.")
    times: dict[str, Instant | None] = Field(
        {}, description="received_at, occurred_at, first_online_at of the registration (entry 1); done_at of a log.")
    texts: dict[str, str | None] = Field(
        {}, description="Texts of the registration, or report_to, evidence, note of a log.")
    record: dict[str, Any] = Field({}, description="Fields of a form, or of the evidence of a log.")


class Regraded(Asked):
    """A scale that is left out stays; null takes the grade back."""

    event_grade: Grade | None = None
    opinion_grade: Grade | None = None
    warning_level: Level | None = None
    response_level: Level | None = None
    is_sensitive: StrictBool | None = None
    protocol: str | None = Field(None, description="Key of the rule from now on. Absent: the same.")
    basis: Text | None = Field(None, description="Needed.")


class Record(Asked):
    kind: str = Field(description="Which form.")
    fields: dict[str, Any] = Field({}, description="Its fields; instants as ISO 8601 texts with an offset.")
    happened_at: Instant | None = Field(None, description="Absent: now.")
    reason: Text | None = Field(None, description="Needed where a figure is lower than in the report before.")
    step: str | None = None


class Task(Asked):
    origin: str = Field(description="instruction (批示), decision (会商任务) or promise (承诺事项).")
    text: Text | None = Field(None, description="What has to be done. Needed.")
    owner: str | None = Field(None, description="Key of the person who does it. Needed.")
    by: Line | None = Field(None, description="Whose instruction or promise it is; needed for an instruction.")
    due_at: Instant | None = Field(None, description="Absent: an instruction is due within 24 hours.")
    about: Sequence | None = Field(None, description="Sequence of the entry it comes from.")


class Merging(Asked):
    duplicate: Line = Field(description="Number of the other registration of the same case.")
    reason: Text | None = Field(None, description="Needed.")


class Voiding(Asked):
    reason: Text | None = Field(None, description="Needed.")


class RealCase(Asked):
    confirmed: StrictBool = Field(description="True: this is no drill.")


MODELS = {model.__name__: model for model in (
    Waiver, Transfer, Acceptance, Refused, Confirmation, Rejection, CorrectionOf, Regraded, Record, Task, Merging,
    Voiding, RealCase)}
