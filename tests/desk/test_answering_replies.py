"""Answers by SMS: what a text can mean, from which number it counts, and for whom."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import insert, update

from incident_clock.outbox.incoming import (
    ACKNOWLEDGED,
    LATE,
    NO_ANSWER,
    NOTED,
    SAID_ALREADY,
    SELF_REPORTED,
    STRANGER,
    WHICH,
    WRONG_CODE,
)
from incident_clock.outbox.incoming import NOT_ME as DENIED
from incident_clock.people.tables import ContactMethod, Person
from incident_clock.protocol.replies import ACKNOWLEDGE, DONE_SOON, NOT_ME, PASS_ON, Reply, read_reply
from incident_clock.protocol.steps import AFTER
from incident_clock.registry.tables import NumberSeries
from incident_clock.store.session import Store
from tests.support.bureau import ZHOU, rung, small_rule
from tests.support.interleaving import Meanwhile, before_statement, statements
from tests.support.room import Room
from tests.support.telling import PERMANENT, TEMPORARY

ZHOU_S, WU_S = "+8613800000001", "+8613800000002"


@pytest.fixture
def room(store: Store, now: datetime) -> Room:
    return Room(store, now, small_rule())


def answers(room: Room, number: str) -> list[tuple[str, str, str]]:
    """Who has answered, how, and as whose entry."""
    return [(entry["body"]["person"], entry["body"]["how"], entry["actor"])
            for entry in room.entries(number, "Acknowledged")]


def reply(room: Room, text: str, *, of: str = ZHOU_S) -> str:
    """The number of the incident that was acknowledged by a text, else what else became of it."""
    before = {number: len(answers(room, number)) for number in room.numbers()}
    outcome = room.text(of, text)
    grown = [number for number in room.numbers() if len(answers(room, number)) > before[number]]
    assert (outcome == ACKNOWLEDGED) == bool(grown)
    return grown[0] if grown else outcome


def count_from(room: Room, last: int) -> None:
    with room.store.write() as session:
        session.execute(insert(NumberSeries), [{"series": "incident", "year": 2026, "last": last}])


# ── what a text can mean ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("text", "meant"), [
    ("1037", Reply(ACKNOWLEDGE, ("037",))), ("１０３７", Reply(ACKNOWLEDGE, ("037",))), (" 1 037。", Reply(ACKNOWLEDGE, ("037",))),
    ("1-037", Reply(ACKNOWLEDGE, ("037",))), ("1037\u200b！", Reply(ACKNOWLEDGE, ("037",))), ("1", Reply(ACKNOWLEDGE)),
    ("１。", Reply(ACKNOWLEDGE)), ("收到", Reply(ACKNOWLEDGE)), ("收到！", Reply(ACKNOWLEDGE)), ("已收到", Reply(ACKNOWLEDGE)),
    ("确认", Reply(ACKNOWLEDGE)), ("OK", Reply(ACKNOWLEDGE)), ("收到，1", Reply(ACKNOWLEDGE)), ("收到037", Reply(ACKNOWLEDGE, ("037",))),
    ("收到 1037", Reply(ACKNOWLEDGE, ("037", "1037"))), ("1037收到", Reply(ACKNOWLEDGE, ("037", "1037"))),
    ("已收到1037", Reply(ACKNOWLEDGE, ("037", "1037"))), ("ok 1037", Reply(ACKNOWLEDGE, ("037", "1037"))),
    ("11037", Reply(ACKNOWLEDGE, ("1037",))), ("收到11037", Reply(ACKNOWLEDGE, ("1037", "11037"))),
    ("收到2037", Reply(ACKNOWLEDGE, ("2037",))), ("2037", Reply(PASS_ON, ("037",))), ("3037", Reply(DONE_SOON, ("037",))),
    ("9037", Reply(NOT_ME, ("037",))), ("9", Reply(NOT_ME))])
def test_an_answer_is_read_forgivingly(text: str, meant: Reply) -> None:
    assert read_reply(text) == meant


@pytest.mark.parametrize("text", ["", " ", "4037", "0037", "137", "10037", "收到37", "1 0 3", "知道了", "Y05", "1Y05", "1037 1038 1039x",
                                  "不收到", "1037号", "١٠٣٧x", "拒收请回复R", "收到10"])
def test_anything_else_means_nothing(text: str) -> None:
    assert read_reply(text) is None


# ── from which number, for which incident ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["1001", "１００１", " 1 001。", "收到1001", "1001收到", "收到001", "1", "收到", "OK"])
def test_the_code_of_the_message_a_word_or_a_bare_one_acknowledges(room: Room, text: str) -> None:
    number = room.register()
    room.work(seconds=5)
    assert reply(room, text) == number
    assert answers(room, number) == [("周甲", "reply", "周甲")]


def test_a_bare_answer_with_two_incidents_outstanding_is_asked_which(room: Room) -> None:
    first, second = room.register("甲"), room.register("乙")
    room.work(seconds=5)
    assert reply(room, "1") == WHICH
    assert "请回复1加事件号，如1002" in room.answers(ZHOU_S)[0]
    assert reply(room, "1002") == second
    assert reply(room, "1") == first, "the only one left"
    assert (len(answers(room, first)), len(answers(room, second))) == (1, 1)


def test_a_number_nobody_was_told_on_is_refused(room: Room) -> None:
    number = room.register()
    room.work(seconds=5)
    for stranger in ("+8613900000099", WU_S):  # 吴乙 is told with the second rung
        assert reply(room, "1001", of=stranger) in (STRANGER, WRONG_CODE)
    assert answers(room, number) == []


@pytest.mark.parametrize(("text", "outcome"), [
    ("1002", WRONG_CODE), ("收到002", WRONG_CODE), ("2001", "passed_on"), ("3001", SELF_REPORTED), ("9001", DENIED),
    ("谁？", NOTED)])
def test_another_incident_or_another_action_acknowledges_nothing(room: Room, text: str, outcome: str) -> None:
    number = room.register()
    room.work(seconds=5)
    assert reply(room, text) == outcome
    assert answers(room, number) == []


def test_past_incident_999_the_number_has_four_digits(room: Room) -> None:
    count_from(room, 1035)
    number = room.register()
    assert number == "2026-1036"
    room.work(seconds=5)
    assert "回复11036确认" in room.told[0].text
    assert reply(room, "11036") == number
    assert len(answers(room, number)) == 1


@pytest.mark.parametrize("text", ["收到1037", "收到11037"])
def test_behind_a_word_four_digits_may_be_the_number_alone(room: Room, text: str) -> None:
    count_from(room, 1036)
    number = room.register()
    room.work(seconds=5)
    assert reply(room, text) == number


def test_behind_a_word_the_code_of_the_message_comes_first(room: Room) -> None:
    count_from(room, 36)
    code = room.register()  # 037: its message asks for 1037
    with room.store.write() as session:
        session.execute(update(NumberSeries).values(last=1036))
    number = room.register()
    room.work(seconds=5)
    assert number == "2026-1037"
    assert reply(room, "收到1037") == code
    assert reply(room, "收到1037") == number, "of the first nothing is asked any more"


def test_of_two_years_with_one_number_the_latest_is_meant(room: Room) -> None:
    room.clock.move_to(datetime(2026, 12, 31, 15, 50, tzinfo=UTC))
    old = room.register("跨年")
    room.work(minutes=15)
    new = room.register("新年")
    room.work(seconds=5)
    assert (old, new) == ("2026-0001", "2027-0001")
    assert reply(room, "1001") == new


def test_two_people_who_share_a_number_have_both_read_it(room: Room) -> None:
    with room.store.write() as session:
        session.execute(update(ContactMethod).where(ContactMethod.person == "wu", ContactMethod.kind == "mobile")
                        .values(address=ZHOU_S))
    number = room.register()
    room.work(minutes=11)
    assert reply(room, "1001") == number
    assert sorted(answers(room, number)) == [("吴乙", "reply", "吴乙"), ("周甲", "reply", "周甲")]


def test_only_the_one_of_two_who_has_not_answered_is_meant(room: Room) -> None:
    with room.store.write() as session:
        session.execute(update(ContactMethod).where(ContactMethod.person == "wu", ContactMethod.kind == "mobile")
                        .values(address=ZHOU_S))
    number = room.register()
    room.work(minutes=11)
    room.acknowledge(number, "zhou")
    assert reply(room, "1") == number
    assert [who for who, _, _ in answers(room, number)] == ["周甲", "吴乙"]


def test_an_answer_to_what_was_answered_already_changes_nothing_until_its_pause_has_run_out(room: Room) -> None:
    number = room.register()
    room.work(seconds=5)
    reply(room, "1001")
    assert reply(room, "1001") == SAID_ALREADY
    room.work(minutes=8)
    assert reply(room, "1001") == number
    assert len(answers(room, number)) == 2


def test_a_drill_is_never_answered_by_sms(room: Room) -> None:
    number = room.register(is_drill=True)
    room.work(seconds=5)
    assert number == "Y2026-0001"
    for text in ("1", "1001", "1Y01", "101"):
        reply(room, text)
    assert answers(room, number) == []
    real = room.register("真的")
    room.work(seconds=5)
    assert reply(room, "1") == real, "a drill beside it does not make a bare answer ambiguous"


def test_a_logged_step_asks_for_no_answer(room: Room) -> None:
    number = room.register()
    room.work(seconds=5)
    room.log(number)
    assert reply(room, "1001") == LATE


def test_an_auditor_answers_nothing(room: Room) -> None:
    number = room.register()
    room.work(seconds=5)
    with room.store.write() as session:
        session.execute(update(Person).where(Person.key == "zhou").values(roles=["duty_officer", "auditor"]))
    assert reply(room, "1001") == NO_ANSWER
    assert answers(room, number) == []


# ── only what may have been read can be answered ──────────────────────────────────────────────────────────


def test_a_message_that_never_left_cannot_be_answered(room: Room) -> None:
    room.channels["sms"].fate = lambda letter: TEMPORARY
    room.register()
    room.work(seconds=5)
    assert reply(room, "1") == NO_ANSWER


@pytest.mark.parametrize("fate", [None, TEMPORARY, PERMANENT])
def test_a_message_that_is_sent_again_can_be_answered_whatever_becomes_of_it(room: Room, fate: str | None) -> None:
    number = room.register()
    room.work(minutes=6)
    room.desk.resend(number, "phone_report", 1, "zhou", actor=ZHOU, now=room.now)
    if fate is not None:
        room.channels["sms"].fate = lambda letter: fate
        room.work(seconds=1)
    assert reply(room, "1") == number


def test_of_two_answers_at_once_one_is_written_down(store: Store, now: datetime) -> None:
    """Whatever the moment at which the second comes in, also between the first one's look and its lock."""
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer"), within=timedelta(hours=10)))
    number = room.register()
    room.work(seconds=5)
    names = map(str, count())
    answer = lambda: room.inbox.take(gateway="twilio", provider_id=next(names), address=ZHOU_S, text="1001", now=room.now)  # noqa: E731
    for place in range(1, 1 + statements(room.store, answer), 4):
        room.work(minutes=11)
        before = len(answers(room, number))
        other = Meanwhile(answer)
        with before_statement(room.store, place, other.start):
            answer()
        other.end()
        assert len(answers(room, number)) == before + 1, place
