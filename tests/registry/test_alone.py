"""What one person alone cannot do: make a verdict better, or silence a ladder, by any way round. Found by reviewers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incident_clock.errors import Conflict
from incident_clock.registry.corrections import Correction
from incident_clock.registry.drafts import StepLog
from incident_clock.registry.grading import Regrading
from incident_clock.store.session import Store
from tests.support import bureau
from tests.support.room import Room

MINUTE = timedelta(minutes=1)


def regrade(room: Room, number: str, *, protocol: str | None = None, **values: object) -> None:
    is_sensitive = values.pop("is_sensitive", None)
    room.desk.regrade(number, Regrading(values=values, is_sensitive=is_sensitive, basis="研判"), protocol=protocol,
                      actor=bureau.ZHOU, now=room.now)


def standing(room: Room, number: str, step: str = "phone_report") -> str:
    return room.view(number).obligation(step).verdict.standing.value


def test_a_step_waived_when_it_was_overdue_gets_no_new_time_by_an_upgrade(room: Room):
    number = room.register(received_at=room.now, opinion_grade="一般")
    room.wait(minutes=60)
    room.log(number, done_at=room.now)
    room.withdraw(number)
    room.waive(number, "phone_report")
    regrade(room, number, opinion_grade="较大")
    assert standing(room, number) == "overdue"
    room.log(number, done_at=room.now)
    assert standing(room, number) == "met_late"


def test_an_overdue_step_is_not_dropped_by_an_upgrade(room: Room):
    number = room.register(protocol="general-48h", opinion_grade="一般")
    room.wait(hours=50)
    regrade(room, number, protocol="district-emergency", opinion_grade="重大")
    assert standing(room, number, "response") == "overdue"


def test_who_never_graded_gets_no_new_time_for_having_chosen_a_light_rule(room: Room):
    number = room.register(protocol="general-48h", received_at=room.now - 75 * MINUTE)
    regrade(room, number, protocol="district-emergency")
    assert [standing(room, number, step) for step in ("phone_report", "preliminary_report", "detailed_report")] == [
        "overdue", "overdue", "waiting"]


def test_what_is_sensitive_stays_under_the_full_clock_whatever_rule_is_asked_for(room: Room):
    number = room.register(is_sensitive=True)
    with pytest.raises(Conflict, match="没有可改的"):
        regrade(room, number, protocol="general-48h")
    assert room.view(number).protocol_key == "district-emergency"


def test_what_becomes_sensitive_comes_under_the_full_clock(room: Room):
    number = room.register(protocol="general-48h", opinion_grade="一般")
    regrade(room, number, is_sensitive=True)
    assert room.view(number).protocol_key == "district-emergency"


def test_a_merger_keeps_the_earlier_deadline_of_every_step_and_the_higher_grade(room: Room):
    strict = room.register(received_at=room.now, opinion_grade="重大", is_sensitive=True)
    room.wait(minutes=90)
    twin = room.register("另一处登记", protocol="general-48h", received_at=room.now - 90 * MINUTE, opinion_grade="一般")
    regrade(room, twin, protocol="district-emergency", opinion_grade="较大")
    assert standing(room, twin) != "overdue"  # 30 min, since it was graded low until now
    room.desk.merge(twin, strict, "同一事件", actor=bureau.ZHOU, now=room.now)
    view = room.view(twin)
    assert (standing(room, twin), view.opinion_grade, view.is_sensitive) == ("overdue", "重大", True)


def test_an_unknown_occurrence_cannot_be_put_where_it_starts_the_clock_later(store: Store, now):
    room = Room(store, now, bureau.rule("henan-15-35"))
    number = room.register(received_at=room.now)
    room.wait(minutes=25)
    room.desk.correct(number, 1, Correction(reason="据称", times={"occurred_at": room.now}), actor=bureau.ZHOU, now=room.now)
    assert len(room.view(number).pending) == 1
    assert standing(room, number) == "overdue"


def test_a_transfer_takes_the_later_steps_along_and_not_those_an_upgrade_added_before_them(store: Store, now):
    room = Room(store, now, bureau.rule(), bureau.rule("cn-2016-80"))
    number = room.register(protocol="cn-2016-80", opinion_grade="一般")
    regrade(room, number, protocol="district-emergency", opinion_grade="重大")
    room.transfer(number, "release", accepted_by="区新闻办")
    assert {step.key: step.is_open for step in room.view(number).steps} == {
        "phone_report": True, "preliminary_report": True, "detailed_report": True, "release": False,
        "press_conference": False}
    assert room.view(number).steps[0].key == "phone_report"


@pytest.mark.parametrize("steps", [("重大", None, "一般"), ("较大", None, "一般")])
def test_a_grade_is_not_lowered_by_taking_it_back_first(room: Room, steps):
    first, nothing, lower = steps
    number = room.register(opinion_grade=first)
    regrade(room, number, opinion_grade=nothing)
    regrade(room, number, opinion_grade=lower)
    assert (room.view(number).opinion_grade, len(room.view(number).pending)) == (None, 1)


def test_up_and_down_at_once_is_refused(room: Room):
    number = room.register(event_grade="一般", is_sensitive=True)
    with pytest.raises(Conflict, match="有升有降"):
        regrade(room, number, event_grade="重大", is_sensitive=False)


def test_an_upgrade_at_night_settles_a_downgrade_nobody_has_approved(room: Room):
    number = room.register(opinion_grade="较大")
    regrade(room, number, opinion_grade="一般")
    regrade(room, number, opinion_grade="特别重大")
    assert (room.view(number).opinion_grade, room.view(number).pending) == ("特别重大", ())


def test_a_downgrade_nobody_approved_ends_with_the_closing(room: Room):
    number = room.register(opinion_grade="较大")
    regrade(room, number, opinion_grade="一般", protocol="general-48h")
    entry = room.view(number).pending[0].sequence
    for step in room.view(number).steps:
        room.log(number, step.key)
    room.desk.close(number, None, actor=bureau.ZHOU, now=room.now)
    with pytest.raises(Conflict):
        room.desk.confirm(number, entry, None, actor=bureau.WANG, now=room.now)


def test_a_call_that_reached_nobody_does_not_stand_as_done(room: Room):
    number = room.register()
    room.log(number, record={"outcome": "reached"})
    log = room.view(number).obligation("phone_report").sequence
    with pytest.raises(Conflict, match="撤回"):
        room.desk.correct(number, log, Correction(reason="其实没人接", record={"outcome": "no_answer"}),
                          actor=bureau.ZHOU, now=room.now)


def test_stand_ins_and_messages_of_an_old_ladder_never_stop_the_engine(store: Store, now):
    short = replace(bureau.rule(), key="short", steps=tuple(
        replace(step, ladder=step.ladder[:2]) for step in bureau.rule().steps))
    room = Room(store, now, bureau.rule(), short, channels=("sms",), falls_back=True)
    number = room.register(received_at=room.now, opinion_grade="较大")
    room.work(minutes=18)  # the leaders were just told: their stand-ins would be called at 20
    quicker = replace(short, key="quicker", steps=tuple(replace(one, within=one.within - MINUTE) for one in short.steps))
    room.desk.protocols["quicker"] = quicker
    regrade(room, number, protocol="quicker", opinion_grade="重大")
    room.work(minutes=10)
    assert standing(room, number) == "overdue"
    raised = {e["body"]["rung"] for e in room.entries(number, "RungRaised")
              if (e["body"]["step"], e["body"]["round"]) == ("phone_report", 1)}
    assert raised
    assert raised <= {1, 2}
    assert room.ticker.tick(room.now).failed == ()
    (regraded,) = room.entries(number, "Regraded")
    later = [e["body"]["rung"] for e in room.entries(number, "StandInCalled") if e["sequence"] > regraded["sequence"]]
    assert later == []  # those of the old ladder are not called any more, the new one has no leader on it


def test_follow_ups_go_on_when_a_downgrade_was_taken_back(room: Room):
    number = room.register(received_at=room.now, opinion_grade="重大")
    for step in ("phone_report", "preliminary_report", "detailed_report"):
        room.log(number, step)
    regrade(room, number, opinion_grade="一般", protocol="general-48h")
    room.desk.confirm(number, room.view(number).pending[0].sequence, None, actor=bureau.WANG, now=room.now)
    assert all(not one.is_open for one in room.view(number).follow_ups)
    regrade(room, number, opinion_grade="重大", protocol="district-emergency")
    assert [one.title["zh"] for one in room.view(number).follow_ups if one.is_open] == ["续报二"]


def test_a_release_entered_a_day_late_opens_a_follow_up_that_can_be_shown(room: Room):
    number = room.register(received_at=room.now)
    room.wait(hours=30)
    room.log(number, "release", done_at=room.now - timedelta(hours=24))
    assert room.view(number).obligation("continuing_release-1").is_open


def test_the_first_release_recorded_as_a_form_completes_its_step(room: Room):
    number = room.register(received_at=room.now)
    room.desk.record(number, "release", {"body_text": "情况通报"}, actor=bureau.ZHOU, now=room.now)
    assert standing(room, number, "release") == "met"


def test_a_withdrawn_release_takes_its_follow_up_along(room: Room):
    number = room.register(received_at=room.now)
    room.log(number, "release")
    room.withdraw(number, "release")
    assert not room.view(number).obligation("continuing_release-1").is_open


def test_a_drill_becomes_real_once(room: Room):
    drill = room.register(is_drill=True)
    room.desk.register_as_real(drill, actor=bureau.ZHOU, now=room.now)
    with pytest.raises(Conflict, match="已转为真实事件"):
        room.desk.register_as_real(drill, actor=bureau.ZHOU, now=room.now)


def test_a_withdrawn_log_takes_its_pending_correction_along(room: Room):
    number = room.register(received_at=room.now)
    room.wait(minutes=40)
    room.desk.log_step(number, "phone_report", StepLog(), actor=bureau.ZHOU, now=room.now)
    log = room.view(number).obligation("phone_report").sequence
    room.desk.correct(number, log, Correction(reason="其实更早", times={"done_at": room.now - 30 * MINUTE}),
                      actor=bureau.ZHOU, now=room.now)
    assert room.view(number).pending
    room.withdraw(number)
    assert room.view(number).pending == ()
