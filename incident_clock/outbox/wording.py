"""The texts of messages, made from a message's facts at the moment of sending: one line that says what to do.

SMS: incident number, step with its next action, deadline, reply code and reference; no names, places or causes
(domain 7.1). E-mail adds the title and a link. Drills say so at both ends, copies say that they are copies.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from incident_clock.outbox import lint, templates
from incident_clock.outbox.mail_twin import Parts
from incident_clock.outbox.messages import ALL_CLEAR, CHASING, REOPENED, STAND_IN
from incident_clock.outbox.tables import Message
from incident_clock.outbox.templates import Template
from incident_clock.phrases import CHINESE, N_, Phrases

UPGRADED = "upgraded"  # a step is open again because the incident was graded up
ACKNOWLEDGE = "1"  # first digit of a reply code; the incident number follows

# What to do next, by the kind of evidence the step ends with.
ACTIONS = {
    "call": N_("请电话报区总值班室并登记"),
    "document": N_("请审签报出并登记"),
    "release": N_("请协调发布并登记"),
    "press_conference": N_("请召开并登记，免开的也登记"),
    "note": N_("请办理并登记"),
    "check": N_("请登录核定"),
}
# In a drill nobody outside is rung, written to or told anything (domain 7.4).
DRILL_ACTIONS = {
    "call": N_("请电话报模拟总值班室并登记"),
    "document": N_("请审签、报模拟总值班室并登记"),
    "release": N_("请模拟发布并登记"),
    "press_conference": N_("请模拟召开并登记"),
    "note": N_("请办理并登记"),
    "check": N_("请登录核定"),
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
    ended: str = ""  # of news: how the step ended (done, waived …), or why it is open again (upgraded)

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "number": self.number, "spoken": self.spoken, "title": self.title, "is_drill": self.is_drill,
            "step_title": self.step_title, "evidence": self.evidence, "due_at": self.due_at.isoformat(),
            "received_at": self.received_at.isoformat(), "is_opening": self.is_opening, "signature": self.signature,
            "done_at": self.done_at.isoformat() if self.done_at else None, "ended": self.ended,
        }

    @classmethod
    def of(cls, plain: dict[str, Any]) -> "Facts":
        instants = {name: datetime.fromisoformat(plain[name]) if plain[name] else None
                    for name in ("due_at", "received_at", "done_at")}
        return cls(**{**plain, **instants})


def text(message: Message, phrases: Phrases, *, now: datetime, link: str, code: str | None = None) -> str:
    """What this message says on its channel if it leaves at `now`; `link` is the incident's page, `code` what is typed
    on the page `/a` where the way carries no answers."""
    if message.incident_id is None:
        return str(message.facts["mail" if message.channel == "email" else "sms"])
    if message.channel == "email":
        return mail_text(message, phrases, now=now, link=link, code=code)
    return sms_text(message, phrases, now=now, code=code)


def sms_text(message: Message, phrases: Phrases, *, now: datetime, code: str | None = None) -> str:
    """The one line of an SMS (and of the console), signed with 【…】 as the carriers ask."""
    template, params = chosen(message, phrases, now=now, code=code)
    signature = str(message.facts["signature"])
    body = template.body(params, phrases, is_copy=message.may_be_copy)
    return f"【{signature}】{body}" if signature else body


def filed(message: Message, phrases: Phrases, *, now: datetime, code: str | None = None) -> tuple[str, dict[str, str]]:
    """The key of the filed text, and what goes into its places; a copy is marked behind the reference."""
    template, params = chosen(message, phrases, now=now, code=code)
    if message.may_be_copy:
        params["reference"] += phrases.say(templates.COPY)
    return templates.filed_key(template.key, phrases.language), params


def chosen(message: Message, phrases: Phrases, *, now: datetime, code: str | None = None,
           ) -> tuple[Template, dict[str, str]]:
    """What an SMS says if it leaves at `now`: its template, and a text for each of its places."""
    facts = Facts.of(message.facts)
    answer, answer_code = _answer(message, facts, code)
    situation = _situation(message, facts, now)
    if "%(reply)s" not in templates.SENTENCES[situation]:
        answer = templates.NOTHING
    template = templates.TEMPLATES[templates.key_of(situation, answer=answer, is_drill=facts.is_drill)]
    every = {
        "spoken": facts.spoken, "step": facts.step_title[phrases.language], "due": _at(facts.due_at, phrases, now),
        "received": _at(facts.received_at, phrases, now), "done": _at(facts.done_at or now, phrases, now),
        "left": _left(facts, phrases, now), "over": _over(facts, phrases, now),
        "action": phrases.say(_action(facts)), "code": answer_code, "reference": _reference(message),
        "why": phrases.say("A角转交") if message.reason == "passed_on" else phrases.say("A角未应答"),
    }
    params = {name: every[name] for name in template.names}
    for name, shorter in _shorter(facts, phrases, now).items():
        if lint.units(f"【{facts.signature}】" + template.body(params, phrases)) > lint.ONE_SEGMENT and name in params:
            params[name] = shorter
    return template, params


def _action(facts: Facts) -> str:
    return (DRILL_ACTIONS if facts.is_drill else ACTIONS)[facts.evidence]


def _shorter(facts: Facts, phrases: Phrases, now: datetime) -> dict[str, str]:
    """What says it in fewer words where a Chinese text would be billed as two: whole hours, days; a shorter deed."""
    if phrases.language != CHINESE:
        return {}
    number, unit = phrases.parts(_whole(abs(facts.due_at - now), is_up=False))[0]
    return {"left": f"{number}{unit}", "over": f"{number}{unit}", "action": phrases.say(ACTIONS["note"])}


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


def mail_text(message: Message, phrases: Phrases, *, now: datetime, link: str, code: str | None = None) -> str:
    """The body: the SMS line, the title, the deadline and where to log it."""
    facts = Facts.of(message.facts)
    lines = [
        sms_text(message, phrases, now=now, code=code), "",
        phrases.say("事件：%(number)s %(title)s", number=facts.number, title=facts.title),
        phrases.say("步骤：%(step)s，%(due)s 截止", step=facts.step_title[phrases.language],
                    due=phrases.moment(facts.due_at)),
        phrases.say("登记：%(link)s", link=link), "",
        phrases.say("确认收到不等于办结；登记办理情况后才停止催办。"),
    ]
    if facts.is_drill:
        lines = [phrases.say("【演练】"), *lines, phrases.say("【演练】")]
    return "\n".join(lines) + "\n"


def mail_parts(message: Message, text: str, phrases: Phrases, *, now: datetime, link: str,
               answer_link: str | None) -> Parts:
    """The words of the HTML twin of this mail; `text` is its text as it leaves."""
    facts = Facts.of(message.facts)
    is_asking = message.kind in CHASING
    return Parts(
        subject=mail_subject(message, phrases, now=now), line=_first_line(text, facts),
        title=f"{facts.number} {facts.title}", step=facts.step_title[phrases.language],
        due=phrases.say("%(at)s 截止", at=phrases.moment(facts.due_at)) if is_asking else "",
        todo=phrases.say(_action(facts)) if is_asking else "", link=link, answer_link=answer_link,
        is_drill=facts.is_drill, notes=(phrases.say("确认收到不等于办结；登记办理情况后才停止催办。"),))


def _first_line(text: str, facts: Facts) -> str:
    """The SMS line of a mail's text, behind the mark of a drill."""
    lines = text.split("\n")
    return lines[1] if facts.is_drill and len(lines) > 1 else lines[0]


def with_answer_link(text: str, link: str, phrases: Phrases, *, is_drill: bool) -> str:
    """A mail's text with the address where it can be acknowledged, before the closing mark of a drill."""
    line = phrases.say("确认收到（本人用，一次有效）：%(link)s", link=link)
    lines = text.rstrip("\n").split("\n")
    lines.insert(len(lines) - 1 if is_drill else len(lines), line)
    return "\n".join(lines) + "\n"


def _situation(message: Message, facts: Facts, now: datetime) -> str:
    """What there is to say at `now`: a key of `templates.SENTENCES`."""
    if message.kind == ALL_CLEAR:
        return f"all_clear_{facts.ended}" if f"all_clear_{facts.ended}" in templates.SENTENCES else "all_clear"
    if message.kind == REOPENED:
        return UPGRADED if facts.ended == UPGRADED else "reopened"
    if message.kind == STAND_IN:
        return "stand_in" if now < facts.due_at else "stand_in_due" if now == facts.due_at else "stand_in_overdue"
    if now >= facts.due_at:
        return "overdue"
    return "opening" if facts.is_opening else "reminder"


def _answer(message: Message, facts: Facts, code: str | None) -> tuple[str, str]:
    """How it is answered, and with which code: digit of the action and incident number, or the code for the page.
    A drill, numbered apart, has none, and a call is answered by a key."""
    if facts.is_drill or message.channel == "voice":
        return templates.NOTHING, ""
    if code is not None:
        return templates.PAGE, code
    return templates.REPLY, ACKNOWLEDGE + facts.spoken


def _reference(message: Message) -> str:
    """The same on a copy, so that its reader knows it; from the third time on numbered, because carriers drop three
    identical texts to one number."""
    times = message.attempt_count or 0
    is_heard = bool(message.may_be_copy or message.sent_at)
    return f"{message.reference}-{times}" if is_heard and times > lint.IDENTICAL_AT_MOST else message.reference


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
