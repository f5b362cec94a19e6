"""A mail that came back: read from a real mailbox over IMAP, it has the person told another way in the same turn."""

from functools import partial

import pytest

from incident_clock.engine.returned import ReturnedMail
from incident_clock.outbox import messages as m
from incident_clock.outbox import tracking
from incident_clock.protocol.steps import AFTER
from tests.channels.server_imap import ImapServer
from tests.channels.test_mail_bounces import mail, person
from tests.channels.test_mailbox import url
from tests.support.bureau import rung, small_rule
from tests.support.room import SECRET, Room


@pytest.fixture
def room(store, now) -> Room:
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", by=("email",))), falls_back=True)
    room.register()
    room.tick()
    room.send()
    return room


def fetched(room: Room, word: str) -> None:
    bounce = mail("Subject: returned\n", envelope=f"Original-Envelope-Id: {word}", person=person("failed", "5.1.1"))
    with ImapServer(bounce) as server:
        returned = ReturnedMail(url(server), room.receiver, partial(tracking.read, SECRET))
        assert returned.fetch(room.now) == 1
        assert returned.fetch(room.now) == 0
    room.send()


def test_a_mail_that_came_back_is_followed_by_an_sms(room: Room) -> None:
    fetched(room, tracking.sign(SECRET, room.message().id, 1))
    assert room.message(channel="email").state == m.FAILED
    assert {told.channel for told in room.told} == {"email", "sms"}


@pytest.mark.parametrize("word", ["1-1-000000000000", "", "nonsense"])
def test_a_report_without_our_seal_is_nobodys(room: Room, word: str) -> None:
    fetched(room, word)
    assert room.message().state == m.ACCEPTED
