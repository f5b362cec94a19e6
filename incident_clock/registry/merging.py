"""Two registrations of one case become one, and a registration that was no case ends as void (domain 1.4, 7.4)."""

from datetime import datetime
from typing import Any

from incident_clock.errors import Conflict, Invalid
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.phrases import N_
from incident_clock.registry.case import Case, refuse_closed
from incident_clock.registry.case_facts import DuplicateAbsorbed, MergedInto, Voided
from incident_clock.registry.drafts import GRADES, checked_reason
from incident_clock.registry.grading import DECIDING, is_lighter


def merge(kept: Case, duplicate: Case, reason: str | None, *, actor: Actor, now: datetime) -> None:
    """`duplicate` ends; `kept` goes on, with the earlier T0 of both. What was logged under `duplicate` stays there.

    Raises Conflict for a drill and a real case, for one that has ended, and where the duplicate stands under the
    stricter rule; Invalid for one and the same, and without a reason.
    """
    if kept.incident.id == duplicate.incident.id:
        raise Invalid(N_("不能与自己合并"), field="number")
    if kept.incident.is_drill != duplicate.incident.is_drill:
        raise Conflict(N_("演练与真实事件不能合并"))
    for case in (kept, duplicate):
        refuse_closed(case.incident)
    if is_lighter(kept.history.rule, than=duplicate.history.rule):  # or a fake duplicate would silence a stricter clock
        raise Conflict(N_("%(number)s 的规则更严，请反过来并入那一件，或先把本件改级"),
                       number=duplicate.incident.number)
    said = Erasable(checked_reason(reason, is_required=True) or "")
    other = duplicate.incident
    kept.add(DuplicateAbsorbed(happened_at=now, number=other.number, clock_started_at=other.clock_started_at,
                               received_at=other.received_at, reason=said,
                               dues={one.step: one.due_at for one in duplicate.history.open_steps()},
                               values=_higher(kept.history.values, duplicate.history.values)), actor=actor, now=now)
    duplicate.add(MergedInto(happened_at=now, number=kept.incident.number, reason=said), actor=actor, now=now)


def _higher(kept: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What the case takes over: the higher of two grades, and that it is sensitive."""
    found: dict[str, Any] = {
        name: other[name] for name in DECIDING
        if kept[name] and other[name] and GRADES.index(other[name]) > GRADES.index(kept[name])}
    return found | ({"is_sensitive": True} if other["is_sensitive"] and not kept["is_sensitive"] else {})


def void(case: Case, reason: str | None, *, actor: Actor, now: datetime) -> int:
    """Ask for a registration to count as none: a drill entered as real, a test. A second person in another role must
    confirm it; until then its clock runs. Raises Conflict, Invalid without a reason."""
    refuse_closed(case.incident)
    if any(one["kind"] == "Voided" for one in case.history.pending.values()):
        raise Conflict(N_("已提出作废，正等另一人核实"))
    return case.add(Voided(happened_at=now, reason=Erasable(checked_reason(reason, is_required=True) or ""),
                           is_pending=True), actor=actor, now=now)
