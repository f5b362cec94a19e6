"""The card of a drill, for the screen and for the printer. Everybody who is signed in may read it."""

from datetime import timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from incident_clock.phrases import N_
from incident_clock.views import drill_card
from incident_clock.views.drill_card import CardCall
from incident_clock.web.context import assembly, now, phrases
from incident_clock.web.guard import must_be_signed_in
from incident_clock.web.telling import Mark

pages = Blueprint("drill_card", __name__)
pages.before_request(must_be_signed_in)

PASSES = {True: ("is-met", "met", N_("合格")), False: ("is-overdue", "overdue", N_("不合格")),
          None: ("is-waiting", "waiting", N_("未定"))}
PARTS = {"steps": N_("各步按时记录"), "calls": N_("每次催办按时发出"), "answers": N_("被催的人按时应答")}


@pages.get("/drills/<number>/card")
def show(number: str) -> ResponseReturnValue:
    """How the drill went, as far as it has gone."""
    with assembly().store.read() as session:
        card = drill_card.read(session, number, now())
    return render_template("drill_card.html", card=card, limits=drill_card, passes=_passes, took=_took, name=_name,
                           parts=[(phrases().say(word), card.parts[part]) for part, word in PARTS.items()])


def _passes(is_pass: bool | None) -> Mark:
    css, sign, word = PASSES[is_pass]
    return Mark(css, sign, phrases().say(word))


def _took(took: timedelta | None) -> str:
    """Until it had left, to the tenth of a second; what never left has no figure."""
    return "—" if took is None else phrases().say(N_("%(seconds)s秒"), seconds=f"{took.total_seconds():.1f}")


def _name(call: CardCall) -> str:
    if call.kind == "stand_in":
        return phrases().say(N_("第%(rung)s级 转B角"), rung=call.rung)
    if call.repeat:
        return phrases().say(N_("第%(rung)s级 第%(repeat)s次重复"), rung=call.rung, repeat=call.repeat)
    return phrases().say(N_("第%(rung)s级"), rung=call.rung)
