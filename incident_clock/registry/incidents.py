"""The verbs: the only functions that write an incident, its deadlines and its ledger.

Each takes a session inside a write transaction, the actor and `now`; each writes its entry with the change, so
that an entry and its effect are there together or not at all. The incident's row is locked first, always.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, false, select, update
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, NotFound
from incident_clock.ledger.chain import plain
from incident_clock.ledger.fact import Actor, Erasable, erasable
from incident_clock.phrases import N_
from incident_clock.protocol import ladder
from incident_clock.protocol.deadlines import due_at, late_minutes, overdue_from
from incident_clock.protocol.standing import is_late_entry
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry import facts, ledger
from incident_clock.registry.drafts import NewIncident, StepLog, checked_incident, checked_log, checked_reason
from incident_clock.registry.numbers import next_number
from incident_clock.registry.tables import Deadline, Incident, StampedProtocol
from incident_clock.store.writing import changed

DUPLICATE_WINDOW = timedelta(minutes=30)
NUMBER = re.compile(r"Y?[0-9]{4}-[0-9]{4,9}")
LARGEST_ID = 2**31 - 1


def register(session: Session, new: NewIncident, protocol: ResponseProtocol, *, actor: Actor, now: datetime,
             zone: ZoneInfo) -> Incident:
    """Open an incident, stamp its rule and start its clock. Raises Refusals on bad input.

    The number counts within the registration year of `zone` (`2026-0037`, drills `Y2026-0005`).
    """
    new = checked_incident(new, now=now)
    assert new.received_at is not None
    started = _clock_start(new, protocol, now)
    incident = Incident(
        number=next_number(session, year=now.astimezone(zone).year, is_drill=new.is_drill), is_drill=new.is_drill,
        title=new.title, place=new.place, source=new.source, first_learned_by=new.first_learned_by,
        summary=new.summary, unit=new.unit, category=new.category, event_grade=new.event_grade,
        opinion_grade=new.opinion_grade, occurred_at=new.occurred_at, first_online_at=new.first_online_at,
        received_at=new.received_at, registered_at=now, clock_started_at=started,
        protocol=_stamped(session, protocol))
    session.add(incident)
    session.flush()
    for position, step in enumerate(protocol.steps):
        due, rung_at = due_at(step, started), ladder.first_rung_at(step, started)
        incident.deadlines.append(Deadline(step=step.key, position=position, due_at=due, next_rung_at=rung_at,
                                           wake_at=wake_at(rung_at, due, None)))
    session.flush()
    ledger.append(session, incident, facts.IncidentRegistered(
        happened_at=new.received_at, number=incident.number, is_drill=new.is_drill,
        protocol={"key": protocol.key, "version": protocol.version, "hash": protocol.content_hash()},
        clock_started_at=started, received_at=new.received_at, registered_at=now, occurred_at=new.occurred_at,
        first_online_at=new.first_online_at, category=new.category, event_grade=new.event_grade,
        opinion_grade=new.opinion_grade, title=Erasable(new.title), place=erasable(new.place),
        source=erasable(new.source), first_learned_by=erasable(new.first_learned_by), summary=erasable(new.summary),
        unit=erasable(new.unit)), actor=actor, now=now)
    return incident


def log_step(session: Session, incident: Incident, step: str, log: StepLog, *, actor: Actor, now: datetime) -> int:
    """Record that a step was done; gives the entry's sequence. Raises NotFound, Conflict (logged already), Refusals."""
    deadline = deadline_of(incident, step)
    _refuse_closed(incident)
    log = checked_log(log, started=incident.clock_started_at, now=now)
    assert log.done_at is not None
    if not _settle(session, deadline, done_at=log.done_at, now=now):
        raise already_logged(session, incident, deadline)
    sequence = ledger.append(session, incident, facts.StepLogged(
        happened_at=log.done_at, step=step, done_at=log.done_at, due_at=deadline.due_at,
        late_minutes=late_minutes(log.done_at, deadline.due_at),
        is_late_entry=is_late_entry(happened_at=log.done_at, recorded_at=now),
        report_to=erasable(log.report_to), evidence=erasable(log.evidence), note=erasable(log.note),
        reason=erasable(log.reason)), actor=actor, now=now)
    deadline.settled_sequence = sequence
    session.flush()
    return sequence


def withdraw(session: Session, incident: Incident, step: str, reason: str | None, *, actor: Actor,
             now: datetime) -> int:
    """Take the log of a step back: the step is open again and its ladder goes on. Raises NotFound, Conflict."""
    deadline = deadline_of(incident, step)
    _refuse_closed(incident)
    reason = checked_reason(reason)
    withdrawn = deadline.settled_sequence
    if deadline.settled_at is None or withdrawn is None:
        raise Conflict(N_("这一步还没有记录，没有可撤回的内容"))
    sequence = ledger.append(session, incident, facts.LogWithdrawn(
        happened_at=now, step=step, withdraws=withdrawn, reason=erasable(reason)), actor=actor, now=now)
    deadline.settled_at = deadline.settled_sequence = deadline.done_at = None
    deadline.reopened_at = now
    session.flush()
    return sequence


def close(session: Session, incident: Incident, reason: str | None, *, actor: Actor, now: datetime) -> int:
    """Close an incident all of whose steps are settled. Raises Conflict while one is open, or closed already."""
    _refuse_closed(incident)
    reason = checked_reason(reason)
    open_steps = {d.step for d in incident.deadlines if d.settled_at is None}
    if open_steps:
        titles = [step.title for step in rule_of(incident).steps if step.key in open_steps]
        raise Conflict(N_("还有%(count)s步没有记录（%(steps)s），不能结案"), count=len(titles), steps=titles)
    sequence = ledger.append(session, incident, facts.IncidentClosed(happened_at=now, reason=erasable(reason)),
                             actor=actor, now=now)
    incident.closed_at = now
    session.flush()
    return sequence


def erase_texts(session: Session, incident: Incident, reason: str, *, actor: Actor, now: datetime) -> int:
    """Destroy the personal data of a closed incident (law of 2024, arts. 84–85); gives how many texts went."""
    if incident.closed_at is None:
        raise Conflict(N_("事件还没有结案，不能销毁其中的个人信息"))
    reason = checked_reason(reason, is_required=True) or ""
    erased = ledger.erase_texts(session, incident.id)
    incident.title = ""
    incident.place = incident.source = incident.first_learned_by = incident.summary = incident.unit = None
    incident.texts_erased_at = now
    ledger.append(session, incident, facts.TextsErased(happened_at=now, reason=Erasable(reason)),
                  actor=actor, now=now)
    return erased


# ── reading what the verbs need ───────────────────────────────────────────────────────────────────────────

def locked(session: Session, number_or_id: str | int) -> Incident:
    """The incident, locked until the transaction ends. Raises NotFound."""
    incident = session.scalar(select(Incident).where(called(number_or_id)).with_for_update(of=Incident))
    if incident is None:
        raise not_found(number_or_id)
    return incident


def called(number_or_id: str | int) -> ColumnElement[bool]:
    """Which incident is meant. What cannot be a number or an id never reaches the database, and finds nothing."""
    if isinstance(number_or_id, int):
        return Incident.id == number_or_id if 0 < number_or_id <= LARGEST_ID else false()
    return Incident.number == number_or_id if NUMBER.fullmatch(number_or_id) else false()


def not_found(number_or_id: str | int) -> NotFound:
    return NotFound(N_("没有编号为 %(number)s 的事件，请核对编号"), number=str(number_or_id)[:40])


def rule_of(incident: Incident) -> ResponseProtocol:
    """The rule this incident was registered under, from its stamp."""
    return ResponseProtocol.from_stamp(incident.protocol.stamp)


def likely_duplicates(session: Session, incident: Incident) -> list[Incident]:
    """Other incidents learned of within 30 min at the same place, or under the same title."""
    near = session.scalars(select(Incident).where(
        Incident.id != incident.id, Incident.is_drill == incident.is_drill,
        Incident.received_at.between(incident.received_at - DUPLICATE_WINDOW, incident.received_at + DUPLICATE_WINDOW),
    ).order_by(Incident.id))
    return [other for other in near
            if (incident.place and other.place == incident.place) or other.title == incident.title]


def already_logged(session: Session, incident: Incident, deadline: Deadline) -> Conflict:
    """The refusal that tells who logged this step, and when."""
    session.refresh(deadline)
    return Conflict(N_("%(who)s已在 %(at)s 记录过这一步，未重复记录"), who=logged_by(session, incident, deadline) or "",
                    at=deadline.settled_at)


def logged_by(session: Session, incident: Incident, deadline: Deadline) -> str | None:
    """Who logged this step; None when nobody has, or the name was destroyed."""
    entry = next((e for e in ledger.links(session, incident.id) if e.sequence == deadline.settled_sequence), None)
    return plain(entry)["actor"] if entry else None


def wake_at(next_rung_at: datetime | None, due: datetime, passed_at: datetime | None) -> datetime | None:
    """When the engine must look at a deadline again: its next rung, or the end of its due minute."""
    ends = [instant for instant in (next_rung_at, overdue_from(due) if passed_at is None else None) if instant]
    return min(ends, default=None)


def _settle(session: Session, deadline: Deadline, *, done_at: datetime, now: datetime) -> bool:
    """The conditional update that lets exactly one of two officers log a step."""
    won = changed(session, update(Deadline).where(Deadline.id == deadline.id, Deadline.settled_at.is_(None))
                  .values(settled_at=now, done_at=done_at))
    session.refresh(deadline)
    return won == 1


def deadline_of(incident: Incident, step: str) -> Deadline:
    found = next((d for d in incident.deadlines if d.step == step), None)
    if found is None:
        raise NotFound(N_("没有“%(step)s”这一步，本事件的步骤：%(steps)s"), step=step[:40],
                       steps=[d.step for d in incident.deadlines])
    return found


def _refuse_closed(incident: Incident) -> None:
    if incident.closed_at is not None:
        raise Conflict(N_("事件已结案，不能再改动"))


def _clock_start(new: NewIncident, protocol: ResponseProtocol, now: datetime) -> datetime:
    """T0 by the protocol. Where it counts from the occurrence and that is unknown, the receipt counts."""
    assert new.received_at is not None
    if protocol.clock_starts_at == "registered":
        return now
    return (new.occurred_at if protocol.clock_starts_at == "occurred" else None) or new.received_at


def _stamped(session: Session, protocol: ResponseProtocol) -> StampedProtocol:
    known = session.get(StampedProtocol, protocol.content_hash())
    return known or StampedProtocol(content_hash=protocol.content_hash(), key=protocol.key, version=protocol.version,
                                    stamp=protocol.stamp())
