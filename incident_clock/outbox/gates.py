"""Where wrong codes are counted, in the database because several processes answer: per sender of texts, per client of
the page for codes, and for that page in all.

A gate is locked before its tries are counted, so that a crowd that comes at once is counted too. What names a sender
or a client is kept as a hash.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from incident_clock.outbox.tables import Gate, WrongCode
from incident_clock.store.writing import changed, insert_new

KEPT = timedelta(hours=1)  # the longest of the spans below


@dataclass(frozen=True, slots=True)
class Limit:
    """So many wrong codes within this span close a gate, until the oldest of them is that old."""

    tries: int
    within: timedelta


BY_TEXT = Limit(5, timedelta(hours=1))  # per sender
BY_CLIENT = Limit(5, timedelta(minutes=10))  # per client of the page
IN_ALL = Limit(60, timedelta(hours=1))  # of the page
ALARM_EVERY = timedelta(hours=1)
HELP_EVERY = timedelta(hours=1)

PAGE = "page"


def of_sender(address: str) -> str:
    """The gate of one sender of texts."""
    return _hashed(f"text\n{address}")


def of_client(address: str) -> str:
    """The gate of one client of the page for codes, by its network address."""
    return _hashed(f"client\n{address}")


def locked(session: Session, key: str) -> Gate:
    """The gate, held until the transaction ends."""
    insert_new(session, Gate, [{"key": key, "told_at": None}])
    return session.scalars(select(Gate).where(Gate.key == key).with_for_update(),
                           execution_options={"populate_existing": True}).one()


def is_closed(session: Session, gate: Gate, limit: Limit, now: datetime) -> bool:
    """Whether no code counts here now, not even a right one."""
    return wrong(session, gate, limit, now) >= limit.tries


def wrong(session: Session, gate: Gate, limit: Limit, now: datetime) -> int:
    """How many wrong codes count against this gate now."""
    return session.scalars(select(func.count()).select_from(WrongCode).where(
        WrongCode.gate == gate.key, WrongCode.at > now - limit.within)).one()


def count(session: Session, gate: Gate, now: datetime) -> int:
    """Write down a wrong code; gives its id."""
    changed(session, delete(WrongCode).where(WrongCode.gate == gate.key, WrongCode.at <= now - KEPT))
    row = WrongCode(gate=gate.key, at=now)
    session.add(row)
    session.flush()
    return row.id


def may_tell(gate: Gate, every: timedelta, now: datetime) -> bool:
    """Whether it is time to tell somebody of this gate again; then that counts as done."""
    if gate.told_at is not None and gate.told_at > now - every:
        return False
    gate.told_at = now
    return True


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
