"""Who may open a page and use its forms; and how a form survives a sign-in that ran out in the middle of it.

What was typed travels through the sign-in page in hidden fields (`kept.…`), never a password or a token.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import UserMixin, current_user
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import MultiDict

from incident_clock.errors import Forbidden
from incident_clock.ledger.fact import Actor
from incident_clock.people import access, roster, sign_in
from incident_clock.people.cards import PersonCard
from incident_clock.phrases import N_
from incident_clock.web.context import assembly, me, now, phrases

KEPT = "kept."
KEPT_PATH = "kept_path"
NEVER_KEPT = ("csrf_token", "password", "page_seen_at")


class Reader(UserMixin):
    """A person who signed in. `token` names the session on the server; the cookie carries nothing else of him."""

    def __init__(self, token: str, card: PersonCard) -> None:
        self.token, self.card = token, card

    def get_id(self) -> str:
        return self.token


def must_be_signed_in() -> ResponseReturnValue | None:
    """Run before every page: sends strangers to the sign-in page, with whatever they were posting."""
    if me() is None:
        return ask_to_sign_in()
    if not request.headers.get("HX-Request"):  # a page left open does not count as being used
        _mark_seen()
    return None


def _mark_seen() -> None:
    """Reading goes on when the database cannot be written: then above all people need the page."""
    with assembly().store.read() as session:
        if sign_in.is_seen_lately(session, current_user.token, now()):
            return
    with suppress(OperationalError), assembly().store.write() as session:
        sign_in.mark_seen(session, current_user.token, now())


def ask_to_sign_in() -> ResponseReturnValue:
    if request.headers.get("HX-Request"):
        return Response(status=401)
    if request.method == "POST":
        page = render_template("sign_in.html", kept=kept_fields(request.form), kept_path=request.path, errors={},
                               is_expired=True, next_path="", account="", seen_at=now())
        return make_response(page, 401)
    return redirect(url_for("sign_in.form", next=_asked_path()))


def allows(action: str) -> bool:
    card = me()
    return card is not None and access.may(card.roles, action)


def require(action: str) -> None:
    """Raises Forbidden with the sentence that says whom to ask."""
    if not allows(action):
        raise Forbidden(not_allowed())


def not_allowed() -> str:
    """Why there is no form here: `审计员只能查看。补记请联系值班员 周甲`. Already in the reader's language."""
    card = me()
    say = phrases().say
    title = say(access.role_title(access.main_role(card.roles))) if card else ""
    with assembly().store.read() as session:
        names = phrases().names([holder.card.name for holder in roster.who_is(session, "duty_officer", now())])
    if not names:
        return say(N_("%(role)s账号在这里只能查看"), role=title)
    return say(N_("%(role)s账号在这里只能查看。需要登记或补记，请联系值班员 %(names)s"), role=title, names=names)


def actor() -> Actor:
    """The signed-in person as the ledger names him."""
    card = me()
    assert card is not None
    return Actor(name=card.name, role=access.main_role(card.roles), key=card.key)


def kept_fields(form: MultiDict[str, str]) -> list[tuple[str, str]]:
    """What was typed, as (name, value), without secrets."""
    return [(name, value) for name, value in form.items(multi=True) if name not in NEVER_KEPT]


def released_fields(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The inverse, from the posted sign-in page."""
    pairs: Iterable[tuple[str, str]] = form.items(multi=True)
    return MultiDict([(name[len(KEPT):], value) for name, value in pairs if name.startswith(KEPT)])


def local_path(path: str | None) -> str:
    """`path` if it stays on this site, else the board. Keeps a crafted link from leading elsewhere."""
    parts = urlsplit(path or "")
    is_local = not parts.scheme and not parts.netloc and parts.path.startswith("/") and "\\" not in (path or "") \
        and not (path or "").startswith("//") and (path or "").isprintable()
    return path if path and is_local else url_for("board.show")


def page_seen_at() -> str:
    """For the hidden field that tells how old a page is when it is sent."""
    seen: datetime = now()
    return seen.isoformat(timespec="seconds")


def _asked_path() -> str | None:
    return request.full_path.rstrip("?") if request.path != "/" else None
