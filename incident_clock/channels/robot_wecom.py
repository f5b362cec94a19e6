"""The channel `wecom`: a post to a WeCom (企业微信) group by its robot, mentioning the person by mobile number."""

from typing import Any

from incident_clock.channels.base import GATEWAY_DOWN, PERMANENT, TEMPORARY, ChannelSettings, Letter
from incident_clock.channels.http_post import TIMEOUT_S
from incident_clock.channels.robots import Meaning, Robot, fitted, mobile

MOST_TEXT_BYTES = 2048

CODES = {
    -1: Meaning(TEMPORARY, "it is busy"),
    40008: Meaning(PERMANENT, "it does not know this kind of post"),
    40058: Meaning(PERMANENT, "something in the post has the wrong form"),
    44004: Meaning(PERMANENT, "the text is empty"),
    45002: Meaning(PERMANENT, "the text is too long"),
    45009: Meaning(TEMPORARY, "more than 20 posts within a minute", retry_after_s=60),
    93000: Meaning(GATEWAY_DOWN, "the key in INCIDENT_CLOCK_WECOM_ROBOT is not valid (any more)"),
    93004: Meaning(GATEWAY_DOWN, "the robot was stopped"),
    93008: Meaning(GATEWAY_DOWN, "the robot is not in the group"),
}


class WecomRobot(Robot):
    """20 posts a minute per robot. Only text posts can mention somebody."""

    name, title, setting, code_field, codes = "wecom", "WeCom", "INCIDENT_CLOCK_WECOM_ROBOT", "errcode", CODES

    def __init__(self, settings: ChannelSettings, *, timeout_s: float = TIMEOUT_S) -> None:
        super().__init__(settings.wecom_robot, timeout_s=timeout_s)

    def post_of(self, letter: Letter) -> dict[str, Any]:
        return {"msgtype": "text", "text": {"content": fitted(letter, MOST_TEXT_BYTES),
                                            "mentioned_mobile_list": [mobile(letter.to)]}}
