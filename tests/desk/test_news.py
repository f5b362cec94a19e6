"""What a log and its withdrawal mean for those who were chased: nothing more comes, and they hear how it stands."""

import pytest

from incident_clock.outbox import messages as m
from incident_clock.outbox.messages import ALL_CLEAR, REMINDER, REOPENED
from incident_clock.people.tables import Person
from incident_clock.registry.drafts import StepLog
from tests.support.bureau import WU, small_rule
from tests.support.room import Room
from tests.support.telling import PERMANENT, TEMPORARY, UNKNOWN


@pytest.fixture
def room(store, now) -> Room:
    return Room(store, now, small_rule(steps=("phone_report", "preliminary_report")), channels=("sms",))


def to(room: Room, kind: str) -> list[str]:
    """Keys of those who were told news of a kind, in order."""
    return [message.person for message in room.messages(kind=kind) if message.state == m.ACCEPTED]


def test_everybody_who_was_chased_gets_the_all_clear_once(room: Room):
    number = room.register()
    room.work(minutes=16)  # rungs 1, 2 and 3: 值班员 twice, 值班长, 带班领导
    room.log(number)
    room.work(minutes=1)
    assert to(room, ALL_CLEAR) == ["zhou", "wu", "zheng"]
    (told,) = room.entries(number, "AudienceTold")
    assert (told["body"]["news"], told["body"]["audience"], told["actor_role"]) == \
        ("all_clear", ["周甲", "吴乙", "郑丙"], "engine")
    assert "14:21办结" in next(told.text for told in room.told if told.kind == ALL_CLEAR)


def test_the_all_clear_goes_on_the_channels_they_were_chased_on(store, now):
    room = Room(store, now, small_rule(), channels=("sms", "email"))
    number = room.register()
    room.channels["email"].fate = lambda letter: TEMPORARY
    room.work(seconds=1)
    room.log(number)
    room.channels["email"].fate = lambda letter: "arrives"
    room.work(minutes=1)
    assert [(told.kind, told.channel) for told in room.told] == [(REMINDER, "sms"), (ALL_CLEAR, "sms")]


def test_nobody_gets_an_all_clear_who_was_not_chased(room: Room):
    number = room.register()
    room.log(number)
    room.work(hours=3)
    assert to(room, ALL_CLEAR) == []
    assert room.entries(number, "AudienceTold") == []


def test_a_reminder_whose_answer_was_lost_counts_as_read(room: Room):
    room.channels["sms"].fate = lambda letter: UNKNOWN if letter.to.endswith("1") else "arrives"
    number = room.register()
    room.work(seconds=1)
    room.log(number)
    room.channels["sms"].fate = lambda letter: "arrives"
    room.work(minutes=2)
    assert to(room, ALL_CLEAR) == ["zhou"]
    assert room.message(kind=REMINDER, step="phone_report").state == m.WITHDRAWN


def test_a_reminder_that_never_arrived_is_followed_by_no_all_clear(room: Room):
    room.channels["sms"].fate = lambda letter: TEMPORARY
    number = room.register()
    room.work(seconds=1)
    room.log(number)
    room.channels["sms"].fate = lambda letter: "arrives"
    room.work(minutes=5)
    assert [told.kind for told in room.told if told.step == "phone_report"] == []
    assert room.message(kind=REMINDER, step="phone_report").state == m.WITHDRAWN


def test_a_reminder_under_way_at_the_log_counts_as_read(room: Room):
    number = room.register()
    room.tick()
    (under_way,) = [one for one in room.sender.claim(9) if one.message.step == "phone_report"]
    room.log(number)
    room.sender.deliver(under_way)
    room.work(seconds=1)
    assert [told.kind for told in room.told if told.step == "phone_report"] == [REMINDER, ALL_CLEAR]


def test_the_other_step_goes_on(room: Room):
    number = room.register()
    room.work(minutes=16)
    room.log(number)
    room.work(minutes=60)
    assert {told.step for told in room.told[-4:]} == {"preliminary_report"}
    assert room.deadline(number, "preliminary_report").passed_at is not None


def test_a_stand_in_who_was_called_hears_it_too(room: Room):
    number = room.register()
    room.work(minutes=18)  # 带班领导 was told at 15 and did not answer: his B角 at 17
    room.log(number)
    room.work(seconds=1)
    assert to(room, ALL_CLEAR) == ["zhou", "wu", "zheng", "wang"]


@pytest.mark.parametrize("fate", ["waits", TEMPORARY, PERMANENT])
def test_a_reminder_that_was_read_and_is_being_sent_again_still_leads_to_the_all_clear(room: Room, fate: str):
    """What becomes of the second try does not make the first one unread."""
    number = room.register()
    room.work(minutes=6)
    room.channels["sms"].fate = lambda letter: fate
    room.desk.resend(number, "phone_report", 1, "zhou", actor=WU, now=room.now)
    if fate != "waits":
        room.send()
    room.log(number)
    room.channels["sms"].fate = lambda letter: "arrives"
    room.work(seconds=1)
    assert to(room, ALL_CLEAR) == ["zhou"]


# ── a log that is taken back ──────────────────────────────────────────────────────────────────────────────


def test_those_who_got_the_all_clear_hear_that_it_was_wrong(room: Room):
    number = room.register()
    room.work(minutes=16)
    room.log(number)
    room.work(minutes=1)
    room.withdraw(number)
    room.work(seconds=1)
    assert to(room, REOPENED) == ["zhou", "wu", "zheng"]
    assert [told["body"]["news"] for told in room.entries(number, "AudienceTold")] == ["all_clear", "reopened"]


def test_an_all_clear_that_had_not_left_is_not_sent(room: Room):
    number = room.register()
    room.work(minutes=1)
    room.log(number)
    room.withdraw(number)
    room.work(minutes=1)
    assert [told.kind for told in room.told if told.step == "phone_report"] == [REMINDER]
    assert room.message(kind=ALL_CLEAR).state == m.WITHDRAWN


def test_a_reminder_that_a_wrong_log_kept_back_is_sent_after_all(room: Room):
    """带班领导 stands on one rung only: if that one stays withdrawn he never hears of the step."""
    number = room.register()
    room.work(minutes=14)
    room.channels["sms"].fate = lambda letter: TEMPORARY
    room.wait(minutes=1).tick()
    room.send()
    room.log(number)
    room.channels["sms"].fate = lambda letter: "arrives"
    room.wait(minutes=1).withdraw(number)
    room.work(seconds=1)
    assert [(told.kind, told.rung) for told in room.told if told.to == "+8613800000003"] == [(REMINDER, 3)]


def test_a_reminder_under_way_during_a_log_and_its_withdrawal_is_tried_again(room: Room):
    number = room.register()
    room.tick()
    claimed = room.sender.claim(9)
    room.log(number)
    room.withdraw(number)
    room.channels["sms"].fate = lambda letter: TEMPORARY
    for one in claimed:
        room.sender.deliver(one)
    room.channels["sms"].fate = lambda letter: "arrives"
    room.work(seconds=2)
    assert [(told.kind, told.rung) for told in room.told if told.step == "phone_report"] == [(REMINDER, 1)]


def test_the_ladder_goes_on_where_it_stood(room: Room):
    number = room.register()
    room.work(minutes=9)
    room.log(number)
    room.work(minutes=8)  # rungs 2 and 3 pass while the step is logged
    room.withdraw(number)
    room.work(seconds=1)
    raised = room.entries(number, "RungRaised")[-1]["body"]
    assert (raised["rung"], raised["reason"], raised["passed_over"]) == (3, "reopened", [{"rung": 2, "first": 0, "last": 0}])
    assert raised["audience"] == ["周甲", "吴乙", "郑丙"]
    room.work(minutes=5)
    assert room.entries(number, "RungRaised")[-1]["body"]["rung"] == 4


def test_nothing_is_told_twice_after_a_withdrawal(room: Room):
    number = room.register()
    room.work(minutes=16)
    before = len(room.told)
    room.log(number)
    room.withdraw(number)
    room.work(seconds=1)
    assert len(room.told) == before


def test_log_withdraw_log_tells_each_news_once(room: Room):
    number = room.register()
    room.work(minutes=1)
    for verb in (room.log, room.withdraw, room.log, room.withdraw, room.log):
        verb(number)
        room.work(seconds=1)
    kinds = [told.kind for told in room.told if told.step == "phone_report"]
    assert kinds == [REMINDER, ALL_CLEAR, REOPENED, ALL_CLEAR, REOPENED, ALL_CLEAR]


def test_a_repeated_request_tells_nobody_twice(room: Room):
    number = room.register()
    room.work(minutes=1)
    for _ in range(3):
        room.desk.log_step(number, "phone_report", StepLog(), actor=WU, now=room.now, key="k")
        room.work(seconds=1)
    assert len(room.messages(kind=ALL_CLEAR)) == 1


def test_somebody_who_left_the_bureau_is_still_told_what_he_was_chased_about(room: Room):
    number = room.register()
    room.work(minutes=1)
    with room.store.write() as session:
        session.get(Person, "zhou").is_active = False
    room.log(number)
    room.work(seconds=1)
    assert to(room, ALL_CLEAR) == ["zhou"]
    assert room.entries(number, "AudienceTold")[0]["body"]["audience"] == ["周甲"]
