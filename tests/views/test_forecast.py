"""The forecast: whom the engine would tell, when and why, from what is known now. Nothing is sent or written."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select

from incident_clock.errors import NotFound
from incident_clock.outbox.messages import REMINDER, STAND_IN
from incident_clock.people.duty_tables import Absence, Cover, Shift
from incident_clock.people.tables import ContactMethod
from incident_clock.protocol.steps import AFTER, BEFORE_DUE, OVERDUE_BY, Repeat
from incident_clock.registry.calls import PHONE
from incident_clock.store.base import Base
from incident_clock.store.session import Store
from incident_clock.views.forecast import Forecaster
from incident_clock.views.forecast_shapes import Call, Forecast, plain
from tests.support.bureau import ZHOU, ZONE, rule, rung, small_rule
from tests.support.room import Room

HOUR = timedelta(hours=1)
EVERY_30 = (Repeat(timedelta(minutes=30)),)


def foresee(room: Room, number: str, *, budget: int = 40, **until: datetime) -> Forecast:
    return forecaster(room, budget).of_incident(number, room.now, **until)


def forecaster(room: Room, budget: int = 40) -> Forecaster:
    return Forecaster(room.store, lambda session: room.channels, ZONE, budget)


def told(call: Call) -> list[tuple[str, str, str | None]]:
    return [(one.person.key, one.why, one.of.key if one.of else None) for one in call.recipients]


def minutes(room: Room, forecast: Forecast) -> list[tuple[int, str, int, list[str]]]:
    """(minutes from now, kind, rung, people) of every call that says something."""
    return [(int((call.at - room.now) / timedelta(minutes=1)), call.kind, call.rung, [one.person.key for one in call.recipients])
            for call in forecast.calls if call.is_news]


def put(room: Room, *rows: object) -> None:
    with room.store.write() as session:
        session.add_all(rows)


def on_duty(room: Room, role: str, *people: str, hours: float = 1, since: datetime | None = None) -> None:
    """One after the other, so many hours each."""
    put(room, *(Shift(role=role, person=person, from_at=(since or room.now) + place * hours * HOUR,
                      until_at=(since or room.now) + (place + 1) * hours * HOUR) for place, person in enumerate(people)))


def without_address(room: Room, *keys: str) -> None:
    with room.store.write() as session:
        session.execute(delete(ContactMethod).where(ContactMethod.person.in_(keys)))


def test_the_phone_report_of_the_shipped_rule_is_foretold_rung_by_rung(room: Room):
    found = foresee(room, room.register())
    phone = [call for call in found.calls if call.step.key == "phone_report" and call.is_news][:7]
    assert [((call.at - room.now) // timedelta(minutes=1), call.kind, call.rung, told(call)) for call in phone] == [
        (0, REMINDER, 1, [("zhou", "directory", None), ("wu", "directory", None)]),
        (10, REMINDER, 2, [("zhou", "directory", None), ("wu", "directory", None)]),
        (15, REMINDER, 3, [("zheng", "directory", None), ("chen", "directory", None)]),
        (17, STAND_IN, 3, [("wang", "stand_in", "zheng")]),
        (18, REMINDER, 4, [("wang", "directory", None)]),
        (20, STAND_IN, 4, [("feng", "stand_in", "wang")]),
        (21, REMINDER, 5, [("wang", "directory", None), ("feng", "directory", None)])]
    assert {call.step.key for call in found.calls} == {step.key for step in rule().steps}
    assert found.until == room.now + 25 * HOUR


def test_looking_changes_nothing(room: Room):
    number = room.register()
    room.work(minutes=16)
    before = everything(room.store)
    assert foresee(room, number).calls
    assert everything(room.store) == before


def everything(store: Store) -> dict[str, list]:
    with store.read() as session:
        return {table.name: sorted(map(repr, session.execute(select(table)))) for table in Base.metadata.sorted_tables}


def test_addresses_are_masked(room: Room):
    found = foresee(room, room.register())
    assert found.calls[0].recipients[0].ways == (("sms", "****0001"), ("email", "zh…@example.com"))
    assert "13800" not in str(plain(found, ZONE))


def test_who_comes_on_duty_meanwhile_is_told_and_until_when_he_stays(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", repeats=EVERY_30)))
    on_duty(room, "duty_officer", "zhou", "wei", hours=1)
    found = foresee(room, room.register(), until=now + 1.9 * HOUR)
    assert [(call.at - now, told(call), call.recipients[0].until_at - now) for call in found.calls] == [
        (0 * HOUR, [("zhou", "shift", None)], HOUR), (HOUR, [("wei", "shift", None)], 2 * HOUR)]
    assert [[again.times for again in call.again] for call in found.calls] == [[1], [1]]


def test_a_cover_and_an_acting_deputy_are_named_with_the_one_they_replace(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 5, "duty_officer", "head")))
    on_duty(room, "duty_officer", "zhou", hours=8)
    put(room, Cover(role="duty_officer", person="jiang", instead_of="zhou", from_at=now, until_at=now + HOUR, reason="有事"),
        Absence(person="feng", acting="wang", from_at=now, until_at=now + HOUR, reason="出差"))
    call = foresee(room, room.register()).calls[0]
    assert told(call) == [("jiang", "cover", "zhou"), ("wang", "acting", "feng")]
    assert [one.person.role for one in call.recipients] == ["duty_officer", "head"]


def test_an_empty_rung_is_gone_over_and_its_reason_is_named(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 5, "spokesman", "duty_officer"), rung(2, AFTER, 9, "head")))
    without_address(room, "han", "zhou")
    first = foresee(room, room.register()).calls[0]
    assert (first.rung, first.told_rung, first.skipped, told(first)) == (1, 2, (1,), [("feng", "directory", None)])
    assert [(lack.role, lack.why, lack.people) for lack in first.lacks] == [
        ("spokesman", "no_address", ("韩子",)), ("duty_officer", "no_address", ("周甲",))]


def test_a_ladder_with_nobody_on_it_is_foretold_as_such(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 5, "duty_officer")), channels=())
    call = foresee(room, room.register()).calls[0]
    assert (told(call), call.skipped, [lack.why for lack in call.lacks]) == ([], (), ["no_channel"])


def test_who_has_acknowledged_is_left_out_until_his_pause_ends(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", "duty_chief", repeats=(Repeat(timedelta(minutes=4)),)),
                                       within=HOUR))
    number = room.register()
    room.work(minutes=1)
    room.desk.acknowledge(number, "zhou", how=PHONE, actor=ZHOU, now=room.now)
    first, second = foresee(room, number, until=now + timedelta(minutes=21)).calls
    assert (first.at - now, [one.person.key for one in first.recipients]) == (timedelta(minutes=4), ["wu"])
    assert [(name.key, until - now) for name, until in first.paused] == [("zhou", timedelta(minutes=11))]
    assert (second.at - now, [one.person.key for one in second.recipients], second.paused) == (
        timedelta(minutes=12), ["zhou", "wu"], ())
    assert (second.repeat, [(again.times, again.is_endless) for again in second.again]) == (3, [(2, True)])


def test_a_used_up_number_gets_mail_until_midnight(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", repeats=(Repeat(2 * HOUR),))))
    found = foresee(room, room.register(), budget=2, until=now + 14 * HOUR)
    assert [(call.at - now, [channel for channel, _ in call.recipients[0].ways], call.recipients[0].is_capped)
            for call in found.calls] == [
        (0 * HOUR, ["sms", "email"], False), (4 * HOUR, ["email"], True), (10 * HOUR, ["sms", "email"], False),
        (14 * HOUR, ["email"], True)]  # midnight is at +9:55


def test_what_the_number_had_today_counts(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", repeats=EVERY_30)))
    room.register()
    room.work(minutes=65)
    found = foresee(room, room.register(), budget=4, until=room.now + timedelta(minutes=61))
    assert [call.recipients[0].is_capped for call in found.calls] == [False, True]  # three before, one now


def test_open_incidents_use_up_a_number_together_in_the_order_they_came_in(store, now):
    a_rule = small_rule(rung(1, AFTER, 0, "duty_officer", repeats=EVERY_30))
    room = Room(store, now, a_rule)
    numbers = [room.register(), room.register()]
    an_hour = room.now + HOUR
    found = [foresee(room, number, budget=3, until=an_hour) for number in numbers]
    supposed = forecaster(room, 3).if_one_came_in(a_rule, room.now, until=an_hour)
    first_capped = [next(call.at for call in each.calls if call.recipients[0].is_capped) - now for each in (*found, supposed)]
    assert first_capped == [HOUR, HOUR / 2, HOUR / 2]  # two first notices, then the older one has the third
    room.ticker.daily_budget = 3
    room.work(minutes=61)
    assert [(one.facts["number"], one.created_at - now) for one in room.messages(channel="sms")] == [
        (numbers[0], 0 * HOUR), (numbers[1], 0 * HOUR), (numbers[0], HOUR / 2)]


def test_repeats_that_say_nothing_new_are_told_with_the_first(store, now):
    pace = (Repeat(timedelta(minutes=5), 3), Repeat(timedelta(minutes=10), 2), Repeat(timedelta(minutes=30)))
    room = Room(store, now, small_rule(rung(1, OVERDUE_BY, 1, "duty_chief", repeats=pace)))
    call, = foresee(room, room.register(), until=now + 3 * HOUR).calls
    assert [(again.every, again.times, again.is_endless) for again in call.again] == [
        (timedelta(minutes=5), 3, False), (timedelta(minutes=10), 2, False), (timedelta(minutes=30), 4, True)]
    assert call.again[0].first_at == call.at + timedelta(minutes=5)
    assert call.again[2].last_at == call.at + timedelta(minutes=155)


def test_a_stand_in_told_on_that_rung_already_is_not_told_again(store, now):
    room = Room(store, now, small_rule(rung(1, BEFORE_DUE, 4, "deputy", "head")))  # 王丁 and 冯戊, each other's B角
    found = foresee(room, room.register())
    assert [(call.kind, call.outcome, call.is_news) for call in found.calls] == [
        (REMINDER, "", True), (STAND_IN, "told_already", False), (STAND_IN, "told_already", False)]


def test_a_leader_without_a_stand_in_is_named(store, now):
    room = Room(store, now, small_rule(rung(1, BEFORE_DUE, 4, "deputy")))
    without_address(room, "feng")
    assert [(call.kind, call.outcome, call.in_place_of.name) for call in foresee(room, room.register()).calls[1:]] == [
        (STAND_IN, "nobody", "王丁")]


def test_what_the_engine_missed_is_caught_up_at_once_and_says_so(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 1, "duty_officer"), rung(2, AFTER, 3, "duty_chief"), rung(3, AFTER, 9, "head")))
    number = room.register()
    room.wait(minutes=4)
    first, second = foresee(room, number).calls
    assert (first.at, first.planned_at, first.rung, first.reason) == (room.now, now + timedelta(minutes=3), 2, "recovered")
    assert ([over.rung for over in first.passed_over], [one.person.key for one in first.recipients]) == ([1], ["zhou", "wu"])
    assert (second.at - now, second.reason) == (timedelta(minutes=9), "on_time")


def test_a_logged_step_is_left_out_and_comes_back_when_its_log_is_withdrawn(room: Room):
    number = room.register()
    room.work(minutes=1)
    room.log(number)
    assert "phone_report" not in {call.step.key for call in foresee(room, number).calls}
    assert "phone_report" not in {step.key for step, _ in foresee(room, number).steps}
    room.withdraw(number)
    assert "phone_report" in {call.step.key for call in foresee(room, number).calls}


def test_nothing_is_to_come_of_a_closed_incident(store, now):
    room = Room(store, now, small_rule())
    number = room.register()
    room.log(number)
    room.desk.close(number, None, actor=ZHOU, now=room.now)
    assert (foresee(room, number).calls, foresee(room, number).moments) == ((), ())


def test_if_one_came_in_now_is_what_registering_it_brings(room: Room):
    supposed = forecaster(room).if_one_came_in(rule(), room.now)
    assert supposed == foresee(room, room.register())


def test_the_instants_tell_when_a_step_is_due(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer"), rung(2, BEFORE_DUE, 0.5, "head")))
    found = foresee(room, room.register())
    assert [((moment.at - now) / timedelta(minutes=1), [step.key for step in moment.due], len(moment.calls))
            for moment in found.moments] == [(0, [], 1), (19.5, [], 1), (20, ["phone_report"], 0), (21.5, [], 1)]


def test_an_incident_nobody_knows_is_not_found(room: Room):
    with pytest.raises(NotFound):
        foresee(room, "2026-9999")


def test_people_are_those_of_the_instant_and_not_of_today(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 30, "duty_officer"), within=HOUR))
    with store.write() as session:
        session.execute(insert(Shift), [{"role": "duty_officer", "person": "wei", "from_at": now + 0.4 * HOUR,
                                         "until_at": now + HOUR}])
    assert told(foresee(room, room.register()).calls[0]) == [("wei", "shift", None)]
