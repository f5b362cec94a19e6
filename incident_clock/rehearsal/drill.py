"""A drill: a marked incident on a throw-away database, played at N times the real speed before the viewer's eyes.

The cast logs each step at three quarters of its time, save one that is left until its deadline has passed and the
leaders were called twice: so that escalation and all-clear are both seen.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from incident_clock.clock import Clock, VirtualClock
from incident_clock.errors import ConfigError
from incident_clock.phrases import N_
from incident_clock.protocol.steps import ResponseProtocol, Step
from incident_clock.registry.drafts import NewIncident, StepLog
from incident_clock.rehearsal.performance import Act, Event, Performance
from incident_clock.rehearsal.played import Played, played
from incident_clock.rehearsal.replay import last_look
from incident_clock.rehearsal.stage import Setting, open_stage

FASTEST = "max"
HIGHEST_SPEED = 1_000_000
LOGGED_AT = 3 / 4  # of a step's time
LEFT_OVER = 1  # index of the step that is left until it is overdue, where there is one

TITLE = N_("沿街户外广告牌被大风刮落（演练脚本）")
PLACE = N_("模拟场景")
SUMMARY = N_("演练假设，非真实事件")


def read_speed(written: str) -> float | None:
    """How many times faster than real time: `60`, `60x`, or `max` (None: without waiting). Raises ConfigError."""
    if written.strip().lower() == FASTEST:
        return None
    try:
        speed = float(written.strip().lower().removesuffix("x"))
    except ValueError:
        speed = 0
    if not 0 < speed <= HIGHEST_SPEED:
        why = f"is not a number from above 0 to {HIGHEST_SPEED}"
        raise ConfigError([f"The speed {written!r} {why}: write one like 60 (a minute a second), or {FASTEST}."])
    return speed


def drill(protocol: ResponseProtocol, setting: Setting, *, speed: float | None, clock: Clock,
          wait: Callable[[float], object], tell: Callable[[Event], None]) -> Played:
    """Play a drill of `protocol` that starts now; `tell` hears every event as it happens.

    `speed` as `read_speed` gives it; `clock` is the machine's; `wait` lets that many seconds pass. Ctrl-C ends the
    drill early: what was played until then is given back, marked as interrupted.
    """
    is_interrupted = False
    with open_stage(setting, starts_at=clock.now()) as stage:
        performance = Performance(stage, tell, reach=stage.clock.move_to)
        if speed is not None:
            performance.reach = _paced(stage.clock, clock, wait, speed)
        now = stage.clock.now()
        new = NewIncident(title=setting.phrases.say(TITLE), place=setting.phrases.say(PLACE), received_at=now,
                          summary=setting.phrases.say(SUMMARY), is_drill=True, protocol=protocol.key)
        acts = [Act(now + after, step.key, StepLog()) for step, after in _plan(protocol)]
        try:
            performance.play(new, acts, until=last_look)
        except KeyboardInterrupt:
            is_interrupted = True
        return played(performance.end(), name=protocol.key, expected={}, expected_occurred={}, unplayed={},
                      is_interrupted=is_interrupted)


def _plan(protocol: ResponseProtocol) -> list[tuple[Step, timedelta]]:
    """When each step is logged, counted from T0."""
    left_over = min(LEFT_OVER, len(protocol.steps) - 1)
    return [(step, _after_being_called_twice(step) if index == left_over else step.within * LOGGED_AT)
            for index, step in enumerate(protocol.steps)]


def _after_being_called_twice(step: Step) -> timedelta:
    """Half a pause behind the first repeat of the last rung, so that nothing else stands at that instant."""
    last = step.ladder[-1]
    pause = last.repeats[0].every if last.repeats else step.within / 4
    return max(step.within, last.from_start(step.within)) + pause * 1.5


def _paced(virtual: VirtualClock, clock: Clock, wait: Callable[[float], object],
           speed: float) -> Callable[[datetime], None]:
    """Moves the virtual clock no earlier than `speed` times the real time that has passed since now."""
    virtual_start, real_start = virtual.now(), clock.monotonic()

    def reach(instant: datetime) -> None:
        ahead_s = (instant - virtual_start).total_seconds() / speed - (clock.monotonic() - real_start)
        if ahead_s > 0:
            wait(ahead_s)
        virtual.move_to(instant)

    return reach
