"""One incident as it stands: the four times, the step cards, and each ladder in words."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.outbox import messages as m
from incident_clock.outbox.tables import Message
from incident_clock.people import roster
from incident_clock.protocol import ladder
from incident_clock.protocol.deadlines import due_at
from incident_clock.protocol.standing import (
    Standing,
    Verdict,
    standing_done,
    standing_open,
    standing_transferred,
)
from incident_clock.protocol.steps import OVERDUE_BY, Rung, Step
from incident_clock.registry import incidents
from incident_clock.registry.account import Account
from incident_clock.registry.history import (
    CHECK,
    DONE,
    FOLLOW_UP,
    NOT_APPLICABLE,
    STEP,
    TASK,
    TRANSFERRED,
    WAIVED,
    Entry,
    History,
)
from incident_clock.registry.numbers import spoken
from incident_clock.registry.obligations import step_of
from incident_clock.registry.records import reached
from incident_clock.registry.tables import Deadline, Incident
from incident_clock.views import names
from incident_clock.views.shapes import IncidentView, PendingView, RecordView, RungView, StepView

RAIL = 0.94  # share of the ruler up to the due instant; what follows stands for being overdue
OVERDUE_MARK = 0.96


def find(session: Session, number_or_id: str | int) -> Incident:
    """The incident's row. Raises NotFound."""
    incident = session.scalar(select(Incident).where(incidents.called(number_or_id)))
    if incident is None:
        raise incidents.not_found(number_or_id)
    return incident


def view(session: Session, incident: Incident, account: Account | None = None, *, now: datetime) -> IncidentView:
    """The read model of one incident; without its `account` no logs' texts, forms and ladders, for lists."""
    rule = incidents.rule_of(incident)
    entries, history = (account.entries, account.history) if account else ([], None)
    shown = list(_obligations(session, incident, entries, history, now))
    return IncidentView(
        id=incident.id, number=incident.number, spoken=spoken(incident.number), title=incident.title,
        is_drill=incident.is_drill, place=incident.place, source=incident.source, summary=incident.summary,
        unit=incident.unit, category=incident.category, event_grade=incident.event_grade,
        opinion_grade=incident.opinion_grade, first_learned_by=incident.first_learned_by,
        occurred_at=incident.occurred_at, first_online_at=incident.first_online_at, received_at=incident.received_at,
        registered_at=incident.registered_at, clock_started_at=incident.clock_started_at,
        closed_at=incident.closed_at, protocol_key=rule.key, protocol_version=rule.version,
        protocol_title=rule.title, steps=tuple(one for one in shown if one.kind == STEP), seen_at=now,
        follow_ups=tuple(one for one in shown if one.kind == FOLLOW_UP),
        tasks=tuple(one for one in shown if one.kind == TASK),
        checks=tuple(one for one in shown if one.kind == CHECK), warning_level=incident.warning_level,
        response_level=incident.response_level, is_sensitive=incident.is_sensitive,
        secondary_categories=tuple(incident.secondary_categories), related_to=incident.related_to,
        relation=incident.relation, ended_as=incident.ended_as,
        closed_in=_closed_in(incident, history), pending=tuple(_pending(history)) if history else (),
        records=tuple(_records(history, entries)) if history else (),
        after_close=tuple((each.title, each.after_close) for each in rule.follow_ups if each.after_close is not None))


def _closed_in(incident: Incident, history: History | None) -> int | None:
    if history is None or incident.texts_erased_at is not None:
        return None
    return next((sequence for sequence, kind in history.kinds.items() if kind == "IncidentClosed"), None)


def _obligations(session: Session, incident: Incident, entries: list[Entry], history: History | None,
                 now: datetime) -> Iterable[StepView]:
    messages = _reminders(session, incident.id) if history else []
    by_sequence = {entry["sequence"]: entry for entry in entries}
    offers = {} if history is None else {
        key: offer["body"] for offer in history.offers.values() for key in offer["body"]["steps"]}
    for deadline in incident.deadlines:
        step = step_of(deadline)
        log = by_sequence.get(deadline.settled_sequence or 0)
        body = _body(log, history, by_sequence) if log and history else {}
        offer = offers.get(step.key, {})
        occurred_due = due_at(step, incident.occurred_at) if incident.occurred_at and deadline.kind == STEP else None
        shadow = None
        if occurred_due and incident.occurred_at != incident.clock_started_at:
            shadow = verdict_of(deadline, occurred_due, incident.occurred_at, now)
        is_done = deadline.ended == DONE
        yield StepView(
            key=step.key, title=step.title, evidence=step.evidence, within=step.within,
            started_at=deadline.started_at, due_at=deadline.due_at,
            verdict=verdict_of(deadline, deadline.due_at, deadline.started_at, now),
            is_open=deadline.settled_at is None,
            next_rung_at=deadline.next_rung_at if deadline.settled_at is None else None,
            done_at=deadline.done_at if is_done else None, recorded_at=deadline.settled_at,
            logged_by=log["actor"] if log else None, kind=deadline.kind, ordinal=deadline.ordinal, task=deadline.title,
            owner=names.one(session, deadline.owner) if deadline.owner else None, ended=deadline.ended,
            ended_at=deadline.done_at, sequence=deadline.settled_sequence, body=body,
            first_due_at=deadline.first_due_at, offered_to=offer.get("to"), offered_from=offer.get("step"),
            required=step.required, also=step.also,
            reached=frozenset(reached(history, step.key)) if history and step.required else frozenset(),
            report_to=_said(body, "report_to"), evidence_text=body.get("evidence"),
            occurred_due_at=occurred_due if shadow else None, occurred_verdict=shadow,
            ladder=tuple(_ladder(session, deadline, step, entries, messages, now)) if history else (),
            spent=RAIL * _share(deadline.done_at or now, deadline.started_at, deadline.due_at),
            marks=tuple(_mark(rung, step, deadline) for rung in step.ladder))


def _body(log: Entry, history: History, by_sequence: dict[int, Entry]) -> dict[str, Any]:
    """What the entry that ended a step says, with its corrections; an accepted transfer says what was offered too."""
    body = history.bodies.get(log["sequence"]) or log["body"]
    return {**by_sequence[body["offer"]]["body"], **body} if "offer" in body else body


def _said(body: dict[str, Any], name: str) -> str | None:
    """To whom it was reported: as it was typed, else from the form of its evidence."""
    record = body.get("record") or {}
    return body.get(name) or record.get("recipient") or record.get("external_unit") or record.get("organiser")


def _pending(history: History) -> Iterable[PendingView]:
    dues = {one.ordinal: one.due_at for one in history.steps.values() if one.kind == CHECK}
    for sequence, entry in sorted(history.pending.items()):
        yield PendingView(
            sequence, entry["kind"], entry["body"].get("step"), entry["actor"], entry["actor_role"],
            datetime.fromisoformat(entry["happened_at"]), datetime.fromisoformat(entry["recorded_at"]), entry["body"],
            dues.get(sequence))


def _records(history: History, entries: list[Entry]) -> Iterable[RecordView]:
    for entry in entries:
        if entry["kind"] == "RecordMade":
            body = history.bodies[entry["sequence"]]
            yield RecordView(
                entry["sequence"], body["record"], body["ordinal"], body["step"], body["fields"],
                datetime.fromisoformat(entry["happened_at"]), datetime.fromisoformat(entry["recorded_at"]),
                entry["actor"], is_corrected=entry["sequence"] in history.struck)


def verdict_of(deadline: Deadline, due: datetime, started: datetime | None, now: datetime) -> Verdict:
    """How it stands by a due instant: its own, or the one that counts from the occurrence."""
    done, recorded = deadline.done_at, deadline.settled_at
    if done is None or recorded is None:
        return standing_open(started=started or due, due=due, now=now)
    if deadline.ended == TRANSFERRED:
        return standing_transferred(accepted=done, due=due, check=deadline.checked, counted=deadline.counted_at)
    if deadline.ended in (WAIVED, NOT_APPLICABLE):
        return Verdict(Standing(deadline.ended))
    return standing_done(done=done, due=due, recorded=recorded, check=deadline.checked, counted=deadline.counted_at)


def _ladder(session: Session, deadline: Deadline, step: Step, entries: list[Entry],
            messages: list[Message], now: datetime) -> Iterable[RungView]:
    raised: dict[int, list[dict]] = {}
    passed: set[int] = set()
    cards = names.by_key(session)
    here = [message for message in messages if message.step == step.key and message.round == deadline.round]
    for entry in entries:
        if (entry["kind"] == "RungRaised" and entry["body"]["step"] == step.key
                and entry["body"].get("round", 0) == deadline.round):
            raised.setdefault(entry["body"]["rung"], []).append(entry)
            passed |= {over["rung"] for over in entry["body"]["passed_over"]}
    is_open, next_found = deadline.settled_at is None, False
    for rung in step.ladder:
        base = deadline.started_at + rung.from_start(step.within)
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
            undelivered=_undelivered(session, here, rung.number),
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


def _undelivered(session: Session, messages: list[Message], rung: int) -> tuple[str, ...]:
    """Names of those whom no channel has reached with this rung yet; `messages` are those of its ladder."""
    states: dict[str, set[str]] = {}
    for message in messages:
        if (message.skipped_rung or message.rung) == rung:
            states.setdefault(message.person, set()).add(message.state)
    return tuple(roster.name_of(session, key) for key, found in states.items()
                 if not found & {m.ACCEPTED, m.DELIVERED, m.SENDING})


def _reminders(session: Session, incident_id: int) -> list[Message]:
    return list(session.scalars(select(Message).where(Message.incident_id == incident_id, Message.kind == m.REMINDER)
                                .order_by(Message.id)))


def _share(at: datetime, started: datetime, due: datetime) -> float:
    return min(1.0, max(0.0, (at - started) / (due - started))) if due > started else 1.0


def _mark(rung: Rung, step: Step, deadline: Deadline) -> tuple[float, str, bool]:
    is_overdue = rung.anchor == OVERDUE_BY
    at = deadline.started_at + rung.from_start(step.within)
    is_told = deadline.next_rung_at is None or at < deadline.next_rung_at
    share = OVERDUE_MARK if is_overdue else RAIL * (rung.from_start(step.within) / step.within)
    return share, "told" if is_told else "next", is_overdue


def next_people(session: Session, incident: Incident, now: datetime) -> tuple[datetime | None, tuple[str, ...]]:
    """When the next rung of any open step stands, and the names of those it would tell."""
    open_ones = [d for d in incident.deadlines if d.settled_at is None and d.next_rung_at is not None]
    if not open_ones:
        return None, ()
    soonest = min(open_ones, key=lambda d: (d.next_rung_at, d.position))
    step = step_of(soonest)
    if soonest.next_rung_at is None:
        return None, ()
    at = max(now, soonest.next_rung_at)
    coming = ladder.decide(step, started=soonest.started_at, next_rung_at=soonest.next_rung_at, now=at)
    people = names.on_roles(session, ladder.audience(step, coming), at)
    return soonest.next_rung_at, tuple(person.name for person in people)
