"""A verdict in words, the same on the page, in print and on the command line (display texts of domain 9.2)."""


from incident_clock.phrases import N_, Phrases
from incident_clock.protocol.standing import Standing, Verdict

STANDINGS = {
    Standing.WAITING: N_("计时中"), Standing.NEARING: N_("临近"), Standing.OVERDUE: N_("超时（已超%(late)s）"),
    Standing.MET: N_("按时"), Standing.MET_LATE: N_("超时%(minutes)s"), Standing.WAIVED: N_("免开"),
    Standing.TRANSFERRED: N_("移交"), Standing.NOT_APPLICABLE: N_("不适用"),
}


def standing_word(standing: Standing, late_minutes: int, phrases: Phrases) -> str:
    """The word alone: `按时`, `超时6分`, `移交` …"""
    late = phrases.minutes(late_minutes)
    return phrases.say(STANDINGS[standing], late=late, minutes=late)


def standing_words(verdict: Verdict, phrases: Phrases) -> str:
    """`按时（补录，待核）`, `按时（补录，已核）`, `超时6分（补录，未核实）`, `超时（已超8分）`, `移交（超时5分）` …"""
    said = standing_word(verdict.standing, verdict.late_minutes, phrases)
    notes = []
    if verdict.standing is Standing.TRANSFERRED and verdict.late_minutes:
        notes.append(standing_word(Standing.MET_LATE, verdict.late_minutes, phrases))
    notes += [phrases.say(word) for is_so, word in (
        (verdict.is_late_entry, N_("补录")), (verdict.is_rescue, N_("待核")), (verdict.is_verified, N_("已核")),
        (verdict.is_doubted, N_("未核实"))) if is_so]
    if not notes:
        return said
    between = N_("%(one)s，%(other)s")
    joined = notes[0]
    for note in notes[1:]:
        joined = phrases.say(between, one=joined, other=note)
    return phrases.say(N_("%(verdict)s（%(notes)s）"), verdict=said, notes=joined)
