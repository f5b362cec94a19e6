"""What is asked for beside the steps: follow-ups that recur, tasks with an owner; and ladders that move or begin anew."""

from datetime import datetime, timedelta

import pytest

from incident_clock.errors import Conflict, Refusals
from incident_clock.registry.corrections import Correction
from incident_clock.registry.grading import Regrading
from incident_clock.store.session import Store
from incident_clock.views.explaining import explanation
from incident_clock.views.incidents import find
from tests.support import bureau
from tests.support.room import Room
from tests.support.roster import put

MINUTE = timedelta(minutes=1)


@pytest.fixture
def room(store: Store) -> Room:
    return Room(store, datetime(2026, 10, 5, 11, 5, tzinfo=bureau.ZONE), channels=("sms",))


@pytest.fixture
def number(room: Room) -> str:
    """Three steps are done by 12:50; the follow-ups begin."""
    number = room.register("东关大集多名群众就餐后身体不适", received_at=room.now, opinion_grade="较大")
    for step, clock in (("phone_report", "11:18"), ("preliminary_report", "11:58"), ("detailed_report", "12:50")):
        at(room, clock)
        room.log(number, step)
    return number


def at(room: Room, clock: str, *, days: int = 0) -> None:
    hour, minute = map(int, clock.split(":"))
    room.work_until(room.now.astimezone(bureau.ZONE).replace(hour=hour, minute=minute) + timedelta(days=days))


def told(room: Room, step: str) -> list[tuple[str, str]]:
    """(clock, person) of every reminder about this obligation, in order."""
    return [(one.due_at.astimezone(bureau.ZONE).strftime("%H:%M"), one.person)
            for one in room.messages(kind="reminder", step=step)]


def test_the_first_follow_up_is_asked_for_before_17_00(room: Room, number: str):
    follow_up = room.view(number).follow_ups[0]
    assert (follow_up.key, follow_up.title["zh"]) == ("progress_report-1", "续报一")
    assert follow_up.due_at.astimezone(bureau.ZONE).strftime("%H:%M") == "17:00"
    at(room, "17:02")
    assert told(room, "progress_report-1") == [("16:30", "wu"), ("17:01", "wu"), ("17:01", "zheng")]


def test_a_logged_follow_up_opens_the_next_and_stops_its_own_ladder(room: Room, number: str):
    at(room, "16:40")
    room.log(number, "progress_report-1")
    at(room, "17:30")
    assert told(room, "progress_report-1") == [("16:30", "wu")]
    assert [(one.title["zh"], one.is_open) for one in room.view(number).follow_ups] == [("续报一", False), ("续报二", True)]
    at(room, "07:31", days=1)
    assert told(room, "progress_report-2") == [("07:30", "wu")]


def test_a_release_is_followed_by_another_within_24_hours_until_the_case_is_closed(room: Room, number: str):
    at(room, "14:40")
    room.log(number, "release")
    due = room.view(number).obligation("continuing_release-1").due_at
    assert due == room.now + timedelta(hours=24)
    room.waive(number)
    room.desk.close(number, "处置结束", actor=bureau.ZHOU, now=room.now)
    view = room.view(number)
    standings = {one.key: one.verdict.standing.value for one in view.follow_ups}
    assert standings == {"progress_report-1": "not_applicable", "continuing_release-1": "not_applicable",
                         "final_report": "waiting"}
    room.work(hours=24, minutes=2)
    assert {person for _, person in told(room, "final_report")} == {"chen"}
    room.log(number, "final_report")
    assert room.view(number).obligation("final_report").verdict.standing.value == "met_late"


def test_a_continuing_release_is_logged_as_what_was_asked_for(room: Room, number: str):
    at(room, "14:40")
    room.log(number, "release", record={"url": "https://example.com/1", "body_text": "情况通报"})
    at(room, "18:00")
    room.desk.record(number, "release", {"url": "https://example.com/2", "body_text": "续发通报"}, actor=bureau.ZHOU,
                     now=room.now)
    first, second = [one for one in room.view(number).follow_ups if one.key.startswith("continuing")]
    assert (first.is_open, first.verdict.standing.value, second.due_at - room.now) == (False, "met", timedelta(hours=24))
    with pytest.raises(Refusals):
        room.desk.record(number, "release", {"url": "https://example.com/3"}, happened_at=room.now - 16 * MINUTE,
                         actor=bureau.ZHOU, now=room.now)


def test_a_closed_case_is_still_evaluated_but_takes_no_new_leads(room: Room, number: str):
    room.log(number, "release")
    room.waive(number)
    room.desk.close(number, "处置结束", actor=bureau.ZHOU, now=room.now)
    room.desk.record(number, "evaluation", {"handling": "上报及时", "faults": "none"}, actor=bureau.ZHOU, now=room.now)
    with pytest.raises(Conflict):
        room.desk.record(number, "lead", {"source": "某短视频平台"}, actor=bureau.ZHOU, now=room.now)
    room.desk.erase_texts(number, "评估完毕", actor=bureau.ZHOU, now=room.now)
    with pytest.raises(Conflict):
        room.desk.record(number, "evaluation", {"handling": "补充", "faults": "none"}, actor=bureau.ZHOU, now=room.now)


def test_a_task_reminds_its_owner_and_then_the_leader_on_duty(room: Room):
    number = room.register("网传旧视频", protocol="general-48h")
    room.desk.set_task(number, origin="instruction", text="查清供餐摊位", owner="jiang", by="冯戊", due_at=None, about=None,
                       actor=bureau.WANG, now=room.now)
    (task,) = room.view(number).tasks
    assert (task.title["zh"], task.task, task.owner.name) == ("批示反馈一", "查清供餐摊位", "蒋壬")
    assert task.due_at == room.now + timedelta(hours=24)
    room.work(hours=24, minutes=2)
    assert [person for _, person in told(room, "instruction-1")] == ["jiang", "jiang", "zheng"]
    room.log(number, "instruction-1")
    assert room.view(number).tasks[0].verdict.standing.value == "met_late"


def test_an_earlier_t0_calls_at_once_what_is_due_by_it(room: Room):
    number = room.register(received_at=room.now)
    room.work(minutes=1)
    room.desk.correct(number, 1, Correction(reason="中队40分钟前已知情", times={
        "received_at": room.now - 41 * MINUTE}), actor=bureau.ZHOU, now=room.now)
    room.work(seconds=1)
    last = room.entries(number, "RungRaised")[-1]["body"]
    raised = {(e["body"]["step"], e["body"]["rung"]) for e in room.entries(number, "RungRaised")}
    assert ("phone_report", 5) in raised, last
    assert any("超时" in one.text for one in room.told)
    assert room.view(number).obligation("phone_report").verdict.late_minutes == 21


def test_what_waits_to_leave_tells_the_new_deadline(room: Room):
    number = room.register(received_at=room.now)
    room.ticker.tick(room.now)
    room.desk.correct(number, 1, Correction(reason="记早了半小时", times={"received_at": room.now - 5 * MINUTE}),
                      actor=bureau.ZHOU, now=room.now)
    room.work(seconds=1)
    assert {one.text.partition("截止")[0][-5:] for one in room.told if one.step == "phone_report"} == {"11:20"}


def test_a_step_asked_for_again_by_an_upgrade_is_called_through_a_ladder_of_its_own(room: Room, number: str):
    at(room, "13:35")
    before = len(told(room, "release"))
    assert before > 0
    room.waive(number, "release")
    at(room, "17:40")
    room.desk.regrade(number, Regrading(values={"opinion_grade": "重大"}, basis="登上热搜"), protocol=None,
                      actor=bureau.ZHOU, now=room.now)
    room.work(minutes=1)
    assert room.view(number).obligation("release").due_at == room.now - MINUTE + 30 * MINUTE
    assert any("因升级恢复计时" in one.text for one in room.told)
    assert len(told(room, "release")) > before
    room.work(minutes=31)
    assert room.view(number).obligation("release").verdict.standing.value == "overdue"
    assert len({(one.rung, one.repeat, one.round, one.person) for one in room.messages(kind="reminder", step="release")}) \
        == len(room.messages(kind="reminder", step="release"))
    with room.store.read() as session:
        why = explanation(session, find(session, number))
    raised = [(call.entry.body["round"], told.message.round) for call in why.calls for told in call.told
              if call.entry.kind == "RungRaised" and call.entry.body["step"] == "release"]
    assert {0, 1} == {of for of, _ in raised}  # both ladders raised rungs of the same numbers
    assert [pair for pair in raised if pair[0] != pair[1]] == []


@pytest.mark.parametrize(("verb", "saying"), [
    ("waive", "经批准免办，不再催办"), ("transfer", "移交并由对方接受，不再催办")])
def test_who_was_chased_hears_how_it_ended(room: Room, number: str, verb: str, saying: str):
    at(room, "14:40")
    room.log(number, "release")
    at(room, "17:06")
    if verb == "waive":
        room.waive(number)
    else:
        room.transfer(number, "press_conference", accepted_by="区政府新闻办值班员")
    room.work(seconds=2)
    assert {one.to for one in room.told if saying in one.text} == {"+8613800000004"}  # 宣传科科长, told at 17:05
    heard = len(room.told)
    room.work(hours=8)
    assert not [one for one in room.told[heard:] if one.step == "press_conference"]


def test_an_offered_transfer_stops_nothing_until_it_is_accepted(room: Room, number: str):
    room.transfer(number, "release")
    at(room, "13:06")
    assert told(room, "release")
    view = room.view(number)
    assert [one.offered_to for one in view.steps[2:]] == [None, "区卫健局", "区卫健局"]
    assert view.obligation("release").is_open


def test_the_same_task_sent_twice_is_one_task_even_when_its_owner_has_left_meanwhile(room: Room, number: str):
    def give() -> None:
        room.desk.set_task(number, origin="instruction", text="查清供餐摊位", owner="jiang", by="冯戊", due_at=None,
                           about=None, actor=bureau.ZHOU, now=room.now, key="sent-twice")

    give()
    put(room.store, "jiang", is_active=False)
    give()
    assert len(room.view(number).tasks) == 1
    with pytest.raises(Refusals):
        room.desk.set_task(number, origin="instruction", text="另一件", owner="jiang", by="冯戊", due_at=None, about=None,
                           actor=bureau.ZHOU, now=room.now)


# ── what a second person has to decide ────────────────────────────────────────────────────────────────────

def rescued(room: Room) -> tuple[str, int]:
    """A response due at 11:25 that is entered at 11:45 as of 11:20, and the entry's sequence."""
    number = room.register("围墙倒塌", received_at=room.now + 20 * MINUTE - timedelta(hours=48), protocol="general-48h",
                           confirmed=True)
    at(room, "11:45")
    room.log(number, "response", done_at=room.now - 25 * MINUTE, evidence="截图 11", reason="网络中断")
    return number, room.deadline(number, "response").settled_sequence


def test_who_may_decide_about_an_entry_is_called_until_it_is_decided(room: Room):
    number, sequence = rescued(room)
    check = f"check-StepLogged-{sequence}"
    room.work(seconds=1)
    assert told(room, check) == [("11:45", "wu"), ("11:45", "zheng")]
    assert [one.text.split("。")[1] for one in room.told if one.step == check][:1] == ["请登录核定"]
    at(room, "17:05", days=1)
    assert told(room, check)[2:] == [("15:00", "zheng"), ("15:00", "wang"), ("17:01", "wang"), ("17:01", "feng")]
    at(room, "17:05", days=1)
    assert told(room, check)[6:] == [("17:01", "wang"), ("17:01", "feng")]
    room.desk.confirm(number, sequence, None, actor=bureau.WANG, now=room.now)
    room.work(hours=30)
    assert len(told(room, check)) == 8
    assert {one.person for one in room.messages(kind="all_clear", step=check)} == {"wu", "zheng", "wang", "feng"}


def test_a_downgrade_calls_those_who_may_approve_it(room: Room, number: str):
    room.desk.regrade(number, Regrading(values={"opinion_grade": "一般"}, basis="热度回落"), protocol=None,
                      actor=bureau.ZHOU, now=room.now)
    [check] = room.view(number).checks
    room.log(number, "release")
    room.waive(number)
    at(room, "15:01", days=1)
    assert told(room, check.key) == [("12:50", "wang"), ("15:00", "wang"), ("15:00", "feng")]
    room.desk.regrade(number, Regrading(values={"opinion_grade": "重大"}, basis="登上热搜"), protocol=None,
                      actor=bureau.ZHOU, now=room.now)
    assert room.view(number).obligation(check.key).ended == "not_applicable"  # the upgrade has overtaken it
    at(room, "17:02")
    assert len(told(room, check.key)) == 3


@pytest.mark.parametrize("act", ["upgrade", "merge", "void"])
def test_no_act_of_one_person_silences_those_who_are_asked(room: Room, act: str):
    number, sequence = rescued(room)
    check = f"check-StepLogged-{sequence}"
    if act == "upgrade":
        room.desk.regrade(number, Regrading(values={"opinion_grade": "重大"}, basis="登上热搜"), actor=bureau.ZHOU,
                          protocol="district-emergency", now=room.now)
    elif act == "merge":
        room.desk.merge(room.register("围墙倒塌（重复）", received_at=room.now), number, "同一件事", actor=bureau.ZHOU,
                        now=room.now)
    else:
        room.desk.void(number, "误登", actor=bureau.ZHOU, now=room.now)
        [voided] = [one for one in room.view(number).checks if one.key.startswith("check-Voided")]
        room.desk.confirm(number, voided.ordinal, None, actor=bureau.WANG, now=room.now)
        assert room.view(number).obligation(voided.key).ended == "done"
    room.work(seconds=1)
    deadline = room.deadline(number, check)
    assert (deadline.settled_at, deadline.next_rung_at) == (None, deadline.due_at - timedelta(hours=2))


def test_nobody_is_asked_any_more_about_a_log_that_was_withdrawn(room: Room):
    number, sequence = rescued(room)
    room.work(seconds=1)
    room.withdraw(number, "response")
    room.work(hours=30)
    assert len(told(room, f"check-StepLogged-{sequence}")) == 2


def test_a_decision_is_not_logged_withdrawn_or_waived_and_goes_on_after_the_closing(room: Room):
    number, sequence = rescued(room)
    check = f"check-StepLogged-{sequence}"
    for verb in (lambda: room.log(number, check), lambda: room.withdraw(number, check), lambda: room.waive(number, check)):
        with pytest.raises(Conflict, match="不用登记"):
            verb()
    room.desk.close(number, "处置结束", actor=bureau.ZHOU, now=room.now)
    assert [one.key for one in room.views.board(room.now).unfinished[0].checks] == [check]
    at(room, "17:02", days=1)
    assert ("17:01", "feng") in told(room, check)
    room.desk.reject(number, sequence, "没有这份回执", actor=bureau.WANG, now=room.now)
    assert room.view(number).obligation(check).ended == "done"
    with pytest.raises(Conflict, match="不用登记"):
        room.withdraw(number, check)
