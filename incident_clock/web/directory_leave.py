"""Leave in the browser: an administrator enters it for everybody, and everybody his own with who acts for him."""

from collections.abc import Mapping
from datetime import timedelta

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from incident_clock.errors import Forbidden, NotFound, Refusal
from incident_clock.office import LOOK_AHEAD
from incident_clock.people import access, leave, roster
from incident_clock.people.cards import PersonCard
from incident_clock.phrases import N_
from incident_clock.views import directory as views
from incident_clock.web import directory_forms as forms
from incident_clock.web.context import assembly, me, now, phrases, zone
from incident_clock.web.directory_frame import change, done_or_told, form_page, words
from incident_clock.web.guard import actor

GUARDED_AHEAD = timedelta(days=62)  # holes that leave tears later than this are found by the readiness board


def blank(key: str) -> ResponseReturnValue:
    _require(key)
    return _form({}, key)


def enter(key: str) -> ResponseReturnValue:
    card = _require(key)
    try:
        from_at, until_at = forms.span_of(request.form, now=now(), zone=zone())
        until = max(now() + LOOK_AHEAD, min(until_at, now() + GUARDED_AHEAD))
        done = change(lambda session: leave.enter_leave(
            session, person=key, from_at=from_at, until_at=until_at, acting=request.form.get("acting") or None,
            reason=request.form.get("reason"), actor=actor(), now=now()), until=until)
    except Refusal as refusal:
        return _form(request.form, key, refusal=refusal)
    flash(phrases().say(N_("已记下：%(name)s %(span)s 外出"), name=card.name, span=words().span(from_at, until_at)),
          "ok")
    if done.acting_away is not None:
        flash(phrases().say(N_("代理人这段时间里自己也请了假（%(span)s），那时由代理人的代理人或B角接替"),
                            span=words().span(*done.acting_away)), "note")
    return redirect(url_for("directory.person", key=key), 303)


def refilled(form: Mapping[str, str], key: str) -> ResponseReturnValue:
    """After a sign-in that ran out: the form with what was typed."""
    _require(key)
    return _form(form, key, is_refilled=True)


def end(leave_id: int) -> ResponseReturnValue:
    """Take leave back, or end what has begun."""
    with assembly().store.read() as session:
        found = views.leave(session, leave_id, now())
    if found is None:
        raise NotFound(N_("没有这次请假，或者已经撤销"))
    _require(found.person.key)

    def carry_out(session: Session) -> str:
        leave.remove_leave(session, leave_id, actor=actor(), now=now())
        return phrases().say(N_("已记下：%(name)s 已回来") if found.holds_at(now()) else N_("已撤销 %(name)s 的请假"),
                             name=found.person.name)

    return done_or_told(carry_out, url_for("directory.person", key=found.person.key))


def _require(key: str) -> PersonCard:
    """The person whose leave it is. Raises NotFound, and Forbidden for who may not enter it."""
    card = me()
    assert card is not None
    with assembly().store.read() as session:
        found = roster.person(session, key)
    if found is None:
        raise NotFound(N_("通讯录里没有 %(key)s 这个人"), key=key)
    if not leave.may_enter(card.roles, card.key, person=key):
        raise Forbidden(N_("请假由本人或系统管理员来记"))
    return found


def _form(values: Mapping[str, str], key: str, **shown: object) -> ResponseReturnValue:
    with assembly().store.read() as session:
        people = roster.everybody(session)
        seen = views.person(session, key, now())
    assert seen is not None
    card = me()
    is_own = card is not None and card.key == key
    today = now().astimezone(zone()).date().isoformat()
    return form_page("leave_form.html", {"from_day": today, "until_day": today, **values}, key=key, is_own=is_own,
                     heading=phrases().say(N_("%(name)s 请假"), name=seen.card.name), seen=seen,
                     people=[other for other in people if other.key != key
                             and access.may_stand_for(other.roles, of=seen.card.roles)], **shown)  # type: ignore[arg-type]
