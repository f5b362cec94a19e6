"""What people answered by text, in the timeline's words: reported done, not meant, texts that are no answer. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from incident_clock.phrases import N_
from incident_clock.views.shapes import EntryView

if TYPE_CHECKING:
    from incident_clock.web.telling_timeline import Timeline

Words = tuple[str, str, tuple[str, ...]]  # kind, sentence, details


def _self_reported(line: "Timeline", entry: EntryView) -> Words:
    body = entry.body
    rungs = line.telling.phrases.names([str(rung) for rung in body.get("rungs") or []])
    notes = [line.say(N_("第%(rungs)s级"), rungs=rungs), line.say(N_("没有登记不算办结"))]
    if isinstance(body.get("paused_until"), str):
        until = datetime.fromisoformat(body["paused_until"])
        notes.insert(1, line.say(N_("%(at)s 前不再重复提醒"), at=line.telling.at(until, seconds=True)))
    return line.say(N_("自报已办")), line.say(
        N_("%(step)s：%(name)s 短信自报已办，稍后补录"), step=line.step(str(body.get("step"))),
        name=line.names([body.get("person")])), (line.telling.clauses(notes),)


def _denied(line: "Timeline", entry: EntryView) -> Words:
    return line.say(N_("误收")), line.say(
        N_("%(names)s 的号码回复说不是他的，已告知管理员"), names=line.names(entry.body.get("people") or [])), ()


def _came_in(line: "Timeline", entry: EntryView) -> Words:
    names = line.names(entry.body.get("people") or [])
    return line.say(N_("短信来文")), line.say(N_("%(names)s：“%(text)s”"), names=names,
                                          text=line.names([entry.body.get("text")])), ()


KINDS: dict[str, Callable[["Timeline", EntryView], Words]] = {
    "SelfReported": _self_reported, "ReceiverDenied": _denied, "TextCameIn": _came_in,
}
