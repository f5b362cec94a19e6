"""Why every message was sent: each belongs to the entry of the ledger that was written with it."""

from sqlalchemy import delete

from incident_clock.outbox.messages import ALL_CLEAR, REMINDER, REOPENED, STAND_IN
from incident_clock.people.duty_tables import Cover, Shift
from incident_clock.people.tables import ContactMethod, Person
from incident_clock.protocol.steps import AFTER, BEFORE_DUE, Repeat
from incident_clock.views.explaining import Explanation, explanation
from tests.support.bureau import ZHOU, rule, rung, small_rule
from tests.support.room import Room
from tests.views.test_forecast import HOUR, put


def explained(room: Room, number: str) -> Explanation:
    with room.store.read() as session:
        return explanation(session, room.incident(number))


def calls(room: Room, number: str) -> list[tuple[str, list[tuple[str, str, str | None]]]]:
    """(kind of entry, [(kind, person, in whose place)]) of every call."""
    return [(call.entry.kind, [(told.message.kind, told.message.person, told.of) for told in call.told])
            for call in explained(room, number).calls]


def test_every_message_is_explained_once_by_the_entry_written_with_it(room: Room):
    number = room.register()
    room.work(minutes=70)
    found = explained(room, number)
    assert sorted(told.message.id for call in found.calls for told in call.told) == [m.id for m in room.messages()]
    assert found.size == len(room.messages())
    entries = {entry["sequence"]: entry for entry in room.entries(number)}
    for call in found.calls:
        entry = entries[call.entry.sequence]
        for told in call.told:
            assert told.message.step == entry["body"]["step"]
            if told.message.kind == REMINDER:
                assert (told.message.rung, told.message.repeat, told.message.person_name) == (
                    entry["body"]["told_rung"], entry["body"]["repeat"],
                    entry["body"]["audience"][entry["body"]["audience"].index(told.message.person_name)])


def test_the_rule_is_the_one_of_the_registration(room: Room):
    number = room.register()
    found = explained(room, number)
    assert (found.protocol_key, found.protocol_version, found.protocol_hash) == (
        "district-emergency", rule().version, rule().content_hash())
    assert found.protocol_hash == room.entries(number)[0]["body"]["protocol"]["hash"]


def test_calls_stand_in_the_order_they_were_made(room: Room):
    number = room.register()
    room.work(minutes=70)
    sequences = [call.entry.sequence for call in explained(room, number).calls]
    assert sequences == sorted(sequences)


def test_a_rung_gone_over_and_the_rung_that_was_told_are_told_apart(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "spokesman"), rung(2, AFTER, 0, "duty_officer")), channels=("sms",))
    with store.write() as session:
        session.execute(delete(ContactMethod).where(ContactMethod.person == "han"))
    number = room.register()
    room.work(seconds=1)
    assert [(call.entry.body["rung"], call.entry.body["skipped"], [told.message.skipped_rung for told in call.told])
            for call in explained(room, number).calls] == [(1, [1], [1]), (2, [], [0])]


def test_a_call_that_found_nobody_is_there_without_messages(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer")), channels=())
    number = room.register()
    room.work(seconds=1)
    assert calls(room, number) == [("RungRaised", [])]


def test_stand_ins_of_two_leaders_go_to_the_right_entry(store, now):
    room = Room(store, now, small_rule(rung(1, BEFORE_DUE, 4, "deputy", "duty_leader")), channels=("sms",))
    put(room, Shift(role="duty_leader", person="han", from_at=now, until_at=now + HOUR))
    with store.write() as session:
        session.get_one(Person, "han").stand_in = "chu"
    number = room.register()
    room.work(minutes=19)
    assert calls(room, number) == [
        ("RungRaised", [(REMINDER, "wang", None), (REMINDER, "han", None)]),
        ("StandInCalled", [(STAND_IN, "feng", "王丁")]), ("StandInCalled", [(STAND_IN, "chu", "韩子")])]


def test_who_was_told_in_whose_place_keeps_his_reason_whatever_the_roster_says_now(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer")), channels=("sms",))
    put(room, Shift(role="duty_officer", person="zhou", from_at=now, until_at=now + HOUR),
        Cover(role="duty_officer", person="jiang", instead_of="zhou", from_at=now, until_at=now + HOUR, reason="有事"))
    number = room.register()
    room.work(seconds=1)
    with store.write() as session:
        session.execute(delete(Cover))
    told, = explained(room, number).calls[0].told
    assert (told.message.because["why"], told.of, told.message.attempts[0].outcome) == ("cover", "周甲", "accepted")


def test_the_news_of_a_log_and_of_its_withdrawal_are_explained(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", repeats=(Repeat(HOUR),))), channels=("sms",))
    number = room.register()
    for _ in range(2):
        room.work(seconds=1)
        room.log(number)
        room.work(seconds=1)
        room.withdraw(number)
        room.work(seconds=1)
    assert [(entry, [kind for kind, _, _ in told]) for entry, told in calls(room, number)] == [
        ("RungRaised", [REMINDER]), *[("AudienceTold", [ALL_CLEAR]), ("AudienceTold", [REOPENED])] * 2]


def test_messages_are_explained_after_their_texts_were_destroyed(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer")), channels=("sms",))
    number = room.register()
    room.work(seconds=1)
    room.log(number)
    room.work(seconds=1)
    room.desk.close(number, None, actor=ZHOU, now=room.now)
    room.desk.erase_texts(number, "期限已到", actor=ZHOU, now=room.now)
    assert [(entry, [kind for kind, _, _ in told]) for entry, told in calls(room, number)] == [
        ("RungRaised", [REMINDER]), ("AudienceTold", [ALL_CLEAR])]
