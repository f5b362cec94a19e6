"""A government SMS platform as its file describes it."""

import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from incident_clock.channels.base import GATEWAY_DOWN, PERMANENT, TEMPORARY, UNKNOWN, ChannelError, ChannelSettings
from incident_clock.channels.http_gateway import HttpGateway
from incident_clock.channels.http_gateway_file import condition_of, read_http_gateway
from tests.channels.rigs import PHONE, letter
from tests.channels.server_domestic import JsonServer

EXAMPLE = Path(__file__).parents[2] / "config/sms-gateway.example.yaml"


def gateway(folder: Path, port: int, *, old: str = "", new: str = "") -> HttpGateway:
    """The example as shipped, pointed at a loopback server, with one change."""
    text = EXAMPLE.read_text().replace("https://sms.example.gov.cn", f"http://127.0.0.1:{port}").replace(old or "\0", new)
    path = folder / "sms-gateway.yaml"
    path.write_text(text)
    return HttpGateway(ChannelSettings(http_gateway=path))


def test_the_example_has_nothing_to_complain_of() -> None:
    assert HttpGateway(ChannelSettings(http_gateway=EXAMPLE)).problems() == []


def test_a_text_with_quotes_and_braces_arrives_to_the_letter(tmp_path: Path) -> None:
    text = '事件037 "引号" {to} \\ 换行\n𠮷'
    with JsonServer(body={"code": 0, "data": {"msgId": 88}}) as server:
        receipt = gateway(tmp_path, server.port).send(letter(PHONE, text=text))
    assert json.loads(server.bodies[0]) == {"mobiles": ["13800000001"], "content": text, "extno": "K7Q2"}
    assert receipt.provider_id == "88"


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_form_is_sent_as_a_form(tmp_path: Path, method: str) -> None:
    change = f'method: {method}\nform: {{mobile: "{{to}}", words: "{{params.left}}&a=b"}}\nsuccess: code == 0'
    path = tmp_path / "f.yaml"
    with JsonServer() as server:
        path.write_text(f"url: http://127.0.0.1:{server.port}/api\n{change}\n")
        HttpGateway(ChannelSettings(http_gateway=path)).send(letter(PHONE, params={"left": "5 分"}))
    sent = server.bodies[0].decode() or server.paths[0].partition("?")[2]
    assert parse_qs(sent) == {"mobile": [PHONE], "words": ["5 分&a=b"]}


@pytest.mark.parametrize(("status", "body", "fate"), [
    (200, {"code": 1001}, GATEWAY_DOWN), (200, {"code": "2001"}, PERMANENT), (200, {"code": 3001}, TEMPORARY),
    (200, {"code": 7}, TEMPORARY), (200, {"code": "0"}, TEMPORARY), (200, {"code": False}, TEMPORARY),
    (400, {"code": 2001}, PERMANENT), (401, "", GATEWAY_DOWN), (429, "", TEMPORARY), (503, "", UNKNOWN),
    (500, {"code": 0}, UNKNOWN), (200, {}, UNKNOWN), (200, "<html>", UNKNOWN), (200, '{"code": 0', UNKNOWN),
])
def test_a_refusal_is_read_from_the_body_first(tmp_path: Path, status: int, body: object, fate: str) -> None:
    with JsonServer(status=status, body=body) as server, pytest.raises(ChannelError) as caught:
        gateway(tmp_path, server.port).send(letter(PHONE))
    assert caught.value.fate == fate


@pytest.mark.parametrize(("condition", "body", "holds"), [
    ("code == 0", {"code": 0}, True), ("code == 0", {"code": False}, False), ("$.a.b[1] == \"OK\"", {"a": {"b": [1, "OK"]}}, True),
    ('$.status in [0, "OK"]', {"status": "OK"}, True), ('status not in ["E"]', {"status": "E"}, False),
    ("code != 1", {"code": 0}, True), ("code != 1", {}, None), ("a.b == null", {"a": {"b": None}}, True),
])
def test_a_condition_on_the_answer(condition: str, body: object, holds: bool | None) -> None:
    found = condition_of(condition)
    assert found is not None
    assert found.holds(body) is holds


@pytest.mark.parametrize("written", ["", "code", "code = 0", "code == ", "__import__('os') == 1", "code in 0", "code == [0]",
                                     "a..b == 1", "code == 0 and x == 1", None, 5])
def test_what_is_no_condition_is_none(written: object) -> None:
    assert condition_of(written) is None


@pytest.mark.parametrize(("old", "new", "line", "said"), [
    ("url: http:", "url: ftp:", 7, "url: It must begin with https://"),
    ("method: POST ", "method: DROP ", 8, "method: must be one of POST, PUT, GET"),
    ("{mobile}\"]", "{mobil}\"]", 19, "body.mobiles.0: {mobil} is unknown"),
    ("success: code == 0", "success: code is 0", 30, "success: must be a condition"),
    ("1002: gateway_down", "1002: dead", 40, "codes.1002: must be one of"),
    ("Bearer replace-me", "Bearer 密码", 11, "headers.Authorization: must be"),
    ("method: POST ", "methods: POST ", 8, "methods: is no setting"),
    ("method: POST ", "method: GET ", 18, "body: cannot be sent with GET"),
    ("extno: \"{reference}\"", "extno: 2026-01-01", 18, "body: holds a value that JSON does not have"),
    ("method: POST ", "method: [POST ", 10, "is no proper YAML"),
])
def test_a_complaint_names_file_line_and_place(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    (complaint,) = gateway(tmp_path, 9, old=old, new=new).problems()
    assert complaint.startswith(f"{tmp_path / 'sms-gateway.yaml'}:{line}: ")
    assert said in complaint


def test_a_file_that_is_not_there_or_no_mapping_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in read_http_gateway(tmp_path / "no")[1][0]
    (tmp_path / "list.yaml").write_text("- 1\n")
    assert ":1: must be a list of settings" in read_http_gateway(tmp_path / "list.yaml")[1][0]
    assert HttpGateway(ChannelSettings()).problems() == [
        "INCIDENT_CLOCK_HTTP_GATEWAY is missing: name the file that describes the SMS platform."]


def test_a_letter_without_a_word_the_file_asks_for_is_refused_for_good(tmp_path: Path) -> None:
    with pytest.raises(ChannelError) as caught:
        gateway(tmp_path, 9, old="{reference}\"\n", new="{params.left}\"\n").send(letter(PHONE))
    assert caught.value.is_permanent
