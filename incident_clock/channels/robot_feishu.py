"""The channel `feishu`: a signed post to a Feishu (飞书) group by its robot, mentioning the person by open id."""

import base64
import hashlib
import hmac
import re
from typing import Any

from incident_clock.channels.base import GATEWAY_DOWN, TEMPORARY, ChannelSettings, Letter
from incident_clock.channels.http_post import TIMEOUT_S
from incident_clock.channels.robots import Meaning, Robot, fitted

MOST_TEXT_BYTES = 18_000  # of a post of 20 KB at most
OPEN_ID = "ou_"  # the robot can mention people by this kind of id only, not by their number
TAG = re.compile(r"<(?=/?at\b)")  # in a text it would mention somebody, or all

CODES = {
    9499: Meaning(TEMPORARY, "too many posts at once", retry_after_s=60),
    11232: Meaning(TEMPORARY, "more than 100 posts within a minute or 5 within a second", retry_after_s=60),
    19001: Meaning(GATEWAY_DOWN, "the token in INCIDENT_CLOCK_FEISHU_ROBOT is not valid (any more)"),
    19021: Meaning(GATEWAY_DOWN, "the signature does not fit: see INCIDENT_CLOCK_FEISHU_SECRET and this clock"),
    19022: Meaning(GATEWAY_DOWN, "the robot does not take posts from our address"),
    19024: Meaning(GATEWAY_DOWN, "the robot only takes posts with a keyword: take that rule away"),
}


class FeishuRobot(Robot):
    """100 posts a minute, 5 a second. A person's address is the open id (`ou_…`); any other word mentions nobody."""

    name, title, setting, code_field, codes = "feishu", "Feishu", "INCIDENT_CLOCK_FEISHU_ROBOT", "code", CODES
    address = re.compile(r"[A-Za-z0-9_.@+-]{1,128}")

    def __init__(self, settings: ChannelSettings, *, timeout_s: float = TIMEOUT_S) -> None:
        super().__init__(settings.feishu_robot, timeout_s=timeout_s)
        self._secret = settings.feishu_secret

    def post_of(self, letter: Letter) -> dict[str, Any]:
        mention = f'<at user_id="{letter.to}"></at> ' if letter.to.startswith(OPEN_ID) else ""
        text = mention + TAG.sub("＜", fitted(letter, MOST_TEXT_BYTES))
        return {"msg_type": "text", "content": {"text": text}} | self._signature(letter)

    def _signature(self, letter: Letter) -> dict[str, str]:
        """As Feishu wants it: the key is what is signed elsewhere, and the text is empty."""
        if not self._secret:
            return {}
        timestamp = str(int(letter.sent_at.timestamp()))
        signed = hmac.new(f"{timestamp}\n{self._secret}".encode(), b"", hashlib.sha256).digest()
        return {"timestamp": timestamp, "sign": base64.b64encode(signed).decode()}
