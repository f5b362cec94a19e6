"""The timeline in words: one ledger entry in, its sentence out. Pure. Unknown kinds are told by their name.

Every entry prints when it happened and when it was written down; what was taken back is struck, never removed.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from incident_clock.people.access import role_title
from incident_clock.phrases import CHINESE, N_
from incident_clock.protocol.deadlines import late_minutes
from incident_clock.protocol.tasks import NUMERALS
from incident_clock.registry.record_kinds import KINDS as KINDS_OF_RECORD
from incident_clock.views.shapes import EntryView, IncidentView
from incident_clock.views.timeline import ALL, ANSWERS, CHANGES, REMINDERS, WORK
from incident_clock.web.telling import Telling
from incident_clock.web.telling_case import KINDS_OF_CASE, record_details
from incident_clock.web.telling_files import KINDS as KINDS_OF_FILES
from incident_clock.web.telling_replies import KINDS as REPLIES
from incident_clock.web.telling_replies import Words
from incident_clock.web.telling_words import (
    ANSWERED_BY,
    CHANNELS,
    FELL_BACK,
    IN_PLACE_OF,
    OUTCOMES,
    RAISED_BECAUSE,
    STAND_INS,
    STRUCK,
)

FILTERS = {ALL: N_("全部"), WORK: N_("办理"), REMINDERS: N_("催办"), ANSWERS: N_("叫应"), CHANGES: N_("撤回与补录")}

LOG = logging.getLogger(__name__)
LOST = ("failed", "undelivered", "unknown")  # outcomes
ERASED = N_("（文字已按规定销毁）")


@dataclass(frozen=True, slots=True)
class Told:
    """An entry in words. `tag` is (colour class, text); `struck` is what was taken back."""

    kind: str = ""
    text: str = ""
    details: tuple[str, ...] = ()
    tag: tuple[str, str] | None = None
    struck: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The words for one incident's entries. `rules`: key → title in the reader's language."""

    telling: Telling
    incident: IncidentView
    rules: Mapping[str, str] = field(default_factory=dict)

    def entry(self, entry: EntryView) -> Told:
        tell = KINDS.get(entry.kind)
        try:
            told = tell(self, entry) if tell else Told(kind=entry.kind)
        except (KeyError, TypeError, ValueError):  # of another version of this product: told by its name
            LOG.warning("entry %s of %s (%s) cannot be told in words", entry.sequence, self.incident.number, entry.kind)
            told = Told(kind=entry.kind)
        if entry.withdrawn_by is None:
            return replace(told, tag=("is-nearing", self.say(N_("待核")))) if entry.is_waiting else told
        tag = self.say(STRUCK.get(entry.struck_how, STRUCK["withdrawn"]), sequence=entry.withdrawn_by)
        if entry.kind == "IncidentRegistered":  # the correction says which of it was wrong
            return replace(told, tag=("is-off", tag))
        return Told(told.kind, "", told.details, ("is-off", tag), told.text)

    def recorded(self, entry: EntryView) -> str:
        """`14:21 记录` · `14:36 补录，迟14分` · `引擎 14:35:00 记录`."""
        if entry.is_engine:
            return self.say(N_("引擎 %(at)s 记录"), at=self.telling.at(entry.recorded_at, seconds=True))
        at = self.telling.at(entry.recorded_at)
        if entry.is_late_entry:
            delay = self.telling.phrases.minutes(late_minutes(entry.recorded_at, entry.happened_at))
            return self.say(N_("%(at)s 补录，迟%(delay)s"), at=at, delay=delay)
        return self.say(N_("%(at)s 记录"), at=at)

    def actor(self, entry: EntryView) -> str:
        """Name and role; the engine and erased names by what they are."""
        if entry.is_engine:
            return self.say(N_("催办引擎"))
        name = entry.actor if entry.actor is not None else self.say(ERASED)
        return f"{name} {self.say(role_title(entry.actor_role))}"

    def say(self, text: str, /, **params: object) -> str:
        return self.telling.phrases.say(text, **params)

    def channel(self, channel: str) -> str:
        return self.say(CHANNELS.get(channel, channel))

    def step(self, key: str) -> str:
        found = self.incident.obligation(key)
        return self.telling.title(found.title) if found else key

    def names(self, names: list[Any]) -> str:
        return self.telling.phrases.names([str(name) if name is not None else self.say(ERASED) for name in names])

    def texts(self, *labelled: tuple[str, str | None]) -> tuple[str, ...]:
        """The texts there are, each behind its label."""
        return tuple(self.say(label, text=text) for label, text in labelled if text)


def _registered(line: Timeline, entry: EntryView) -> Told:
    body = entry.body
    details = line.texts(
        (N_("地点：%(text)s"), body.get("place")), (N_("最早获知：%(text)s"), body.get("first_learned_by")),
        (N_("现有情况：%(text)s"), body.get("summary")))
    title = body.get("title") or line.say(ERASED)
    if source := body.get("source"):
        title = line.say(N_("%(source)s：%(title)s"), source=line.say(source), title=title)
    return Told(line.say(N_("事件已登记")), title, details)


def _raised(line: Timeline, entry: EntryView) -> Told:
    body, phrases = entry.body, line.telling.phrases
    rung, repeat = int(body.get("rung", 0)), int(body.get("repeat") or 0)
    kind = line.say(N_("催办第%(rung)s级"), rung=_numeral(line, rung))
    if repeat:
        kind = line.say(N_("%(kind)s第%(repeat)s次重复"), kind=kind, repeat=repeat)
    names = line.telling.phrases.names(_told_why(line, body)) or line.say(N_("（无人可催）"))
    text = line.say(N_("%(step)s%(left)s → %(names)s"), step=line.step(str(body.get("step"))),
                    left=_left(line, entry), names=names)
    details = [*_reached(line, entry)]
    if said := RAISED_BECAUSE.get(str(body.get("reason"))):
        details.insert(0, line.say(said))
    if body.get("passed_over"):
        rungs = phrases.names([str(passed.get("rung")) for passed in body["passed_over"]])
        details.insert(1, line.say(N_("越过第%(rungs)s级，其对象已一并告知"), rungs=rungs))
    if body.get("skipped"):
        rungs = phrases.names([str(rung) for rung in body["skipped"]])
        details.insert(0, line.say(N_("第%(rungs)s级无人可催，已转第%(told)s级"), rungs=rungs, told=body["told_rung"]))
    if body.get("unreachable"):
        roles = phrases.names([line.say(role_title(str(role))) for role in body["unreachable"]])
        details.append(line.say(N_("没有可联系的人：%(roles)s"), roles=roles))
    return Told(kind, text, (*details, *_left_out(line, body)))


def _told_why(line: Timeline, body: dict[str, Any]) -> list[str]:
    """Those who were told; who is not the one on the roster himself, with the reason: `蒋壬（代 周甲）`."""
    audience = body.get("audience") or []
    reasons = [*(body.get("because") or []), *({} for _ in audience)]
    said = []
    for name, because in zip(audience, reasons, strict=False):
        shown, of, why = line.names([name]), because.get("of"), IN_PLACE_OF.get(str(because.get("why")))
        said.append(line.say(why, name=shown, of=of) if why and of else shown)
    return said


def _left_out(line: Timeline, body: dict[str, Any]) -> list[str]:
    """Whom this call left alone, or reached otherwise than usual."""
    audience, capped = body.get("audience") or [], body.get("capped") or []
    moved = [name for name in capped if name in audience]
    silent = [name for name in capped if name not in audience]
    return [line.say(text, names=line.names(names)) for text, names in (
        (N_("已签收，暂不重复提醒：%(names)s"), body.get("paused") or []),
        (N_("短信已达每日上限，改用邮件：%(names)s"), moved),
        (N_("短信已达每日上限，又没有别的渠道：%(names)s"), silent)) if names]


def _numeral(line: Timeline, rung: int) -> str:
    return NUMERALS[rung] if line.telling.phrases.language == CHINESE and rung < len(NUMERALS) else str(rung)


def _left(line: Timeline, entry: EntryView) -> str:
    """`剩15分，尚无记录` or `已超5分，尚无记录`, at the instant of the call."""
    step = line.incident.obligation(str(entry.body.get("step")))
    if step is None:
        return ""
    gap = step.due_at - entry.happened_at
    if gap.total_seconds() >= 0:
        return line.say(N_("剩%(left)s，尚无记录"), left=line.telling.phrases.duration(gap))
    return line.say(N_("已超%(over)s，尚无记录"), over=line.telling.phrases.duration(-gap))


def _reached(line: Timeline, entry: EntryView) -> list[str]:
    """What became of its messages: `短信2、邮件1，已发出`, then those that did not get through by name."""
    last = {(str(body.get("person")), str(body.get("channel"))): body for _, _, body in entry.notes}
    counted, failed = Counter[tuple[str, str]](), dict[tuple[str, str], list[Any]]()
    for body in last.values():
        outcome, channel = str(body.get("outcome")), str(body.get("channel"))
        counted["" if outcome not in LOST else outcome, channel] += 1
        if outcome in LOST:
            failed.setdefault((outcome, channel), []).append(body.get("person"))
    sent = [f"{line.channel(channel)}{count}" if line.telling.phrases.language == CHINESE
            else f"{count} {line.channel(channel)}"
            for (outcome, channel), count in sorted(counted.items()) if not outcome]
    said = [line.say(N_("%(sent)s，已发出"), sent=line.telling.phrases.names(sent))] if sent else []
    said += [line.say(N_("%(names)s：%(channel)s%(outcome)s"), names=line.names(people),
                      channel=line.channel(channel), outcome=line.say(OUTCOMES[outcome]))
             for (outcome, channel), people in sorted(failed.items())]
    return said


def _instant(text: object) -> datetime | None:  # the ledger keeps it as ISO 8601 text
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _passed(line: Timeline, entry: EntryView) -> Told:
    at = line.telling.at(datetime.fromisoformat(entry.body["due_at"]))
    return Told(line.say(N_("时限已过")), line.say(N_("%(step)s %(at)s 截止，到时没有记录"),
                                               step=line.step(str(entry.body.get("step"))), at=at))


def _logged(line: Timeline, entry: EntryView) -> Told:
    body = entry.body
    late = int(body.get("late_minutes") or 0)
    tag = ("is-late", line.say(N_("超时%(minutes)s"), minutes=line.telling.phrases.minutes(late))) if late \
        else ("is-met", line.say(N_("按时")))
    said = [str(body[name]) for name in ("report_to", "note") if body.get(name)]
    form = KINDS_OF_RECORD.get(next((one.evidence for one in (line.incident.obligation(body["step"]),) if one), ""))
    details = (*(record_details(line, form, body["record"]) if form and body.get("record") else ()),
               *line.texts((N_("凭证：%(text)s"), body.get("evidence")), (N_("原因：%(text)s"), body.get("reason"))))
    return Told(line.say(N_("%(step)s完成"), step=line.step(str(body.get("step")))),
                line.telling.clauses(said), details, tag)


def _withdrawn(line: Timeline, entry: EntryView) -> Told:
    body = entry.body
    return Told("", line.say(N_("%(step)s的记录已撤回，这一步重新计时催办"), step=line.step(str(body.get("step")))),
                line.texts((N_("原因：%(text)s"), body.get("reason"))),
                ("is-late", line.say(N_("撤回第%(sequence)s条"), sequence=body.get("withdraws"))))


def _told(line: Timeline, entry: EntryView) -> Told:
    body = entry.body
    news = N_("%(step)s的记录已撤回，恢复催办 → %(names)s") if body.get("news") == "reopened" \
        else N_("%(step)s已记录，不再催办 → %(names)s")
    return Told(line.say(N_("告知结果")), line.say(news, step=line.step(str(body.get("step"))),
                                                 names=line.names(body.get("audience") or [])),
                tuple(_reached(line, entry)))


def _settled(line: Timeline, entry: EntryView) -> Told:
    body = entry.body
    outcome = line.say(OUTCOMES.get(str(body.get("outcome")), str(body.get("outcome"))))
    details = (line.say(N_("可能重复：上一次发出后没有收到回音")),) if body.get("may_be_copy") else ()
    return Told(line.say(N_("发送")), line.say(
        N_("%(step)s → %(names)s：%(channel)s%(outcome)s"), step=line.step(str(body.get("step"))),
        names=line.names([body.get("person")]), channel=line.channel(str(body.get("channel"))), outcome=outcome),
        details)


def _stand_in(line: Timeline, entry: EntryView) -> Told:
    body = entry.body
    said = line.say(STAND_INS.get(str(body.get("reason")), STAND_INS["nobody"]),
                    leader=line.names([body.get("in_place_of")]), stand_in=line.names([body.get("person")]))
    return Told(line.say(N_("第%(rung)s级转B角"), rung=_numeral(line, int(body.get("rung", 0)))),
                line.say(N_("%(step)s：%(said)s"), step=line.step(str(body.get("step"))), said=said),
                tuple(_reached(line, entry)))


def _fell_back(line: Timeline, entry: EntryView) -> Told:
    body = entry.body
    why = line.say(FELL_BACK.get(str(body.get("why")), N_("%(channel)s没有送到")),
                   channel=line.channel(str(body.get("channel"))))
    return Told(line.say(N_("换渠道")), line.say(
        N_("%(step)s：%(name)s的%(why)s，同时改走%(to)s"), step=line.step(str(body.get("step"))), why=why,
        name=line.names([body.get("person")]), to=line.channel(str(body.get("to") or ""))),
        line.texts((N_("代码 %(text)s"), body.get("code"))))


def _acknowledged(line: Timeline, entry: EntryView) -> Told:
    body = entry.body
    until, rungs = _instant(body.get("paused_until")), [str(rung) for rung in body.get("rungs") or []]
    pause = line.say(N_("%(at)s 前不再重复提醒"), at=line.telling.at(until, seconds=True)) \
        if until is not None and until > entry.happened_at else line.say(N_("时限已过，照常催办"))
    notes = [line.say(N_("第%(rungs)s级"), rungs=line.telling.phrases.names(rungs)), pause,
             line.say(N_("签收不等于办结"))]
    return Told(line.say(N_("叫应")), line.say(
        ANSWERED_BY.get(str(body.get("how")), N_("%(step)s：%(name)s 已签收")),
        step=line.step(str(body.get("step"))), name=line.names([body.get("person")])),
        (line.telling.clauses(notes), *line.texts((N_("附注：%(text)s"), body.get("note")))))


def _resent(line: Timeline, entry: EntryView) -> Told:
    body = entry.body
    channels = line.telling.phrases.names([line.channel(str(channel)) for channel in body.get("channels") or []])
    return Told(line.say(N_("再发一次")), line.say(
        N_("%(step)s第%(rung)s级 → %(name)s（%(channels)s）"), step=line.step(str(body.get("step"))),
        rung=body.get("rung"), name=line.names([body.get("person")]), channels=channels), tuple(_reached(line, entry)))


def _of_reply(tell: Callable[[Timeline, EntryView], Words]) -> Callable[[Timeline, EntryView], Told]:
    return lambda line, entry: Told(*tell(line, entry))


KINDS: dict[str, Callable[[Timeline, EntryView], Told]] = {
    "IncidentRegistered": _registered, "RungRaised": _raised, "StandInCalled": _stand_in, "FellBack": _fell_back,
    "Acknowledged": _acknowledged, "Resent": _resent, "DeadlinePassed": _passed, "StepLogged": _logged,
    "LogWithdrawn": _withdrawn, "AudienceTold": _told, "MessageSettled": _settled,
    **{kind: _of_reply(tell) for kind, tell in (REPLIES | KINDS_OF_CASE | KINDS_OF_FILES).items()},
}
