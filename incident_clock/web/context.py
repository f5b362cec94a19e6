"""What a request knows: the assembly behind it, its one instant, who reads and in which language.

`now` is read once per request, so that everything on one page is seen at the same moment.
"""

from datetime import datetime
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from flask import Response, current_app, g, request
from flask_login import current_user

from incident_clock.errors import Refusal, Refusals
from incident_clock.people.cards import PersonCard
from incident_clock.phrases import LANGUAGES, Phrases

if TYPE_CHECKING:
    from incident_clock.assembly import Assembly

LANGUAGE_COOKIE = "language"
LANGUAGE_KEPT_S = 365 * 86_400


def assembly() -> "Assembly":
    return cast("Assembly", current_app.extensions["assembly"])


def now() -> datetime:
    """The instant of this request."""
    if "now" not in g:
        g.now = assembly().clock.now()
    return cast(datetime, g.now)


def zone() -> ZoneInfo:
    return assembly().zone


def language() -> str:
    """`?lang=` first, then the reader's earlier choice, then the house's language; browsers are not asked."""
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        return asked
    kept = request.cookies.get(LANGUAGE_COOKIE)
    return kept if kept in LANGUAGES else assembly().language


def phrases() -> Phrases:
    if "phrases" not in g:
        g.phrases = assembly().phrases(language())
    return cast(Phrases, g.phrases)


def keep_language(response: Response) -> Response:
    """Remember a language chosen by the switch."""
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, asked, max_age=LANGUAGE_KEPT_S, samesite="Lax", httponly=True,
                            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]))
    return response


def me() -> PersonCard | None:
    """Who is signed in, or None."""
    return cast(PersonCard, current_user.card) if current_user.is_authenticated else None


def sentences(refusal: Refusal) -> list[tuple[str | None, str]]:
    """A refusal as (field, sentence) pairs in the reader's language; instants in it are printed in his zone."""
    every = refusal.refusals if isinstance(refusal, Refusals) else (refusal,)
    return [(one.field, phrases().refusal(one, seen=now())) for one in every]
