"""Changing the shifts of the roster: one by one, or laid out in turn. Covers and swaps: `covers.py`.

Every change takes its turn behind the last one and appends its entry. A shift is never deleted: what no longer holds
is marked so, and one that has begun is cut off now, so that "who was on duty then?" keeps its answer.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, Invalid, NotFound
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.people import ledger, roster
from incident_clock.people.duty import ROSTERED_ROLES
from incident_clock.people.duty_checks import (
    check_holder,
    check_role,
    check_span,
    collect,
    require_covers_stand,
    require_free,
    take_turn,
)
from incident_clock.people.duty_tables import Shift
from incident_clock.people.facts import RosterPlanned, ShiftAdded, ShiftRemoved
from incident_clock.people.planning import PlannedShift
from incident_clock.phrases import N_


def add_shift(session: Session, *, role: str, person: str, from_at: datetime, until_at: datetime, actor: Actor,
              now: datetime) -> int:
    """Put `person` on duty as `role` from `from_at` until `until_at` (not included); gives the shift's id.

    Raises Refusals with what cannot be right, Conflict when he is on duty in that role then already.
    """
    take_turn(session)
    collect(lambda: check_role(role), lambda: check_holder(session, person, role),
            lambda: check_span(from_at, until_at, now=now))
    require_free(roster.duty_book(session, from_at, until_at), role, person, from_at, until_at, field="person")
    shift = Shift(role=role, person=person, from_at=from_at, until_at=until_at)
    session.add(shift)
    session.flush()
    ledger.append(session, ShiftAdded(happened_at=now, shift=shift.id, role=role, person=Erasable(person),
                                      from_at=from_at, until_at=until_at), actor=actor, now=now)
    return shift.id


def remove_shift(session: Session, shift: int, *, actor: Actor, now: datetime) -> None:
    """Take a shift off the roster; of one that has begun, the rest.

    Raises NotFound, and Conflict for one that is over or that a cover hangs on.
    """
    take_turn(session)
    row = session.get(Shift, shift, with_for_update=True)
    if row is None or row.removed_at is not None:
        raise NotFound(N_("没有这一班，或者已经删去"))
    if row.until_at <= now:
        raise Conflict(N_("这一班已经值完（到%(until)s为止），不能删去"), until=row.until_at)
    from_at, until_at = max(row.from_at, now), row.until_at
    end(row, now)
    session.flush()
    require_covers_stand(session, row.role, from_at, until_at, now=now)
    ledger.append(session, ShiftRemoved(happened_at=now, shift=row.id, role=row.role, person=Erasable(row.person),
                                        from_at=from_at, until_at=until_at), actor=actor, now=now)


def save_plan(session: Session, planned: Sequence[PlannedShift], *, workday_turn: Sequence[str],
              restday_turn: Sequence[str], actor: Actor, now: datetime) -> int:
    """Make a plan the roster of its role from its first to its last day; gives how many other shifts it replaced.

    `planned` is not empty and follows day by day. A shift that stands there already stays the one it is. Raises
    Refusals, and Conflict when a cover would hang in the air.
    """
    take_turn(session)
    role, from_at, until_at = planned[0].role, planned[0].from_at, planned[-1].until_at
    people = dict.fromkeys((*workday_turn, *restday_turn))
    collect(lambda: check_role(role), lambda: _check_begins_later(from_at, now),
            *(lambda key=key: check_holder(session, key, role, field="workday_turn") for key in people))
    wanted = {(one.person, one.from_at, one.until_at) for one in planned}
    there = session.scalars(select(Shift).where(
        Shift.role == role, Shift.removed_at.is_(None), Shift.from_at < until_at, Shift.until_at > from_at)).all()
    kept = {(row.person, row.from_at, row.until_at) for row in there} & wanted
    others = [row for row in there if (row.person, row.from_at, row.until_at) not in wanted]
    for row in others:
        _make_room(session, row, from_at, until_at, now)
    session.add_all(Shift(role=role, person=one.person, from_at=one.from_at, until_at=one.until_at)
                    for one in planned if (one.person, one.from_at, one.until_at) not in kept)
    session.flush()
    require_covers_stand(session, role, from_at, until_at, now=now)
    ledger.append(session, RosterPlanned(
        happened_at=now, role=role, from_at=from_at, until_at=until_at,
        workday_turn=[Erasable(key) for key in workday_turn], restday_turn=[Erasable(key) for key in restday_turn],
        shifts=len(planned), replaced=len(others)), actor=actor, now=now)
    return len(others)


def reaches(session: Session, role: str) -> datetime | None:
    """Until when the roster of a role goes; None when it has none."""
    if role not in ROSTERED_ROLES:
        return None
    return session.scalar(select(func.max(Shift.until_at)).where(Shift.role == role, Shift.removed_at.is_(None)))


def end(row: Shift, at: datetime) -> None:
    """From `at` on the row no longer holds; what lies before stays as it was."""
    if row.from_at < at:
        row.until_at = at
    else:
        row.removed_at = at


def _check_begins_later(from_at: datetime, now: datetime) -> None:
    if from_at < now:
        raise Invalid(N_("轮班从将来开始排；%(from_at)s 已经过了，请从下一天排起"), field="first_day", from_at=from_at)


def _make_room(session: Session, row: Shift, from_at: datetime, until_at: datetime, now: datetime) -> None:
    """Keep of a shift only what lies outside [from_at, until_at), which is in the future."""
    before, after = row.from_at < from_at, row.until_at > until_at
    if after:
        session.add(Shift(role=row.role, person=row.person, from_at=until_at, until_at=row.until_at))
    if before:
        row.until_at = from_at
    else:
        row.removed_at = now
