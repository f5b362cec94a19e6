"""What the API gives back: the answer itself, and the shapes it has in the OpenAPI document.

The values come from `views/plain.py` and the ledger; a test holds these shapes against them.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from incident_clock.protocol.standing import Standing

JSON, PROBLEM_JSON = "application/json", "application/problem+json"

Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


def answer(body: object, status: int = 200, *, content_type: str = JSON,
           headers: Mapping[str, str] | None = None) -> Response:
    """JSON as people read it: Chinese as it is, fields in their own order. Half surrogates of the caller become `?`."""
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(text, status, headers, content_type=content_type)


class Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Title(Told):
    zh: str
    en: str


class Rule(Told):
    key: str
    version: str


class Verdict(Told):
    due_at: Instant
    standing: Standing
    late_minutes: int = Field(description="Whole minutes past the due minute; 0: in time.")
    is_late_entry: bool = Field(description="Written down more than 5 minutes after the fact (补录).")
    needs_verification: bool = Field(description="The entry helps the bureau and waits for a second person (待核).")
    is_verified: bool = Field(description="A second person has borne it out (已核).")
    is_doubted: bool = Field(description="A second person has not: it counts from when it was entered.")


class Step(Verdict):
    key: str
    title: Title
    done_at: Instant | None
    recorded_at: Instant | None
    logged_by: str | None = Field(description="Always null in the list of incidents.")
    next_rung_at: Instant | None = Field(description="When somebody is reminded next.")
    ended: str | None = Field(description="done, waived, transferred or not_applicable; null: open.")
    ended_at: Instant | None = Field(description="When that was so: the approval, the acceptance.")
    sequence: int | None = Field(description="The entry that ended it.")
    first_due_at: Instant | None = Field(description="When it was due before an upgrade asked for it again.")
    offered_to: str | None = Field(description="The unit asked to take it over, which has not answered yet.")
    from_occurrence: Verdict | None = Field(description="The same step counted from occurred_at (事发口径).")


class Task(Step):
    task: str | None = Field(description="What has to be done; null when erased.")
    owner: str | None = Field(description="Key of the person who does it.")


class Pending(Told):
    sequence: int
    kind: str
    step: str | None
    actor_role: str
    recorded_at: Instant
    due_at: Instant | None = Field(description="Until when somebody is asked to decide.")


class Incident(Told):
    id: int
    number: str
    title: str
    is_drill: bool
    place: str | None
    source: str | None
    summary: str | None
    unit: str | None
    category: str | None
    event_grade: str | None
    opinion_grade: str | None
    warning_level: str | None
    response_level: str | None
    is_sensitive: bool
    secondary_categories: list[str]
    related_to: str | None
    relation: str | None
    clock_started_at: Instant = Field(description="T0: all due instants count from here.")
    received_at: Instant
    occurred_at: Instant | None
    first_online_at: Instant | None
    registered_at: Instant
    closed_at: Instant | None
    ended_as: str | None = Field(description="closed, voided or merged; null: open.")
    protocol: Rule
    steps: list[Step] = Field(description="What the rule asks for.")
    follow_ups: list[Step] = Field(description="What recurs while the case is open, and its final report.")
    tasks: list[Task]
    pending: list[Pending] = Field(description="Entries that wait for a second person. Always empty in the list.")


class RecordShown(Told):
    sequence: int
    kind: str
    ordinal: int
    step: str | None
    fields: dict[str, Any]
    happened_at: Instant
    recorded_at: Instant
    actor: str | None
    is_corrected: bool


class Records(Told):
    records: list[RecordShown]


class Likeness(Told):
    number: str
    message: str


class Registered(Incident):
    warnings: list[Likeness] = Field(description="Incidents that this one may repeat.")


class Incidents(Told):
    incidents: list[Incident]
    next_cursor: str | None = Field(description="Where the next page starts; null on the last one.")


class SaltedText(Told):
    salt: str
    text: str


class Entry(Told):
    incident: str
    sequence: int
    kind: str
    happened_at: Instant
    recorded_at: Instant
    actor: str | None = Field(description="Null when erased.")
    actor_role: str
    body: dict[str, Any] = Field(description="Differs by kind; erased texts are null.")
    canonical: str = Field(description="The exact bytes hashed, RFC 8785.")
    previous_hash: str
    hash: str = Field(description='SHA-256("ic-v1\\n" + previous_hash + "\\n" + canonical)')
    texts: dict[str, SaltedText] = Field(description="Texts by their place in the entry; canonical holds their hashes.")


class Timeline(Told):
    entries: list[Entry]


class Message(Told):
    kind: str
    step: str
    rung: int
    repeat: int
    person: str
    channel: str
    state: str
    reason: str
    state_reason: str
    may_be_copy: bool
    due_at: Instant
    sent_at: Instant | None
    delivered_at: Instant | None
    next_try_at: Instant | None
    reference: str


class Messages(Told):
    messages: list[Message]


class Complaint(Told):
    field: str | None = Field(description="The input it is about; null: the request as a whole.")
    message: str


class Problem(Told):
    """RFC 9457. Sentences are in the language of Accept-Language: zh (the default) or en."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Complaint]
