"""The self-audit: one sentence per kind of lapse, at its boundary, and none on a good day."""

import pytest

from tests.outbox.drafts import claim, draft, enqueue, settle
from tests.support.bureau import small_rule
from tests.support.room import Room
from tests.support.telling import TEMPORARY

RUNG, WAITING, HANGING = ("deadlines have a rung that is due and was not raised", "messages may go and were not taken",
                          "calls have not come back")


@pytest.fixture
def room(store, now) -> Room:
    return Room(store, now, small_rule(), channels=("sms",))


def audit(room: Room) -> str:
    return room.auditor.audit(room.now)


def test_a_good_day_passes(room: Room):
    assert audit(room) == ""
    number = room.register()
    room.work(minutes=30)
    assert audit(room) == ""
    room.log(number)
    room.work(seconds=1)
    assert audit(room.wait(hours=5)) == ""


def test_a_due_rung_nobody_raised_is_told_after_five_seconds(room: Room):
    room.register()
    room.register()
    assert audit(room.wait(seconds=5)) == ""
    assert audit(room.wait(microseconds=1)) == f"2 {RUNG}"
    room.tick()
    assert RUNG not in audit(room)


def test_a_deadline_that_passed_unnoticed_is_told(room: Room):
    number = room.register()
    room.work(minutes=20, seconds=59)
    assert audit(room.wait(seconds=6, microseconds=1)) == f"1 {RUNG}"
    room.log(number)
    assert RUNG not in audit(room.wait(hours=1))


def test_a_message_nobody_took_is_told_after_fifteen_seconds(room: Room):
    number = room.register()
    room.log(number)
    enqueue(room, draft(room, number))
    assert audit(room.wait(seconds=15)) == ""
    assert audit(room.wait(microseconds=1)) == f"1 {WAITING}"


def test_a_message_that_waits_for_its_next_try_is_no_lapse(room: Room):
    number = room.register()
    room.log(number)
    room.channels["sms"].fate = lambda letter: TEMPORARY
    enqueue(room, draft(room, number))
    for _ in range(7):
        room.send()
        assert audit(room) == ""
        room.clock.move_to(room.next_try_at())


def test_a_call_that_does_not_come_back_is_told_after_a_minute(room: Room):
    number = room.register()
    room.log(number)
    enqueue(room, draft(room, number))
    (one,) = claim(room)
    assert audit(room.wait(seconds=60)) == ""
    assert audit(room.wait(microseconds=1)) == f"1 {HANGING}"
    settle(room, one, "accepted")
    assert audit(room) == ""


def test_all_lapses_are_told_together(room: Room):
    number = room.register()
    enqueue(room, draft(room, number, rung=7), draft(room, number, rung=8))
    claim(room, limit=1)
    assert audit(room.wait(minutes=2)) == f"1 {RUNG}; 1 {WAITING}; 1 {HANGING}"
