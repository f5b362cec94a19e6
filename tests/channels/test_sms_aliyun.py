"""Aliyun's SMS: signed orders of filed texts, its codes in the body, and what became of an SMS."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ruamel.yaml import YAML

from incident_clock.channels import aliyun_signing as signing
from incident_clock.channels.aliyun_codes import CODES, REPORTS, report_of
from incident_clock.channels.base import (
    DELIVERED,
    FAILED,
    GATEWAY_DOWN,
    PERMANENT,
    SENT,
    TEMPORARY,
    UNKNOWN,
    ChannelError,
    ChannelSettings,
    Letter,
)
from incident_clock.channels.sms_aliyun import AliyunGateway
from incident_clock.clock import VirtualClock
from incident_clock.outbox.templates import FILED
from tests.channels.rig_domestic import ACCESS_KEY, ACCESS_SECRET, aliyun_settings
from tests.channels.rigs import PHONE, SENT_AT, letter
from tests.channels.server_domestic import JsonServer
from tests.channels.servers import CLOSE, free_port

EXAMPLE = Path(__file__).parents[2] / "config/sms-templates.example.yaml"
BIZ_ID, WORD = "900619746936498440^0", "37-1-9f2c41d07ab3"
TAKEN = {"Code": "OK", "Message": "OK", "BizId": BIZ_ID, "RequestId": "F655A8D5"}

# code → fate, whether the address is dead, pause; written down a second time, on purpose
ROWS = [
    *[(code, TEMPORARY, False, None) for code in (
        "isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR", "Throttling", "Throttling.User", "Throttling.Api", "SignatureNonceUsed")],
    ("isv.BUSINESS_LIMIT_CONTROL", TEMPORARY, False, 60),
    *[(code, GATEWAY_DOWN, False, None) for code in (
        "isv.OUT_OF_SERVICE", "isv.AMOUNT_NOT_ENOUGH", "isv.PRODUCT_UNSUBSCRIBE", "isv.PRODUCT_UN_SUBSCRIPT",
        "isv.ACCOUNT_NOT_EXISTS", "isv.ACCOUNT_ABNORMAL", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL",
        "isv.DENY_IP_RANGE", "isv.SMS_SIGNATURE_ILLEGAL", "isv.SMS_SIGN_ILLEGAL", "isv.SIGN_NAME_ILLEGAL",
        "isp.RAM_PERMISSION_DENY", "Forbidden.RAM", "NoPermission", "InvalidAccessKeyId.NotFound",
        "InvalidAccessKeyId.Inactive", "SignatureDoesNotMatch", "IncompleteSignature", "InvalidTimeStamp.Expired")],
    ("isv.MOBILE_NUMBER_ILLEGAL", PERMANENT, True, None),
    *[(code, PERMANENT, False, None) for code in (
        "isv.MOBILE_COUNT_OVER_LIMIT", "isv.BLACK_KEY_CONTROL_LIMIT", "isv.SMS_CONTENT_ILLEGAL",
        "isv.UNSUPPORTED_CONTENT", "isv.SMS_TEMPLATE_ILLEGAL", "isv.TEMPLATE_MISSING_PARAMETERS",
        "isv.TEMPLATE_PARAMS_ILLEGAL", "isv.INVALID_PARAMETERS", "isv.INVALID_JSON_PARAM", "isv.PARAM_LENGTH_LIMIT",
        "isv.PARAM_NOT_SUPPORT_URL", "isv.DOMESTIC_NUMBER_NOT_SUPPORTED")],
]
REPORTED = [
    *[(code, PERMANENT, True) for code in ("MOBILE_NOT_ON_SERVICE", "INVALID_NUMBER", "MOBILE_IN_BLACK")],
    *[(code, PERMANENT, False) for code in ("CONTENT_KEYWORD", "CONTENT_ERROR", "SP_NOT_BY_INTER_SMS")],
    *[(code, TEMPORARY, False) for code in (
        "MOBILE_SEND_LIMIT", "MOBILE_ACCOUNT_LIMIT", "MOBILE_TERMINAL_ERROR", "SP_UNKNOWN_ERROR")],
]


def gateway(port: int, folder: Path, **other: Any) -> AliyunGateway:
    return AliyunGateway(aliyun_settings(port, folder, **other), clock=VirtualClock(SENT_AT + timedelta(hours=1)))


def filed(**other: Any) -> Letter:
    return letter(**{"to": PHONE, "template": "overdue", "params": {"over": "5分"}, "tracking": WORD} | other)


def details(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"Code": "OK", "TotalCount": len(rows), "SmsSendDetailDTOs": {"SmsSendDetailDTO": list(rows)}}


def asked(server: JsonServer, number: int = -1) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(server.paths[number]).query).items()}


def failure(server: JsonServer, folder: Path, **other: Any) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        gateway(server.port, folder).send(filed(**other))
    return caught.value


def test_the_signature_is_that_of_the_official_sdk() -> None:
    """Made with alibabacloud-tea-openapi 0.4.6."""
    query = {"PhoneNumbers": "13800000001", "SignName": "云河", "TemplateCode": "SMS_1",
             "TemplateParam": '{"left":"5 分","x":"a*b~c/d+e"}', "OutId": "37-1-ab"}
    headers = {"host": "dysmsapi.aliyuncs.com", "x-acs-action": "SendSms", "x-acs-content-sha256": signing.NO_BODY,
               "x-acs-date": "2026-03-12T06:20:00Z", "x-acs-signature-nonce": "0" * 32, "x-acs-version": "2017-05-25"}
    signed = signing.authorization(signing.canonical(query), headers, key_id="LTAItest", key_secret="s3cret")
    assert signed == (
        "ACS3-HMAC-SHA256 Credential=LTAItest,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,Signature=1f9e3d633054c1a1eeac2e7e0a7070f2a22216bc4a66c78646c9f625a63b633a")


def test_an_order_names_signature_template_words_and_tracking_and_is_signed_as_it_is_sent(tmp_path: Path) -> None:
    with JsonServer(body=TAKEN) as server:
        receipt = gateway(server.port, tmp_path).send(filed())
    assert asked(server) == {"PhoneNumbers": "13800000001", "SignName": "云河城管", "TemplateCode": "SMS_100000002",
                             "TemplateParam": '{"over":"5分"}', "OutId": WORD}
    assert (receipt.provider_id, receipt.gateway) == (BIZ_ID, "aliyun")
    head = server.heads[0]
    assert (head["x-acs-action"], head["x-acs-date"]) == ("SendSms", "2026-03-12T07:20:00Z")
    signed = {name: value for name, value in head.items() if name == "host" or name.startswith("x-acs-")}
    assert head["authorization"] == signing.authorization(
        urlsplit(server.paths[0]).query, signed, key_id=ACCESS_KEY, key_secret=ACCESS_SECRET)


def test_two_orders_never_share_a_nonce(tmp_path: Path) -> None:
    with JsonServer(body=TAKEN) as server:
        one = gateway(server.port, tmp_path)
        one.send(filed())
        one.send(filed())
    assert server.heads[0]["x-acs-signature-nonce"] != server.heads[1]["x-acs-signature-nonce"]


def test_no_row_is_without_its_test() -> None:
    assert CODES.keys() == {row[0] for row in ROWS}
    assert REPORTS.keys() == {row[0] for row in REPORTED}


@pytest.mark.parametrize(("code", "fate", "is_dead", "pause"), ROWS)
def test_a_code_in_the_body_is_a_refusal_even_with_http_200(
        code: str, fate: str, is_dead: bool, pause: float | None, tmp_path: Path) -> None:
    with JsonServer(body={"Code": code, "Message": PHONE, "BizId": BIZ_ID}) as server:
        error = failure(server, tmp_path)
    assert (error.fate, error.code, error.is_address_dead, error.retry_after_s) == (fate, code, is_dead, pause)
    assert error.gateway == "aliyun"


@pytest.mark.parametrize(("status", "body", "fate"), [
    (200, {"Code": "isv.SOMETHING_NEW"}, TEMPORARY), (200, {"Code": PHONE}, UNKNOWN), (200, {}, UNKNOWN),
    (200, "<html>", UNKNOWN), (200, {"Code": "OK"}, UNKNOWN), (200, {"Code": "OK", "BizId": PHONE}, UNKNOWN),
    (500, {"Code": "InternalError"}, UNKNOWN), (503, TAKEN, UNKNOWN), (429, "", TEMPORARY), (404, "", GATEWAY_DOWN),
    (400, {"Code": "Throttling.User"}, TEMPORARY), (404, {"Code": "InvalidAccessKeyId.NotFound"}, GATEWAY_DOWN),
])
def test_an_answer_is_believed_only_as_far_as_it_goes(status: int, body: object, fate: str, tmp_path: Path) -> None:
    with JsonServer(status=status, body=body) as server:
        error = failure(server, tmp_path)
    assert error.fate == fate
    assert PHONE not in error.detail


def test_nobody_there_is_temporary_and_an_answer_lost_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(ChannelError) as caught:
        gateway(free_port(), tmp_path).send(filed())
    assert caught.value.fate == TEMPORARY
    with JsonServer(trouble=CLOSE) as server:
        assert failure(server, tmp_path).fate == UNKNOWN


@pytest.mark.parametrize("other", [
    {"to": "+85261234567"}, {"to": "+8602112345678"}, {"template": "unheard-of"}, {"template": ""}])
def test_what_it_cannot_send_is_refused_for_good_before_it_is_asked(other: dict[str, str], tmp_path: Path) -> None:
    with JsonServer(body=TAKEN) as server:
        assert failure(server, tmp_path, **other).fate == PERMANENT
    assert server.paths == []


def test_a_text_that_is_filed_in_chinese_only_leaves_in_chinese(tmp_path: Path) -> None:
    with JsonServer(body=TAKEN) as server:
        gateway(server.port, tmp_path).send(filed(template="overdue-en", language="en"))
    assert asked(server)["TemplateCode"] == "SMS_100000002"


@pytest.mark.parametrize(("status", "code", "said"), [
    (1, "", SENT), (3, "DELIVERED", DELIVERED), ("3", "DELIVERED", DELIVERED), (2, "MK:0001", FAILED)])
def test_what_became_of_an_sms_is_looked_up_by_number_day_and_id(
        status: object, code: str, said: str, tmp_path: Path) -> None:
    with JsonServer(body=TAKEN) as server:
        one = gateway(server.port, tmp_path)
        one.send(filed())
        server.body = details({"OutId": "37-2-ffffffffffff", "SendStatus": 2}, {"OutId": WORD, "SendStatus": status, "ErrCode": code})
        report = one.look_up(BIZ_ID)
    assert asked(server) == {"PhoneNumber": "13800000001", "SendDate": "20260312", "PageSize": "50", "CurrentPage": "1",
                             "BizId": BIZ_ID}
    assert report is not None
    assert report.status == said


def test_an_sms_of_one_minute_to_midnight_in_china_is_looked_for_on_both_days(tmp_path: Path) -> None:
    late = SENT_AT.replace(hour=15, minute=59)
    with JsonServer(body=details()) as server:
        assert gateway(server.port, tmp_path).find(filed(sent_at=late)) is None
    assert [asked(server, number)["SendDate"] for number in (0, 1)] == ["20260312", "20260313"]


def test_a_letter_whose_answer_was_lost_is_found_by_its_tracking_and_followed(tmp_path: Path) -> None:
    with JsonServer(body=details({"OutId": WORD, "SendStatus": 2, "ErrCode": "INVALID_NUMBER"})) as server:
        one = gateway(server.port, tmp_path)
        found = one.find(filed())
        assert found is not None
        report = one.look_up(found.provider_id)
        assert one.find(filed(tracking="37-1-000000000000")) is None
        assert one.look_up("1^2") is None
    assert report is not None
    assert (report.status, report.fate, report.is_address_dead) == (FAILED, PERMANENT, True)


def test_a_question_that_gets_no_answer_is_an_error_without_the_number(tmp_path: Path) -> None:
    with JsonServer(body={"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": PHONE}) as server, \
            pytest.raises(ChannelError) as caught:
        gateway(server.port, tmp_path).find(filed())
    assert PHONE[3:] not in caught.value.detail


@pytest.mark.parametrize(("code", "fate", "is_dead"), [*REPORTED, ("MK:0001", TEMPORARY, False), (PHONE, TEMPORARY, False)])
def test_a_report_of_failure_means_what_the_table_says(code: str, fate: str, is_dead: bool) -> None:
    report = report_of(2, code)
    assert report is not None
    assert (report.status, report.fate, report.is_address_dead) == (FAILED, fate, is_dead)
    assert PHONE not in report.detail + report.code


def test_a_status_nobody_knows_says_nothing() -> None:
    assert [report_of(status, "") for status in (0, 4, "", None, 3.0, [])] == [None] * 6


@pytest.mark.parametrize(("change", "said"), [
    ({"aliyun_access_key_id": None}, "ACCESS_KEY_ID"), ({"aliyun_access_key_secret": "a b"}, "ACCESS_KEY_SECRET"),
    ({"aliyun_sign_name": "【云河城管】"}, "SIGN_NAME"), ({"aliyun_endpoint": "http://dysmsapi.aliyuncs.com"}, "ENDPOINT"),
    ({"sms_templates": None}, "SMS_TEMPLATES"), ({"sms_templates": Path("/no")}, "cannot be read"),
])
def test_a_setting_that_cannot_be_is_named(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    (complaint,) = gateway(9, tmp_path, **change).problems()
    assert said in complaint


def test_an_endpoint_may_be_a_bare_host_and_is_not_this_machine(tmp_path: Path) -> None:
    one = gateway(9, tmp_path, aliyun_endpoint="dysmsapi.aliyuncs.com")
    assert one.problems() == []
    assert not one.is_loopback
    assert gateway(9, tmp_path, aliyun_endpoint=None).problems() == []


@pytest.mark.parametrize("written", ["- 1\n", "", "overdue: 17\n", "overdue: SMS_x\n", "a: [\n"])
def test_a_file_of_templates_that_is_none_is_complained_of(written: str, tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(written)
    (complaint,) = gateway(9, tmp_path, sms_templates=path).problems()
    assert str(path) in complaint


def test_the_example_names_every_text_that_is_filed() -> None:
    assert set(YAML(typ="safe").load(EXAMPLE.read_text())) == set(FILED)
    settings = ChannelSettings(aliyun_access_key_id="a", aliyun_access_key_secret="b", aliyun_sign_name="c",
                               sms_templates=EXAMPLE)
    assert AliyunGateway(settings).problems() == []


def test_nobody_can_answer_on_it(tmp_path: Path) -> None:
    assert not gateway(9, tmp_path, sms_replies=True).is_two_way
