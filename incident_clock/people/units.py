"""Changing the units of the bureau: the tree, and who is the 宣传员 (main and B) of each.

A 宣传员 must be active and hold the role `reporter` when he is named: to be named somewhere gives nobody a role, for
a role also says what he may write and what he is told.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, Invalid, NotFound
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.people import ledger, roster
from incident_clock.people.cards import PersonCard
from incident_clock.people.duty_checks import collect, take_turn
from incident_clock.people.edits import checked_key, checked_line, differences, require_unchanged
from incident_clock.people.facts import ADDED, ALTERED, RETIRED, UnitChanged
from incident_clock.people.people_file import REPORTER
from incident_clock.people.tables import Person, Unit
from incident_clock.phrases import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDraft:
    """A unit as a form holds it. `parent` is a key (None: the bureau itself), the reporters are keys of persons."""

    name: str
    short_name: str | None = None
    parent: str | None = None
    reporter: str | None = None
    second_reporter: str | None = None


def draft_of(unit: Unit) -> UnitDraft:
    return UnitDraft(name=unit.name, short_name=unit.short_name, parent=unit.parent, reporter=unit.reporter,
                     second_reporter=unit.second_reporter)


def is_reporter(card: PersonCard | None) -> bool:
    """Whether somebody can be, and therefore counts as, the 宣传员 of a unit."""
    return card is not None and card.is_active and REPORTER in card.roles


def add_unit(session: Session, key: str, draft: UnitDraft, *, actor: Actor, now: datetime) -> str:
    """A new unit below another; gives its key as it is kept. Raises Refusals with what cannot be right."""
    take_turn(session)
    taken = dict.fromkeys(session.scalars(select(Unit.key)), True)
    collect(lambda: checked_key(key, taken), *_checks(session, None, draft, UnitDraft(name="")))
    unit = Unit(key=checked_key(key, taken), position=1 + (session.scalar(select(func.max(Unit.position))) or 0))
    _write(unit, draft)
    session.add(unit)
    session.flush()
    _append(session, unit, ADDED, None, draft_of(unit), actor=actor, now=now)
    return unit.key


def alter_unit(session: Session, key: str, draft: UnitDraft, *, seen: UnitDraft, actor: Actor, now: datetime) -> bool:
    """Make a unit what `draft` says; False when it is that already. `seen` is what the editor had before him.

    Raises Stale when somebody changed it meanwhile, Refusals, NotFound.
    """
    take_turn(session)
    unit = _require(session, key)
    before = draft_of(unit)
    require_unchanged(before, seen)
    collect(*_checks(session, unit, draft, before))
    _write(unit, draft)
    after = draft_of(unit)
    if after == before:
        return False
    session.flush()
    _append(session, unit, ALTERED, before, after, actor=actor, now=now)
    return True


def remove_unit(session: Session, key: str, *, actor: Actor, now: datetime) -> None:
    """Raises Conflict for the bureau itself, and for a unit with people or with units below it; NotFound."""
    take_turn(session)
    unit = _require(session, key)
    if unit.parent is None:
        raise Conflict(N_("%(name)s是本局，不能删去"), name=unit.name)
    people = session.scalars(select(Person.name).where(Person.unit == key, Person.is_active)
                             .order_by(Person.position)).all()
    if people:
        raise Conflict(N_("%(name)s还有人：%(people)s。请先把他们调到别的单位"), name=unit.name, people=list(people))
    below = session.scalars(select(Unit.name).where(Unit.parent == key).order_by(Unit.position)).all()
    if below:
        raise Conflict(N_("%(name)s下面还有%(units)s，请先调整"), name=unit.name, units=list(below))
    before = draft_of(unit)
    _append(session, unit, RETIRED, before, None, actor=actor, now=now)
    session.delete(unit)
    session.flush()


# ── below: how ────────────────────────────────────────────────────────────────
def _require(session: Session, key: str) -> Unit:
    unit = session.get(Unit, key)
    if unit is None:
        raise NotFound(N_("通讯录里没有 %(key)s 这个单位"), key=key[:40])
    return unit


def _checks(session: Session, unit: Unit | None, draft: UnitDraft, before: UnitDraft):  # type: ignore[no-untyped-def]
    """What a draft is checked against; `unit` None is a new one. What it says already is not asked again."""
    yield lambda: checked_line(draft.name, field="name", is_required=True)
    yield lambda: checked_line(draft.short_name, field="short_name")
    yield lambda: _check_parent(session, unit, draft.parent)
    for field in ("reporter", "second_reporter"):
        if getattr(draft, field) != getattr(before, field):
            yield lambda field=field: _check_reporter(session, getattr(draft, field), field)
    yield lambda: _check_two(draft)


def _check_parent(session: Session, unit: Unit | None, parent: str | None) -> None:
    """A tree with the bureau at its root."""
    if unit is not None and unit.parent is None:
        if parent is not None:
            raise Invalid(N_("本局没有上级单位，请留空"), field="parent")
        return
    above = session.get(Unit, parent) if parent else None
    if above is None:
        raise Invalid(N_("请选上级单位"), field="parent")
    path: list[str] = []
    while above is not None and above.key not in path:
        if unit is not None and above.key == unit.key:
            raise Invalid(N_("不能放在自己或自己的下级单位下面"), field="parent")
        path.append(above.key)
        above = session.get(Unit, above.parent) if above.parent else None


def _check_reporter(session: Session, key: str | None, field: str) -> None:
    card = roster.person(session, key) if key else None
    if key and (card is None or not card.is_active):
        raise Invalid(N_("这个人不在通讯录里，或者已经停用，请另选"), field=field)
    if card is not None and not is_reporter(card):
        raise Invalid(N_("%(name)s还没有宣传员这个角色，请先在他的卡片里加上"), field=field, name=card.name)


def _check_two(draft: UnitDraft) -> None:
    if draft.second_reporter and draft.second_reporter == draft.reporter:
        raise Invalid(N_("宣传员和B角不能是同一个人"), field="second_reporter")


def _write(unit: Unit, draft: UnitDraft) -> None:
    """Make the row say what a checked draft says."""
    unit.name, unit.parent = checked_line(draft.name, field="name") or "", draft.parent or None
    unit.short_name = checked_line(draft.short_name, field="short_name")
    unit.reporter, unit.second_reporter = draft.reporter or None, draft.second_reporter or None


def _append(session: Session, unit: Unit, change: str, before: UnitDraft | None, after: UnitDraft | None, *,
            actor: Actor, now: datetime) -> None:
    ledger.append(session, UnitChanged(happened_at=now, unit=Erasable(unit.key), name=Erasable(unit.name),
                                       change=change, changes=differences(before, after)), actor=actor, now=now)
