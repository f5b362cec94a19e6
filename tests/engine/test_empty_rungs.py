"""A rung that reaches nobody is gone over at once, in the same tick; each rung is still called at its own instant."""

from datetime import timedelta

from incident_clock.outbox.messages import REMINDER
from incident_clock.protocol.steps import AFTER, OVERDUE_BY, Repeat
from tests.support.bureau import rung, small_rule
from tests.support.race import at_once
from tests.support.room import Room
from tests.support.roster import away, on_shift, put, share_phone, without
from tests.support.telling import BROKEN, PERMANENT, TEMPORARY

MINUTE = timedelta(minutes=1)
LADDER = (rung(1, AFTER, 0, "duty_officer"), rung(2, AFTER, 5, "duty_chief"), rung(3, AFTER, 10, "duty_leader"),
          rung(4, OVERDUE_BY, 5, "head", repeats=(Repeat(5 * MINUTE),)))


def told(room: Room) -> list[tuple[str, int, int, int]]:
    """(person, rung, repeat, the rung gone over for it) of every reminder, in order."""
    return [(m.person, m.rung, m.repeat, m.skipped_rung) for m in room.messages(kind=REMINDER)]


def calls(room: Room, number: str) -> list[tuple[int, int, list[int], list[str]]]:
    """(rung, rung told, rungs gone over, audience) of every call."""
    return [(e["body"]["rung"], e["body"]["told_rung"], e["body"]["skipped"], e["body"]["audience"])
            for e in room.entries(number, "RungRaised")]


def test_the_next_rung_above_is_told_in_the_same_tick_and_again_at_its_own_instant(store, now):
    room = Room(store, now, small_rule(*LADDER), channels=("sms",))
    put(store, "zhou", is_active=False)
    number = room.register()
    assert room.tick().raised == 1
    assert told(room) == [("wu", 2, 0, 1)]
    room.work(minutes=5)
    assert told(room) == [("wu", 2, 0, 1), ("wu", 2, 0, 0)]
    assert calls(room, number) == [(1, 2, [1], ["吴乙"]), (2, 2, [], ["吴乙"])]
    assert room.entries(number, "RungRaised")[0]["body"]["unreachable"] == ["duty_officer"]
    assert len({told.reference for told in room.told}) == 2  # two messages, not a copy


def test_several_empty_rungs_are_gone_over_at_once(store, now):
    room = Room(store, now, small_rule(*LADDER), channels=("sms",))
    put(store, "zhou", is_active=False)
    without(store, "wu", "mobile")
    number = room.register()
    room.work(minutes=10)
    assert told(room) == [("zheng", 3, 0, 1), ("zheng", 3, 0, 2), ("zheng", 3, 0, 0)]
    assert calls(room, number) == [(1, 3, [1, 2], ["郑丙"]), (2, 3, [2], ["郑丙"]), (3, 3, [], ["郑丙"])]


def test_above_the_top_rung_there_is_only_the_way_down(store, now):
    room = Room(store, now, small_rule(*LADDER), channels=("sms",))
    for key in ("feng", "zheng"):
        put(store, key, is_active=False)
    number = room.register()
    room.work(minutes=36)
    assert calls(room, number)[3:5] == [(4, 2, [4, 3], ["吴乙"])] * 2
    assert told(room)[-2:] == [("wu", 2, 1, 4), ("wu", 2, 2, 4)]


def test_a_ladder_without_anybody_is_written_down_and_tells_nobody(store, now):
    room = Room(store, now, small_rule(*LADDER), channels=("sms",))
    for key in ("zhou", "wu", "zheng", "feng"):
        put(store, key, is_active=False)
    number = room.register()
    room.work(minutes=5)
    assert calls(room, number) == [(1, 1, [], []), (2, 2, [], [])]
    assert room.calls(number) == {}


def test_a_hole_in_the_roster_makes_a_rung_empty_and_leave_without_a_deputy_does_too(store, now):
    room = Room(store, now, small_rule(*LADDER), channels=("sms",))
    on_shift(store, "duty_officer", "zhou", now - 60 * MINUTE, now)  # it ended exactly now
    put(store, "wu", stand_in=None)
    away(store, "wu", now, now + 2 * MINUTE)
    room.register()
    room.work(minutes=5)
    assert told(room) == [("zheng", 3, 0, 1), ("wu", 2, 0, 0)]


def test_a_rung_that_fills_again_is_told_at_its_next_repeat(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", repeats=(Repeat(2 * MINUTE, 3),)),
                                       rung(2, AFTER, 19, "head")), channels=("sms",))
    put(store, "zhou", is_active=False)
    room.register()
    room.work(minutes=3)
    put(store, "zhou", is_active=True)
    room.work(minutes=1)
    assert told(room) == [("feng", 2, 0, 1), ("feng", 2, 1, 1), ("zhou", 1, 2, 0)]


def test_two_rungs_of_one_instant_are_both_called_when_the_first_is_empty(store, now):
    """One person is told for both, on one rung, in one transaction."""
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "deputy"), rung(2, AFTER, 0, "head"), rung(3, AFTER, 15, "office")),
                channels=("sms",))
    put(store, "wang", is_active=False)
    number = room.register()
    ticked = room.tick()
    assert (ticked.raised, ticked.failed) == (2, ())
    assert told(room) == [("feng", 2, 0, 1), ("feng", 2, 0, 0)]
    assert list(room.calls(number)) == [(2, "feng")]


def test_every_rung_of_one_instant_may_be_empty_but_one(store, now):
    room = Room(store, now, small_rule(*(rung(n, AFTER, 0, role) for n, role in enumerate(
        ("deputy", "duty_chief", "duty_leader", "head"), start=1))), channels=("sms",))
    for key in ("wang", "wu", "zheng"):
        put(store, key, is_active=False)
    number = room.register()
    assert room.tick().failed == ()
    assert told(room) == [("feng", 4, 0, 1), ("feng", 4, 0, 2), ("feng", 4, 0, 3), ("feng", 4, 0, 0)]
    assert list(room.calls(number)) == [(4, "feng")]


def test_after_a_gap_with_nobody_in_it_the_next_rung_above_is_told_once_for_all(store, now):
    room = Room(store, now, small_rule(*LADDER), channels=("sms",))
    for key in ("zhou", "wu"):
        put(store, key, is_active=False)
    number = room.register()
    room.wait(minutes=7).tick()
    (body,) = [entry["body"] for entry in room.entries(number, "RungRaised")]
    assert (body["rung"], body["told_rung"], body["skipped"]) == (2, 3, [2])
    assert body["passed_over"] == [{"rung": 1, "first": 0, "last": 0}]
    assert body["unreachable"] == ["duty_officer", "duty_chief"]
    assert told(room) == [("zheng", 3, 0, 2)]


def test_engines_side_by_side_go_over_an_empty_rung_once(store, now):
    room = Room(store, now, small_rule(*LADDER), channels=("sms",))
    put(store, "zhou", is_active=False)
    numbers = [room.register() for _ in range(6)]
    answers = at_once([room.tick] * 4)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    room.tick()
    assert told(room) == [("wu", 2, 0, 1)] * 6
    assert all(len(calls(room, number)) == 1 for number in numbers)


def test_the_broken_channel_of_one_person_touches_nobody_else_s_message(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", "duty_chief", "duty_leader", "deputy")),
                channels=("sms", "email"))
    fates = {"+8613800000001": BROKEN, "zhou@example.com": PERMANENT, "+8613800000002": TEMPORARY}
    for channel in room.channels.values():
        channel.fate = lambda letter: fates.get(letter.to, "arrives")
    room.register()
    room.work(seconds=1)
    states = {(message.person, message.channel): message.state for message in room.messages()}
    assert states == {
        ("zhou", "sms"): "queued", ("zhou", "email"): "failed", ("wu", "sms"): "queued", ("wu", "email"): "accepted",
        ("zheng", "sms"): "accepted", ("zheng", "email"): "accepted", ("wang", "sms"): "accepted",
        ("wang", "email"): "accepted"}
    assert {told.to for told in room.told} == {
        "wu@example.com", "+8613800000003", "zheng@example.com", "+8613800000005", "wang@example.com"}


def test_two_people_with_one_phone_are_each_told_under_their_own_name(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", "duty_chief")), channels=("sms",))
    share_phone(store, "wu", "+8613800000001")
    number = room.register()
    room.work(seconds=0)
    assert [told.to for told in room.told] == ["+8613800000001"] * 2
    assert len({told.reference for told in room.told}) == 2
    assert list(room.calls(number)) == [(1, "zhou"), (1, "wu")]


def test_every_message_says_why_it_is_this_person(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", "duty_chief", "head")), channels=("sms",))
    on_shift(store, "duty_officer", "wei", now - 60 * MINUTE, now + 60 * MINUTE)
    away(store, "feng", now - 60 * MINUTE, now + 30 * MINUTE, "wang")
    number = room.register()
    room.tick()
    assert {message.person: (message.because["role"], message.because["why"], message.because["of"])
            for message in room.messages()} == {
        "wei": ("duty_officer", "shift", None), "wu": ("duty_chief", "directory", None), "wang": ("head", "acting", "feng")}
    acting = next(message for message in room.messages() if message.person == "wang")
    assert (acting.because["from_at"], acting.because["until_at"]) == \
        ("2026-03-12T05:05:00+00:00", "2026-03-12T06:35:00+00:00")
    body = room.entries(number, "RungRaised")[0]["body"]
    assert body["audience"] == ["卫辛", "吴乙", "王丁"]
    assert [(one["role"], one["why"], one["of"]) for one in body["because"]] == [
        ("duty_officer", "shift", None), ("duty_chief", "directory", None), ("head", "acting", "冯戊")]
