"""Aliyun's pushes as its documentation shows them."""

import json

import pytest

from incident_clock.channels.aliyun_callbacks import Hint, read_reports

REPORT = {"phone_number": "13800000001", "send_time": "2026-03-12 14:20:00", "report_time": "2026-03-12 14:20:05",
          "success": True, "err_code": "DELIVERED", "err_msg": "用户接收成功", "sms_size": "1",
          "biz_id": "900619746936498440^0", "out_id": "37-1-9f2c41d07ab3"}


def pushed(*items: object) -> bytes:
    return json.dumps(items, ensure_ascii=False).encode()


def test_a_push_of_reports_names_each_sms_once() -> None:
    assert read_reports(pushed(REPORT, REPORT, REPORT | {"biz_id": "1^0", "out_id": None})) == [
        Hint("900619746936498440^0", "37-1-9f2c41d07ab3"), Hint("1^0", "")]


@pytest.mark.parametrize("body", [
    b"", b"{}", b"[", b"\xff", b"[1, null, []]", b'"x"', b"[" * 5000, pushed({}),
    pushed(REPORT | {"biz_id": 5}), pushed(REPORT | {"biz_id": "1\n"}), pushed(REPORT | {"biz_id": ""})])
def test_what_is_no_report_is_left_out(body: bytes) -> None:
    assert read_reports(body) == []
