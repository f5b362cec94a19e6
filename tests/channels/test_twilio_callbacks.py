"""Reading Twilio's callbacks."""

import pytest

from incident_clock.channels.base import DELIVERED, FAILED, PERMANENT, READ, STATUSES, Report
from incident_clock.channels.twilio_callbacks import (
    Form,
    InboundText,
    KeyPress,
    read_inbound,
    read_key,
    read_status,
)

MESSAGE, CALL = "SM" + "0a" * 16, "CA" + "1b" * 16
QUERY: Form = {"m": ["37-1-9f2c41d07ab3"]}


def form(**fields: str) -> dict[str, list[str]]:
    return {name: [value] for name, value in fields.items()}


def test_the_state_of_a_message_comes_with_its_sid_and_our_own_word() -> None:
    word = read_status(form(MessageSid=MESSAGE, SmsSid=MESSAGE, MessageStatus="delivered", To="+8613800000001"), QUERY)
    assert word is not None
    assert (word.provider_id, word.tracking, word.report.status) == (MESSAGE, "37-1-9f2c41d07ab3", DELIVERED)
    assert "138" not in repr(word)


def test_the_code_of_a_failure_is_read_by_the_table() -> None:
    word = read_status(form(MessageSid=MESSAGE, MessageStatus="undelivered", ErrorCode="30005", NumSegments="2"), QUERY)
    assert word is not None
    assert (word.report.fate, word.report.code, word.report.segments) == (PERMANENT, "30005", 2)
    assert word.report.is_address_dead


def test_a_call_that_ended_without_a_key_has_told_nobody() -> None:
    word = read_status(form(CallSid=CALL, CallStatus="completed", CallDuration="31"), QUERY)
    assert word is not None
    assert (word.provider_id, word.report.status) == (CALL, FAILED)


def test_a_key_outweighs_the_end_of_its_call_in_whatever_order_they_come() -> None:
    press = read_key(form(CallSid=CALL, Digits="1", CallStatus="in-progress"), QUERY)
    assert press == KeyPress(CALL, "37-1-9f2c41d07ab3", "1", Report(READ, detail="key 1 was pressed"))
    assert STATUSES.index(READ) > STATUSES.index(FAILED)


@pytest.mark.parametrize("digits", ["", "12", "a", "１", "٣", "11"])
def test_only_one_key_of_a_telephone_is_a_key(digits: str) -> None:
    assert read_key(form(CallSid=CALL, Digits=digits), QUERY) is None


def test_an_sms_that_came_in_keeps_number_and_text_out_of_its_repr() -> None:
    text = read_inbound(form(MessageSid=MESSAGE, From="+8613800000001", To="+15005550006", Body="１０３７ 收到"))
    assert text == InboundText(MESSAGE, "+8613800000001", "１０３７ 收到")
    assert repr(text) == f"InboundText(provider_id='{MESSAGE}')"


def test_an_empty_sms_is_an_sms() -> None:
    text = read_inbound(form(MessageSid=MESSAGE, From="+8613800000001"))
    assert text is not None
    assert text.text == ""


@pytest.mark.parametrize("sid", [
    "", "SM1", MESSAGE + "0", MESSAGE + "\n", "XX" + "0a" * 16, "SM" + "٣" * 32, MESSAGE + "NumMedia0"])
def test_what_is_not_an_sid_to_the_digit_names_nothing(sid: str) -> None:
    assert read_status(form(MessageSid=sid, MessageStatus="sent"), QUERY) is None
    assert read_status(form(CallSid=sid, CallStatus="ringing"), QUERY) is None
    assert read_key(form(CallSid=sid, Digits="1"), QUERY) is None
    assert read_inbound(form(MessageSid=sid, From="+8613800000001", Body="1037")) is None


def test_a_field_given_twice_with_two_values_is_no_field() -> None:
    twice: Form = {"MessageSid": [MESSAGE], "MessageStatus": ["sent", "delivered"]}
    same: Form = {"MessageSid": [MESSAGE, MESSAGE], "MessageStatus": ["sent"]}
    assert read_status(twice, QUERY) is None
    assert read_status(same, QUERY) is not None


@pytest.mark.parametrize("query", [{}, {"m": []}, {"m": ["a", "b"]}])
def test_without_our_word_the_sid_alone_has_to_do(query: Form) -> None:
    word = read_status(form(MessageSid=MESSAGE, MessageStatus="sent"), query)
    assert word is not None
    assert word.tracking == ""


@pytest.mark.parametrize("fields", [
    {}, {"MessageSid": MESSAGE}, {"MessageSid": MESSAGE, "MessageStatus": "received"},
    {"CallSid": CALL, "MessageStatus": "sent"}])
def test_what_is_no_state_is_none(fields: dict[str, str]) -> None:
    assert read_status(form(**fields), QUERY) is None
