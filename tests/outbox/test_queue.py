"""The outbox as a queue: one row per message, one claimer per row, and what each outcome leaves behind."""

from dataclasses import replace
from datetime import timedelta
from itertools import chain, pairwise

import pytest

from incident_clock.outbox import messages as m
from incident_clock.outbox import queue
from incident_clock.outbox.messages import ALL_CLEAR, REOPENED
from incident_clock.outbox.tables import Message
from tests.outbox.drafts import attempts, claim, draft, enqueue, rescue, restore, settle, withdraw
from tests.support.race import at_once
from tests.support.room import Room

SECOND = timedelta(seconds=1)


@pytest.fixture
def number(room: Room) -> str:
    """An incident whose engine never ticks: its messages are those the test puts in."""
    return room.register()


# ── enqueue ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_message_twice_is_one(room: Room, number: str):
    one = draft(room, number)
    assert [enqueue(room, one), enqueue(room, one), enqueue(room, one, one)] == [1, 0, 0]
    assert room.message().state == m.QUEUED


def test_a_repeated_message_stays_as_it_is(room: Room, number: str):
    enqueue(room, draft(room, number))
    enqueue(room, draft(room, number, address="+8613900000000", reason="recovered", language="en"))
    assert (room.message().address, room.message().reason, room.message().language) == ("+8613800000001", "on_time", "zh")


def test_each_part_of_the_identity_makes_another_message(room: Room, number: str):
    other = room.register()
    one = draft(room, number)
    others = [replace(one, **change) for change in (
        {"incident_id": room.incident(other).id}, {"step": "release"}, {"kind": ALL_CLEAR}, {"rung": 2}, {"repeat": 1},
        {"person": "wu"}, {"channel": "email"}, {"skipped_rung": 3})]
    assert enqueue(room, one, *others, *others) == 9
    assert len({message.reference for message in room.messages()}) == 9


def test_many_engines_enqueue_the_same_messages_once(room: Room, number: str):
    drafts = [draft(room, number, rung=rung) for rung in range(1, 6)]
    new = at_once([lambda: enqueue(room, *drafts)] * 6)
    assert sum(new) == len(room.messages()) == 5


def test_nothing_to_enqueue_is_nothing(room: Room):
    assert enqueue(room) == 0


# ── claim ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_oldest_due_goes_first_and_no_more_than_asked_for(room: Room, number: str):
    for rung, due in ((1, 30), (2, 10), (3, 20)):
        enqueue(room, draft(room, number, rung=rung, due_at=room.now - due * SECOND))
    assert [one.message.rung for one in claim(room, limit=2)] == [1, 3]
    assert [one.message.rung for one in claim(room, limit=2)] == [2]
    assert claim(room) == []


def test_a_claim_is_written_down_before_the_call(room: Room, number: str):
    enqueue(room, draft(room, number))
    (one,) = claim(room, engine="engine-7")
    message = room.message()
    assert (message.state, message.lease_owner, message.lease_token, message.attempt_count) == \
        (m.SENDING, "engine-7", one.lease_token, 1)
    (attempt,) = attempts(room)
    assert (attempt.number, attempt.engine, attempt.started_at, attempt.finished_at, attempt.outcome, attempt.text) == \
        (1, "engine-7", room.now, None, None, "文字")


def test_a_message_waits_for_its_next_try(room: Room, number: str):
    enqueue(room, draft(room, number))
    settle(room, claim(room)[0], queue.RETRY)
    room.wait(seconds=2, microseconds=-1)
    assert claim(room) == []
    room.wait(microseconds=1)
    assert len(claim(room)) == 1


@pytest.mark.parametrize("state", [m.SENDING, m.ACCEPTED, m.DELIVERED, m.FAILED, m.WITHDRAWN])
def test_only_waiting_messages_are_claimed(room: Room, number: str, state: str):
    enqueue(room, draft(room, number))
    with room.store.write() as session:
        session.get(Message, room.message().id).state = state
    assert claim(room) == []




def test_no_message_is_claimed_twice_by_claimers_at_once(room: Room, number: str):
    enqueue(room, *(draft(room, number, rung=rung) for rung in range(1, 31)))

    def engine(name: str) -> list[int]:
        found: list[int] = []
        while claimed := claim(room, limit=4, engine=name):
            found += [one.message_id for one in claimed]
        return found

    shares = at_once([lambda name=f"e{n}": engine(name) for n in range(6)])
    assert sorted(chain.from_iterable(shares)) == [message.id for message in room.messages()]
    assert len(attempts(room)) == 30


def test_a_message_that_cannot_be_worded_holds_up_no_other(room: Room, number: str, caplog: pytest.LogCaptureFixture):
    enqueue(room, draft(room, number, rung=1, facts={"is_drill": False}), draft(room, number, rung=2))
    for _ in range(2):
        room.send()
        room.wait(seconds=60)
    assert [told.rung for told in room.told] == [2]
    stuck = room.message(rung=1)
    assert (stuck.state, stuck.lease_owner, stuck.attempt_count) == (m.QUEUED, None, 2)
    assert "KeyError" in stuck.state_reason
    assert stuck.not_before > room.now - 60 * SECOND
    assert {attempt.outcome for attempt in attempts(room)} == {queue.RETRY, queue.ACCEPTED}
    assert "cannot be worded" in caplog.text


# ── settle ────────────────────────────────────────────────────────────────────────────────────────────────

OUTCOMES = [  # outcome, wanted → state, marked as a possible copy, seconds until the next try
    (queue.ACCEPTED, True, m.ACCEPTED, False, None), (queue.ACCEPTED, False, m.ACCEPTED, False, None),
    (queue.FAILED, True, m.FAILED, False, None), (queue.FAILED, False, m.FAILED, False, None),
    (queue.RETRY, True, m.QUEUED, False, 2), (queue.RETRY, False, m.WITHDRAWN, False, None),
    (queue.UNKNOWN, True, m.UNKNOWN, True, 30), (queue.UNKNOWN, False, m.WITHDRAWN, True, None),
]


@pytest.mark.parametrize(("result", "is_wanted", "state", "is_copy", "next_s"), OUTCOMES)
def test_what_an_outcome_leaves_behind(room: Room, number: str, result, is_wanted, state, is_copy, next_s):
    enqueue(room, draft(room, number))
    (one,) = claim(room)
    if not is_wanted:
        withdraw(room, number)
    room.wait(seconds=1)
    assert settle(room, one, result, "said the provider") is not None
    message = room.message()
    assert (message.state, message.may_be_copy, message.lease_owner) == (state, is_copy, None)
    assert message.state_reason == "said the provider"
    assert message.sent_at == (room.now if result == queue.ACCEPTED else None)
    (attempt,) = attempts(room)
    assert (attempt.outcome, attempt.detail, attempt.finished_at, attempt.provider_id) == \
        (result, "said the provider", room.now, "id-1")
    if next_s is None:
        assert claim(room.wait(hours=2)) == []
    else:
        assert message.not_before == room.now + next_s * SECOND


def test_a_failing_channel_is_tried_at_growing_pauses_for_as_long_as_it_is_wanted(room: Room, number: str):
    enqueue(room, draft(room, number))
    begun = []
    while len(begun) < 9:
        (one,) = claim(room)
        begun.append(room.now)
        settle(room, one, queue.RETRY)
        room.clock.move_to(room.message().not_before)
    assert [(later - earlier).seconds for earlier, later in pairwise(begun)] == [2, 5, 10, 20, 30, 60, 60, 60]
    withdraw(room, number)
    assert claim(room.wait(hours=1)) == []


def test_an_answer_that_was_lost_leads_to_a_marked_copy_with_the_same_reference(room: Room, number: str):
    room.channels["sms"].fate = lambda letter: "unknown" if room.channels["sms"].calls == 1 else "arrives"
    enqueue(room, draft(room, number))
    room.send()
    room.wait(seconds=29).send()
    assert len(room.told) == 1
    room.wait(seconds=1).send()
    first, second = room.told
    assert (first.is_copy, second.is_copy) == (False, True)
    assert first.reference == second.reference
    assert "（可能重复）" in second.text
    assert "（可能重复）" not in first.text
    assert second.reference in second.text
    assert room.message().state == m.ACCEPTED
    assert room.send() == 0


@pytest.mark.parametrize("result", [queue.ACCEPTED, queue.RETRY, queue.UNKNOWN, queue.FAILED])
def test_settling_with_a_lost_lease_notes_the_attempt_and_nothing_else(room: Room, number: str, result: str):
    enqueue(room, draft(room, number))
    (one,) = claim(room)
    rescue(room, "engine-1")
    before = vars(room.message()) | {"_sa_instance_state": None}
    assert settle(room, one, result) is None
    assert vars(room.message()) | {"_sa_instance_state": None} == before
    assert attempts(room)[0].outcome == result


def test_settling_twice_counts_once(room: Room, number: str):
    enqueue(room, draft(room, number))
    (one,) = claim(room)
    assert settle(room, one, queue.ACCEPTED) is not None
    assert settle(room, one, queue.RETRY) is None
    assert room.message().state == m.ACCEPTED


def test_the_second_owner_of_a_lease_settles_and_the_first_does_not(room: Room, number: str):
    enqueue(room, draft(room, number))
    (first,) = claim(room, engine="e1")
    rescue(room, "e1")
    (second,) = claim(room, engine="e2")
    assert settle(room, first, queue.FAILED) is None
    assert room.message().state == m.SENDING
    assert settle(room, second, queue.ACCEPTED).state == m.ACCEPTED
    assert [attempt.outcome for attempt in attempts(room)] == [queue.FAILED, queue.ACCEPTED]


# ── withdraw and restore ──────────────────────────────────────────────────────────────────────────────────


def put_into(room: Room, number: str, state: str) -> None:
    enqueue(room, draft(room, number))
    if state == m.SENDING:
        claim(room)
    elif state == m.UNKNOWN:
        settle(room, claim(room)[0], queue.UNKNOWN)
    elif state == m.ACCEPTED:
        settle(room, claim(room)[0], queue.ACCEPTED)


@pytest.mark.parametrize(("state", "after", "is_wanted"), [
    (m.QUEUED, m.WITHDRAWN, False), (m.UNKNOWN, m.WITHDRAWN, False), (m.SENDING, m.SENDING, False),
    (m.ACCEPTED, m.ACCEPTED, True)])
def test_what_a_withdrawal_does_to_a_message(room: Room, number: str, state: str, after: str, is_wanted: bool):
    put_into(room, number, state)
    withdraw(room, number)
    assert (room.message().state, room.message().is_wanted) == (after, is_wanted)
    assert claim(room.wait(hours=1)) == []


def test_a_withdrawal_is_about_one_step_and_its_kinds(room: Room, number: str):
    other = room.register()
    kept = [draft(room, number, step="release"), draft(room, number, kind=ALL_CLEAR), draft(room, other)]
    enqueue(room, draft(room, number), draft(room, number, kind=REOPENED), *kept)
    withdraw(room, number, kinds=("reminder", REOPENED))
    assert [message.state for message in room.messages()] == [m.WITHDRAWN] * 2 + [m.QUEUED] * 3


@pytest.mark.parametrize(("state", "after", "tries"), [(m.QUEUED, m.QUEUED, 1), (m.UNKNOWN, m.QUEUED, 1),
                                                       (m.SENDING, m.SENDING, 0), (m.ACCEPTED, m.ACCEPTED, 0)])
def test_what_was_withdrawn_before_it_left_can_be_wanted_again(room: Room, number: str, state, after, tries):
    put_into(room, number, state)
    withdraw(room, number)
    restore(room.wait(seconds=1), number)
    assert (room.message().state, room.message().is_wanted) == (after, True)
    assert room.message().may_be_copy is (state == m.UNKNOWN)
    assert len(claim(room)) == tries


def test_a_call_under_way_that_is_wanted_again_is_tried_again(room: Room, number: str):
    enqueue(room, draft(room, number))
    (one,) = claim(room)
    withdraw(room, number)
    restore(room, number)
    settle(room, one, queue.RETRY)
    assert room.message().state == m.QUEUED


# ── rescue ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_lease_of_a_dead_engine_is_freed_and_its_message_marked(room: Room, number: str):
    enqueue(room, draft(room, number, rung=1), draft(room, number, rung=2))
    claim(room, limit=1, engine="dead")
    claim(room, limit=1, engine="alive")
    assert rescue(room, "dead") == 1
    freed, kept = room.messages()
    assert (freed.state, freed.may_be_copy, freed.lease_owner) == (m.QUEUED, True, None)
    assert (kept.state, kept.may_be_copy, kept.lease_owner) == (m.SENDING, False, "alive")
    assert [attempt.outcome for attempt in attempts(room)] == [queue.LOST, None]
    assert [one.message.rung for one in claim(room)] == [1]
    assert [attempt.number for attempt in attempts(room)] == [1, 1, 2]


def test_a_rescued_message_whose_step_was_logged_is_not_sent_again(room: Room, number: str):
    enqueue(room, draft(room, number))
    claim(room, engine="dead")
    withdraw(room, number)
    assert rescue(room, "dead") == 1
    assert room.message().state == m.WITHDRAWN
    assert claim(room.wait(hours=1)) == []


def test_rescuers_at_once_free_each_lease_once(room: Room, number: str):
    enqueue(room, *(draft(room, number, rung=rung) for rung in range(1, 9)))
    claim(room, engine="dead")
    assert sum(at_once([lambda: rescue(room, "dead")] * 4)) == 8
    assert {message.lease_token for message in room.messages()} == {2}


def test_a_copy_after_a_rescue_says_so_and_keeps_its_reference(room: Room, number: str):
    enqueue(room, draft(room, number))
    (lost,) = room.another_sender("dead").claim(1)
    rescue(room, "dead")
    room.send()
    (told,) = room.told
    assert (told.is_copy, told.reference) == (True, lost.message.reference)
    assert "（可能重复）" in told.text
