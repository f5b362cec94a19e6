"""The secret address of a calendar: kept as a hash, ended by a new one, dead with the person's account."""

import pytest
from sqlalchemy import select

from incident_clock.errors import NotFound
from incident_clock.people import calendar_feed
from incident_clock.people.sign_in_tables import CalendarFeed
from tests.people.duty_room import ACTOR, GONE, PEOPLE, Duty, duty

__all__ = ["duty"]


def give(duty: Duty, person: str) -> str:
    return duty.do(lambda session: calendar_feed.give_feed(session, person, actor=ACTOR, now=duty.now))


def whose(duty: Duty, token: str) -> str | None:
    with duty.store.read() as session:
        found = calendar_feed.subscriber(session, token)
        return found.card.key if found else None


def test_a_new_address_ends_the_old_one_and_only_a_hash_is_kept(duty: Duty) -> None:
    old = give(duty, "zhou")
    assert whose(duty, old) == "zhou"
    new = give(duty, "zhou")
    assert [whose(duty, token) for token in (old, new, "", "x" * 10_000)] == [None, "zhou", None, None]
    with duty.store.read() as session:
        kept = session.scalars(select(CalendarFeed)).one()
        assert kept.token_hash not in (old, new)
        assert calendar_feed.has_feed(session, "zhou")
        assert not calendar_feed.has_feed(session, "li")


def test_giving_one_out_is_an_entry_without_the_token(duty: Duty) -> None:
    token = give(duty, "zhou")
    entry = duty.entries()[-1]
    assert (entry["kind"], entry["body"]) == ("AccessGiven", {"what": "calendar", "person": "zhou", "role": None})
    assert token not in str(entry)


def test_one_who_has_left_has_no_calendar(duty: Duty, load) -> None:
    with pytest.raises(NotFound):
        give(duty, "gone")
    load(PEOPLE + GONE)
    token = give(duty, "gone")
    assert whose(duty, token) == "gone"
    load(PEOPLE)
    assert whose(duty, token) is None


def test_two_addresses_asked_for_at_once_leave_one_that_opens(duty: Duty, at_once) -> None:
    tokens = at_once(lambda: give(duty, "zhou"), 4)
    assert sorted(whose(duty, token) or "" for token in tokens) == ["", "", "", "zhou"]
