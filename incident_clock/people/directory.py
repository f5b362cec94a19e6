"""Changing who is in the directory: persons, one at a time. Units: `units.py`; offices outside: `outside.py`.

Every change takes its turn behind the last one and appends one entry that says what each field was and is. Nobody is
deleted: who leaves is made inactive, because old entries and messages name him.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, Invalid, NotFound
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.people import access, ledger, roster
from incident_clock.people.cards import Contact, PersonCard
from incident_clock.people.contacts import Address, check_row, checked_contacts
from incident_clock.people.duty_checks import collect, require_duty_stands, take_turn
from incident_clock.people.edits import checked_key, checked_line, differences, require_unchanged
from incident_clock.people.facts import ADDED, ALTERED, RESTORED, RETIRED, PersonChanged
from incident_clock.people.importing import write_card
from incident_clock.people.sign_in import sign_out_everywhere
from incident_clock.people.tables import Person, Unit
from incident_clock.phrases import CHINESE, LANGUAGES, N_
from incident_clock.protocol.steps import ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDraft:
    """A person as a form holds him. `unit` and `stand_in` are keys; the first of `roles` is the one he is named by."""

    name: str
    unit: str
    roles: tuple[str, ...]
    contacts: tuple[Address, ...] = ()
    stand_in: str | None = None
    language: str = CHINESE


def draft_of(card: PersonCard) -> PersonDraft:
    """What can be edited of a person."""
    return PersonDraft(name=card.name, unit=card.unit, roles=card.roles, stand_in=card.stand_in, language=card.language,
                       contacts=tuple((contact.kind, contact.address) for contact in card.contacts))


def add_person(session: Session, key: str, draft: PersonDraft, *, actor: Actor, now: datetime) -> str:
    """A new person at the end of the directory; gives his key as it is kept.

    Raises Refusals with what cannot be right, each with its field.
    """
    take_turn(session)
    taken = {row.key: row.is_active for row in session.execute(select(Person.key, Person.is_active))}
    collect(lambda: checked_key(key, taken), *_checks(session, key, draft, PersonDraft(name="", unit="", roles=())))
    key = checked_key(key, taken)
    draft = _tidied(draft, ())
    position = session.scalar(select(func.max(Person.position)))
    row = Person(key=key, contacts=[])
    write_card(row, _card(key, draft, is_active=True), position=0 if position is None else position + 1)
    session.add(row)
    session.flush()
    _append(session, row, ADDED, None, draft, actor=actor, now=now)
    return key


def alter_person(session: Session, key: str, draft: PersonDraft, *, seen: PersonDraft, actor: Actor,
                 now: datetime) -> bool:
    """Make a person what `draft` says; False when he is that already. `seen` is what the editor had before him.

    Raises Stale when somebody changed him meanwhile, Refusals, and Invalid when nobody would be left to administer.
    """
    take_turn(session)
    row = _require(session, key)
    before = draft_of(roster.card_of(row))
    require_unchanged(before, seen)
    collect(*_checks(session, key, draft, before))
    draft = _tidied(draft, before.contacts)
    if draft == before:
        return False
    write_card(row, _card(key, draft, is_active=row.is_active), position=row.position)
    session.flush()
    if row.is_active and access.may(before.roles, access.ADMIN):
        _require_administrator(session, field="roles")
    _append(session, row, ALTERED, before, draft, actor=actor, now=now)
    return True


def retire_person(session: Session, key: str, *, actor: Actor, now: datetime) -> None:
    """A person leaves: he is told nothing more and signed out everywhere, at once.

    Where units or others name him (宣传员, B角) he stays named, and counts for nobody; his shifts are his B角's. Raises
    Conflict for the actor himself, for the last administrator, for one who has left already, and for one whose shifts
    nobody would do.
    """
    take_turn(session)
    row = _require(session, key)
    if not row.is_active:
        raise Conflict(N_("%(name)s已经停用"), name=row.name)
    if key == actor.key:
        raise Conflict(N_("不能停用自己，请另一位系统管理员来做"))
    row.is_active = False
    session.flush()
    if access.may(row.roles, access.ADMIN):
        _require_administrator(session)
    require_duty_stands(session, key, now=now)
    sign_out_everywhere(session, key, now)
    _append(session, row, RETIRED, None, None, actor=actor, now=now)


def restore_person(session: Session, key: str, *, actor: Actor, now: datetime) -> None:
    """A person comes back as he was. Raises Conflict when he is there, or his unit no longer is."""
    take_turn(session)
    row = _require(session, key)
    if row.is_active:
        raise Conflict(N_("%(name)s没有停用"), name=row.name)
    if session.get(Unit, row.unit) is None:
        raise Conflict(N_("%(name)s原来的单位已经没有了，请先修改他的单位"), name=row.name)
    row.is_active = True
    session.flush()
    _append(session, row, RESTORED, None, None, actor=actor, now=now)


# ── below: how ────────────────────────────────────────────────────────────────
def _require(session: Session, key: str) -> Person:
    row = session.get(Person, key)
    if row is None:
        raise NotFound(N_("通讯录里没有 %(key)s 这个人"), key=key[:40])
    return row


def _require_administrator(session: Session, *, field: str | None = None) -> None:
    """Raises Conflict when nobody active could administer any more."""
    if not any(access.may(card.roles, access.ADMIN) for card in roster.everybody(session)):
        raise Conflict(N_("这是最后一位系统管理员，请先让另一个人担任"), field=field)


def _checks(session: Session, key: str, draft: PersonDraft, before: PersonDraft):  # type: ignore[no-untyped-def]
    """What a draft is checked against; what the card says already is not asked again."""
    yield lambda: checked_line(draft.name, field="name", is_required=True)
    yield lambda: _check_unit(session, draft.unit)
    yield lambda: _check_roles(draft.roles)
    for row in range(1, len(draft.contacts) + 1):
        yield lambda row=row: check_row(draft.contacts, row, before.contacts)
    if (draft.stand_in, draft.roles) != (before.stand_in, before.roles):
        yield lambda: _check_stand_in(session, key, draft.stand_in, draft.roles)
    yield lambda: _check_language(draft.language)


def _check_unit(session: Session, unit: str) -> None:
    if session.get(Unit, unit) is None:
        raise Invalid(N_("请选所在单位"), field="unit")


def _check_roles(roles: tuple[str, ...]) -> None:
    if not roles:
        raise Invalid(N_("请至少选一个角色"), field="roles")
    if len(set(roles)) < len(roles) or not set(roles) <= set(ROLES):
        raise Invalid(N_("没有这样的角色，请重选"), field="roles")


def _check_stand_in(session: Session, key: str, stand_in: str | None, roles: tuple[str, ...]) -> None:
    if stand_in is None:
        return
    card = roster.person(session, stand_in)
    if card is None or not card.is_active:
        raise Invalid(N_("B角不在通讯录里，或者已经停用，请另选"), field="stand_in")
    if stand_in == key:
        raise Invalid(N_("B角不能是本人，请另选"), field="stand_in")
    if not access.may_stand_for(card.roles, of=roles):
        raise Invalid(N_("%(name)s是%(role)s，不能登记办理情况，不能做B角，请另选"), field="stand_in", name=card.name,
                      role=access.role_title(access.main_role(card.roles)))


def _check_language(language: str) -> None:
    if language not in LANGUAGES:
        raise Invalid(N_("请选中文或英文"), field="language")


def _tidied(draft: PersonDraft, known: tuple[Address, ...]) -> PersonDraft:
    """A draft that passed its checks, in the form it is kept."""
    return replace(draft, name=checked_line(draft.name, field="name") or "",
                   contacts=checked_contacts(draft.contacts, known=known))


def _card(key: str, draft: PersonDraft, *, is_active: bool) -> PersonCard:
    return PersonCard(key=key, name=draft.name, unit=draft.unit, roles=draft.roles, stand_in=draft.stand_in,
                      contacts=tuple(Contact(kind, address) for kind, address in draft.contacts),
                      language=draft.language, is_active=is_active)


def _append(session: Session, row: Person, change: str, before: PersonDraft | None, after: PersonDraft | None, *,
            actor: Actor, now: datetime) -> None:
    changes = {} if before is None and after is None else differences(before, after)
    ledger.append(session, PersonChanged(happened_at=now, person=Erasable(row.key), name=Erasable(row.name),
                                         change=change, changes=changes), actor=actor, now=now)
