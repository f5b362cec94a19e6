"""What every change of the roster is checked against: spans, texts, who may hold a role, and covers left in the air."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, Invalid, Refusal, Refusals
from incident_clock.people import roster
from incident_clock.people.access import LOG, main_role, may, may_stand_for, role_title
from incident_clock.people.cards import PersonCard
from incident_clock.people.duty import COVER, ROSTERED_ROLES, SHIFT, DutyBook
from incident_clock.people.duty_tables import Shift
from incident_clock.people.roster import LONGEST_SHIFT
from incident_clock.people.tables import Directory
from incident_clock.phrases import N_
from incident_clock.protocol.complaints import is_invisible

LATE_NOTE = timedelta(hours=24)  # how long ago a shift may have begun that is entered only now
LONGEST_TEXT = 500  # characters of a reason or a note


def take_turn(session: Session) -> None:
    """Changes of the roster follow each other: the second of two at once sees what the first has done."""
    session.get(Directory, 1, with_for_update=True)


def collect(*checks: Callable[[], object]) -> None:
    """Run every check and raise what they all complain of at once, as Refusals."""
    found: list[Refusal] = []
    for check in checks:
        try:
            check()
        except Refusal as refusal:
            found.append(refusal)
    if found:
        raise Refusals(found)


def check_span(from_at: datetime, until_at: datetime, *, now: datetime) -> None:
    """A span somebody can be on duty. Raises Invalid. What is over is history; what has begun is a late note."""
    if until_at <= from_at:
        raise Invalid(N_("结束时间要晚于开始时间"), field="until_at")
    if until_at - from_at > LONGEST_SHIFT:
        raise Invalid(N_("一班最长%(days)s天，请分成几班"), field="until_at", days=LONGEST_SHIFT.days)
    if until_at <= now:
        raise Invalid(N_("这段时间已经过去（到%(until)s为止），值过的班不能再改"), field="until_at", until=until_at)
    if now - from_at > LATE_NOTE:
        raise Invalid(N_("只能补记%(hours)s小时以内开始的班次"), field="from_at",
                      hours=int(LATE_NOTE / timedelta(hours=1)))


def check_role(role: str) -> None:
    if role not in ROSTERED_ROLES:
        raise Invalid(N_("“%(role)s”不排班，请选值班员、值班长或带班领导"), field="role", role=role_title(role))


def check_holder(session: Session, key: str, role: str, *, field: str = "person") -> None:
    """Raises Invalid unless this is somebody active who has the role in the directory."""
    card = active(session, key)
    if card is None:
        raise Invalid(N_("人员名单里没有“%(key)s”，或者已经停用"), field=field, key=key[:40])
    if role not in card.roles:
        raise Invalid(N_("%(name)s在通讯录里不是%(role)s，请先改通讯录或另选一人"), field=field, name=card.name,
                      role=role_title(role))
    if not may(card.roles, LOG):
        raise Invalid(N_("%(name)s是%(role)s，不能登记办理情况，不能排班，请另选一人"), field=field, name=card.name,
                      role=role_title(main_role(card.roles)))


def check_stands_for(session: Session, key: str, of: str, *, field: str) -> None:
    """Raises Invalid when the one could not log what the other is called for: an auditor or administrator."""
    card, other = roster.person(session, key), roster.person(session, of)
    if card is not None and other is not None and not may_stand_for(card.roles, of=other.roles):
        raise Invalid(N_("%(name)s是%(role)s，不能登记办理情况，不能代%(other)s，请另选一人"), field=field,
                      name=card.name, role=role_title(main_role(card.roles)), other=other.name)


def active(session: Session, key: str) -> PersonCard | None:
    """The person with this key, who has not left; None also for a text that no database takes for a key."""
    card = roster.person(session, key) if key.isascii() and key.isprintable() else None
    return card if card is not None and card.is_active else None


def checked_text(text: str | None, *, field: str, is_required: bool = False) -> str:
    """A reason or a note, tidied; empty when there is none. Raises Invalid."""
    tidy = unicodedata.normalize("NFC", (text or "").replace("\r\n", "\n")).strip()
    for place, character in enumerate(tidy, start=1):
        if is_invisible(character) and character not in "\n\t":
            raise Invalid(N_("第%(place)s个字是看不见的控制字符，请删去后再提交"), field=field, place=place)
    if len(tidy) > LONGEST_TEXT:
        raise Invalid(N_("最多%(limit)s字，现有%(length)s字，请缩短"), field=field, limit=LONGEST_TEXT,
                      length=len(tidy))
    if is_required and not tidy:
        raise Invalid(N_("请写明原因"), field=field)
    return tidy


def name_of(book: DutyBook, key: str) -> str:
    return book.people[key].name if key in book.people else key


def is_on_duty(book: DutyBook, role: str, key: str, from_at: datetime, until_at: datetime) -> list[bool]:
    """Whether roster and covers name this person in the role, for each stretch of [from_at, until_at) in turn.

    His leave does not count here: on leave he is still the one whose duty it is.
    """
    book = replace(book, absences=())
    return [any(holder.card.key == key and holder.why in (SHIFT, COVER) for holder in book.holders(role, at))
            for at in (from_at, *book.changes(from_at, until_at))]


def require_free(book: DutyBook, role: str, key: str, from_at: datetime, until_at: datetime, *, field: str) -> None:
    """Raises Conflict when this person does duty in the role then already: a second shift would leave one short."""
    own = next((shift for shift in book.shifts if shift.role == role and shift.person == key
                and shift.from_at < until_at and shift.until_at > from_at), None)
    if own is not None:
        raise Conflict(N_("%(name)s已有%(role)s的班：%(since)s 到 %(until)s"), field=field, name=name_of(book, key),
                       role=role_title(role), since=own.from_at, until=own.until_at)
    if any(is_on_duty(book, role, key, from_at, until_at)):
        raise Conflict(N_("%(name)s这段时间已经在替%(role)s的班"), field=field, name=name_of(book, key),
                       role=role_title(role))


def require_duty_stands(session: Session, key: str, *, now: datetime) -> None:
    """After this person has left: every shift he still has must be somebody's, his B角's or a cover's.

    Raises Conflict with the first that is nobody's, and how many there are.
    """
    ahead = session.scalars(select(Shift).where(Shift.person == key, Shift.removed_at.is_(None), Shift.until_at > now)
                            .order_by(Shift.from_at)).all()
    if not ahead:
        return
    book = roster.duty_book(session, now, ahead[-1].until_at)
    empty = [shift for shift in ahead if not book.holders(shift.role, max(now, shift.from_at))]
    if empty:
        first = empty[0]
        raise Conflict(N_("%(name)s还有%(count)s个班没有人接（最近的是%(role)s，%(at)s 起），请先在值班表上换人，"
                          "或给他定B角"), name=roster.name_of(session, key), count=len(empty),
                       role=role_title(first.role), at=max(now, first.from_at))


def require_covers_stand(session: Session, role: str, from_at: datetime, until_at: datetime, *, now: datetime) -> None:
    """After a change of [from_at, until_at): every cover that is still to come must lie where there is duty to cover.

    Raises Conflict with the cover that would hang in the air.
    """
    since = max(now, from_at)
    book = roster.duty_book(session, since, until_at).during(since, until_at)
    for cover in book.covers:
        if cover.role != role or cover.instead_of is None:
            continue
        before = replace(book, covers=[earlier for earlier in book.covers if earlier.id < cover.id])
        if not all(is_on_duty(before, role, cover.instead_of, max(cover.from_at, since),
                              min(cover.until_at, until_at))):
            raise Conflict(N_("%(person)s替%(instead_of)s的班（%(since)s 起）会落空，请先撤销这次替班"),
                           person=name_of(book, cover.person), instead_of=name_of(book, cover.instead_of),
                           since=cover.from_at)

