"""How a step stands right now: derived from facts each time it is shown, never stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from incident_clock.protocol.deadlines import late_minutes, overdue_from

NEARING_SHARE = 4  # nearing is the last quarter of a step's time
LATE_ENTRY_AFTER = timedelta(minutes=5)  # domain 9.2: an entry later than this after the fact is 补录
EXPLAINED_AFTER = timedelta(minutes=15)  # domain 9.2: one later than this needs its reason and its evidence

PENDING, CONFIRMED, REFUSED = "pending", "confirmed", "refused"  # what a second person says of an entry


class Standing(StrEnum):
    WAITING = "waiting"
    NEARING = "nearing"
    OVERDUE = "overdue"
    MET = "met"
    MET_LATE = "met_late"
    WAIVED = "waived"
    TRANSFERRED = "transferred"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Standing with its figures. `late_minutes` counts whole minutes past the due minute (0: none).

    `is_late_entry`: written down more than 5 min after the fact (补录). `is_rescue`: the entry helps the bureau (a late
    one that turns overdue into in time, or an earlier minute than before), so a second person has yet to verify it
    (待核). `is_verified`: he has (已核). `is_doubted`: he has not borne it out, so that it counts from when it was
    written down.
    """

    standing: Standing
    late_minutes: int = 0
    is_late_entry: bool = False
    is_rescue: bool = False
    is_verified: bool = False
    is_doubted: bool = False


def is_late_entry(*, happened_at: datetime, recorded_at: datetime) -> bool:
    """Whether an entry was written down more than 5 min after the fact."""
    return recorded_at - happened_at > LATE_ENTRY_AFTER


def standing_open(*, started: datetime, due: datetime, now: datetime) -> Verdict:
    """The standing of a step nobody has logged. `started` is T0."""
    if now >= overdue_from(due):
        return Verdict(Standing.OVERDUE, late_minutes=max(1, late_minutes(now, due)))
    nearing_from = due - (due - started) / NEARING_SHARE
    return Verdict(Standing.NEARING if now >= nearing_from else Standing.WAITING)


def standing_done(*, done: datetime, due: datetime, recorded: datetime, check: str | None = None,
                  counted: datetime | None = None) -> Verdict:
    """The standing of a logged step: done at `done`, written down at `recorded`.

    `check`: what a second person has to say of it, PENDING, CONFIRMED, REFUSED or None (nobody is asked); `counted`:
    the instant it counts with as long as his word is missing or against it (domain 9.2).
    """
    late = late_minutes(counted or done, due)
    late_entry = is_late_entry(happened_at=done, recorded_at=recorded)
    return Verdict(
        Standing.MET_LATE if late else Standing.MET, late_minutes=late, is_late_entry=late_entry,
        is_rescue=check == PENDING or (check is None and is_rescue(done=done, due=due, recorded=recorded)),
        is_verified=check == CONFIRMED, is_doubted=check == REFUSED)


def standing_transferred(*, accepted: datetime, due: datetime, check: str | None = None,
                         counted: datetime | None = None) -> Verdict:
    """The standing of a step another unit has taken over: late when it accepted after the due minute."""
    return Verdict(Standing.TRANSFERRED, late_minutes=late_minutes(counted or accepted, due),
                   is_rescue=check == PENDING, is_verified=check == CONFIRMED, is_doubted=check == REFUSED)


def is_rescue(*, done: datetime, due: datetime, recorded: datetime) -> bool:
    """Whether a late entry turns a step that counted as overdue when it was written down into one in time."""
    return (is_late_entry(happened_at=done, recorded_at=recorded) and not late_minutes(done, due)
            and recorded >= overdue_from(due))
