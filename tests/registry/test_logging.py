"""Logging a step, taking a log back, closing: what stands afterwards, and every refusal."""

from datetime import datetime, timedelta

import pytest

from incident_clock.errors import Conflict, NotFound, Refusals
from incident_clock.phrases import Phrases
from incident_clock.registry import ledger
from incident_clock.registry.corrections import Correction
from incident_clock.registry.drafts import StepLog
from incident_clock.views import incidents
from tests.support.bureau import WU, ZHOU, ZONE, small_rule
from tests.support.race import at_once
from tests.support.room import Room

MINUTE = timedelta(minutes=1)
STEPS = ("phone_report", "preliminary_report", "detailed_report", "release", "press_conference")


@pytest.fixture
def number(room: Room) -> str:
    return room.register()


def standing(room: Room, number: str, step: str = "phone_report"):
    return next(s for s in room.views.incident(number, room.now).steps if s.key == step).verdict


def test_a_log_keeps_both_times_and_its_texts(room: Room, number: str, now: datetime):
    room.wait(minutes=12)
    room.log(number, done_at=now + 10 * MINUTE, report_to="区总值班室 李", evidence="值班电话本第3页", note="已复诵", reason="无")
    (entry,) = room.entries(number, "StepLogged")
    assert datetime.fromisoformat(entry["happened_at"]) == now + 10 * MINUTE
    assert datetime.fromisoformat(entry["recorded_at"]) == now + 12 * MINUTE
    assert (entry["actor"], entry["actor_role"]) == ("周甲", "duty_officer")
    assert {name: entry["body"][name] for name in ("report_to", "evidence", "note", "reason", "late_minutes")} == {
        "report_to": "区总值班室 李", "evidence": "值班电话本第3页", "note": "已复诵", "reason": "无", "late_minutes": 0}
    step = room.views.incident(number, room.now).steps[0]
    assert (step.done_at, step.recorded_at, step.logged_by) == (now + 10 * MINUTE, now + 12 * MINUTE, "周甲")


def test_a_log_without_a_time_means_now(room: Room, number: str):
    room.wait(minutes=3)
    room.log(number)
    assert room.deadline(number).done_at == room.now


@pytest.mark.parametrize(("minutes", "seconds", "late"), [(20, 0, 0), (20, 59, 0), (21, 0, 1), (26, 30, 6)])
def test_late_is_counted_in_whole_minutes_past_the_due_minute(room: Room, number: str, now, minutes, seconds, late):
    room.wait(minutes=30)
    room.log(number, done_at=now + timedelta(minutes=minutes, seconds=seconds))
    assert room.entries(number, "StepLogged")[0]["body"]["late_minutes"] == late
    assert (standing(room, number).standing.value, standing(room, number).late_minutes) == \
        ("met_late" if late else "met", late)


@pytest.mark.parametrize(("after", "is_late_entry"), [(5 * MINUTE, False), (5 * MINUTE + timedelta(seconds=1), True)])
def test_an_entry_more_than_five_minutes_after_the_fact_is_marked(room: Room, number: str, now, after, is_late_entry):
    room.wait(minutes=10)
    room.log(number, done_at=room.now - after)
    assert room.entries(number, "StepLogged")[0]["body"]["is_late_entry"] is is_late_entry
    assert standing(room, number).is_late_entry is is_late_entry


def test_a_late_entry_that_saves_an_overdue_step_awaits_verification(room: Room, number: str, now: datetime):
    room.wait(minutes=40)
    room.log(number, done_at=now + 15 * MINUTE)
    assert (standing(room, number).standing.value, standing(room, number).is_rescue) == ("met", True)


def test_logging_one_step_leaves_the_others_alone(room: Room, number: str):
    before = {step: room.deadline(number, step).wake_at for step in STEPS[1:]}
    room.log(number)
    assert {step: room.deadline(number, step).wake_at for step in STEPS[1:]} == before
    assert [room.deadline(number, step).settled_at is None for step in STEPS] == [False, True, True, True, True]


@pytest.mark.parametrize("step", ["", "phone", "PHONE_REPORT", "phone_report ", "\x00", "response", "长" * 5_000])
def test_an_unknown_step_is_refused_with_the_steps_there_are(room: Room, number: str, step: str):
    for call in (room.log, room.withdraw):
        with pytest.raises(NotFound) as refused:
            call(number, step)
        assert refused.value.params["steps"] == list(STEPS)
        assert len(Phrases("zh", ZONE).refusal(refused.value, seen=room.now)) < 250


def test_a_bad_log_changes_nothing(room: Room, number: str, now: datetime):
    with pytest.raises(Refusals):
        room.log(number, done_at=now - 2 * MINUTE)
    assert room.entries(number, "StepLogged") == []
    assert room.deadline(number).settled_at is None
    room.log(number, done_at=now - 2 * MINUTE, reason="中队先行电话报告")
    assert room.entries(number, "StepLogged")[0]["body"]["reason"] == "中队先行电话报告"


# ── twice ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_second_officer_is_told_who_logged_it_and_when(room: Room, number: str):
    room.wait(minutes=13).log(number)
    room.wait(seconds=40)
    with pytest.raises(Conflict) as refused:
        room.log(number, actor=WU)
    assert Phrases("zh", ZONE).refusal(refused.value, seen=room.now) == "周甲已在 14:18 记录过这一步，未重复记录"
    assert len(room.entries(number, "StepLogged")) == 1


def test_a_double_click_is_answered_as_the_first_click_was(room: Room, number: str):
    for _ in range(2):
        room.desk.log_step(number, "phone_report", StepLog(note="已报"), actor=ZHOU, now=room.now, key="k")
        room.wait(seconds=1)
    assert len(room.entries(number, "StepLogged")) == 1
    with pytest.raises(Conflict):
        room.desk.log_step(number, "phone_report", StepLog(note="另一条"), actor=ZHOU, now=room.now, key="k")
    with pytest.raises(Conflict):
        room.desk.log_step(number, "preliminary_report", StepLog(note="已报"), actor=ZHOU, now=room.now, key="k")


def test_two_persons_may_use_the_same_key(room: Room, number: str):
    room.desk.log_step(number, "phone_report", StepLog(), actor=ZHOU, now=room.now, key="k")
    room.desk.log_step(number, "preliminary_report", StepLog(), actor=WU, now=room.now, key="k")
    assert len(room.entries(number, "StepLogged")) == 2


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_a_key_that_cannot_be_kept_is_refused(room: Room, number: str, key: str):
    with pytest.raises(Exception, match="幂等键"):
        room.desk.log_step(number, "phone_report", StepLog(), actor=ZHOU, now=room.now, key=key)


def test_officers_who_log_the_same_step_at_once_make_one_entry(room: Room, number: str):
    actors = [ZHOU, WU] * 4
    answers = at_once([lambda actor=actor: room.log(number, actor=actor) for actor in actors])
    assert [type(answer) for answer in answers if answer is not None] == [Conflict] * 7
    (entry,) = room.entries(number, "StepLogged")
    assert {answer.params["who"] for answer in answers if answer is not None} == {entry["actor"]}


# ── taking a log back ─────────────────────────────────────────────────────────────────────────────────────


def test_a_withdrawn_log_opens_the_step_again_and_stays_in_the_record(room: Room, number: str):
    room.wait(minutes=5).log(number)
    room.wait(minutes=1).withdraw(number, reason="记到别的事件上了")
    (logged,), (withdrawn,) = room.entries(number, "StepLogged"), room.entries(number, "LogWithdrawn")
    assert withdrawn["body"] == {"step": "phone_report", "withdraws": logged["sequence"], "reason": "记到别的事件上了"}
    deadline = room.deadline(number)
    assert (deadline.settled_at, deadline.settled_sequence, deadline.done_at, deadline.reopened_at) == \
        (None, None, None, room.now)
    assert standing(room, number).standing.value == "waiting"


def test_a_step_can_be_logged_again_after_its_log_was_withdrawn(room: Room, number: str):
    for minutes in (1, 2, 3):
        room.wait(minutes=1).log(number, note=f"第{minutes}次")
        room.withdraw(number, reason=None)
    room.log(number, actor=WU)
    assert [entry["body"]["withdraws"] for entry in room.entries(number, "LogWithdrawn")] == [2, 4, 6]
    assert room.views.incident(number, room.now).steps[0].logged_by == "吴乙"


def test_there_is_nothing_to_withdraw_before_a_log_or_after_its_withdrawal(room: Room, number: str):
    with pytest.raises(Conflict):
        room.withdraw(number)
    room.log(number)
    room.withdraw(number)
    with pytest.raises(Conflict):
        room.withdraw(number)


def test_officers_who_withdraw_at_once_make_one_entry(room: Room, number: str):
    room.log(number)
    answers = at_once([lambda: room.withdraw(number)] * 6)
    assert [type(answer) for answer in answers if answer is not None] == [Conflict] * 5
    assert len(room.entries(number, "LogWithdrawn")) == 1


# ── closing ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_incident_with_an_open_step_cannot_be_closed(room: Room, number: str):
    for step in STEPS[:-1]:
        room.log(number, step)
    with pytest.raises(Conflict) as refused:
        room.desk.close(number, "办结", actor=ZHOU, now=room.now)
    assert Phrases("zh", ZONE).refusal(refused.value, seen=room.now) == "还有1步没有记录（新闻发布会），不能结案"
    assert Phrases("en", ZONE).refusal(refused.value, seen=room.now).count("Press conference") == 1
    assert room.incident(number).closed_at is None


def test_a_closed_incident_takes_nothing_more(store, now: datetime):
    room = Room(store, now, small_rule())
    number = room.register()
    room.log(number)
    room.desk.close(number, "办结", actor=ZHOU, now=room.now)
    assert room.incident(number).closed_at == now
    assert room.entries(number, "IncidentClosed")[0]["body"] == {"reason": "办结"}
    for call in (lambda: room.log(number), lambda: room.withdraw(number),
                 lambda: room.desk.close(number, None, actor=ZHOU, now=room.now)):
        with pytest.raises(Conflict, match="已结案"):
            call()
    assert len(room.entries(number)) == 3


def test_what_was_written_down_after_the_closing_can_still_be_put_right(room: Room, number: str):
    for step in STEPS:
        room.log(number, step)
    room.desk.close(number, "办结", actor=ZHOU, now=room.now)
    room.log(number, "final_report", report_to="区府办")
    wrong = room.entries(number)[-1]["sequence"]
    room.desk.correct(number, wrong, Correction(reason="报送单位写错", texts={"report_to": "区政府办公室"}), actor=ZHOU,
                      now=room.now)
    assert room.view(number).obligation("final_report").report_to == "区政府办公室"
    room.withdraw(number, "final_report")
    assert room.view(number).obligation("final_report").is_open
    room.work(hours=73)
    assert any(message.step == "final_report" for message in room.messages(kind="reminder"))
    with pytest.raises(Conflict, match="已结案"):
        room.withdraw(number, "release")
    with pytest.raises(Conflict, match="已结案"):
        room.desk.correct(number, 1, Correction(reason="写错", texts={"place": "北园路"}), actor=ZHOU, now=room.now)
    with room.store.read() as session:
        assert ledger.verify(session, incidents.find(session, number)).broken is None
