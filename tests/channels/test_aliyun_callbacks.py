"""Aliyun's pushes as its documentation shows them."""

import json

import pytest

from incident_clock.channels.aliyun_callbacks import Hint, InboundText, read_inbound, read_reports

REPORT = {"phone_number": "13800000001", "send_time": "2026-03-12 14:20:00", "report_time": "2026-03-12 14:20:05",
          "success": True, "err_code": "DELIVERED", "err_msg": "用户接收成功", "sms_size": "1",
          "biz_id": "900619746936498440^0", "out_id": "37-1-9f2c41d07ab3"}
UP = {"phone_number": "13800000001", "send_time": "2026-03-12 14:21:00", "content": "1037", "sign_name": "云河城管",
      "dest_code": "1234", "sequence_id": 1234567890}


def pushed(*items: object) -> bytes:
    return json.dumps(items, ensure_ascii=False).encode()


def test_a_push_of_reports_names_each_sms_once() -> None:
    assert read_reports(pushed(REPORT, REPORT, REPORT | {"biz_id": "1^0", "out_id": None})) == [
        Hint("900619746936498440^0", "37-1-9f2c41d07ab3"), Hint("1^0", "")]


def test_a_push_of_texts_names_each_text_once_with_its_sender_in_international_form() -> None:
    found = read_inbound(pushed(UP, UP | {"content": "another"}, UP | {"sequence_id": "7", "phone_number": "8613800000002"}))
    assert found == [InboundText("1234567890", "+8613800000001", "1037"), InboundText("7", "+8613800000002", "1037")]
    assert "1380000" not in repr(found)


@pytest.mark.parametrize("body", [
    b"", b"{}", b"[", b"\xff", b"[1, null, []]", b'"x"', b"[" * 5000, pushed({}),
    pushed(REPORT | {"biz_id": 5}), pushed(REPORT | {"biz_id": "1\n"}), pushed(REPORT | {"biz_id": ""})])
def test_what_is_no_report_is_left_out(body: bytes) -> None:
    assert read_reports(body) == []


@pytest.mark.parametrize("change", [
    {"sequence_id": True}, {"sequence_id": None}, {"sequence_id": 1.5}, {"phone_number": "10690000"},
    {"phone_number": "+14155550100"}, {"content": None}, {"content": "1" * 2001}])
def test_what_is_no_text_of_a_person_is_left_out(change: dict[str, object]) -> None:
    assert read_inbound(pushed(UP | change)) == []
