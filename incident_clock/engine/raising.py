"""What is due on one deadline, carried out: its rungs, the stand-ins of leaders who do not answer, its passing.

Works within the tick's transaction, with the incident locked. Whom a call reaches is decided in `people/calling.py`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from incident_clock.engine import alerts, reasons
from incident_clock.ledger.fact import ENGINE, Erasable
from incident_clock.outbox import queue
from incident_clock.people import calling
from incident_clock.people.calling import BUDGETED, STAND_IN_AFTER, Conditions, Heard
from incident_clock.people.duty import STAND_IN, DutyBook, Holder
from incident_clock.protocol import ladder
from incident_clock.protocol.deadlines import overdue_from
from incident_clock.protocol.ladder import Occurrence
from incident_clock.protocol.steps import Rung, Step
from incident_clock.registry import calls, incidents, ledger
from incident_clock.registry.facts import DeadlinePassed, StandInCalled
from incident_clock.registry.tables import Called, Deadline, Incident


@dataclass(slots=True)
class Surroundings:
    """What holds for every deadline of one transaction: its instant, who is on duty, channels, numbers' day so far.

    `sent_today`: address → text messages since midnight, counted on as more are put into the outbox.
    """

    now: datetime
    book: DutyBook
    channels: Collection[str]
    signature: str
    daily_budget: int
    sent_today: dict[str, int]
    names: Mapping[str, str]


@dataclass(slots=True)
class Raising:
    """One deadline that is due."""

    session: Session
    incident: Incident
    deadline: Deadline
    step: Step
    around: Surroundings

    def carry_out(self) -> int:
        """Raise what is due; gives how many calls were made. Leaves the deadline with its next `wake_at`."""
        now, deadline = self.around.now, self.deadline
        self._note_passing()
        rows = calls.called(self.session, self.incident.id, self.step.key)
        raised = 0
        if deadline.next_rung_at is not None and deadline.next_rung_at <= now:
            raised = self._raise_rungs(deadline.next_rung_at, rows)
        raised += self._call_stand_ins(rows)
        self.session.flush()
        waiting = [row.stand_in_at for row in calls.called(self.session, self.incident.id, self.step.key)
                   if row.stand_in_at]
        deadline.wake_at = min([at for at in (incidents.wake_at(deadline.next_rung_at, deadline.due_at,
                                                                deadline.passed_at), *waiting) if at], default=None)
        self.session.flush()
        return raised

    def _note_passing(self) -> None:
        passed_at = overdue_from(self.deadline.due_at)
        if self.deadline.passed_at is None and passed_at <= self.around.now:
            self.deadline.passed_at = passed_at
            ledger.append(self.session, self.incident, DeadlinePassed(
                happened_at=passed_at, step=self.step.key, due_at=self.deadline.due_at), actor=ENGINE,
                now=self.around.now)

    def _raise_rungs(self, since: datetime, rows: list[Called]) -> int:
        now = self.around.now
        decision = ladder.decide(self.step, started=self.incident.clock_started_at, next_rung_at=since, now=now)
        reason = reasons.reason(self.incident, self.deadline, decision, now)
        for occurrence in decision.raised:
            heard = calling.who_hears(
                self.step, occurrence.rung, alerts.roles_of(self.step, decision, occurrence), book=self.around.book,
                at=now, given=self._conditions(occurrence, rows))
            self._enqueue(alerts.drafts(self.incident, self.step, self.deadline, occurrence, heard, reason=reason,
                                        signature=self.around.signature))
            ledger.append(self.session, self.incident, alerts.raised(
                self.step, occurrence, decision, heard, self.around.names, reason=reason, now=now),
                actor=ENGINE, now=now)
            self._note_called(heard, rows)
        self.deadline.next_rung_at = decision.next_rung_at
        return len(decision.raised)

    def _conditions(self, occurrence: Occurrence, rows: list[Called]) -> Conditions:
        """Repeats leave out who has acknowledged; the first notice of a step is never held back by a budget."""
        now = self.around.now
        paused = {(row.rung, row.person) for row in rows if row.paused_until is not None and row.paused_until > now}
        told = {row.person for row in rows}
        return Conditions(
            self.around.channels,
            is_paused=lambda rung, person: ((occurrence.repeat > 0 or rung != occurrence.rung)
                                            and (rung, person) in paused),
            is_spent=lambda address, person: (person in told and self.around.sent_today.get(address, 0)
                                              >= self.around.daily_budget))

    def _note_called(self, heard: Heard, rows: list[Called]) -> None:
        now = self.around.now
        for one in heard.reached:
            is_leader = calling.needs_stand_in(self.step, one.holder, due=self.deadline.due_at, at=now)
            calls.note(self.session, rows, incident_id=self.incident.id, step=self.step.key, rung=heard.rung,
                       person=one.card.key, now=now, stand_in_at=now + STAND_IN_AFTER if is_leader else None)
        self.session.flush()

    def _enqueue(self, drafts: list[queue.Draft]) -> None:
        queue.enqueue(self.session, drafts, now=self.around.now)
        for draft in drafts:
            if draft.channel == BUDGETED:
                self.around.sent_today[draft.address] = self.around.sent_today.get(draft.address, 0) + 1

    # ── leaders who do not answer ─────────────────────────────────────────────
    def _call_stand_ins(self, rows: list[Called]) -> int:
        made = 0
        rungs = {rung.number: rung for rung in self.step.ladder}
        for row in [row for row in rows if row.stand_in_at is not None and row.stand_in_at <= self.around.now]:
            row.stand_in_at = None
            if not self._is_answered(rungs[row.rung], rows):
                made += self._call_stand_in(rungs[row.rung], row)
        return made

    def _is_answered(self, rung: Rung, rows: list[Called]) -> bool:
        own = [row for row in rows if row.rung == rung.number and row.in_place_of is None]
        return sum(row.answered_at is not None for row in own) >= calling.answers_needed(rung, len(own))

    def _call_stand_in(self, rung: Rung, row: Called) -> int:
        around = self.around
        card = around.book.stand_in_of(row.person, around.now)
        told = {one.person for one in calls.called(self.session, self.incident.id, self.step.key)
                if one.rung == rung.number}
        ways = calling.usable(card, rung.by, around.channels) if card else {}
        reason = "nobody" if not ways or card is None else "told_already" if card.key in told else "called"
        if card is not None and reason == "called":
            holder = Holder(card, card.roles[0], STAND_IN, of=row.person)
            self._enqueue(alerts.stand_in_drafts(self.incident, self.step, self.deadline, rung.number, card, ways,
                                                 holder, signature=around.signature, now=around.now))
            calls.note(self.session, (), incident_id=self.incident.id, step=self.step.key, rung=rung.number,
                       person=card.key, now=around.now, in_place_of=row.person)
        ledger.append(self.session, self.incident, StandInCalled(
            happened_at=around.now, step=self.step.key, rung=rung.number,
            in_place_of=Erasable(around.names.get(row.person, row.person)),
            person=Erasable(card.name) if card is not None and reason != "nobody" else None, reason=reason),
            actor=ENGINE, now=around.now)
        self.session.flush()
        return int(reason == "called")
