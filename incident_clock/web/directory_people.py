"""One person of the directory: his card, and the forms by which an administrator changes him."""

from collections.abc import Callable, Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from incident_clock.errors import NotFound, Refusal
from incident_clock.ledger.fact import Erasable
from incident_clock.people import access, contacts, directory, leave, ledger, roster, sign_in
from incident_clock.people.cards import CONTACT_KINDS
from incident_clock.people.facts import AccessGiven
from incident_clock.phrases import LANGUAGES, N_
from incident_clock.protocol.steps import ROLES
from incident_clock.views import directory as views
from incident_clock.web import directory_forms as forms
from incident_clock.web.context import assembly, me, now, phrases
from incident_clock.web.directory_frame import change, done_or_told, form_page, require_admin, saved, words
from incident_clock.web.guard import actor


def show(key: str, *, link: str | None = None) -> ResponseReturnValue:
    """The card of one person. `link`: a sign-in link that was just made, shown this once."""
    card = me()
    assert card is not None
    return render_template("person.html", seen=_seen(key), words=words(), link=link,
                           may_enter_leave=leave.may_enter(card.roles, card.key, person=key))


def blank() -> ResponseReturnValue:
    require_admin()
    return _form({"unit": request.args.get("unit", "")}, seen="")


def add() -> ResponseReturnValue:
    require_admin()
    try:
        key = change(lambda session: directory.add_person(
            session, request.form.get("key", ""), forms.person_of(request.form), actor=actor(), now=now()))
    except Refusal as refusal:
        return _form(forms.person_again(request.form), seen="", refusal=refusal)
    flash(phrases().say(N_("已加入通讯录")), "ok")
    return redirect(url_for("directory.person", key=key), 303)


def edit(key: str) -> ResponseReturnValue:
    require_admin()
    draft = directory.draft_of(_seen(key).card)
    return _form(forms.values_of(draft), key=key, seen=forms.written(draft))


def alter(key: str) -> ResponseReturnValue:
    require_admin()
    return saved(lambda session, typed, seen: directory.alter_person(session, key, typed, seen=seen, actor=actor(),
                                                                     now=now()),
                 forms.person_of(request.form), back=url_for("directory.person", key=key),
                 page=lambda values, **shown: _form(values, key=key, **shown), values=forms.person_again(request.form))


def refilled(form: Mapping[str, str], key: str = "") -> ResponseReturnValue:
    """After a sign-in that ran out: the form with what was typed."""
    require_admin()
    return _form(form, key=key, seen=form.get(forms.SEEN, ""), is_refilled=True)


def retire(key: str) -> ResponseReturnValue:
    return _done(key, directory.retire_person, N_("已停用 %(name)s，所有登录同时失效"))


def restore(key: str) -> ResponseReturnValue:
    return _done(key, directory.restore_person, N_("已恢复 %(name)s"))


def verify(key: str, contact: int) -> ResponseReturnValue:
    """Somebody rang this number and the person answered."""
    require_admin()
    card = _seen(key)
    if contact not in [each.id for each in card.contacts]:
        raise NotFound(N_("这个联系方式已经不在了，请重新打开这一页"))

    def rang(session: Session) -> str:
        contacts.verify_contact(session, contact, actor=actor(), now=now())
        return phrases().say(N_("已记下：%(name)s 的这个联系方式可用"), name=card.card.name)

    return done_or_told(rang, url_for("directory.person", key=key))


def issue_link(key: str) -> ResponseReturnValue:
    """A new one-time sign-in link, on this answer and nowhere else."""
    require_admin()
    with assembly().store.write() as session:
        token = sign_in.issue_link(session, key, now())
        ledger.append(session, AccessGiven(happened_at=now(), what="link", person=Erasable(key), role=None),
                      actor=actor(), now=now())
    return show(key, link=assembly().settings.public_url.rstrip("/") + url_for("sign_in.link", token=token))


def no_link(key: str) -> ResponseReturnValue:
    """A link is shown once: whoever comes back to its page sees the card."""
    return redirect(url_for("directory.person", key=key))


def _seen(key: str) -> views.PersonView:
    with assembly().store.read() as session:
        found = views.person(session, key, now())
    if found is None:
        raise NotFound(N_("通讯录里没有 %(key)s 这个人"), key=key)
    return found


def _form(values: Mapping[str, str], *, key: str = "", seen: str, **shown: object) -> ResponseReturnValue:
    with assembly().store.read() as session:
        units, people = views.directory(session, now()).units, roster.everybody(session)
        name = roster.name_of(session, key) if key else ""
    of = [role for role in ROLES if values.get(f"role.{role}")] or ["duty_officer"]  # none yet: strict
    heading = phrases().say(N_("修改 %(name)s"), name=name) if key else phrases().say(N_("新增人员"))
    return form_page("person_form.html", values, heading=heading, key=key, seen=seen, units=units, roles=ROLES,
                     people=[card for card in people if card.key != key and access.may_stand_for(card.roles, of=of)],
                     kinds=CONTACT_KINDS, languages=LANGUAGES, rows=forms.rows_shown(values), **shown)  # type: ignore[arg-type]


def _done(key: str, verb: Callable[..., None], said: str) -> ResponseReturnValue:
    """Carry out a verb that has no form, and say so."""
    require_admin()

    def carry_out(session: Session) -> str:
        verb(session, key, actor=actor(), now=now())
        return phrases().say(said, name=roster.name_of(session, key))

    return done_or_told(carry_out, url_for("directory.person", key=key))
