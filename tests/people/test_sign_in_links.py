"""One-time links: fifteen minutes, once, for active persons."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from incident_clock.errors import NotFound
from incident_clock.people import sign_in
from incident_clock.people.roster import PersonCard
from incident_clock.store.session import Store


@pytest.fixture
def link(bureau: Store, now: datetime) -> str:
    """A fresh link for zhou."""
    with bureau.write() as session:
        return sign_in.issue_link(session, "zhou", now)


@pytest.mark.parametrize(("after", "is_good"), [
    (timedelta(0), True),
    (timedelta(minutes=14, seconds=59), True),
    (timedelta(minutes=15) - timedelta(microseconds=1), True),
    (timedelta(minutes=15), False),
    (timedelta(days=1), False),
])
def test_a_link_is_good_for_less_than_fifteen_minutes(
        bureau: Store, link: str, now: datetime, after: timedelta, is_good: bool) -> None:
    with bureau.write() as session:
        assert (sign_in.peek_link(session, link, now + after) is not None) is is_good
        assert (sign_in.use_link(session, link, now + after) is not None) is is_good


def test_a_link_signs_in_the_person_it_was_made_for_and_only_once(bureau: Store, link: str, now: datetime) -> None:
    with bureau.write() as session:
        assert sign_in.use_link(session, link, now).key == "zhou"
    with bureau.write() as session:
        assert sign_in.peek_link(session, link, now) is None
        assert sign_in.use_link(session, link, now) is None


def test_looking_at_a_link_does_not_use_it(bureau: Store, link: str, now: datetime) -> None:
    with bureau.read() as session:
        assert sign_in.peek_link(session, link, now) == sign_in.peek_link(session, link, now)
    with bureau.write() as session:
        assert sign_in.use_link(session, link, now) is not None


def test_of_several_who_use_a_link_at_once_exactly_one_is_signed_in(
        bureau: Store, link: str, now: datetime, at_once: Callable) -> None:
    def use() -> PersonCard | None:
        with bureau.write() as session:
            return sign_in.use_link(session, link, now)

    answers = at_once(use, 6)
    assert [answer.key for answer in answers if answer is not None] == ["zhou"]


def test_an_invented_link_is_nobody(bureau: Store, link: str, now: datetime) -> None:
    with bureau.write() as session:
        for token in ("", link[:-1], link.swapcase(), "\0", "\ud800"):
            assert sign_in.peek_link(session, token, now) is None
            assert sign_in.use_link(session, token, now) is None


def test_every_link_is_another(bureau: Store, now: datetime) -> None:
    with bureau.write() as session:
        links = {sign_in.issue_link(session, "zhou", now) for _ in range(20)}
    assert len(links) == 20
    assert min(map(len, links)) >= 43  # 256 bits


def test_there_is_no_link_for_a_stranger(bureau: Store, now: datetime) -> None:
    with pytest.raises(NotFound), bureau.write() as session:
        sign_in.issue_link(session, "nobody", now)
