"""Plays a scenario: its registration and its logs at the desk, the rule's ladder by the engine's own tick.

A step that ends by an approval stays open here and counts as not yet played; everything else of its scenario is
played and compared all the same.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from incident_clock.protocol.standing import is_late_entry
from incident_clock.registry.drafts import StepLog
from incident_clock.rehearsal.performance import Act, Event, Performance
from incident_clock.rehearsal.played import Played, played
from incident_clock.rehearsal.scenario import Scenario
from incident_clock.rehearsal.stage import Setting, open_stage
from incident_clock.views.shapes import IncidentView

WATCHED_FOR = timedelta(days=2)  # after T0, while a step is open and nothing more is going to be entered


def replay(scenario: Scenario, setting: Setting, *, tell: Callable[[Event], None] = lambda event: None) -> Played:
    """Play one scenario on a stage of its own; `tell` hears every event as it happens.

    Raises Refusals when the desk does not take the registration.
    """
    with open_stage(setting, starts_at=scenario.registered_at) as stage:
        performance = Performance(stage, tell, reach=stage.clock.move_to)
        performance.play(scenario.new, acts_of(scenario), until=last_look)
        return played(performance.end(), name=scenario.id, expected=scenario.expected,
                      expected_occurred=scenario.expected_occurred, unplayed=_unplayed(scenario, setting))


def acts_of(scenario: Scenario) -> list[Act]:
    """Every log, keyed in when the file says, else when it was done; nothing before the incident is registered."""
    return [_act(scenario, step, done) for step, done in scenario.done.items()]


def last_look(incident: IncidentView) -> datetime:
    """When a rehearsal is over although a step is open."""
    return incident.clock_started_at + WATCHED_FOR


def _act(scenario: Scenario, step: str, done: datetime) -> Act:
    entered = scenario.entered.get(step) or max(done, scenario.registered_at)
    received = scenario.new.received_at
    needs_reason = is_late_entry(happened_at=done, recorded_at=entered) or (received is not None and done < received)
    return Act(entered, step, StepLog(done_at=done, reason=scenario.reason if needs_reason else None))


def _unplayed(scenario: Scenario, setting: Setting) -> dict[str, dict[str, str]]:
    """Steps ended by an approval, and those that another rule gives another limit from then on; with their titles."""
    rule = setting.protocols[scenario.protocol]
    after = setting.protocols[scenario.profile_after] if scenario.profile_after else rule
    within = {step.key: step.within for step in rule.steps}
    changed = {step.key for step in after.steps if within.get(step.key) != step.within}
    return {step.key: step.title for step in (*rule.steps, *after.steps)
            if step.key in scenario.approved | changed}
