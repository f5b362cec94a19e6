"""The drill book: what its file may say, and where a message of a drill may go."""

from dataclasses import replace
from pathlib import Path

import pytest

from incident_clock.errors import ConfigError
from incident_clock.outbox import messages as m
from incident_clock.outbox import queue
from incident_clock.people.cards import EMAIL, MOBILE, Contact
from incident_clock.people.drill_book import EMPTY, NOT_IN_BOOK, DrillBook, read_drill_book
from tests.outbox.drafts import claim, draft, enqueue
from tests.support.room import Room

PHONE, MAIL = "+8613900000001", "zhou.drill@example.com"
BOOK = DrillBook({"zhou": (Contact(MOBILE, PHONE), Contact(EMAIL, MAIL))}, frozenset({"wecom"}))


def read(folder: Path, text: str) -> DrillBook:
    file = folder / "drill-people.yaml"
    file.write_text(text, encoding="utf-8")
    return read_drill_book(file)


def test_a_drill_book_is_read(tmp_path: Path):
    text = f'people:\n  - {{key: zhou, phone: "{PHONE}", email: {MAIL}}}\nrobots: [wecom]\n'
    assert read(tmp_path, text) == BOOK
    assert read_drill_book(None) == EMPTY
    assert read_drill_book(Path(__file__).parents[2] / "config/drill-people.example.yaml").contacts.keys() == {
        "zhou", "wu"}


@pytest.mark.parametrize(("text", "complaint"), [
    ("people:\n  - {key: zhou}\n", "people[1].key: zhou has no phone and no email here"),
    ('people:\n  - {key: zhou, phone: "139"}\n', "people[1].phone: is not a number with its country code"),
    (f"people:\n  - {{key: zhou, email: {MAIL}}}\n  - {{key: zhou, email: {MAIL}}}\n", "is already the key of line 2"),
    (f"people:\n  - {{key: zhou, email: {MAIL}}}\nrobots: [sms]\n", "robots[1]:"),
    (f"people:\n  - {{key: zhou, email: {MAIL}, name: 周甲}}\n", "people[1].name"),
    ("robots: [wecom]\n", "people"),
], ids=["no address", "no such number", "twice", "no robot", "a name", "no people"])
def test_what_cannot_be_right_is_refused_with_its_place(tmp_path: Path, text: str, complaint: str):
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert complaint in str(caught.value)
    assert "drill-people.yaml:" in str(caught.value)


@pytest.mark.parametrize("outside", [MAIL, MAIL.upper(), PHONE])
def test_a_book_with_an_address_of_an_outside_party_is_refused_without_repeating_it(outside: str):
    with pytest.raises(ConfigError) as caught:
        BOOK.require_no_outside({outside.casefold()})
    assert "zhou" in str(caught.value)
    assert outside not in str(caught.value)
    BOOK.require_no_outside({"+8657188880000"})


@pytest.mark.parametrize(("person", "channel", "address", "may"), [
    ("zhou", "sms", PHONE, True), ("zhou", "voice", PHONE, True), ("zhou", "email", MAIL, True),
    ("wu", "console", "wu", True), ("zhou", "wecom", PHONE, True),
    ("zhou", "dingtalk", PHONE, False),  # a group that is not named
    ("zhou", "sms", "+8613800000001", False),  # his real number
    ("zhou", "email", PHONE, False),  # another kind of address
    ("wu", "email", MAIL, False),  # somebody else's address
    ("", "sms", "", False), ("zhou", "pigeon", PHONE, False),
])
def test_a_drill_leaves_for_the_addresses_of_its_book_alone(person: str, channel: str, address: str, may: bool):
    assert BOOK.why_not(person, channel, address, ()) == (None if may else NOT_IN_BOOK)
    assert (EMPTY.why_not(person, channel, address, ()) is None) is (channel == "console")


def test_an_outside_party_entered_after_the_book_was_read_is_not_told():
    assert BOOK.why_not("zhou", "email", MAIL, {MAIL}) == NOT_IN_BOOK


def drill(room: Room, number: str, **changes: object):
    one = draft(room, number, **changes)
    return replace(one, facts={**one.facts, "is_drill": True})


def test_whether_a_message_is_about_a_drill_is_a_column_and_no_matter_of_its_words(room: Room):
    number = room.register()
    enqueue(room, draft(room, number, rung=1), drill(room, number, rung=2))
    assert [message.is_drill for message in room.messages()] == [False, True]
    with room.store.write() as session:  # whatever its facts say later
        message = session.merge(room.message(rung=2))
        message.facts = {**message.facts, "is_drill": False}
    room.send()
    assert (room.message(rung=2).state, room.message(rung=1).state) == (m.FAILED, m.ACCEPTED)
    assert len(room.told) == 1


def test_a_sender_without_a_drill_book_lets_no_drill_leave(room: Room):
    enqueue(room, drill(room, room.register()))
    room.send()
    assert (room.message().state, room.message().attempt_count, room.told) == (m.FAILED, 1, [])


def test_real_messages_are_claimed_before_drills_that_were_due_earlier(room: Room):
    number = room.register()
    enqueue(room, *(drill(room, number, repeat=repeat) for repeat in range(4)))
    room.wait(minutes=5)
    enqueue(room, draft(room, number, rung=2))
    assert [one.message.rung for one in claim(room, limit=2)] == [2, 1]


@pytest.mark.parametrize(("limit", "kept", "claimed"), [(4, 0, 4), (4, 3, 1), (3, 3, 0), (9, 3, 5)])
def test_drills_leave_the_places_kept_for_real_ones(room: Room, limit: int, kept: int, claimed: int):
    number = room.register()
    enqueue(room, *(drill(room, number, repeat=repeat) for repeat in range(5)))
    with room.store.write() as session:
        found = queue.claim(session, engine="engine-1", limit=limit, now=room.now, render=lambda message: "文字",
                            kept_for_real=kept)
    assert len(found) == claimed
