"""The sender's turn: what a channel's answer comes to, what a letter carries, and that one call breaks no other."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incident_clock.channels.base import Letter
from incident_clock.outbox import messages as m
from incident_clock.outbox import queue
from tests.outbox.drafts import attempts, draft, enqueue, withdraw
from tests.support.room import Room
from tests.support.telling import ARRIVES, BROKEN, PERMANENT, TEMPORARY, UNKNOWN


@pytest.fixture
def number(room: Room) -> str:
    return room.register()


@pytest.mark.parametrize(("fate", "state", "result"), [
    (ARRIVES, m.ACCEPTED, queue.ACCEPTED), (TEMPORARY, m.QUEUED, queue.RETRY), (PERMANENT, m.FAILED, queue.FAILED),
    (UNKNOWN, m.UNKNOWN, queue.UNKNOWN), (BROKEN, m.QUEUED, queue.RETRY)])
def test_what_a_channels_answer_comes_to(room: Room, number: str, fate: str, state: str, result: str):
    room.channels["sms"].fate = lambda letter: fate
    enqueue(room, draft(room, number))
    assert room.sender.turn() == 1
    assert (room.message().state, attempts(room)[0].outcome) == (state, result)


def test_one_broken_channel_holds_up_no_other(room: Room, number: str):
    room.channels["sms"].fate = lambda letter: BROKEN
    enqueue(room, draft(room, number), draft(room, number, channel="email", address="zhou@example.com"))
    room.send()
    assert [told.channel for told in room.told] == ["email"]


def test_a_channel_that_is_not_set_up_is_waited_for(room: Room, number: str):
    enqueue(room, draft(room, number, channel="pigeon"))
    room.send()
    assert (room.message().state, room.message().state_reason) == (m.QUEUED, "channel pigeon is not set up")


def test_nothing_leaves_the_machine_while_it_may_not(room: Room, number: str):
    room.channels["sms"].is_loopback = False
    room.sender = replace(room.sender, may_leave=lambda: "the fictional bureau is loaded")
    enqueue(room, draft(room, number), draft(room, number, channel="email", address="zhou@example.com"))
    room.send()
    assert (room.channels["sms"].calls, len(room.told)) == (0, 1)
    refused = room.message(channel="sms")
    assert (refused.state, refused.state_reason) == (m.FAILED, "the fictional bureau is loaded")


def test_a_letter_says_what_it_is(room: Room, number: str):
    enqueue(room, draft(room, number, channel="email", address="zhou@example.com", rung=2, repeat=3))
    letters = []
    room.channels["email"].fate = lambda letter: letters.append(letter) or ARRIVES
    room.send()
    (letter,) = letters
    assert letter.to == "zhou@example.com"
    assert letter.headers == {"X-Incident-Clock": f"kind=reminder; incident={number}; step=phone_report; rung=2; repeat=3",
                              "X-Incident-Clock-Reference": room.message().reference}
    assert letter.subject == f"{number} 电话上报剩20分，14:25截止"
    assert letter.sent_at == room.now
    assert attempts(room)[0].text == letter.text


def test_every_copy_of_a_letter_has_the_same_message_id(room: Room, number: str):
    letters = []
    room.channels["sms"].fate = lambda letter: letters.append(letter) or UNKNOWN
    enqueue(room, draft(room, number), draft(room, number, rung=2))
    room.send()
    room.wait(seconds=30).send()
    first, other, copy, _ = letters
    assert first.message_id == copy.message_id != other.message_id
    assert first.message_id.startswith("<")
    assert first.message_id.endswith("@incident-clock.invalid>")
    assert "X-Incident-Clock-Copy" not in first.headers
    assert copy.headers["X-Incident-Clock-Copy"] == "possible"


def test_a_late_letter_tells_the_present_truth(room: Room, number: str):
    """It was put in the outbox with 20 minutes left, and leaves when the step is overdue."""
    enqueue(room, draft(room, number))
    room.wait(minutes=26).send()
    assert "超时！" in room.told[0].text
    assert "已超6分" in room.told[0].text
    assert "接报" not in room.told[0].text


def test_a_turn_takes_no_more_than_it_was_given(room: Room, number: str):
    enqueue(room, *(draft(room, number, rung=rung) for rung in range(1, 6)))
    assert [room.sender.turn(2), room.sender.turn(2), room.sender.turn(2), room.sender.turn(2)] == [2, 2, 1, 0]


def test_no_transaction_is_open_during_a_call(room: Room, number: str):
    """Somebody else can write while a channel takes its time."""
    enqueue(room, draft(room, number))
    room.channels["sms"].fate = lambda letter: withdraw(room, number) or ARRIVES
    room.send()
    assert room.message().state == m.ACCEPTED
    assert not room.message().is_wanted


def test_what_became_of_a_message_stands_in_the_ledger(room: Room, number: str):
    fates = iter([TEMPORARY, UNKNOWN, ARRIVES])
    room.channels["sms"].fate = lambda letter: next(fates)
    enqueue(room, draft(room, number))
    while room.message().state != m.ACCEPTED:
        room.send()
        room.clock.move_to(max(room.now, room.message().not_before))
    settled = room.entries(number, "MessageSettled")
    assert [(e["body"]["outcome"], e["body"]["attempt"], e["body"]["may_be_copy"]) for e in settled] == \
        [("unknown", 2, True), ("accepted", 3, True)]
    assert {(e["body"]["person"], e["body"]["channel"], e["body"]["reference"]) for e in settled} == \
        {("周甲", "sms", room.message().reference)}


def test_a_zombies_answer_is_kept_with_its_attempt_only(room: Room, number: str):
    """Its engine was thought dead, and the step was logged meanwhile: the record says what is known."""
    enqueue(room, draft(room, number))
    zombie = room.another_sender("zombie")
    (one,) = zombie.claim(1)
    with room.store.write() as session:
        queue.rescue(session, is_lost=lambda message: True, now=room.now)
    withdraw(room, number)
    zombie.deliver(one)
    assert (room.message().state, attempts(room)[0].outcome) == (m.WITHDRAWN, queue.ACCEPTED)
    room.wait(hours=1)
    assert room.send() == 0


def test_the_next_try_is_known(room: Room, number: str):
    assert room.next_try_at() is None
    enqueue(room, draft(room, number, rung=1), draft(room, number, rung=2))
    assert room.next_try_at() == room.now
    room.channels["sms"].fate = lambda letter: TEMPORARY
    room.send()
    assert room.next_try_at() == room.now + timedelta(seconds=2)


def test_what_people_have_sent_again_is_a_letter_of_its_own(room: Room, number: str):
    """Mail programs hide a second copy with the same Message-ID."""
    letters = []
    room.channels["email"].fate = lambda letter: letters.append(letter) or ARRIVES
    enqueue(room, draft(room, number, channel="email", address="zhou@example.com"))
    room.send()
    room.wait(minutes=5)
    with room.store.write() as session:
        queue.resend(session, incident_id=room.incident(number).id, step="phone_report", rung=1, person="zhou", now=room.now)
    room.send()
    first, again = letters
    assert first.message_id != again.message_id
    assert "X-Incident-Clock-Copy" not in again.headers
    assert (first.reference, first.headers) == (again.reference, again.headers)
    assert [one.number for one in attempts(room)] == [1, 2]


def test_a_letter_in_place_of_an_empty_rung_names_that_rung(room: Room, number: str):
    letters = []
    room.channels["sms"].fate = lambda letter: letters.append(letter) or ARRIVES
    enqueue(room, draft(room, number, rung=3), draft(room, number, rung=3, skipped_rung=2))
    room.send()
    plain, gone_over = letters
    assert "skipped" not in plain.headers["X-Incident-Clock"]
    assert gone_over.headers["X-Incident-Clock"].endswith("rung=3; repeat=0; skipped=2")
    assert plain.message_id != gone_over.message_id
    assert plain.reference != gone_over.reference


def test_the_address_to_answer_at_stands_in_the_letter_and_not_in_the_database(room: Room, number: str):
    letters = []
    for channel in room.channels.values():
        channel.fate = lambda letter: letters.append(letter) or ARRIVES
    room.sender = replace(room.sender, answer_link=lambda message: "https://clock.example/answer/secret"
                          if message.channel == "email" else None)
    enqueue(room, draft(room, number), draft(room, number, channel="email", address="zhou@example.com"))
    room.send()
    assert ["https://clock.example/answer/secret" in letter.text for letter in letters] == [False, True]
    assert not [one for one in attempts(room) if "secret" in one.text]


def test_a_provider_need_not_keep_a_reminder_beyond_the_next_call_of_its_step(room: Room) -> None:
    letters: list[Letter] = []
    room.channels["sms"].fate = lambda letter: letters.append(letter) or "arrives"
    room.register()
    room.work(minutes=16)
    assert [letter.valid_for_s for letter in letters][:3] == [600, 600, 300]
