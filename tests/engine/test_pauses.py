"""An acknowledgement keeps repeats away from one person at one rung, for a while; nothing else stops for it."""

from datetime import timedelta

import pytest

from incident_clock.errors import Conflict, NotFound
from incident_clock.outbox.messages import REMINDER
from incident_clock.protocol.steps import AFTER, BEFORE_DUE, OVERDUE_BY, Repeat, Rung
from incident_clock.registry import calls
from tests.support.bureau import WU, rung, small_rule
from tests.support.race import at_once
from tests.support.room import Room
from tests.support.roster import put

MINUTE, MICROSECOND = timedelta(minutes=1), timedelta(microseconds=1)
EVERY_FOUR = (Repeat(4 * MINUTE, 9),)
BOTH = rung(1, AFTER, 0, "duty_officer", "duty_chief", repeats=EVERY_FOUR)


def at_work(store, now, *rungs: Rung, **named) -> tuple[Room, str]:
    room = Room(store, now, small_rule(*rungs, **named), channels=("sms",))
    number = room.register()
    room.work(seconds=0)
    return room, number


def told(room: Room, person: str, step: str = "phone_report") -> list[tuple[int, int]]:
    """(rung, repeat) of every reminder to a person."""
    return [(message.rung, message.repeat) for message in room.messages(person=person, step=step, kind=REMINDER)]


def last_call(room: Room, number: str) -> dict:
    return room.entries(number, "RungRaised")[-1]["body"]


# ── how long ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_repeat_within_the_pause_leaves_out_who_has_answered_and_tells_the_others(store, now):
    room, number = at_work(store, now, BOTH)
    room.acknowledge(number, "zhou")  # 20 minutes left: paused for five
    room.work(minutes=4)
    assert (told(room, "zhou"), told(room, "wu")) == ([(1, 0)], [(1, 0), (1, 1)])
    assert (last_call(room, number)["audience"], last_call(room, number)["paused"]) == (["吴乙"], ["周甲"])
    assert last_call(room, number)["unreachable"] == []
    room.work(minutes=4)
    assert told(room, "zhou") == [(1, 0), (1, 2)]
    assert last_call(room, number)["paused"] == []


@pytest.mark.parametrize(("answered_after", "is_left_out"), [
    (4 * MINUTE - MICROSECOND, False),  # paused until a moment before the repeat at 8
    (4 * MINUTE, False),  # a quarter of 16 minutes is over exactly when the repeat is due
    (4 * MINUTE + 2 * MICROSECOND, True),
    (7 * MINUTE, True),
])
def test_the_pause_is_over_at_its_very_instant(store, now, answered_after, is_left_out):
    room, number = at_work(store, now, BOTH)
    room.work(minutes=3.9)
    room.work_until(now + answered_after)
    room.acknowledge(number, "zhou")
    room.work_until(now + 8 * MINUTE)
    assert ((1, 2) not in told(room, "zhou")) == is_left_out


def test_ten_minutes_are_the_longest_pause_however_much_is_left(store, now):
    room, number = at_work(store, now, rung(1, AFTER, 0, "duty_officer", repeats=(Repeat(5 * MINUTE, 9),)),
                           within=timedelta(hours=5))
    room.acknowledge(number, "zhou")
    room.work(minutes=30)
    assert told(room, "zhou") == [(1, repeat) for repeat in (0, 2, 3, 4, 5, 6)]
    assert room.entries(number, "Acknowledged")[0]["body"]["paused_until"] == "2026-03-12T06:15:00.000000+00:00"


def test_past_the_deadline_nothing_is_paused(store, now):
    room, number = at_work(store, now, rung(1, OVERDUE_BY, 1, "head", repeats=(Repeat(MINUTE, 9),)))
    room.work(minutes=21)
    for _ in range(3):
        room.acknowledge(number, "feng")
        room.work(minutes=1)
    assert told(room, "feng") == [(1, 0), (1, 1), (1, 2), (1, 3)]
    assert {entry["body"]["paused_until"] == entry["happened_at"] for entry in room.entries(number, "Acknowledged")} == {True}


def test_exactly_at_the_deadline_nothing_is_left_to_pause(store, now):
    room, number = at_work(store, now, rung(1, BEFORE_DUE, 0, "duty_officer", repeats=(Repeat(MINUTE, 9),)))
    room.work(minutes=20)
    room.acknowledge(number, "zhou")
    room.work(minutes=1)
    assert told(room, "zhou") == [(1, 0), (1, 1)]


def test_who_was_left_alone_is_called_again_and_can_answer_again(store, now):
    room, number = at_work(store, now, BOTH)
    room.acknowledge(number, "zhou")
    room.work(minutes=8)
    room.acknowledge(number, "zhou")  # twelve minutes left: three
    room.work(minutes=12)
    assert told(room, "zhou") == [(1, 0), (1, 2), (1, 3), (1, 4), (1, 5)]
    assert len(room.entries(number, "Acknowledged")) == 2


# ── what goes on ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_later_rung_calls_him_all_the_same(store, now):
    room, number = at_work(store, now, BOTH, rung(2, AFTER, 3, "duty_officer"))
    room.acknowledge(number, "zhou")
    room.work(minutes=4)
    assert told(room, "zhou") == [(1, 0), (2, 0)]


def test_the_first_call_of_a_rung_is_never_held_back_by_an_answer_given_in_its_place(store, now):
    """吴乙 was told on rung 2 because rung 1 was empty, and has answered: rung 2 itself still calls him."""
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer"), rung(2, AFTER, 2, "duty_chief")), channels=("sms",))
    put(store, "zhou", is_active=False)
    number = room.register()
    room.work(seconds=0)
    room.acknowledge(number, "wu")
    room.work(minutes=2)
    assert told(room, "wu") == [(2, 0), (2, 0)]


def test_an_empty_rung_does_not_disturb_who_has_answered_on_the_rung_above(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", repeats=EVERY_FOUR), rung(2, AFTER, 18, "duty_chief")),
                channels=("sms",))
    put(store, "zhou", is_active=False)
    number = room.register()
    room.work(seconds=0)
    room.acknowledge(number, "wu")
    room.work(minutes=4)
    assert told(room, "wu") == [(2, 0)]
    assert {name: last_call(room, number)[name] for name in ("told_rung", "skipped", "audience", "paused")} == {
        "told_rung": 2, "skipped": [1], "audience": [], "paused": ["吴乙"]}


def test_the_first_call_of_a_further_empty_rung_leaves_him_alone_too(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer"), rung(2, AFTER, 2, "duty_leader"),
                                       rung(3, AFTER, 6, "duty_chief")), channels=("sms",))
    for key in ("zhou", "zheng"):
        put(store, key, is_active=False)
    number = room.register()
    room.work(seconds=0)
    room.acknowledge(number, "wu")
    room.work(minutes=2)
    assert told(room, "wu") == [(3, 0)]
    assert (last_call(room, number)["rung"], last_call(room, number)["paused"]) == (2, ["吴乙"])
    room.work(minutes=4)
    assert told(room, "wu") == [(3, 0), (3, 0)]  # and its own first call comes all the same


def test_the_other_steps_go_on_unless_he_has_answered_for_them_too(store, now):
    room, everything = at_work(store, now, BOTH, steps=("phone_report", "preliminary_report"))
    for number, step, expected in ((everything, None, [(1, 0)]), (None, "phone_report", [(1, 0), (1, 1)])):
        number = number or room.register()
        room.work(seconds=0)
        room.acknowledge(number, "zhou", step=step)
        room.work(minutes=4)
        incident = room.incident(number).id
        assert [(message.rung, message.repeat) for message in room.messages(
            incident_id=incident, person="zhou", step="preliminary_report", kind=REMINDER)] == expected


def test_another_incident_goes_on(store, now):
    room, number = at_work(store, now, BOTH)
    other = room.register()
    room.work(seconds=0)
    room.acknowledge(number, "zhou")
    room.work(minutes=4)
    assert [message.incident_id for message in room.messages(person="zhou", repeat=1)] == [room.incident(other).id]


def test_everybody_of_a_rung_having_answered_keeps_it_quiet_and_in_the_ledger(store, now):
    room, number = at_work(store, now, BOTH)
    for person in ("zhou", "wu"):
        room.acknowledge(number, person)
    room.work(minutes=4)
    body = last_call(room, number)
    assert (body["repeat"], body["audience"], body["paused"], body["skipped"]) == (1, [], ["周甲", "吴乙"], [])
    assert len(room.messages()) == 2
    room.work(minutes=20)
    assert room.deadline(number).passed_at is not None  # an answer is no completion


def test_after_a_gap_a_call_of_a_higher_rung_tells_also_who_has_answered_on_a_lower_one(store, now):
    room, number = at_work(store, now, BOTH, rung(2, AFTER, 5, "duty_leader"))
    room.acknowledge(number, "zhou")
    room.wait(minutes=5).work(seconds=0)  # the repeat at 4 and rung 2 at 5: one call for both
    assert told(room, "zhou") == [(1, 0), (2, 0)]


def test_after_a_gap_of_repeats_alone_he_is_left_alone(store, now):
    room, number = at_work(store, now, rung(1, AFTER, 0, "duty_officer", "duty_chief", repeats=(Repeat(MINUTE, 9),)))
    room.acknowledge(number, "zhou")
    room.wait(minutes=4).work(seconds=0)
    assert (told(room, "zhou"), told(room, "wu")) == ([(1, 0)], [(1, 0), (1, 4)])


# ── saying so ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_stands_in_the_ledger_with_its_rungs_and_who_gave_it(store, now):
    room, number = at_work(store, now, BOTH, rung(2, AFTER, 2, "duty_officer"))
    room.work(minutes=2)
    room.acknowledge(number, "zhou", how=calls.PHONE, actor=WU)
    (entry,) = room.entries(number, "Acknowledged")
    assert entry["actor"] == "吴乙"
    assert {name: entry["body"][name] for name in ("step", "rungs", "person", "how")} == {
        "step": "phone_report", "rungs": [1, 2], "person": "周甲", "how": "phone"}
    assert {row.answered_how for (_, person), row in room.calls(number).items() if person == "zhou"} == {"phone"}


def test_saying_it_twice_while_it_holds_changes_nothing(store, now):
    room, number = at_work(store, now, BOTH)
    room.acknowledge(number, "zhou")
    room.wait(minutes=1)
    room.acknowledge(number, "zhou")
    assert len(room.entries(number, "Acknowledged")) == 1
    assert room.calls(number)[1, "zhou"].paused_until == now + 5 * MINUTE


def test_a_button_pressed_many_times_at_once_is_one_answer(store, now):
    room, number = at_work(store, now, BOTH)
    answers = at_once([lambda: room.acknowledge(number, "zhou")] * 6)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert len(room.entries(number, "Acknowledged")) == 1


@pytest.mark.parametrize("trouble", ["never called", "logged", "stranger", "no such step"])
def test_there_must_be_something_to_answer(store, now, trouble):
    room, number = at_work(store, now, BOTH)
    if trouble == "logged":
        room.log(number)
    person = {"never called": "feng", "stranger": "nobody"}.get(trouble, "zhou")
    with pytest.raises(NotFound if trouble in ("stranger", "no such step") else Conflict):
        room.desk.acknowledge(number, person, how=calls.PAGE, actor=WU, now=room.now,
                              step="weather_report" if trouble == "no such step" else None)
    assert room.entries(number, "Acknowledged") == []


def test_an_answer_outlives_a_log_that_is_taken_back(store, now):
    room, number = at_work(store, now, BOTH)
    room.acknowledge(number, "zhou")
    room.log(number)
    room.withdraw(number)
    room.work(minutes=4)
    assert (1, 1) not in told(room, "zhou")
    assert (1, 1) in told(room, "wu")
