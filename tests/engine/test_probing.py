"""Test messages: once a pace over every gateway, whichever is the better one, and nothing where no address is named."""

from datetime import timedelta

import pytest

from incident_clock.channels.switchboard import Switchboard
from incident_clock.engine.probing import Prober
from tests.support.bureau import small_rule
from tests.support.room import Room
from tests.support.telling import RecordingChannel

HOUR = timedelta(hours=1)


def words(gateway: str, now) -> dict:
    return {"number": "", "is_drill": False, "gateway": gateway, "subject": "渠道自检", "sms": "渠道自检", "mail": "渠道自检"}


@pytest.fixture
def room(store, now) -> Room:
    room = Room(store, now, small_rule(), channels=("email", "voice", "console"))
    room.gateways = [RecordingChannel("one", room.clock), RecordingChannel("two", room.clock)]
    room.channels["sms"] = Switchboard("sms", room.gateways)
    return room


def prober(room: Room, *addresses: str) -> Prober:
    return Prober(room.store, room.channels, addresses, HOUR, words)


def test_every_gateway_is_tried_once_an_hour_by_however_many_engines(room: Room) -> None:
    engines = [prober(room, "+8613800000099", "test@example.com") for _ in range(2)]
    assert [one.probe(room.now) for one in engines] == [3, 0]
    room.send()
    assert [len(gateway.sent) for gateway in room.gateways] == [1, 1]
    assert {(message.person, message.channel) for message in room.messages()} == {("one", "sms"), ("two", "sms"), ("email", "email")}
    room.wait(minutes=60)
    assert [one.probe(room.now) for one in engines] == [3, 0]


def test_without_an_address_nothing_is_sent(room: Room) -> None:
    assert prober(room).probe(room.now) == 0
    assert room.messages() == []
