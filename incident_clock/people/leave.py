"""Leave (请假/外出): somebody is away for a while, and who acts for him ("由 X 代 Y").

An administrator enters leave for everybody. Everybody may enter his own, but then names who acts for him: nobody
leaves his place to chance. Nothing is deleted: leave that has begun ends now, leave to come is marked as removed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, Invalid, NotFound
from incident_clock.ledger.fact import Actor, Erasable, erasable
from incident_clock.people import access, ledger, roster
from incident_clock.people.duty_checks import LATE_NOTE, check_stands_for, checked_text, collect, take_turn
from incident_clock.people.duty_tables import Absence
from incident_clock.people.facts import LeaveEntered, LeaveRemoved
from incident_clock.phrases import N_

LONGEST_LEAVE = timedelta(days=366)
FARTHEST = timedelta(days=366)  # how far ahead leave may begin


@dataclass(frozen=True, slots=True)
class EnteredLeave:
    """`acting_away`: from when to when the acting deputy is away himself in that time; then the next in line acts."""

    leave: int
    acting_away: tuple[datetime, datetime] | None


def may_enter(roles: Collection[str], key: str, *, person: str) -> bool:
    """Whether somebody may enter and end the leave of `person`: an administrator, and everybody his own."""
    return access.may(roles, access.ADMIN) or key == person


def enter_leave(session: Session, *, person: str, from_at: datetime, until_at: datetime, acting: str | None,
                reason: str | None, actor: Actor, now: datetime) -> EnteredLeave:
    """`person` is away from `from_at` until `until_at` (not included); `acting` None: his B角 takes his place.

    Raises Refusals with what cannot be right, Conflict when he is on leave then already.
    """
    take_turn(session)
    collect(lambda: _check_person(session, person, "person"), lambda: _check_span(from_at, until_at, now),
            lambda: _check_acting(session, person, acting, actor), lambda: checked_text(reason, field="reason"))
    _require_present(session, person, from_at, until_at)
    row = Absence(person=person, acting=acting, from_at=from_at, until_at=until_at,
                  reason=checked_text(reason, field="reason"))
    session.add(row)
    session.flush()
    ledger.append(session, LeaveEntered(
        happened_at=now, leave=row.id, person=Erasable(person), acting=erasable(acting), from_at=from_at,
        until_at=until_at, reason=Erasable(row.reason)), actor=actor, now=now)
    other = _overlapping(session, acting, from_at, until_at) if acting else None
    return EnteredLeave(row.id, (other.from_at, other.until_at) if other else None)


def remove_leave(session: Session, leave: int, *, actor: Actor, now: datetime) -> str:
    """Take leave back; of leave that has begun, the rest: he is back now. Gives the person's key.

    Raises NotFound, and Conflict for leave that is over.
    """
    take_turn(session)
    row = session.get(Absence, leave, with_for_update=True)
    if row is None or row.removed_at is not None:
        raise NotFound(N_("没有这次请假，或者已经撤销"))
    if row.until_at <= now:
        raise Conflict(N_("这次请假已经结束（到%(until)s为止）"), until=row.until_at)
    if row.from_at < now:
        row.until_at = now
    else:
        row.removed_at = now
    session.flush()
    ledger.append(session, LeaveRemoved(happened_at=now, leave=row.id, person=Erasable(row.person)), actor=actor,
                  now=now)
    return row.person


def _check_person(session: Session, key: str, field: str) -> None:
    card = roster.person(session, key)
    if card is None or not card.is_active:
        raise Invalid(N_("人员名单里没有“%(key)s”，或者已经停用"), field=field, key=key[:40])


def _check_acting(session: Session, person: str, acting: str | None, actor: Actor) -> None:
    if acting == person:
        raise Invalid(N_("代理人不能是本人，请另选"), field="acting")
    if acting is not None:
        _check_person(session, acting, "acting")
        check_stands_for(session, acting, person, field="acting")
    elif actor.key == person:
        raise Invalid(N_("请选代理人：自己请假要写明由谁代"), field="acting")


def _check_span(from_at: datetime, until_at: datetime, now: datetime) -> None:
    if until_at <= from_at:
        raise Invalid(N_("结束时间要晚于开始时间"), field="until_at")
    if until_at - from_at > LONGEST_LEAVE:
        raise Invalid(N_("一次最长%(days)s天；不再回来的，请停用"), field="until_at", days=LONGEST_LEAVE.days)
    if until_at <= now:
        raise Invalid(N_("这段时间已经过去（到%(until)s为止），不能再补"), field="until_at", until=until_at)
    if now - from_at > LATE_NOTE:
        raise Invalid(N_("只能补记%(hours)s小时以内开始的请假"), field="from_at",
                      hours=int(LATE_NOTE / timedelta(hours=1)))
    if from_at - now > FARTHEST:
        raise Invalid(N_("最早提前%(days)s天记请假，请核对年份"), field="from_at", days=FARTHEST.days)


def _require_present(session: Session, person: str, from_at: datetime, until_at: datetime) -> None:
    other = _overlapping(session, person, from_at, until_at)
    if other is not None:
        raise Conflict(N_("%(name)s这段时间已经请假：%(since)s 到 %(until)s，请先撤销或错开"), field="from_at",
                       name=roster.name_of(session, person), since=other.from_at, until=other.until_at)


def _overlapping(session: Session, person: str, from_at: datetime, until_at: datetime) -> Absence | None:
    return session.scalars(select(Absence).where(
        Absence.person == person, Absence.removed_at.is_(None), Absence.from_at < until_at,
        Absence.until_at > from_at).order_by(Absence.from_at)).first()
