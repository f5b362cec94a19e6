"""A message that does not surely arrive: another way at once, then the stand-in, then the rung above."""

from datetime import timedelta

import pytest

from incident_clock.channels.base import (
    DELIVERED,
    FAILED,
    GATEWAY_DOWN,
    PERMANENT,
    QUEUED,
    READ,
    SENT,
    TEMPORARY,
    Report,
)
from incident_clock.outbox import messages as m
from incident_clock.outbox import tracking
from incident_clock.people import roster
from incident_clock.protocol.steps import AFTER, BEFORE_DUE
from incident_clock.registry.drafts import StepLog
from tests.support.bureau import ZHOU, rung, small_rule
from tests.support.room import SECRET, Room
from tests.support.roster import without
from tests.support.telling import PERMANENT as REFUSED
from tests.support.telling import TEMPORARY as LATER
from tests.support.telling import UNKNOWN

BY_SMS = ("sms",)


@pytest.fixture
def room(store, now) -> Room:
    """Rung 1 tells the duty officer and his chief by SMS only; mail is switched on as well."""
    rule = small_rule(rung(1, AFTER, 0, "duty_officer", "duty_chief", by=BY_SMS),
                      rung(2, BEFORE_DUE, 5, "duty_leader", by=BY_SMS))
    return Room(store, now, rule, channels=("sms", "email"), falls_back=True)


def report(room: Room, message, status: str, *, attempt: int = 1, **other: object) -> bool:
    """A provider's callback about an attempt."""
    return room.receiver.receive(
        Report(status, **other), gateway="", provider_id=f"SM-{message.id}-{attempt}",
        tracking=tracking.sign(SECRET, message.id, attempt), now=room.now)


def sms_of(room: Room, person: str = "zhou", **where: object):
    return room.message(person=person, channel="sms", **where)


def fell_back(room: Room, number: str) -> list[tuple[str, str, str]]:
    return [(e["body"]["channel"], e["body"]["to"], e["body"]["why"]) for e in room.entries(number, "FellBack")]


# ── another way to the same person ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("fate", "why"), [(REFUSED, "refused"), (UNKNOWN, "unknown")])
def test_what_was_refused_or_lost_goes_another_way_in_the_same_turn(room: Room, fate: str, why: str) -> None:
    room.channels["sms"].fate = lambda letter: fate
    number = room.register()
    room.tick()
    room.send()
    assert {(told.to, told.channel) for told in room.told if told.channel == "email"} == {
        ("zhou@example.com", "email"), ("wu@example.com", "email")}
    assert fell_back(room, number) == [("sms", "email", why)] * 2
    assert room.message(person="zhou", channel="email").instead_of == "sms"


def test_one_failed_try_is_no_reason_yet_a_second_one_is(room: Room) -> None:
    room.channels["sms"].fate = lambda letter: LATER
    number = room.register()
    room.tick()
    room.send()
    assert fell_back(room, number) == []
    room.wait(seconds=2).send()
    assert fell_back(room, number) == [("sms", "email", "failing")] * 2
    assert {told.channel for told in room.told} == {"email"}
    room.wait(minutes=5).send()  # the first way is still tried, and nothing more follows from it
    assert len(fell_back(room, number)) == 2


def test_an_undelivered_message_goes_another_way_at_once_and_again_the_first_way_after_a_minute(room: Room) -> None:
    number = room.register()
    room.tick()
    room.send()
    report(room, sms_of(room), FAILED, code="30003", fate=TEMPORARY)
    room.send()
    assert [told.to for told in room.told if told.channel == "email"] == ["zhou@example.com"]
    assert fell_back(room, number) == [("sms", "email", "undelivered")]
    assert sms_of(room).state == m.QUEUED
    room.wait(seconds=59).send()
    assert sms_of(room).attempt_count == 1
    room.wait(seconds=1).send()
    assert sms_of(room).attempt_count == 2


def test_a_third_undelivered_try_is_the_last(room: Room) -> None:
    room.register()
    room.tick()
    for attempt in (1, 2, 3):
        room.send()
        report(room, sms_of(room), FAILED, attempt=attempt, fate=TEMPORARY)
        room.wait(seconds=60)
    room.send()
    assert (sms_of(room).state, sms_of(room).attempt_count) == (m.FAILED, 3)


def test_a_gateway_that_died_with_the_message_is_left_for_another_at_once(room: Room) -> None:
    room.register()
    room.tick()
    room.send()
    report(room, sms_of(room), FAILED, code="30002", fate=GATEWAY_DOWN)
    room.send()
    assert sms_of(room).attempt_count == 2


def test_silence_brings_another_way_beside_it_when_the_receipt_is_overdue(room: Room) -> None:
    room.channels["sms"].receipt_within = timedelta(seconds=60)
    number = room.register()
    room.tick()
    room.send()
    report(room, sms_of(room), DELIVERED)
    for seconds, expected in ((30, 0), (29.9, 0), (0.1, 1)):
        room.wait(seconds=seconds)
        room.looker.look(room.now)
        assert len(fell_back(room, number)) == expected  # 周甲 has it; 吴乙's is silent
    assert fell_back(room, number) == [("sms", "email", "silent")]
    assert sms_of(room, "wu").state == m.ACCEPTED


def test_a_receipt_that_never_came_is_fetched(room: Room) -> None:
    room.channels["sms"].receipt_within = timedelta(seconds=60)
    number = room.register()
    room.tick()
    room.send()
    room.channels["sms"].reports = {known: Report(DELIVERED) for known in room.channels["sms"].sent}
    room.wait(seconds=30)
    assert room.looker.look(room.now) == 2
    assert {message.state for message in room.messages(channel="sms")} == {m.DELIVERED}
    assert room.looker.look(room.now + timedelta(minutes=5)) == 0
    assert [e["body"]["outcome"] for e in room.entries(number, "MessageSettled")] == ["accepted"] * 2 + ["delivered"] * 2


@pytest.mark.parametrize("finds", [True, False])
def test_a_lost_answer_is_looked_up_before_a_marked_copy_goes(room: Room, finds: bool) -> None:
    sms = room.channels["sms"]
    sms.fate, sms.finds = lambda letter: UNKNOWN, finds
    room.register()
    room.tick()
    room.send()
    sms.fate = lambda letter: "arrives"
    room.wait(seconds=15)
    room.looker.look(room.now)
    room.wait(seconds=15).send()
    copies = [told for told in room.told if told.channel == "sms" and told.is_copy]
    assert len(copies) == (0 if finds else 2)
    assert {message.state for message in room.messages(channel="sms")} == {m.ACCEPTED}


def test_a_step_that_was_logged_needs_no_other_way(room: Room) -> None:
    number = room.register()
    room.tick()
    room.send()
    room.desk.log_step(number, "phone_report", StepLog(), actor=ZHOU, now=room.now)
    report(room, sms_of(room, kind="reminder"), FAILED, fate=PERMANENT)
    assert fell_back(room, number) == []


# ── somebody in his place ─────────────────────────────────────────────────────────────────────────────────


def test_who_is_reached_on_no_way_has_his_stand_in_called_at_once(store, now) -> None:
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_leader")), channels=("sms",), falls_back=True)
    room.channels["sms"].fate = lambda letter: REFUSED if letter.to == "+8613800000003" else "arrives"
    number = room.register()
    room.tick()
    room.send()
    [entry] = room.entries(number, "StandInCalled")
    assert (entry["body"]["reason"], entry["body"]["rung"]) == ("unreachable", 1)
    assert room.message(kind="stand_in").person == "wang"
    assert [told.to for told in room.told] == ["+8613800000005"]


def test_a_rung_that_reaches_nobody_on_any_way_calls_the_one_above_in_the_same_turn(room: Room) -> None:
    first = ("+8613800000001", "+8613800000002")
    for person in ("zhou", "wu"):
        without(room.store, person, "email")
    room.channels["sms"].fate = lambda letter: REFUSED if letter.to in first else "arrives"
    number = room.register()
    room.tick()
    room.send()
    raised = [entry["body"] for entry in room.entries(number, "RungRaised")]
    assert [(body["rung"], body["told_rung"], body["reason"]) for body in raised] == [(1, 1, "on_time"), (1, 2, "unreachable")]
    assert {message.rung for message in room.messages() if message.state == m.ACCEPTED} == {2}


# ── receipts ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_dead_number_is_red_until_a_message_arrives_there(room: Room) -> None:
    number = room.register()
    room.tick()
    room.send()

    def contact():
        with room.store.read() as session:
            return next(c for c in roster.person(session, "zhou").contacts if c.kind == "mobile")

    report(room, sms_of(room), FAILED, code="21610", detail="opted out", fate=PERMANENT, is_address_dead=True)
    assert (contact().failed_at, contact().failure) == (room.now, "opted out")
    room.send()
    room.desk.resend(number, "phone_report", 1, "zhou", actor=ZHOU, now=room.wait(minutes=6).now)
    room.send()
    report(room, sms_of(room), DELIVERED, attempt=2)
    assert (contact().failed_at, contact().failure) == (None, None)


def test_a_made_up_tracking_word_finds_nothing(room: Room) -> None:
    room.register()
    room.tick()
    room.send()
    room.receiver.receive(Report(FAILED, fate=PERMANENT), gateway="x", provider_id="SM-forged", now=room.now,
                          tracking=f"{sms_of(room).id}-1-000000000000")
    assert sms_of(room).state == m.ACCEPTED


@pytest.mark.parametrize("order", [(SENT, DELIVERED), (DELIVERED, SENT), (DELIVERED, QUEUED, DELIVERED, SENT),
                                   (QUEUED, SENT, DELIVERED, READ), (READ, DELIVERED, FAILED)])
def test_a_receipt_only_moves_up(room: Room, order: tuple[str, ...]) -> None:
    number = room.register()
    room.tick()
    room.send()
    for status in order:
        report(room, sms_of(room), status)
    assert sms_of(room).state == m.DELIVERED
    delivered = [e for e in room.entries(number, "MessageSettled") if e["body"]["outcome"] == "delivered"]
    assert len(delivered) == (0 if order[0] == READ else 1)


# ── what a review found ───────────────────────────────────────────────────────────────────────────────────


def test_a_phone_that_is_off_for_good_brings_the_stand_in(store, now) -> None:
    """The first reports bring nothing new to do, and must not use up what the last one has to do."""
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_leader")), channels=("sms",), falls_back=True)
    number = room.register()
    room.tick()
    for attempt in (1, 2, 3):
        room.send()
        assert room.entries(number, "StandInCalled") == []
        report(room, sms_of(room, "zheng"), FAILED, attempt=attempt, fate=TEMPORARY)
        room.wait(seconds=60)
    assert [entry["body"]["reason"] for entry in room.entries(number, "StandInCalled")] == ["unreachable"]


def test_a_gateway_that_keeps_losing_a_letter_is_not_asked_for_ever(room: Room) -> None:
    room.register()
    room.tick()
    for attempt in range(1, 9):
        room.send()
        report(room, sms_of(room), FAILED, attempt=attempt, fate=GATEWAY_DOWN)
        room.wait(seconds=60)
    assert (sms_of(room).state, sms_of(room).attempt_count) == (m.FAILED, 3)


def test_answers_that_stay_lost_do_not_bring_a_copy_every_half_minute(room: Room) -> None:
    room.channels["sms"].fate = lambda letter: UNKNOWN
    room.register()
    room.tick()
    for _ in range(600):
        room.send()
        room.wait(seconds=1)
    assert sms_of(room).attempt_count == 4  # at once, after 30 s, 2 min and 5 min more


def test_what_people_ask_to_be_sent_again_is_sent_though_the_first_had_arrived(room: Room) -> None:
    number = room.register()
    room.tick()
    room.send()
    report(room, sms_of(room), DELIVERED)
    room.desk.resend(number, "phone_report", 1, "zhou", actor=ZHOU, now=room.wait(minutes=6).now)
    room.channels["sms"].fate = lambda letter: LATER
    room.send()
    assert sms_of(room).state == m.QUEUED
    room.channels["sms"].fate = lambda letter: "arrives"
    room.wait(seconds=5).send()
    assert (sms_of(room).state, sms_of(room).attempt_count) == (m.ACCEPTED, 3)
