"""Whether messages go out: each channel and gateway with what it last took and last refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident_clock.errors import Invalid, Refusal
from incident_clock.outbox import queue
from incident_clock.outbox.tables import Attempt, Message
from incident_clock.phrases import N_

SHOWN_FOR = timedelta(hours=24)
ALARMED_FOR = timedelta(minutes=15)  # an older failure is no news: nothing was tried since
FAILING_AFTER = 2  # tries in a row that no gateway took
FAILURES = (queue.RETRY, queue.UNKNOWN)  # a refusal of one letter for good says nothing of the gateway


@dataclass(frozen=True, slots=True)
class Way:
    """One gateway of a channel in the last day. `gateway` is the channel's own name where it has only one.

    `taken` and `failed` count tries, `delivered` receipts; `failure` is the last one's sentence (English).
    """

    channel: str
    gateway: str
    taken: int
    taken_at: datetime | None
    failed: int
    failed_at: datetime | None
    delivered: int
    failure: str

    def is_failing(self) -> bool:
        """Whether the last tries all failed."""
        return (self.failed >= FAILING_AFTER and self.failed_at is not None
                and (self.taken_at is None or self.taken_at < self.failed_at))


def ways(session: Session, *, now: datetime, within: timedelta = SHOWN_FOR) -> tuple[Way, ...]:
    """Every gateway that was tried in the time before `now`."""
    gateway = func.coalesce(func.nullif(Attempt.gateway, ""), Message.channel)
    rows = session.execute(
        select(Message.channel, gateway.label("gateway"), Attempt.outcome, func.count().label("size"),
               func.max(Attempt.started_at).label("at"), func.count(Message.delivered_at).label("delivered"))
        .join(Message, Message.id == Attempt.message_id).where(Attempt.started_at > now - within)
        .group_by(Message.channel, gateway, Attempt.outcome)).all()
    found = []
    for channel, name in sorted({(row.channel, row.gateway) for row in rows}):
        own = [row for row in rows if (row.channel, row.gateway) == (channel, name)]
        taken, failed = ([row for row in own if row.outcome == queue.ACCEPTED],
                         [row for row in own if row.outcome in FAILURES])
        found.append(Way(
            channel, name, sum(row.size for row in taken), max((row.at for row in taken), default=None),
            sum(row.size for row in failed), max((row.at for row in failed), default=None),
            sum(row.delivered for row in taken), _last_failure(session, channel, now - within) if failed else ""))
    return tuple(found)


def alarms(session: Session, *, now: datetime) -> tuple[Refusal, ...]:
    """A sentence for each gateway over which nothing has gone out of late."""
    return tuple(Invalid(N_("渠道发不出去：%(gateway)s 最近%(failed)s次都没有成功，请查看发件箱"),
                         gateway=way.gateway, failed=way.failed)
                 for way in ways(session, now=now, within=ALARMED_FOR) if way.is_failing())


def _last_failure(session: Session, channel: str, since: datetime) -> str:
    return session.scalar(
        select(Attempt.detail).join(Message, Message.id == Attempt.message_id)
        .where(Message.channel == channel, Attempt.outcome.in_(FAILURES), Attempt.started_at > since)
        .order_by(Attempt.started_at.desc(), Attempt.id.desc()).limit(1)) or ""
