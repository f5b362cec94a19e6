"""From a call that is heard to what is written of it: messages for the outbox, and who was told why."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from incident_clock.ledger.fact import Erasable
from incident_clock.outbox.messages import REMINDER, STAND_IN, Draft
from incident_clock.outbox.wording import Facts
from incident_clock.people.calling import Heard, Roles
from incident_clock.people.cards import PersonCard
from incident_clock.people.duty import Holder
from incident_clock.protocol.ladder import Decision, Occurrence, audience
from incident_clock.protocol.steps import PERSON, Step
from incident_clock.registry.facts import RungRaised
from incident_clock.registry.history import STEP
from incident_clock.registry.numbers import spoken
from incident_clock.registry.tables import Deadline, Incident

OWNER = "owner"  # how an entry names the role of whoever has a task
NO_ANSWER = "no_answer"  # why a stand-in is told


def roles_of(step: Step, decision: Decision, occurrence: Occurrence) -> Roles:
    """The roles one raised rung must tell: its own, and after a gap the union with those passed over."""
    if decision.passed_over:
        return audience(step, decision)
    return audience(step, Decision((occurrence,), (), None))


def drafts(incident: Incident, step: Step, deadline: Deadline, occurrence: Occurrence, heard: Heard, *,
           reason: str, signature: str, idle_from: datetime | None = None) -> list[Draft]:
    """One message per person and channel for a raised rung. `idle_from`: when the next rung is called."""
    facts = facts_of(incident, step, deadline, signature=signature,
                     is_opening=deadline.kind == STEP and occurrence.at <= deadline.started_at)
    return [Draft(incident_id=incident.id, step=step.key, kind=REMINDER, rung=heard.rung, repeat=occurrence.repeat,
                  skipped_rung=occurrence.rung if heard.skipped else 0, round=deadline.round,
                  person=one.card.key, channel=channel,
                  address=address, language=one.card.language, facts=facts, because=plain(one.holder), reason=reason,
                  due_at=occurrence.at, idle_from=idle_from)
            for one in heard.reached for channel, address in one.ways.items()]


def stand_in_drafts(incident: Incident, step: Step, deadline: Deadline, rung: int, card: PersonCard,
                    ways: Mapping[str, str], holder: Holder, *, signature: str, now: datetime,
                    reason: str = NO_ANSWER) -> list[Draft]:
    """The same message for the B角 of somebody who does not answer, or passes it on, saying so."""
    facts = facts_of(incident, step, deadline, signature=signature, is_opening=False)
    return [Draft(incident_id=incident.id, step=step.key, kind=STAND_IN, rung=rung, repeat=0, round=deadline.round,
                  person=card.key, channel=channel, address=address, language=card.language, facts=facts,
                  because=plain(holder), reason=reason, due_at=now) for channel, address in ways.items()]


def raised(step: Step, occurrence: Occurrence, decision: Decision, heard: Heard, names: Mapping[str, str], *,
           ladder_round: int, reason: str, now: datetime) -> RungRaised:
    """What the ledger says of a call. `names`: key → name, of persons in whose place somebody was told."""
    capped = [*(one.card for one in heard.reached if one.is_capped), *heard.capped]
    return RungRaised(
        happened_at=now, step=step.key, rung=occurrence.rung, repeat=occurrence.repeat, due_at=occurrence.at,
        reason=reason, round=ladder_round, audience=_names(one.card for one in heard.reached),
        passed_over=[{"rung": p.rung, "first": p.first, "last": p.last} for p in decision.passed_over],
        unreachable=[OWNER if role.startswith(PERSON) else role for role in heard.unreachable],
        told_rung=heard.rung, skipped=list(heard.skipped),
        because=[{"role": one.holder.role, "why": one.holder.why,
                  "of": Erasable(names.get(one.holder.of, one.holder.of)) if one.holder.of else None}
                 for one in heard.reached],
        paused=_names(heard.paused), capped=_names(capped))


def facts_of(incident: Incident, step: Step, deadline: Deadline, *, signature: str, is_opening: bool) -> dict[str, Any]:
    return Facts(
        number=incident.number, spoken=spoken(incident.number), title=incident.title, is_drill=incident.is_drill,
        step_title=step.title, evidence=step.evidence, due_at=deadline.due_at, received_at=incident.received_at,
        is_opening=is_opening, signature=signature).plain()


def plain(holder: Holder) -> dict[str, Any]:
    """Why this person, as it is kept with his message."""
    return {"role": holder.role, "why": holder.why, "of": holder.of,
            "from_at": holder.from_at.isoformat() if holder.from_at else None,
            "until_at": holder.until_at.isoformat() if holder.until_at else None}


def _names(cards: Iterable[PersonCard]) -> list[Erasable]:
    return [Erasable(card.name) for card in cards]
