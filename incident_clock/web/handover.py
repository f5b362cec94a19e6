"""Handing over (交接班): every open clock, signed by who goes and by who comes; and the records, to read and to print.

Who comes signs in himself, or on the same screen with his own password. What a form shows is what is signed: when
the list has changed meanwhile, it is shown anew and nothing is signed.
"""

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from incident_clock.errors import Conflict, Forbidden, Invalid, Refusal
from incident_clock.ledger.fact import Actor
from incident_clock.people import access, handover, sign_in
from incident_clock.people.cards import PersonCard
from incident_clock.people.duty_checks import take_turn
from incident_clock.phrases import N_
from incident_clock.views import handover as views
from incident_clock.views.handover import OpenStep
from incident_clock.web.context import assembly, me, now, phrases, sentences, zone
from incident_clock.web.guard import actor, must_be_signed_in
from incident_clock.web.telling import Telling
from incident_clock.web.telling_roster import RosterWords

LARGEST_ID = 2**31 - 1
LABELS = {"role": N_("交什么班"), "incoming": N_("接班人"), "note": N_("交代事项"), "password": N_("接班人的密码")}

pages = Blueprint("handover", __name__)
pages.before_request(must_be_signed_in)


@pages.get("/handover")
def show() -> ResponseReturnValue:
    return _page(MultiDict())


@pages.get("/handover/<int(max=2147483647):record>")
def show_record(record: int) -> ResponseReturnValue:
    """One record, fit to print."""
    with assembly().store.read() as session:
        found = views.record(session, record)
    return render_template("handover_record.html", record=found, words=_words(), printed_by=_me().name)


@pages.post("/handover")
def sign() -> ResponseReturnValue:
    """Who goes signs."""
    form, card = request.form, _me()
    try:
        with assembly().store.write() as session:
            shown = _as_shown(session, form)
            duties = {duty.role: duty for duty in views.duties(session, card, now())}
            duty = duties.get(form.get("role", ""))
            if duty is None:
                raise Invalid(N_("请选一项"), field="role")
            incoming = form.get("incoming", "")
            if incoming not in [candidate.key for candidate in duty.candidates]:
                raise Invalid(N_("请选接班的人"), field="incoming")
            handover.sign_outgoing(session, role=duty.role, incoming=incoming, note=form.get("note"),
                                   clocks=[step.clock for step in shown], actor=actor(), now=now())
    except Refusal as refusal:
        return _page(form, refusal)
    flash(phrases().say(N_("已签字交班。接班人签字后才算交接完")), "ok")
    return redirect(url_for("handover.show"), 303)


@pages.post("/handover/<int(max=2147483647):record>")
def take(record: int) -> ResponseReturnValue:
    """Who comes signs: as the one who is signed in, or with his password."""
    form = request.form
    try:
        with assembly().store.read() as session:
            waiting = views.record(session, record)
        taking = _taking(waiting.incoming.key, form.get("password", ""))
        with assembly().store.write() as session:
            shown = _as_shown(session, form)
            is_new = handover.sign_incoming(session, record, clocks=[step.clock for step in shown], actor=taking,
                                            now=now())
    except Refusal as refusal:
        if refusal.http_status == 404:
            raise
        return _page(form, refusal, at=record)
    if is_new:
        flash(phrases().say(N_("交接完成：%(name)s已接班"), name=taking.name), "ok")
    return redirect(url_for("handover.show"), 303)


def refilled(form: MultiDict[str, str]) -> ResponseReturnValue:
    """The form as it was when the sign-in ran out."""
    return _page(form)


def _taking(key: str, password: str) -> Actor:
    """The one who comes, proved. Raises Invalid, and TooManyTries of the sign-in."""
    if key == _me().key:
        return actor()
    if not password:
        raise Invalid(N_("请接班人输入自己的密码，或者用自己的账号登录后再签"), field="password")
    with assembly().store.write() as session:  # commits a wrong try, or it would not count
        card = sign_in.check_password(session, key, password, now())
    if card is None:
        raise Invalid(N_("密码不对，请接班人再输一次"), field="password")
    return Actor(name=card.name, role=access.main_role(card.roles), key=card.key)


def _as_shown(session: Session, form: Mapping[str, str]) -> Sequence[OpenStep]:
    """The open clocks, when they are still those the form was read with; read in the transaction that signs them, after
    its turn has come. Raises Conflict."""
    take_turn(session)
    steps = views.open_steps(session, now=now(), zone=zone())
    if form.get("seen") != views.fingerprint(step.clock for step in steps):
        raise Conflict(N_("打开这一页以后清单有变化，还没有签字。请核对下面的新清单再签"))
    return steps


def _page(values: Mapping[str, str], refusal: Refusal | None = None, *, at: int | None = None) -> ResponseReturnValue:
    """The page with what was typed. `at`: the waiting record that the complaints are about; None: the new one."""
    before = request.args.get("before", type=int)
    with assembly().store.read() as session:
        steps = views.open_steps(session, now=now(), zone=zone())
        duties = views.duties(session, _me(), now())
        waiting = views.waiting(session)
        records, more = views.records(session, before=before if before is None else max(0, min(before, LARGEST_ID)))
    for_me = [one.role for one in waiting if one.incoming.key == _me().key]
    duties = tuple(duty for duty in duties if duty.is_on_duty or duty.role not in for_me)
    told = sentences(refusal) if refusal else []
    errors = {field: said for field, said in reversed(told) if field}
    keys = {step.clock.key for step in steps}
    shown = render_template(
        "handover.html", values=values, complaints=told, labels=LABELS, at=at, steps=steps, duties=duties,
        errors={} if at else errors, waiting=waiting, for_me=for_me, records=records, more=more, words=_words(),
        wrong_password=errors.get("password", ""), seen=views.fingerprint(step.clock for step in steps),
        closed={one.id: [clock for clock in one.clocks if clock.handed.clock.key not in keys] for one in waiting},
        added={one.id: [step for step in steps
                        if step.clock.key not in {clock.handed.clock.key for clock in one.clocks}] for one in waiting})
    return make_response(shown, refusal.http_status if refusal else 200)


def _me() -> PersonCard:
    card = me()
    if card is None:
        raise Forbidden(N_("请先登录"))
    return card


def _words() -> RosterWords:
    return RosterWords(Telling(phrases(), now()))
