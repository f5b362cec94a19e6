"""Plays a scenario: its registration, logs and approvals at the desk, the rule's ladder by the engine's own tick."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from incident_clock.protocol.standing import EXPLAINED_AFTER
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry.drafts import StepLog
from incident_clock.registry.grading import is_lighter
from incident_clock.rehearsal import cast, verdicts
from incident_clock.rehearsal.approvals import AnotherRule, CheckedLog, Transfer, Waiver
from incident_clock.rehearsal.performance import Act, Deed, Event, Performance
from incident_clock.rehearsal.played import Played, played
from incident_clock.rehearsal.scenario import Scenario
from incident_clock.rehearsal.stage import Setting, open_stage
from incident_clock.views.shapes import IncidentView

WATCHED_FOR = timedelta(days=2)  # after T0, while a step is open and nothing more is going to be entered


def replay(scenario: Scenario, setting: Setting, *, tell: Callable[[Event], None] = lambda event: None) -> Played:
    """Play one scenario on a stage of its own; `tell` hears every event as it happens.

    Raises Refusals when the desk does not take the registration.
    """
    setting, deeds = prepared(scenario, setting)
    with open_stage(setting, starts_at=scenario.registered_at) as stage:
        performance = Performance(stage, tell, reach=stage.clock.move_to)
        performance.play(scenario.new, deeds, until=last_look)
        return played(performance.end(), name=scenario.id, expected=scenario.expected,
                      expected_occurred=scenario.expected_occurred, titles=_titles(scenario, setting))


def prepared(scenario: Scenario, setting: Setting) -> tuple[Setting, list[Deed]]:
    """What is needed to play it: the rules, with those it brings about, and every deed.

    Deeds of one instant: logs come first, then a rule that asks for more, waivers, transfers, a rule that asks for
    less. So an upgrade does not ask again for what is waived with it, and a downgrade ends only what is left.
    """
    rule = setting.protocols[scenario.protocol]
    changes = _changes(scenario, setting)
    heavier = [change for change in changes if not is_lighter(change[2], than=rule)]
    deeds = [*_logs(scenario), *_rules(scenario, heavier), *_waivers(scenario), *_transfers(scenario, setting),
             *_rules(scenario, [change for change in changes if change not in heavier])]
    known = {change[2].key: change[2] for change in changes}
    return replace(setting, protocols={**setting.protocols, **known}), deeds


def last_look(incident: IncidentView) -> datetime:
    """When a rehearsal is over although a step is open."""
    return incident.clock_started_at + WATCHED_FOR


# ── the deeds: each when the file says, none before the incident is registered ────────────────────────────

def _logs(scenario: Scenario) -> list[Deed]:
    """Keyed in when the file says, else when it was done. Where a confirmed verdict is expected, it is confirmed."""
    deeds: list[Deed] = []
    for step, done in scenario.done.items():
        at, received = scenario.entered.get(step) or max(done, scenario.registered_at), scenario.new.received_at
        log = StepLog(done_at=done)
        if at - done > EXPLAINED_AFTER or (received is not None and done < received):
            log = StepLog(done_at=done, reason=_reason(scenario), evidence=cast.PAPER)
        words = (scenario.expected.get(step), scenario.expected_occurred.get(step))
        deeds.append(CheckedLog(at, step, log) if verdicts.CONFIRMED in words else Act(at, step, log))
    return _in_time(deeds)


def _waivers(scenario: Scenario) -> list[Deed]:
    return _in_time([Waiver(at=max(at, scenario.registered_at), approved_at=at, step=step, reason=_reason(scenario))
                     for step, at in scenario.waived.items()])


def _transfers(scenario: Scenario, setting: Setting) -> list[Deed]:
    """One that an earlier one takes along is none of its own."""
    place = {step.key: index for index, step in enumerate(setting.protocols[scenario.protocol].steps)}

    def is_taken_along(step: str, at: datetime) -> bool:
        return any(place.get(other, -1) < place.get(step, -1) and when <= at
                   for other, when in scenario.transferred.items())

    return _in_time([Transfer(at=max(at, scenario.registered_at), approved_at=at, step=step, reason=_reason(scenario))
                     for step, at in scenario.transferred.items() if not is_taken_along(step, at)])


def _rules(scenario: Scenario, changes: Collection[tuple[datetime, str, ResponseProtocol]]) -> list[Deed]:
    return _in_time([AnotherRule(at=max(at, scenario.registered_at), step=step, protocol=rule.key,
                                 reason=_reason(scenario)) for at, step, rule in changes])


def _changes(scenario: Scenario, setting: Setting) -> list[tuple[datetime, str, ResponseProtocol]]:
    """When, because of which step, and which rule the case stands under from then on.

    It is the one the file names, without the steps that are not applicable; where it names none, the rule it had
    without them. A file that has only waivers or transfers changes the rule with the first of them.
    """
    rule = setting.protocols[scenario.profile_after or scenario.protocol]
    approved = scenario.not_applicable
    if scenario.profile_after and not approved:
        approved = dict([min((scenario.waived | scenario.transferred).items(), key=lambda one: one[1])])
    found = {}
    for step, at in sorted(approved.items(), key=lambda one: one[1]):
        gone = {key for key, when in scenario.not_applicable.items() if when <= at}
        found[at] = (at, step, _without(rule, gone))
    return list(found.values())


def _without(rule: ResponseProtocol, gone: Collection[str]) -> ResponseProtocol:
    """The rule without these steps and what follows them, under a key of its own where that makes it another one."""
    steps = tuple(step for step in rule.steps if step.key not in gone)
    if steps == rule.steps:
        return rule
    return replace(rule, key=f"{rule.key}-{len(steps)}", steps=steps,
                   follow_ups=tuple(each for each in rule.follow_ups if each.since not in gone))


def _in_time(deeds: list[Deed]) -> list[Deed]:
    return sorted(deeds, key=lambda deed: deed.at)


def _reason(scenario: Scenario) -> str:
    return scenario.reason or cast.REASON


def _titles(scenario: Scenario, setting: Setting) -> dict[str, dict[str, str]]:
    rules = (scenario.protocol, *([scenario.profile_after] if scenario.profile_after else []))
    return {step.key: step.title for rule in rules for step in setting.protocols[rule].steps}
