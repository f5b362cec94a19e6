"""What an answer by SMS means, however it was typed, and how long it keeps repeats away."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_clock.protocol.replies import ACKNOWLEDGE, DONE_SOON, NOT_ME, PASS_ON, Reply, paused_until, read_reply

NOW = datetime(2026, 3, 12, 6, 5, tzinfo=UTC)

UNDERSTOOD = [  # what was typed, the action, the numbers it may mean
    # the code of the message
    ("1037", ACKNOWLEDGE, ["037"]), ("2037", PASS_ON, ["037"]), ("3037", DONE_SOON, ["037"]), ("9037", NOT_ME, ["037"]),
    ("1000", ACKNOWLEDGE, ["000"]), ("1999", ACKNOWLEDGE, ["999"]), ("1111", ACKNOWLEDGE, ["111"]),
    ("11000", ACKNOWLEDGE, ["1000"]), ("11037", ACKNOWLEDGE, ["1037"]), ("21037", PASS_ON, ["1037"]),  # past incident 999
    ("112345", ACKNOWLEDGE, ["12345"]),
    # as telephones and people write it
    ("１０３７", ACKNOWLEDGE, ["037"]), ("1 037。", ACKNOWLEDGE, ["037"]), (" 1037\n", ACKNOWLEDGE, ["037"]),
    ("1-037", ACKNOWLEDGE, ["037"]), ("“1037”", ACKNOWLEDGE, ["037"]), ("1,0,3,7", ACKNOWLEDGE, ["037"]),
    ("1037！！", ACKNOWLEDGE, ["037"]), ("【1037】", ACKNOWLEDGE, ["037"]), ("1_037", ACKNOWLEDGE, ["037"]),
    ("1037 👍", ACKNOWLEDGE, ["037"]), ("\u200b1037", ACKNOWLEDGE, ["037"]), ("①037", ACKNOWLEDGE, ["037"]),
    # bare
    ("1", ACKNOWLEDGE, []), ("１。", ACKNOWLEDGE, []), ("2", PASS_ON, []), ("9", NOT_ME, []),
    # in words
    ("收到", ACKNOWLEDGE, []), ("收到！", ACKNOWLEDGE, []), ("已收到。", ACKNOWLEDGE, []), ("确认", ACKNOWLEDGE, []),
    ("OK", ACKNOWLEDGE, []), ("ok.", ACKNOWLEDGE, []), ("收到037", ACKNOWLEDGE, ["037"]), ("037收到", ACKNOWLEDGE, ["037"]),
    ("已收到 037", ACKNOWLEDGE, ["037"]), ("OK 037", ACKNOWLEDGE, ["037"]), ("收到1", ACKNOWLEDGE, []),
    # a word and four digits: the code of 037, or incident 1037
    ("收到1037", ACKNOWLEDGE, ["037", "1037"]), ("1037收到", ACKNOWLEDGE, ["037", "1037"]),
    ("收到11037", ACKNOWLEDGE, ["1037", "11037"]), ("收到2037", ACKNOWLEDGE, ["2037"]),
]

NOT_UNDERSTOOD = [
    "", " ", "。", "0", "4", "5037", "0037", "8037", "037", "103", "10", "12", "1 3", "10037",  # four digits lead with no 0
    "1037a", "a1037", "l037", "1o37", "-", "收", "收到了吗", "没收到", "收到，正在处理", "不收到1037", "不确认", "收到2", "收到01",
    "收到00037", "收到4037号", "TD", "T", "退订", "1037 1037", "一零三七", "١٠٣٧", "1037\x00x", "null", "好的", "'; DROP TABLE message",
]


@pytest.mark.parametrize(("typed", "action", "spoken"), UNDERSTOOD, ids=[repr(row[0]) for row in UNDERSTOOD])
def test_an_answer_is_read_forgivingly(typed: str, action: int, spoken: list[str]):
    assert read_reply(typed) == Reply(action, tuple(spoken))


@pytest.mark.parametrize("typed", NOT_UNDERSTOOD, ids=repr)
def test_what_could_mean_anything_means_nothing(typed: str):
    assert read_reply(typed) is None


@pytest.mark.parametrize("typed", ["1" * 1_000_000, "收到" * 500_000, " " * 1_000_000, "1" + "0" * 1_000_000, "a" * 1_000_000],
                         ids=["ones", "words", "blanks", "zeros", "letters"])
def test_a_very_long_answer_is_read_at_once(typed: str):
    reply = read_reply(typed)
    assert reply is None or reply.spoken == ("1" * 999_999,)


@given(st.text())
def test_no_answer_at_all_breaks_the_reader(typed: str):
    reply = read_reply(typed)
    assert reply is None or all(number.isascii() and number.isdecimal() and len(number) >= 3 for number in reply.spoken)


@given(st.sampled_from((1, 2, 3, 9)), st.integers(1, 99_999), st.sampled_from(("{}{}", " {} {} ", "{}-{}。", "{}，{}!")))
def test_every_code_a_message_gives_is_understood(action: int, counted: int, shape: str):
    spoken = f"{counted:03}"
    assert read_reply(shape.format(action, spoken)) == Reply(action, (spoken,))


@pytest.mark.parametrize(("left", "pause"), [
    (timedelta(hours=24), timedelta(minutes=10)),
    (timedelta(minutes=40, microseconds=4), timedelta(minutes=10)),
    (timedelta(minutes=40), timedelta(minutes=10)),
    (timedelta(minutes=39, seconds=56), timedelta(minutes=9, seconds=59)),
    (timedelta(minutes=20), timedelta(minutes=5)),
    (timedelta(minutes=2), timedelta(seconds=30)),
    (timedelta(seconds=1), timedelta(seconds=0.25)),
    (timedelta(0), timedelta(0)),
    (timedelta(seconds=-1), timedelta(0)),
    (timedelta(hours=-9), timedelta(0)),
])
def test_an_answer_keeps_repeats_away_for_ten_minutes_or_a_quarter_of_what_is_left(left: timedelta, pause: timedelta):
    assert paused_until(due=NOW + left, now=NOW) == NOW + pause
