"""Covers (替班): one person does another's duty for a while; and swaps (调班): two covers that belong together.

Every change takes its turn behind the last one and appends its entry. A cover that has begun is cut off, not deleted.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, Invalid, NotFound, Refusal
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.people import ledger, roster
from incident_clock.people.access import role_title
from incident_clock.people.duty import DutyBook, OnShift
from incident_clock.people.duty_checks import (
    check_holder,
    check_role,
    check_span,
    checked_text,
    collect,
    is_on_duty,
    name_of,
    require_covers_stand,
    require_free,
    take_turn,
)
from incident_clock.people.duty_tables import Cover, Shift
from incident_clock.people.facts import CoverEntered, CoverRemoved
from incident_clock.phrases import N_

SWAP_BYTES = 8  # of the name that two halves of a swap share
NOT_SAVED = 2**62  # stands for the id of a cover that is about to be entered: the last one decides


@dataclass(frozen=True, slots=True)
class _Half:
    """A cover that is about to be entered."""

    role: str
    instead_of: str
    person: str
    from_at: datetime
    until_at: datetime


def enter_cover(session: Session, *, role: str, instead_of: str, person: str, from_at: datetime, until_at: datetime,
                reason: str | None, actor: Actor, now: datetime) -> int:
    """`person` does the duty of `instead_of`, who must be on duty all that time; gives the cover's id.

    Raises Refusals with what cannot be right; Invalid and Conflict, with the field, for what does not fit the roster.
    """
    take_turn(session)
    half = _Half(role, instead_of, person, from_at, until_at)
    collect(lambda: check_role(role), lambda: check_holder(session, person, role),
            lambda: check_span(from_at, until_at, now=now),
            lambda: checked_text(reason, field="reason", is_required=True))
    _require_fits(roster.duty_book(session, from_at, until_at), half)
    return _enter(session, half, reason=checked_text(reason, field="reason"), swap=None, actor=actor, now=now)


def enter_swap(session: Session, *, shift_a: int, shift_b: int, reason: str | None, actor: Actor,
               now: datetime) -> tuple[int, int]:
    """Two persons take each other's shift; of one that has begun, the rest. Gives the ids of both covers.

    Raises NotFound, Refusals, and Conflict with the field of the shift that cannot be taken over.
    """
    take_turn(session)
    a, b = _live_shift(session, shift_a, "shift_a", now), _live_shift(session, shift_b, "shift_b", now)
    if a.person == b.person:
        raise Invalid(N_("两班是同一个人的，不用调"), field="shift_b")
    halves = (_Half(a.role, a.person, b.person, max(a.from_at, now), a.until_at),
              _Half(b.role, b.person, a.person, max(b.from_at, now), b.until_at))
    collect(lambda: check_holder(session, b.person, a.role, field="shift_b"),
            lambda: check_holder(session, a.person, b.role, field="shift_a"),
            lambda: checked_text(reason, field="reason", is_required=True))
    book = roster.duty_book(session, min(half.from_at for half in halves), max(half.until_at for half in halves))
    for half, field in zip(halves, ("shift_a", "shift_b"), strict=True):
        try:
            _require_fits(book, half)
        except Refusal as refusal:
            raise type(refusal)(refusal.phrase, field=field, **refusal.params) from None
        book = _with(book, half)
    swap, reason = secrets.token_hex(SWAP_BYTES), checked_text(reason, field="reason")
    first, second = (_enter(session, half, reason=reason, swap=swap, actor=actor, now=now) for half in halves)
    return first, second


def remove_cover(session: Session, cover: int, *, actor: Actor, now: datetime) -> None:
    """Take a cover back; of a swap both halves, of one that has begun the rest.

    Raises NotFound, and Conflict when it is over, half a swap is over, or another cover hangs on it.
    """
    take_turn(session)
    row = session.get(Cover, cover, with_for_update=True)
    if row is None or row.removed_at is not None:
        raise NotFound(N_("没有这次替班，或者已经撤销"))
    rows = [row] if row.swap is None else session.scalars(
        select(Cover).where(Cover.swap == row.swap, Cover.removed_at.is_(None)).order_by(Cover.id)).all()
    if any(each.until_at <= now for each in rows):
        raise Conflict(N_("这次替班已经值完，不能撤销") if row.swap is None
                       else N_("这次调班有一半已经值完，不能撤销；再有变化请另记替班"))
    spans = [(each.role, max(each.from_at, now), each.until_at) for each in rows]
    _end(rows, now)
    session.flush()
    for role, from_at, until_at in spans:
        require_covers_stand(session, role, from_at, until_at, now=now)
    for each in rows:
        ledger.append(session, CoverRemoved(happened_at=now, cover=each.id, role=each.role,
                                            person=Erasable(each.person), instead_of=Erasable(each.instead_of)),
                      actor=actor, now=now)


def _live_shift(session: Session, shift: int, field: str, now: datetime) -> Shift:
    row = session.get(Shift, shift, with_for_update=True)
    if row is None or row.removed_at is not None:
        raise NotFound(N_("没有这一班，或者已经删去"), field=field)
    if row.until_at <= now:
        raise Conflict(N_("这一班已经值完（到%(until)s为止），不能再调"), field=field, until=row.until_at)
    return row


def _require_fits(book: DutyBook, half: _Half) -> None:
    """Raises Invalid or Conflict unless there is a duty to take over, and a person who is free to."""
    if half.person == half.instead_of:
        raise Invalid(N_("替班的人不能是本人"), field="person")
    if not all(is_on_duty(book, half.role, half.instead_of, half.from_at, half.until_at)):
        raise Invalid(N_("%(name)s在这段时间里不是一直在值%(role)s的班，请核对时间"), field="instead_of",
                      name=name_of(book, half.instead_of), role=role_title(half.role))
    away = next((away for away in book.absences if away.person == half.person and away.from_at < half.until_at
                 and away.until_at > half.from_at), None)
    if away is not None:
        raise Conflict(N_("%(name)s那时请假（%(since)s 到 %(until)s）"), field="person",
                       name=name_of(book, half.person), since=away.from_at, until=away.until_at)
    if not all(is_on_duty(_with(book, half), half.role, half.person, half.from_at, half.until_at)):
        raise Conflict(N_("这样又绕回了%(name)s自己的班，请改为撤销原来的替班"), field="person",
                       name=name_of(book, half.person))
    require_free(book, half.role, half.person, half.from_at, half.until_at, field="person")


def _with(book: DutyBook, half: _Half) -> DutyBook:
    cover = OnShift(half.role, half.person, half.from_at, half.until_at, half.instead_of, NOT_SAVED)
    return replace(book, covers=[*book.covers, cover])


def _enter(session: Session, half: _Half, *, reason: str, swap: str | None, actor: Actor, now: datetime) -> int:
    row = Cover(role=half.role, person=half.person, instead_of=half.instead_of, from_at=half.from_at,
                until_at=half.until_at, reason=reason, swap=swap)
    session.add(row)
    session.flush()
    ledger.append(session, CoverEntered(
        happened_at=now, cover=row.id, role=half.role, person=Erasable(half.person),
        instead_of=Erasable(half.instead_of), from_at=half.from_at, until_at=half.until_at, reason=Erasable(reason),
        swap=swap), actor=actor, now=now)
    return row.id


def _end(rows: Sequence[Cover], now: datetime) -> None:
    for row in rows:
        if row.from_at < now:
            row.until_at = now
        else:
            row.removed_at = now
