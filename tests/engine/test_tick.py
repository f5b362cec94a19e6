"""The engine one turn at a time: each rung a second before, at and after its instant; the deadline; the gap rule."""

from datetime import timedelta

from incident_clock.protocol.steps import AFTER, BEFORE_DUE, OVERDUE_BY
from tests.support.bureau import KEY_OF, rule, rung, small_rule
from tests.support.room import Room

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)

# 电话上报 of the shipped rule: minutes after T0 → who is told
PHONE_LADDER = [
    (0, 1, 0, ("duty_officer", "duty_chief")), (10, 2, 0, ("duty_officer", "duty_chief")),
    (15, 3, 0, ("duty_leader", "publicity_chief")), (18, 4, 0, ("deputy",)), (21, 5, 0, ("deputy", "head")),
    (26, 5, 1, ("deputy", "head")), (31, 5, 2, ("deputy", "head")), (36, 5, 3, ("deputy", "head")),
    (46, 5, 4, ("deputy", "head")), (96, 5, 9, ("deputy", "head")), (126, 5, 10, ("deputy", "head")),
    (156, 5, 11, ("deputy", "head")),
]


def raised(room: Room, number: str, step: str = "phone_report") -> list[tuple[int, int]]:
    return [(e["body"]["rung"], e["body"]["repeat"]) for e in room.entries(number, "RungRaised")
            if e["body"]["step"] == step]


def last_raised(room: Room, number: str, step: str = "phone_report") -> dict:
    return [e["body"] for e in room.entries(number, "RungRaised") if e["body"]["step"] == step][-1]


def told(room: Room, step: str = "phone_report", **where: int) -> set[str]:
    return {message.person for message in room.messages(step=step, **where)}


def test_each_rung_of_the_phone_report_is_raised_at_its_second_and_not_before(room: Room):
    number = room.register()
    start = room.now
    for minutes, rung_number, repeat, roles in PHONE_LADDER:
        at = start + minutes * MINUTE
        if minutes:
            room.work_until(at - SECOND)
        assert (rung_number, repeat) not in raised(room, number)
        room.clock.move_to(at)
        room.tick()
        assert raised(room, number)[-1] == (rung_number, repeat), minutes
        assert told(room, rung=rung_number, repeat=repeat) == {KEY_OF[role] for role in roles}
        assert (last_raised(room, number)["reason"], last_raised(room, number)["passed_over"]) == ("on_time", [])
        room.wait(seconds=1).tick()
        assert raised(room, number)[-1] == (rung_number, repeat)


def test_every_rung_of_every_step_of_the_shipped_rules_is_raised_in_its_order_for_two_days(sqlite_store, now):
    """No rung is lost or doubled on the long way: what the ledger names is what the files say."""
    room = Room(sqlite_store, now, rule(), rule("general-48h"), channels=())
    for protocol in ("district-emergency", "general-48h"):
        number = room.register(protocol=protocol)
        start = room.now
        room.work(hours=50)
        for step in rule(protocol).steps:
            calls = [(entry["body"]["due_at"], entry["body"]["rung"], entry["body"]["repeat"])
                     for entry in room.entries(number, "RungRaised") if entry["body"]["step"] == step.key]
            assert calls == sorted(calls, key=lambda call: call[0])
            assert [call[1:] for call in calls] == expected(step, start, start + timedelta(hours=50))


def expected(step, start, end) -> list[tuple[int, int]]:
    """The calls of a step by plain counting, without the product's own arithmetic."""
    calls = []
    for one in step.ladder:
        at = start + {AFTER: one.offset, BEFORE_DUE: step.within - one.offset, OVERDUE_BY: step.within + one.offset}[one.anchor]
        repeat = 0
        pauses = [pause.every for pause in one.repeats for _ in range(pause.times or 500)]
        for pause in [*pauses, timedelta(days=99)]:
            if at <= end:
                calls.append((at, one.number, repeat))
            at, repeat = at + pause, repeat + 1
    return [call[1:] for call in sorted(calls)]


def test_a_rung_is_told_with_its_reason_and_figures(room: Room, now):
    number = room.register(received_at=now)
    room.tick()
    for message in room.messages():
        assert (message.kind, message.reason, message.due_at, message.state) == ("reminder", "on_time", now, "queued")
        assert message.facts["due_at"] == "2026-03-12T06:25:00+00:00"
        assert message.facts["signature"] == "云河综合执法"
        assert message.facts["number"] == number
        assert message.facts["is_opening"]
    room.work(minutes=10)
    assert not room.messages(rung=2)[0].facts["is_opening"]


def test_a_registration_two_minutes_late_raises_the_opening_as_registered(room: Room, now):
    number = room.register(received_at=now - 2 * MINUTE)
    room.tick()
    assert (last_raised(room, number)["rung"], last_raised(room, number)["reason"]) == (1, "registered")


def test_a_tick_with_nothing_due_writes_nothing(room: Room):
    number = room.register()
    room.tick()
    before = len(room.entries(number))
    for _ in range(5):
        assert room.wait(seconds=1).tick().raised == 0
    assert len(room.entries(number)) == before


def test_a_tick_names_the_next_instant_and_counts_what_it_raised(room: Room, now):
    room.register()
    ticked = room.tick()
    assert (ticked.raised, ticked.wake_at, ticked.failed) == (1, now + 10 * MINUTE, ())
    assert room.wait(minutes=10).tick().wake_at == now + 15 * MINUTE


def test_nothing_is_raised_for_a_logged_step_and_everything_for_the_open_ones(room: Room):
    number = room.register()
    room.work(minutes=5)
    room.log(number)
    room.work(minutes=60)
    assert raised(room, number) == [(1, 0)]
    assert raised(room, number, "preliminary_report") == [(1, 0), (2, 0), (3, 0), (4, 0)]


def test_a_clock_set_back_raises_nothing_twice(room: Room, now):
    number = room.register()
    room.work(minutes=12)
    calls = len(room.messages())
    for minutes in (0, 5, 9, 10, 11):
        room.ticker.tick(now + minutes * MINUTE)
    assert len(room.messages()) == calls
    assert raised(room, number) == [(1, 0), (2, 0)]


# ── the deadline itself ───────────────────────────────────────────────────────────────────────────────────


def test_the_passing_of_a_deadline_is_written_down_once_when_its_minute_is_over(room: Room, now):
    number = room.register()
    room.work_until(now + 21 * MINUTE - SECOND)
    assert room.entries(number, "DeadlinePassed") == []
    room.clock.move_to(now + 21 * MINUTE)
    for _ in range(4):
        room.tick()
        room.wait(minutes=7)
    (entry,) = room.entries(number, "DeadlinePassed")
    assert (entry["body"]["step"], entry["happened_at"]) == ("phone_report", "2026-03-12T06:26:00.000000+00:00")


def test_a_deadline_within_a_minute_passes_when_that_minute_ends(store, now):
    room = Room(store, now + timedelta(seconds=40), small_rule(), channels=("sms",))
    number = room.register()
    room.work_until(now + 21 * MINUTE - SECOND)
    assert room.entries(number, "DeadlinePassed") == []
    room.work(seconds=1)
    assert len(room.entries(number, "DeadlinePassed")) == 1


def test_a_logged_step_passes_no_deadline_and_a_reopened_one_does_at_once(room: Room):
    number = room.register()
    room.work(minutes=19)
    room.log(number)
    room.work(minutes=20)
    assert room.entries(number, "DeadlinePassed") == []
    room.withdraw(number)
    room.work(seconds=0)
    assert len(room.entries(number, "DeadlinePassed")) == 1
    room.log(number)
    room.withdraw(number)
    room.work(hours=1)
    assert len([e for e in room.entries(number, "DeadlinePassed") if e["body"]["step"] == "phone_report"]) == 1


def test_a_step_without_a_ladder_still_passes_its_deadline(store, now):
    silent = small_rule(rung(1, OVERDUE_BY, 10_000, "head"))
    room = Room(store, now, silent)
    number = room.register()
    room.work(minutes=22)
    assert [entry["kind"] for entry in room.entries(number)] == ["IncidentRegistered", "DeadlinePassed"]


# ── after a gap ───────────────────────────────────────────────────────────────────────────────────────────


def test_an_engine_that_was_down_raises_the_highest_rung_once_to_the_union(room: Room):
    """A restart at T+17 of the phone report: one recovered rung, not three."""
    number = room.register()
    room.work(minutes=1)
    room.wait(minutes=16).tick()
    assert raised(room, number) == [(1, 0), (3, 0)]
    entry = last_raised(room, number)
    assert (entry["reason"], entry["passed_over"]) == ("recovered", [{"rung": 2, "first": 0, "last": 0}])
    assert told(room, rung=3) == {"zhou", "wu", "zheng", "chen"}
    room.work(minutes=1)
    assert raised(room, number)[-1] == (4, 0)
    assert told(room, rung=4) == {"wang"}


def test_a_night_of_silence_leads_to_one_call_per_step_that_names_what_it_swallowed(room: Room):
    number = room.register()
    room.work(minutes=1)
    room.wait(hours=9).tick()
    assert last_raised(room, number)["rung"] == 5
    assert last_raised(room, number)["passed_over"] == [
        {"rung": 2, "first": 0, "last": 0}, {"rung": 3, "first": 0, "last": 0}, {"rung": 4, "first": 0, "last": 0},
        {"rung": 5, "first": 0, "last": last_raised(room, number)["repeat"] - 1}]
    for step in ("preliminary_report", "detailed_report", "release", "press_conference"):
        assert len(raised(room, number, step)) == 1
    assert len(room.entries(number, "DeadlinePassed")) == 4
    assert told(room, rung=5, step="phone_report") == {"zhou", "wu", "zheng", "chen", "wang", "feng"}


def test_a_late_registration_raises_one_call_per_due_step(room: Room, now):
    """S03 at 75 minutes: 电话 and 初报 overdue, 详报 at its first rung."""
    number = room.register(received_at=now - 75 * MINUTE)
    room.tick()
    assert {step: raised(room, number, step) for step in
            ("phone_report", "preliminary_report", "detailed_report", "release", "press_conference")} == {
        "phone_report": [(5, 6)], "preliminary_report": [(4, 1)], "detailed_report": [(1, 0)], "release": [],
        "press_conference": []}
    assert {e["body"]["reason"] for e in room.entries(number, "RungRaised")} == {"late_registration", "on_time"}
    assert told(room) == {"zhou", "wu", "zheng", "chen", "wang", "feng"}
    assert told(room, "preliminary_report") == {"zhou", "wu", "chen", "zheng", "wang", "feng"}


def test_rungs_of_one_step_at_the_same_instant_are_all_raised(store, now):
    both = small_rule(rung(1, AFTER, 10, "duty_officer"), rung(2, BEFORE_DUE, 10, "head", "duty_officer"))
    room = Room(store, now, both, channels=("sms",))
    number = room.register()
    room.work(minutes=10)
    assert raised(room, number) == [(1, 0), (2, 0)]
    assert told(room, rung=1) == {"zhou"}
    assert told(room, rung=2) == {"zhou", "feng"}


def test_a_tick_a_moment_late_is_still_on_time(room: Room):
    number = room.register()
    room.tick()
    room.wait(minutes=10, seconds=5).tick()
    assert last_raised(room, number)["reason"] == "on_time"


def test_a_single_rung_that_comes_late_is_a_recovered_one(room: Room):
    number = room.register()
    room.tick()
    room.wait(minutes=10, seconds=6).tick()
    assert (last_raised(room, number)["reason"], last_raised(room, number)["passed_over"]) == ("recovered", [])


def test_the_opening_of_an_incident_registered_while_the_engine_was_down_is_a_recovered_one(room: Room):
    number = room.register()
    room.wait(minutes=4).tick()
    assert last_raised(room, number)["reason"] == "recovered"
