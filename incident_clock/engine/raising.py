"""What is due on one deadline, carried out: the outbox, the ledger and the rows that follow from `course.py`.

Works within the tick's transaction, with the incident locked.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from incident_clock.engine import alerts, reasons
from incident_clock.engine.course import CALLED, Course, RungCall, StandInCall, Surroundings
from incident_clock.ledger.fact import ENGINE, Erasable
from incident_clock.outbox import queue
from incident_clock.protocol.ladder import Decision
from incident_clock.protocol.steps import Step
from incident_clock.registry import calls, ledger
from incident_clock.registry.facts import DeadlinePassed, StandInCalled
from incident_clock.registry.tables import Deadline, Incident


@dataclass(slots=True)
class Raising:
    """One deadline that is due. `signature`: how the bureau signs its messages."""

    session: Session
    incident: Incident
    deadline: Deadline
    step: Step
    around: Surroundings
    signature: str

    def carry_out(self) -> int:
        """Raise what is due; gives how many calls were made. Leaves the deadline with its next `wake_at`."""
        deadline, rows = self.deadline, calls.called(self.session, self.incident.id, self.step.key)
        course = Course(self.step, started_at=deadline.started_at, due_at=deadline.due_at,
                        next_rung_at=deadline.next_rung_at, passed_at=deadline.passed_at, called=calls.states(rows))
        happening = course.go_on(self.around)
        if happening.passed_at is not None:
            ledger.append(self.session, self.incident, DeadlinePassed(
                happened_at=happening.passed_at, step=self.step.key, due_at=deadline.due_at), actor=ENGINE,
                now=self.around.now)
        if happening.decision is not None:
            self._raise(happening.rungs, happening.decision)
        for each in happening.stand_ins:
            self._call_stand_in(each)
        calls.keep(self.session, rows, course.called, incident_id=self.incident.id, step=self.step.key)
        deadline.passed_at, deadline.next_rung_at, deadline.wake_at = \
            course.passed_at, course.next_rung_at, course.wake_at
        self.session.flush()
        return len(happening.rungs) + sum(each.reason == CALLED for each in happening.stand_ins)

    def _raise(self, called: tuple[RungCall, ...], decision: Decision) -> None:
        """Put the messages of every called rung into the outbox, and each call into the ledger."""
        now = self.around.now
        reason = reasons.reason(decision, registered_at=self.incident.registered_at,
                                reopened_at=self.deadline.reopened_at, now=now)
        for occurrence, heard in ((each.occurrence, each.heard) for each in called):
            queue.enqueue(self.session, alerts.drafts(
                self.incident, self.step, self.deadline, occurrence, heard, reason=reason,
                signature=self.signature, idle_from=decision.next_rung_at), now=now)
            ledger.append(self.session, self.incident, alerts.raised(
                self.step, occurrence, decision, heard, self._names, ladder_round=self.deadline.round, reason=reason,
                now=now), actor=ENGINE, now=now)

    def _call_stand_in(self, call: StandInCall) -> None:
        now = self.around.now
        if call.reason == CALLED and call.card is not None:
            queue.enqueue(self.session, alerts.stand_in_drafts(
                self.incident, self.step, self.deadline, call.rung, call.card, call.ways, call.holder,
                signature=self.signature, now=now), now=now)
        ledger.append(self.session, self.incident, StandInCalled(
            happened_at=now, step=self.step.key, rung=call.rung,
            in_place_of=Erasable(self._names.get(call.in_place_of, call.in_place_of)),
            person=Erasable(call.card.name) if call.card is not None else None, reason=call.reason),
            actor=ENGINE, now=now)

    @property
    def _names(self) -> dict[str, str]:
        return {key: card.name for key, card in self.around.book.people.items()}
