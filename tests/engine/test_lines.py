"""The lines: a dead channel fills its own, outcomes are written together, and nothing ends the thread that writes."""

import threading

import pytest
from sqlalchemy.exc import OperationalError

from incident_clock.engine import lines
from incident_clock.engine.lines import Lines
from incident_clock.outbox import messages as m
from tests.outbox.drafts import draft, enqueue
from tests.support.bureau import small_rule
from tests.support.room import Room

WITHIN_S = 10


@pytest.fixture
def room(store, now) -> Room:
    return Room(store, now, small_rule(), channels=("sms", "email"))


def test_a_channel_that_hangs_does_not_hold_up_another(room: Room, monkeypatch) -> None:
    monkeypatch.setattr(lines, "THREADS_PER_CHANNEL", 4)
    number = room.register()
    enqueue(room, *(draft(room, number, repeat=repeat, channel=channel, address=channel)
                    for repeat in range(6) for channel in ("sms", "email")))
    go_on, told = threading.Event(), threading.Event()
    room.channels["sms"].fate = lambda letter: go_on.wait(WITHIN_S) and "arrives"
    mine = Lines(room.sender, room.clock, when_settled=told.set)
    try:
        assert mine.send() == 8
        for _ in range(20):  # until all mails are through, four at a time
            told.wait(0.5)
            told.clear()
            mine.send()
            if len(room.channels["email"].told) == 6:
                break
        assert len(room.channels["email"].told) == 6
        assert len(room.messages(channel="sms", state=m.SENDING)) == 4
    finally:
        go_on.set()
        mine.close()


def test_nothing_ends_the_thread_that_writes(room: Room, monkeypatch, caplog) -> None:
    number = room.register()
    enqueue(room, draft(room, number, repeat=1), draft(room, number, repeat=2))

    def fail() -> None:
        raise ZeroDivisionError

    mine = Lines(room.sender, room.clock, when_settled=fail)
    mine.send()
    assert mine.are_settled(within_s=WITHIN_S)
    enqueue(room, draft(room, number, repeat=3))
    mine.send()
    assert mine.are_settled(within_s=WITHIN_S)
    mine.close()
    assert [message.state for message in room.messages()] == [m.ACCEPTED] * 3


def test_a_database_that_is_away_for_a_moment_makes_no_copy_of_what_has_left(room: Room, monkeypatch) -> None:
    monkeypatch.setattr(lines, "WAITS_S", (0.0, 0.0))
    enqueue(room, draft(room, room.register()))
    whole, left = room.sender.settle, [OperationalError("", {}, Exception("database is locked"))] * 2

    def settle(ended, now):
        if left:
            raise left.pop()
        whole(ended, now)

    object.__setattr__(room.sender, "settle", settle)
    mine = Lines(room.sender, room.clock, when_settled=lambda: None)
    mine.send()
    mine.close()
    assert room.message().state == m.ACCEPTED


def test_a_fault_before_the_call_gives_the_place_back(room: Room, monkeypatch) -> None:
    enqueue(room, draft(room, room.register()))
    monkeypatch.setattr(type(room.sender), "call", lambda self, claimed: 1 / 0)
    mine = Lines(room.sender, room.clock, when_settled=lambda: None)
    mine.send()
    mine.close()
    assert (room.message().state, room.message().state_reason) == (m.QUEUED, "unexpected ZeroDivisionError")
