"""Signing in and out: a one-time link (GET shows, POST consumes) or a password. Sessions live on the server."""

from collections.abc import Callable

from flask import Blueprint, current_app, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user, login_user, logout_user
from werkzeug.exceptions import HTTPException

from incident_clock.errors import Refusal
from incident_clock.people import access, sign_in
from incident_clock.people.cards import PersonCard
from incident_clock.phrases import N_
from incident_clock.web import (
    answering,
    attachments,
    casework,
    correcting,
    directory,
    grading,
    handover,
    incidents,
    paper,
    records,
    registering,
    roster_editing,
    roster_planning,
)
from incident_clock.web.context import assembly, me, now, phrases, sentences
from incident_clock.web.guard import KEPT_PATH, Reader, kept_fields, local_path, released_fields

pages = Blueprint("sign_in", __name__)

# endpoint that was posted to when the sign-in ran out → how its form comes back filled in
REFILLED: dict[str, Callable[..., ResponseReturnValue]] = {
    "registering.register": registering.refilled,
    "incidents.log": incidents.refilled_log,
    "incidents.withdraw": incidents.refilled_withdrawal,
    "incidents.close": incidents.refilled_closing,
    "answering.acknowledge": answering.refilled,
    "answering.resend": answering.refilled,
    "answering.rang": answering.refilled,
    "attachments.attach": attachments.refilled,
    "roster.add_shift": roster_editing.refilled_shift,
    "roster.enter_cover": roster_editing.refilled_cover,
    "roster.enter_swap": roster_editing.refilled_swap,
    "roster.save_plan": roster_planning.refilled,
    "handover.sign": handover.refilled,
    "paper.enter": paper.refilled,
    "correcting.correct": correcting.refilled,
    "records.keep": records.refilled,
    "records.set_task": records.refilled_task,
    **grading.REFILLED,
    **casework.REFILLED,
    **directory.REFILLED,
}


def login_manager() -> LoginManager:
    """flask-login over sessions kept on the server: the cookie holds a token, the database who it is."""
    manager = LoginManager()
    manager.session_protection = None  # a phone changes its address between two taps

    @manager.user_loader
    def load(token: str) -> Reader | None:
        with assembly().store.read() as db:
            card = sign_in.session_person(db, token, now())
        return None if card is None else Reader(token, card)

    return manager


@pages.get("/sign-in")
def form() -> ResponseReturnValue:
    if me() is not None:
        return redirect(local_path(request.args.get("next")))
    return _form()


@pages.post("/sign-in")
def with_password() -> ResponseReturnValue:
    if me() is not None and KEPT_PATH in request.form:
        return _resumed()
    account, password = request.form.get("account", "").strip(), request.form.get("password", "")
    errors = {}
    if not account:
        errors["account"] = phrases().say(N_("请填写姓名或账号"))
    if not password:
        errors["password"] = phrases().say(N_("请填写密码"))
    if errors:
        return _form(errors, status=422)
    try:
        with assembly().store.write() as db:
            card = sign_in.check_password(db, account, password, now())
    except Refusal as refusal:
        return _form({"password": sentences(refusal)[0][1]}, status=refusal.http_status)
    if card is None:
        return _form({"account": phrases().say(N_("姓名、账号或密码不对，请核对后再试"))}, status=401)
    _open(card)
    return _resumed()


@pages.get("/sign-in/<token>")
def link(token: str) -> ResponseReturnValue:
    """Shows whose link it is. Nothing is consumed, so that a mail scanner's visit does no harm."""
    with assembly().store.read() as db:
        card = sign_in.peek_link(db, token, now())
    if card is None:
        return _dead_link()
    return render_template("sign_in_link.html", card=card, role=access.main_role(card.roles), token=token,
                           next_path=request.args.get("next", ""), seen_at=now())


@pages.post("/sign-in/<token>")
def use_link(token: str) -> ResponseReturnValue:
    with assembly().store.write() as db:
        card = sign_in.use_link(db, token, now())
    if card is None:
        return _dead_link()
    _open(card)
    return redirect(local_path(request.form.get("next")), 303)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    if current_user.is_authenticated:
        with assembly().store.write() as db:
            sign_in.end_session(db, current_user.token, now())
    logout_user()
    session.clear()
    return redirect(url_for("sign_in.form"), 303)


def asked_again() -> ResponseReturnValue:
    """The sign-in form once more, when it was sent from a page that had lain open too long."""
    return _form({"account": phrases().say(N_("登录页已过期，请再登录一次"))}, status=400)


def _open(card: PersonCard) -> None:
    """A fresh session, so that nothing set before the sign-in lives on in it."""
    with assembly().store.write() as db:
        token = sign_in.open_session(db, card.key, now())
    session.clear()
    session.permanent = True
    login_user(Reader(token, card))


def _form(errors: dict[str, str] | None = None, *, status: int = 200) -> ResponseReturnValue:
    kept = released_fields(request.form)
    page = render_template(
        "sign_in.html", errors=errors or {}, account=request.form.get("account", ""), kept=kept_fields(kept),
        kept_path=request.form.get(KEPT_PATH, ""), is_expired=KEPT_PATH in request.form, seen_at=now(),
        next_path=request.form.get("next") or request.args.get("next", ""))
    return make_response(page, status)


def _dead_link() -> ResponseReturnValue:
    return make_response(render_template("sign_in_dead.html", seen_at=now()), 410)


def _resumed() -> ResponseReturnValue:
    """Where the reader was: the form he was filling in, with what he had typed, or the page he asked for."""
    path = request.form.get(KEPT_PATH)
    if not path:
        return redirect(local_path(request.form.get("next")), 303)
    try:
        endpoint, args = current_app.create_url_adapter(request).match(local_path(path), method="POST")  # type: ignore[union-attr]
    except HTTPException:
        return redirect(url_for("board.show"), 303)
    refill = REFILLED.get(endpoint)
    return refill(released_fields(request.form), **args) if refill else redirect(url_for("board.show"), 303)
