"""What a change of a case means for those who were told of it: reminders withdrawn or wanted again, news sent.

Compares the obligations before and after a verb, so that every verb spreads alike. Works within its transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident_clock.ledger.fact import ENGINE, Erasable
from incident_clock.outbox import queue
from incident_clock.outbox.messages import ALL_CLEAR, CHASING, REMINDER, REOPENED, STAND_IN, Draft
from incident_clock.outbox.tables import Message
from incident_clock.outbox.wording import UPGRADED
from incident_clock.people import roster
from incident_clock.phrases import N_
from incident_clock.registry import calls, ledger
from incident_clock.registry.facts import AudienceTold
from incident_clock.registry.tables import Deadline, Incident, LedgerEntry


@contextmanager
def spreading(session: Session, incident: Incident, *, now: datetime) -> Iterator[None]:
    """Around a verb on a locked incident."""
    before = {each.step: (each.settled_at, each.due_at, each.round) for each in incident.deadlines}
    yield
    last = session.scalar(select(func.max(LedgerEntry.sequence)).where(LedgerEntry.incident_id == incident.id)) or 0
    for deadline in incident.deadlines:
        settled_at, due_at, turn = before.get(deadline.step, (None, deadline.due_at, deadline.round))
        if settled_at is None and deadline.settled_at is not None:
            _ended(session, incident, deadline, now=now)
        elif settled_at is not None and deadline.settled_at is None:
            _open_again(session, incident, deadline, is_upgraded=deadline.round != turn, sequence=last, now=now)
        if deadline.round != turn:
            calls.begin_anew(session, incident_id=incident.id, step=deadline.step)
            queue.withdraw(session, incident_id=incident.id, step=deadline.step, kinds=(REMINDER, STAND_IN),
                           before_round=deadline.round, why=N_("催办阶梯已重新开始，不再发出"))
        if deadline.due_at != due_at:
            queue.move(session, incident_id=incident.id, step=deadline.step, due_at=deadline.due_at)


def _ended(session: Session, incident: Incident, deadline: Deadline, *, now: datetime) -> None:
    """Nobody is chased about this any more, and those who were are told."""
    step = deadline.step
    calls.rest(session, incident_id=incident.id, step=step)
    queue.withdraw(session, incident_id=incident.id, step=step, kinds=CHASING, why=N_("这一步已经记录，不再发出"))
    chased = queue.told(session, incident_id=incident.id, step=step, kinds=CHASING)
    _tell(session, incident, deadline, chased, kind=ALL_CLEAR, sequence=deadline.settled_sequence or 0,
          ended=deadline.ended or "", now=now)


def _open_again(session: Session, incident: Incident, deadline: Deadline, *, is_upgraded: bool, sequence: int,
                now: datetime) -> None:
    """Those who got the all-clear are told; what a withdrawn log kept from leaving goes after all. An upgrade begins
    the ladder anew instead. `sequence`: the entry that opened it again."""
    step = deadline.step
    queue.withdraw(session, incident_id=incident.id, step=step, kinds=(ALL_CLEAR,), why=N_("记录已撤回，不再发出"))
    if not is_upgraded:
        queue.restore(session, incident_id=incident.id, step=step, kinds=(REMINDER, STAND_IN), now=now,
                      ladder_round=deadline.round)
    cleared = queue.told(session, incident_id=incident.id, step=step, kinds=(ALL_CLEAR,))
    _tell(session, incident, deadline, cleared, kind=REOPENED, sequence=sequence,
          ended=UPGRADED if is_upgraded else "", now=now)


def _tell(session: Session, incident: Incident, deadline: Deadline, before: list[Message], *, kind: str,
          sequence: int, ended: str, now: datetime) -> None:
    """Tell everybody who may have read `before` how the step stands now, on the channels they were told on."""
    if not before:
        return
    latest = {(message.person, message.channel): message for message in before}
    news = {"done_at": deadline.done_at.isoformat() if deadline.done_at else None, "ended": ended,
            "due_at": deadline.due_at.isoformat()}
    queue.enqueue(session, [Draft(
        incident_id=incident.id, step=deadline.step, kind=kind, rung=0, repeat=sequence, person=message.person,
        channel=message.channel, address=message.address, language=message.language, facts={**message.facts, **news},
        reason="logged" if kind == ALL_CLEAR else "reopened", due_at=now) for message in latest.values()], now=now)
    people = [roster.name_of(session, person) for person in dict.fromkeys(person for person, _ in latest)]
    ledger.append(session, incident, AudienceTold(
        happened_at=now, step=deadline.step, news=kind, audience=[Erasable(name) for name in people]),
        actor=ENGINE, now=now)
