"""The texts of messages, made from a message's facts at the moment of sending: one line that says what to do.

SMS: incident number, step with its next action, deadline, reply code and reference; no names, places or causes
(domain 7.1). E-mail adds the title and a link. Drills say so at both ends, copies say that they are copies.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from incident_clock.outbox.messages import ALL_CLEAR, REOPENED, STAND_IN
from incident_clock.outbox.tables import Message
from incident_clock.phrases import N_, Phrases

ACKNOWLEDGE = "1"  # first digit of a reply code; the incident number follows

# What to do next, by the kind of evidence the step ends with.
ACTIONS = {
    "call": N_("请电话报区总值班室并登记"),
    "document": N_("请审签报出并登记"),
    "release": N_("请协调发布并登记"),
    "press_conference": N_("请召开并登记，免开的也登记"),
    "note": N_("请办理并登记"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The figures of a text, as they are stored with a message."""

    number: str
    spoken: str
    title: str
    is_drill: bool
    step_title: dict[str, str]
    evidence: str
    due_at: datetime
    received_at: datetime
    is_opening: bool  # the first call after registration
    signature: str
    done_at: datetime | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "number": self.number, "spoken": self.spoken, "title": self.title, "is_drill": self.is_drill,
            "step_title": self.step_title, "evidence": self.evidence, "due_at": self.due_at.isoformat(),
            "received_at": self.received_at.isoformat(), "is_opening": self.is_opening, "signature": self.signature,
            "done_at": self.done_at.isoformat() if self.done_at else None,
        }

    @classmethod
    def of(cls, plain: dict[str, Any]) -> "Facts":
        instants = {name: datetime.fromisoformat(plain[name]) if plain[name] else None
                    for name in ("due_at", "received_at", "done_at")}
        return cls(**{**plain, **instants})


def text(message: Message, phrases: Phrases, *, now: datetime, link: str) -> str:
    """What this message says on its channel if it leaves at `now`; `link` is the incident's page."""
    if message.incident_id is None:
        return str(message.facts["mail" if message.channel == "email" else "sms"])
    if message.channel == "email":
        return mail_text(message, phrases, now=now, link=link)
    return sms_text(message, phrases, now=now)


def sms_text(message: Message, phrases: Phrases, *, now: datetime) -> str:
    """The one line of an SMS (and of the console), signed with 【…】 as the carriers ask."""
    facts = Facts.of(message.facts)
    core = _core(message, facts, phrases, now)
    mark = phrases.say("（演练）") if facts.is_drill else ""
    copy = phrases.say("（可能重复）") if message.may_be_copy else ""
    reference = phrases.say("编号%(reference)s", reference=message.reference)
    signature = f"【{facts.signature}】" if facts.signature else ""
    gap = "" if phrases.language == "zh" else " "
    return signature + gap.join(part for part in (copy, mark, core, reference, mark) if part).strip()


def mail_subject(message: Message, phrases: Phrases, *, now: datetime) -> str:
    """The subject: number first, then what stands; a drill is marked 【演练】."""
    if message.incident_id is None:
        return str(message.facts["subject"])
    facts = Facts.of(message.facts)
    step = facts.step_title[phrases.language]
    mark = phrases.say("【演练】") if facts.is_drill else ""
    if message.kind == ALL_CLEAR:
        stands = phrases.say("%(step)s已登记，不再催办", step=step)
    elif message.kind == REOPENED:
        stands = phrases.say("%(step)s记录已撤回，恢复计时", step=step)
    else:
        stands = _remaining(facts, phrases, now)
    return f"{mark}{facts.number} {stands}"


def mail_text(message: Message, phrases: Phrases, *, now: datetime, link: str) -> str:
    """The body: the SMS line, the title, the deadline and where to log it."""
    facts = Facts.of(message.facts)
    lines = [
        sms_text(message, phrases, now=now), "",
        phrases.say("事件：%(number)s %(title)s", number=facts.number, title=facts.title),
        phrases.say("步骤：%(step)s，%(due)s 截止", step=facts.step_title[phrases.language],
                    due=phrases.moment(facts.due_at)),
        phrases.say("登记：%(link)s", link=link), "",
        phrases.say("确认收到不等于办结；登记办理情况后才停止催办。"),
    ]
    if facts.is_drill:
        lines = [phrases.say("【演练】"), *lines, phrases.say("【演练】")]
    return "\n".join(lines) + "\n"


def with_answer_link(text: str, link: str, phrases: Phrases, *, is_drill: bool) -> str:
    """A mail's text with the address where it can be acknowledged, before the closing mark of a drill."""
    line = phrases.say("确认收到（本人用，一次有效）：%(link)s", link=link)
    lines = text.rstrip("\n").split("\n")
    lines.insert(len(lines) - 1 if is_drill else len(lines), line)
    return "\n".join(lines) + "\n"


def _core(message: Message, facts: Facts, phrases: Phrases, now: datetime) -> str:
    step, due = facts.step_title[phrases.language], _at(facts.due_at, phrases, now)
    common = {"spoken": facts.spoken, "step": step, "due": due, "reply": _reply(facts, phrases)}
    if message.kind == ALL_CLEAR:
        done = _at(facts.done_at or now, phrases, now)
        return phrases.say("事件%(spoken)s%(step)s已登记（%(done)s办结），不再催办。如有误请撤回记录。",
                           spoken=facts.spoken, step=step, done=done)
    if message.kind == REOPENED:
        return phrases.say("事件%(spoken)s%(step)s记录已撤回，恢复计时（%(due)s截止），请办理并登记。%(reply)s",
                           **common)
    if message.kind == STAND_IN:
        return _stand_in(facts, phrases, now, common)
    if now >= facts.due_at:
        return phrases.say("超时！事件%(spoken)s%(step)s应于%(due)s完成，已超%(over)s无记录。请立即办理登记。%(reply)s",
                           over=_over(facts, phrases, now), **common)
    action = phrases.say(ACTIONS[facts.evidence])
    if facts.is_opening:
        return phrases.say("事件%(spoken)s已登记，接报%(received)s。%(step)s%(due)s截止，%(action)s。%(reply)s",
                           received=_at(facts.received_at, phrases, now), action=action, **common)
    return phrases.say("事件%(spoken)s%(step)s剩%(left)s（%(due)s截止），尚无记录。%(action)s。%(reply)s",
                       left=_left(facts, phrases, now), action=action, **common)


def _stand_in(facts: Facts, phrases: Phrases, now: datetime, common: dict[str, str]) -> str:
    """To the B角: why him, and what is left (domain 7.1, FO)."""
    if now == facts.due_at:
        return phrases.say("事件%(spoken)s：A角未应答，现转B角。%(step)s%(due)s截止，已到时限，请接手。%(reply)s",
                           **common)
    if now > facts.due_at:
        return phrases.say("事件%(spoken)s：A角未应答，现转B角。%(step)s应%(due)s完成，已超%(over)s，请接手。%(reply)s",
                           over=_over(facts, phrases, now), **common)
    return phrases.say("事件%(spoken)s：A角未应答，现转B角。%(step)s%(due)s截止，剩%(left)s，请接手。%(reply)s",
                       left=_left(facts, phrases, now), **common)


def _reply(facts: Facts, phrases: Phrases) -> str:
    """`回复1037确认。`: digit of the action, then the incident number. A drill, numbered apart, has none."""
    return "" if facts.is_drill else phrases.say("回复%(code)s确认。", code=ACKNOWLEDGE + facts.spoken)


def _at(instant: datetime, phrases: Phrases, now: datetime) -> str:
    """An instant as short as it goes: `14:05`, `13日14:05`."""
    return phrases.at(instant, seen=now).replace("日 ", "日")


def _remaining(facts: Facts, phrases: Phrases, now: datetime) -> str:
    step, due = facts.step_title[phrases.language], phrases.at(facts.due_at, seen=now)
    if now < facts.due_at:
        return phrases.say("%(step)s剩%(left)s，%(due)s截止", step=step, left=_left(facts, phrases, now), due=due)
    return phrases.say("超时：%(step)s应于%(due)s完成，已超%(over)s", step=step, due=due,
                       over=_over(facts, phrases, now))


def _left(facts: Facts, phrases: Phrases, now: datetime) -> str:
    """Time left, rounded up: a reminder that leaves 0.3 s after its rung still says 5 minutes."""
    return phrases.duration(_whole(facts.due_at - now, is_up=True))


def _over(facts: Facts, phrases: Phrases, now: datetime) -> str:
    return phrases.duration(_whole(now - facts.due_at, is_up=False))


def _whole(duration: timedelta, *, is_up: bool) -> timedelta:
    """Whole minutes from one minute on, whole seconds below."""
    unit = timedelta(minutes=1) if duration >= timedelta(seconds=59) else timedelta(seconds=1)
    return unit * max(1, -(-duration // unit) if is_up else duration // unit)
