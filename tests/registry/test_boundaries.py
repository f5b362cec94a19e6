"""The rules of late entry, clock start and re-grading, each a minute (or an instant) before, at and after its boundary."""

from datetime import datetime, timedelta

import pytest

from incident_clock.errors import Conflict, Forbidden, Refusals
from incident_clock.registry.corrections import Correction
from incident_clock.registry.drafts import NewIncident, StepLog
from incident_clock.registry.grading import Regrading, hints, is_lighter
from incident_clock.store.session import Store
from tests.support import bureau
from tests.support.room import Room

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
DEPUTY, HEAD, OFFICER, CHIEF = bureau.WANG, bureau.actor("feng"), bureau.ZHOU, bureau.WU
WHY = {"reason": "断网，事后补记", "evidence": "纸质值班记录"}


def standing(room: Room, number: str, step: str = "phone_report"):
    return room.view(number).obligation(step).verdict


# ── late entry (补录) ─────────────────────────────────────────────────────────────────────────────────────

@pytest.mark.parametrize(("delay", "is_late_entry", "needs"), [
    (timedelta(0), False, set()), (5 * MINUTE - SECOND, False, set()), (5 * MINUTE, False, set()),
    (5 * MINUTE + SECOND, True, set()), (15 * MINUTE - SECOND, True, set()), (15 * MINUTE, True, set()),
    (15 * MINUTE + SECOND, True, {"reason", "evidence"}), (60 * MINUTE, True, {"reason", "evidence"}),
])
def test_an_entry_after_5_min_is_marked_and_after_15_min_explained(room: Room, delay, is_late_entry, needs):
    number = room.register(received_at=room.now)
    room.wait(minutes=120)
    log = StepLog(done_at=room.now - delay)
    if needs:
        with pytest.raises(Refusals) as refused:
            room.desk.log_step(number, "detailed_report", log, actor=OFFICER, now=room.now)
        assert {refusal.field for refusal in refused.value.refusals} == needs
        log = StepLog(done_at=log.done_at, **WHY)
    room.desk.log_step(number, "detailed_report", log, actor=OFFICER, now=room.now)
    assert standing(room, number, "detailed_report").is_late_entry is is_late_entry


@pytest.mark.parametrize("given", [{"reason": WHY["reason"]}, {"evidence": WHY["evidence"]}])
def test_reason_and_evidence_are_both_needed(room: Room, given):
    number = room.register()
    room.wait(minutes=16)
    with pytest.raises(Refusals):
        room.desk.log_step(number, "phone_report", StepLog(done_at=room.now - 16 * MINUTE, **given), actor=OFFICER,
                           now=room.now)


def test_the_evidence_field_by_field_is_evidence_too(room: Room):
    number = room.register()
    room.wait(minutes=16)
    room.desk.log_step(number, "phone_report", StepLog(
        done_at=room.now - 16 * MINUTE, reason="断网", record={"outcome": "reached", "answered_by": "区总值班室刘丙"}),
        actor=OFFICER, now=room.now)
    assert standing(room, number).standing.value == "met"


@pytest.mark.parametrize(("entered_after", "is_pending"), [
    (20 * MINUTE, False), (20 * MINUTE + 59 * SECOND, False),  # 14:25 is in time, to its last second
    (21 * MINUTE, True), (60 * MINUTE, True),
])
def test_a_late_entry_waits_for_a_second_person_once_it_rescues_the_deadline(room: Room, entered_after, is_pending):
    number = room.register(received_at=room.now)
    done_at = room.now + 10 * MINUTE
    room.wait(seconds=entered_after.total_seconds())
    room.log(number, done_at=done_at)
    assert (standing(room, number).is_rescue, len(room.view(number).pending)) == (is_pending, int(is_pending))


@pytest.mark.parametrize(("who", "is_allowed"), [
    (OFFICER, False),  # his own
    (bureau.Actor("另一位", "duty_officer", "other"), False),  # the same post
    (CHIEF, True), (DEPUTY, True), (HEAD, True),
])
def test_the_second_person_is_another_one_in_another_role(room: Room, who, is_allowed):
    number = rescued(room)
    entry = room.view(number).pending[0].sequence
    if not is_allowed:
        with pytest.raises(Forbidden):
            room.desk.confirm(number, entry, None, actor=who, now=room.now)
        return
    room.desk.confirm(number, entry, None, actor=who, now=room.now)
    verdict = standing(room, number)
    assert (verdict.standing.value, verdict.is_rescue, verdict.is_verified) == ("met", False, True)


def test_who_is_not_borne_out_is_late_by_when_it_was_entered(room: Room):
    number = rescued(room)
    room.desk.reject(number, room.view(number).pending[0].sequence, "通话记录查无此次通话", actor=DEPUTY, now=room.now)
    verdict = standing(room, number)
    assert (verdict.standing.value, verdict.late_minutes, verdict.is_doubted) == ("met_late", 20, True)


def rescued(room: Room) -> str:
    number = room.register(received_at=room.now)
    done_at = room.now + 10 * MINUTE
    room.wait(minutes=40)
    room.log(number, done_at=done_at)
    return number


@pytest.mark.parametrize(("who", "is_allowed"), [(OFFICER, False), (CHIEF, True), (DEPUTY, True)])
@pytest.mark.parametrize("what", ["a later T0", "a voiding", "a transfer accepted in time and entered late"])
def test_whatever_helps_waits_for_another_role(room: Room, what, who, is_allowed):
    number = room.register(received_at=room.now)
    if what == "a later T0":
        room.wait(minutes=5)
        room.desk.correct(number, 1, Correction(reason="看错", times={"received_at": room.now}), actor=OFFICER, now=room.now)
    elif what == "a voiding":
        room.desk.void(number, "误登", actor=OFFICER, now=room.now)
    else:
        room.transfer(number, "release")
        accepted = room.now
        room.wait(hours=6)
        room.desk.accept_transfer(number, "release", "区新闻办", accepted_at=accepted, evidence="复函", actor=OFFICER,
                                  now=room.now)
    (waiting,) = room.view(number).pending
    if not is_allowed:
        with pytest.raises(Forbidden, match="另一人"):
            room.desk.confirm(number, waiting.sequence, None, actor=who, now=room.now)
        return
    room.desk.confirm(number, waiting.sequence, None, actor=who, now=room.now)
    assert room.view(number).pending == ()


@pytest.mark.parametrize(("injured", "reason", "is_taken"), [
    (19, None, True), (18, None, False), (18, "两人重复登记", True), (20, None, True)])
def test_a_figure_below_the_report_before_needs_its_reason(room: Room, injured, reason, is_taken):
    number = room.register(received_at=room.now)
    room.log(number, "preliminary_report", record={"injured": 19})
    if not is_taken:
        with pytest.raises(Refusals, match="请写明原因"):
            room.log(number, "detailed_report", record={"injured": injured}, reason=reason)
        return
    room.log(number, "detailed_report", record={"injured": injured}, reason=reason)
    assert room.view(number).obligation("detailed_report").body["record"]["injured"] == injured


@pytest.mark.parametrize(("plays", "platforms", "is_hinted"), [
    (99_999, 1, False), (100_000, 1, True), (0, 2, True), (None, None, False)])
def test_a_spread_of_a_hundred_thousand_or_two_platforms_is_hinted_at_and_nothing_is_decided(plays, platforms, is_hinted):
    said = hints(opinion_grade=None, is_sensitive=False, plays=plays, platforms=platforms)
    assert any("可考虑定为较大" in one for one in said) == is_hinted
    assert hints(opinion_grade="一般", is_sensitive=False, plays=plays, platforms=platforms) == []


# ── the clock's start ─────────────────────────────────────────────────────────────────────────────────────

@pytest.mark.parametrize(("ahead", "is_taken"), [
    (2 * MINUTE - SECOND, True), (2 * MINUTE, True), (2 * MINUTE + SECOND, False)])
def test_learned_of_later_than_two_minutes_from_now_is_refused(room: Room, ahead, is_taken):
    new = NewIncident(title="青禾路户外广告牌坠落伤人", received_at=room.now + ahead)
    if is_taken:
        room.desk.register(new, actor=OFFICER, now=room.now)
    else:
        with pytest.raises(Refusals):
            room.desk.register(new, actor=OFFICER, now=room.now)


@pytest.mark.parametrize(("shift", "is_pending"), [
    (-MINUTE, False), (-SECOND, False), (timedelta(0) + SECOND, False), (MINUTE, True), (10 * MINUTE, True)])
def test_an_earlier_t0_holds_at_once_and_a_later_minute_only_with_a_second_person(room: Room, shift, is_pending):
    received = room.now.replace(second=30) - 30 * MINUTE
    number = room.register(received_at=received)
    due = room.deadline(number).due_at
    room.desk.correct(number, 1, Correction(reason="值班电话记录", times={"received_at": received + shift}),
                      actor=OFFICER, now=room.now)
    assert bool(room.view(number).pending) is is_pending
    assert room.deadline(number).due_at == (due if is_pending else due + shift)
    if is_pending:
        room.desk.confirm(number, room.view(number).pending[0].sequence, None, actor=DEPUTY, now=room.now)
        assert room.deadline(number).due_at == due + shift


def test_every_step_moves_with_t0_and_the_registration_stays_where_it_was(room: Room):
    number = room.register(received_at=room.now)
    before = {s.key: s.due_at for s in room.view(number).steps}
    room.desk.correct(number, 1, Correction(reason="中队9时42分已知情", times={"received_at": room.now - 43 * MINUTE}),
                      actor=OFFICER, now=room.now)
    view = room.view(number)
    assert {s.key: s.due_at for s in view.steps} == {key: due - 43 * MINUTE for key, due in before.items()}
    assert view.registered_at == room.now
    room.work(seconds=1)
    assert standing(room, number).standing.value == "overdue"


# ── re-grading ────────────────────────────────────────────────────────────────────────────────────────────

@pytest.mark.parametrize(("after", "due_after"), [
    (5 * 60 * MINUTE - SECOND, 5 * 60 * MINUTE), (5 * 60 * MINUTE, 5 * 60 * MINUTE + 30 * MINUTE),
    (6 * 60 * MINUTE, 6 * 60 * MINUTE + 30 * MINUTE)])
def test_an_upgrade_asks_again_for_what_was_waived_and_gives_30_min_where_the_time_is_over(room: Room, after, due_after):
    number = room.register(received_at=room.now, opinion_grade="较大")
    started = room.now
    room.waive(number, "release")
    room.wait(seconds=after.total_seconds())
    room.desk.regrade(number, Regrading(values={"opinion_grade": "重大"}, basis="登上全国热搜"), protocol=None,
                      actor=OFFICER, now=room.now)
    release = room.view(number).obligation("release")
    assert (release.is_open, release.due_at) == (True, started + due_after)
    assert release.first_due_at == (None if due_after == 5 * 60 * MINUTE else started + 5 * 60 * MINUTE)
    assert room.view(number).clock_started_at == started


@pytest.mark.parametrize(("to", "waits"), [("一般", True), ("较大", None), ("重大", False), (None, False)])
def test_only_a_lower_grade_waits_for_approval(room: Room, to, waits):
    number = room.register(opinion_grade="较大")
    asked = Regrading(values={"opinion_grade": to}, basis="研判意见")
    if waits is None:
        with pytest.raises(Exception, match="没有可改的"):
            room.desk.regrade(number, asked, protocol=None, actor=OFFICER, now=room.now)
        return
    room.desk.regrade(number, asked, protocol=None, actor=OFFICER, now=room.now)
    view = room.view(number)
    assert (view.opinion_grade, len(view.pending)) == (("较大", 1) if waits else (to, 0))


@pytest.mark.parametrize(("before", "after", "is_down"), [
    ("general-48h", "district-emergency", False), ("general-48h", "cn-2016-80", False),
    ("district-emergency", "general-48h", True), ("district-emergency", "cn-2016-80", True),
    ("district-emergency", "county-20-40", True),  # quicker reports, but no release any more
    ("county-20-40", "henan-15-35", False), ("henan-15-35", "county-20-40", True),
    ("cn-2016-80", "district-emergency", False), ("network-security-4h", "network-security-1h", False),
    ("network-security-1h", "network-security-4h", True),
])
def test_a_rule_is_lighter_when_anything_it_asked_for_is_lost_or_has_longer(before, after, is_down):
    assert is_lighter(bureau.rule(after), than=bureau.rule(before)) is is_down


def test_a_registration_under_a_lighter_rule_cannot_swallow_one_under_a_stricter(room: Room):
    strict, light = room.register(), room.register("网传旧视频", protocol="general-48h")
    with pytest.raises(Conflict, match="规则更严"):
        room.desk.merge(light, strict, "同一事件", actor=OFFICER, now=room.now)
    room.desk.merge(strict, light, "同一事件", actor=OFFICER, now=room.now)
    assert (room.view(light).ended_as, room.view(strict).ended_as) == ("merged", None)


@pytest.mark.parametrize(("who", "is_allowed"), [(bureau.actor("zheng"), False), (CHIEF, False), (DEPUTY, True),
                                                 (HEAD, True)])
def test_a_downgrade_runs_its_clocks_until_a_deputy_or_the_head_approves(room: Room, who, is_allowed):
    number = room.register(opinion_grade="重大")
    room.desk.regrade(number, Regrading(values={"opinion_grade": "一般"}, basis="热度回落"), protocol="general-48h",
                      actor=OFFICER, now=room.now)
    assert all(step.is_open for step in room.view(number).steps)
    entry = room.view(number).pending[0].sequence
    if not is_allowed:
        with pytest.raises(Forbidden):
            room.desk.confirm(number, entry, None, actor=who, now=room.now)
        return
    room.desk.confirm(number, entry, None, actor=who, now=room.now)
    steps = {step.key: step.verdict.standing.value for step in room.view(number).steps}
    assert steps.pop("response") == "waiting"
    assert set(steps.values()) == {"not_applicable"}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_what_is_sensitive_runs_the_full_clock_whatever_was_chosen(room: Room, store: Store, now: datetime):
    number = room.register(protocol="general-48h", is_sensitive=True)
    assert room.view(number).protocol_key == "district-emergency"
