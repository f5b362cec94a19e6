"""Drills: told at the addresses of the drill book alone, behind everything that is real, with a budget of their own."""

from collections.abc import Callable
from datetime import datetime

import pytest

from incident_clock.engine import tick
from incident_clock.people.cards import EMAIL, MOBILE, Contact
from incident_clock.people.drill_book import NOT_IN_BOOK, DrillBook
from incident_clock.store.session import Store
from tests.support import bureau
from tests.support.drilling import drilling
from tests.support.room import Room
from tests.support.telling import PERMANENT

ZHOU_PHONE, WU_MAIL = "+8613900000001", "wu.drill@example.com"
BOOK = DrillBook({"zhou": (Contact(MOBILE, ZHOU_PHONE),), "wu": (Contact(EMAIL, WU_MAIL),)})


@pytest.fixture
def room(store: Store, now: datetime) -> Room:
    room = Room(store, now, falls_back=True)
    drilling(room, BOOK)
    return room


def outside_told(room: Room) -> set[tuple[str, str]]:
    """(channel, address) of all that left the screen."""
    return {(told.channel, told.to) for told in room.told}


def test_a_whole_drill_with_stand_ins_resends_answers_and_all_clear_leaves_for_the_drill_book_alone(room: Room):
    number = room.register(is_drill=True)
    room.work(minutes=7)
    room.desk.resend(number, "phone_report", 1, "zhou", actor=bureau.ZHOU, now=room.now)
    room.acknowledge(number, "zhou")
    room.work(minutes=20)
    room.log(number, reason="演练", evidence="录音")
    room.work(hours=1)
    assert outside_told(room) == {("sms", ZHOU_PHONE), ("email", WU_MAIL)}
    assert {message.kind for message in room.messages(is_drill=True)} >= {"reminder", "stand_in", "all_clear"}
    assert {message.channel for message in room.messages(person="zheng")} == {"console"}
    assert not room.messages(is_drill=False)


def test_another_way_of_a_drill_is_one_of_the_drill_book(room: Room):
    book = DrillBook({"zhou": (Contact(MOBILE, ZHOU_PHONE), Contact(EMAIL, WU_MAIL))})
    drilling(room, book)
    room.channels["sms"].fate = lambda letter: PERMANENT
    room.register(is_drill=True)
    room.work(minutes=1)
    assert outside_told(room) == {("email", WU_MAIL)}


def test_without_a_drill_book_a_drill_is_told_on_the_screen_alone(room: Room):
    screen = drilling(room, DrillBook())
    room.register(is_drill=True)
    room.work(minutes=30)
    assert (outside_told(room), bool(screen.told)) == (set(), True)


def test_a_real_incident_is_told_at_real_addresses_beside_a_drill(room: Room):
    screen = drilling(room, BOOK)
    drill, real = room.register(is_drill=True), room.register()
    room.work(minutes=1)
    real_ones = {(told.channel, told.to) for told in room.told if told.incident == real}
    assert real_ones
    assert real_ones.isdisjoint({("sms", ZHOU_PHONE), ("email", WU_MAIL)})
    assert not [told for told in screen.told if told.incident == real]
    assert {told.to for told in room.told if told.incident == drill} == {ZHOU_PHONE, WU_MAIL}


@pytest.mark.parametrize("change", [
    lambda message: setattr(message, "address", "+8613800000001"),  # a real one
    lambda message: setattr(message, "person", "wu"),  # somebody else's
], ids=["a real address", "another person's"])
def test_the_sender_refuses_what_is_not_in_the_drill_book_whoever_wrote_it(room: Room, change: Callable):
    room.register(is_drill=True)
    room.tick()
    with room.store.write() as session:
        message = session.merge(room.message(channel="sms"))
        change(message)
    room.sender.turn()
    refused = next(one for one in room.messages(channel="sms"))
    assert (refused.state, refused.state_reason, refused.attempt_count) == ("failed", NOT_IN_BOOK, 1)
    assert not [told for told in room.told if told.channel == "sms"]


def test_drills_never_use_up_the_day_of_a_real_incident(room: Room):
    same = {"zhou": (Contact(MOBILE, "+8613800000001"),)}  # he practises with his own phone
    drilling(room, DrillBook(same))
    room.ticker.daily_budget = 1
    room.register(is_drill=True)
    room.work(minutes=6)
    with room.store.read() as session:
        real, drill = (room.ticker.look_around(session, room.now, is_drill) for is_drill in (False, True))
    assert ("+8613800000001" in real.spent, "+8613800000001" in drill.spent) == (False, True)


def test_a_storm_of_drills_does_not_delay_a_real_incident(sqlite_store: Store, now: datetime,
                                                          monkeypatch: pytest.MonkeyPatch):
    """However many drills are due: no more than the four of one tick come before it."""
    monkeypatch.setattr(tick, "DRILL_LIMIT", 4)
    room = Room(sqlite_store, now)
    drilling(room, BOOK)
    for _ in range(12):
        room.register(is_drill=True)
    assert room.tick().is_more_waiting
    real = room.register()
    room.tick()
    assert room.entries(real, "RungRaised")
    assert sum(bool(room.entries(number, "RungRaised")) for number in room.numbers()) == 1 + 8
    claimed = room.sender.claim(3)
    assert {one.message.is_drill for one in claimed if one.message.channel == "sms"} == {False}


def test_calls_for_drills_leave_places_of_a_line_to_real_incidents(room: Room):
    drill_messages = 3
    for _ in range(drill_messages):
        room.register(is_drill=True)
    room.tick()
    claimed = room.sender.claim(10, free=lambda channel: 3, kept_for_real=2)
    assert [one.message.channel for one in claimed].count("sms") == 1
    real = room.register()
    room.tick()
    claimed = room.sender.claim(10, free=lambda channel: 2, kept_for_real=2)
    assert {one.message.facts["number"] for one in claimed if one.message.channel == "sms"} == {real}
