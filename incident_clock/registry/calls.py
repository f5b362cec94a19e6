"""Who was called on which rung, and who has answered (叫应). Acknowledging never stops a step: only a log does.

The rows follow from the ledger (`RungRaised`, `StandInCalled`, `Acknowledged`, `SelfReported`, `Resent`); the
engine asks them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict
from incident_clock.ledger.fact import Actor, Erasable, erasable
from incident_clock.phrases import N_
from incident_clock.protocol.replies import paused_until
from incident_clock.registry import ledger
from incident_clock.registry.drafts import checked_note
from incident_clock.registry.facts import Acknowledged, SelfReported
from incident_clock.registry.tables import Called, Deadline, Incident
from incident_clock.store.writing import changed

PAGE, LINK, PHONE, REPLY, CODE, VOICE = "page", "link", "phone", "reply", "code", "voice"  # how an answer came
SELF_REPORTED = "self_reported"  # the answer was: done, the log follows
SELF_REPORT_PAUSE = timedelta(minutes=10)


@dataclass(slots=True)
class CallState:
    """Where one person stands on one rung of a step: the fields of a `Called` row that decide what comes next."""

    told_at: datetime
    last_told_at: datetime
    stand_in_at: datetime | None = None
    in_place_of: str | None = None
    answered_at: datetime | None = None
    paused_until: datetime | None = None


States = dict[tuple[int, str], CallState]  # (rung, person) → where he stands, of one step


def called(session: Session, incident_id: int, step: str | None = None) -> list[Called]:
    """Everybody called in this incident, or on one step of it, in the order they were."""
    rows = select(Called).where(Called.incident_id == incident_id).order_by(Called.told_at, Called.id)
    return list(session.scalars(rows if step is None else rows.where(Called.step == step)))


def states(rows: Iterable[Called]) -> States:
    """The rows of one step as values that may be gone on with."""
    return {(row.rung, row.person): CallState(row.told_at, row.last_told_at, row.stand_in_at, row.in_place_of,
                                              row.answered_at, row.paused_until) for row in rows}


def note(known: States, rung: int, person: str, *, now: datetime, stand_in_at: datetime | None = None,
         in_place_of: str | None = None) -> None:
    """Note that a person is called now on a rung. One who has answered, or has his stand-in already, needs none."""
    state = known.get((rung, person))
    if state is None:
        known[rung, person] = CallState(now, now, stand_in_at, in_place_of)
        return
    state.last_told_at = now
    if stand_in_at is None or state.answered_at is not None or state.stand_in_at is not None:
        return
    if not any(on == rung and other.in_place_of == person for (on, _), other in known.items()):
        state.stand_in_at = stand_in_at


def keep(session: Session, rows: Iterable[Called], known: States, *, incident_id: int, step: str) -> None:
    """Write down what was noted: `rows` are those of the step that were there before."""
    before = {(row.rung, row.person): row for row in rows}
    for (rung, person), state in known.items():
        row = before.get((rung, person))
        if row is None:
            session.add(Called(incident_id=incident_id, step=step, rung=rung, person=person, told_at=state.told_at,
                               last_told_at=state.last_told_at, stand_in_at=state.stand_in_at,
                               in_place_of=state.in_place_of))
        else:
            row.last_told_at, row.stand_in_at = state.last_told_at, state.stand_in_at


def acknowledge(session: Session, incident: Incident, *, person: str, name: str, how: str, actor: Actor, now: datetime,
                step: str | None = None, remark: str | None = None) -> list[Called]:
    """Somebody has received his calls: all of this incident, or of one step. Gives the rows that were outstanding.

    Repeats to him at those rungs pause for min(10 min, a quarter of what is left); the step, later rungs and other
    people go on. Saying it again while it holds changes nothing. Raises Conflict for one who was never called, or
    whose steps are all settled.
    """
    remark = checked_note(remark)
    deadlines = {d.step: d for d in incident.deadlines if d.settled_at is None and step in (None, d.step)}
    mine = [row for row in called(session, incident.id) if row.person == person and row.step in deadlines]
    if not mine:
        raise Conflict(N_("%(name)s在事件 %(number)s 上没有待确认的提醒"), name=name, number=incident.number)
    outstanding = [row for row in mine if is_outstanding(row, now)]
    for key, deadline in deadlines.items():
        rows = [row for row in outstanding if row.step == key]
        if rows:
            _answered(session, incident, deadline, rows, name=name, how=how, actor=actor, now=now, remark=remark)
    return outstanding


def _answered(session: Session, incident: Incident, deadline: Deadline, rows: Sequence[Called], *, name: str, how: str,
              actor: Actor, now: datetime, remark: str | None) -> None:
    until = paused_until(due=deadline.due_at, now=now)
    for row in rows:
        row.answered_at, row.answered_how, row.paused_until, row.stand_in_at = now, how, until, None
    ledger.append(session, incident, Acknowledged(
        happened_at=now, step=deadline.step, rungs=sorted({row.rung for row in rows}), person=Erasable(name), how=how,
        paused_until=until, note=erasable(remark)), actor=actor, now=now)
    session.flush()


def self_report(session: Session, incident: Incident, *, person: str, name: str, actor: Actor, now: datetime) -> bool:
    """Somebody says that his open steps are done and the log follows: once a step, repeats to him pause for 10 min at
    the rungs he was told on. The step goes on. False when he had said so of every one of them."""
    is_news = False
    for deadline in (each for each in incident.deadlines if each.settled_at is None):
        rows = [row for row in called(session, incident.id, deadline.step) if row.person == person]
        if not rows or any(row.self_reported_at for row in rows):
            continue
        is_news, until = True, now + SELF_REPORT_PAUSE
        for row in rows:
            row.answered_at, row.answered_how, row.stand_in_at = now, SELF_REPORTED, None
            row.paused_until, row.self_reported_at = until, now
        ledger.append(session, incident, SelfReported(
            happened_at=now, step=deadline.step, rungs=sorted({row.rung for row in rows}), person=Erasable(name),
            paused_until=until), actor=actor, now=now)
    session.flush()
    return is_news


def is_outstanding(row: Called, now: datetime) -> bool:
    """Whether an answer is still wanted: never given, or its pause has run out. Past the deadline an answer pauses
    nothing: it stands until he is called again, so that saying it twice adds nothing."""
    if row.answered_at is None or row.paused_until is None:
        return True
    if row.paused_until <= row.answered_at:
        return row.last_told_at > row.answered_at
    return row.paused_until <= now


def told_again(session: Session, *, incident_id: int, step: str, rung: int, person: str, now: datetime) -> None:
    """Somebody has had this person's message sent once more."""
    changed(session, update(Called).where(Called.incident_id == incident_id, Called.step == step, Called.rung == rung,
                                          Called.person == person).values(last_told_at=now))
    session.expire_all()


def begin_anew(session: Session, *, incident_id: int, step: str) -> None:
    """The ladder of a step begins anew: what was answered on the old one says nothing about the new one."""
    changed(session, update(Called).where(Called.incident_id == incident_id, Called.step == step)
            .values(stand_in_at=None, answered_at=None, answered_how=None, paused_until=None, self_reported_at=None))
    session.expire_all()


def rest(session: Session, *, incident_id: int, step: str) -> None:
    """The step was logged: no stand-in is called for it any more."""
    changed(session, update(Called).where(Called.incident_id == incident_id, Called.step == step)
            .values(stand_in_at=None))
    session.expire_all()
