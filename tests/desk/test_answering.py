"""Acknowledging and sending again, as transactions: what they write, what they refuse, and who wins a race."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from incident_clock.errors import Conflict, Invalid, NotFound, Refusal
from incident_clock.outbox import messages as m
from incident_clock.people.tables import Person
from incident_clock.protocol.steps import AFTER, OVERDUE_BY, Repeat
from incident_clock.registry.drafts import StepLog
from incident_clock.store.session import Store
from tests.support.bureau import WU, ZHOU, rung, small_rule
from tests.support.race import at_once
from tests.support.room import Room
from tests.support.telling import TEMPORARY

FIVE = Repeat(timedelta(minutes=5))
RACERS = 4


@pytest.fixture
def room(store: Store, now: datetime) -> Room:
    """One step of an hour: 值班员 and 值班长 at once and every 5 minutes, 带班领导 once it is overdue."""
    return Room(store, now, small_rule(rung(1, AFTER, 0, "duty_officer", "duty_chief", repeats=(FIVE,)),
                                       rung(2, OVERDUE_BY, 1, "duty_leader", repeats=(FIVE,)), within=timedelta(hours=1)))


@pytest.fixture
def called(room: Room) -> str:
    """An incident of which 周甲 and 吴乙 have just been told."""
    number = room.register()
    room.work(seconds=30)
    return number


def phoned(room: Room, number: str, person: str, **more: object) -> None:
    room.desk.acknowledge(number, person, how="phone", actor=ZHOU, now=room.now, **more)


def resend(room: Room, number: str, person: str = "wu", *, rung: int = 1, key: str | None = None) -> None:
    room.desk.resend(number, "phone_report", rung, person, actor=ZHOU, now=room.now, key=key)


# ── acknowledging ─────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_pauses_repeats_to_that_person_alone(room: Room, called: str) -> None:
    room.acknowledge(called, "zhou")
    (entry,) = room.entries(called, "Acknowledged")
    assert (entry["actor"], entry["body"]["person"], entry["body"]["how"], entry["body"]["rungs"]) == ("周甲", "周甲", "page", [1])
    assert datetime.fromisoformat(entry["body"]["paused_until"]) == room.now + timedelta(minutes=10)
    room.work(minutes=9)
    assert {told.to for told in room.told if told.repeat == 1 and told.channel == "sms"} == {"+8613800000002"}
    room.work(minutes=2)
    assert {told.to for told in room.told if told.repeat == 2 and told.channel == "sms"} == {"+8613800000002"}
    room.work(minutes=5)
    assert len({told.to for told in room.told if told.repeat == 3 and told.channel == "sms"}) == 2


def test_an_officer_may_say_so_of_somebody_he_rang_with_what_was_said(room: Room, called: str) -> None:
    phoned(room, called, "wu", step="phone_report", note="  马上到 ")
    (entry,) = room.entries(called, "Acknowledged")
    assert (entry["actor"], entry["body"]["person"], entry["body"]["how"], entry["body"]["note"]) == ("周甲", "吴乙", "phone", "马上到")
    assert {text["text"] for path, text in entry["texts"].items() if path != "actor"} == {"吴乙", "马上到"}, "both can be erased"


def test_saying_it_again_while_it_holds_adds_nothing(room: Room, called: str) -> None:
    for _ in range(3):
        room.acknowledge(called, "zhou")
        room.wait(minutes=1)
    assert len(room.entries(called, "Acknowledged")) == 1
    room.work(minutes=10)
    room.acknowledge(called, "zhou")
    assert len(room.entries(called, "Acknowledged")) == 2


def test_past_the_deadline_an_answer_pauses_nothing_and_stands_until_the_next_call(room: Room, called: str) -> None:
    room.work(minutes=62)
    for _ in range(3):
        room.acknowledge(called, "zheng")
    entries = room.entries(called, "Acknowledged")
    assert [e["body"]["paused_until"] for e in entries] == [entries[0]["happened_at"]]
    room.work(minutes=6)
    assert [told.to for told in room.told if told.repeat == 1 and told.rung == 2 and told.channel == "sms"] == ["+8613800000003"]
    room.acknowledge(called, "zheng")
    assert len(room.entries(called, "Acknowledged")) == 2


def test_one_step_is_acknowledged_and_another_is_not(store: Store, now: datetime) -> None:
    room = Room(store, now, small_rule(steps=("phone_report", "preliminary_report")))
    number = room.register()
    room.work(seconds=1)
    room.acknowledge(number, "zhou", step="preliminary_report")
    assert [e["body"]["step"] for e in room.entries(number, "Acknowledged")] == ["preliminary_report"]
    room.acknowledge(number, "zhou")
    assert [e["body"]["step"] for e in room.entries(number, "Acknowledged")] == ["preliminary_report", "phone_report"]


@pytest.mark.parametrize(("person", "step", "kind"), [
    ("zheng", None, Conflict), ("nobody", None, NotFound), ("\0", None, NotFound), ("周甲", None, NotFound), ("x" * 9999, None, NotFound),
    ("zhou", "coffee", NotFound), ("zhou", "\0", NotFound)])
def test_who_was_not_called_has_nothing_to_acknowledge(room: Room, called: str, person: str, step: str | None,
                                                       kind: type[Refusal]) -> None:
    with pytest.raises(kind):
        phoned(room, called, person, step=step)
    assert room.entries(called, "Acknowledged") == []


@pytest.mark.parametrize("note", ["坠\0落", "号" * 4001, "\u202e"])
def test_a_note_that_cannot_be_kept_is_refused_whole(room: Room, called: str, note: str) -> None:
    with pytest.raises(Invalid):
        phoned(room, called, "wu", note=note)
    assert room.entries(called, "Acknowledged") == []


def test_a_logged_step_and_a_closed_incident_have_nothing_to_acknowledge(room: Room, called: str) -> None:
    room.log(called)
    with pytest.raises(Conflict):
        room.acknowledge(called, "zhou")
    room.desk.close(called, None, actor=ZHOU, now=room.now)
    with pytest.raises(Conflict):
        room.acknowledge(called, "zhou")


def test_acknowledging_completes_nothing(room: Room, called: str) -> None:
    for person in ("zhou", "wu"):
        room.acknowledge(called, person)
    room.work(minutes=62)
    assert room.deadline(called).passed_at is not None
    assert any(told.rung == 2 for told in room.told)


def test_a_request_that_is_repeated_is_answered_once(room: Room, called: str) -> None:
    for _ in range(2):
        room.desk.acknowledge(called, "zhou", how="page", actor=ZHOU, now=room.now, key="k")
    with pytest.raises(Conflict, match="内容不同"):
        room.desk.acknowledge(called, "wu", how="phone", actor=ZHOU, now=room.now, key="k")
    assert len(room.entries(called, "Acknowledged")) == 1


# ── races ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("after", [1, 62])
def test_of_several_acknowledgements_at_once_one_is_written_down(room: Room, called: str, after: int) -> None:
    room.work(minutes=after)
    hows = ["page", "link", "phone", "reply"][:RACERS]
    done = at_once([lambda how=how: room.desk.acknowledge(called, "zhou", how=how, actor=ZHOU, now=room.now) for how in hows])
    assert done == [None] * RACERS
    assert len(room.entries(called, "Acknowledged")) == 1


def test_an_acknowledgement_and_the_log_of_its_step_never_stand_in_each_other_s_way(room: Room, called: str) -> None:
    """Whoever comes first: the step is logged once, and nothing is acknowledged behind the log."""
    def log() -> None:
        room.desk.log_step(called, "phone_report", StepLog(), actor=WU, now=room.now)

    for _ in range(3):
        done = at_once([log, lambda: room.acknowledge(called, "zhou"), lambda: room.acknowledge(called, "wu")])
        assert done[0] is None
        assert all(one is None or isinstance(one, Conflict) for one in done[1:])
        kinds = [entry["kind"] for entry in room.entries(called) if entry["kind"] in ("Acknowledged", "StepLogged", "LogWithdrawn")]
        assert kinds[-1] == "StepLogged", kinds
        room.withdraw(called)
        room.work(minutes=11)


def test_of_several_officers_who_send_again_at_once_one_does(room: Room, called: str) -> None:
    room.wait(minutes=6)
    done = at_once([lambda: resend(room, called)] * RACERS)
    assert sorted(type(one).__name__ for one in done) == ["Conflict"] * (RACERS - 1) + ["NoneType"]
    assert len(room.entries(called, "Resent")) == 1


# ── sending again ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_is_sent_again_as_a_new_attempt_on_every_channel_it_went(room: Room, called: str) -> None:
    room.clock.advance(timedelta(minutes=5))
    before = len(room.messages())
    resend(room, called)
    room.send()
    (entry,) = room.entries(called, "Resent")
    assert (entry["actor"], entry["body"]["person"], entry["body"]["rung"], sorted(entry["body"]["channels"])) == (
        "周甲", "吴乙", 1, ["email", "sms"])
    assert len(room.messages()) == before
    assert {(one.channel, one.attempt_count, one.state) for one in room.messages(person="wu")} == {("sms", 2, m.ACCEPTED), ("email", 2, m.ACCEPTED)}
    again = [told for told in room.told if told.at == room.now]
    assert {told.channel for told in again} == {"sms", "email"}
    assert not any(told.is_copy for told in again)


@pytest.mark.parametrize(("seconds", "may"), [(299, False), (300, True)])
def test_five_minutes_lie_between_two_tries(room: Room, called: str, seconds: int, may: bool) -> None:
    tried = room.message(person="wu", channel="sms").sent_at
    assert tried is not None
    room.clock.move_to(tried + timedelta(seconds=seconds))
    if may:
        resend(room, called)
    else:
        with pytest.raises(Conflict, match="刚发过"):
            resend(room, called)
    assert len(room.entries(called, "Resent")) == int(may)


def test_what_is_still_under_way_is_not_sent_again(room: Room) -> None:
    room.channels["sms"].fate = lambda letter: TEMPORARY
    number = room.register()
    room.work(minutes=4)
    room.clock.advance(timedelta(minutes=6))
    with pytest.raises(Conflict, match="正在发送"):
        resend(room, number)


@pytest.mark.parametrize(("step", "rung", "person", "kind"), [
    ("phone_report", 2, "wu", Conflict), ("phone_report", 3, "wu", NotFound), ("phone_report", 1, "zheng", Conflict), ("coffee", 1, "wu", NotFound),
    ("phone_report", 1, "nobody", NotFound), ("phone_report", 1, "\0", NotFound), ("phone_report", 10**12, "wu", NotFound)])
def test_only_a_call_that_was_made_is_sent_again(room: Room, called: str, step: str, rung: int, person: str,
                                                 kind: type[Refusal]) -> None:
    room.wait(minutes=6)
    with pytest.raises(kind):
        room.desk.resend(called, step, rung, person, actor=ZHOU, now=room.now)
    assert room.entries(called, "Resent") == []


def test_a_logged_step_is_not_sent_again(room: Room, called: str) -> None:
    room.wait(minutes=6)
    room.log(called)
    with pytest.raises(Conflict, match="不用再催"):
        resend(room, called)


def test_a_request_to_send_again_that_is_repeated_is_answered_once(room: Room, called: str) -> None:
    room.wait(minutes=6)
    for _ in range(2):
        resend(room, called, key="k")
    assert len(room.entries(called, "Resent")) == 1


def test_somebody_who_left_since_he_was_told_can_still_be_called(room: Room, called: str) -> None:
    with room.store.write() as session:
        session.execute(update(Person).where(Person.key == "wu").values(is_active=False))
    room.wait(minutes=6)
    resend(room, called)
    phoned(room, called, "wu")
    assert [e["body"]["person"] for e in room.entries(called) if e["kind"] in ("Resent", "Acknowledged")] == ["吴乙", "吴乙"]


def test_an_answer_past_the_deadline_no_longer_stands_once_the_message_was_sent_again(room: Room, called: str) -> None:
    room.work(minutes=62)
    room.acknowledge(called, "zheng")
    room.wait(minutes=5)
    (call,) = [call for step in room.views.step_calls(called, room.now) for call in step.calls if call.person.key == "zheng"]
    assert not call.is_outstanding
    assert call.can_resend_at <= room.now
    resend(room, called, "zheng", rung=2)
    (call,) = [call for step in room.views.step_calls(called, room.now) for call in step.calls if call.person.key == "zheng"]
    assert (call.is_outstanding, call.last_told_at) == (True, room.now)
