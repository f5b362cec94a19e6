"""What one cell means, however it is written; and what is never guessed."""

from datetime import date, timedelta

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_clock.people.cards import DESK_PHONE, MOBILE
from incident_clock.people.sheets.cells import Moment, Wrong, kind_of_phone, read_day, read_moment, read_phone
from incident_clock.people.sheets.grid import DAY_ZERO, neutral, trimmed

THE_12TH = date(2026, 3, 12)


@pytest.mark.parametrize("written", [
    "2026-03-12", "2026-3-12", "2026/3/12", "2026.03.12", "2026年3月12日", "2026 年 3 月 12 日", "2026年3月12号", "20260312",
    "２０２６－０３－１２", "46093", "2026-03-12 00:00", "2026-03-12 0:00:00", "2026-03-12T00:00:00"])
def test_a_day_is_read_however_it_is_written(written: str) -> None:
    assert read_day(written, day_zero=DAY_ZERO) == THE_12TH


def test_a_number_counts_from_the_day_zero_of_its_workbook() -> None:
    assert read_day("44631", day_zero=date(1904, 1, 1)) == THE_12TH


@pytest.mark.parametrize("written", [
    "2026-02-29", "2026-13-01", "2026-00-10", "1999-12-31", "2101-01-01", "3月12日", "3-12", "12/3/2026", "3/12/26", "明天",
    "2026-03-12 08:30", "2026-03-12 25:00", "46093.354", "4609", "460930", "2026-03/12", "99999"])
def test_a_day_that_cannot_be_read_is_never_guessed(written: str) -> None:
    assert isinstance(read_day(written, day_zero=DAY_ZERO), Wrong)


@pytest.mark.parametrize(("written", "minutes"), [
    ("08:30", 510), ("8:30", 510), ("8：30", 510), ("8:30:00", 510), ("8点30分", 510), ("8点30", None), ("20时", 1200),
    ("0:00", 0), ("24:00", 1440), ("0.354166666666667", 510), ("0", 0), ("0.5", 720), ("24:01", None), ("25:00", None),
    ("08:60", None), ("8", None), ("0830", None), ("上午八点", None), ("1.5", None), ("8:", None)])
def test_a_time_of_day_is_read_up_to_midnight(written: str, minutes: int | None) -> None:
    read = read_moment(written, day_zero=DAY_ZERO)
    assert read == Moment(None, timedelta(minutes=minutes)) if minutes is not None else isinstance(read, Wrong)


@pytest.mark.parametrize("written", [
    "2026-03-12 08:30", "2026/3/12 8:30", "2026年3月12日 8:30", "2026年3月12日8点30分", "2026-03-12T08:30:00",
    "46093.3541666667"])
def test_a_time_may_carry_its_day(written: str) -> None:
    assert read_moment(written, day_zero=DAY_ZERO) == Moment(THE_12TH, timedelta(minutes=510))


def test_seconds_and_parts_of_them_are_kept() -> None:
    assert read_moment("08:30:01.000250", day_zero=DAY_ZERO) == Moment(None, timedelta(
        hours=8, minutes=30, seconds=1, microseconds=250))


@pytest.mark.parametrize("written", [
    "13800000001", "13800000001.0", "1.3800000001E+10", "1.3800000001e10", "+8613800000001", "+86 138 0000 0001",
    "86 13800000001", "8613800000001", "0086-138-0000-0001", "138 0000 0001", "138-0000-0001", "'13800000001",
    "'+8613800000001", "１３８０００００００１", "（+86）13800000001", "138.0000.0001"])
def test_a_number_that_excel_or_people_rewrote_is_put_right(written: str) -> None:
    assert read_phone(written) == "+8613800000001"


@pytest.mark.parametrize(("written", "number"), [
    ("010-12345678", "+861012345678"), ("1012345678", "+861012345678"), ("(0571) 8700 0000", "+8657187000000"),
    ("+44 20 7946 0018", "+442079460018")])
def test_fixed_lines_and_numbers_abroad_are_read(written: str, number: str) -> None:
    assert read_phone(written) == number


@pytest.mark.parametrize("written", [
    "1.38E+10", "1.38E10", "1.3800000001E+11", "1380000001", "138000000011", "23800000001", "电话13800000001",
    "13800000001转8", "13800000001/13800000002", "4412345", "-", "1.5", "", "无"])
def test_a_number_that_lost_digits_or_has_more_than_one_reading_is_refused(written: str) -> None:
    assert isinstance(read_phone(written), Wrong)


@given(st.integers(min_value=13_000_000_000, max_value=19_999_999_999))
def test_every_mobile_number_survives_what_excel_does_to_it(number: int) -> None:
    forms = {str(number), f"{number}.0", repr(float(number)), f"{number:.10E}", f"+86{number}", f"'{number}"}
    expected = {f"+86{number}"} if phonenumbers.is_valid_number(phonenumbers.parse(f"+86{number}")) else {None}
    assert {read if isinstance(read := read_phone(form), str) else None for form in forms} == expected


@pytest.mark.parametrize(("number", "kind"), [
    ("+8613800000001", MOBILE), ("+861012345678", DESK_PHONE), ("+12025550123", MOBILE)])
def test_a_fixed_line_takes_no_text_messages(number: str, kind: str) -> None:
    assert kind_of_phone(number) == kind


@pytest.mark.parametrize(("text", "exported"), [
    ("周甲", "周甲"), ("=1+1", "'=1+1"), ("+86", "'+86"), ("-1", "'-1"), ("@a", "'@a"), ("'=1", "''=1"), ("'周甲", "'周甲"),
    ("''", "''")])
def test_what_a_spreadsheet_would_run_is_exported_as_text(text: str, exported: str) -> None:
    assert neutral(text) == exported
    assert trimmed(exported) == text


@given(st.text(st.sampled_from("'=+-@a周 "), max_size=6).map(str.strip))
def test_every_text_comes_back_as_it_was(text: str) -> None:
    assert trimmed(neutral(text)) == text
    assert not neutral(text).startswith(("=", "+", "-", "@"))
