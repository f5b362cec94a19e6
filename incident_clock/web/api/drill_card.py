"""The card of a drill as a call: what passed and what did not, with its figures."""

from typing import Literal

from flask import Response
from pydantic import Field

from incident_clock.people import access
from incident_clock.protocol.standing import Standing
from incident_clock.views import drill_card
from incident_clock.web.api.answers import Instant, Title, Told, answer
from incident_clock.web.api.calls import call, reference
from incident_clock.web.context import assembly, now

UNDECIDED = "Null: not decided, or it does not count."


class CardParts(Told):
    steps: bool | None
    calls: bool | None
    answers: bool | None


class CardLimits(Told):
    sent_within_s: float
    answered_within_s: float
    answered_percent: int


class CardAnswers(Told):
    asked: int
    answered: int
    percent: int | None


class CardStep(Told):
    key: str
    title: Title
    due_at: Instant
    done_at: Instant | None
    standing: Standing
    late_minutes: int
    is_pass: bool | None = Field(description=UNDECIDED)
    is_counted: bool = Field(description="False: the script of a drill on the command line makes it late.")


class CardCall(Told):
    kind: Literal["reminder", "stand_in"]
    step: str
    rung: int
    repeat: int
    at: Instant
    told: list[str] = Field(description="Names of those it left for.")
    missed: list[str] = Field(description="Names of those it has not left for.")
    took_s: float | None = Field(description="Until it had left for the last of them.")
    is_pass: bool | None = Field(description=UNDECIDED)


class CardPerson(Told):
    step: str
    name: str
    called_at: Instant
    answered_at: Instant | None
    is_pass: bool | None = Field(description=UNDECIDED)


class Card(Told):
    number: str
    title: str
    is_drill: Literal[True]
    clock_started_at: Instant
    seen_at: Instant
    is_over: bool
    is_pass: bool | None = Field(description=UNDECIDED)
    parts: CardParts
    limits: CardLimits
    answers: CardAnswers
    slowest_s: float | None
    steps: list[CardStep]
    calls: list[CardCall]
    people: list[CardPerson]


@call("GET", "/incidents/<id>/drill-card", needs=access.READ, gives=Card)
def show_drill_card(id: str) -> Response:
    """See how a drill went, as far as it has gone. A real incident has no card (404)."""
    with assembly().store.read() as session:
        return answer(drill_card.plain(drill_card.read(session, reference(id), now())))
