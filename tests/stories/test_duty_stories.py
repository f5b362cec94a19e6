"""The right person is always reachable: roster, leave, stand-ins, answers and a number's day, one story each."""

from datetime import timedelta

from incident_clock.protocol.steps import AFTER, BEFORE_DUE, OVERDUE_BY, Repeat
from tests.support.bureau import WU, rung, small_rule
from tests.support.room import Room
from tests.support.story import Story

NAGGING = small_rule(
    rung(1, AFTER, 0, "duty_officer", "duty_chief", repeats=(Repeat(timedelta(minutes=4), 4),)),
    rung(2, OVERDUE_BY, 1, "head", repeats=(Repeat(timedelta(minutes=5)),)))
ALL_OF_THREE = small_rule(
    rung(1, AFTER, 0, "duty_officer"),
    rung(2, AFTER, 5, "duty_leader", "publicity_chief", "office", answers="all", repeats=(Repeat(timedelta(minutes=3), 4),)),
    rung(3, OVERDUE_BY, 1, "head"))


# ── who is on duty ────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_is_on_duty_and_the_leader_hears_of_it_at_once(story: Story):
    """The roster ends at 14:00; the directory still knows an officer and a chief, and neither is woken."""
    for role in ("duty_officer", "duty_chief"):
        story.on_duty(role, who=role, since="08:30", until="14:00")
    story.register().after(seconds=0).expect(to="duty_leader", saying="已登记，接报14:05").expect_nobody_but(
        "duty_leader", "publicity_chief")
    story.expect_record("RungRaised", rung=1, told_rung=3, skipped=[1, 2], unreachable=["duty_officer", "duty_chief"])
    story.after(minutes=10).expect(to="duty_leader", saying="剩10分")  # rung 2 is called at its own instant, too
    story.after(minutes=15).expect(to="duty_leader", saying="剩5分")  # and so is rung 3
    story.after(minutes=18).expect(to="deputy", kind="reminder")


def test_the_shift_that_begins_in_the_middle_of_an_incident_takes_over(story: Story):
    story.on_duty("duty_officer", who="duty_officer", since="08:30", until="14:10")
    story.on_duty_next("duty_officer", who="squad", since="14:10", until="20:30")
    story.register().after(seconds=0).expect_nobody_but("duty_officer", "duty_chief")
    story.after(minutes=10).expect(to="squad", saying="剩10分").expect_nobody_but("squad", "duty_chief")
    story.expect_why("squad", role="duty_officer", why="shift", of=None)
    story.log().after(minutes=11).expect(to="duty_officer", kind="all_clear").expect(to="squad", kind="all_clear")


def test_a_leader_on_leave_is_stood_in_for_by_his_acting_deputy(story: Story):
    story.on_leave("duty_leader", acting="office").register().after(minutes=14)
    story.after(minutes=15).expect(to="office", saying="剩5分").expect_nobody_but("office", "publicity_chief")
    story.expect_record("RungRaised", audience=["褚庚", "陈己"], because=[
        {"role": "duty_leader", "why": "acting", "of": "郑丙"}, {"role": "publicity_chief", "why": "directory", "of": None}])
    story.expect_why("office", role="duty_leader", why="acting", of="zheng")
    story.after(minutes=17).expect(to="duty_chief", saying="A角未应答").expect_nobody_but("duty_chief")  # 褚庚's own B角


def test_a_leader_on_leave_without_a_deputy_is_stood_in_for_by_his_b_role(story: Story):
    story.on_leave("duty_leader").register().after(minutes=14).after(minutes=15)
    story.expect(to="deputy", saying="剩5分").expect_nobody_but("deputy", "publicity_chief")
    story.expect_why("deputy", role="duty_leader", why="stand_in", of="zheng")


def test_a_leader_who_comes_back_in_the_middle_of_an_incident_is_told_himself(story: Story):
    story.on_leave("deputy", acting="office", until="14:24").register().after(minutes=17.5)
    story.after(minutes=18).expect(to="office", saying="剩2分").expect_nobody_but("office")
    story.after(minutes=21).expect(to="deputy", saying="超时").expect(to="office", times=0)


def test_two_officers_swap_in_the_middle_of_an_incident(story: Story):
    story.on_duty("duty_officer", who="duty_officer", since="08:30", until="08:30")
    story.on_duty_next("duty_officer", who="squad", since="08:30", until="08:30")
    story.register().after(minutes=7).expect(to="duty_officer", saying="已登记，接报14:05")
    story.swap("duty_officer", "duty_officer", "squad", at="08:30", until="08:30")
    story.after(minutes=10).expect(to="squad", saying="剩10分").expect_nobody_but("squad", "duty_chief")
    story.expect_why("squad", role="duty_officer", why="cover", of="zhou")
    story.log().after(minutes=11).expect(to="duty_officer", kind="all_clear").expect(to="squad", kind="all_clear")
    story.at("08:40").register("围墙倒塌").at("08:40").expect(to="duty_officer", saying="事件002已登记").expect_nobody_but(
        "duty_officer", "duty_chief")
    story.expect_why("duty_officer", why="cover", of="jiang")


def test_a_cover_that_ends_gives_the_duty_back(story: Story):
    story.on_duty("duty_officer", who="duty_officer", since="08:30", until="08:30")
    story.cover("duty_officer", who="reporter", instead_of="duty_officer", until="14:15").register()
    story.after(seconds=0).expect_nobody_but("reporter", "duty_chief")
    story.after(minutes=10).expect_nobody_but("duty_officer", "duty_chief")


# ── who can be reached ────────────────────────────────────────────────────────────────────────────────────


def test_all_of_rung_2_cannot_be_reached_and_rung_3_hears_in_the_same_tick(story: Story):
    story.register().after(minutes=1).expect_nobody_but("duty_officer", "duty_chief")
    story.nobody_reaches("duty_officer", "duty_chief")
    story.after(minutes=9.99).expect_silence()
    story.after(minutes=10).expect(to="duty_leader", saying="剩10分").expect_nobody_but("duty_leader", "publicity_chief")
    story.expect_record("RungRaised", rung=2, told_rung=3, skipped=[2], unreachable=["duty_officer", "duty_chief"])
    story.after(minutes=14.99).expect_silence().after(minutes=15).expect(to="duty_leader", saying="剩5分")


def test_when_the_top_of_the_ladder_cannot_be_reached_those_below_are_told_again(story: Story):
    story.register().after(minutes=20.5).nobody_reaches("head", "deputy")
    story.after(minutes=21).expect(to="duty_leader", saying="超时").expect_nobody_but("duty_leader", "publicity_chief")
    story.expect_record("RungRaised", rung=5, told_rung=3, skipped=[5, 4], unreachable=["deputy", "head"])


def test_nobody_at_all_can_be_reached_and_the_record_says_so(story: Story):
    story.nobody_reaches("duty_officer", "duty_chief", "duty_leader", "publicity_chief", "deputy", "head")
    story.register().after(minutes=12).expect_silence()
    story.expect_record("RungRaised", rung=2, told_rung=2, skipped=[], audience=[], unreachable=["duty_officer", "duty_chief"])


def test_one_persons_broken_number_touches_nobody_elses_message(story: Story):
    story.room.channels["sms"].fate = lambda letter: "permanent" if letter.to.endswith("01") else "arrives"
    story.register().after(minutes=10).expect(to="duty_chief", times=2).expect_nobody_but("duty_chief")


def test_two_people_with_one_phone_are_both_told_and_answer_together(story: Story):
    story.one_phone("duty_chief", of="duty_officer").register().after(seconds=0)
    story.expect(to="duty_officer", saying="事件001", times=2)  # two messages on the one number
    story.expect_unanswered("duty_officer", "duty_chief")
    story.reply("duty_officer", "1001").expect_answered("duty_officer", "duty_chief").expect_unanswered()


# ── who has answered ──────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_runs_out_and_the_nagging_resumes(store, now):
    story = Story(Room(store, now, NAGGING, channels=("sms",)))
    story.register().after(seconds=0).acknowledge("duty_officer")
    story.expect_answered("duty_officer").expect_unanswered("duty_chief")
    story.after(minutes=4).expect(to="duty_chief", saying="剩16分").expect_nobody_but("duty_chief")
    story.expect_record("RungRaised", repeat=1, audience=["吴乙"], paused=["周甲"])
    story.after(minutes=4.99).expect_answered("duty_officer")
    story.after(minutes=5).expect_answered().expect_unanswered("duty_officer", "duty_chief")  # a quarter of 20 minutes
    story.after(minutes=8).expect(to="duty_officer", saying="剩12分").expect(to="duty_chief", saying="剩12分")


def test_an_answer_stops_neither_the_step_nor_later_rungs_nor_other_people(story: Story):
    story.register().after(minutes=10).acknowledge("duty_officer").acknowledge("duty_chief")
    story.after(minutes=15).expect(to="duty_leader").acknowledge("duty_leader")
    story.after(minutes=18).expect(to="deputy").after(minutes=21).expect(to="head", saying="超时").expect_standing("overdue")
    story.acknowledge("head").after(minutes=26).expect(to="head", saying="已超6分")  # past the deadline nothing is paused


def test_an_officer_rings_a_leader_and_writes_down_that_he_knows(story: Story):
    story.register().after(minutes=16).acknowledge("duty_leader", how="phone", by=WU)
    story.expect_record("Acknowledged", person="郑丙", how="phone").expect_answered("duty_leader")
    story.after(minutes=17.5).expect_silence()  # no stand-in is needed


def test_of_a_rung_that_asks_all_three_two_answer_and_the_third_is_still_called(store, now):
    story = Story(Room(store, now, ALL_OF_THREE, channels=("sms",)))
    story.register().after(minutes=4).after(minutes=5).expect_nobody_but("duty_leader", "publicity_chief", "office")
    story.expect_lacking({1: 1, 2: 3})
    story.after(minutes=6).acknowledge("duty_leader").acknowledge("office").expect_lacking({1: 1, 2: 1})
    story.expect_answered("duty_leader", "office").expect_unanswered("duty_officer", "publicity_chief")
    story.after(minutes=8).expect(to="publicity_chief", saying="剩12分").expect_nobody_but("publicity_chief")
    story.acknowledge("publicity_chief").expect_lacking({1: 1}).expect_unanswered("duty_officer")


def test_a_rung_that_asks_for_any_answer_lacks_none_after_the_first(store, now):
    rule = small_rule(rung(1, BEFORE_DUE, 5, "duty_leader", "deputy", "head", answers="any"), rung(2, OVERDUE_BY, 1, "office"))
    story = Story(Room(store, now, rule, channels=("sms",)))
    story.register().after(minutes=15).expect_lacking({1: 1}).acknowledge("deputy").expect_lacking({})
    story.expect_unanswered("duty_leader", "head")  # they have not answered, and need not
    story.after(minutes=19).expect_silence()


def test_a_reply_code_counts_only_from_a_number_with_a_message_outstanding(story: Story):
    story.register().after(seconds=0)
    story.reply("head", "1001").expect_refusal("本号码没有事件001待办的提醒")
    story.reply("duty_officer", "1002").expect_refusal("本号码没有事件002待办的提醒")
    story.reply("duty_officer", "谢谢").expect_refusal("已记入时间轴。确认请回复1001")
    story.expect_unanswered("duty_officer", "duty_chief")
    story.reply("duty_officer", "１００１。").expect_answered("duty_officer")
    story.expect_record("Acknowledged", person="周甲", how="reply")
    story.reply("duty_officer", "1001").expect_refusal("您已确认过事件001")
    story.reply("duty_chief", "收到").expect_answered("duty_officer", "duty_chief")
    story.log().after(minutes=1).reply("duty_chief", "1001").expect_refusal("该事项已由周甲于14:05记录")


def test_a_bare_answer_is_asked_which_incident_it_means(story: Story):
    story.register("广告牌坠落").register("围墙倒塌").after(seconds=0)
    story.reply("duty_officer", "1").expect_refusal("有几起事件，请回复1加事件号，如1002").reply("duty_officer", "1002")
    story.expect_answered("duty_officer").about("2026-0001").expect_answered()
    story.reply("duty_officer", "1").expect_answered("duty_officer")


def test_a_message_can_be_sent_again_after_five_minutes(story: Story):
    story.register().after(minutes=4.99).resend("duty_chief", rung=1).expect_refusal("至少隔5分钟才能重发")
    story.after(minutes=5).resend("duty_chief", rung=1).after(minutes=5.1).expect(to="duty_chief", saying="14:25截止")
    story.expect_nobody_but("duty_chief").expect_record("Resent", person="吴乙", channels=["sms"], rung=1)
    first, again = (told for told in story.room.told if told.to.endswith("02"))
    assert first.reference == again.reference
    story.resend("duty_chief", rung=1).expect_refusal("至少隔5分钟才能重发")
    story.log().after(minutes=12).resend("duty_chief", rung=1).expect_refusal("已经记录")


# ── leaders who do not answer ─────────────────────────────────────────────────────────────────────────────


def test_a_silent_leader_is_passed_on_to_his_stand_in(story: Story):
    story.register().after(minutes=16.98).expect(to="duty_leader")
    story.after(minutes=17).expect(to="deputy", saying="A角未应答，现转B角", kind="stand_in").expect_nobody_but("deputy")
    story.expect_record("StandInCalled", in_place_of="郑丙", person="王丁", reason="called")
    story.expect_unanswered("duty_officer", "duty_chief", "duty_leader", "publicity_chief", "deputy")


def test_a_leader_who_answers_in_time_is_not_passed_on(story: Story):
    story.register().after(minutes=16).acknowledge("duty_leader").after(minutes=17.9).expect_silence()


def test_an_engine_that_was_down_calls_the_stand_in_when_it_is_back(story: Story):
    story.register().after(minutes=15).engine_down().after(minutes=17.5).engine_up()
    story.expect(to="deputy", saying="剩3分，请接手").expect_nobody_but("deputy")


# ── a number's day ────────────────────────────────────────────────────────────────────────────────────────


def test_a_number_whose_day_is_used_up_is_spared_and_mail_carries_it(store, now):
    story = Story(Room(store, now)).budget(2)
    story.register().after(minutes=10).expect(to="duty_officer", saying="事件001", times=4)
    story.register("围墙倒塌").after(seconds=0).expect(to="duty_officer", saying="事件002", times=2)  # a first notice
    story.after(minutes=9.9).after(minutes=10).expect(to="duty_officer", saying="事件002", kind="reminder")
    assert {told.channel for told in story.room.told[-2:]} == {"email"}
    story.expect_record("RungRaised", audience=["周甲", "吴乙"], capped=["周甲", "吴乙"])
    story.after(minutes=15).expect(to="duty_leader", saying="事件002电话上报", times=2)  # his number has its own day


# ── the end ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_log_at_last_stops_everything_and_everybody_hears_of_it(story: Story):
    """Answers, stand-ins, swaps and all: whoever was chased is told, and nobody is chased any more."""
    story.on_leave("head", acting="office").register().after(minutes=12).acknowledge("duty_officer").acknowledge("duty_chief")
    story.after(minutes=17).expect(to="deputy", kind="stand_in").after(minutes=18).expect(to="deputy", kind="reminder")
    story.after(minutes=19).log(done="14:23", report_to="区总值班室").expect_standing("met")
    story.after(minutes=19.5).expect(to="deputy", saying="电话上报已登记（14:23办结）", kind="all_clear")
    story.expect_nobody_but("duty_officer", "duty_chief", "duty_leader", "publicity_chief", "deputy")
    story.after(minutes=29.9).expect_silence()  # neither the deputy's B角 at 14:25 nor the head's deputy at 14:26
    assert [one.step for one in story.room.views.step_calls(story.number, story.room.now)] == []
    story.after(minutes=30).expect(to="duty_officer", step="preliminary_report")


def test_a_log_taken_back_starts_the_waiting_anew_and_calls_nobody_for_what_is_past(story: Story):
    story.register().after(minutes=16).log().after(minutes=16.5).withdraw(by=WU)
    story.after(minutes=17.9).expect(to="duty_leader", kind="reopened").expect(to="deputy", times=0)
    story.after(minutes=18).expect(to="deputy", kind="reminder")
    story.after(minutes=20).expect(to="head", kind="stand_in").expect_nobody_but("head")
