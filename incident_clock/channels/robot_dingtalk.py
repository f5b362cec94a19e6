"""The channel `dingtalk`: a signed post to a DingTalk (钉钉) group by its robot, mentioning the person by mobile."""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

from incident_clock.channels.base import GATEWAY_DOWN, PERMANENT, TEMPORARY, ChannelSettings, Letter
from incident_clock.channels.http_post import TIMEOUT_S
from incident_clock.channels.robots import Meaning, Robot, fitted, mobile

MOST_TEXT_BYTES = 20_000
THROTTLED_S = 600.0  # after more than 20 posts in a minute

CODES = {
    -1: Meaning(TEMPORARY, "it is busy"),
    40035: Meaning(PERMANENT, "something in the post has the wrong form"),
    130101: Meaning(TEMPORARY, "more than 20 posts within a minute", retry_after_s=THROTTLED_S),
    300001: Meaning(GATEWAY_DOWN, "the token in INCIDENT_CLOCK_DINGTALK_ROBOT does not exist (any more)"),
    310000: Meaning(GATEWAY_DOWN, "the robot's security settings do not let it pass: "
                                  "see INCIDENT_CLOCK_DINGTALK_SECRET, its keywords and its addresses"),
    400013: Meaning(GATEWAY_DOWN, "the group was dissolved"),
    400101: Meaning(GATEWAY_DOWN, "INCIDENT_CLOCK_DINGTALK_ROBOT holds no token of a robot"),
    400102: Meaning(GATEWAY_DOWN, "the robot was stopped"),
    400105: Meaning(PERMANENT, "it does not know this kind of post"),
    400106: Meaning(PERMANENT, "a part of the post is missing"),
    410100: Meaning(TEMPORARY, "posts come too fast", retry_after_s=THROTTLED_S),
    430101: Meaning(PERMANENT, "it takes a link in the text for unsafe"),
    430102: Meaning(PERMANENT, "it takes the text for unfit"),
}


class DingtalkRobot(Robot):
    """20 posts a minute per robot, then nothing for ten. The signature holds for an hour around `sent_at`."""

    name, title, setting, code_field, codes = "dingtalk", "DingTalk", "INCIDENT_CLOCK_DINGTALK_ROBOT", "errcode", CODES

    def __init__(self, settings: ChannelSettings, *, timeout_s: float = TIMEOUT_S) -> None:
        super().__init__(settings.dingtalk_robot, timeout_s=timeout_s)
        self._secret = settings.dingtalk_secret

    def post_of(self, letter: Letter) -> dict[str, Any]:
        return {"msgtype": "text", "text": {"content": fitted(letter, MOST_TEXT_BYTES)},
                "at": {"atMobiles": [mobile(letter.to)], "isAtAll": False}}

    def url_of(self, letter: Letter) -> str:
        if not self._secret:
            return self._url
        timestamp = str(int(letter.sent_at.timestamp() * 1000))
        signed = hmac.new(self._secret.encode(), f"{timestamp}\n{self._secret}".encode(), hashlib.sha256).digest()
        glue = "&" if "?" in self._url else "?"
        return self._url + glue + urlencode({"timestamp": timestamp, "sign": base64.b64encode(signed).decode()})
