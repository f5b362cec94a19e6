"""Who is reached by a rung: roles become persons when it is raised, on the channels that are on and fit."""

from incident_clock.protocol.steps import AFTER
from tests.support.bureau import rung, small_rule
from tests.support.room import Room
from tests.support.roster import put, without


def reached(room: Room) -> list[tuple[str, str]]:
    room.register()
    room.tick()
    return sorted((message.person, message.channel) for message in room.messages())


def test_every_channel_somebody_has_an_address_for_is_used(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", "duty_chief")))
    without(room.store, "wu", "email")
    assert reached(room) == [("wu", "sms"), ("zhou", "email"), ("zhou", "sms")]


def test_a_rung_that_names_its_channels_uses_no_other(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", by=("email",))))
    assert reached(room) == [("zhou", "email")]


def test_the_console_stands_in_for_every_channel(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", by=("sms",))), channels=("console",))
    assert reached(room) == [("zhou", "console")]


def test_two_roles_on_a_rung_are_told_once(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", "duty_chief", "head")), channels=("sms",))
    put(room.store, "zhou", roles=["duty_officer", "duty_chief"])
    put(room.store, "wu", roles=["reporter"])
    assert reached(room) == [("feng", "sms"), ("zhou", "sms")]


def test_everybody_who_holds_a_role_is_told(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer")), channels=("sms",))
    put(room.store, "wei", roles=["reporter", "duty_officer"])
    assert reached(room) == [("wei", "sms"), ("zhou", "sms")]


def test_people_are_looked_up_when_a_rung_is_raised_and_not_before(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 5, "duty_officer")), channels=("sms",))
    room.register()
    put(room.store, "zhou", is_active=False)
    put(room.store, "chu", roles=["office", "duty_officer"])
    room.work(minutes=5)
    assert [(told.to, told.rung) for told in room.told] == [("+8613800000007", 1)]


def test_a_role_nobody_can_be_reached_in_is_named_and_the_others_are_told(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", "spokesman", "head")), channels=("sms",))
    without(room.store, "feng", "mobile")
    put(room.store, "han", is_active=False)
    assert reached(room) == [("zhou", "sms")]
    assert room.entries("2026-0001", "RungRaised")[0]["body"]["unreachable"] == ["spokesman", "head"]


def test_a_rung_that_reaches_nobody_is_written_down_all_the_same(store, now):
    room = Room(store, now, small_rule(), channels=())
    number = room.register()
    room.work(minutes=11)
    assert [(e["body"]["rung"], e["body"]["audience"], e["body"]["unreachable"])
            for e in room.entries(number, "RungRaised")] == [
        (1, [], ["duty_officer"]), (2, [], ["duty_officer", "duty_chief"])]


def test_the_language_of_a_message_is_the_persons(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", "duty_chief")), channels=("sms",))
    put(room.store, "wu", language="en")
    room.register()
    room.work(seconds=1)
    assert {told.to[-1]: "Incident 001" in told.text for told in room.told} == {"1": False, "2": True}


def test_after_a_gap_the_channels_are_those_of_all_rungs_together(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 1, "duty_officer", by=("sms",)),
                                       rung(2, AFTER, 2, "duty_officer", "head", by=("email",))))
    room.register()
    room.wait(minutes=3).tick()
    assert sorted((m.person, m.channel, m.rung) for m in room.messages()) == [
        ("feng", "email", 2), ("zhou", "email", 2), ("zhou", "sms", 2)]
