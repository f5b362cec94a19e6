"""Browser sessions: twelve idle hours, twenty-four in all, gone when ended."""

from datetime import datetime, timedelta

import pytest

from incident_clock.errors import NotFound
from incident_clock.people import sign_in
from incident_clock.store.session import Store

HOUR, TICK = timedelta(hours=1), timedelta(microseconds=1)


@pytest.fixture
def browser(bureau: Store, now: datetime) -> str:
    """A session of zhou."""
    with bureau.write() as session:
        return sign_in.open_session(session, "zhou", now)


def is_signed_in(store: Store, token: str, at: datetime) -> bool:
    with store.read() as session:
        card = sign_in.session_person(session, token, at)
    assert card is None or card.key == "zhou"
    return card is not None


@pytest.mark.parametrize(("after", "expected"), [(TICK, True), (12 * HOUR - TICK, True), (12 * HOUR, False)])
def test_a_session_ends_after_twelve_idle_hours(
        bureau: Store, browser: str, now: datetime, after: timedelta, expected: bool) -> None:
    assert is_signed_in(bureau, browser, now + after) is expected


@pytest.mark.parametrize(("after", "expected"), [(24 * HOUR - TICK, True), (24 * HOUR, False)])
def test_a_session_in_use_ends_after_twenty_four_hours(
        bureau: Store, browser: str, now: datetime, after: timedelta, expected: bool) -> None:
    for hour in (11, 22):
        with bureau.write() as session:
            sign_in.mark_seen(session, browser, now + hour * HOUR)
    assert is_signed_in(bureau, browser, now + after) is expected


@pytest.mark.parametrize(("seen_after", "is_written"), [
    (timedelta(minutes=10) - TICK, False), (timedelta(minutes=10), True)])
def test_being_seen_is_written_in_steps_of_ten_minutes(
        bureau: Store, browser: str, now: datetime, seen_after: timedelta, is_written: bool) -> None:
    with bureau.write() as session:
        sign_in.mark_seen(session, browser, now + seen_after)
    assert is_signed_in(bureau, browser, now + 12 * HOUR) is is_written


def test_signing_out_ends_this_session_only(bureau: Store, browser: str, now: datetime) -> None:
    with bureau.write() as session:
        other = sign_in.open_session(session, "zhou", now)
        sign_in.end_session(session, browser, now)
        sign_in.end_session(session, browser, now + HOUR)
        sign_in.end_session(session, "unknown", now)
    assert not is_signed_in(bureau, browser, now)
    assert is_signed_in(bureau, other, now)


def test_an_invented_token_is_nobody(bureau: Store, browser: str, now: datetime) -> None:
    assert not any(is_signed_in(bureau, token, now) for token in ("", browser[:-1], browser.swapcase(), "\0"))


def test_there_is_no_session_for_a_stranger(bureau: Store, now: datetime) -> None:
    with pytest.raises(NotFound), bureau.write() as session:
        sign_in.open_session(session, "nobody", now)
