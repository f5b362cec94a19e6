"""What an obligation asks for: its title, limit, evidence and ladder, from the rule it stands under. Reading only."""

from functools import lru_cache

from incident_clock.protocol import tasks
from incident_clock.protocol.steps import PERSON, ResponseProtocol, Step
from incident_clock.registry.history import FOLLOW_UP, STEP
from incident_clock.registry.tables import Deadline, Incident


@lru_cache(maxsize=64)
def rule_from(stamp: str) -> ResponseProtocol:
    """The rule of a stamp; read once, since few are in use."""
    return ResponseProtocol.from_stamp(stamp)


def step_of(deadline: Deadline) -> Step:
    """The step of a deadline with the limit it has now: follow-ups and tasks are steps of their own."""
    stamp = (deadline.protocol or deadline.incident.protocol).stamp
    if deadline.kind == STEP:
        found = rule_from(stamp).step(deadline.step)
        assert found is not None
        return found
    within = deadline.due_at - deadline.started_at
    if deadline.kind == FOLLOW_UP:
        each = next(one for one in rule_from(stamp).follow_ups if one.key == follow_up_key(deadline))
        title = each.title if each.after_close is not None else tasks.numbered(each.title, deadline.ordinal)
        return Step(deadline.step, title, within, each.evidence, each.ladder)
    title = tasks.numbered(tasks.TITLES[deadline.step.rpartition("-")[0]], deadline.ordinal)
    return Step(deadline.step, title, within, "note", tasks.ladder_for(f"{PERSON}{deadline.owner}"))


def follow_up_key(deadline: Deadline) -> str:
    """The key of a follow-up in its rule; the n-th time carries its number behind it."""
    return deadline.step.removesuffix(f"-{deadline.ordinal}")


def steps_of(incident: Incident) -> dict[str, Step]:
    """Key → step, of everything this incident ever asked for, in order."""
    return {deadline.step: step_of(deadline) for deadline in incident.deadlines}
