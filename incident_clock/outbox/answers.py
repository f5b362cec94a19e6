"""What is answered to a text, and what the administrators are told of it: one signed SMS each, in both languages.

At most 70 units with the bureau's signature: one SMS in China. No names but that of who logged a step.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incident_clock.outbox import messages as m
from incident_clock.outbox.messages import Draft
from incident_clock.phrases import N_, Phrases

CHANNEL = "sms"
LONGEST = 70  # UTF-16 units of one SMS in Chinese

ACKNOWLEDGED = N_("已收到您对事件%(spoken)s的确认（%(at)s）。确认不等于办结，请继续登记办理情况。")
ACKNOWLEDGED_BEFORE = N_("您已确认过事件%(spoken)s。确认不等于办结，请继续登记办理情况。")
PASSED_ON = N_("事件%(spoken)s已转B角（%(at)s），请保持电话畅通。")
PASSED_ON_BEFORE = N_("事件%(spoken)s的B角已经告知过，不再重复转告。")
NO_STAND_IN = N_("事件%(spoken)s没有可转的B角，请立即电话联系值班室。")
SELF_REPORTED = N_("事件%(spoken)s已记为自报已办，10分钟内不再催您。没有登记不算办结，请尽快补录。")
SELF_REPORTED_BEFORE = N_("事件%(spoken)s您已自报已办，催办照常。请尽快登记，登记后才停止催办。")
DENIED = N_("已记下事件%(spoken)s的提醒不是给您的，并已告知管理员。")
DENIED_BEFORE = N_("事件%(spoken)s误收一事已告知管理员，不必再回复。")
WHICH = N_("有几起事件，请回复%(action)s加事件号，如%(example)s。")
LATE = N_("事件%(spoken)s：该事项已由%(who)s于%(at)s记录，无需再回复。")
LATE_UNNAMED = N_("事件%(spoken)s：该事项已于%(at)s记录，无需再回复。")
WRONG_CODE = N_("本号码没有事件%(spoken)s待办的提醒，请核对事件号后再回复。")
NOW_CLOSED = N_("多次输错事件号，本号码1小时内不再受理短信回复，请电话联系值班室。")
NOTED = N_("已记入时间轴。确认请回复1%(spoken)s，转B角2%(spoken)s，已办3%(spoken)s，误收9%(spoken)s。")
NOTHING_ASKED = N_("这个号码现在没有待确认的事件。紧急情况请电话联系值班室。")
STRANGER = N_("本号码只收催办回复，您的号码没有登记。有急事请拨打值班电话。")

NOT_ME_NOTICE = N_("有人回复说事件%(spoken)s的提醒不是给他的，请核对通讯录中的号码。")
GUESSING_NOTICE = N_("有号码1小时内5次输错事件号，其短信回复已关闭1小时，请核查。")
GUESSING_PAGE_NOTICE = N_("确认码页面有人多次输错，已暂停受理，请核查是否有人试码。")
FROM = N_("号码：%(address)s（%(names)s）")


@dataclass(frozen=True, slots=True)
class Words:
    """The texts for one reader, signed for the bureau."""

    phrases: Phrases
    signature: str

    def sms(self, phrase: str, /, **params: object) -> str:
        said = self.phrases.say(phrase, **params)
        return f"【{self.signature}】{said}" if self.signature else said

    def late(self, spoken: str, who: str | None, at: str) -> str:
        """With the name of who logged it, where that fits."""
        named = self.sms(LATE, spoken=spoken, who=who, at=at)
        return named if who and units(named) <= LONGEST else self.sms(LATE_UNNAMED, spoken=spoken, at=at)

    def notice(self, phrase: str, /, *, details: str = "", **params: object) -> dict[str, Any]:
        """The facts of a notice to an administrator; a mail has the details too."""
        subject = self.phrases.say(phrase, **params)
        return facts(self.sms(phrase, **params), subject=subject,
                     mail="\n".join(part for part in (subject, details) if part) + "\n")


def facts(sms: str, *, subject: str = "", mail: str = "") -> dict[str, Any]:
    """The facts of a message of no incident, as `wording.py` reads them."""
    return {"number": "", "is_drill": False, "sms": sms, "mail": mail or sms, "subject": subject or sms}


def draft(text: str, *, to: str, person: str, language: str, incoming: int, now: datetime) -> Draft:
    """The answer to the text that came in under this id."""
    return Draft(incident_id=None, step="", kind=m.ANSWER, rung=0, repeat=incoming, person=person, channel=CHANNEL,
                 address=to, language=language, facts=facts(text), reason="answered", due_at=now)


def units(text: str) -> int:
    """The length of an SMS in Chinese as it is billed: UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2
