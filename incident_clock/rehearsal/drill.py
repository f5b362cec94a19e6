"""A drill: a marked incident on a throw-away database, played at N times the real speed before the viewer's eyes, and
really told to a company where one is handed in.

The cast logs each step at three quarters of its time, save one that is left until its deadline has passed and the
leaders were called twice: so that escalation and all-clear are both seen. What a rule asks for in the days after its
steps is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from incident_clock.clock import Clock, VirtualClock
from incident_clock.errors import ConfigError
from incident_clock.phrases import N_
from incident_clock.protocol.steps import ResponseProtocol, Step
from incident_clock.registry.drafts import NewIncident, StepLog
from incident_clock.rehearsal.performance import Act, Event, Performance
from incident_clock.rehearsal.played import Played, played
from incident_clock.rehearsal.stage import Company, Setting, Stage, open_stage
from incident_clock.views import drill_card, messages
from incident_clock.views.drill_card import DrillCard

FASTEST = "max"
HIGHEST_SPEED = 1_000_000
HIGHEST_WITH_COMPANY = 60  # faster, nobody could follow what he is told
LOGGED_AT = 3 / 4  # of a step's time
LEFT_OVER = 1  # index of the step that is left until it is overdue, where there is one

TITLE = N_("沿街户外广告牌被大风刮落（演练脚本）")
PLACE = N_("模拟场景")
SUMMARY = N_("演练假设，非真实事件")


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill came to. `left_over`: the step that the script leaves until it is overdue."""

    played: Played
    card: DrillCard
    left_over: Step

    @property
    def has_finding(self) -> bool:
        return self.played.has_finding

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {**self.played.plain(), "left_over": self.left_over.key, "card": drill_card.plain(self.card)}


def read_speed(written: str, *, is_told: bool = False) -> float | None:
    """How many times faster than real time: `60`, `60x`, or `max` (None: without waiting). `is_told`: to real people,
    who must be able to follow. Raises ConfigError."""
    if is_told:
        return _read_number(written, HIGHEST_WITH_COMPANY, "write one like 10, or 1 for real time")
    if written.strip().lower() == FASTEST:
        return None
    return _read_number(written, HIGHEST_SPEED, f"write one like 60 (a minute a second), or {FASTEST}")


def _read_number(written: str, highest: int, example: str) -> float:
    try:
        speed = float(written.strip().lower().removesuffix("x"))
    except ValueError:
        speed = 0
    if not 0 < speed <= highest:
        raise ConfigError([f"The speed {written!r} is not a number from above 0 to {highest}: {example}."])
    return speed


def drill(protocol: ResponseProtocol, setting: Setting, *, speed: float | None, clock: Clock,
          wait: Callable[[float], object], tell: Callable[[Event], None], company: Company | None = None) -> Drilled:
    """Play a drill of `protocol` that starts now; `tell` hears every event as it happens.

    `speed` as `read_speed` gives it; `clock` is the machine's; `wait` lets that many seconds pass; `company` is really
    told. Ctrl-C ends the drill early: what was played until then is given back, marked as interrupted.
    """
    is_interrupted = False
    setting = replace(setting, protocols={**setting.protocols, protocol.key: replace(protocol, follow_ups=())})
    with open_stage(setting, starts_at=clock.now(), company=company) as stage:
        performance = Performance(stage, tell, reach=stage.clock.move_to)
        if speed is not None:
            performance.reach = _paced(stage.clock, clock, wait, speed)
        now = stage.clock.now()
        new = NewIncident(title=setting.phrases.say(TITLE), place=setting.phrases.say(PLACE), received_at=now,
                          summary=setting.phrases.say(SUMMARY), is_drill=True, protocol=protocol.key)
        acts = [Act(now + after, step.key, StepLog()) for step, after in _plan(protocol)]
        try:
            performance.play(new, acts, until=lambda seen: max(act.at for act in acts))
        except KeyboardInterrupt:
            is_interrupted = True
        done = played(performance.end(), name=protocol.key, expected={}, expected_occurred={},
                      is_interrupted=is_interrupted)
        left_over = protocol.steps[_left_over(protocol)]
        return Drilled(done, _card(stage, performance.incident_id, left_over), left_over)


def _card(stage: Stage, incident_id: int, left_over: Step) -> DrillCard:
    """There is no page on a stage: nobody can answer, so that answers do not count."""
    seen = stage.views.incident(incident_id, stage.clock.now())
    with stage.store.read() as session:
        sent = messages.messages(session, incident_id=incident_id, limit=drill_card.MESSAGES,
                                 text_now=lambda message: "")
    return drill_card.drill_card(seen, stage.views.entries(incident_id), sent, is_measured=False,
                                 late_by_script=left_over.key)


def _plan(protocol: ResponseProtocol) -> list[tuple[Step, timedelta]]:
    """When each step is logged, counted from T0."""
    return [(step, _after_being_called_twice(step) if index == _left_over(protocol) else step.within * LOGGED_AT)
            for index, step in enumerate(protocol.steps)]


def _left_over(protocol: ResponseProtocol) -> int:
    return min(LEFT_OVER, len(protocol.steps) - 1)


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
