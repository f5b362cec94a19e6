"""One unit of the directory: its people and 宣传员, and the form by which an administrator changes it."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from incident_clock.errors import NotFound, Refusal
from incident_clock.people import roster, units
from incident_clock.phrases import N_
from incident_clock.views import directory as views
from incident_clock.web import directory_forms as forms
from incident_clock.web.context import assembly, now, phrases
from incident_clock.web.directory_frame import change, done_or_told, form_page, require_admin, saved, words
from incident_clock.web.guard import actor


def show(key: str) -> ResponseReturnValue:
    return render_template("unit.html", unit=_seen(key), words=words())


def blank() -> ResponseReturnValue:
    require_admin()
    return _form({"parent": request.args.get("parent", "")}, seen="")


def add() -> ResponseReturnValue:
    require_admin()
    try:
        key = change(lambda session: units.add_unit(session, request.form.get("key", ""), forms.unit_of(request.form),
                                                    actor=actor(), now=now()))
    except Refusal as refusal:
        return _form(request.form, seen="", refusal=refusal)
    flash(phrases().say(N_("已加入通讯录")), "ok")
    return redirect(url_for("directory.unit", key=key), 303)


def edit(key: str) -> ResponseReturnValue:
    require_admin()
    draft = _seen(key).draft
    return _form(forms.values_of(draft), key=key, seen=forms.written(draft))


def alter(key: str) -> ResponseReturnValue:
    require_admin()
    return saved(lambda session, typed, seen: units.alter_unit(session, key, typed, seen=seen, actor=actor(),
                                                               now=now()),
                 forms.unit_of(request.form), back=url_for("directory.unit", key=key),
                 page=lambda values, **shown: _form(values, key=key, **shown))


def refilled(form: Mapping[str, str], key: str = "") -> ResponseReturnValue:
    """After a sign-in that ran out: the form with what was typed."""
    require_admin()
    return _form(form, key=key, seen=form.get(forms.SEEN, ""), is_refilled=True)


def remove(key: str) -> ResponseReturnValue:
    require_admin()

    def carry_out(session: Session) -> str:
        units.remove_unit(session, key, actor=actor(), now=now())
        return phrases().say(N_("已删去这个单位"))

    return done_or_told(carry_out, url_for("directory.unit", key=key), then=url_for("directory.show"))


def _seen(key: str) -> views.UnitView:
    with assembly().store.read() as session:
        found = views.unit(session, key, now())
    if found is None:
        raise NotFound(N_("通讯录里没有 %(key)s 这个单位"), key=key)
    return found


def _form(values: Mapping[str, str], *, key: str = "", seen: str, **shown: object) -> ResponseReturnValue:
    unit = _seen(key) if key else None
    with assembly().store.read() as session:
        tree, people = views.directory(session, now()).units, roster.everybody(session)
    heading = phrases().say(N_("修改 %(name)s"), name=unit.name) if unit else phrases().say(N_("新增单位"))
    return form_page("unit_form.html", values, heading=heading, key=key, seen=seen,
                     parents=[other for other in tree if other.key != key], is_bureau=bool(unit and unit.is_bureau),
                     reporters=[card for card in people if units.is_reporter(card)],
                     **shown)  # type: ignore[arg-type]
