"""What becomes of an attempt: the outbox row, the ledger entry, when an address was last reached. Notices have no ledger."""

from collections.abc import Callable

import pytest

from incident_clock.channels.base import Letter
from incident_clock.outbox.messages import GAPS, Draft
from incident_clock.people.tables import ContactMethod
from incident_clock.store.session import Store
from tests.outbox.drafts import attempts, draft, enqueue, rescue
from tests.support.bureau import small_rule
from tests.support.room import Room
from tests.support.roster import share_phone
from tests.support.telling import PERMANENT, TEMPORARY, UNKNOWN

FACTS = {"number": "", "is_drill": False, "subject": "缺一处", "sms": "短", "mail": "长"}


@pytest.fixture
def room(store: Store, now) -> Room:
    return Room(store, now, small_rule())


def notice(room: Room, person: str = "shen", channel: str = "sms", day: int = 20260312) -> Draft:
    address = {"sms": "+8613800000012", "email": f"{person}@example.com"}[channel]
    return Draft(incident_id=None, step="", kind=GAPS, rung=0, repeat=day, person=person, channel=channel, address=address,
                 language="zh", facts=FACTS, reason="daily", due_at=room.now)


def last_delivered(room: Room) -> dict[str, object]:
    """Address → when a message last arrived there, of those where one did."""
    with room.store.read() as session:
        return {row.address: row.last_delivered_at for row in session.query(ContactMethod) if row.last_delivered_at}


def letters(room: Room, monkeypatch: pytest.MonkeyPatch) -> list[Letter]:
    """Everything handed to a channel from now on."""
    seen: list[Letter] = []
    for channel in room.channels.values():
        send: Callable = channel.send
        monkeypatch.setattr(channel, "send", lambda letter, send=send: seen.append(letter) or send(letter))
    return seen


# ── an address that was reached ───────────────────────────────────────────────────────────────────────────


def test_an_address_is_noted_as_reached_when_a_provider_took_a_message_for_it(room: Room):
    number = room.register()
    enqueue(room, draft(room, number), draft(room, number, person="wu", channel="email", address="wu@example.com"))
    room.wait(seconds=30)
    room.send()
    assert last_delivered(room) == {"+8613800000001": room.now, "wu@example.com": room.now}
    first = room.now
    enqueue(room, draft(room, number, rung=2))
    room.wait(minutes=9)
    room.send()
    assert last_delivered(room) == {"+8613800000001": room.now, "wu@example.com": first}


@pytest.mark.parametrize("fate", [TEMPORARY, PERMANENT, UNKNOWN])
def test_an_address_whose_message_may_not_have_arrived_is_not(room: Room, fate: str):
    room.channels["sms"].fate = lambda letter: fate
    enqueue(room, draft(room, room.register()))
    room.send()
    assert last_delivered(room) == {}


def test_an_answer_that_comes_after_the_lease_was_lost_is_not(room: Room):
    enqueue(room, draft(room, room.register()))
    (one,) = room.sender.claim(1)
    assert rescue(room, "engine-1") == 1
    room.sender.deliver(one)
    assert last_delivered(room) == {}
    room.another_sender("engine-2").turn()
    assert last_delivered(room) == {"+8613800000001": room.now}


def test_of_two_with_one_number_only_the_one_who_was_told_is_noted(room: Room):
    share_phone(room.store, "wu", "+8613800000001")
    enqueue(room, draft(room, room.register()))
    room.send()
    with room.store.read() as session:
        assert [row.person for row in session.query(ContactMethod) if row.last_delivered_at] == ["zhou"]


def test_a_number_that_is_somebody_s_no_more_is_nobody_s_delivery(room: Room):
    enqueue(room, draft(room, room.register()))
    share_phone(room.store, "zhou", "+8613800000099")
    room.send()
    assert last_delivered(room) == {}


# ── notices: messages without an incident ─────────────────────────────────────────────────────────────────


def test_a_notice_leaves_with_its_own_words_and_belongs_to_no_incident(room: Room, monkeypatch):
    seen = letters(room, monkeypatch)
    assert enqueue(room, notice(room), notice(room, channel="email")) == 2
    room.send()
    assert sorted((letter.to, letter.subject, letter.text) for letter in seen) == [
        ("+8613800000012", "缺一处", "短"), ("shen@example.com", "缺一处", "长")]
    assert {letter.headers["X-Incident-Clock"] for letter in seen} == {
        "kind=gaps; incident=; step=; rung=0; repeat=20260312"}
    assert all(letter.message_id.startswith("<gaps.0.20260312.") for letter in seen)
    assert {message.state for message in room.messages(kind=GAPS)} == {"accepted"}
    assert last_delivered(room) == {"+8613800000012": room.now, "shen@example.com": room.now}


def test_a_notice_is_tried_again_until_it_leaves(room: Room):
    room.channels["sms"].fate = lambda letter: TEMPORARY
    enqueue(room, notice(room))
    room.work(seconds=8)
    room.channels["sms"].fate = lambda letter: "arrives"
    room.work(seconds=30)
    assert (room.message(kind=GAPS).state, [one.outcome for one in attempts(room)]) == \
        ("accepted", ["retry", "retry", "retry", "accepted"])


def test_a_notice_that_cannot_be_delivered_fails_and_one_whose_answer_was_lost_is_copied(room: Room):
    fates = iter((PERMANENT, UNKNOWN, "arrives"))
    room.channels["sms"].fate = lambda letter: next(fates)
    enqueue(room, notice(room), notice(room, day=20260313))
    room.work(minutes=2)
    assert [message.state for message in room.messages(kind=GAPS)] == ["failed", "accepted"]
    assert [told.is_copy for told in room.told] == [False, True]


def test_a_notice_held_by_a_dead_engine_goes_again(room: Room):
    enqueue(room, notice(room))
    room.sender.claim(1)
    assert rescue(room, "engine-1") == 1
    room.another_sender("engine-2").turn()
    assert [told.is_copy for told in room.told] == [True]


def test_a_notice_is_one_a_person_a_day_and_a_channel(room: Room):
    assert enqueue(room, notice(room), notice(room, channel="email"), notice(room, "wu"), notice(room, day=20260313)) == 4
    assert enqueue(room, notice(room), notice(room, "wu"), notice(room, day=20260314)) == 1


def test_a_notice_is_among_the_messages_that_can_be_looked_at(room: Room):
    enqueue(room, notice(room, channel="email"))
    room.send()
    (shown,) = room.views.messages(room.now)
    assert (shown.incident_number, shown.kind, shown.person_name, shown.text) == (None, GAPS, "沈癸", "长")


def test_a_log_of_any_incident_leaves_notices_alone(room: Room):
    number = room.register()
    enqueue(room, notice(room))
    room.log(number)
    assert room.message(kind=GAPS).state == "queued"
