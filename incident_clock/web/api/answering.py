"""Calls about who was called and who has answered (叫应): the list, recording an answer, sending a message again."""

from typing import Literal

from flask import Response
from pydantic import Field

from incident_clock.people import access
from incident_clock.registry.calls import PHONE
from incident_clock.views import plain
from incident_clock.web.api import examples
from incident_clock.web.api.answers import Instant, Title, Told, answer
from incident_clock.web.api.asked import Acknowledgement, Resending
from incident_clock.web.api.bearer import actor
from incident_clock.web.api.calls import call, reference, request_key
from incident_clock.web.context import assembly, now


class Call(Told):
    person: str
    name: str
    role: str = Field(description="In which role this person was called.")
    rung: int
    told_at: Instant
    last_told_at: Instant
    answered_at: Instant | None
    answered_how: Literal["page", "link", "phone", "reply", "code", "voice", "self_reported"] | None
    paused_until: Instant | None = Field(description="Until then repeats of this rung leave the person out.")
    is_outstanding: bool = Field(description="No answer yet, or its pause has run out.")
    in_place_of: str | None = Field(description="Called as the stand-in of this person, who did not answer.")
    can_resend_at: Instant | None = Field(description="Null while a message of this call is still under way.")


class Lacking(Told):
    rung: int
    answers: int = Field(description="How many answers this rung still asks for.")


class StepCalls(Told):
    step: str
    title: Title
    lacking: list[Lacking]
    calls: list[Call] = Field(description="Those who have not answered first.")


class Calls(Told):
    steps: list[StepCalls] = Field(description="Open steps on which somebody was called.")


@call("GET", "/incidents/<id>/calls", needs=access.READ, gives=Calls)
def show_calls(id: str) -> Response:
    """See who was called on the open steps, and who has not answered."""
    return answer(_shown(reference(id)))


@call("POST", "/incidents/<id>/acknowledge", needs=access.LOG, takes=Acknowledgement, example=examples.ACKNOWLEDGEMENT,
      gives=Calls)
def acknowledge_calls(id: str, asked: Acknowledgement) -> Response:
    """Record that a person was reached by telephone. It pauses repeats to that person and completes nothing."""
    found = reference(id)
    assembly().desk.acknowledge(found, asked.person, how=PHONE, step=asked.step, note=asked.note, actor=actor(),
                                now=now(), key=request_key())
    return answer(_shown(found))


@call("POST", "/incidents/<id>/resend", needs=access.LOG, takes=Resending, example=examples.RESENDING, gives=Calls)
def resend_message(id: str, asked: Resending) -> Response:
    """Have a person's last message of a rung leave again, at least 5 minutes after its last try."""
    found = reference(id)
    assembly().desk.resend(found, asked.step, asked.rung, asked.person, actor=actor(), now=now(), key=request_key())
    return answer(_shown(found))


def _shown(number_or_id: str | int) -> dict[str, object]:
    return {"steps": plain.calls(assembly().views.step_calls(number_or_id, now()), assembly().zone)}
