"""The words for how a step ended, as scenario files write them, and which of them can be played."""

import re

from incident_clock.phrases import N_, Phrases
from incident_clock.protocol.standing import Standing, Verdict

ONTIME, RESCUED, OPEN = "ontime", "ontime_backfilled", "open"
LATE, TRANSFERRED_LATE = "late", "transferred_late"  # followed by whole minutes
NEED_APPROVAL = ("ontime_backfilled_confirmed", "waived", "transferred", "not_applicable")  # no verb leads there yet
WORDS = (ONTIME, f"{LATE} N", RESCUED, OPEN, *NEED_APPROVAL, f"{TRANSFERRED_LATE} N")

TEXTS = {ONTIME: N_("按时"), RESCUED: N_("按时（补录，待核）"), OPEN: N_("未记录")}


def is_word(text: str) -> bool:
    """Whether a scenario may expect this: `ontime`, `late 6`, `waived` …"""
    return text in (ONTIME, RESCUED, OPEN, *NEED_APPROVAL) or bool(
        re.fullmatch(rf"({LATE}|{TRANSFERRED_LATE}) [1-9][0-9]{{0,5}}", text))


def is_playable(word: str) -> bool:
    """Whether the verbs there are can lead to this end."""
    return word not in NEED_APPROVAL and not word.startswith(TRANSFERRED_LATE)


def word_of(verdict: Verdict) -> str:
    """The word for a verdict of the views."""
    if verdict.standing in (Standing.WAITING, Standing.NEARING, Standing.OVERDUE):
        return OPEN
    if verdict.late_minutes:
        return f"{LATE} {verdict.late_minutes}"
    return RESCUED if verdict.is_rescue else ONTIME


def said(word: str, phrases: Phrases) -> str:
    """A word of `word_of` as people say it: `超时6分`."""
    if word.startswith(LATE):
        return phrases.say(N_("超时%(minutes)s"), minutes=phrases.minutes(int(word.split()[1])))
    return phrases.say(TEXTS[word])
