"""Offices outside the bureau (区总值班室, 区委网信办 …): the list to ring from, and an administrator's form."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from incident_clock.errors import NotFound, Refusal
from incident_clock.people import outside
from incident_clock.phrases import N_
from incident_clock.views import directory as views
from incident_clock.web import directory_forms as forms
from incident_clock.web.context import assembly, now, phrases
from incident_clock.web.directory_frame import change, done_or_told, form_page, require_admin, saved
from incident_clock.web.guard import actor


def index() -> ResponseReturnValue:
    with assembly().store.read() as session:
        parties = views.outside(session)
    return render_template("outside.html", parties=parties)


def blank() -> ResponseReturnValue:
    require_admin()
    return _form({}, seen="")


def add() -> ResponseReturnValue:
    require_admin()
    try:
        change(lambda session: outside.add_outside(session, forms.outside_of(request.form), actor=actor(), now=now()))
    except Refusal as refusal:
        return _form(request.form, seen="", refusal=refusal)
    flash(phrases().say(N_("已加入通讯录")), "ok")
    return redirect(url_for("directory.outside"), 303)


def edit(key: str) -> ResponseReturnValue:
    require_admin()
    draft = _seen(key).draft
    return _form(forms.values_of(draft), key=key, seen=forms.written(draft))


def alter(key: str) -> ResponseReturnValue:
    require_admin()
    return saved(lambda session, typed, seen: outside.alter_outside(session, key, typed, seen=seen, actor=actor(),
                                                                    now=now()),
                 forms.outside_of(request.form), back=url_for("directory.outside"),
                 page=lambda values, **shown: _form(values, key=key, **shown))


def refilled(form: Mapping[str, str], key: str = "") -> ResponseReturnValue:
    """After a sign-in that ran out: the form with what was typed."""
    require_admin()
    return _form(form, key=key, seen=form.get(forms.SEEN, ""), is_refilled=True)


def remove(key: str) -> ResponseReturnValue:
    require_admin()

    def carry_out(session: Session) -> str:
        outside.remove_outside(session, key, actor=actor(), now=now())
        return phrases().say(N_("已删去"))

    return done_or_told(carry_out, url_for("directory.outside"))


def _seen(key: str) -> views.OutsideView:
    with assembly().store.read() as session:
        found = next((party for party in views.outside(session) if party.key == key), None)
    if found is None:
        raise NotFound(N_("没有这个区外单位，或者已经删去"))
    return found


def _form(values: Mapping[str, str], *, key: str = "", seen: str, **shown: object) -> ResponseReturnValue:
    heading = phrases().say(N_("修改 %(name)s"), name=_seen(key).draft.name) if key \
        else phrases().say(N_("新增区外单位"))
    return form_page("outside_form.html", values, heading=heading, key=key, seen=seen,
                     **shown)  # type: ignore[arg-type]
