"""From a decision to messages: who is reached by a raised rung, on which channels, with which figures.

People are looked up now, not when the incident was registered; the rule is the incident's own.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from incident_clock.channels.base import CONSOLE
from incident_clock.outbox.messages import REMINDER, Draft
from incident_clock.outbox.wording import Facts
from incident_clock.people import roster
from incident_clock.people.roster import PersonCard
from incident_clock.protocol.ladder import Decision, Occurrence, audience
from incident_clock.protocol.steps import Step
from incident_clock.registry.numbers import spoken
from incident_clock.registry.tables import Deadline, Incident


@dataclass(frozen=True, slots=True)
class Reached:
    """Who hears of a decision. `unreachable` are roles with nobody, or nobody with a usable address."""

    people: tuple[tuple[PersonCard, dict[str, str]], ...]  # person, channel → address
    unreachable: tuple[str, ...]


def reach(session: Session, told: Mapping[str, tuple[str, ...] | None], *, channels: Collection[str],
          now: datetime) -> Reached:
    """Roles with their channels (None: every one) → persons with their addresses; a person counts once."""
    people: dict[str, PersonCard] = {}
    ways: dict[str, dict[str, str]] = {}
    unreachable = []
    for role, by in told.items():
        found = False
        for card in roster.who_is(session, role, now):
            usable = {channel: address for channel, address in roster.addresses(card).items()
                      if channel in channels and (by is None or channel in by or channel == CONSOLE)}
            if usable:
                found = True
                people[card.key] = card
                ways.setdefault(card.key, {}).update(usable)
        if not found:
            unreachable.append(role)
    return Reached(tuple((card, ways[key]) for key, card in people.items()), tuple(unreachable))


def drafts(incident: Incident, step: Step, deadline: Deadline, occurrence: Occurrence, reached: Reached, *,
           reason: str, signature: str) -> list[Draft]:
    """One message per person and channel for a raised rung."""
    facts = Facts(
        number=incident.number, spoken=spoken(incident.number), title=incident.title, is_drill=incident.is_drill,
        step_title=step.title, evidence=step.evidence, due_at=deadline.due_at, received_at=incident.received_at,
        is_opening=occurrence.at <= incident.clock_started_at, signature=signature).plain()
    return [Draft(incident_id=incident.id, step=step.key, kind=REMINDER, rung=occurrence.rung,
                  repeat=occurrence.repeat, person=card.key, channel=channel, address=address, language=card.language,
                  facts=facts, reason=reason, due_at=occurrence.at)
            for card, ways in reached.people for channel, address in ways.items()]


def roles_of(step: Step, decision: Decision, occurrence: Occurrence) -> dict[str, tuple[str, ...] | None]:
    """The roles one raised rung must tell: its own, and after a gap the union with those passed over."""
    if decision.passed_over:
        return audience(step, decision)
    return audience(step, Decision((occurrence,), (), None))
