"""The forms that add to a roster: one shift, a cover, a swap. No edit may leave a rung empty."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from incident_clock.errors import Forbidden, Invalid, Refusal
from incident_clock.office import LOOK_AHEAD
from incident_clock.people import access, covers, roster, shifts
from incident_clock.people.cards import PersonCard
from incident_clock.people.duty import ROSTERED_ROLES
from incident_clock.people.duty_checks import collect
from incident_clock.people.duty_tables import Shift
from incident_clock.phrases import N_
from incident_clock.views import roster as views
from incident_clock.views.roster import ShiftView
from incident_clock.web.context import assembly, me, now, phrases, sentences, zone
from incident_clock.web.guard import actor, allows
from incident_clock.web.roster_forms import read_pair, read_span, written_span
from incident_clock.web.telling import Telling
from incident_clock.web.telling_roster import RosterWords

OFFERED = timedelta(days=31)  # how far ahead a shift can be chosen from a list
LARGEST_ID = 2**31 - 1

LABELS = {  # field → how it is called among the complaints, in the order of the pages
    "who": N_("谁值什么班"), "role": N_("岗位"), "instead_of": N_("替谁的班"), "shift_a": N_("这一班"),
    "shift_b": N_("和这一班互换"), "person": N_("由谁来值"), "from_at": N_("开始"), "until_at": N_("结束"),
    "reason": N_("原因"),
}


# ── one shift ─────────────────────────────────────────────────────────────────────────────────────────────
def shift() -> ResponseReturnValue:
    require_keeper()
    return _shift_page(MultiDict(request.args))


def add_shift() -> ResponseReturnValue:
    require_keeper()
    form = request.form
    try:
        read = _Read(form, ("who",))
        (role, person), (from_at, until_at) = read.pairs["who"], read.span
        with assembly().store.read() as session:
            until = max(until_at, shifts.reaches(session, role) or until_at)
        assembly().office.change(
            lambda session: shifts.add_shift(session, role=role, person=person, from_at=from_at, until_at=until_at,
                                             actor=actor(), now=now()),
            now=now(), until=until)
    except Refusal as refusal:
        return _shift_page(form, refusal)
    return _done(N_("已加一班：%(what)s"), from_at, what=said(role, person, from_at, until_at))


def refilled_shift(form: MultiDict[str, str]) -> ResponseReturnValue:
    require_keeper()
    return _shift_page(form)


# ── a cover ───────────────────────────────────────────────────────────────────────────────────────────────
def cover() -> ResponseReturnValue:
    return _cover_page(_from_shift(request.args))


def enter_cover() -> ResponseReturnValue:
    form = request.form
    if asked := read_pair(form.get("instead_of", ""))[1]:
        require_may_cover(asked)
    try:
        read = _Read(form, ("instead_of",), texts=("person", "reason"))
        (role, instead_of), (from_at, until_at), person = read.pairs["instead_of"], read.span, form.get("person", "")
        assembly().office.change(
            lambda session: covers.enter_cover(session, role=role, instead_of=instead_of, person=person,
                                               from_at=from_at, until_at=until_at, reason=form.get("reason"),
                                               actor=actor(), now=now()),
            now=now(), until=max(until_at, now() + LOOK_AHEAD))
    except Refusal as refusal:
        return _cover_page(form, refusal)
    return _done(N_("已记替班：%(what)s，代%(of)s"), from_at, what=said(role, person, from_at, until_at),
                 of=person_named(instead_of))


def refilled_cover(form: MultiDict[str, str]) -> ResponseReturnValue:
    return _cover_page(form)


# ── a swap ────────────────────────────────────────────────────────────────────────────────────────────────
def swap() -> ResponseReturnValue:
    require_keeper()
    return _swap_page(MultiDict(request.args))


def enter_swap() -> ResponseReturnValue:
    require_keeper()
    form = request.form
    try:
        first, second = _numbers(form, "shift_a", "shift_b", texts=("reason",))
        assembly().office.change(
            lambda session: covers.enter_swap(session, shift_a=first, shift_b=second, reason=form.get("reason"),
                                              actor=actor(), now=now()), now=now())
        with assembly().store.read() as session:
            a, b = session.get_one(Shift, first), session.get_one(Shift, second)
    except Refusal as refusal:
        return _swap_page(form, refusal)
    return _done(N_("已调班：%(a)s，改由%(b_person)s；%(b)s，改由%(a_person)s"), min(a.from_at, b.from_at),
                 a=said(a.role, a.person, a.from_at, a.until_at), b=said(b.role, b.person, b.from_at, b.until_at),
                 a_person=person_named(a.person), b_person=person_named(b.person))


def refilled_swap(form: MultiDict[str, str]) -> ResponseReturnValue:
    require_keeper()
    return _swap_page(form)


# ── who may ───────────────────────────────────────────────────────────────────────────────────────────────
def require_keeper() -> None:
    """Raises Forbidden for those who do not keep the roster, with whom to ask."""
    if not allows(access.ROSTER):
        raise Forbidden(N_("这个账号不能改值班表。请联系办公室、值班长或系统管理员"))


def require_may_cover(instead_of: str) -> None:
    card = me()
    if card is None or not access.may_cover(card.roles, card.key, instead_of=instead_of):
        raise Forbidden(N_("您只能为自己的班找人替。别人的班请联系办公室、值班长或系统管理员"))


# ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────
def _shift_page(values: Mapping[str, str], refusal: Refusal | None = None) -> ResponseReturnValue:
    return page("roster_shift.html", values, refusal, people=holders())


def _cover_page(values: Mapping[str, str], refusal: Refusal | None = None) -> ResponseReturnValue:
    """Who does not keep the roster finds only his own duties to hand on."""
    card = me()
    mine = None if card is None or allows(access.ROSTER) else card.key
    people = holders()
    covered = {role: [one for one in cards if mine in (None, one.key)] for role, cards in people.items()}
    if not any(covered.values()):
        raise Forbidden(N_("您没有值班的班次要找人替。别人的班请联系办公室、值班长或系统管理员"))
    return page("roster_cover.html", values, refusal, people=people, covered=covered)


def _swap_page(values: Mapping[str, str], refusal: Refusal | None = None) -> ResponseReturnValue:
    with assembly().store.read() as session:
        offered = [one for one in views.shifts_between(session, now(), now() + OFFERED, now())
                   if all(part.of is None for part in one.parts)]
    return page("roster_swap.html", values, refusal, offered=offered)


def page(template: str, values: Mapping[str, str], refusal: Refusal | None = None, *,
         labels: Mapping[str, str] = LABELS, **more: Any) -> ResponseReturnValue:
    """A form with what was typed; refused, with every complaint at its field."""
    places = list(labels)
    told = sorted(sentences(refusal) if refusal else [],
                  key=lambda one: places.index(one[0]) if one[0] in places else len(places))
    shown = render_template(
        template, values=values, complaints=told, labels=labels, words=_words(),
        errors={field: said for field, said in reversed(told) if field},
        handover=f"{assembly().settings.handover_time:%H:%M}", **more)
    return make_response(shown, refusal.http_status if refusal else 200)


# ── below: how ────────────────────────────────────────────────────────────────────────────────────────────
def holders() -> dict[str, list[PersonCard]]:
    """Each rostered role with everybody who has it in the directory."""
    with assembly().store.read() as session:
        people = roster.everybody(session)
    return {role: [card for card in people if role in card.roles] for role in ROSTERED_ROLES}


def _from_shift(args: Mapping[str, str]) -> Mapping[str, str]:
    """The cover form for one shift: who stands in it and from when, from now on when it has begun."""
    number = args.get("shift", "")
    if not (number.isascii() and number.isdigit()) or int(number[:12]) > LARGEST_ID:
        return args
    with assembly().store.read() as session:
        row = session.get(Shift, int(number))
        if row is None or row.removed_at is not None or row.until_at <= now():
            return args
        found = [one for one in views.shifts_between(session, row.from_at, row.until_at, now()) if one.id == row.id]
    return _filled(found[0])


def _filled(one: ShiftView) -> dict[str, str]:
    """Its last stretch that is still to come: earlier ones may be covered already."""
    last = one.parts[-1]
    standing = last.person.key if last.person and last.cover else one.person.key
    minute = now().replace(second=0, microsecond=0)
    return {"instead_of": f"{one.role}/{standing}", **written_span(max(last.from_at, minute), last.until_at, zone())}


class _Read:
    """A form with a span: its choices of role and person, and when. Raises Refusals with all that is missing."""

    def __init__(self, form: Mapping[str, str], choices: Sequence[str], texts: Sequence[str] = ()) -> None:
        self.pairs: dict[str, tuple[str, str]] = {}
        self._form = form
        collect(*(lambda field=field: self._read_pair(field) for field in choices), self._read_span,
                *(lambda field=field: _require_filled(form, field) for field in texts))

    def _read_pair(self, field: str) -> None:
        role, key = read_pair(self._form.get(field, ""))
        if not role or not key:
            raise Invalid(N_("请选一项"), field=field)
        self.pairs[field] = role, key

    def _read_span(self) -> None:
        self.span = read_span(self._form, now=now(), zone=zone(), handover_time=assembly().settings.handover_time)


def _numbers(form: Mapping[str, str], *fields: str, texts: Sequence[str]) -> list[int]:
    """The ids chosen in these fields. Raises Refusals with all that is missing."""
    found: list[int] = []

    def read(field: str) -> None:
        text = form.get(field, "")
        if not (text.isascii() and text.isdigit()) or int(text[:12]) > LARGEST_ID:
            raise Invalid(N_("请选一项"), field=field)
        found.append(int(text))

    collect(*(lambda field=field: read(field) for field in fields),
            *(lambda field=field: _require_filled(form, field) for field in texts))
    return found


def _require_filled(form: Mapping[str, str], field: str) -> None:
    if not form.get(field, "").strip():
        raise Invalid(N_("请写明原因") if field == "reason" else N_("请选一项"), field=field)


def said(role: str, person: str, from_at: datetime, until_at: datetime) -> str:
    """`3月14日 周六 08:30–次日08:30 值班员 周甲`."""
    words = _words()
    return " ".join([words.day(from_at.astimezone(zone()).date()), words.span(from_at, until_at),
                     words.telling.role(role), person_named(person)])


def person_named(key: str) -> str:
    with assembly().store.read() as session:
        return roster.name_of(session, key)


def _done(text: str, from_at: datetime, **params: object) -> ResponseReturnValue:
    flash(phrases().say(text, **params), "ok")
    day = from_at.astimezone(zone()).date()
    is_near = day < now().astimezone(zone()).date() + timedelta(days=views.DAYS)
    return redirect(url_for("roster.show", since=None if is_near else day.isoformat()), 303)


def _words() -> RosterWords:
    return RosterWords(Telling(phrases(), now()))
