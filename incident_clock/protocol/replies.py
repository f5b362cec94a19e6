"""What people answer by SMS: a digit for the action and the incident's spoken number (`1037`), read forgivingly.

Who may answer, and what it does, is decided where the messages are known (`desk.py`).
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

ACKNOWLEDGE, PASS_ON, DONE_SOON, NOT_ME = 1, 2, 3, 9  # 收到 · 转B角 · 已办稍后补录 · 误收 (domain 7.2)
ACTIONS = (ACKNOWLEDGE, PASS_ON, DONE_SOON, NOT_ME)
WORDS = {"收到": ACKNOWLEDGE, "确认": ACKNOWLEDGE, "已收到": ACKNOWLEDGE, "ok": ACKNOWLEDGE}

LONGEST_PAUSE = timedelta(minutes=10)
SHARE_LEFT = 4  # at most a quarter of what is left

NOISE = re.compile(r"[\s\W_]+")
CODE = re.compile(rf"([{''.join(map(str, ACTIONS))}])(\d{{3,}})?")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that was understood. `spoken` is the incident's number as it is said (`037`, `1000`), None: bare."""

    action: int
    spoken: str | None


def read_reply(text: str) -> Reply | None:
    """`1037`, `１０３７`, `1 037。`, `收到`, `1` → what is meant; None for anything else.

    The number has three digits, four past incident 999.
    """
    bare = NOISE.sub("", unicodedata.normalize("NFKC", text)).lower()
    if bare in WORDS:
        return Reply(WORDS[bare], None)
    for word, action in WORDS.items():
        rest = bare.removeprefix(word).removesuffix(word)
        if rest != bare and rest.isascii() and rest.isdecimal() and len(rest) >= 3:
            return Reply(action, rest)
    found = CODE.fullmatch(bare) if bare.isascii() else None
    if found is None or (found[2] and len(found[2]) > 3 and found[2].startswith("0")):
        return None
    return Reply(int(found[1]), found[2])


def paused_until(*, due: datetime, now: datetime) -> datetime:
    """How long an acknowledgement keeps repeats away: min(10 min, a quarter of what is left); past the deadline
    nothing is left, and nothing is paused."""
    return now + min(LONGEST_PAUSE, max(due - now, timedelta(0)) / SHARE_LEFT)
