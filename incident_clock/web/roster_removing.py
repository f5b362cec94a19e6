"""Taking a shift off the roster, or a cover back: asked once more, then done. No edit may leave a rung empty."""

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.errors import NotFound, Refusal
from incident_clock.office import LOOK_AHEAD
from incident_clock.people import covers, shifts
from incident_clock.people.duty_tables import Cover, Shift
from incident_clock.phrases import N_
from incident_clock.web.context import assembly, now, phrases
from incident_clock.web.guard import actor
from incident_clock.web.roster_editing import page, person_named, require_keeper, require_may_cover, said


def shift_removal(shift: int) -> ResponseReturnValue:
    """Asks before a shift is taken off the roster."""
    require_keeper()
    return _removal(_shift_sentence(shift), url_for("roster.remove_shift", shift=shift))


def remove_shift(shift: int) -> ResponseReturnValue:
    require_keeper()
    sentence = _shift_sentence(shift)
    with assembly().store.read() as session:
        until = session.get_one(Shift, shift).until_at
    return _removed(
        sentence, url_for("roster.remove_shift", shift=shift),
        lambda session: shifts.remove_shift(session, shift, actor=actor(), now=now()), until=until)


def cover_removal(cover: int) -> ResponseReturnValue:
    """Asks before a cover is taken back; of a swap both halves are named."""
    return _removal(_cover_sentence(cover), url_for("roster.remove_cover", cover=cover))


def remove_cover(cover: int) -> ResponseReturnValue:
    sentence = _cover_sentence(cover)
    return _removed(
        sentence, url_for("roster.remove_cover", cover=cover),
        lambda session: covers.remove_cover(session, cover, actor=actor(), now=now()),
        until=max(half.until_at for half in _halves(cover)))


def _removal(sentence: str, action: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    return page("roster_removal.html", {}, refusal, sentence=sentence, action=action)


def _removed(sentence: str, action: str, remove: Callable[[Session], None], *, until: datetime) -> ResponseReturnValue:
    try:
        assembly().office.change(remove, now=now(), until=max(until, now() + LOOK_AHEAD))
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _removal(sentence, action, refusal)
    flash(phrases().say(N_("已去掉：%(what)s"), what=sentence), "ok")
    return redirect(url_for("roster.show"), 303)


def _shift_sentence(shift: int) -> str:
    with assembly().store.read() as session:
        row = session.get(Shift, shift)
    if row is None or row.removed_at is not None:
        raise NotFound(N_("没有这一班，或者已经删去"))
    return said(row.role, row.person, row.from_at, row.until_at)


def _cover_sentence(cover: int) -> str:
    """Raises Forbidden for who neither keeps the roster nor is the one covered; a swap is for keepers alone."""
    halves = _halves(cover)
    require_may_cover(halves[0].instead_of if halves[0].swap is None else "")
    return "；".join(phrases().say(
        N_("%(what)s，代%(of)s"), what=said(half.role, half.person, half.from_at, half.until_at),
        of=person_named(half.instead_of)) for half in halves)


def _halves(cover: int) -> Sequence[Cover]:
    """The cover, or both halves of its swap. Raises NotFound."""
    with assembly().store.read() as session:
        row = session.get(Cover, cover)
        if row is None or row.removed_at is not None:
            raise NotFound(N_("没有这次替班，或者已经撤销"))
        return [row] if row.swap is None else session.scalars(
            select(Cover).where(Cover.swap == row.swap, Cover.removed_at.is_(None)).order_by(Cover.id)).all()
