"""The channels of late: what was taken, what failed, and an alarm when nothing goes out any more."""

import pytest

from incident_clock.views import ways
from incident_clock.views.ways import alarms
from tests.outbox.drafts import draft, enqueue
from tests.support.bureau import small_rule
from tests.support.room import Room


@pytest.fixture
def room(store, now) -> Room:
    room = Room(store, now, small_rule(), channels=("sms", "email"))
    number = room.register()
    enqueue(room, draft(room, number, repeat=1), draft(room, number, repeat=2),
            draft(room, number, channel="email", address="zhou@example.com"))
    return room


def seen(room: Room) -> dict[str, ways.Way]:
    with room.store.read() as session:
        return {way.channel: way for way in ways.ways(session, now=room.now)}


def alarmed(room: Room) -> list[str]:
    with room.store.read() as session:
        return [refusal.params["gateway"] for refusal in alarms(session, now=room.now)]


def test_what_goes_out_is_counted_and_no_alarm(room: Room) -> None:
    assert seen(room) == {}
    room.send()
    assert (seen(room)["sms"].taken, seen(room)["sms"].failed, seen(room)["email"].taken) == (2, 0, 1)
    assert alarmed(room) == []


def test_a_channel_that_takes_nothing_is_an_alarm_until_it_does(room: Room) -> None:
    room.channels["sms"].fate = lambda letter: "temporary"
    room.send()
    assert (seen(room)["sms"].failed, seen(room)["sms"].failure, seen(room)["sms"].is_failing()) == (2, "421 try later", True)
    assert alarmed(room) == ["sms"]
    room.channels["sms"].fate = lambda letter: "arrives"
    room.wait(seconds=2).send()
    assert alarmed(room) == []
    assert not seen(room)["sms"].is_failing()


@pytest.mark.parametrize("fate", ["permanent"])
def test_a_refused_number_is_no_fault_of_the_channel(room: Room, fate: str) -> None:
    room.channels["sms"].fate = lambda letter: fate
    room.send()
    assert alarmed(room) == []


def test_an_old_failure_is_no_news(room: Room) -> None:
    room.channels["sms"].fate = lambda letter: "temporary"
    room.send()
    room.wait(minutes=14, seconds=59)
    assert alarmed(room) == ["sms"]
    room.wait(seconds=2)
    assert alarmed(room) == []
