"""Every text of an SMS about an incident as a named template, as it is filed with a provider: an explicit table.

A text is copy mark, drill mark, sentence, reference, drill mark. The signature is no part of it: a gateway that sends
filed texts adds it itself (domain 7.3). Which template a message takes is said in `wording.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from incident_clock.phrases import CHINESE, N_, Phrases

# How its reader answers, the last words of a sentence. PAGE: he types a code on the page `/a`.
REPLY, PAGE, NOTHING = "reply", "page", ""
ANSWERS = {REPLY: N_("回复%(code)s确认。"), PAGE: N_("确认码%(code)s。"), NOTHING: ""}

# Sentence by what there is to say. `%(reply)s` is one of ANSWERS.
SENTENCES = {
    "opening": N_("事件%(spoken)s已登记，接报%(received)s。%(step)s%(due)s截止，%(action)s。%(reply)s"),
    "reminder": N_("事件%(spoken)s%(step)s剩%(left)s（%(due)s截止），尚无记录。%(action)s。%(reply)s"),
    "overdue": N_("超时！事件%(spoken)s%(step)s应于%(due)s完成，已超%(over)s无记录。请立即办理登记。%(reply)s"),
    "reopened": N_("事件%(spoken)s%(step)s记录已撤回，恢复计时（%(due)s截止），请办理并登记。%(reply)s"),
    "stand_in": N_("事件%(spoken)s：%(why)s，现转B角。%(step)s%(due)s截止，剩%(left)s，请接手。%(reply)s"),
    "stand_in_due": N_("事件%(spoken)s：%(why)s，现转B角。%(step)s%(due)s截止，已到时限，请接手。%(reply)s"),
    "stand_in_overdue": N_("事件%(spoken)s：%(why)s，现转B角。%(step)s应%(due)s完成，已超%(over)s，请接手。%(reply)s"),
    "upgraded": N_("事件%(spoken)s%(step)s因升级恢复计时（%(due)s截止），请办理并登记。%(reply)s"),
    "all_clear": N_("事件%(spoken)s%(step)s已登记（%(done)s办结），不再催办。如有误请撤回记录。"),
    "all_clear_waived": N_("事件%(spoken)s%(step)s已登记经批准免办，不再催办。如有误请撤回记录。"),
    "all_clear_transferred": N_("事件%(spoken)s%(step)s已登记移交并由对方接受，不再催办。如有误请撤回记录。"),
    "all_clear_not_applicable": N_("事件%(spoken)s%(step)s已不适用，不再催办。请登录核对。"),
}
REFERENCE = N_("编号%(reference)s")
DRILL, COPY = N_("（演练）"), N_("（可能重复）")
PLACE = re.compile(r"%\((\w+)\)s")

# What each place may hold, with an example of it (Chinese, English). No name, place, cause or grade (domain 7.1).
EXAMPLES = {
    "spoken": ("037", "037"), "step": ("电话上报", "Phone report"), "due": ("14:25", "14:25"),
    "received": ("14:05", "14:05"), "done": ("14:20", "14:20"), "left": ("5分", "5 min"), "over": ("5分", "5 min"),
    "action": ("请电话报区总值班室并登记", "Phone the district duty office and log it"),
    "why": ("A角未应答", "no answer"), "code": ("1037", "1037"), "reference": ("K7Q2", "K7Q2"),
}


DRILL_EXAMPLES = {
    "spoken": ("Y05", "Y05"),
    "action": ("请电话报模拟总值班室并登记", "Phone the simulated duty office and log it"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One text. `key` names it in the file INCIDENT_CLOCK_SMS_TEMPLATES, `answer` is one of ANSWERS."""

    key: str
    sentence: str
    answer: str
    is_drill: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its places, in their order in the Chinese text."""
        found = PLACE.findall(self.sentence + ANSWERS[self.answer] + REFERENCE)
        return tuple(name for name in found if name != "reply")

    def body(self, params: Mapping[str, str], phrases: Phrases, *, is_copy: bool = False) -> str:
        """The text with its places filled, in the reader's language, unsigned."""
        reply = phrases.say(ANSWERS[self.answer], **params) if self.answer else ""
        mark = phrases.say(DRILL) if self.is_drill else ""
        parts = (phrases.say(COPY) if is_copy else "", mark, phrases.say(self.sentence, **params, reply=reply),
                 phrases.say(REFERENCE, **params), mark)
        return ("" if phrases.language == CHINESE else " ").join(part for part in parts if part).strip()

    def filed(self, phrases: Phrases) -> str:
        """The text as it is filed, its places as `{name}`."""
        return self.body({name: f"{{{name}}}" for name in self.names}, phrases)

    def example(self, phrases: Phrases) -> dict[str, str]:
        """Params as they may be, to show and to file beside the text."""
        which = 0 if phrases.language == CHINESE else 1
        found = {name: EXAMPLES[name][which] for name in self.names}
        if self.answer == PAGE:
            found["code"] = "482913"
        for name, examples in (DRILL_EXAMPLES.items() if self.is_drill else ()):
            if name in found:
                found[name] = examples[which]
        return found


def key_of(situation: str, *, answer: str, is_drill: bool) -> str:
    """`overdue-reply`, `overdue-page`, `overdue-drill`; of a text that asks for no answer `all_clear`."""
    return "-".join(part for part in (situation, "drill" if is_drill else answer) if part)


def filed_key(key: str, language: str) -> str:
    """The key under which a language's text is filed: the Chinese one is the plain key."""
    return key if language == CHINESE else f"{key}-{language}"


TEMPLATES = {
    key_of(situation, answer=answer, is_drill=is_drill): Template(
        key=key_of(situation, answer=answer, is_drill=is_drill), sentence=sentence, answer=answer, is_drill=is_drill)
    for situation, sentence in SENTENCES.items()
    for answer, is_drill in ((REPLY, False), (PAGE, False), (NOTHING, False), (NOTHING, True))
    if "%(reply)s" in sentence or not answer
}
# Texts that ask for an answer and name none are those of calls (a key is pressed): no gateway of SMS needs them.
FILED = {key: one for key, one in TEMPLATES.items() if one.answer or one.is_drill or "%(reply)s" not in one.sentence}
