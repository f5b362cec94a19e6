"""What Aliyun pushes over HTTP, read from its JSON arrays: SmsReport, the states of messages.

Pure. Nothing of it is signed: a report is only a hint to look up. Texts that people send (SmsUp) are not taken for that
reason: whoever knew the address could answer for a leader. A push is repeated until it gets ANSWER with HTTP 200.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

REPORT_PATH = "/callbacks/aliyun/report"
ANSWER = {"code": 0, "msg": "接收成功"}
MOST_ITEMS = 1000

ID = re.compile(r"[0-9A-Za-z^_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Hint:
    """Something may have become of the SMS `provider_id`. `tracking` is what the letter gave, or empty."""

    provider_id: str
    tracking: str


def read_reports(body: bytes) -> list[Hint]:
    """A push of SmsReport: each SMS once. Whatever is no report of ours is left out."""
    found: dict[str, Hint] = {}
    for item in _items(body):
        biz_id, out_id = item.get("biz_id"), item.get("out_id")
        if isinstance(biz_id, str) and ID.fullmatch(biz_id):
            is_word = isinstance(out_id, str) and ID.fullmatch(out_id) is not None
            found.setdefault(biz_id, Hint(biz_id, str(out_id) if is_word else ""))
    return list(found.values())


def _items(body: bytes) -> Iterator[dict[str, Any]]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return
    for item in said[:MOST_ITEMS] if isinstance(said, list) else ():
        if isinstance(item, dict):
            yield item
