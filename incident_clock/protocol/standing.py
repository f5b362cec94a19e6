"""How a step stands right now: derived from facts each time it is shown, never stored.

`waived`, `transferred` and `not_applicable` are part of the vocabulary already; the verbs that lead to them
come with the approvals.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from incident_clock.protocol.deadlines import late_minutes, overdue_from

NEARING_SHARE = 4  # nearing is the last quarter of a step's time
LATE_ENTRY_AFTER = timedelta(minutes=5)  # domain 9.2: an entry later than this after the fact is 补录


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

    `is_late_entry`: written down more than 5 min after the fact (补录). `is_rescue`: that late entry turned a
    step that already counted as overdue into one in time, so a second person has yet to verify it (待核).
    """

    standing: Standing
    late_minutes: int = 0
    is_late_entry: bool = False
    is_rescue: bool = False


def is_late_entry(*, happened_at: datetime, recorded_at: datetime) -> bool:
    """Whether an entry was written down more than 5 min after the fact."""
    return recorded_at - happened_at > LATE_ENTRY_AFTER


def standing_open(*, started: datetime, due: datetime, now: datetime) -> Verdict:
    """The standing of a step nobody has logged. `started` is T0."""
    if now >= overdue_from(due):
        return Verdict(Standing.OVERDUE, late_minutes=max(1, late_minutes(now, due)))
    nearing_from = due - (due - started) / NEARING_SHARE
    return Verdict(Standing.NEARING if now >= nearing_from else Standing.WAITING)


def standing_done(*, done: datetime, due: datetime, recorded: datetime) -> Verdict:
    """The standing of a logged step: done at `done`, written down at `recorded`."""
    late = late_minutes(done, due)
    late_entry = is_late_entry(happened_at=done, recorded_at=recorded)
    return Verdict(
        Standing.MET_LATE if late else Standing.MET, late_minutes=late, is_late_entry=late_entry,
        is_rescue=late_entry and not late and recorded >= overdue_from(due),
    )
