"""A number's day: so many text messages from midnight to midnight, the first notice of every step always."""

from datetime import datetime, timedelta

import pytest

from incident_clock.engine.tick import DAILY_BUDGET
from incident_clock.outbox.messages import ALL_CLEAR, REMINDER, STAND_IN
from incident_clock.protocol.steps import AFTER, BEFORE_DUE, OVERDUE_BY, Repeat
from tests.support.bureau import ZONE, rung, small_rule
from tests.support.room import Room
from tests.support.roster import share_phone, without
from tests.support.telling import TEMPORARY

MINUTE, MICROSECOND = timedelta(minutes=1), timedelta(microseconds=1)
EVERY_MINUTE = small_rule(rung(1, AFTER, 0, "duty_officer", repeats=(Repeat(MINUTE),)), rung(2, OVERDUE_BY, 60, "head"))


def at_work(store, now: datetime, *rules, budget: int, channels: tuple[str, ...] = ("sms", "email")) -> Room:
    room = Room(store, now, *(rules or (EVERY_MINUTE,)), channels=channels)
    room.ticker.daily_budget = budget
    return room


def ways(room: Room, person: str = "zhou", **where: object) -> list[str]:
    """The channels of each call to a person, in order: `sms+email`."""
    found: dict[tuple[object, ...], list[str]] = {}
    for m in room.messages(person=person, kind=REMINDER, **where):
        found.setdefault((m.incident_id, m.step, m.rung, m.repeat, m.skipped_rung), []).append(m.channel)
    return ["+".join(sorted(each, reverse=True)) for each in found.values()]


def capped(room: Room, number: str) -> list[list[str]]:
    return [entry["body"]["capped"] for entry in room.entries(number, "RungRaised")]


def test_forty_a_day_are_allowed_unless_the_settings_say_otherwise(store, now):
    assert DAILY_BUDGET == 40
    room = Room(store, now, EVERY_MINUTE)
    number = room.register()
    room.work(minutes=45)
    assert ways(room) == ["sms+email"] * 40 + ["email"] * 6
    assert capped(room, number) == [[]] * 40 + [["周甲"]] * 6


def test_the_message_after_the_last_one_allowed_goes_to_mail_and_the_ledger_says_so(store, now):
    room = at_work(store, now, budget=3)
    number = room.register()
    room.work(minutes=5)
    assert ways(room) == ["sms+email"] * 3 + ["email"] * 3
    assert capped(room, number) == [[], [], []] + [["周甲"]] * 3
    assert room.entries(number, "RungRaised")[-1]["body"]["audience"] == ["周甲"]


def test_the_first_notice_of_a_step_goes_by_text_message_whatever_went_before(store, now):
    room = at_work(store, now, budget=2)
    room.register()
    room.work(minutes=5)
    number = room.register()
    room.work(minutes=1)
    assert ways(room, incident_id=room.incident(number).id) == ["sms+email", "email"]
    assert capped(room, number) == [[], ["周甲"]]


def test_each_step_has_a_first_notice_of_its_own(store, now):
    rule = small_rule(rung(1, AFTER, 0, "duty_officer"), rung(2, AFTER, 5, "duty_officer"),
                      steps=("phone_report", "preliminary_report", "detailed_report"))
    room = at_work(store, now, rule, budget=1)
    room.register()
    room.work(minutes=5)
    assert ways(room) == ["sms+email"] * 3 + ["email"] * 3


def test_mail_takes_over_also_where_the_rung_asked_for_text_messages_alone(store, now):
    rule = small_rule(rung(1, AFTER, 0, "duty_officer", by=("sms",), repeats=(Repeat(MINUTE),)), rung(2, OVERDUE_BY, 60, "head"))
    room = at_work(store, now, rule, budget=1)
    room.register()
    room.work(minutes=2)
    assert ways(room) == ["sms", "email", "email"]
    room.send()
    assert {told.channel for told in room.told[-2:]} == {"email"}


# ── whose day ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("begun", "expected"), [
    ("23:57:00", ["sms+email"] * 2 + ["email"] + ["sms+email"] * 2 + ["email"]),
    ("23:57:59.999999", ["sms+email"] * 2 + ["email"] + ["sms+email"] * 2 + ["email"]),
    ("23:58:00.000001", ["sms+email"] * 4 + ["email"] * 2),
    ("23:58:00", ["sms+email"] * 4 + ["email"] * 2),  # the third leaves at midnight, and is the first of its day
])
def test_midnight_of_the_bureau_gives_a_number_a_new_day(store, begun, expected):
    """Sixteen hours of UTC's day have gone by then."""
    room = at_work(store, datetime.fromisoformat(f"2026-03-12T{begun}").replace(tzinfo=ZONE), budget=2)
    room.register()
    room.work(minutes=5)
    assert ways(room) == expected


def test_midnight_of_greenwich_changes_nothing(store):
    room = at_work(store, datetime(2026, 3, 12, 7, 58, tzinfo=ZONE), budget=2)
    room.register()
    room.work(minutes=5)
    assert ways(room) == ["sms+email"] * 2 + ["email"] * 4


def test_a_number_shared_by_two_has_one_day_for_both(store, now):
    rule = small_rule(rung(1, AFTER, 0, "duty_officer", "duty_chief", repeats=(Repeat(MINUTE),)), rung(2, OVERDUE_BY, 60, "head"))
    room = at_work(store, now, rule, budget=3)
    share_phone(store, "wu", "+8613800000001")
    number = room.register()
    room.work(minutes=2)
    assert ways(room) == ["sms+email", "sms+email", "email"]
    assert ways(room, "wu") == ["sms+email", "sms+email", "email"]  # whom a call reaches is settled before it is counted
    assert capped(room, number)[-1] == ["周甲", "吴乙"]


def test_another_number_of_the_same_person_has_its_own_day(store, now):
    room = at_work(store, now, budget=2)
    room.register()
    room.work(minutes=2)
    share_phone(store, "zhou", "+8613800000099")
    room.work(minutes=3)
    assert ways(room) == ["sms+email", "sms+email", "email", "sms+email", "sms+email", "email"]


def test_every_try_of_a_message_counts(store, now):
    room = at_work(store, now, budget=4)
    room.channels["sms"].fate = lambda letter: TEMPORARY
    room.register()
    room.work(seconds=8)  # tries at 0, 2 and 7 s
    room.channels["sms"].fate = lambda letter: "arrives"
    room.work(minutes=3)
    (first, *_) = room.messages(channel="sms")
    assert first.attempt_count == 4
    assert ways(room) == ["sms+email"] + ["email"] * 3


def test_what_was_withdrawn_before_it_left_does_not_count(store, now):
    room = at_work(store, now, budget=2, channels=("sms",))
    first = room.register()
    room.tick()
    room.log(first)
    number = room.register()
    room.work(minutes=1)
    assert ways(room, incident_id=room.incident(number).id) == ["sms", "sms"]
    assert capped(room, number) == [[], []]


def test_mails_and_other_people_do_not_count(store, now):
    rule = small_rule(rung(1, AFTER, 0, "duty_officer", by=("email",), repeats=(Repeat(MINUTE, 9),)),
                      rung(2, AFTER, 11, "duty_officer", repeats=(Repeat(MINUTE, 1),)), rung(3, AFTER, 12.5, "duty_officer"))
    room = at_work(store, now, rule, budget=2)
    room.register()
    room.work(minutes=13)
    assert ways(room) == ["email"] * 10 + ["sms+email"] * 2 + ["email"]


def test_messages_of_one_tick_are_counted_on_from_incident_to_incident(store, now):
    room = at_work(store, now, budget=7)
    for _ in range(5):
        room.register()
    room.tick()
    assert ways(room) == ["sms+email"] * 5
    room.wait(minutes=1).tick()
    assert ways(room, repeat=1) == ["sms+email"] * 2 + ["email"] * 3


# ── nobody falls silent for it ────────────────────────────────────────────────────────────────────────────


def test_who_has_nothing_but_a_used_up_number_is_left_out_and_the_rung_above_is_told(store, now):
    room = at_work(store, now, budget=2)
    without(store, "zhou", "email")
    number = room.register()
    room.work(minutes=3)
    assert ways(room) == ["sms", "sms"]
    assert ways(room, "feng") == ["sms+email", "sms+email"]
    last = room.entries(number, "RungRaised")[-1]["body"]
    assert {name: last[name] for name in ("told_rung", "skipped", "audience", "capped", "unreachable")} == {
        "told_rung": 2, "skipped": [1], "audience": ["冯戊"], "capped": ["周甲"], "unreachable": []}


def test_where_the_whole_ladder_would_fall_silent_the_budget_is_set_aside(store, now):
    room = at_work(store, now, budget=2, channels=("sms",))
    number = room.register()
    room.work(minutes=9)
    assert ways(room) + ways(room, "feng") == ["sms"] * 2 + ["sms"] * 6 + ["sms"] * 2  # 冯戊's two, then 周甲 all the same
    assert [len(entry["body"]["audience"]) for entry in room.entries(number, "RungRaised")] == [1] * 10


def test_news_and_stand_ins_are_never_held_back(store, now):
    rule = small_rule(rung(1, BEFORE_DUE, 5, "deputy", "duty_leader"), rung(2, OVERDUE_BY, 60, "head"))
    room = at_work(store, now, rule, budget=0, channels=("sms",))
    number = room.register()
    room.work(minutes=18)
    room.log(number)
    room.work(seconds=1)
    assert [message.person for message in room.messages(kind=STAND_IN)] == ["feng"]
    assert {message.person for message in room.messages(kind=ALL_CLEAR)} == {"wang", "zheng", "feng"}
    assert all(message.state == "accepted" for message in room.messages())
