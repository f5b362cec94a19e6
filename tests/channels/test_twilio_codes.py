"""The truth table of Twilio, a test a row, and what the table does not know."""

import pytest

from incident_clock.channels.base import (
    DELIVERED,
    FAILED,
    GATEWAY_DOWN,
    PERMANENT,
    QUEUED,
    READ,
    SENT,
    TEMPORARY,
    UNKNOWN,
)
from incident_clock.channels.twilio_codes import (
    CALL,
    CALL_STATUSES,
    CODES,
    MESSAGE_STATUSES,
    SMS,
    refusal,
    report_of_call,
    report_of_message,
)

# code → (fate, whether the address is dead); written down a second time, on purpose
ROWS = {
    20003: (GATEWAY_DOWN, False), 20005: (GATEWAY_DOWN, False), 20404: (GATEWAY_DOWN, False),
    20429: (TEMPORARY, False),
    21205: (GATEWAY_DOWN, False), 21210: (GATEWAY_DOWN, False), 21211: (PERMANENT, True), 21212: (GATEWAY_DOWN, False),
    21213: (GATEWAY_DOWN, False), 21214: (PERMANENT, False), 21215: (PERMANENT, False), 21216: (PERMANENT, False),
    21217: (PERMANENT, True), 21219: (PERMANENT, False), 21408: (PERMANENT, False),
    21602: (PERMANENT, False), 21603: (GATEWAY_DOWN, False), 21606: (GATEWAY_DOWN, False), 21608: (PERMANENT, False),
    21609: (GATEWAY_DOWN, False), 21610: (PERMANENT, True), 21611: (TEMPORARY, False), 21612: (PERMANENT, False),
    21614: (PERMANENT, True), 21617: (PERMANENT, False), 21635: (PERMANENT, True),
    21659: (GATEWAY_DOWN, False), 21703: (GATEWAY_DOWN, False), 21704: (GATEWAY_DOWN, False),
    30001: (TEMPORARY, False), 30002: (GATEWAY_DOWN, False), 30003: (TEMPORARY, False), 30004: (PERMANENT, False),
    30005: (PERMANENT, True), 30006: (PERMANENT, True), 30007: (PERMANENT, False), 30008: (TEMPORARY, False),
    30009: (TEMPORARY, False), 30017: (TEMPORARY, False), 30036: (TEMPORARY, False),
}


def test_no_row_is_without_its_test() -> None:
    assert CODES.keys() == ROWS.keys()


@pytest.mark.parametrize("code", ROWS)
def test_a_code_means_the_same_in_an_answer_and_in_a_report(code: int) -> None:
    error = refusal(SMS, status=400, code=code)
    report = report_of_message("undelivered", code=str(code))
    assert report is not None
    assert (error.fate, error.is_address_dead) == (report.fate, report.is_address_dead) == ROWS[code]
    assert error.code == report.code == str(code)
    for said in (error.detail, report.detail):
        assert CODES[code].why in said
        assert str(code) in said


@pytest.mark.parametrize(("status", "code", "fate"), [
    (401, 401, GATEWAY_DOWN), (403, 99999, GATEWAY_DOWN), (404, 404, GATEWAY_DOWN),
    (408, 408, TEMPORARY), (425, 425, TEMPORARY), (429, 429, TEMPORARY), (302, 302, TEMPORARY),
    (500, 20500, UNKNOWN), (502, 502, UNKNOWN), (503, 20503, UNKNOWN), (504, 504, UNKNOWN), (599, None, UNKNOWN),
    (400, 12345, PERMANENT), (422, None, PERMANENT), (400, [1], PERMANENT), (400, "21211", PERMANENT),
    (400, 8613800000001, PERMANENT), (None, None, TEMPORARY),
])
def test_a_code_not_known_here_is_judged_by_the_http_status(status: object, code: object, fate: str) -> None:
    error = refusal(CALL, status=status, code=code)
    assert error.fate == fate
    assert not error.is_address_dead
    assert "138" not in error.detail


def test_what_to_mend_is_named_where_the_login_is_refused() -> None:
    for code in (20003, None):
        assert "TWILIO_AUTH_TOKEN" in refusal(SMS, status=401, code=code).detail


@pytest.mark.parametrize(("status", "ours"), [
    ("accepted", QUEUED), ("scheduled", QUEUED), ("queued", QUEUED), ("sending", QUEUED), ("sent", SENT),
    ("delivered", DELIVERED), ("read", READ), ("failed", FAILED), ("undelivered", FAILED), ("canceled", FAILED),
    ("partially_delivered", FAILED), ("receiving", None), ("received", None), ("", None), ("DELIVERED", None),
])
def test_the_statuses_of_a_message(status: str, ours: str | None) -> None:
    report = report_of_message(status, segments=2)
    assert (report.status if report else None) == ours
    assert report is None or (report.segments == 2 and report.fate == TEMPORARY)
    assert ours is None or status in MESSAGE_STATUSES


@pytest.mark.parametrize(("status", "ours", "said"), [
    ("queued", QUEUED, ""), ("initiated", QUEUED, ""), ("ringing", SENT, ""), ("in-progress", SENT, ""),
    ("answered", SENT, ""), ("completed", FAILED, "without a key"), ("busy", FAILED, "busy"),
    ("no-answer", FAILED, "nobody picked up"), ("canceled", FAILED, "cancelled"),
    ("failed", FAILED, "could not be put through"), ("delivered", None, ""),
])
def test_the_statuses_of_a_call_where_only_a_key_tells(status: str, ours: str | None, said: str) -> None:
    report = report_of_call(status)
    assert (report.status if report else None) == ours
    assert report is None or (said in report.detail and report.fate == TEMPORARY)
    assert ours is None or status in CALL_STATUSES


def test_a_failure_without_a_known_code_may_pass() -> None:
    for code in ("", "39999", "no number"):
        report = report_of_message("failed", code=code)
        assert report is not None
        assert (report.status, report.fate, report.code) == (FAILED, TEMPORARY, code)
