"""Rigs of the domestic ways: SMS platforms over HTTP, Aliyun, the robots of groups and apprise."""

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from incident_clock.channels import apprise_door
from incident_clock.channels.base import Channel, ChannelSettings, Letter, Receipt, Report
from incident_clock.channels.catalog import open_channels
from tests.channels.rigs import PERMANENT, PHONE, TEMPORARY, UNKNOWN
from tests.channels.server_domestic import JsonServer
from tests.channels.servers import CLOSE

KEY = "k3y-0f-the-robot"
ACCESS_KEY, ACCESS_SECRET = "LTAI5tExampleKeyOfOurs", "s3cret0fTheAccessKey"
GATEWAY_FILE = """\
url: http://127.0.0.1:{port}/send
headers: {{Authorization: Bearer {key}}}
body: {{mobile: "{{mobile}}", content: "{{text}}"}}
success: code == 0
codes: {{2001: permanent, 3001: temporary}}
"""


class JsonRig:
    """A channel whose server answers with JSON: `codes` are what it says to fail for good and in passing."""

    name: str
    codes: tuple[Any, Any]

    def __init__(self, server: JsonServer, settings: ChannelSettings, to: str, *secrets: str) -> None:
        self.server, self.to, self.secrets = server, to, (to, *secrets)
        self.channel = open_channels([self.name], settings)[self.name]
        self._well = server.body

    def arrived(self) -> list[str]:
        return [self.text_of(json.loads(body)) for body in self.server.bodies]

    def text_of(self, sent: Any) -> str:
        """The text within what was posted."""
        raise NotImplementedError

    def refusal(self, code: Any) -> dict[str, Any]:
        """The body that refuses, with the person's address and a secret in its words."""
        return {"errcode": code, "code": code, "errmsg": " ".join(self.secrets), "msg": " ".join(self.secrets)}

    def will(self, outcome: str) -> None:
        if outcome == UNKNOWN:
            self.server.trouble = CLOSE
        else:
            self.server.body = self.refusal(self.codes[[PERMANENT, TEMPORARY].index(outcome)])

    def recover(self) -> None:
        self.server.body, self.server.trouble = self._well, None


class HttpRig(JsonRig):
    name, codes = "sms", (2001, 3001)

    def __init__(self, server: JsonServer, folder: Path) -> None:
        path = folder / "sms-gateway.yaml"
        path.write_text(GATEWAY_FILE.format(port=server.port, key=KEY))
        super().__init__(server, ChannelSettings(sms_gateways=("http",), http_gateway=path), PHONE, PHONE[3:], KEY)

    def text_of(self, sent: Any) -> str:
        return str(sent["content"])


class WecomRig(JsonRig):
    name, codes = "wecom", (40058, -1)

    def __init__(self, server: JsonServer, folder: Path) -> None:
        super().__init__(server, ChannelSettings(wecom_robot=robot_url(server)), PHONE, PHONE[3:], KEY)

    def text_of(self, sent: Any) -> str:
        return str(sent["text"]["content"])


class DingtalkRig(WecomRig):
    name, codes = "dingtalk", (430102, -1)

    def __init__(self, server: JsonServer, folder: Path) -> None:
        settings = ChannelSettings(dingtalk_robot=robot_url(server), dingtalk_secret="SEC-0f-dingtalk")
        JsonRig.__init__(self, server, settings, PHONE, PHONE[3:], KEY, "SEC-0f-dingtalk")


class FeishuRig(JsonRig):
    """Feishu has no code for a post that is refused for good: its HTTP status says so."""

    name, codes = "feishu", ("not a code", 9499)

    def __init__(self, server: JsonServer, folder: Path) -> None:
        settings = ChannelSettings(feishu_robot=robot_url(server), feishu_secret="SEC-0f-feishu")
        super().__init__(server, settings, "zhou.leader", KEY, "SEC-0f-feishu")

    def text_of(self, sent: Any) -> str:
        return str(sent["content"]["text"])

    def will(self, outcome: str) -> None:
        super().will(outcome)
        self.server.status = 400 if outcome == PERMANENT else 200

    def recover(self) -> None:
        super().recover()
        self.server.status = 200


class AliyunRig(JsonRig):
    name, codes = "sms", ("isv.BLACK_KEY_CONTROL_LIMIT", "isp.SYSTEM_ERROR")

    def __init__(self, server: JsonServer, folder: Path) -> None:
        server.body = {"Code": "OK", "Message": "OK", "BizId": "900619746936498440^0", "RequestId": "F655A8D5"}
        settings = aliyun_settings(server.port, folder, sms_gateways=("aliyun",))
        super().__init__(server, settings, PHONE, PHONE[3:], ACCESS_KEY, ACCESS_SECRET)
        self.channel = Filed(self.channel)

    def arrived(self) -> list[str]:
        asked = [parse_qs(urlsplit(path).query) for path in self.server.paths]
        return [json.loads(query["TemplateParam"][0])["text"] for query in asked if "TemplateParam" in query]

    def refusal(self, code: Any) -> dict[str, Any]:
        return {"Code": code, "Message": " ".join(self.secrets), "RequestId": "F655A8D5"}


class Filed(Channel):
    """A channel that only sends filed texts: the whole text is the one word of its template."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    @property
    def name(self) -> str:
        return self._channel.name

    @property
    def is_loopback(self) -> bool:
        return self._channel.is_loopback

    def problems(self) -> list[str]:
        return self._channel.problems()

    def send(self, letter: Letter) -> Receipt:
        return self._channel.send(replace(letter, template="notice", params={"text": letter.text}))

    def look_up(self, provider_id: str, *, gateway: str = "") -> Report | None:
        return self._channel.look_up(provider_id, gateway=gateway)

    def find(self, letter: Letter, *, gateway: str = "") -> Receipt | None:
        return self._channel.find(letter, gateway=gateway)


def aliyun_settings(port: int, folder: Path, **other: Any) -> ChannelSettings:
    path = folder / "sms-templates.yaml"
    path.write_text("notice: SMS_100000001\noverdue: SMS_100000002\n")
    return ChannelSettings(**{
        "aliyun_access_key_id": ACCESS_KEY, "aliyun_access_key_secret": ACCESS_SECRET, "aliyun_sign_name": "云河城管",
        "aliyun_endpoint": f"http://127.0.0.1:{port}", "sms_templates": path} | other)


class AppriseRig(JsonRig):
    name, codes = "apprise", (None, None)

    def __init__(self, server: JsonServer, folder: Path) -> None:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # the package imports old modules
            apprise_door._package()
        url = f"json://127.0.0.1:{server.port}/{KEY}/{{to}}"
        super().__init__(server, ChannelSettings(apprise_url=url), "zhou.leader", KEY)

    def text_of(self, sent: Any) -> str:
        return str(sent["message"])


def robot_url(server: JsonServer) -> str:
    return f"http://127.0.0.1:{server.port}/send?key={KEY}"


RIGS: dict[str, Callable[[JsonServer, Path], JsonRig]] = {
    "http": HttpRig, "aliyun": AliyunRig, "wecom": WecomRig, "dingtalk": DingtalkRig, "feishu": FeishuRig, "apprise": AppriseRig}
SAYING_WHY = [name for name in RIGS if name != "apprise"]  # which only says that something failed
