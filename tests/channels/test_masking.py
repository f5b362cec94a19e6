"""Which words of a text are addresses, and what is left of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_clock.channels.masking import mask_address


@pytest.mark.parametrize(("text", "masked"), [
    ("+8613800000001", "****0001"),
    ("13800000001", "****0001"),
    ("+86 138 0000 0001", "****0001"),
    ("86-138-0000-0001", "****0001"),
    ("138-0000-0001", "****0001"),
    ("１３８０００００００１", "****０００１"),
    ("＋８６１３８０００００００１", "****０００１"),
    ("+15005550006", "****0006"),
    ("0571-88880001", "****0001"),
    ("010 8888 0001", "010 8888 0001"),  # not one of the forms numbers are kept in
    ("zhou@example.com", "zh…@example.com"),
    ("wu@example.com", "w…@example.com"),
    ("a@example.com", "a…@example.com"),
    ("周甲乙@example.com", "周甲…@example.com"),
    ("电话13800000001，邮箱zhou.jia@mail.example.com。", "电话****0001，邮箱…@mail.example.com。"),
    ("to +8613800000001, zhou@example.com", "to ****0001, zh…@example.com"),
])
def test_addresses_are_masked_alone_and_within_a_text(text: str, masked: str) -> None:
    assert mask_address(text) == masked


@pytest.mark.parametrize("text", [
    "", "zhou", "2026-0037", "Y2026-0005", "2026-11-22 14:05", "2026-11-22T14:05:00+08:00", "14:25", "K7Q2",
    "回复1037确认", "台综执字〔2019〕2号", "20261122140500", "@", "a@", "@b", "1700000000000",
])
def test_keys_dates_and_incident_numbers_stay_as_they_are(text: str) -> None:
    assert mask_address(text) == text


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text(alphabet="事件 ，:abc\n", max_size=8),
       st.text(alphabet="事件 ，:abc\n", max_size=8))
def test_no_mobile_number_survives_between_any_words(number: str, before: str, after: str) -> None:
    assert number not in mask_address(before + number + after)


def test_a_long_text_without_addresses_is_read_quickly() -> None:
    assert mask_address("a" * 200_000) == "a" * 200_000
