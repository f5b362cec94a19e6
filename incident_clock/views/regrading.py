"""What a change of grade or rule would do to the steps, told before it is made. Nothing is written: the change is
folded into a copy of the incident's history, as the ledger would be retold with it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from incident_clock.ledger.chain import instant_text
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry import ledger
from incident_clock.registry.case import Case
from incident_clock.registry.grading import Regrading, demanded, regraded
from incident_clock.registry.history import NOT_APPLICABLE, STEP, History
from incident_clock.registry.retelling import go_on
from incident_clock.registry.rules import Rules
from incident_clock.registry.tables import Incident

AGAIN, ADDED, MOVED, DROPPED = "again", "added", "moved", "dropped"


@dataclass(frozen=True, slots=True)
class StepChange:
    """What becomes of one step. `how`: opened again, added, due at another instant, not applicable any more.

    `first_due_at`: when it would have been due, where that is over and it gets a time of its own.
    """

    how: str
    title: dict[str, str]
    due_at: datetime
    before_due_at: datetime | None
    first_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """`direction`: up, down, none; `needs_approval`: it holds only when a leader has approved it."""

    direction: str
    needs_approval: bool
    steps: tuple[StepChange, ...]


def preview(session: Session, incident: Incident, asked: Regrading, chosen: ResponseProtocol | None, *,
            full: ResponseProtocol, now: datetime, zone: ZoneInfo) -> Preview:
    """What `asked` would come to if it held from `now` on. `full`: the rule of the full clock. Raises as the verb."""
    rules = Rules(session)
    history = ledger.read(session, incident.id, rules=rules).history
    rule = demanded(asked, chosen, history=history, full=full)
    if rule is not None:
        rules[rule.content_hash()] = rule
    fact = regraded(Case(session, incident, history, zone), asked, rule, now=now)
    before = {one.step: replace(one) for one in history.steps.values() if one.kind == STEP}
    go_on(history, {"sequence": history.size + 1, "kind": fact.kind, "happened_at": instant_text(now),
                    "recorded_at": instant_text(now), "body": {**fact.body(), "is_pending": False}})
    changes = []
    for one in history.steps.values():
        was = before.get(one.step)
        how = ADDED if was is None else AGAIN if one.is_open and not was.is_open else \
            DROPPED if was.is_open and one.ended == NOT_APPLICABLE else \
            MOVED if one.is_open and one.due_at != was.due_at else None
        if one.kind == STEP and how is not None:
            changes.append(StepChange(how, _title(history, one.step, one.rule), one.due_at, was.due_at if was else None,
                                      one.first_due_at))
    return Preview(fact.direction, fact.is_pending, tuple(changes))


def _title(history: History, step: str, rule: str | None) -> dict[str, str]:
    found = history.rules[rule or history.protocol].step(step)
    return found.title if found else {"zh": step, "en": step}
