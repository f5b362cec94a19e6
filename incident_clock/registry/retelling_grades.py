"""What a re-grading comes to, retold: which steps are asked for, by when, and in which order (domain 2.5). Pure."""

from datetime import datetime, timedelta
from typing import Any

from incident_clock.protocol.deadlines import due_at, overdue_from
from incident_clock.registry.history import (
    CHECK,
    FOLLOW_UP,
    NOT_APPLICABLE,
    STEP,
    TASK,
    UP,
    WAIVED,
    History,
    Obligation,
)

UPGRADE_GRACE = timedelta(minutes=30)  # for a step asked for by an upgrade when its time is over


def regrade(history: History, body: dict[str, Any], *, at: datetime, sequence: int) -> None:
    """Another grade from `at` on: the steps of its rule count from the same T0 (domain 2.5).

    30 min are given where the time of a step is over that was not asked for until now: one that was waived before it
    was overdue, that an approved downgrade dropped, or that no rule asked for while the case had its lower grade. What
    was overdue stays so.
    """
    was_graded = bool(history.graded)
    history.values |= body["values"]
    history.note_grades()
    is_up = body["direction"] == UP
    if body["protocol"] is not None:
        for one in history.steps.values():  # what it stood under until now stays its own
            one.rule = one.rule or history.protocol
        history.protocol = body["protocol"]["hash"]
        _drop_what_the_rule_lacks(history, at=at, sequence=sequence, is_up=is_up)
    rule, started = history.rule, history.clock_started_at
    assert started is not None
    for step in rule.steps:
        due, is_new = due_at(step, started), step.key not in history.steps
        one = history.steps.setdefault(step.key, Obligation(step.key, STEP, len(history.steps), started, due))
        is_again, was_in_time = is_new, was_graded
        if is_up and one.ended in (WAIVED, NOT_APPLICABLE):
            was_waived_late = one.ended == WAIVED and one.settled_at and one.settled_at >= overdue_from(one.due_at)
            is_again, was_in_time = True, not was_waived_late
            one.reopen(at)
        if one.is_open and (is_again or (body["protocol"] is not None and (one.first_due_at or one.due_at) != due)):
            one.rule = history.protocol
            has_grace = due <= at and (was_in_time if is_again else at < one.due_at)
            one.first_due_at = due if has_grace else None
            one.begin_anew(within=step.within, due=at + UPGRADE_GRACE if has_grace else due)
    for position, one in enumerate(sorted(history.steps.values(), key=_place)):
        one.position = position


def _place(one: Obligation) -> tuple[bool, datetime | int]:
    """Where an obligation stands: steps in the order of their deadlines, then everything else as it came."""
    return (False, one.first_due_at or one.due_at) if one.kind == STEP else (True, one.position)


def _drop_what_the_rule_lacks(history: History, *, at: datetime, sequence: int, is_up: bool) -> None:
    """Open steps and follow-ups another rule does not ask for are not applicable; they are never deleted. An upgrade
    drops nothing that is overdue."""
    follow_ups = {each.key for each in history.rule.follow_ups}
    for one in history.steps.values():
        is_asked = one.kind in (TASK, CHECK) or (one.follow_up in follow_ups if one.kind == FOLLOW_UP
                                        else history.rule.step(one.step) is not None)
        if one.is_open and not is_asked and not (is_up and overdue_from(one.due_at) <= at):
            one.end(NOT_APPLICABLE, done_at=at, settled_at=at, sequence=sequence)
