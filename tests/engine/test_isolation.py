"""One incident that cannot be handled holds up nobody, and is named; engines side by side act as one."""

import pytest
from sqlalchemy import text

from incident_clock.engine import tick
from tests.support.bureau import small_rule
from tests.support.race import at_once
from tests.support.room import Room


@pytest.fixture
def room(store, now) -> Room:
    return Room(store, now, small_rule(), channels=("sms",))


def spoil(room: Room, number: str) -> None:
    """Give one incident a stamped rule that cannot be read."""
    with room.store.write() as session:
        session.execute(text("INSERT INTO stamped_protocol (content_hash, key, version, stamp) VALUES ('x', 'x', '1', '{')"))
        session.execute(text("UPDATE incident SET protocol_hash = 'x' WHERE number = :number"), {"number": number})


def test_an_incident_with_a_corrupt_rule_is_named_and_holds_up_no_other(room: Room):
    first, spoiled, last = room.register(), room.register(), room.register()
    spoil(room, spoiled)
    ticked = room.tick()
    assert ticked.failed == (spoiled,)
    assert ticked.raised == 2
    room.send()
    assert {told.incident for told in room.told} == {first, last}
    assert room.wait(minutes=10).tick().failed == (spoiled,)
    assert {message.rung for message in room.messages()} == {1, 2}


def test_a_mended_incident_catches_up(room: Room):
    number = room.register()
    good = room.incident(number).protocol_hash
    spoil(room, number)
    room.wait(minutes=12).tick()
    with room.store.write() as session:
        session.execute(text("UPDATE incident SET protocol_hash = :good"), {"good": good})
    ticked = room.tick()
    assert (ticked.failed, ticked.raised) == ((), 1)
    assert room.entries(number, "RungRaised")[0]["body"]["passed_over"] == [{"rung": 1, "first": 0, "last": 0}]


def test_a_failing_batch_leaves_nothing_half_done(room: Room, monkeypatch: pytest.MonkeyPatch):
    numbers = [room.register() for _ in range(3)]
    enqueue, calls = tick.queue.enqueue, []

    def fail_once(*given, **named):
        calls.append(given)
        if len(calls) == 2:
            raise ZeroDivisionError
        return enqueue(*given, **named)

    monkeypatch.setattr(tick.queue, "enqueue", fail_once)
    assert room.tick().failed == ()
    for number in numbers:
        assert [entry["kind"] for entry in room.entries(number)] == ["IncidentRegistered", "RungRaised"]
    assert len(room.messages()) == 3


def test_more_incidents_than_a_tick_takes_follow_at_once(room: Room, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tick, "DUE_LIMIT", 3)
    monkeypatch.setattr(tick, "BATCH", 2)
    for _ in range(4):
        room.register()
    assert [(t.raised, t.is_more_waiting) for t in (room.tick(), room.tick())] == [(3, True), (1, False)]


def test_the_sender_is_called_after_each_batch_that_raised_something(room: Room, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tick, "BATCH", 2)
    seen = []
    room.ticker.after_batch = lambda: seen.append(len(room.messages()))
    for _ in range(3):
        room.register()
    room.tick()
    room.tick()
    assert seen == [2, 3]


def test_engines_side_by_side_raise_each_rung_once(room: Room):
    numbers = [room.register() for _ in range(6)]
    for minutes in (0, 10, 5, 6):
        room.wait(minutes=minutes)
        answers = at_once([room.tick] * 4)
        assert [answer for answer in answers if isinstance(answer, Exception)] == []
        room.tick()  # an incident that another engine held is left to the next tick
    for number in numbers:
        assert [(e["body"]["rung"], e["body"]["repeat"]) for e in room.entries(number, "RungRaised")] == \
            [(1, 0), (2, 0), (3, 0), (4, 0)]
        assert len(room.entries(number, "DeadlinePassed")) == 1
        (stand_in,) = room.entries(number, "StandInCalled")  # at 17 minutes: 郑丙 of rung 3 had not answered
        assert (stand_in["body"]["in_place_of"], stand_in["body"]["person"]) == ("郑丙", "王丁")
    assert len(room.messages(kind="reminder")) == 6 * 5
    assert [message.person for message in room.messages(kind="stand_in")] == ["wang"] * 6


def test_engines_side_by_side_send_each_message_once(room: Room):
    for _ in range(5):
        room.register()
    room.wait(minutes=10).tick()
    senders = [room.another_sender(f"e{number}") for number in range(4)]
    at_once([lambda sender=sender: [sender.turn(2) for _ in range(5)] for sender in senders])
    room.send()
    assert len(room.told) == len({told.identity for told in room.told}) == 10
    assert not any(told.is_copy for told in room.told)
