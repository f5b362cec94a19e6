"""Heartbeats: what an engine writes every 2 s, and what others read from it to see whether one is alive."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from incident_clock.engine.tables import EngineBeat

BEAT_EVERY = timedelta(seconds=2)
DEAD_AFTER = timedelta(seconds=15)
FORGOTTEN_AFTER = timedelta(days=1)


def beat(session: Session, *, engine: str, started_at: datetime, ticked_at: datetime | None, now: datetime) -> None:
    """Say that `engine` lives and when it last ticked; rows of engines long dead are cleared."""
    row = session.get(EngineBeat, engine)
    if row is None:
        session.execute(delete(EngineBeat).where(EngineBeat.beat_at < now - FORGOTTEN_AFTER))
        session.add(EngineBeat(engine=engine, started_at=started_at, beat_at=now, ticked_at=ticked_at,
                               audit_problem=""))
    else:
        row.beat_at, row.ticked_at = now, ticked_at


def record_audit(session: Session, *, engine: str, problem: str, now: datetime) -> None:
    """Write down the result of a self-audit; `problem` is empty when it passed."""
    row = session.get(EngineBeat, engine)
    if row is not None:
        row.audited_at, row.audit_problem = now, problem


def latest(session: Session) -> EngineBeat | None:
    """The engine that ticked last, or None when none ever did."""
    return session.scalar(select(EngineBeat).where(EngineBeat.ticked_at.is_not(None))
                          .order_by(EngineBeat.ticked_at.desc()).limit(1))


def living(session: Session, now: datetime) -> set[str]:
    """Engines whose heartbeat is younger than 15 s."""
    return set(session.scalars(select(EngineBeat.engine).where(EngineBeat.beat_at > now - DEAD_AFTER)))
