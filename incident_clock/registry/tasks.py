"""Tasks of an incident: a leader's instruction (批示), a decision of a consultation, a promise made in public.

Each is an obligation with an owner and a due instant, reminded by the same engine and logged like a step.
"""

from dataclasses import dataclass
from datetime import datetime

from incident_clock.errors import Invalid, Refusal, Refusals
from incident_clock.ledger.fact import Actor, Erasable, erasable
from incident_clock.phrases import N_
from incident_clock.protocol.tasks import DECISION, FEEDBACK_WITHIN, INSTRUCTION, ORIGINS, PROMISE
from incident_clock.registry import record_kinds
from incident_clock.registry.case import Case, refuse_closed
from incident_clock.registry.case_facts import TaskSet
from incident_clock.registry.drafts import attempt, checked_choice, checked_line, checked_text

FARTHEST_DAYS = 366
MOST_TASKS = 99  # of one origin in one incident


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task as handed in. `due_at` None: an instruction is answered within 24 h, anything else needs its time.

    `owner`: the person's key, `owner_name` his name; `by`: whose instruction or promise it is; `about`: the sequence
    of the entry it comes from.
    """

    origin: str
    text: str | None
    owner: str
    owner_name: str
    by: str | None = None
    due_at: datetime | None = None
    about: int | None = None


def set_task(case: Case, new: NewTask, *, actor: Actor, now: datetime) -> int:
    """Set a task; gives the entry's sequence. Raises Refusals, Conflict."""
    refuse_closed(case.incident)
    found = wrong_task(new, now=now)
    if new.about is not None and new.about not in case.history.bodies:
        found.append(Invalid(N_("没有第%(sequence)s条记录"), field="about", sequence=new.about))
    if new.origin in ORIGINS and case.history.counts.get(new.origin, 0) >= MOST_TASKS:
        found.append(Invalid(N_("同一类任务最多%(most)s项"), field="origin", most=MOST_TASKS))
    due_at = _due(new, now)
    if found or due_at is None:
        raise Refusals(found)
    text, by = checked_text("text", new.text), checked_line("by", new.by)
    ordinal = case.history.counts.get(new.origin, 0) + 1
    return case.add(TaskSet(
        happened_at=now, step=f"{new.origin}-{ordinal}", ordinal=ordinal, origin=new.origin, about=new.about,
        owner=Erasable(new.owner_name), owner_key=Erasable(new.owner), text=Erasable(text or ""), by=erasable(by),
        due_at=due_at), actor=actor, now=now)


def wrong_task(new: NewTask, *, now: datetime) -> list[Refusal]:
    """Everything that cannot be right in a task, whatever the case it is for; the owner is checked by the caller."""
    found: list[Refusal] = []
    attempt(found, checked_choice, "origin", new.origin, ORIGINS)
    text, by = attempt(found, checked_text, "text", new.text), attempt(found, checked_line, "by", new.by)
    told = {refusal.field for refusal in found}
    if text is None and "text" not in told:
        found.append(Invalid(N_("请写明要做什么"), field="text"))
    if new.origin == INSTRUCTION and by is None and "by" not in told:
        found.append(Invalid(N_("请写明何人批示"), field="by"))
    return found + _wrong_due(_due(new, now), now)


def _due(new: NewTask, now: datetime) -> datetime | None:
    return new.due_at or (now + FEEDBACK_WITHIN if new.origin == INSTRUCTION else None)


def _wrong_due(due_at: datetime | None, now: datetime) -> list[Refusal]:
    if due_at is None:
        return [Invalid(N_("请写明何时完成"), field="due_at")]
    if due_at.tzinfo is None:
        return [Invalid(N_("时间缺少时区，请写成 2026-03-12T14:05+08:00"), field="due_at")]
    if due_at <= now or (due_at - now).days > FARTHEST_DAYS:
        return [Invalid(N_("完成时限应在现在以后、一年以内"), field="due_at")]
    return []


ORIGIN_OF = {record_kinds.CONSULTATION: DECISION, record_kinds.PRESS: PROMISE}  # form → what its tasks are
