"""When a step is due, and whether a done instant was in time. Minute precision, as officers enter HH:MM.

Rule (domain 1.4): on time means floor_minute(done) <= floor_minute(due); a step is overdue from the minute
after its due minute, so 14:25 for a 14:25 deadline is never called late.
"""

from datetime import datetime, timedelta

from incident_clock.protocol.steps import Step

MINUTE = timedelta(minutes=1)


def floor_minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def due_at(step: Step, clock_started_at: datetime) -> datetime:
    """The exact due instant: T0 plus the step's limit."""
    return clock_started_at + step.within


def overdue_from(due: datetime) -> datetime:
    """The first instant at which an unlogged step counts as overdue."""
    return floor_minute(due) + MINUTE


def late_minutes(done: datetime, due: datetime) -> int:
    """Whole minutes past the due minute; 0 when in time."""
    return max(0, int((floor_minute(done) - floor_minute(due)) / MINUTE))
