"""What the group robots of WeCom, DingTalk and Feishu share: one post to the group, judged by the code in its body.

All three answer HTTP 200 whether or not they took the post, so the status alone says nothing. They give no receipts.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from incident_clock.channels.base import (
    GATEWAY_DOWN,
    PERMANENT,
    TEMPORARY,
    Channel,
    ChannelError,
    Letter,
    Receipt,
)
from incident_clock.channels.http_post import TIMEOUT_S, is_loopback_url, post, refused_by_status, url_complaint

MOBILE = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
MAINLAND = "+86"
CUT = "…"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of a robot's truth table. `retry_after_s`: how long the robot is to be left alone."""

    fate: str
    why: str
    retry_after_s: float | None = None


class Robot(Channel):
    """One robot: `url` with its key, as the setting of that name has it. Subclasses word the post and know the codes.

    `code_field`: where the body says what became of the post; 0 is success.
    """

    name: str
    title: str
    setting: str
    code_field: str
    codes: Mapping[int, Meaning]
    address = MOBILE

    def __init__(self, url: str | None, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url, self._timeout_s = url or "", timeout_s

    @property
    def is_loopback(self) -> bool:
        return is_loopback_url(self._url)

    def problems(self) -> list[str]:
        if not self._url:
            return [f"{self.setting} is missing: copy the robot's web address from the settings of the group."]
        complaint = url_complaint(self._url, self.setting)
        return [complaint] if complaint else []

    def send(self, letter: Letter) -> Receipt:
        complaints = self.problems()
        if complaints:
            raise ChannelError(complaints[0], is_gateway_down=True)
        if not self.address.fullmatch(letter.to):
            raise ChannelError(f"The person's address is none that {self.title} can mention.", is_permanent=True)
        try:
            body = json.dumps(self.post_of(letter), ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ChannelError("The text is not proper Unicode.", is_permanent=True) from None
        answer = post(self.url_of(letter), body, headers={"Content-Type": "application/json; charset=utf-8"},
                      who=self.title, timeout_s=self._timeout_s)
        code = answer.body.get(self.code_field) if isinstance(answer.body, dict) else None
        if not isinstance(code, int) or isinstance(code, bool) or (code == 0 and answer.status != 200):
            raise refused_by_status(answer, self.title)
        if code != 0:
            raise self._refusal(code)
        return Receipt(letter.reference, f"{self.title} posted it to the group")

    def post_of(self, letter: Letter) -> dict[str, Any]:
        """The post as the robot wants it."""
        raise NotImplementedError

    def url_of(self, letter: Letter) -> str:
        """The address for this one post: some sign it."""
        return self._url

    def _refusal(self, code: int) -> ChannelError:
        meaning = self.codes.get(code, Meaning(TEMPORARY, "for a reason that is not in our table"))
        return ChannelError(f"{self.title} refused the post: {meaning.why} ({code}).", code=str(code),
                            is_permanent=meaning.fate == PERMANENT, is_gateway_down=meaning.fate == GATEWAY_DOWN,
                            retry_after_s=meaning.retry_after_s)


def fitted(letter: Letter, most_bytes: int) -> str:
    """The letter's text, or what fits of it into so many bytes of UTF-8: cut before its reference, which stays."""
    text = letter.text
    if len(text.encode()) <= most_bytes:
        return text
    place = text.rfind(letter.reference) if letter.reference else -1
    end = CUT + (text[place:] if place >= 0 else "")
    if len(end.encode()) > most_bytes:  # the reference stands too far from the end to keep what follows it
        end = CUT + letter.reference
    return text.encode()[:most_bytes - len(end.encode())].decode(errors="ignore") + end


def mobile(address: str) -> str:
    """The number as these robots know it: mainland numbers without +86, others with their `+`."""
    return address.removeprefix(MAINLAND)
