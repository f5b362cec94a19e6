"""What callers hand in: shape and types only. Whether it can be right is checked by `registry/drafts.py`.

Types are strict: `"true"` is no truth value and 12 is no text. Unknown fields are refused, so that a slip of the
pen is told and not swallowed.
"""

import re
from datetime import datetime
from typing import Annotated, Any

from apiflask.fields import UploadFile
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, WithJsonSchema
from pydantic_core import PydanticCustomError
from werkzeug.datastructures import FileStorage

from incident_clock.protocol.complaints import shown
from incident_clock.registry.attachments import LARGEST_FILE, MB
from incident_clock.registry.drafts import CATEGORIES, GRADES, LEVELS, LINE_LIMIT, RELATIONS, TEXT_LIMIT
from incident_clock.registry.incidents import LARGEST_ID
from incident_clock.views.readiness import DAYS, MOST_DAYS
from incident_clock.web.forms import YEARS

NOT_TEXT, NO_OFFSET, NO_INSTANT, STRANGE_YEAR = "string_type", "instant_no_offset", "instant_wrong", "instant_year"
NO_FLAG, NO_CURSOR, NO_SEARCH, NO_DAYS = "flag_wrong", "cursor_wrong", "search_wrong", "days_wrong"
NO_RUNG, NO_FILE, NO_SEQUENCE, NO_EVIDENCE = "rung_wrong", "file_wrong", "sequence_wrong", "evidence_wrong"
MOST_RUNGS = 99


def _instant(given: Any) -> Any:
    """ISO 8601 with an offset, as text."""
    if given is None:
        return None
    if not isinstance(given, str):
        raise PydanticCustomError(NOT_TEXT, "not a text")
    quoted = {"text": shown(given)}
    try:
        instant = datetime.fromisoformat(given)
    except ValueError as error:
        raise PydanticCustomError(NO_INSTANT, "not an instant", quoted) from error
    if instant.utcoffset() is None:
        raise PydanticCustomError(NO_OFFSET, "without an offset", quoted)
    if instant.year not in YEARS:
        raise PydanticCustomError(STRANGE_YEAR, "a strange year", quoted)
    return instant


def _flag(given: str) -> bool:
    if given not in ("true", "false"):
        raise PydanticCustomError(NO_FLAG, "neither true nor false")
    return given == "true"


def _cursor(given: str) -> int:
    if not re.fullmatch("[0-9]{1,10}", given) or int(given) > LARGEST_ID:
        raise PydanticCustomError(NO_CURSOR, "not a cursor")
    return int(given)


def _days(given: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", given) or not 1 <= int(given) <= MOST_DAYS:
        raise PydanticCustomError(NO_DAYS, "not that many days", {"most": MOST_DAYS})
    return int(given)


def _rung(given: Any) -> int:
    if type(given) is not int or not 1 <= given <= MOST_RUNGS:
        raise PydanticCustomError(NO_RUNG, "no rung", {"most": MOST_RUNGS})
    return given


def _file(given: Any) -> Any:
    if not isinstance(given, FileStorage):
        raise PydanticCustomError(NO_FILE, "no file")
    return given


def _sequence(given: Any) -> int:
    """A sequence of the ledger, as the text a form holds."""
    if not re.fullmatch("[0-9]{1,10}", str(given)) or not 0 < int(given) <= LARGEST_ID:
        raise PydanticCustomError(NO_SEQUENCE, "no sequence")
    return int(given)


def _text_or_form(given: Any) -> Any:
    if not isinstance(given, str | dict | None):
        raise PydanticCustomError(NO_EVIDENCE, "neither a text nor an object")
    return given


def _search(given: str) -> str:
    if "\x00" in given or len(given) > LINE_LIMIT:
        raise PydanticCustomError(NO_SEARCH, "nothing to search for", {"limit": LINE_LIMIT})
    return given


Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
Line = Annotated[str, Field(description=f"At most {LINE_LIMIT} characters.")]
Text = Annotated[str, Field(description=f"At most {TEXT_LIMIT} characters.")]
Category = Annotated[str, WithJsonSchema({"type": "string", "enum": list(CATEGORIES)})]
Grade = Annotated[str, WithJsonSchema({"type": "string", "enum": list(GRADES)})]
Level = Annotated[str, WithJsonSchema({"type": "string", "enum": list(LEVELS)})]
Relation = Annotated[str, WithJsonSchema({"type": "string", "enum": list(RELATIONS)})]


TextOrForm = Annotated[str | dict[str, Any], BeforeValidator(_text_or_form),
                       WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object"}]})]
Sequence = Annotated[int, BeforeValidator(_sequence), WithJsonSchema({"type": "integer", "minimum": 1,
                                                                      "maximum": LARGEST_ID})]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Registration(Asked):
    title: Line
    received_at: Instant | None = Field(None, description="When the bureau first learned of it. Absent: now.")
    occurred_at: Instant | None = None
    first_online_at: Instant | None = None
    place: Line | None = None
    category: Category | None = None
    event_grade: Grade | None = None
    opinion_grade: Grade | None = None
    warning_level: Level | None = None
    response_level: Level | None = None
    is_sensitive: StrictBool = Field(False, description="Runs the full clock, whatever rule was chosen.")
    secondary_categories: tuple[Category, ...] = ()
    related_to: Line | None = Field(None, description="Number of another incident.")
    relation: Relation | None = Field(None, description="What that one is to this one.")
    source: Line | None = None
    summary: Text | None = None
    unit: Line | None = None
    first_learned_by: Line | None = None
    is_drill: StrictBool = False
    protocol: str | None = Field(None, description="Key of the rule. Absent: the default rule.")
    confirmed: StrictBool = Field(False, description="Needed when received_at lies more than 24 hours back.")


class Log(Asked):
    done_at: Instant | None = Field(None, description="When it was done. Absent: now.")
    report_to: Line | None = Field(None, description="Who took the call, to whom it was sent, where it was published.")
    evidence: TextOrForm | None = Field(
        None, description="Document number, call reference, link; or an object with the fields of the step's kind of "
                          "evidence. A call whose outcome is not `reached` is kept and leaves the step open.")
    note: Text | None = None
    reason: Text | None = Field(None, description="Needed when it was done before the clock started, or more than "
                                                  "15 minutes ago.")


class Withdrawal(Asked):
    reason: Text | None = None


class Closing(Asked):
    reason: Text | None = None


class Acknowledgement(Asked):
    person: str = Field(description="Key of the person who was reached.")
    step: str | None = Field(None, description="Absent: all open steps this person was called on.")
    note: Text | None = None


class Resending(Asked):
    person: str = Field(description="Key of the person who was called.")
    step: str
    rung: Annotated[int, BeforeValidator(_rung), WithJsonSchema(
        {"type": "integer", "minimum": 1, "maximum": MOST_RUNGS})]


class Evidence(Asked):
    """A form with a file."""

    file: Annotated[UploadFile, BeforeValidator(_file)] = Field(description=f"At most {LARGEST_FILE // MB} MiB.")
    about: Sequence | None = Field(None, description="Sequence of the entry it is evidence for. Absent: the incident.")
    supersedes: Sequence | None = Field(None, description="Sequence of the file's entry whose place it takes.")


class Listing(Asked):
    """The query of the list."""

    open: Annotated[bool | None, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})] = Field(
        None, description="Only incidents that are open, or only closed ones.")
    q: Annotated[str, BeforeValidator(_search)] = Field(
        "", description="Words that number, title or place must all hold.")
    cursor: Annotated[int | None, BeforeValidator(_cursor), WithJsonSchema({"type": "string"})] = Field(
        None, description="next_cursor of the page before.")


class Ahead(Asked):
    """The query of the readiness board."""

    days: Annotated[int, BeforeValidator(_days), WithJsonSchema(
        {"type": "integer", "minimum": 1, "maximum": MOST_DAYS})] = Field(
        DAYS, description="How many calendar days, today included.")


class Supposition(Asked):
    """The query of a forecast without an incident."""

    protocol: str | None = Field(None, description="Key of the rule. Absent: the default rule.")


MODELS = {model.__name__: model for model in (
    Registration, Log, Withdrawal, Closing, Acknowledgement, Resending, Evidence, Listing, Ahead, Supposition)}
