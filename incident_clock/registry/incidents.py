"""The verbs of a case's life: register, log, withdraw, close, erase. What else can be done: beside.

Each takes a case whose row is locked, inside a write transaction, the actor and `now`, and adds a fact: entry and rows
are there together or not at all (`case.py`). Erasing alone takes texts out of rows itself.
"""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session, lazyload

from incident_clock.errors import Conflict, Invalid, NotFound
from incident_clock.ledger.chain import plain
from incident_clock.ledger.fact import Actor, Erasable, erasable
from incident_clock.phrases import N_
from incident_clock.protocol.deadlines import late_minutes
from incident_clock.protocol.standing import is_late_entry, is_rescue
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry import facts, ledger, record_kinds
from incident_clock.registry.case import Case, refuse_closed, refuse_settled_by_closing
from incident_clock.registry.case_facts import RecordMade
from incident_clock.registry.drafts import (
    REAL_OF,
    NewIncident,
    StepLog,
    checked_incident,
    checked_log,
    checked_reason,
)
from incident_clock.registry.history import FOLLOW_UP, NOT_APPLICABLE, STEP, TASK, History
from incident_clock.registry.numbers import next_number
from incident_clock.registry.obligations import follow_up_key, rule_from, step_of, work_of
from incident_clock.registry.records import check_against_history, checked_fields, reached
from incident_clock.registry.rules import Rules
from incident_clock.registry.tables import Deadline, Incident, StampedProtocol

DUPLICATE_WINDOW = timedelta(minutes=30)
NUMBER = re.compile(r"Y?[0-9]{4}-[0-9]{4,9}")
LARGEST_ID = 2**31 - 1


def register(session: Session, new: NewIncident, protocol: ResponseProtocol, *, actor: Actor, now: datetime,
             zone: ZoneInfo) -> Incident:
    """Open an incident, stamp its rule and start its clock. Raises Refusals on bad input, NotFound.

    The number counts within the registration year of `zone` (`2026-0037`, drills `Y2026-0005`).
    """
    new = checked_incident(new, now=now)
    assert new.received_at is not None
    if new.related_to is not None:
        _refuse_unrelated(session, new)
    started = _clock_start(new, protocol, now)
    incident = Incident(
        number=next_number(session, year=now.astimezone(zone).year, is_drill=new.is_drill), is_drill=new.is_drill,
        title=new.title, received_at=new.received_at, registered_at=now, clock_started_at=started,
        is_sensitive=new.is_sensitive, secondary_categories=list(new.secondary_categories),
        protocol=stamped(session, protocol))
    session.add(incident)
    session.flush()
    Case(session, incident, History(Rules(session)), zone).add(facts.IncidentRegistered(
        happened_at=new.received_at, number=incident.number, is_drill=new.is_drill, protocol=named(protocol),
        clock_started_at=started, received_at=new.received_at, registered_at=now, occurred_at=new.occurred_at,
        first_online_at=new.first_online_at, category=new.category, event_grade=new.event_grade,
        opinion_grade=new.opinion_grade, warning_level=new.warning_level, response_level=new.response_level,
        is_sensitive=new.is_sensitive, secondary_categories=list(new.secondary_categories),
        related_to=new.related_to, relation=new.relation, title=Erasable(new.title), place=erasable(new.place),
        source=erasable(new.source), first_learned_by=erasable(new.first_learned_by), summary=erasable(new.summary),
        unit=erasable(new.unit)), actor=actor, now=now)
    return incident


def log_step(case: Case, step: str, log: StepLog, *, actor: Actor, now: datetime) -> int:
    """Record that an obligation was done; gives the entry's sequence. Raises NotFound, Conflict (ended already),
    Refusals.

    A call that reached nobody, or not everybody the rule names, is kept and completes nothing (domain 3.2, 3.3).
    """
    deadline = work_of(case.incident, step)
    if deadline.kind == STEP:
        refuse_closed(case.incident)
    log = checked_log(log, started=_counts_from(case.incident, deadline), now=now)
    assert log.done_at is not None
    record = _checked_record(case, deadline, log, now=now)
    if deadline.settled_at is not None:
        raise already_logged(case.session, case.incident, deadline)
    if step_of(deadline).evidence == record_kinds.CALL and not _completes(case, deadline, log, record):
        return case.add(RecordMade(
            happened_at=log.done_at, record=record_kinds.CALL, step=step, fields=record,
            ordinal=case.history.counts.get(record_kinds.CALL, 0) + 1, reason=erasable(log.reason or log.note)),
            actor=actor, now=now)
    sequence = case.add(facts.StepLogged(
        happened_at=log.done_at, step=step, done_at=log.done_at, due_at=deadline.due_at,
        late_minutes=late_minutes(log.done_at, deadline.due_at),
        is_late_entry=is_late_entry(happened_at=log.done_at, recorded_at=now),
        is_pending=_needs_second(case.history, deadline, log.done_at, now), record=record,
        report_to=erasable(log.report_to), evidence=erasable(log.evidence), note=erasable(log.note),
        reason=erasable(log.reason)), actor=actor, now=now)
    since = follow_up_key(deadline) if deadline.kind == FOLLOW_UP else step
    case.open_follow_ups(since, done=log.done_at, due=deadline.due_at, actor=actor, now=now)
    return sequence


def withdraw(case: Case, step: str, reason: str | None, *, actor: Actor, now: datetime) -> int:
    """Take back what ended a step: it is open again and its ladder goes on. Raises NotFound, Conflict."""
    deadline = work_of(case.incident, step)
    withdrawn = deadline.settled_sequence
    refuse_settled_by_closing(case, withdrawn or case.history.size)
    reason = checked_reason(reason)
    if deadline.settled_at is None or withdrawn is None:
        raise Conflict(N_("这一步还没有记录，没有可撤回的内容"))
    if deadline.ended == NOT_APPLICABLE:
        raise Conflict(N_("这一步是随改级、合并或结案终止的，不能单独撤回"))
    return case.add(facts.LogWithdrawn(happened_at=now, step=step, withdraws=withdrawn, reason=erasable(reason)),
                    actor=actor, now=now)


def close(case: Case, reason: str | None, *, actor: Actor, now: datetime) -> int:
    """Close an incident all of whose steps are settled. Raises Conflict while one is open, or closed already."""
    refuse_closed(case.incident)
    reason = checked_reason(reason)
    titles = [step_of(d).title for d in case.incident.deadlines if d.settled_at is None and d.kind == STEP]
    if titles:
        raise Conflict(N_("还有%(count)s步没有记录（%(steps)s），不能结案"), count=len(titles), steps=titles)
    sequence = case.add(facts.IncidentClosed(happened_at=now, reason=erasable(reason)), actor=actor, now=now)
    case.open_follow_ups(None, done=now, due=now, actor=actor, now=now)
    return sequence


def erase_texts(session: Session, incident: Incident, reason: str, *, actor: Actor, now: datetime) -> int:
    """Destroy the personal data of a closed incident (law of 2024, arts. 84–85); gives how many texts went."""
    if incident.closed_at is None:
        raise Conflict(N_("事件还没有结案，不能销毁其中的个人信息"))
    if any(each.kind == TASK and each.settled_at is None for each in incident.deadlines):
        raise Conflict(N_("还有任务没有办结，暂不能销毁其中的个人信息"))
    reason = checked_reason(reason, is_required=True) or ""
    erased = ledger.erase_texts(session, incident.id)
    incident.title = ""
    incident.place = incident.source = incident.first_learned_by = incident.summary = incident.unit = None
    for each in incident.deadlines:
        each.title = each.owner = None
    incident.texts_erased_at = now
    ledger.append(session, incident, facts.TextsErased(happened_at=now, reason=Erasable(reason)),
                  actor=actor, now=now)
    return erased


# ── reading what the verbs need ───────────────────────────────────────────────────────────────────────────

def locked(session: Session, number_or_id: str | int) -> Incident:
    """The incident, locked until the transaction ends. Raises NotFound."""
    incident = session.scalar(select(Incident).where(called(number_or_id)).options(lazyload(Incident.protocol))
                              .with_for_update(of=Incident))
    if incident is None:
        raise not_found(number_or_id)
    return incident


def id_of(session: Session, number_or_id: str | int) -> int:
    """The id of an incident. Raises NotFound."""
    found = session.scalar(select(Incident.id).where(called(number_or_id)))
    if found is None:
        raise not_found(number_or_id)
    return found


def called(number_or_id: str | int) -> ColumnElement[bool]:
    """Which incident is meant. What cannot be a number or an id never reaches the database, and finds nothing."""
    if isinstance(number_or_id, int):
        return Incident.id == number_or_id if 0 < number_or_id <= LARGEST_ID else false()
    return Incident.number == number_or_id if NUMBER.fullmatch(number_or_id) else false()


def not_found(number_or_id: str | int) -> NotFound:
    return NotFound(N_("没有编号为 %(number)s 的事件，请核对编号"), number=str(number_or_id)[:40])


def rule_of(incident: Incident) -> ResponseProtocol:
    """The rule this incident stands under now, from its stamp."""
    return rule_from(incident.protocol.stamp)


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


def _clock_start(new: NewIncident, protocol: ResponseProtocol, now: datetime) -> datetime:
    """T0 by the protocol. Where it counts from the occurrence and that is unknown, the receipt counts."""
    assert new.received_at is not None
    if protocol.clock_starts_at == "registered":
        return now
    return (new.occurred_at if protocol.clock_starts_at == "occurred" else None) or new.received_at


def stamped(session: Session, protocol: ResponseProtocol) -> StampedProtocol:
    """The row of a rule, made when it is first used."""
    known = session.get(StampedProtocol, protocol.content_hash())
    if known is None:
        known = StampedProtocol(content_hash=protocol.content_hash(), key=protocol.key, version=protocol.version,
                                stamp=protocol.stamp())
        session.add(known)
        session.flush()
    return known


def named(protocol: ResponseProtocol) -> dict[str, str]:
    """How an entry names a rule."""
    return {"key": protocol.key, "version": protocol.version, "hash": protocol.content_hash()}


def _checked_record(case: Case, deadline: Deadline, log: StepLog, *, now: datetime) -> dict[str, Any]:
    """The evidence as the ledger holds it. Raises Refusals, Conflict."""
    kind = record_kinds.KINDS.get(step_of(deadline).evidence)
    if not log.record:
        return {}
    if kind is None:
        raise Invalid(N_("这一步的凭证只用文字填写"), field="evidence")
    assert log.done_at is not None
    fields = checked_fields(kind, log.record, now=now)
    check_against_history(case.history, kind.key, fields, at=log.done_at, reason=log.reason)
    return fields


def _completes(case: Case, deadline: Deadline, log: StepLog, record: dict[str, Any]) -> bool:
    """Whether this call completes the step: somebody answered, and everybody the rule names has been reached."""
    if record and record["outcome"] != record_kinds.REACHED:
        return False
    required, named = set(step_of(deadline).required), {record.get("recipient"), log.report_to} - {None}
    if len(required) < 2 and not named:
        return True
    return required <= reached(case.history, deadline.step) | named


def _needs_second(history: History, deadline: Deadline, done: datetime, now: datetime) -> bool:
    """Whether a log helps the bureau: a late entry that rescues the deadline, or a better one than was taken back."""
    if is_rescue(done=done, due=deadline.due_at, recorded=now):
        return True
    former = history.steps[deadline.step].former_at
    return former is not None and improves(history, deadline.step, before=former, after=done)


def improves(history: History, step: str, *, before: datetime, after: datetime) -> bool:
    """Whether a step is less late with `after` than with `before`, by T0 or by the occurrence."""
    one, occurred = history.steps[step], history.times["occurred_at"]
    dues = [one.due_at, *([one.due_at + (occurred - history.clock_started_at)]
                          if occurred and history.clock_started_at and one.kind == STEP else [])]
    return any(late_minutes(after, due) < late_minutes(before, due) for due in dues)


def _counts_from(incident: Incident, deadline: Deadline) -> datetime:
    """Before this instant a log needs a reason: T0, or when a follow-up or task began."""
    return incident.clock_started_at if deadline.kind == STEP else deadline.started_at


def _refuse_unrelated(session: Session, new: NewIncident) -> None:
    other = session.scalar(select(Incident).where(called(new.related_to or "")))
    if other is None:
        raise not_found(new.related_to or "")
    if new.relation == REAL_OF and (not other.is_drill or new.is_drill):
        raise Conflict(N_("只有演练可以转为真实事件登记"))
    same = select(Incident.number).where(Incident.related_to == other.number, Incident.relation == REAL_OF)
    if new.relation == REAL_OF and (real := session.scalar(same)):
        raise Conflict(N_("这次演练已转为真实事件 %(number)s"), number=real)
    if new.relation != REAL_OF and other.is_drill != new.is_drill:
        raise Conflict(N_("演练与真实事件不能关联"))
