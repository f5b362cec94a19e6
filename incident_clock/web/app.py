"""The web application, put together from an assembly. Nothing happens at import."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

import phonenumbers
from apiflask import APIFlask
from flask import Flask, g, request, url_for
from jinja2 import StrictUndefined

from incident_clock.errors import Refusal
from incident_clock.people.roster import Bureau
from incident_clock.phrases import CHINESE, ENGLISH, N_
from incident_clock.views.shapes import Pulse
from incident_clock.web import (
    administration,
    answer_code,
    answering,
    attachments,
    board,
    calendar,
    callbacks,
    casework,
    context,
    correcting,
    directory,
    drill_card,
    errors,
    forecast,
    grading,
    guard,
    handover,
    health,
    incidents,
    menu,
    outbox,
    paper,
    readiness,
    records,
    registering,
    roster,
    security,
    sign_in,
)
from incident_clock.web.api import register_api
from incident_clock.web.telling import Telling
from incident_clock.web.telling_log import LOG_WORDS

if TYPE_CHECKING:
    from incident_clock.assembly import Assembly

PAGES = (sign_in.pages, board.pages, registering.pages, incidents.pages, casework.pages,
         correcting.pages, answering.pages, answering.links,
         answer_code.pages, outbox.pages, paper.pages, readiness.pages, forecast.pages, forecast.of_incidents,
         roster.pages,
         handover.pages, drill_card.pages, calendar.pages, directory.pages, administration.pages, callbacks.pages,
         callbacks.hints, health.pages, attachments.pages, records.pages, grading.pages)


def create_app(assembly: "Assembly") -> APIFlask:
    """The pages over `assembly`: its settings, clock, store, desk, protocols and views."""
    app = APIFlask(__name__, json_errors=False, spec_path=None, docs_path=None)
    app.config.update(security.settings(secret_key=assembly.settings.secret_key.get_secret_value(),
                                        public_url=assembly.settings.public_url))
    app.extensions["assembly"] = assembly
    app.extensions["csrf"] = security.protect(app)
    sign_in.login_manager().init_app(app, add_context_processor=False)
    errors.register(app)
    app.after_request(context.keep_language)
    for pages in PAGES:
        app.register_blueprint(pages)
    app.extensions["csrf"].exempt(answering.links)
    app.extensions["csrf"].exempt(answer_code.pages)
    app.extensions["csrf"].exempt(callbacks.pages)
    app.extensions["csrf"].exempt(callbacks.hints)
    register_api(app, assembly)
    _prepare_templates(app)
    return app


def _prepare_templates(app: Flask) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    static = Path(app.static_folder or "")
    hashes = {path.relative_to(static).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12]
              for path in static.rglob("*") if path.is_file()}
    app.jinja_env.globals.update(
        _=_say, tell=_tell, sentence_of=_sentence_of, me=context.me, now=context.now, allows=guard.allows, menu=menu,
        pulse=_pulse, bureau=_bureau, language=context.language, switch_to=_switch_to,
        zone_name=_zone_name, log_words=LOG_WORDS, CHINESE=CHINESE, ENGLISH=ENGLISH,
        asset=lambda name: url_for("static", filename=name, v=hashes[name]))
    app.jinja_env.filters.update({"phone": _phone, "iso": _iso, "ms": _ms})


def _say(text: str, /, **params: object) -> str:
    return context.phrases().say(text, **params)


def _sentence_of(refusal: Refusal) -> str:
    return context.sentences(refusal)[0][1]


def _tell() -> Telling:
    if "telling" not in g:
        g.telling = Telling(context.phrases(), context.now())
    return cast(Telling, g.telling)


def _pulse() -> Pulse:
    """The engine's pulse, read once per request."""
    if "pulse" not in g:
        g.pulse = context.assembly().views.pulse(context.now())
    return cast(Pulse, g.pulse)


def _bureau() -> Bureau:
    if "bureau" not in g:
        g.bureau = context.assembly().views.bureau()
    return cast(Bureau, g.bureau)


def _switch_to(language: str) -> str:
    """This page in the other language; after a form was sent, the page the form stands on."""
    if request.method in ("GET", "HEAD"):
        return url_with(request.path, {**request.args.to_dict(), "lang": language})
    args = request.view_args or {}
    path = url_for("incidents.show", number=args["number"]) if "number" in args else request.path
    return url_with(path, {"lang": language})


def url_with(path: str, args: dict[str, str]) -> str:
    return f"{path}?{urlencode(args)}"


def _zone_name() -> str:
    zone = context.zone().key
    return context.phrases().say(N_("北京时间")) if zone == "Asia/Shanghai" else zone


def _phone(number: str) -> str:
    """`+8613800000004` → `138 0000 0004`, as people read it out."""
    parsed = phonenumbers.parse(number, "CN")
    is_home = parsed.country_code == phonenumbers.country_code_for_region("CN")
    form = phonenumbers.PhoneNumberFormat.NATIONAL if is_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form)


def _iso(instant):  # type: ignore[no-untyped-def]
    """For `datetime` attributes, in the house's zone."""
    return instant.astimezone(context.zone()).isoformat(timespec="seconds")


def _ms(instant):  # type: ignore[no-untyped-def]
    """Milliseconds since 1970, for the countdown script."""
    return int(instant.timestamp() * 1000)
