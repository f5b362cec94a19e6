"""What Aliyun pushes over HTTP, read from its JSON arrays: SmsReport (states) and SmsUp (texts that came in).

Pure. Nothing of it is signed: a report is only a hint to look up, and a text is somebody's word that he is its sender.
A push is repeated until it is answered with ANSWER and HTTP 200, so each item names itself once within one push.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

REPORT_PATH = "/callbacks/aliyun/report"
INBOUND_PATH = "/callbacks/aliyun/inbound"
ANSWER = {"code": 0, "msg": "接收成功"}
MOST_ITEMS = 1000
LONGEST_TEXT = 2000  # letters: more is no SMS

ID = re.compile(r"[0-9A-Za-z^_-]{1,64}")
MOBILE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9][0-9]{9})")


@dataclass(frozen=True, slots=True)
class Hint:
    """Something may have become of the SMS `provider_id`. `tracking` is what the letter gave, or empty."""

    provider_id: str
    tracking: str


@dataclass(frozen=True, slots=True)
class InboundText:
    """An SMS that came in. `provider_id` names it, whoever repeats it; `sender` is in E.164."""

    provider_id: str
    sender: str = field(repr=False)
    text: str = field(repr=False)


def read_reports(body: bytes) -> list[Hint]:
    """A push of SmsReport: each SMS once. Whatever is no report of ours is left out."""
    found: dict[str, Hint] = {}
    for item in _items(body):
        biz_id, out_id = item.get("biz_id"), item.get("out_id")
        if isinstance(biz_id, str) and ID.fullmatch(biz_id):
            is_word = isinstance(out_id, str) and ID.fullmatch(out_id) is not None
            found.setdefault(biz_id, Hint(biz_id, str(out_id) if is_word else ""))
    return list(found.values())


def read_inbound(body: bytes) -> list[InboundText]:
    """A push of SmsUp: each text once, in the order given. Whatever has no sender and no number of its own is left
    out; the text may be empty."""
    found: dict[str, InboundText] = {}
    for item in _items(body):
        number, sender, text = item.get("sequence_id"), item.get("phone_number"), item.get("content")
        is_number = isinstance(number, int | str) and not isinstance(number, bool)
        mobile = MOBILE.fullmatch(sender) if isinstance(sender, str) else None
        if is_number and ID.fullmatch(str(number)) and mobile and isinstance(text, str) and len(text) <= LONGEST_TEXT:
            found.setdefault(str(number), InboundText(str(number), f"+86{mobile[1]}", text))
    return list(found.values())


def _items(body: bytes) -> Iterator[dict[str, Any]]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return
    for item in said[:MOST_ITEMS] if isinstance(said, list) else ():
        if isinstance(item, dict):
            yield item
