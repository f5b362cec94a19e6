"""The readiness board as a call: where nobody would be reached in the coming days, and who answers in which role."""

from typing import Literal

from flask import Response
from pydantic import Field

from incident_clock.people import access
from incident_clock.views import readiness
from incident_clock.web.api.answers import Instant, Told, answer
from incident_clock.web.api.asked import Ahead
from incident_clock.web.api.calls import call
from incident_clock.web.context import assembly, now

State = Literal["ok", "weak", "gap"]


class Lack(Told):
    role: str
    why: Literal["not_rostered", "gone", "away", "no_holder", "no_address", "no_channel"]
    people: list[str] = Field(description="Names of those who are away or have no usable address.")


class Gap(Told):
    protocol: str
    step: str
    rung: int
    from_at: Instant
    until_at: Instant = Field(description="Not included; the end of the last day asked for where it goes on.")
    is_empty: bool = Field(description="The rung reaches nobody; else a rostered role of it has nobody on duty.")
    lacks: list[Lack]


class Channel(Told):
    channel: str
    delivered_at: Instant | None = Field(description="When a message last arrived there.")


class OnDuty(Told):
    key: str
    name: str
    why: Literal["directory", "shift", "cover", "acting", "stand_in"]
    instead_of: str | None = Field(description="Key of the person whose place he takes.")
    stand_in: str | None
    weak: list[Literal["no_stand_in", "one_way", "page_only"]]
    channels: list[Channel]


class Part(Told):
    from_at: Instant
    until_at: Instant
    state: State
    lack: Lack | None
    people: list[OnDuty]


class Role(Told):
    role: str
    state: State
    called_after_s: int = Field(description="Seconds after T0 at which some rung calls this role first.")
    parts: list[Part]


class Day(Told):
    day: str
    state: State
    roles: list[Role]


class Readiness(Told):
    gaps: list[Gap]
    days: list[Day]


@call("GET", "/readiness", needs=access.READ, asks=Ahead, gives=Readiness)
def show_readiness(asked: Ahead) -> Response:
    """See where nobody would be reached in the coming days, today from now on, and who answers in which role."""
    with assembly().store.read() as session:
        seen = readiness.readiness(session, assembly().protocols.values(), now=now(), zone=assembly().zone,
                                   days=asked.days, channels=assembly().enabled_channels(session))
    return answer(readiness.plain(seen, assembly().zone))
