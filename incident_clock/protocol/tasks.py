"""Tasks: what one person has to do by an instant (批示、会商任务、答问承诺). Their ladder, and how obligations that are
numbered are named. Pure."""

from datetime import timedelta

from incident_clock.protocol.steps import BEFORE_DUE, OVERDUE_BY, Repeat, Rung

INSTRUCTION, DECISION, PROMISE = "instruction", "decision", "promise"  # where a task comes from
ORIGINS = (INSTRUCTION, DECISION, PROMISE)
TITLES = {
    INSTRUCTION: {"zh": "批示反馈", "en": "Feedback on an instruction"},
    DECISION: {"zh": "会商任务", "en": "Task from a consultation"},
    PROMISE: {"zh": "承诺事项", "en": "Promise made in public"},
}
FEEDBACK_WITHIN = timedelta(hours=24)  # an instruction is answered within a day (domain 1.1, 3.6)
NUMERALS = "零一二三四五六七八九十"


def ladder_for(owner: str) -> tuple[Rung, ...]:
    """Who is reminded of a task: its owner, then whoever is on duty above him. `owner` is a role of the duty book."""
    return (
        Rung(1, BEFORE_DUE, timedelta(hours=1), (owner,)),
        Rung(2, OVERDUE_BY, timedelta(minutes=1), (owner, "duty_leader"),
             repeats=(Repeat(timedelta(hours=2), 4), Repeat(timedelta(hours=12)))),
    )


def numbered(title: dict[str, str], ordinal: int) -> dict[str, str]:
    """`续报二`, `Follow-up report 2`."""
    numeral = NUMERALS[ordinal] if ordinal < len(NUMERALS) else str(ordinal)
    return {"zh": f"{title['zh']}{numeral}", "en": f"{title['en']} {ordinal}"}
