"""Offices outside the bureau that are rung or written to (区总值班室, 区委宣传部, 区委网信办 …). They never sign in."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident_clock.errors import Invalid, NotFound
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.people import ledger
from incident_clock.people.contacts import checked_email, checked_phone
from incident_clock.people.drill_book import plain
from incident_clock.people.duty_checks import checked_text, collect, take_turn
from incident_clock.people.edits import checked_line, differences, require_unchanged
from incident_clock.people.facts import ADDED, ALTERED, RETIRED, OutsidePartyChanged
from incident_clock.people.tables import OutsideParty
from incident_clock.phrases import N_

KEY_BYTES = 4  # of the key of a party that was entered on the page


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideDraft:
    """An outside party as a form holds it."""

    name: str
    phone: str | None = None
    email: str | None = None
    note: str = ""


def draft_of(party: OutsideParty) -> OutsideDraft:
    return OutsideDraft(name=party.name, phone=party.phone, email=party.email, note=party.note)


def outside_addresses(session: Session) -> frozenset[str]:
    """Every address of an outside party, in the form in which addresses are compared."""
    return frozenset(plain(address) for row in session.execute(select(OutsideParty.phone, OutsideParty.email))
                     for address in row if address)


def add_outside(session: Session, draft: OutsideDraft, *, actor: Actor, now: datetime) -> str:
    """A new party at the end of the list; gives its key. Raises Refusals with what cannot be right."""
    take_turn(session)
    party = OutsideParty(key=f"outside-{secrets.token_hex(KEY_BYTES)}",
                         position=1 + (session.scalar(select(func.max(OutsideParty.position))) or 0))
    _write(party, draft)
    session.add(party)
    session.flush()
    _append(session, party, ADDED, None, draft_of(party), actor=actor, now=now)
    return party.key


def alter_outside(session: Session, key: str, draft: OutsideDraft, *, seen: OutsideDraft, actor: Actor,
                  now: datetime) -> bool:
    """Make a party what `draft` says; False when it is that already. Raises Stale, Refusals, NotFound."""
    take_turn(session)
    party = _require(session, key)
    before = draft_of(party)
    require_unchanged(before, seen)
    _write(party, draft)
    after = draft_of(party)
    if after == before:
        return False
    session.flush()
    _append(session, party, ALTERED, before, after, actor=actor, now=now)
    return True


def remove_outside(session: Session, key: str, *, actor: Actor, now: datetime) -> None:
    """Raises NotFound."""
    take_turn(session)
    party = _require(session, key)
    _append(session, party, RETIRED, draft_of(party), None, actor=actor, now=now)
    session.delete(party)
    session.flush()


def _require(session: Session, key: str) -> OutsideParty:
    party = session.get(OutsideParty, key)
    if party is None:
        raise NotFound(N_("没有这个区外单位，或者已经删去"))
    return party


def _write(party: OutsideParty, draft: OutsideDraft) -> None:
    """Make the row say what a draft says. Raises Refusals with what cannot be right."""
    phone, email = (draft.phone or "").strip(), (draft.email or "").strip()
    collect(lambda: checked_line(draft.name, field="name", is_required=True),
            lambda: checked_phone(phone, field="phone") if phone else _require_one(email),
            lambda: checked_email(email, field="email") if email else None,
            lambda: checked_text(draft.note, field="note"))
    party.name = checked_line(draft.name, field="name") or ""
    party.phone = checked_phone(phone, field="phone") if phone else None
    party.email = checked_email(email, field="email") if email else None
    party.note = checked_text(draft.note, field="note")


def _require_one(email: str) -> None:
    if not email:
        raise Invalid(N_("电话和邮箱至少填一个，否则联系不上"), field="phone")


def _append(session: Session, party: OutsideParty, change: str, before: OutsideDraft | None,
            after: OutsideDraft | None, *, actor: Actor, now: datetime) -> None:
    ledger.append(session, OutsidePartyChanged(
        happened_at=now, party=Erasable(party.key), name=Erasable(party.name), change=change,
        changes=differences(before, after)), actor=actor, now=now)
