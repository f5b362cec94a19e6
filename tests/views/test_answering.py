"""Who has not answered, what a mail's link is about, and where the timeline puts what became of it all."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update

from incident_clock.errors import NotFound
from incident_clock.outbox.messages import REOPENED
from incident_clock.people.tables import ContactMethod, Person
from incident_clock.protocol.steps import AFTER, BEFORE_DUE, OVERDUE_BY, Repeat
from incident_clock.store.session import Store
from incident_clock.views import answering
from incident_clock.views.message_shapes import CallView, MailedCall, StepCalls
from incident_clock.views.shapes import EntryView
from incident_clock.views.timeline import ANSWERS, REMINDERS, WORK
from tests.support.bureau import ZHOU, rung, small_rule
from tests.support.room import Room
from tests.support.telling import TEMPORARY

FIVE = Repeat(timedelta(minutes=5))
FIRST = rung(1, AFTER, 0, "duty_officer", "duty_chief", "publicity_chief", repeats=(FIVE,))


def room_with(store: Store, now: datetime, *rungs, minutes: int = 60) -> Room:
    return Room(store, now, small_rule(*(rungs or (FIRST,)), within=timedelta(minutes=minutes)))


def step_of(room: Room, number: str) -> StepCalls:
    (step,) = room.views.step_calls(number, room.now)
    return step


def call_of(room: Room, number: str, person: str) -> CallView:
    return next(call for call in step_of(room, number).calls if call.person.key == person)


# ── who has not answered ──────────────────────────────────────────────────────────────────────────────────


def test_nobody_is_listed_before_anybody_was_called_nor_on_a_step_that_is_logged(store: Store, now: datetime) -> None:
    room = room_with(store, now)
    number = room.register()
    assert room.views.step_calls(number, room.now) == ()
    room.work(seconds=1)
    assert len(step_of(room, number).calls) == 3
    room.log(number)
    assert room.views.step_calls(number, room.now) == ()
    room.withdraw(number)
    assert len(step_of(room, number).calls) == 3
    with pytest.raises(NotFound):
        room.views.step_calls("2026-0999", room.now)


def test_the_silent_come_first_and_the_others_with_when_and_how(store: Store, now: datetime) -> None:
    room = room_with(store, now)
    number = room.register()
    room.work(minutes=1)
    room.desk.acknowledge(number, "zhou", how="reply", actor=ZHOU, now=room.now)
    step = step_of(room, number)
    assert [call.person.name for call in step.calls] == ["吴乙", "陈己", "周甲"]
    assert [call.person.key for call in step.outstanding] == ["wu", "chen"]
    zhou = step.calls[-1]
    assert (zhou.answered_how, zhou.answered_at, zhou.paused_until) == ("reply", room.now, room.now + timedelta(minutes=10))
    assert (zhou.person.role, zhou.person.phone, zhou.rung, zhou.told_at) == ("duty_officer", "+8613800000001", 1, now)


def test_an_answer_whose_pause_has_run_out_is_wanted_again(store: Store, now: datetime) -> None:
    room = room_with(store, now)
    number = room.register()
    room.work(seconds=1)
    room.acknowledge(number, "zhou")
    answered_at = room.now
    room.work(minutes=9, seconds=59)
    assert not call_of(room, number, "zhou").is_outstanding
    room.work(seconds=1)
    assert call_of(room, number, "zhou").is_outstanding
    assert call_of(room, number, "zhou").answered_at == answered_at
    room.work(minutes=5)
    assert call_of(room, number, "zhou").last_told_at == now + timedelta(minutes=15)


@pytest.mark.parametrize(("answers", "lacking"), [
    (None, [3, 2, 1, 0]), ("all", [3, 2, 1, 0]), ("any", [1, 0, 0, 0]), (2, [2, 1, 0, 0]), (9, [3, 2, 1, 0])])
def test_a_rung_asks_for_as_many_answers_as_its_rule_says(store: Store, now: datetime, answers, lacking: list[int]) -> None:
    room = room_with(store, now, replace(FIRST, answers=answers))
    number = room.register()
    room.work(seconds=1)
    seen = [step_of(room, number).lacking.get(1, 0)]
    for person in ("zhou", "wu", "chen"):
        room.acknowledge(number, person)
        seen.append(step_of(room, number).lacking.get(1, 0))
    assert seen == lacking


def test_a_stand_in_is_named_with_the_one_he_stands_in_for(store: Store, now: datetime) -> None:
    room = room_with(store, now, rung(1, BEFORE_DUE, 5, "duty_leader"), minutes=20)
    number = room.register()
    room.work(minutes=17, seconds=30)
    stand_in = next(call for call in step_of(room, number).calls if call.in_place_of)
    assert (stand_in.in_place_of.name, stand_in.rung) == ("郑丙", 1)
    assert step_of(room, number).lacking == {1: 1}, "郑丙 alone: his stand-in's answer is not his"


def test_when_it_can_be_sent_again_follows_the_last_try(store: Store, now: datetime) -> None:
    room = room_with(store, now)
    room.channels["email"].fate = lambda letter: TEMPORARY
    number = room.register()
    assert room.tick()
    assert call_of(room, number, "wu").can_resend_at is None, "nothing was tried yet"
    room.send()
    assert call_of(room, number, "wu").can_resend_at is None, "the mail is still under way"
    room.channels["email"].fate = lambda letter: "arrives"
    room.work(minutes=1)
    last = max(told.at for told in room.told)
    assert call_of(room, number, "wu").can_resend_at == last + timedelta(minutes=5)
    room.clock.move_to(last + timedelta(minutes=5))
    room.desk.resend(number, "phone_report", 1, "wu", actor=ZHOU, now=room.now)
    assert call_of(room, number, "wu").can_resend_at is None
    room.send()
    assert call_of(room, number, "wu").can_resend_at == room.now + timedelta(minutes=5)


def test_somebody_who_left_keeps_his_name(store: Store, now: datetime) -> None:
    room = room_with(store, now)
    number = room.register()
    room.work(seconds=1)
    with room.store.write() as session:
        session.execute(update(Person).where(Person.key == "wu").values(is_active=False))
    assert call_of(room, number, "wu").person.name == "吴乙"


def test_the_role_is_the_one_he_was_called_in(store: Store, now: datetime) -> None:
    room = room_with(store, now, rung(1, AFTER, 0, "duty_leader"))
    with room.store.write() as session:
        session.execute(update(Person).where(Person.key == "zhou").values(roles=["duty_officer", "duty_leader"]))
    number = room.register()
    room.work(seconds=1)
    assert call_of(room, number, "zhou").person.role == "duty_leader"


# ── what a mail's link is about ───────────────────────────────────────────────────────────────────────────


def mailed(room: Room, **where: object) -> MailedCall:
    message = room.messages(channel="email", **where)[-1]
    with room.store.read() as session:
        return answering.mailed_call(session, message.id, now=room.now)


def test_a_link_names_incident_step_deadline_and_person_and_is_wanted_until_it_is_answered(store: Store, now: datetime) -> None:
    room = room_with(store, now)
    number = room.register()
    room.work(seconds=1)
    call = mailed(room, person="zhou")
    assert (call.number, call.step, call.title["zh"], call.due_at, call.person.name) == (
        number, "phone_report", "电话上报", now + timedelta(hours=1), "周甲")
    assert (call.is_wanted, call.answered_at) == (True, None)
    room.acknowledge(number, "zhou")
    call = mailed(room, person="zhou")
    assert (call.is_wanted, call.answered_at, call.paused_until) == (False, room.now, room.now + timedelta(minutes=10))
    assert mailed(room, person="wu").is_wanted


def test_the_link_of_a_repeat_after_the_pause_is_wanted_and_that_of_the_first_mail_is_not(store: Store, now: datetime) -> None:
    room = room_with(store, now)
    number = room.register()
    room.work(seconds=1)
    room.acknowledge(number, "zhou")
    room.work(minutes=15)
    assert mailed(room, person="zhou", repeat=3).is_wanted
    assert not mailed(room, person="zhou", repeat=0).is_wanted, "it was answered"


def test_a_mail_that_was_sent_again_after_the_answer_is_wanted_again(store: Store, now: datetime) -> None:
    room = room_with(store, now, rung(1, AFTER, 0, "duty_officer"))
    number = room.register()
    room.work(seconds=1)
    room.acknowledge(number, "zhou")
    room.work(minutes=11)
    assert not mailed(room, person="zhou").is_wanted
    room.desk.resend(number, "phone_report", 1, "zhou", actor=ZHOU, now=room.now)
    room.send()
    assert mailed(room, person="zhou").is_wanted


def test_a_log_settles_it_and_its_withdrawal_asks_again_by_a_link_of_its_own(store: Store, now: datetime) -> None:
    room = room_with(store, now)
    number = room.register()
    room.work(minutes=1)
    room.log(number)
    room.work(minutes=1)
    settled = mailed(room, person="zhou", kind="reminder")
    assert (settled.is_settled, settled.is_wanted) == (True, False)
    room.withdraw(number)
    room.work(minutes=1)
    assert mailed(room, person="zhou", kind=REOPENED).is_wanted


def test_a_closed_and_an_erased_incident_say_so(store: Store, now: datetime) -> None:
    room = room_with(store, now)
    number = room.register()
    room.work(seconds=1)
    room.log(number)
    room.desk.close(number, None, actor=ZHOU, now=room.now)
    call = mailed(room, person="zhou", kind="reminder")
    assert (call.is_closed, call.is_erased, call.is_wanted) == (True, False, False)
    room.desk.erase_texts(number, "到期", actor=ZHOU, now=room.now)
    assert mailed(room, person="zhou", kind="reminder").is_erased


@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": ["auditor"]}, {"roles": ["duty_officer", "admin"]}])
def test_who_has_left_or_never_writes_answers_no_link(store: Store, now: datetime, change: dict[str, object]) -> None:
    room = room_with(store, now)
    room.register()
    room.work(seconds=1)
    with room.store.write() as session:
        session.execute(update(Person).where(Person.key == "zhou").values(**change))
    call = mailed(room, person="zhou")
    assert (call.person, call.is_wanted) == (None, False)


def test_a_link_of_no_message_is_not_found(store: Store, now: datetime) -> None:
    room = room_with(store, now)
    with room.store.read() as session, pytest.raises(NotFound):
        answering.mailed_call(session, 4711, now=room.now)


# ── the timeline ──────────────────────────────────────────────────────────────────────────────────────────


def timeline(room: Room, number: str, only: str = "all") -> list[EntryView]:
    return room.views.timeline(room.incident(number).id, order="asc", only=only).entries


def told_under(entry: EntryView) -> set[str]:
    return {body["person"] for _, _, body in entry.notes}


def test_what_became_of_a_call_over_an_empty_rung_stands_under_that_call(store: Store, now: datetime) -> None:
    room = room_with(store, now, rung(1, AFTER, 0, "duty_officer"), rung(2, AFTER, 1, "duty_chief"), rung(3, AFTER, 9, "deputy"))
    with room.store.write() as session:
        session.execute(delete(ContactMethod).where(ContactMethod.person == "wu"))
    number = room.register()
    room.work(minutes=10)
    raised = [entry for entry in timeline(room, number) if entry.kind == "RungRaised"]
    assert [(entry.body["rung"], entry.body["told_rung"], told_under(entry)) for entry in raised] == [
        (1, 1, {"周甲"}), (2, 3, {"王丁"}), (3, 3, {"王丁"})]
    assert not any(entry.kind == "MessageSettled" for entry in timeline(room, number))


def test_what_became_of_a_stand_in_s_message_stands_under_his_call(store: Store, now: datetime) -> None:
    room = room_with(store, now, rung(1, BEFORE_DUE, 5, "duty_leader"), minutes=20)
    number = room.register()
    room.work(minutes=18)
    (called,) = [entry for entry in timeline(room, number) if entry.kind == "StandInCalled"]
    assert told_under(called) == {called.body["person"]}
    assert len(called.notes) == 2


def test_what_became_of_a_message_sent_again_stands_under_that_until_the_next_call(store: Store, now: datetime) -> None:
    room = room_with(store, now, replace(FIRST, repeats=(Repeat(timedelta(minutes=20)),)))
    number = room.register()
    room.work(minutes=6)
    room.desk.resend(number, "phone_report", 1, "wu", actor=ZHOU, now=room.now)
    room.work(minutes=20)
    by_kind = {(entry.kind, entry.body.get("repeat")): entry for entry in timeline(room, number)}
    assert told_under(by_kind["Resent", None]) == {"吴乙"}
    assert [len(by_kind[key].notes) for key in (("RungRaised", 0), ("Resent", None), ("RungRaised", 1))] == [6, 2, 6]


def test_answers_have_a_filter_of_their_own(store: Store, now: datetime) -> None:
    room = room_with(store, now, replace(FIRST, repeats=()), rung(2, BEFORE_DUE, 10, "duty_leader"),
                     rung(3, OVERDUE_BY, 1, "head"))
    number = room.register()
    room.work(minutes=6)
    room.acknowledge(number, "zhou")
    room.desk.resend(number, "phone_report", 1, "wu", actor=ZHOU, now=room.now)
    room.work(minutes=60)
    kinds = {only: {entry.kind for entry in timeline(room, number, only)} for only in (WORK, REMINDERS, ANSWERS)}
    assert kinds == {WORK: {"IncidentRegistered"}, REMINDERS: {"RungRaised", "DeadlinePassed"},
                     ANSWERS: {"Acknowledged", "Resent", "StandInCalled"}}
    counts = room.views.timeline(room.incident(number).id).counts
    assert counts["all"] == counts[WORK] + counts[REMINDERS] + counts[ANSWERS]
