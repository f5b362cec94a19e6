"""One incident as it stands: the four times, the step cards, and each ladder in words."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.ledger.chain import plain
from incident_clock.outbox import messages as m
from incident_clock.outbox.tables import Message
from incident_clock.people import roster
from incident_clock.protocol import ladder
from incident_clock.protocol.deadlines import due_at
from incident_clock.protocol.standing import Verdict, standing_done, standing_open
from incident_clock.protocol.steps import OVERDUE_BY, ResponseProtocol, Rung, Step
from incident_clock.registry import incidents, ledger
from incident_clock.registry.numbers import spoken
from incident_clock.registry.tables import Deadline, Incident
from incident_clock.views import names
from incident_clock.views.shapes import IncidentView, RungView, StepView

RAIL = 0.94  # share of the ruler up to the due instant; what follows stands for being overdue
OVERDUE_MARK = 0.96


def find(session: Session, number_or_id: str | int) -> Incident:
    """The incident's row. Raises NotFound."""
    incident = session.scalar(select(Incident).where(incidents.called(number_or_id)))
    if incident is None:
        raise incidents.not_found(number_or_id)
    return incident


def view(session: Session, incident: Incident, *, now: datetime, is_whole: bool = True) -> IncidentView:
    """The read model of one incident; `is_whole` False leaves out logs' texts and ladders, for lists."""
    rule = incidents.rule_of(incident)
    entries = [plain(link) for link in ledger.links(session, incident.id)] if is_whole else []
    return IncidentView(
        id=incident.id, number=incident.number, spoken=spoken(incident.number), title=incident.title,
        is_drill=incident.is_drill, place=incident.place, source=incident.source, summary=incident.summary,
        unit=incident.unit, category=incident.category, event_grade=incident.event_grade,
        opinion_grade=incident.opinion_grade, first_learned_by=incident.first_learned_by,
        occurred_at=incident.occurred_at, first_online_at=incident.first_online_at, received_at=incident.received_at,
        registered_at=incident.registered_at, clock_started_at=incident.clock_started_at,
        closed_at=incident.closed_at, protocol_key=rule.key, protocol_version=rule.version,
        protocol_title=rule.title, steps=tuple(_steps(session, incident, rule, entries, now, is_whole)), seen_at=now)


def _steps(session: Session, incident: Incident, rule: ResponseProtocol, entries: list[dict], now: datetime,
           is_whole: bool) -> Iterable[StepView]:
    rules = {step.key: step for step in rule.steps}
    messages = _reminders(session, incident.id) if is_whole else []
    for deadline in incident.deadlines:
        step = rules[deadline.step]
        log = next((e for e in entries if e["sequence"] == deadline.settled_sequence), None)
        body = log["body"] if log else {}
        occurred_due = due_at(step, incident.occurred_at) if incident.occurred_at else None
        shadow = None
        if occurred_due and incident.occurred_at != incident.clock_started_at:
            shadow = _verdict(deadline, occurred_due, incident.occurred_at, now)
        yield StepView(
            key=step.key, title=step.title, evidence=step.evidence, within=step.within,
            started_at=incident.clock_started_at, due_at=deadline.due_at,
            verdict=_verdict(deadline, deadline.due_at, incident.clock_started_at, now),
            is_open=deadline.settled_at is None,
            next_rung_at=deadline.next_rung_at if deadline.settled_at is None else None,
            done_at=deadline.done_at, recorded_at=deadline.settled_at, logged_by=log["actor"] if log else None,
            report_to=body.get("report_to"), evidence_text=body.get("evidence"),
            occurred_due_at=occurred_due if shadow else None, occurred_verdict=shadow,
            ladder=tuple(_ladder(session, incident, deadline, step, entries, messages, now)) if is_whole else (),
            spent=RAIL * _share(deadline.done_at or now, incident.clock_started_at, deadline.due_at),
            marks=tuple(_mark(rung, step, deadline, incident) for rung in step.ladder))


def _verdict(deadline: Deadline, due: datetime, started: datetime | None, now: datetime) -> Verdict:
    if deadline.done_at is not None and deadline.settled_at is not None:
        return standing_done(done=deadline.done_at, due=due, recorded=deadline.settled_at)
    return standing_open(started=started or due, due=due, now=now)


def _ladder(session: Session, incident: Incident, deadline: Deadline, step: Step, entries: list[dict],
            messages: list[Message], now: datetime) -> Iterable[RungView]:
    raised: dict[int, list[dict]] = {}
    passed: set[int] = set()
    cards = names.by_key(session)
    here = [message for message in messages if message.step == step.key]
    for entry in entries:
        if entry["kind"] == "RungRaised" and entry["body"]["step"] == step.key:
            raised.setdefault(entry["body"]["rung"], []).append(entry)
            passed |= {over["rung"] for over in entry["body"]["passed_over"]}
    is_open, next_found = deadline.settled_at is None, False
    for rung in step.ladder:
        base = incident.clock_started_at + rung.from_start(step.within)
        raises = raised.get(rung.number, [])
        state = "told" if raises else "passed" if rung.number in passed else "later" if is_open else "gone"
        if state == "later" and not next_found:
            state, next_found = "next", True
        if raises:
            told = (message.person for message in here if (message.skipped_rung or message.rung) == rung.number)
            people = names.named(tuple(dict.fromkeys(told)), cards)
        else:
            is_coming = state in ("next", "later")
            people = names.on_roles(session, rung.tell, max(now, base) if is_coming else base)
        yield RungView(
            number=rung.number, repeat=raises[-1]["body"]["repeat"] if raises else 0, at=base, state=state,
            is_overdue_rung=rung.anchor == OVERDUE_BY, people=people,
            every=_pace(rung, base, now), told=len(raises),
            channels=tuple(dict.fromkeys(msg.channel for msg in here
                                         if (msg.skipped_rung or msg.rung) == rung.number)),
            undelivered=_undelivered(session, messages, step.key, rung.number),
            told_rung=raises[-1]["body"].get("told_rung", rung.number) if raises else rung.number,
            told_at=datetime.fromisoformat(raises[0]["happened_at"]) if raises else None)


def _pace(rung: Rung, base: datetime, now: datetime) -> timedelta | None:
    """How often the rung repeats from where it stands: the pause before its next call."""
    if not rung.repeats:
        return None
    at = base
    for repeat in rung.repeats:
        end = None if repeat.times is None else at + repeat.every * repeat.times
        if end is None or now < end:
            return repeat.every
        at = end
    return None


def _undelivered(session: Session, messages: list[Message], step: str, rung: int) -> tuple[str, ...]:
    """Names of those whom no channel has reached with this rung yet."""
    states: dict[str, set[str]] = {}
    for message in messages:
        if message.step == step and (message.skipped_rung or message.rung) == rung:
            states.setdefault(message.person, set()).add(message.state)
    return tuple(roster.name_of(session, key) for key, found in states.items()
                 if not found & {m.ACCEPTED, m.DELIVERED, m.SENDING})


def _reminders(session: Session, incident_id: int) -> list[Message]:
    return list(session.scalars(select(Message).where(Message.incident_id == incident_id, Message.kind == m.REMINDER)
                                .order_by(Message.id)))


def _share(at: datetime, started: datetime, due: datetime) -> float:
    return min(1.0, max(0.0, (at - started) / (due - started)))


def _mark(rung: Rung, step: Step, deadline: Deadline, incident: Incident) -> tuple[float, str, bool]:
    is_overdue = rung.anchor == OVERDUE_BY
    at = incident.clock_started_at + rung.from_start(step.within)
    is_told = deadline.next_rung_at is None or at < deadline.next_rung_at
    share = OVERDUE_MARK if is_overdue else RAIL * (rung.from_start(step.within) / step.within)
    return share, "told" if is_told else "next", is_overdue


def next_people(session: Session, incident: Incident, now: datetime) -> tuple[datetime | None, tuple[str, ...]]:
    """When the next rung of any open step stands, and the names of those it would tell."""
    open_ones = [d for d in incident.deadlines if d.settled_at is None and d.next_rung_at is not None]
    if not open_ones:
        return None, ()
    soonest = min(open_ones, key=lambda d: (d.next_rung_at, d.position))
    step = incidents.rule_of(incident).step(soonest.step)
    if step is None or soonest.next_rung_at is None:
        return None, ()
    at = max(now, soonest.next_rung_at)
    coming = ladder.decide(step, started=incident.clock_started_at, next_rung_at=soonest.next_rung_at, now=at)
    people = names.on_roles(session, ladder.audience(step, coming), at)
    return soonest.next_rung_at, tuple(person.name for person in people)
