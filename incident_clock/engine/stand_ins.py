"""Telling somebody's B角 at once, outside the ladder's own course: nothing reaches the first, or he passes it on."""

from sqlalchemy.orm import Session

from incident_clock.engine import alerts
from incident_clock.engine.course import CALLED, NOBODY, TOLD_ALREADY, StandInCall, Surroundings
from incident_clock.ledger.fact import ENGINE, Actor, Erasable
from incident_clock.outbox import queue
from incident_clock.people import calling
from incident_clock.protocol.steps import Step
from incident_clock.registry import calls, ledger
from incident_clock.registry.facts import StandInCalled
from incident_clock.registry.tables import Deadline, Incident

PASSED_ON, PASSED_TO_NOBODY = "passed_on", "passed_to_nobody"  # why: he asked for it


def tell(session: Session, incident: Incident, deadline: Deadline, step: Step, rung: int, *, of: str,
         around: Surroundings, signature: str, reason: str, actor: Actor = ENGINE) -> StandInCall:
    """Tell the B角 of `of`, who was called on `rung`: messages, his row and the entry. The incident is locked.

    Nothing is done when he was told on this rung already; what is passed on to him is told him all the same, once.
    Nobody there is worth an entry only where it was asked for. `reason` as in `StandInCalled`.
    """
    now, people, is_asked = around.now, around.book.people, reason == PASSED_ON
    rows = calls.called(session, incident.id, step.key)
    card = around.book.stand_in_of(of, now)
    ways = calling.usable(card, step.ladder[rung - 1].by, around.channels) if card else {}
    if card is None or not ways:
        call = StandInCall(rung, of, NOBODY, None, {})
    elif not is_asked and any(row.rung == rung and row.person == card.key for row in rows):
        return StandInCall(rung, of, TOLD_ALREADY, card, {})
    else:
        call = StandInCall(rung, of, CALLED, card, ways)
        if not queue.enqueue(session, alerts.stand_in_drafts(
                incident, step, deadline, rung, card, ways, call.holder, signature=signature, now=now,
                reason=PASSED_ON if is_asked else alerts.NO_ANSWER), now=now):
            return StandInCall(rung, of, TOLD_ALREADY, card, {})
        known = calls.states(rows)
        calls.note(known, rung, card.key, now=now, in_place_of=of)
        if (rung, of) in known:
            known[rung, of].stand_in_at = None
        calls.keep(session, rows, known, incident_id=incident.id, step=step.key)
    if call.card or is_asked:
        ledger.append(session, incident, StandInCalled(
            happened_at=now, step=step.key, rung=rung, reason=reason if call.card else PASSED_TO_NOBODY,
            in_place_of=Erasable(people[of].name if of in people else of),
            person=Erasable(call.card.name) if call.card else None), actor=actor, now=now)
    session.flush()
    return call
