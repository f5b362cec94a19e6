"""The robots of WeCom, DingTalk and Feishu, judged by the code in the body and not by HTTP 200."""

import json
from typing import Any

import pytest

from incident_clock.channels import robot_dingtalk, robot_feishu, robot_wecom
from incident_clock.channels.base import GATEWAY_DOWN, PERMANENT, TEMPORARY, UNKNOWN, ChannelError, ChannelSettings
from incident_clock.channels.robot_dingtalk import DingtalkRobot
from incident_clock.channels.robot_feishu import FeishuRobot
from incident_clock.channels.robot_wecom import WecomRobot
from incident_clock.channels.robots import Robot, fitted
from tests.channels.rigs import PHONE, letter
from tests.channels.server_domestic import JsonServer
from tests.channels.servers import CLOSE, free_port

ROBOTS = {"wecom": WecomRobot, "dingtalk": DingtalkRobot, "feishu": FeishuRobot}
KEY = "k3y-0f-the-robot"

# robot, code → fate and pause; written down a second time, on purpose
ROWS = [
    *[("wecom", code, fate, pause) for code, fate, pause in [
        (-1, TEMPORARY, None), (40008, PERMANENT, None), (40058, PERMANENT, None), (44004, PERMANENT, None),
        (45002, PERMANENT, None), (45009, TEMPORARY, 60), (93000, GATEWAY_DOWN, None), (93004, GATEWAY_DOWN, None),
        (93008, GATEWAY_DOWN, None)]],
    *[("dingtalk", code, fate, pause) for code, fate, pause in [
        (-1, TEMPORARY, None), (40035, PERMANENT, None), (130101, TEMPORARY, 600), (300001, GATEWAY_DOWN, None),
        (310000, GATEWAY_DOWN, None), (400013, GATEWAY_DOWN, None), (400101, GATEWAY_DOWN, None),
        (400102, GATEWAY_DOWN, None), (400105, PERMANENT, None), (400106, PERMANENT, None), (410100, TEMPORARY, 600),
        (430101, PERMANENT, None), (430102, PERMANENT, None)]],
    *[("feishu", code, fate, pause) for code, fate, pause in [
        (9499, TEMPORARY, 60), (11232, TEMPORARY, 60), (19001, GATEWAY_DOWN, None), (19021, GATEWAY_DOWN, None),
        (19022, GATEWAY_DOWN, None), (19024, GATEWAY_DOWN, None)]],
]


def robot(name: str, port: int, **other: Any) -> Robot:
    return ROBOTS[name](ChannelSettings(**{f"{name}_robot": f"http://127.0.0.1:{port}/send?key={KEY}"} | other))


def failure(name: str, server: JsonServer) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        robot(name, server.port).send(letter(PHONE))
    assert KEY not in caught.value.detail
    return caught.value


def test_no_row_is_without_its_test() -> None:
    tables = {"wecom": robot_wecom.CODES, "dingtalk": robot_dingtalk.CODES, "feishu": robot_feishu.CODES}
    assert {(name, code) for name, table in tables.items() for code in table} == {row[:2] for row in ROWS}


@pytest.mark.parametrize(("name", "code", "fate", "pause"), ROWS)
def test_a_refusal_with_http_200_is_a_refusal(name: str, code: int, fate: str, pause: float | None) -> None:
    with JsonServer(body={ROBOTS[name].code_field: code, "errmsg": PHONE, "msg": PHONE}) as server:
        error = failure(name, server)
    assert (error.fate, error.code, error.retry_after_s) == (fate, str(code), pause)
    assert PHONE not in error.detail


@pytest.mark.parametrize("name", ROBOTS)
@pytest.mark.parametrize(("status", "body", "fate"), [
    (200, "<html>please sign in</html>", UNKNOWN), (200, '{"errcode": 0, "co', UNKNOWN), (200, {}, UNKNOWN),
    (200, "[]", UNKNOWN), (200, {"errcode": "0", "code": "0"}, UNKNOWN), (200, {"errcode": False, "code": False}, UNKNOWN),
    (200, {"errcode": 4711, "code": 4711}, TEMPORARY), (500, {"errcode": 0, "code": 0}, UNKNOWN),
    (404, "", GATEWAY_DOWN), (302, "", TEMPORARY), (429, "", TEMPORARY), (400, "", PERMANENT),
])
def test_an_answer_is_believed_only_as_far_as_it_goes(name: str, status: int, body: object, fate: str) -> None:
    with JsonServer(status=status, body=body) as server:
        assert failure(name, server).fate == fate


@pytest.mark.parametrize("name", ROBOTS)
def test_nobody_there_is_temporary_and_an_answer_lost_is_unknown(name: str) -> None:
    with pytest.raises(ChannelError) as caught:
        robot(name, free_port()).send(letter(PHONE))
    assert caught.value.fate == TEMPORARY
    with JsonServer(trouble=CLOSE) as server:
        assert failure(name, server).fate == UNKNOWN


def test_each_robot_mentions_the_person_where_it_can() -> None:
    with JsonServer() as server:
        robot("wecom", server.port).send(letter(PHONE, text="037"))
        robot("dingtalk", server.port).send(letter(PHONE, text="037"))
        robot("feishu", server.port).send(letter("ou_1", text='037<at user_id="all">'))
    assert [json.loads(body) for body in server.bodies] == [
        {"msgtype": "text", "text": {"content": "037", "mentioned_mobile_list": ["13800000001"]}},
        {"msgtype": "text", "text": {"content": "037"}, "at": {"atMobiles": ["13800000001"], "isAtAll": False}},
        {"msg_type": "text", "content": {"text": '<at user_id="ou_1"></at> 037＜at user_id="all">'}},
    ]


def test_the_signatures_are_those_of_the_providers() -> None:
    with JsonServer() as server:
        robot("dingtalk", server.port, dingtalk_secret="SEC1").send(letter(PHONE))
        robot("feishu", server.port, feishu_secret="SEC1").send(letter(PHONE))
    assert server.paths[0] == (f"/send?key={KEY}&timestamp=1773296400000"
                               "&sign=2D23LgAO5h75JuanjsjbbWfhUMQBCZ%2F7jWrUPt3KyKM%3D")
    signed = json.loads(server.bodies[1])
    assert (signed["timestamp"], signed["sign"]) == ("1773296400", "oCzchWzocEJlbhb4M40HdDmK1+RwCROpJjasmCCdO8w=")


@pytest.mark.parametrize(("text", "most", "kept"), [
    ("事件", 6, "事件"), ("事件三", 8, "事…"), ("事件三", 6, "事…"),
    ("事件三四编号K7Q2（演练）", 27, "事件…K7Q2（演练）"), ("事件三四K7Q2，很长很长", 12, "事…K7Q2"),
    ("K7Q2事件三四K7Q2", 13, "K7Q2…K7Q2"),
])
def test_a_text_that_is_too_long_is_cut_between_characters_and_before_its_reference(text: str, most: int, kept: str) -> None:
    found = fitted(letter(PHONE, text=text), most)
    assert found == kept
    assert len(found.encode()) <= most


@pytest.mark.parametrize("name", ROBOTS)
@pytest.mark.parametrize("url", [None, "", "http://example.cn/x", "https:///x", "https://u:p@example.cn", "x y", "https://[::1"])
def test_an_address_that_cannot_be_is_complained_of_without_repeating_it(name: str, url: str | None) -> None:
    (complaint,) = ROBOTS[name](ChannelSettings(**{f"{name}_robot": url})).problems()
    assert ROBOTS[name].setting in complaint
    assert not url or url not in complaint
