"""What an obligation asks for: its title, limit, evidence and ladder, from the rule it stands under. Reading only."""

from functools import lru_cache

from incident_clock.errors import Conflict, NotFound
from incident_clock.phrases import N_
from incident_clock.protocol import checks, tasks
from incident_clock.protocol.steps import PERSON, ResponseProtocol, Step
from incident_clock.registry.history import CHECK, FOLLOW_UP, STEP
from incident_clock.registry.tables import Deadline, Incident


@lru_cache(maxsize=64)
def rule_from(stamp: str) -> ResponseProtocol:
    """The rule of a stamp; read once, since few are in use."""
    return ResponseProtocol.from_stamp(stamp)


def step_of(deadline: Deadline) -> Step:
    """The step of a deadline with the limit it has now: follow-ups, tasks and what a second
    person has to decide are steps of their own."""
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
    if deadline.kind == CHECK:
        kind = checks.kind_of(deadline.step)
        return Step(deadline.step, checks.TITLES[kind], within, checks.EVIDENCE, checks.LADDERS[kind])
    title = tasks.numbered(tasks.TITLES[deadline.step.rpartition("-")[0]], deadline.ordinal)
    return Step(deadline.step, title, within, "note", tasks.ladder_for(f"{PERSON}{deadline.owner}"))


def follow_up_key(deadline: Deadline) -> str:
    """The key of a follow-up in its rule; the n-th time carries its number behind it."""
    return deadline.step.removesuffix(f"-{deadline.ordinal}")


def steps_of(incident: Incident) -> dict[str, Step]:
    """Key → step, of everything this incident ever asked for, in order."""
    return {deadline.step: step_of(deadline) for deadline in incident.deadlines}


def deadline_of(incident: Incident, step: str) -> Deadline:
    found = next((d for d in incident.deadlines if d.step == step), None)
    if found is None:
        raise NotFound(N_("没有“%(step)s”这一步，本事件的步骤：%(steps)s"), step=step[:40],
                       steps=[d.step for d in incident.deadlines])
    return found


def work_of(incident: Incident, step: str) -> Deadline:
    """What can be logged, withdrawn, waived. Raises NotFound; Conflict for what is to be decided instead."""
    deadline = deadline_of(incident, step)
    if deadline.kind == CHECK:
        raise Conflict(N_("这一项不用登记，请对第%(sequence)s条作出核定"), sequence=deadline.ordinal)
    return deadline
