"""An incident in the hands of a verb: locked, with what its ledger comes to; adding a fact changes the rows with it.

One transaction each. Rows are never written by a verb itself: they follow from the ledger.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from incident_clock.errors import Conflict
from incident_clock.ledger.chain import plain
from incident_clock.ledger.fact import ENGINE, Actor, Fact
from incident_clock.phrases import N_
from incident_clock.protocol import checks, follow_ups, ladder
from incident_clock.protocol.deadlines import overdue_from
from incident_clock.protocol.steps import FollowUp
from incident_clock.registry import history as h
from incident_clock.registry import ledger
from incident_clock.registry.case_facts import FollowUpOpened, SecondAsked
from incident_clock.registry.history import History, Obligation
from incident_clock.registry.obligations import step_of
from incident_clock.registry.retelling import go_on
from incident_clock.registry.tables import Deadline, Incident, StampedProtocol


@dataclass(slots=True)
class Case:
    """One locked incident. `zone`: whose hours follow-ups are due at."""

    session: Session
    incident: Incident
    history: History
    zone: ZoneInfo

    def add(self, fact: Fact, *, actor: Actor, now: datetime) -> int:
        """Write a fact down and let the rows follow; gives its sequence. Where a second person has to decide about it,
        he is asked."""
        sequence = self._write(fact, actor=actor, now=now)
        if sequence in self.history.pending:
            self._write(SecondAsked(happened_at=now, step=checks.key_of(fact.kind, sequence), about=sequence,
                                    due_at=checks.due_at(now, self.zone)), actor=ENGINE, now=now)
        write_rows(self.session, self.incident, self.history)
        return sequence

    def _write(self, fact: Fact, *, actor: Actor, now: datetime) -> int:
        sequence = ledger.append(self.session, self.incident, fact, actor=actor, now=now)
        for link in ledger.links(self.session, self.incident.id, after=self.history.size):
            go_on(self.history, plain(link))
        return sequence

    def open_follow_ups(self, since: str | None, *, done: datetime, due: datetime, actor: Actor,
                        now: datetime) -> None:
        """Begin what the rule asks for after `since` was done: a step, or the same follow-up before; None: the closing.

        Nothing is opened while one of its kind is open.
        """
        for each in self.history.rule.follow_ups:
            is_meant = since is None if each.after_close is not None else since in (each.since, each.key)
            if is_meant:
                self._open(each, done=done, due=due, actor=actor, now=now)

    def resume_follow_ups(self, *, actor: Actor, now: datetime) -> None:
        """After a change of the rule: what it asks for behind a step that is done, and nothing runs of, begins."""
        for each in self.history.rule.follow_ups:
            since = self.history.steps.get(each.since or "")
            if self.history.closed_at is None and since is not None and since.ended == h.DONE:
                self._open(each, done=now, due=now, actor=actor, now=now)

    def _open(self, each: FollowUp, *, done: datetime, due: datetime, actor: Actor, now: datetime) -> None:
        before = [one for one in self.history.steps.values() if one.follow_up == each.key]
        if any(one.is_open for one in before):
            return
        ordinal = 1 + max((one.ordinal for one in before), default=0)
        self.add(FollowUpOpened(
            happened_at=now, step=follow_ups.key_of(each, ordinal), follow_up=each.key, ordinal=ordinal,
            due_at=follow_ups.next_due(each, done=done, after=due, zone=self.zone)), actor=actor, now=now)


def open_case(session: Session, incident: Incident, zone: ZoneInfo) -> Case:
    """The case of an incident that is locked."""
    return Case(session, incident, ledger.read(session, incident.id).history, zone)


def refuse_closed(incident: Incident) -> None:
    """Raises Conflict for an incident that has ended."""
    if incident.closed_at is not None:
        raise Conflict(N_("事件已结案，不能再改动"))


def refuse_settled_by_closing(case: Case, sequence: int) -> None:
    """Raises Conflict where a case has ended, save for what was written down after its closing: the final report,
    tasks and evaluations may still be put right, as long as their texts are kept."""
    closing = next((entry for entry, kind in case.history.kinds.items() if kind == "IncidentClosed"), None)
    if closing is None or sequence < closing or case.incident.texts_erased_at is not None:
        refuse_closed(case.incident)


def write_rows(session: Session, incident: Incident, history: History) -> None:
    """Bring the rows of an incident into line with its ledger."""
    for name in (*h.VALUES, *h.TEXTS):
        value = history.values[name] if name in h.VALUES else history.texts[name]
        if getattr(incident, name) != value:
            setattr(incident, name, value or "" if name == "title" else value)
    for name, at in history.times.items():
        setattr(incident, name, at)
    incident.clock_started_at, incident.closed_at, incident.ended_as = \
        _known(history.clock_started_at), history.closed_at, history.ended_as
    incident.protocol = session.get_one(StampedProtocol, history.protocol)
    rows = {row.step: row for row in incident.deadlines}
    for one in history.steps.values():
        _write_obligation(incident, rows.get(one.step), one, session)
    session.flush()


def _write_obligation(incident: Incident, row: Deadline | None, one: Obligation, session: Session) -> None:
    is_new = row is None
    if row is None:
        row = Deadline(step=one.step, kind=one.kind, ordinal=one.ordinal, position=one.position, due_at=one.due_at,
                       round=one.round, title=one.title, owner=one.owner)
        incident.deadlines.append(row)
    begins_anew, moved = row.round != one.round, one.due_at - row.due_at
    row.protocol = session.get_one(StampedProtocol, one.rule) if one.rule else None
    for name in ("position", "started_at", "due_at", "first_due_at", "round", "passed_at", "reopened_at", "settled_at",
                 "settled_sequence", "ended", "done_at", "checked", "counted_at", "title", "owner"):
        if getattr(row, name) != getattr(one, name):
            setattr(row, name, getattr(one, name))
    if is_new or begins_anew:
        row.next_rung_at = ladder.first_rung_at(step_of(row), row.started_at)
    elif moved and row.next_rung_at is not None:
        row.next_rung_at += moved
    if is_new or begins_anew or moved:
        row.wake_at = _sooner(row.wake_at, wake_at(row.next_rung_at, row.due_at, row.passed_at))


def wake_at(next_rung_at: datetime | None, due: datetime, passed_at: datetime | None) -> datetime | None:
    """When the engine must look at a deadline again: its next rung, or the end of its due minute."""
    ends = [instant for instant in (next_rung_at, overdue_from(due) if passed_at is None else None) if instant]
    return min(ends, default=None)


def _sooner(before: datetime | None, after: datetime | None) -> datetime | None:
    """The engine may be waiting for a stand-in as well: to look too soon costs nothing."""
    return min((at for at in (before, after) if at is not None), default=None)


def _known(at: datetime | None) -> datetime:
    assert at is not None
    return at
