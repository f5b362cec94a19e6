"""What goes on the paper of one incident: whom the open steps will call when, who is on duty now, who sits outside."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from incident_clock.people import access
from incident_clock.views import directory, names
from incident_clock.views.directory import OutsideView
from incident_clock.views.shapes import IncidentView, Name, StepView

COMING = ("next", "later")
CALLS_LIMIT, PEOPLE_LIMIT, OUTSIDE_LIMIT = 6, 12, 4  # lines that leave room on one A4 page
OPEN_LIMIT, ENDED_LIMIT = 6, 3


@dataclass(frozen=True, slots=True)
class PaperCall:
    """Who must be told of a step by when, if it is still open then."""

    at: datetime
    step: StepView
    people: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """`more_open`, `more_ended`, `more_calls`, `more_numbers`: how many the page had no room
    for; the paper says so."""

    open_steps: tuple[StepView, ...]
    more_open: int
    ended: tuple[StepView, ...]
    more_ended: int
    calls: tuple[PaperCall, ...]
    more_calls: int
    people: tuple[Name, ...]
    outside: tuple[OutsideView, ...]
    more_numbers: int


def open_obligations(incident: IncidentView) -> tuple[StepView, ...]:
    """All that is still to be done, the earliest due first."""
    every = (*incident.steps, *incident.follow_ups, *incident.tasks)
    return tuple(sorted((step for step in every if step.is_open), key=lambda step: step.due_at))


def paper(session: Session, incident: IncidentView, now: datetime) -> Paper:
    """The paper of an incident. That of a drill has no numbers of offices outside: a drill never rings them."""
    to_do = open_obligations(incident)
    calls = sorted((PaperCall(rung.at, step, rung.people) for step in to_do for rung in step.ladder
                    if rung.state in COMING and rung.people), key=lambda call: call.at)
    ended = [step for step in (*incident.steps, *incident.follow_ups, *incident.tasks) if not step.is_open]
    on_duty = names.on_roles(session, [role for role in access.TITLES if role not in access.NEVER_WRITES], now)
    people = {person.key: person for person in (
        *(person for call in calls[:CALLS_LIMIT] for person in call.people), *on_duty) if person.phone}
    outside = () if incident.is_drill else tuple(one for one in directory.outside(session) if one.draft.phone)
    return Paper(to_do[:OPEN_LIMIT], len(to_do[OPEN_LIMIT:]), tuple(ended[:ENDED_LIMIT]), len(ended[ENDED_LIMIT:]),
                 tuple(calls[:CALLS_LIMIT]), len(calls[CALLS_LIMIT:]), tuple(people.values())[:PEOPLE_LIMIT],
                 outside[:OUTSIDE_LIMIT], len(outside[OUTSIDE_LIMIT:]) + max(0, len(people) - PEOPLE_LIMIT))
