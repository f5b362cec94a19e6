"""Handing duty over (交接班): who goes signs, then who comes, each what stood open when he signed.

A record that is half signed waits; a newer one of the same role and person takes its place: two who share a duty
(主副班) each hand over their own. Nothing here knows incidents: the open clocks are handed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, Forbidden, Invalid, NotFound
from incident_clock.ledger.chain import instant_text
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.people import ledger, roster
from incident_clock.people.access import role_title
from incident_clock.people.cards import PersonCard
from incident_clock.people.duty import DutyBook
from incident_clock.people.duty_checks import active, check_role, checked_text, collect, take_turn
from incident_clock.people.duty_tables import Handover
from incident_clock.people.facts import INCOMING, OUTGOING, HandoverSigned
from incident_clock.phrases import N_

JUST_RELIEVED = timedelta(hours=12)  # so long after his shift somebody may still have to hand it over


@dataclass(frozen=True, slots=True)
class OpenClock:
    """A step of an incident that is not logged yet. `incident` is its number."""

    incident: str
    step: str
    due_at: datetime

    @property
    def key(self) -> tuple[str, str]:
        return self.incident, self.step

    def plain(self) -> dict[str, Any]:
        return {"incident": self.incident, "step": self.step, "due_at": instant_text(self.due_at)}


@dataclass(frozen=True, slots=True)
class HandedClock:
    """A clock of a record, and which sides saw it open when they signed."""

    clock: OpenClock
    seen_by: tuple[str, ...]


def sign_outgoing(session: Session, *, role: str, incoming: str, note: str | None, clocks: Sequence[OpenClock],
                  actor: Actor, now: datetime) -> int:
    """`actor` hands the duty of `role` over to `incoming` and signs; gives the record's id.

    The same once more, while it still waits, is the same record. Raises Refusals with what cannot be right.
    """
    take_turn(session)
    collect(lambda: check_role(role), lambda: _check_outgoing(session, role, actor, now),
            lambda: _check_incoming(session, incoming, actor), lambda: checked_text(note, field="note"))
    note = checked_text(note, field="note")
    last = newest(session, role, actor.key)
    if last is not None and last.incoming_signed_at is None \
            and (last.outgoing, last.incoming, last.note) == (actor.key, incoming, note):
        return last.id
    row = Handover(role=role, outgoing=actor.key, incoming=incoming, note=note, opened_at=now, outgoing_signed_at=now,
                   open_clocks=[{**clock.plain(), "seen_by": [OUTGOING]} for clock in clocks])
    session.add(row)
    session.flush()
    _note(session, row, OUTGOING, clocks, actor, now)
    return row.id


def sign_incoming(session: Session, handover: int, *, clocks: Sequence[OpenClock], actor: Actor, now: datetime) -> bool:
    """`actor` takes the duty over and signs. False: he has signed before, and nothing was written.

    Raises NotFound, Forbidden for anybody else, Conflict when a newer record has taken its place.
    """
    take_turn(session)
    row = session.get(Handover, handover, with_for_update=True)
    if row is None:
        raise NotFound(N_("没有这份交接班记录"))
    if row.incoming != actor.key:
        raise Forbidden(N_("这份交接班要由%(name)s签字"), name=roster.name_of(session, row.incoming))
    if row.incoming_signed_at is not None:
        return False
    last = newest(session, row.role, row.outgoing)
    if last is not None and last.id != row.id:
        raise Conflict(N_("这份交接班已被后来的一份代替，请签新的那份"))
    row.incoming_signed_at = now
    row.open_clocks = _seen_by_both(row.open_clocks, clocks)
    session.flush()
    _note(session, row, INCOMING, clocks, actor, now)
    return True


def newest(session: Session, role: str, outgoing: str) -> Handover | None:
    """The last record in which this person hands the role over: the only one that can still wait for a signature."""
    return session.scalars(select(Handover).where(Handover.role == role, Handover.outgoing == outgoing)
                           .order_by(Handover.id.desc()).limit(1)).first()


def newest_of_all(session: Session) -> Sequence[Handover]:
    """The last record of every role and person, newest first."""
    ids = select(func.max(Handover.id)).group_by(Handover.role, Handover.outgoing)
    return session.scalars(select(Handover).where(Handover.id.in_(ids)).order_by(Handover.id.desc())).all()


def handed(row: Handover) -> tuple[HandedClock, ...]:
    """The clocks of a record, the one due first in front."""
    found = [HandedClock(OpenClock(each["incident"], each["step"], datetime.fromisoformat(each["due_at"])),
                         tuple(each["seen_by"])) for each in row.open_clocks]
    return tuple(sorted(found, key=lambda one: one.clock.due_at))


def may_hand_over(book: DutyBook, role: str, card: PersonCard, now: datetime) -> bool:
    """Whether this duty is, or was until lately, this person's: by the roster, or without one by the directory."""
    if not book.is_rostered(role, now):
        return role in card.roles or holds(book, role, card.key, now)
    since = now - JUST_RELIEVED
    return any(book.is_rostered(role, at) and holds(book, role, card.key, at)
               for at in (since, *book.changes(since, now), now))


def holds(book: DutyBook, role: str, key: str, at: datetime) -> bool:
    return any(holder.card.key == key for holder in book.holders(role, at))


def _check_outgoing(session: Session, role: str, actor: Actor, now: datetime) -> None:
    card = active(session, actor.key)
    book = roster.duty_book(session, now - JUST_RELIEVED, now)
    if card is None or not may_hand_over(book, role, card, now):
        raise Invalid(N_("%(name)s不值%(role)s的班，不能交这个班"), field="role", name=actor.name,
                      role=role_title(role))


def _check_incoming(session: Session, key: str, actor: Actor) -> None:
    if active(session, key) is None:
        raise Invalid(N_("请选接班的人"), field="incoming")
    if key == actor.key:
        raise Invalid(N_("接班的人不能是本人"), field="incoming")


def _seen_by_both(stored: list[dict[str, Any]], clocks: Sequence[OpenClock]) -> list[dict[str, Any]]:
    """What the first saw, and what the second sees: both lists in one, each clock with who saw it."""
    now_open = {clock.key: clock for clock in clocks}
    found = []
    for each in stored:
        is_open = now_open.pop((each["incident"], each["step"]), None) is not None
        found.append({**each, "seen_by": [OUTGOING, INCOMING] if is_open else [OUTGOING]})
    return [*found, *({**clock.plain(), "seen_by": [INCOMING]} for clock in now_open.values())]


def _note(session: Session, row: Handover, side: str, clocks: Sequence[OpenClock], actor: Actor, now: datetime) -> None:
    ledger.append(session, HandoverSigned(
        happened_at=now, handover=row.id, side=side, person=Erasable(actor.key),
        open_clocks=[clock.plain() for clock in clocks], note=Erasable(row.note)), actor=actor, now=now)
