"""When an obligation that comes again is due next. Pure; the rule stands in the protocol (domain 3.5, 5.1)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from incident_clock.protocol.steps import FollowUp

LEAST_GAP = timedelta(hours=1)  # no report is asked for at a fixed hour that comes sooner after the last one


def next_due(follow_up: FollowUp, *, done: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """When it is due next. `done`: when the one before it (or the step it follows) was done, or the closing; `after`:
    when that was due. Hours that went by meanwhile are not asked for again."""
    if follow_up.every is not None:
        return done + follow_up.every
    if follow_up.after_close is not None:
        return done + follow_up.after_close
    earliest = max(done + LEAST_GAP, after + timedelta(minutes=1)).astimezone(zone)
    slots = (datetime.combine(earliest.date() + timedelta(days=day), at, zone)
             for day in (0, 1) for at in sorted(follow_up.daily_at))
    return next(slot for slot in slots if slot >= earliest)


def key_of(follow_up: FollowUp, ordinal: int) -> str:
    """The step's key of the n-th time: `progress_report-2`; what comes once keeps its own."""
    return follow_up.key if follow_up.after_close is not None else f"{follow_up.key}-{ordinal}"
