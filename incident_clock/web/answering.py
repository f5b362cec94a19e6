"""Acknowledging (叫应) in the browser: the button on the incident's page, an officer's record of a telephone call, a
message sent once more; and the one-time link of a mail, which needs no sign-in. GET shows, POST acts.
"""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from incident_clock.errors import NotFound, Refusal
from incident_clock.ledger.fact import Actor
from incident_clock.outbox import answer_links
from incident_clock.people import access, roster
from incident_clock.phrases import N_
from incident_clock.registry.calls import LINK, PAGE, PHONE
from incident_clock.views import answering
from incident_clock.views.message_shapes import MailedCall
from incident_clock.web import forms, incidents
from incident_clock.web.context import assembly, me, now, phrases, sentences
from incident_clock.web.guard import actor, must_be_signed_in, require
from incident_clock.web.telling import Telling
from incident_clock.web.telling_calls import Calls

pages = Blueprint("answering", __name__)
pages.before_request(must_be_signed_in)
pages.url_value_preprocessor(incidents.only_numbers)

# Without CSRF guard (see `app.py`): whoever opens a mail's link has no session here that a foreign page could ride
# on, and the signed token in the address is the proof that the guard's own token would be.
links = Blueprint("answer", __name__)

ONE = "/incidents/<number>/steps/<step>/rung/<int(max=99):rung>/<person>"


@pages.post("/incidents/<number>/acknowledge")
def acknowledge(number: str) -> ResponseReturnValue:
    """The reader has received his calls of this incident."""
    require(access.LOG)
    card = me()
    assert card is not None
    words = _words()
    mine = words.mine(assembly().views.step_calls(number, now()), card.key)
    try:
        assembly().desk.acknowledge(number, card.key, how=PAGE, actor=actor(), now=now(),
                                    key=forms.request_key(request.form))
    except Refusal as refusal:
        return _refused(refusal, number)
    pauses = words.pauses(mine, assembly().views.incident(number, now()))
    flash(words.telling.clauses([phrases().say(N_("已记下您收到。确认收到不等于办结")), *pauses]), "ok")
    return _back(number)


@pages.post(f"{ONE}/resend")
def resend(number: str, step: str, rung: int, person: str) -> ResponseReturnValue:
    """Have this person's last message of the rung leave again."""
    require(access.LOG)
    try:
        assembly().desk.resend(number, step, rung, person, actor=actor(), now=now(),
                               key=forms.request_key(request.form))
    except Refusal as refusal:
        return _refused(refusal, number)
    flash(phrases().say(N_("正在再发给 %(name)s，结果记在时间轴上"), name=_name(person)), "ok")
    return _back(number)


@pages.post(f"{ONE}/rang")
def rang(number: str, step: str, rung: int, person: str) -> ResponseReturnValue:
    """An officer rang this person and he answered: that holds for all his calls on the step."""
    require(access.LOG)
    _require_call(number, step, rung, person)
    try:
        assembly().desk.acknowledge(number, person, how=PHONE, step=step, note=forms.text_of(request.form, "note"),
                                    actor=actor(), now=now(), key=forms.request_key(request.form))
    except Refusal as refusal:
        return _refused(refusal, number, form=_form_of(step, person))
    flash(phrases().say(N_("已记下：%(at)s 电话叫应 %(name)s。签收不等于办结"), at=_words().telling.at(now()),
                        name=_name(person)), "ok")
    return _back(number)


def _require_call(number: str, step: str, rung: int, person: str) -> None:
    """Raises NotFound for a call of an open step that was never made: no page has a button for it."""
    found = next((one for one in assembly().views.step_calls(number, now()) if one.step == step), None)
    if found is not None and not any((call.rung, call.person.key) == (rung, person) for call in found.calls):
        raise NotFound(N_("没有这次催办"))


def refilled(form: MultiDict[str, str], number: str, step: str = "", rung: int = 0,
             person: str = "") -> ResponseReturnValue:
    """After a sign-in that ran out: the page with its buttons again, and the remark that was typed."""
    return incidents.page_again(number, form=_form_of(step, person), values=form)


@links.get("/answer/<token>")
def show(token: str) -> ResponseReturnValue:
    """Whose call it is and until when. Nothing is changed, so that a mail scanner's visit does no harm."""
    return make_response(render_template("answer.html", call=_asked(token), token=token, calls=_words(), seen_at=now()))


@links.post("/answer/<token>")
def use(token: str) -> ResponseReturnValue:
    """The receiver of the mail acknowledges his calls on its step; used before, it does nothing."""
    call = _asked(token)
    if call.is_wanted and call.person is not None:
        person = call.person
        assembly().desk.acknowledge(call.number, person.key, how=LINK, step=call.step, now=now(), actor=Actor(
            name=person.name, role=access.main_role(person.roles), key=person.key))
    return redirect(url_for("answer.show", token=token), 303)


def _asked(token: str) -> MailedCall:
    """Raises NotFound for a token that was never given."""
    message = answer_links.read(assembly().settings.secret_key.get_secret_value(), token)
    if message is None:
        raise NotFound(N_("没有这条提醒，请核对链接"))
    with assembly().store.read() as session:
        return answering.mailed_call(session, message, now=now())


def _words() -> Calls:
    return Calls(Telling(phrases(), now()))


def _name(key: str) -> str:
    with assembly().store.read() as session:
        return roster.name_of(session, key)


def _form_of(step: str, person: str) -> str:
    """What the page calls the form of one person; the reader's own has no step."""
    return f"call-{step}-{person}" if step else "call"


def _refused(refusal: Refusal, number: str, *, form: str = "call") -> ResponseReturnValue:
    if refusal.http_status == 404:
        raise refusal
    said: list[tuple[str | None, str]] = [(None, sentence) for _, sentence in sentences(refusal)]
    return incidents.page_again(number, form=form, values=request.form, complaints=said, status=refusal.http_status)


def _back(number: str) -> ResponseReturnValue:
    return redirect(url_for("incidents.show", number=number), 303)
