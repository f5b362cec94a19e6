"""The outbox as a queue: enqueue, claim, settle, withdraw, rescue. Every race is settled by a key or a row count.

claim (short transaction: lease, attempt row) → commit → the call → settle (conditional on the lease token).
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict
from incident_clock.outbox import incoming
from incident_clock.outbox import messages as m
from incident_clock.outbox.messages import Draft
from incident_clock.outbox.tables import Attempt, Message
from incident_clock.phrases import N_
from incident_clock.protocol.retry import FIND_AFTER_S, next_look, retry_after
from incident_clock.store.writing import changed, insert_new

logger = logging.getLogger(__name__)

ACCEPTED, FAILED, RETRY, UNKNOWN = "accepted", "failed", "retry", "unknown"  # what one attempt can come to
RESEND_PAUSE = timedelta(minutes=5)  # between two tries that people ask for
ANSWER_DIGITS = 6  # of the code that answers a message on the page `/a`
LOST = "lost"  # its engine died before it could say

URGENT_FIRST = (Message.is_drill, Message.due_at, Message.id)  # a real incident goes before every drill

Render = Callable[[Message], str]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message leased to this engine, with the text that is about to be said. `avoid`: the gateway that did not bring
    it there the last time."""

    message_id: int
    incident_id: int | None
    lease_token: int
    attempt: int
    text: str
    message: Message
    avoid: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to. `detail` is a short sentence without addresses or secrets.

    `gateway` and `code`: who took or refused it, and with what; `fate`: what a failure means for the letter
    (`channels/base.py`); `retry_after_s`: a pause the provider asks for; `receipt_within`: how long its receipt may
    take, None when it gives none.
    """

    result: str
    detail: str = ""
    provider_id: str | None = None
    gateway: str = ""
    code: str = ""
    fate: str = ""
    is_address_dead: bool = False
    retry_after_s: float | None = None
    segments: int | None = None
    receipt_within: timedelta | None = None


def enqueue(session: Session, drafts: Sequence[Draft], *, now: datetime) -> int:
    """Put messages into the outbox; one that is there already stays as it is. Gives how many are new."""
    if not drafts:
        return 0
    rows: list[dict[str, Any]] = [{
        "incident_id": d.incident_id, "step": d.step, "kind": d.kind, "rung": d.rung, "repeat": d.repeat,
        "person": d.person, "channel": d.channel, "address": d.address, "language": d.language, "facts": d.facts,
        "reason": d.reason, "skipped_rung": d.skipped_rung, "round": d.round, "because": d.because,
        "instead_of": d.instead_of, "idle_from": d.idle_from,
        "answer_code": f"{secrets.randbelow(10 ** ANSWER_DIGITS):0{ANSWER_DIGITS}}" if d.kind in m.CHASING else None,
        "reference": d.reference(), "state": m.QUEUED, "state_reason": "", "may_be_copy": False,
        "is_wanted": True, "is_drill": d.is_drill, "attempt_count": 0, "lease_token": 0, "created_at": now,
        "due_at": d.due_at, "not_before": now,
    } for d in drafts]
    return insert_new(session, Message, rows)


def waiting_channels(session: Session, *, now: datetime) -> list[str]:
    """The channels on which something may go now."""
    return list(session.scalars(select(Message.channel).where(Message.state.in_(m.WAITING), Message.not_before <= now)
                                .group_by(Message.channel).order_by(Message.channel)))


def claim(session: Session, *, engine: str, limit: int, now: datetime, render: Render,
          channel: str | None = None, kept_for_real: int = 0) -> list[Claimed]:
    """Lease up to `limit` waiting messages to `engine`, oldest due first, and write down each attempt.

    Those of drills come behind all others, and leave `kept_for_real` of the places empty: calls for drills never
    fill a line."""
    about = (Message.state.in_(m.WAITING), Message.not_before <= now,
             *([Message.channel == channel] if channel is not None else []))
    found = session.execute(select(Message.id, Message.is_drill).where(*about).order_by(*URGENT_FIRST).limit(limit)
                            .with_for_update(skip_locked=True)).all()
    real = [row.id for row in found if not row.is_drill]
    drills = [row.id for row in found if row.is_drill]
    waiting = real + drills[:max(0, limit - kept_for_real - len(real))]
    won = session.scalars(
        update(Message).where(Message.id.in_(waiting), Message.state.in_(m.WAITING))
        .values(state=m.SENDING, state_reason="", lease_owner=engine, lease_token=Message.lease_token + 1,
                attempt_count=Message.attempt_count + 1)
        .returning(Message.id), execution_options={"synchronize_session": False}).all()
    claimed, before = [], _gateways_before(session, won)
    for message in session.scalars(select(Message).where(Message.id.in_(won)).order_by(*URGENT_FIRST),
                                   execution_options={"populate_existing": True}):
        attempt = Attempt(message_id=message.id, number=message.attempt_count, engine=engine, started_at=now, text="")
        session.add(attempt)
        try:
            attempt.text = render(message)
        except Exception as error:  # a message that cannot be worded must not hold up the others
            logger.exception("message %s cannot be worded; it is tried again later", message.id)
            _put_back(message, attempt, f"its text cannot be made ({type(error).__name__})", now=now)
            continue
        claimed.append(Claimed(message.id, message.incident_id, message.lease_token, message.attempt_count,
                               attempt.text, message, before.get(message.id, "")))
    session.flush()
    return claimed


def _gateways_before(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Of messages that were tried before: the gateway of the last try."""
    rows = session.execute(
        select(Attempt.message_id, Attempt.gateway).join(Message, Message.id == Attempt.message_id)
        .where(Attempt.message_id.in_(ids), Attempt.number == Message.attempt_count - 1))
    return {row[0]: row[1] or "" for row in rows}


def settle(session: Session, claimed: Claimed, outcome: Outcome, *, now: datetime) -> Message | None:
    """Write down what an attempt came to. None when the lease was lost meanwhile: only the attempt is noted."""
    message = session.get_one(Message, claimed.message_id, with_for_update=True, populate_existing=True)
    changed(session, update(Attempt).where(Attempt.message_id == claimed.message_id, Attempt.number == claimed.attempt)
            .values(finished_at=now, outcome=outcome.result, detail=outcome.detail, gateway=outcome.gateway,
                    code=outcome.code, segments=outcome.segments,
                    **({"provider_id": outcome.provider_id} if outcome.provider_id else {})))
    if message.lease_token != claimed.lease_token or message.state != m.SENDING:
        return None
    is_unknown = outcome.result == UNKNOWN
    message.lease_owner = None
    message.state_reason = outcome.detail
    message.may_be_copy = message.may_be_copy or is_unknown
    message.check_at = now + timedelta(seconds=FIND_AFTER_S) if is_unknown else None
    if outcome.result == ACCEPTED:
        message.state, message.sent_at = m.ACCEPTED, now
        message.check_at = next_look(sent_at=now, now=now, receipt_within=outcome.receipt_within)
    elif outcome.result == FAILED:
        message.state = m.FAILED
    elif message.delivered_at is not None:  # an earlier try has arrived meanwhile
        message.state, message.check_at = m.DELIVERED, None
    elif not message.is_wanted:
        message.state = m.WITHDRAWN
    else:
        message.state = m.UNKNOWN if is_unknown else m.QUEUED
        message.not_before = now + retry_after(message.attempt_count, is_unknown=is_unknown,
                                               asked_s=outcome.retry_after_s)
    session.flush()
    return message


def withdraw(session: Session, *, incident_id: int, step: str, kinds: Sequence[str], why: str,
             before_round: int | None = None) -> None:
    """Nothing of these kinds about this step is sent any more; what is under way is not tried again. `before_round`:
    only what belongs to an earlier ladder of the step."""
    about = [Message.incident_id == incident_id, Message.step == step, Message.kind.in_(kinds)]
    if before_round is not None:
        about.append(Message.round < before_round)
    changed(session, update(Message).where(*about, Message.state.in_((*m.WAITING, m.SENDING)))
            .values(is_wanted=False))
    changed(session, update(Message).where(*about, Message.state.in_(m.WAITING))
            .values(state=m.WITHDRAWN, state_reason=why))
    session.expire_all()


def restore(session: Session, *, incident_id: int, step: str, kinds: Sequence[str], now: datetime,
            ladder_round: int = 0) -> None:
    """What was withdrawn before it left is wanted again: the log that made it idle was taken back."""
    about = (Message.incident_id == incident_id, Message.step == step, Message.kind.in_(kinds),
             Message.round == ladder_round)
    changed(session, update(Message).where(*about, Message.state.in_((m.WITHDRAWN, m.SENDING)))
            .values(is_wanted=True))
    changed(session, update(Message).where(*about, Message.state == m.WITHDRAWN)
            .values(state=m.QUEUED, state_reason="", not_before=now))
    session.expire_all()


def move(session: Session, *, incident_id: int, step: str, due_at: datetime) -> None:
    """The deadline has moved: what still waits, or may be wanted again, tells the new one."""
    for message in session.scalars(select(Message).where(
            Message.incident_id == incident_id, Message.step == step,
            Message.state.in_((*m.WAITING, m.SENDING, m.WITHDRAWN)))):
        message.facts = {**message.facts, "due_at": due_at.isoformat()}
    session.flush()


def told(session: Session, *, incident_id: int, step: str, kinds: Sequence[str]) -> list[Message]:
    """Messages of these kinds about this step that somebody may have read, oldest first."""
    return list(session.scalars(
        select(Message).where(Message.incident_id == incident_id, Message.step == step, Message.kind.in_(kinds),
                              Message.state.in_(m.MAY_HAVE_BEEN_READ) | Message.may_be_copy
                              | Message.sent_at.is_not(None))  # whatever became of a later try
        .order_by(Message.id)))


def rescue(session: Session, *, is_lost: Callable[[Message], bool], now: datetime) -> int:
    """Free the leases nobody will settle any more; their messages go again, marked as possible copies."""
    freed = 0
    for message in session.scalars(select(Message).where(Message.state == m.SENDING)
                                   .with_for_update(skip_locked=True)).all():
        if not is_lost(message):
            continue
        changed(session, update(Attempt)
                .where(Attempt.message_id == message.id, Attempt.number == message.attempt_count)
                .values(finished_at=now, outcome=LOST))
        message.lease_owner, message.may_be_copy, message.not_before = None, True, now
        message.lease_token += 1
        message.state = m.QUEUED if message.is_wanted else m.WITHDRAWN
        freed += 1
    session.flush()
    return freed


def forget(session: Session, *, incident_id: int) -> None:
    """Blank the addresses and texts of an incident's messages; what was told, and when, stays. None leaves any more."""
    about = select(Message.id).where(Message.incident_id == incident_id)
    changed(session, update(Attempt).where(Attempt.message_id.in_(about)).values(text=""))
    changed(session, update(Message).where(Message.incident_id == incident_id, Message.state.in_(m.WAITING))
            .values(state=m.WITHDRAWN))
    changed(session, update(Message).where(Message.incident_id == incident_id)
            .values(address="", facts={}, is_wanted=False))
    incoming.forget(session, incident_id=incident_id)


def counted(session: Session, *, channel: str, addresses: Sequence[str], since: datetime,
            is_drill: bool = False) -> dict[str, int]:
    """How many messages each address was given on this channel since an instant, further tries counted.

    What answers a text of his own is no reminder and never uses up the day: whoever forges his number could silence
    him by it. Drills have a day of their own: they never use up that of real incidents."""
    tries = func.sum(case((Message.attempt_count > 1, Message.attempt_count), else_=1))
    rows = session.execute(
        select(Message.address, tries).where(Message.address.in_(addresses), Message.created_at >= since,
                                             Message.channel == channel, Message.state != m.WITHDRAWN,
                                             Message.kind != m.ANSWER, Message.is_drill.is_(is_drill))
        .group_by(Message.address))
    return {row[0]: int(row[1]) for row in rows}


def resend(session: Session, *, incident_id: int, step: str, rung: int, person: str, now: datetime) -> list[str]:
    """Have the last message of a rung to this person leave again, on every channel it went; gives the channels.

    A new attempt on the same message. Raises Conflict within 5 min of the last try, while one is still under way,
    and when there is nothing to send again.
    """
    rows = session.scalars(
        select(Message).where(Message.incident_id == incident_id, Message.step == step, Message.rung == rung,
                              Message.person == person, Message.kind.in_((m.REMINDER, m.STAND_IN)))
        .order_by(Message.due_at.desc(), Message.id.desc()).with_for_update()).all()
    latest: dict[str, Message] = {}
    for message in rows:
        latest.setdefault(message.channel, message)
    if any(message.state in (*m.WAITING, m.SENDING) for message in latest.values()):
        raise Conflict(N_("上一条正在发送，请稍后再看"))
    ended = [message for message in latest.values() if message.state in m.ENDED]
    if not ended:
        raise Conflict(N_("没有可以重发的消息"))
    last_try = max((attempt.started_at for message in ended for attempt in message.attempts), default=None)
    if last_try is not None and now - last_try < RESEND_PAUSE:
        raise Conflict(N_("%(at)s 刚发过，至少隔5分钟才能重发"), at=last_try)
    for message in ended:
        message.state, message.state_reason, message.not_before, message.is_wanted = m.QUEUED, "", now, True
        message.delivered_at = message.followed_at = None  # of the try before: its attempt and the ledger keep it
        message.may_be_copy = False
    session.flush()
    return [message.channel for message in ended]


def next_try_at(session: Session) -> datetime | None:
    """When the next waiting message may be tried; None when nothing waits."""
    return session.scalar(select(Message.not_before).where(Message.state.in_(m.WAITING))
                          .order_by(Message.not_before).limit(1))


def _put_back(message: Message, attempt: Attempt, why: str, *, now: datetime) -> None:
    attempt.finished_at, attempt.outcome, attempt.detail = now, RETRY, why
    message.state, message.state_reason, message.lease_owner = m.QUEUED, why, None
    message.not_before = now + retry_after(message.attempt_count)
