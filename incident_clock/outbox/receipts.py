"""What providers report of letters that have left: kept once, applied upwards only, whatever order they come in.

Of one attempt the last in `channels.base.STATUSES` counts, so that every order of the same reports ends alike. A
report may overtake the answer to its own call; it is kept, and applied when the attempt is settled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.channels import base
from incident_clock.channels.base import Report
from incident_clock.outbox import messages as m
from incident_clock.outbox.tables import Attempt, Message, Reported
from incident_clock.protocol.retry import UNDELIVERED_RETRIES, UNDELIVERED_RETRY_S
from incident_clock.store.writing import insert_new

LONGEST_DETAIL = 200  # characters of what a provider says


@dataclass(frozen=True, slots=True)
class Change:
    """What a report changed: `message` is now delivered, or known not to be (`is_lost`, because of `report`)."""

    message: Message
    attempt: Attempt
    report: Report

    @property
    def is_lost(self) -> bool:
        return self.report.status == base.FAILED


def keep(session: Session, report: Report, *, gateway: str, provider_id: str, tracking: str, now: datetime) -> bool:
    """Keep a report; False when it was here before."""
    return insert_new(session, Reported, [{
        "gateway": gateway, "provider_id": provider_id, "status": report.status, "code": report.code,
        "detail": report.detail[:LONGEST_DETAIL], "fate": report.fate, "is_address_dead": report.is_address_dead,
        "tracking": tracking, "reported_at": now}]) == 1


def attempt_of(session: Session, *, gateway: str, provider_id: str, tracked: tuple[int, int] | None) -> Attempt | None:
    """The attempt a report is about: by what it carries back, else by the provider's own id."""
    if tracked is not None:
        return session.scalar(select(Attempt).where(Attempt.message_id == tracked[0], Attempt.number == tracked[1]))
    return session.scalars(select(Attempt).where(Attempt.provider_id == provider_id, Attempt.gateway == gateway)
                           .order_by(Attempt.id.desc()).limit(1)).first()


def reports_of(session: Session, attempt: Attempt) -> list[Report]:
    """All that is kept of an attempt whose provider's id is known, in the order it came."""
    if not attempt.provider_id:
        return []
    rows: Sequence[Reported] = session.scalars(
        select(Reported).where(Reported.provider_id == attempt.provider_id, Reported.gateway == attempt.gateway)
        .order_by(Reported.id)).all()
    return [Report(row.status, row.code, row.detail, row.fate, row.is_address_dead) for row in rows]


def catch_up(session: Session, attempt: Attempt, *, now: datetime) -> Change | None:
    """Apply what was reported before the attempt was settled."""
    kept = reports_of(session, attempt)
    if not kept:
        return None
    attempt.status = None
    return apply(session, attempt, max(kept, key=lambda one: base.STATUSES.index(one.status)),
                 provider_id=attempt.provider_id or "", gateway=attempt.gateway or "", now=now)


def apply(session: Session, attempt: Attempt, report: Report, *, provider_id: str, gateway: str,
          now: datetime) -> Change | None:
    """Raise an attempt and its message to what is reported. None when that changes nothing that anybody must know.

    The message's incident is locked by the caller. A letter that was lost goes again after a minute, twice at most,
    when its fate is temporary; at once, over another gateway, when its gateway was at fault.
    """
    if attempt.status is not None and base.STATUSES.index(report.status) <= base.STATUSES.index(attempt.status):
        return None
    was_lost = attempt.status == base.FAILED
    attempt.status, attempt.status_at = report.status, now
    attempt.provider_id, attempt.gateway = attempt.provider_id or provider_id, attempt.gateway or gateway
    attempt.code = report.code or attempt.code
    attempt.segments = report.segments or attempt.segments
    message = session.get_one(Message, attempt.message_id, with_for_update=True, populate_existing=True)
    if report.status in (base.DELIVERED, base.READ):
        return _delivered(message, attempt, report, now, was_lost=was_lost)
    if report.status == base.FAILED:
        return _lost(message, attempt, report, now)
    if message.state == m.UNKNOWN and message.attempt_count == attempt.number:  # it is there: no copy is needed
        message.state, message.sent_at, message.may_be_copy = m.ACCEPTED, message.sent_at or now, False
        message.check_at = now  # whether a receipt may be expected is known to whoever looks
    return None


def _delivered(message: Message, attempt: Attempt, report: Report, now: datetime, *, was_lost: bool) -> Change | None:
    is_news = message.delivered_at is None
    message.delivered_at, message.sent_at = message.delivered_at or now, message.sent_at or now
    is_latest = attempt.number == message.attempt_count
    if (message.state in (m.ACCEPTED, m.UNKNOWN)
            or (message.state == m.QUEUED and message.may_be_copy)  # the first one is there: no copy is needed
            or (message.state in (m.QUEUED, m.FAILED) and was_lost and is_latest)):
        message.state, message.state_reason, message.check_at = m.DELIVERED, "", None
    return Change(message, attempt, report) if is_news or report.status == base.READ else None


def _lost(message: Message, attempt: Attempt, report: Report, now: datetime) -> Change | None:
    is_latest = attempt.number == message.attempt_count
    if not is_latest or message.state not in (m.ACCEPTED, m.DELIVERED, m.UNKNOWN):
        return Change(message, attempt, report) if message.state == m.FAILED and is_latest else None
    message.delivered_at = None
    message.state_reason, message.check_at, message.may_be_copy = report.detail, None, False
    tries = sum(one.status == base.FAILED for one in message.attempts)
    if message.is_wanted and report.fate in (base.GATEWAY_DOWN, base.TEMPORARY) and tries <= UNDELIVERED_RETRIES:
        is_at_once = report.fate == base.GATEWAY_DOWN and tries == 1  # the letter avoids that gateway
        message.state = m.QUEUED
        message.not_before = now if is_at_once else now + timedelta(seconds=UNDELIVERED_RETRY_S)
    else:
        message.state = m.FAILED
    return Change(message, attempt, report)
