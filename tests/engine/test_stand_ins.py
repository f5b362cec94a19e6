"""A leader who does not answer: his B角 is told two minutes later, in the last quarter of a step, and once."""

from datetime import timedelta

import pytest

from incident_clock.outbox.messages import ALL_CLEAR, REMINDER, REOPENED, STAND_IN
from incident_clock.protocol.steps import AFTER, BEFORE_DUE, OVERDUE_BY, Repeat, Rung
from tests.support.bureau import rung, small_rule
from tests.support.race import at_once
from tests.support.room import Room
from tests.support.roster import away, put, without

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
LATE = rung(9, OVERDUE_BY, 600, "office")  # so that a ladder has a rung past its deadline; far away


def at_work(store, now, *rungs: Rung, channels: tuple[str, ...] = ("sms",)) -> tuple[Room, str]:
    """An incident under a rule of these rungs, 20 minutes long: its last quarter begins at 15."""
    room = Room(store, now, small_rule(*rungs, LATE), channels=channels)
    return room, room.register()


def silence(room: Room, number: str) -> list[tuple[str, str | None, str]]:
    """(who was silent, his B角, what came of it), as the ledger has it."""
    found = [entry["body"] for entry in room.entries(number, "StandInCalled")]
    return [(body["in_place_of"], body["person"], body["reason"]) for body in found]


def told(room: Room) -> list[str]:
    return [message.person for message in room.messages(kind=STAND_IN)]


# ── when ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("leaders_rung", "is_passed_on"), [
    (rung(1, BEFORE_DUE, 5, "deputy"), True),  # exactly where the last quarter begins
    (rung(1, AFTER, 15, "deputy"), True),
    (rung(1, BEFORE_DUE, 5 + 1 / 60, "deputy"), False),  # a second before it
    (rung(1, BEFORE_DUE, 1 / 60, "deputy"), True),
    (rung(1, BEFORE_DUE, 0, "deputy"), False),  # the step is due: the overdue rungs follow
    (rung(1, OVERDUE_BY, 1, "deputy"), False),
    (rung(1, BEFORE_DUE, 5, "duty_officer", "publicity_chief", "office"), False),  # no leaders
    (rung(1, BEFORE_DUE, 5, "duty_leader"), True),
    (rung(1, BEFORE_DUE, 5, "spokesman"), True),
])
def test_only_a_leader_told_in_the_last_quarter_is_waited_for(store, now, leaders_rung, is_passed_on):
    room, number = at_work(store, now, leaders_rung)
    room.work(minutes=40)
    assert bool(silence(room, number)) == bool(told(room)) == is_passed_on


def test_two_minutes_are_waited_and_not_a_second_less(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    room.work(minutes=15)
    assert room.tick().wake_at == now + 17 * MINUTE
    room.clock.move_to(now + 17 * MINUTE - timedelta(microseconds=1))
    assert room.tick().raised == 0
    room.clock.move_to(now + 17 * MINUTE)
    assert room.tick().raised == 1  # so that the sender is woken
    assert silence(room, number) == [("王丁", "冯戊", "called")]
    message = room.message(kind=STAND_IN)
    assert (message.person, message.rung, message.repeat, message.reason, message.due_at) == \
        ("feng", 1, 0, "no_answer", room.now)
    assert (message.because["why"], message.because["of"]) == ("stand_in", "wang")
    room.send()
    assert "事件001：A角未应答，现转B角。电话上报14:25截止，剩3分，请接手。" in room.told[-1].text


def test_a_stand_in_reads_it_in_his_own_language(store, now):
    room, _ = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    put(store, "feng", language="en")
    room.work(minutes=17)
    assert "Reply 1001" in room.told[-1].text


def test_two_minutes_that_end_past_the_deadline_are_waited_too(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 1, "deputy"))
    room.work(minutes=21)
    assert silence(room, number) == [("王丁", "冯戊", "called")]
    assert "应14:25完成，已超1分，请接手" in room.told[-1].text


@pytest.mark.parametrize(("answers_after", "is_passed_on"), [
    (timedelta(0), False), (2 * MINUTE - SECOND, False), (2 * MINUTE, False), (2 * MINUTE + SECOND, True)])
def test_an_answer_in_time_keeps_the_stand_in_out(store, now, answers_after, is_passed_on):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    room.work(minutes=15)
    if answers_after > 2 * MINUTE:
        room.work_until(room.now + answers_after)
    else:
        room.clock.advance(answers_after)  # the answer is there before the engine looks
    room.acknowledge(number, "wang")
    room.work(minutes=5)
    assert bool(silence(room, number)) == is_passed_on


# ── how many answers a rung asks for ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("answers", "answered", "passed_on"), [
    (None, [], {"chu", "wei", "jiang"}), (None, ["wang"], {"wei", "jiang"}), (None, ["wang", "zheng", "feng"], set()),
    ("all", ["wang", "zheng"], {"jiang"}), ("any", [], {"chu", "wei", "jiang"}), ("any", ["feng"], set()),
    (2, ["wang"], {"wei", "jiang"}), (2, ["wang", "feng"], set()), (50, ["wang", "zheng"], {"jiang"}),
])
def test_enough_answers_on_a_rung_excuse_the_silence_of_the_others(store, now, answers, answered, passed_on):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy", "duty_leader", "head", answers=answers))
    for leader, stand_in in (("wang", "chu"), ("zheng", "wei"), ("feng", "jiang")):
        put(store, leader, stand_in=stand_in)
    room.work(minutes=15)
    room.wait(minutes=1)
    for person in answered:
        room.acknowledge(number, person)
    room.work(minutes=4)
    assert set(told(room)) == passed_on
    assert len(silence(room, number)) == len(passed_on)


def test_the_answer_of_an_officer_on_the_same_rung_counts(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "duty_officer", "deputy", answers="any"))
    room.work(minutes=15)
    room.acknowledge(number, "zhou")
    room.work(minutes=3)
    assert silence(room, number) == []


def test_an_answer_on_another_rung_does_not_count(store, now):
    room, number = at_work(store, now, rung(1, AFTER, 0, "deputy"), rung(2, BEFORE_DUE, 5, "deputy", answers="any"))
    room.work(seconds=1)
    room.acknowledge(number, "wang")
    room.work(minutes=17)
    assert silence(room, number) == [("王丁", "冯戊", "called")]


def test_the_answer_of_a_stand_in_excuses_nobody_else(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy", answers=1, repeats=(Repeat(MINUTE, 9),)),
                           rung(2, BEFORE_DUE, 2.5, "spokesman"))
    room.work(minutes=17)
    room.acknowledge(number, "feng")
    room.work(minutes=3)
    assert silence(room, number) == [("王丁", "冯戊", "called"), ("韩子", "陈己", "called")]


def test_nor_anybody_of_his_own_rung(store, now):
    """冯戊 has answered for 王丁; 褚庚, who acts for him from then on, is silent in his own right."""
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy", answers="any", repeats=(Repeat(2.9 * MINUTE, 1),)))
    room.work(minutes=17)
    room.acknowledge(number, "feng")
    away(store, "wang", room.now, now + 60 * MINUTE, "chu")
    room.work(minutes=3)
    assert silence(room, number) == [("王丁", "冯戊", "called"), ("褚庚", "吴乙", "called")]


# ── who ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("trouble", ["none", "retired", "no number", "wrong channel", "himself"])
def test_without_a_stand_in_who_can_be_reached_the_ledger_says_so_and_nobody_is_told(store, now, trouble):
    by = ("email",) if trouble == "wrong channel" else None
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy", by=by), channels=("sms", "email"))
    if trouble in ("none", "himself"):
        put(store, "wang", stand_in=None if trouble == "none" else "wang")
    elif trouble == "retired":
        put(store, "feng", is_active=False)
    else:
        without(store, "feng", "email", *(("mobile",) if trouble == "no number" else ()))
    room.work(minutes=18)
    assert silence(room, number) == [("王丁", None, "nobody")]
    assert told(room) == []
    assert room.auditor.audit(room.now) == ""


@pytest.mark.parametrize(("acting", "stand_in"), [("chu", "chu"), (None, "jiang")])
def test_a_stand_in_who_is_away_is_stood_in_for(store, now, acting, stand_in):
    room, _ = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    put(store, "feng", stand_in="jiang")
    away(store, "feng", now - MINUTE, now + 60 * MINUTE, acting)
    room.work(minutes=17)
    assert told(room) == [stand_in]
    assert room.message(kind=STAND_IN).because["of"] == "wang"


def test_two_who_stand_in_for_each_other_and_one_is_away_lead_to_nobody(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    away(store, "feng", now - MINUTE, now + 60 * MINUTE)  # 冯戊's B角 is 王丁, who is silent
    room.work(minutes=17)
    assert silence(room, number) == [("王丁", None, "nobody")]


def test_the_stand_in_is_looked_up_when_he_is_called(store, now):
    room, _ = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    room.work(minutes=16)
    put(store, "wang", stand_in="chu")
    room.work(minutes=1)
    assert told(room) == ["chu"]


def test_an_acting_deputy_who_is_silent_is_passed_on_to_his_own_stand_in(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "head"))
    put(store, "chu", stand_in="wei")
    away(store, "feng", now - MINUTE, now + 60 * MINUTE, "chu")  # 褚庚, no leader himself, acts for the head
    room.work(minutes=17)
    assert silence(room, number) == [("褚庚", "卫辛", "called")]


def test_an_acting_deputy_whose_stand_in_is_the_one_on_leave_is_passed_on_to_nobody(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    away(store, "wang", now - MINUTE, now + 60 * MINUTE, "feng")  # 冯戊 acts for 王丁, who is his B角
    room.work(minutes=17)
    assert silence(room, number) == [("冯戊", None, "nobody")]


def test_a_stand_in_told_on_that_rung_already_is_not_told_again(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy", "head"))
    room.work(minutes=20)
    assert silence(room, number) == [("王丁", "冯戊", "told_already"), ("冯戊", "王丁", "told_already")]
    assert told(room) == []


def test_two_silent_leaders_with_one_stand_in_are_one_message(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy", "duty_leader"))
    put(store, "zheng", stand_in="feng")
    room.work(minutes=20)
    assert silence(room, number) == [("王丁", "冯戊", "called"), ("郑丙", "冯戊", "told_already")]
    assert told(room) == ["feng"]


def test_a_stand_in_told_on_another_rung_is_told_on_this_one_too(store, now):
    room, _ = at_work(store, now, rung(1, AFTER, 0, "head"), rung(2, BEFORE_DUE, 5, "deputy"))
    room.work(minutes=17)
    assert told(room) == ["feng"]


# ── once ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_rung_that_is_repeated_has_one_stand_in(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy", repeats=(Repeat(MINUTE, 9),)))
    room.work(minutes=40)
    assert silence(room, number) == [("王丁", "冯戊", "called")]
    assert len(room.messages(kind=REMINDER, person="wang")) == 10
    assert len(told(room)) == 1


def test_a_repeat_in_the_last_quarter_counts_as_much_as_a_first_call(store, now):
    room, number = at_work(store, now, rung(1, AFTER, 14, "deputy", repeats=(Repeat(2 * MINUTE, 1),)))
    room.work(minutes=17)
    assert silence(room, number) == []
    room.work(minutes=1)
    assert silence(room, number) == [("王丁", "冯戊", "called")]


def test_who_has_answered_before_needs_no_stand_in_at_a_later_repeat(store, now):
    room, number = at_work(store, now, rung(1, AFTER, 10, "deputy", repeats=(Repeat(6 * MINUTE, 1),)))
    room.work(minutes=10, seconds=1)
    room.acknowledge(number, "wang")  # left alone for a quarter of ten minutes
    room.work(minutes=20)
    assert len(room.messages(kind=REMINDER, person="wang")) == 2
    assert silence(room, number) == []


def test_a_stand_in_has_no_stand_in(store, now):
    room, _ = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    put(store, "feng", stand_in="han")
    room.work(minutes=30)
    assert told(room) == ["feng"]


def test_he_is_on_the_list_of_those_who_were_called_and_for_whom(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    room.work(minutes=17)
    (calls,) = room.views.step_calls(number, room.now)
    assert [(call.person.key, call.in_place_of and call.in_place_of.key) for call in calls.calls] == \
        [("wang", None), ("feng", "wang")]
    room.acknowledge(number, "feng")
    (calls,) = room.views.step_calls(number, room.now)
    assert [call.person.key for call in calls.outstanding] == ["wang"]
    assert calls.lacking == {1: 1}  # the rung asks its own people


def test_he_hears_how_it_ended_and_that_it_goes_on(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    room.work(minutes=17, seconds=1)
    room.log(number)
    room.work(seconds=1)
    assert {message.person for message in room.messages(kind=ALL_CLEAR)} == {"wang", "feng"}
    room.withdraw(number)
    room.work(seconds=1)
    assert {told.to for told in room.told if told.kind == REOPENED} == {"+8613800000005", "+8613800000006"}


# ── logs, gaps and engines ────────────────────────────────────────────────────────────────────────────────


def test_a_step_logged_meanwhile_calls_nobody(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    room.work(minutes=16)
    room.log(number)
    room.work(minutes=30)
    assert silence(room, number) == []


def test_a_log_taken_back_does_not_wake_old_silences_and_new_calls_are_waited_for_again(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"), rung(2, BEFORE_DUE, 2, "duty_leader"))
    room.work(minutes=16)
    room.log(number)
    room.work(seconds=1)
    room.withdraw(number)
    room.work_until(now + 18 * MINUTE)
    assert silence(room, number) == []
    room.work(minutes=2)
    assert silence(room, number) == [("郑丙", "王丁", "called")]


def test_another_step_s_log_changes_nothing(store, now):
    rule = small_rule(rung(1, BEFORE_DUE, 5, "deputy"), LATE, steps=("phone_report", "preliminary_report"))
    room = Room(store, now, rule, channels=("sms",))
    number = room.register()
    room.work(minutes=16)
    room.log(number, "preliminary_report")
    room.work(minutes=1)
    assert silence(room, number) == [("王丁", "冯戊", "called")]


def test_a_stand_in_not_yet_sent_when_the_step_is_logged_is_withdrawn_and_comes_back_with_it(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    room.work(minutes=16)
    room.clock.move_to(now + 17 * MINUTE)
    room.tick()
    room.log(number)
    assert room.message(kind=STAND_IN).state == "withdrawn"
    room.withdraw(number)
    room.work(seconds=1)
    assert room.message(kind=STAND_IN).state == "accepted"


def test_an_engine_down_over_the_two_minutes_calls_him_when_it_is_back(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    room.work(minutes=15)
    room.wait(minutes=30)
    assert "1 deadlines have a rung that is due" in room.auditor.audit(room.now)
    room.work(seconds=1)
    assert silence(room, number) == [("王丁", "冯戊", "called")]
    assert "已超25分，请接手" in room.told[-1].text


def test_an_answer_while_the_engine_was_down_counts(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    room.work(minutes=15)
    room.wait(minutes=30)
    room.acknowledge(number, "wang")
    room.work(seconds=1)
    assert silence(room, number) == []


def test_leaders_called_for_a_gap_are_waited_for_on_the_rung_they_were_called_on(store, now):
    room, number = at_work(store, now, rung(1, AFTER, 5, "duty_leader"), rung(2, AFTER, 15, "deputy"))
    room.wait(minutes=16).work(minutes=2)  # the first engine came at 16: rung 2 for both
    assert [(row, call.stand_in_at) for row, call in room.calls(number).items()] == [
        ((2, "zheng"), None), ((2, "wang"), None), ((2, "feng"), None)]
    assert silence(room, number) == [("郑丙", "王丁", "told_already"), ("王丁", "冯戊", "called")]


def test_leaders_first_called_past_the_deadline_are_not_waited_for(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "deputy"))
    room.wait(minutes=20).work(minutes=10)
    assert [message.person for message in room.messages(kind=REMINDER)] == ["wang"]
    assert silence(room, number) == []


def test_leaders_told_in_place_of_an_empty_rung_are_waited_for(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 5, "publicity_chief"), rung(2, OVERDUE_BY, 5, "deputy"))
    put(store, "chen", is_active=False)
    room.work(minutes=17)
    assert silence(room, number) == [("王丁", "冯戊", "called")]
    assert room.message(kind=STAND_IN).rung == 2


def test_many_engines_at_once_call_one_stand_in(store, now):
    room = Room(store, now, small_rule(rung(1, BEFORE_DUE, 5, "deputy"), LATE), channels=("sms",))
    numbers = [room.register() for _ in range(5)]
    room.work(minutes=15)
    room.wait(minutes=2)
    answers = at_once([room.tick] * 4)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    room.tick()  # an incident that another engine held is left to the next tick
    for number in numbers:
        assert silence(room, number) == [("王丁", "冯戊", "called")]
    assert told(room) == ["feng"] * 5


def test_an_answer_and_the_engine_at_one_moment_are_one_or_the_other(store, now):
    """Whoever locks the incident first: a stand-in is called and the answer stands, or none is called."""
    room = Room(store, now, small_rule(rung(1, BEFORE_DUE, 5, "deputy"), LATE), channels=("sms",))
    numbers = [room.register() for _ in range(6)]
    room.work(minutes=15)
    room.wait(minutes=2)
    at_once([room.tick, room.tick, *(lambda one=one: room.acknowledge(one, "wang") for one in numbers)])
    room.tick()
    for number in numbers:
        kinds = [entry["kind"] for entry in room.entries(number) if entry["kind"] in ("StandInCalled", "Acknowledged")]
        assert kinds in (["StandInCalled", "Acknowledged"], ["Acknowledged"])
        assert (1, "feng") in room.calls(number) if "StandInCalled" in kinds else (1, "feng") not in room.calls(number)
