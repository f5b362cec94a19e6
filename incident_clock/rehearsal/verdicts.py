"""The words for how a step ended, as scenario files write them."""

import re

from incident_clock.phrases import N_, Phrases
from incident_clock.protocol.standing import Standing, Verdict

ONTIME, RESCUED, CONFIRMED, OPEN = "ontime", "ontime_backfilled", "ontime_backfilled_confirmed", "open"
WAIVED, TRANSFERRED, NOT_APPLICABLE = "waived", "transferred", "not_applicable"
LATE, TRANSFERRED_LATE = "late", "transferred_late"  # followed by whole minutes

TEXTS = {
    ONTIME: N_("按时"), RESCUED: N_("按时（补录，待核）"), CONFIRMED: N_("按时（补录，已核）"), OPEN: N_("未记录"),
    WAIVED: N_("免开"), TRANSFERRED: N_("移交"), NOT_APPLICABLE: N_("不适用"),
}
WORDS = (*TEXTS, f"{LATE} N", f"{TRANSFERRED_LATE} N")


def is_word(text: str) -> bool:
    """Whether a scenario may expect this: `ontime`, `late 6`, `waived` …"""
    return text in TEXTS or bool(re.fullmatch(rf"({LATE}|{TRANSFERRED_LATE}) [1-9][0-9]{{0,5}}", text))


def word_of(verdict: Verdict) -> str:
    """The word for a verdict of the views."""
    if verdict.standing in (Standing.WAITING, Standing.NEARING, Standing.OVERDUE):
        return OPEN
    if verdict.standing in (Standing.WAIVED, Standing.NOT_APPLICABLE):
        return verdict.standing.value
    if verdict.standing is Standing.TRANSFERRED:
        return f"{TRANSFERRED_LATE} {verdict.late_minutes}" if verdict.late_minutes else TRANSFERRED
    if verdict.late_minutes:
        return f"{LATE} {verdict.late_minutes}"
    return RESCUED if verdict.is_rescue else CONFIRMED if verdict.is_verified else ONTIME


def said(word: str, phrases: Phrases) -> str:
    """A word of `word_of` as people say it: `超时6分`."""
    kind, _, minutes = word.partition(" ")
    if kind == LATE:
        return phrases.say(N_("超时%(minutes)s"), minutes=phrases.minutes(int(minutes)))
    if kind == TRANSFERRED_LATE:
        return phrases.say(N_("移交（超时%(minutes)s）"), minutes=phrases.minutes(int(minutes)))
    return phrases.say(TEXTS[word])
