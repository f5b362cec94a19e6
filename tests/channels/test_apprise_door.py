"""The door to apprise: what is refused before it opens, with and without the package; and that it opens."""

import importlib.util
import json
import logging
from email import charset

import pytest

from incident_clock.channels import apprise_door
from incident_clock.channels.apprise_door import AppriseChannel
from incident_clock.channels.base import GATEWAY_DOWN, PERMANENT, TEMPORARY, UNKNOWN, ChannelError, ChannelSettings
from tests.channels.rigs import letter
from tests.channels.server_domestic import JsonServer

KEY = "k3y-0f-the-service"


class Service:
    """What the package makes of a URL: `notify` says whether it was taken."""

    def __init__(self, url: str) -> None:
        self.url = url

    def notify(self, *, body: str, title: str) -> bool:
        if "raises" in self.url:
            raise OSError(self.url)
        return "refuses" not in self.url and body == letter("x").text and title == letter("x").subject


class Package:
    """Stands in for the package, so that the door is tried without it."""

    class Apprise:
        @staticmethod
        def instantiate(url: str, *, suppress_exceptions: bool) -> Service | None:
            return None if "nonsense" in url else Service(url)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise_door, "_package", lambda: Package)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())


def channel(url: str | None) -> AppriseChannel:
    return AppriseChannel(ChannelSettings(apprise_url=url))


@pytest.mark.parametrize("url", [
    "wecombot://key", "WeComBot://key", "dingtalk://token/13800000001", "feishu://token", "lark://token",
    "https://oapi.dingtalk.com/robot/send?access_token=x", "jsons://open.feishu.cn/open-apis/bot/v2/hook/x",
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x"])
def test_robots_that_answer_200_to_a_refusal_are_left_to_our_own_channels(url: str) -> None:
    (complaint,) = channel(url).problems()
    assert "our own channels wecom, dingtalk and feishu read the business code in the body" in complaint
    with pytest.raises(ChannelError) as caught:
        channel(url).send(letter("zhou"))
    assert caught.value.fate == GATEWAY_DOWN


@pytest.mark.parametrize("url", [None, "", "tgram", "tgram://a b", "tgram://a,\nmailto://b"])
def test_a_url_that_cannot_be_is_complained_of_without_repeating_it(url: str | None) -> None:
    (complaint,) = channel(url).problems()
    assert "INCIDENT_CLOCK_APPRISE_URL" in complaint
    assert not url or url not in complaint


def test_a_missing_package_is_a_sentence_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert channel(f"tgram://{KEY}/{{to}}").problems() == [
        "INCIDENT_CLOCK_APPRISE_URL needs the optional package apprise: pip install 'incident-clock[apprise]'."]


@pytest.mark.usefixtures("package")
def test_what_the_package_says_is_all_that_is_known() -> None:
    assert channel(f"tgram://{KEY}/{{to}}").problems() == []
    assert channel(f"tgram://{KEY}/{{to}}").send(letter("zhou")).detail == "the service took it over"
    assert channel(f"nonsense://{KEY}").problems() == ["INCIDENT_CLOCK_APPRISE_URL is none that apprise understands."]
    for word in ("refuses", "raises"):
        with pytest.raises(ChannelError) as caught:
            channel(f"tgram://{KEY}/{word}").send(letter("zhou"))
        assert caught.value.fate == TEMPORARY
        assert KEY not in caught.value.detail


@pytest.mark.usefixtures("package")
def test_a_service_that_never_answers_is_given_up_and_the_outcome_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise_door, "_tell", lambda server, letter, said: None)
    with pytest.raises(ChannelError) as caught:
        AppriseChannel(ChannelSettings(apprise_url="tgram://x"), timeout_s=0.01).send(letter("zhou"))
    assert caught.value.fate == UNKNOWN


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("other", [{"to": "zhou/../x"}, {"to": "a\n"}, {"to": "a,b"}, {"to": ""}, {"text": "事件\udfff"}])
def test_what_cannot_be_written_is_refused_for_good(other: dict[str, str]) -> None:
    with pytest.raises(ChannelError) as caught:
        channel("tgram://x/{to}").send(letter(**{"to": "zhou"} | other))
    assert caught.value.fate == PERMANENT


@pytest.mark.parametrize(("url", "is_loopback"), [
    ("json://127.0.0.1:9/x", True), ("json://localhost/x", True), ("tgram://key/1", False), (None, False), ("json://[", False)])
def test_it_is_on_this_machine_only_by_the_written_address(url: str | None, is_loopback: bool) -> None:
    assert channel(url).is_loopback is is_loopback


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # the package imports it
def test_with_the_package_a_text_arrives_nothing_secret_is_logged_and_mail_stays_as_it_was(
        caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    how_mail_is_written = charset.Charset("utf-8").body_encoding
    with JsonServer() as server:
        one = channel(f"json://user:{KEY}@127.0.0.1:{server.port}/{KEY}/{{to}}")
        assert one.problems() == []
        assert one.is_loopback
        one.send(letter("zhou.leader"))
        server.status = 500
        with pytest.raises(ChannelError) as caught:
            one.send(letter("zhou.leader"))
    assert json.loads(server.bodies[0])["message"] == letter("x").text
    assert server.paths[0] == f"/{KEY}/zhou.leader"
    assert caught.value.fate == TEMPORARY
    assert [record.getMessage() for record in caplog.records if KEY in record.getMessage()] == []
    assert channel("nonsense://x").problems() == ["INCIDENT_CLOCK_APPRISE_URL is none that apprise understands."]
    assert charset.Charset("utf-8").body_encoding == how_mail_is_written
