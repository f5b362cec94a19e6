"""What a second person has to decide: how that is called, by when, and who is reminded until somebody has. Pure.

The rule says that a second person decides (domain 2.5, 9.2), not within what time: that is ours. Whoever is on duty is
asked at once; nobody else is woken for it, so what follows comes in the afternoon of the next day.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from incident_clock.protocol.steps import AFTER, BEFORE_DUE, OVERDUE_BY, Repeat, Rung

EVIDENCE = "check"  # nothing is logged: it ends with the decision
DECIDED_BY = time(17)  # of the day after the entry
TITLES = {  # kind of the entry that waits → what is asked
    "StepLogged": {"zh": "补录核实", "en": "Verification of a late entry"},
    "Corrected": {"zh": "更正核实", "en": "Verification of a correction"},
    "TransferAccepted": {"zh": "移交核实", "en": "Verification of a transfer"},
    "Voided": {"zh": "作废核实", "en": "Verification of a voiding"},
    "Regraded": {"zh": "降级审批", "en": "Approval of a downgrade"},
}
LAST = Rung(3, OVERDUE_BY, timedelta(minutes=1), ("deputy", "head"), repeats=(Repeat(timedelta(hours=24)),))
ON_DUTY = (  # whoever is on duty beside the one who wrote it
    Rung(1, AFTER, timedelta(), ("duty_chief", "duty_leader")),
    Rung(2, BEFORE_DUE, timedelta(hours=2), ("duty_leader", "deputy")), LAST)
APPROVERS = (  # a downgrade is approved by 分管领导 or above
    Rung(1, AFTER, timedelta(), ("deputy",)), Rung(2, BEFORE_DUE, timedelta(hours=2), ("deputy", "head")), LAST)
LADDERS = {kind: APPROVERS if kind == "Regraded" else ON_DUTY for kind in TITLES}


def due_at(recorded: datetime, zone: ZoneInfo) -> datetime:
    """By when an entry written down then has to be decided about."""
    return datetime.combine(recorded.astimezone(zone).date() + timedelta(days=1), DECIDED_BY, zone)


def key_of(kind: str, sequence: int) -> str:
    """The key of the obligation to decide about an entry: `check-StepLogged-12`."""
    return f"check-{kind}-{sequence}"


def kind_of(key: str) -> str:
    """The kind of entry that obligation is about."""
    return key.split("-")[1]
