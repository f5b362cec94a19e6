"""A verdict in words, the same on the page, in print and on the command line (display texts of domain 9.2)."""

from datetime import timedelta

from incident_clock.phrases import N_, Phrases
from incident_clock.protocol.standing import Standing, Verdict

STANDINGS = {
    Standing.WAITING: N_("计时中"), Standing.NEARING: N_("临近"), Standing.OVERDUE: N_("超时（已超%(late)s）"),
    Standing.MET: N_("按时"), Standing.MET_LATE: N_("迟%(late)s"), Standing.WAIVED: N_("免开"),
    Standing.TRANSFERRED: N_("已移交"), Standing.NOT_APPLICABLE: N_("不适用"),
}


def standing_words(verdict: Verdict, phrases: Phrases) -> str:
    """`按时（补录，待核）`, `迟6分`, `超时（已超8分）` …"""
    late = phrases.duration(timedelta(minutes=verdict.late_minutes))
    said = phrases.say(STANDINGS[verdict.standing], late=late)
    if verdict.is_rescue:
        return said + phrases.say("（补录，待核）")
    return said + (phrases.say("（补录）") if verdict.is_late_entry else "")
