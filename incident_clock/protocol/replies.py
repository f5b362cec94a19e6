"""What people answer by SMS: a digit for the action and the incident's spoken number (`1037`), read forgivingly.

Who may answer, and what it does, is decided where the messages are known (`inbox.py`).
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
SPOKEN = "[0-9]{3}|[1-9][0-9]{3,}"  # as `registry/numbers.py` writes it
NUMBER = re.compile(SPOKEN)
CODE = re.compile(rf"([{''.join(map(str, ACTIONS))}])({SPOKEN})?")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that was understood. `spoken`: the incident's number as it is said (`037`, `1000`), the likeliest
    reading first; empty: a bare answer."""

    action: int
    spoken: tuple[str, ...] = ()


def read_reply(text: str) -> Reply | None:
    """`1037`, `１０３７`, `1 037。`, `收到`, `收到1037`, `收到037`, `1` → what is meant; None for anything else.

    The number has three digits, four past incident 999. Behind a word four digits may be the code of the message
    (1037: incident 037) or the number alone (incident 1037): both readings are given.
    """
    bare = NOISE.sub("", unicodedata.normalize("NFKC", text)).lower()
    for word, action in WORDS.items():
        rest = bare.removeprefix(word).removesuffix(word)
        if rest == bare:
            continue
        code = _code(rest)
        as_code = code.spoken if code is not None and code.action == action else None
        as_number = (rest,) if NUMBER.fullmatch(rest) else ()
        if as_code is not None or as_number or not rest:
            return Reply(action, (*(as_code or ()), *as_number))
    return _code(bare)


def _code(digits: str) -> Reply | None:
    found = CODE.fullmatch(digits)
    return None if found is None else Reply(int(found[1]), (found[2],) if found[2] else ())


def paused_until(*, due: datetime, now: datetime) -> datetime:
    """How long an acknowledgement keeps repeats away: min(10 min, a quarter of what is left); past the deadline
    nothing is left, and nothing is paused."""
    return now + min(LONGEST_PAUSE, max(due - now, timedelta(0)) / SHARE_LEFT)
