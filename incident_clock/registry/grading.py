"""Re-grading: another grade, and with it perhaps another rule. T0 never moves (domain 2.4, 2.5).

Upgrading holds at once and asks again for what was waived; downgrading holds when 分管领导 or above has approved it.
Hints only suggest: nothing here decides a grade.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incident_clock.errors import Conflict, Invalid, Refusal, Refusals
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.phrases import N_
from incident_clock.protocol.steps import ResponseProtocol, Step
from incident_clock.registry.case import Case, refuse_closed
from incident_clock.registry.case_facts import Regraded
from incident_clock.registry.drafts import GRADES, SCALES, attempt, checked_choice, checked_text
from incident_clock.registry.history import DOWN, LEVEL, UP, History
from incident_clock.registry.incidents import named, rule_of, stamped

DECIDING = ("event_grade", "opinion_grade")  # the scales that make it an upgrade or a downgrade


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrading:
    """What is to change; a scale left out stays. `protocol`: the rule from now on, None: the same."""

    values: Mapping[str, str | None]
    is_sensitive: bool | None = None
    basis: str | None = None


def regrade(case: Case, asked: Regrading, protocol: ResponseProtocol | None, *, actor: Actor, now: datetime) -> int:
    """Change grades and rule; gives the entry's sequence. Raises Refusals, Conflict when nothing would change."""
    fact = regraded(case, asked, protocol, now=now)
    if protocol is not None and fact.protocol is not None:
        stamped(case.session, protocol)
    sequence = case.add(fact, actor=actor, now=now)
    case.resume_follow_ups(actor=actor, now=now)
    return sequence


def demanded(asked: Regrading, chosen: ResponseProtocol | None, *, history: History,
             full: ResponseProtocol) -> ResponseProtocol | None:
    """The rule a change really comes under, None: the same. What is or becomes sensitive never stands under a lighter
    one than the full clock, whatever was chosen (domain 2.4)."""
    is_sensitive = history.values["is_sensitive"] if asked.is_sensitive is None else asked.is_sensitive
    return full if is_sensitive and is_lighter(chosen or history.rule, than=full) else chosen


def regraded(case: Case, asked: Regrading, protocol: ResponseProtocol | None, *, now: datetime) -> Regraded:
    """What a change would be written down as; nothing is changed. Raises as `regrade`."""
    incident = case.incident
    refuse_closed(incident)
    values = _checked(asked)
    changed = {name: value for name, value in values.items() if value != getattr(incident, name)}
    if protocol is not None and protocol.content_hash() == incident.protocol.content_hash:
        protocol = None
    if not changed and protocol is None:
        raise Conflict(N_("级别和规则都与现在相同，没有可改的"))
    direction = _direction(case, changed, protocol, rule_of(incident))
    if direction == DOWN and any(one["kind"] == "Regraded" for one in case.history.pending.values()):
        raise Conflict(N_("已有一项降级等待批准，请先核定"))
    return Regraded(
        happened_at=now, values=changed, protocol=named(protocol) if protocol else None, direction=direction,
        basis=Erasable(checked_text("basis", asked.basis) or ""), is_pending=direction == DOWN)


def _checked(asked: Regrading) -> dict[str, Any]:
    found: list[Refusal] = []
    for name, value in asked.values.items():
        if name not in SCALES:
            found.append(Invalid(N_("没有“%(name)s”这个分级"), field=name, name=name[:40]))
            continue
        attempt(found, checked_choice, name, value, SCALES[name])
    if attempt(found, checked_text, "basis", asked.basis) is None and not any(r.field == "basis" for r in found):
        found.append(Invalid(N_("请写明依据"), field="basis"))
    if found:
        raise Refusals(found)
    values: dict[str, Any] = dict(asked.values)
    if asked.is_sensitive is not None:
        values["is_sensitive"] = asked.is_sensitive
    return values


def _direction(case: Case, changed: Mapping[str, Any], protocol: ResponseProtocol | None,
               now: ResponseProtocol) -> str:
    """Up when any of it asks for more; down when it only asks for less. Raises Conflict when it does both.

    What is not graded runs the full clock (就高不就低): so taking a grade back counts as up. A grade given again is
    measured by the last one there was, a very first one is neither. A lighter rule is down.
    """
    moves = [_rank(changed[name]) - _rank(case.history.graded[name]) for name in DECIDING
             if changed.get(name) is not None and name in case.history.graded]
    moves += [1 for name in DECIDING if name in changed and changed[name] is None]
    if "is_sensitive" in changed:
        moves.append(1 if changed["is_sensitive"] else -1)
    if protocol is not None:
        moves.append(-1 if is_lighter(protocol, than=now) else 1)
    is_up, is_down = any(move > 0 for move in moves), any(move < 0 for move in moves)
    if is_up and is_down:
        raise Conflict(N_("这一次里有升有降，请分两次提交：升级立即生效，降级须经批准"))
    return UP if is_up else DOWN if is_down else LEVEL


def is_lighter(protocol: ResponseProtocol, *, than: ResponseProtocol) -> bool:
    """Whether a rule asks for less: some step of the other has longer in it, or is missing without a replacement.

    A step is replaced by one of the same kind of evidence that is due as soon; one logged by a note by any.
    """
    own = [step for step in protocol.steps if than.step(step.key) is None]

    def is_kept(step: Step) -> bool:
        found = protocol.step(step.key)
        if found is not None:
            return found.within <= step.within
        return any(one.within <= step.within and step.evidence in (one.evidence, "note") for one in own)

    return not all(is_kept(step) for step in than.steps)


def _rank(grade: str) -> int:
    return GRADES.index(grade)


def hints(*, opinion_grade: str | None, is_sensitive: bool, plays: int | None = None,
          platforms: int | None = None) -> list[str]:
    """What may be suggested for the opinion grade, as phrases; no legal force (domain 2.4)."""
    found = []
    if is_sensitive:
        found.append(N_("涉及敏感人、地、时、事：不论分级，按五步全程计时"))
    if opinion_grade is None:
        found.append(N_("尚未定级：就高不就低，按五步全程计时；建议30分钟内定级"))
        if (plays or 0) >= 100_000 or (platforms or 0) >= 2:
            found.append(N_("播放10万以上、两个以上平台或本地媒体介入，可考虑定为较大"))
    return found
