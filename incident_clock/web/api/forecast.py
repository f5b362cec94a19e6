"""The forecast as calls: who will be told what, when and why, as long as nothing is logged and nobody answers."""

from typing import Literal

from flask import Response
from pydantic import Field

from incident_clock.errors import Invalid
from incident_clock.people import access
from incident_clock.phrases import N_
from incident_clock.protocol.deadlines import floor_minute
from incident_clock.views.forecast_shapes import plain
from incident_clock.web.api.answers import Instant, Rule, Title, Told, answer
from incident_clock.web.api.asked import Supposition
from incident_clock.web.api.calls import call, reference
from incident_clock.web.context import assembly, now


class StampedRule(Rule):
    hash: str = Field(description="SHA-256 of the rule.")


class DueStep(Told):
    key: str
    title: Title
    due_at: Instant


class PassedOver(Told):
    rung: int
    first: int = Field(description="First repeat passed over.")
    last: int


class Recipient(Told):
    key: str
    name: str
    role: str
    why: Literal["directory", "shift", "cover", "acting", "stand_in"]
    instead_of: str | None = Field(description="Key of the person whose place is taken.")
    from_at: Instant | None = Field(description="Shift, cover or leave that makes it so.")
    until_at: Instant | None
    channels: list[str]
    is_capped: bool = Field(description="The number's daily limit is reached: other channels carry it.")


class Paused(Told):
    key: str
    name: str
    until: Instant


class Missing(Told):
    role: str
    why: Literal["not_rostered", "gone", "away", "no_holder", "no_address", "no_channel"]
    people: list[str] = Field(description="Names of those who are away or have no usable address.")


class Again(Told):
    every_s: int
    times: int = Field(description="Up to the end of the forecast.")
    first_at: Instant
    last_at: Instant
    is_endless: bool = Field(description="It goes on until something is logged.")


class ComingCall(Told):
    at: Instant
    planned_at: Instant = Field(description="Earlier than `at` where the call is caught up.")
    kind: Literal["reminder", "stand_in"]
    step: str
    rung: int
    repeat: int
    told_rung: int = Field(description="The rung whose people are told.")
    skipped: list[int] = Field(description="Empty rungs that were gone over.")
    reason: str
    passed_over: list[PassedOver]
    people: list[Recipient]
    paused: list[Paused] = Field(description="Left out because they have acknowledged.")
    capped: list[str] = Field(description="Left out because their number's daily limit is reached.")
    lacks: list[Missing]
    in_place_of: str | None = Field(description="The leader who does not answer.")
    outcome: Literal["called", "told_already", "nobody"] | None = Field(description="Of calling a stand-in.")
    again: list[Again] = Field(description="Repeats that go to the same people in the same way.")


class ForecastAnswer(Told):
    protocol: StampedRule
    seen_at: Instant
    until: Instant
    steps: list[DueStep] = Field(description="The open steps.")
    calls: list[ComingCall]


@call("GET", "/incidents/<id>/forecast", needs=access.READ, gives=ForecastAnswer)
def forecast_incident(id: str) -> Response:
    """Foresee who will be told about an incident, if nothing is logged and nobody answers. Nothing is sent."""
    return answer(plain(assembly().forecaster.of_incident(reference(id), now()), assembly().zone))


@call("GET", "/forecast", needs=access.READ, asks=Supposition, gives=ForecastAnswer)
def forecast_supposed(asked: Supposition) -> Response:
    """Foresee who would be told if an incident came in this minute. Nothing is registered or sent."""
    rules = assembly().protocols
    rule = rules.get(asked.protocol or assembly().default_protocol.key)
    if rule is None:
        raise Invalid(N_("没有“%(key)s”这套规则，可选：%(keys)s"), field="protocol", key=(asked.protocol or "")[:40],
                      keys=list(rules))
    return answer(plain(assembly().forecaster.if_one_came_in(rule, floor_minute(now())), assembly().zone))
