"""The card of a drill in lines for a person; every line says that it is a drill."""

from collections.abc import Iterator
from datetime import timedelta

from incident_clock.phrases import N_, Phrases
from incident_clock.rehearsal.drill import Drilled
from incident_clock.rehearsal.telling import DRILL
from incident_clock.views.drill_card import CardCall

PASSES = {True: N_("合格"), False: N_("不合格"), None: N_("未定")}


def card_lines(drilled: Drilled, phrases: Phrases) -> list[str]:
    """The figures, then what did not pass, one line each."""
    return [phrases.say(DRILL) + line for line in _lines(drilled, phrases)]


def _lines(drilled: Drilled, phrases: Phrases) -> Iterator[str]:
    card, say = drilled.card, phrases.say
    counted = [step for step in card.steps if step.is_counted]
    sent = [call for call in card.calls if call.is_pass is not None]
    yield f"  {say(N_('演练成绩单'))} {card.number}: {say(PASSES[card.is_pass])}"
    yield "  " + say(N_("步骤：%(passed)s/%(all)s按时记录"), passed=sum(step.is_pass is True for step in counted),
                     all=len(counted))
    yield "  " + say(N_("催办：%(passed)s/%(all)s按时发到每个人"), passed=sum(bool(one.is_pass) for one in sent),
                     all=len(sent))
    if card.is_measured:
        yield "  " + say(N_("应答：%(asked)s人次应答%(answered)s"), asked=card.asked, answered=card.answered)
    else:
        yield "  " + say(N_("应答：未计（临时数据库没有应答页面）"))
    for step in card.steps:
        if step.is_pass is False:
            planned = "" if step.is_counted else say(N_("（按脚本有意留到超时，不计）"))
            yield f"  {'✗' if step.is_counted else '·'} {step.title[phrases.language]}{planned}"
    for call in card.calls:
        if call.is_pass is False:
            yield "  ✗ " + _failed(call, phrases)


def _failed(call: CardCall, phrases: Phrases) -> str:
    rung = phrases.say(N_("第%(rung)s级"), rung=call.rung)
    why = _took(call.took)
    if call.missed:
        why = phrases.say(N_("没有发到：%(names)s"), names=phrases.names(call.missed))
    return f"{call.title[phrases.language]} {rung} {why}"


def _took(took: timedelta | None) -> str:
    return "—" if took is None else f"{took.total_seconds():.1f} s"
