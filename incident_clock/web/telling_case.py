"""How steps were really closed, in the timeline's words: forms, corrections, approvals, second persons, tasks. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from incident_clock.phrases import N_
from incident_clock.protocol.tasks import DECISION, INSTRUCTION, PROMISE
from incident_clock.registry.record_kinds import (
    ASSESSMENT,
    CALL,
    CHOICE,
    COMMENT,
    CONSULTATION,
    COUNTERSIGN,
    DOCUMENT,
    EVALUATION,
    INSTANT,
    KINDS,
    LEAD,
    PRESS,
    RELEASE,
    WORDING,
    YES,
    RecordKind,
)
from incident_clock.views.shapes import EntryView
from incident_clock.web.telling_words import CATEGORY_WORDS, GRADE_WORDS

if TYPE_CHECKING:
    from incident_clock.web.telling_timeline import Timeline

Words = tuple[str, str, tuple[str, ...]]  # kind, sentence, details

NAMES = {  # what can be corrected besides the blanks of a form
    "received_at": N_("接报时间"), "occurred_at": N_("事发时间"), "first_online_at": N_("网上首发时间"),
    "done_at": N_("办理时间"), "title": N_("标题"), "place": N_("地点"), "source": N_("来源"),
    "first_learned_by": N_("最早获知"), "summary": N_("现有情况"), "unit": N_("单位"), "category": N_("类别"),
    "report_to": N_("对方"), "evidence": N_("凭证"), "note": N_("补充说明"), "event_grade": N_("事件分级"),
    "opinion_grade": N_("舆情分级"), "warning_level": N_("预警级别"), "response_level": N_("响应级别"),
    "is_sensitive": N_("敏感"), "secondary_categories": N_("次生类别"),
}
NUMBERED = {  # form → how one of many is called
    CALL: N_("第%(ordinal)s次电话"), DOCUMENT: N_("第%(ordinal)s份报告"), RELEASE: N_("发布%(ordinal)s"),
    PRESS: N_("发布会%(ordinal)s"),
    LEAD: N_("线索%(ordinal)s"), CONSULTATION: N_("第%(ordinal)s次会商"), ASSESSMENT: N_("第%(ordinal)s次研判"),
    WORDING: N_("口径第%(ordinal)s版"), EVALUATION: N_("评估%(ordinal)s"), COMMENT: N_("评论文章%(ordinal)s"),
    COUNTERSIGN: N_("补签%(ordinal)s"),
}
DIRECTIONS = {"up": N_("升级"), "down": N_("降级"), "none": N_("改级")}
ORIGINS = {INSTRUCTION: N_("批示"), DECISION: N_("会商任务"), PROMISE: N_("承诺事项")}
DIGITS_SHOWN = 8  # of a content hash


def fields_in_words(line: "Timeline", kind: RecordKind, fields: dict[str, Any]) -> list[tuple[str, str]]:
    """(name of the blank, value in words) of every blank that was filled in, in the order of the form."""
    said = []
    for blank in kind.blanks:
        value = fields.get(blank.name)
        if value is None:
            continue
        words = line.say(N_("是")) if blank.kind == YES else line.say(blank.choices[value]) \
            if blank.kind == CHOICE else _at(line, value) if blank.kind == INSTANT else str(value)
        said.append((line.say(blank.title), words))
    if fields.get("content_sha256"):
        said.append((line.say(N_("原文指纹")), f"{fields['content_sha256'][:DIGITS_SHOWN]}…"))
    return said


def record_details(line: "Timeline", kind: RecordKind, fields: dict[str, Any]) -> tuple[str, ...]:
    """The filled blanks as one clause each: `签发人：王丁`."""
    return tuple(line.say(N_("%(name)s：%(value)s"), name=name, value=value)
                 for name, value in fields_in_words(line, kind, fields))


def _record(line: "Timeline", entry: EntryView) -> Words:
    body, kind = entry.body, KINDS[entry.body["record"]]
    title = line.say(NUMBERED[kind.key], ordinal=body["ordinal"])
    details = (*record_details(line, kind, body["fields"]), *line.texts((N_("原因：%(text)s"), body.get("reason"))))
    step = line.step(body["step"]) if body.get("step") else ""
    first, *rest = details or ("",)
    return title, line.telling.clauses([part for part in (step, first) if part]), tuple(rest)


def _correction(line: "Timeline", entry: EntryView) -> Words:
    body = entry.body
    changed = {**body["times"], **body["values"], **body["fields"]}
    said = [_changed(line, name, entry.before.get(name), value) for name, value in changed.items()
            if name != "content_sha256"]
    return line.say(N_("更正第%(sequence)s条"), sequence=body["corrects"]), line.telling.clauses(said), \
        line.texts((N_("原因：%(text)s"), body.get("reason")))


def _changed(line: "Timeline", name: str, before: Any, after: Any) -> str:
    """`受伤（不适）人数：9（原 19）`."""
    return line.say(N_("%(name)s：%(after)s（原 %(before)s）"), name=line.say(_name(name)),
                    after=_value(line, name, after), before=_value(line, name, before))


def _name(name: str) -> str:
    if name in NAMES:
        return NAMES[name]
    return next((blank.title for kind in KINDS.values() for blank in kind.blanks if blank.name == name), name)


def _value(line: "Timeline", name: str, value: Any) -> str:
    if value is None or value == "":
        return line.say(N_("空"))
    if value is True:
        return line.say(N_("是"))
    if value is False:
        return line.say(N_("否"))
    if isinstance(value, list):
        return line.telling.phrases.names(_value(line, "category", one) for one in value)
    if name == "event_grade":
        return line.say(GRADE_WORDS[value])
    if name in ("opinion_grade", "warning_level", "response_level"):
        return line.say(value)
    if name.endswith("_at") or name in ("valid_from", "valid_until"):
        return _at(line, value)
    choices = next((blank.choices for kind in KINDS.values() for blank in kind.blanks
                    if blank.name == name and blank.choices), CATEGORY_WORDS if name == "category" else {})
    return line.say(choices[value]) if value in choices else str(value)


def _waived(line: "Timeline", entry: EntryView) -> Words:
    body = entry.body
    who = line.telling.clauses([text for text in (body.get("approver_unit"), body.get("approver")) if text])
    step = line.incident.obligation(body["step"])
    return line.say(N_("免开") if step and step.evidence == PRESS else N_("经批准不办")), line.say(
        N_("%(step)s：%(who)s 批准"), step=line.step(body["step"]), who=who or line.names([None])), line.texts(
        (N_("文号：%(text)s"), body.get("document")), (N_("原因：%(text)s"), body.get("reason")),
        (N_("凭证：%(text)s"), body.get("evidence")))


def _offered(line: "Timeline", entry: EntryView) -> Words:
    body = entry.body
    steps = line.telling.phrases.names([line.step(step) for step in body["steps"]])
    return line.say(N_("提出移交")), line.say(
        N_("%(steps)s → %(to)s，对方接受前照常计时"), steps=steps, to=line.names([body.get("to")])), line.texts(
        (N_("批准：%(text)s"), body.get("approver")), (N_("文号：%(text)s"), body.get("document")),
        (N_("原因：%(text)s"), body.get("reason")))


def _accepted(line: "Timeline", entry: EntryView) -> Words:
    body = entry.body
    steps = line.telling.phrases.names([line.step(step) for step in body["steps"]])
    return line.say(N_("移交已接受")), line.say(
        N_("%(steps)s：%(who)s 接受"), steps=steps, who=line.names([body.get("accepted_by")])), line.texts(
        (N_("凭证：%(text)s"), body.get("evidence")))


def _transfer_refused(line: "Timeline", entry: EntryView) -> Words:
    body = entry.body
    return line.say(N_("移交未接受")), line.say(
        N_("%(step)s：%(who)s 不接受，本单位继续办理"), step=line.step(body["step"]),
        who=line.names([body.get("refused_by")])), line.texts((N_("原因：%(text)s"), body.get("reason")))


def _regraded(line: "Timeline", entry: EntryView) -> Words:
    body = entry.body
    said = [line.say(N_("%(name)s改为%(value)s"), name=line.say(_name(name)), value=_value(line, name, value))
            for name, value in body["values"].items()]
    if body.get("protocol"):
        key = body["protocol"]["key"]
        said.append(line.say(N_("规则改为%(rule)s（%(version)s）"), rule=line.rules.get(key, key),
                             version=body["protocol"]["version"]))
    return line.say(DIRECTIONS[body["direction"]]), line.telling.clauses(said), line.texts(
        (N_("依据：%(text)s"), body.get("basis")))


def _confirmed(line: "Timeline", entry: EntryView) -> Words:
    return line.say(N_("核实")), line.say(N_("第%(sequence)s条核实无误"), sequence=entry.body["confirms"]), line.texts(
        (N_("说明：%(text)s"), entry.body.get("note")))


def _rejected(line: "Timeline", entry: EntryView) -> Words:
    return line.say(N_("不予认可")), line.say(
        N_("第%(sequence)s条不予认可"), sequence=entry.body["rejects"]), line.texts(
        (N_("原因：%(text)s"), entry.body.get("reason")))


def _follow_up(line: "Timeline", entry: EntryView) -> Words:
    body = entry.body
    return line.say(N_("开始计时")), line.say(
        N_("%(step)s，%(at)s 截止"), step=line.step(body["step"]), at=_at(line, body["due_at"])), ()


def _task(line: "Timeline", entry: EntryView) -> Words:
    body = entry.body
    text = line.say(N_("%(owner)s：%(text)s，%(at)s 前"), owner=line.names([body.get("owner")]),
                    text=line.names([body.get("text")]), at=_at(line, body["due_at"]))
    return line.say(ORIGINS[body["origin"]]), text, line.texts((N_("出自：%(text)s"), body.get("by")))


def _absorbed(line: "Timeline", entry: EntryView) -> Words:
    body = entry.body
    return line.say(N_("合并")), line.say(
        N_("%(number)s 并入本事件，计时起点取较早的（该件 %(at)s）"), number=body["number"],
        at=_at(line, body["clock_started_at"])), line.texts((N_("原因：%(text)s"), body.get("reason")))


def _merged(line: "Timeline", entry: EntryView) -> Words:
    return line.say(N_("合并")), line.say(
        N_("并入 %(number)s，本件终止"), number=entry.body["number"]), line.texts(
        (N_("原因：%(text)s"), entry.body.get("reason")))


def _voided(line: "Timeline", entry: EntryView) -> Words:
    return line.say(N_("作废")), line.say(N_("提出作废，另一人核实后生效")), line.texts(
        (N_("原因：%(text)s"), entry.body.get("reason")))


def _closed(line: "Timeline", entry: EntryView) -> Words:
    return line.say(N_("结案")), str(entry.body.get("reason") or ""), ()


def _erased(line: "Timeline", entry: EntryView) -> Words:
    return line.say(N_("文字已销毁")), str(entry.body.get("reason") or ""), (
        line.say(N_("此前各条的文字、姓名已按规定销毁，记录链仍完整")),)


def _at(line: "Timeline", text: str) -> str:
    return line.telling.at(datetime.fromisoformat(text))


KINDS_OF_CASE: dict[str, Callable[["Timeline", EntryView], Words]] = {
    "RecordMade": _record, "Corrected": _correction, "StepWaived": _waived, "TransferOffered": _offered,
    "TransferAccepted": _accepted, "TransferRefused": _transfer_refused, "Regraded": _regraded,
    "Confirmed": _confirmed, "Rejected": _rejected, "FollowUpOpened": _follow_up, "SecondAsked": _follow_up,
    "TaskSet": _task, "DuplicateAbsorbed": _absorbed, "MergedInto": _merged, "Voided": _voided,
    "IncidentClosed": _closed, "TextsErased": _erased,
}
