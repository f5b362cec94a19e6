"""The requirement in prose: issue and domain, one story each."""

from datetime import datetime

from incident_clock.people.tables import Person
from tests.support.bureau import WANG, WU, ZONE
from tests.support.drilling import drilling, own_addresses
from tests.support.room import Room
from tests.support.story import Story
from tests.support.telling import TEMPORARY, UNKNOWN

STEPS = ("phone_report", "preliminary_report", "detailed_report", "release", "press_conference")


def test_an_unlogged_phone_report_is_chased_rung_by_rung_up_to_the_head(story: Story):
    story.register().after(seconds=0).expect(to="duty_officer", saying="已登记，接报14:05").expect_nobody_but(
        "duty_officer", "duty_chief")
    story.after(minutes=10).expect(to="duty_chief", saying="剩10分").expect_nobody_but("duty_officer", "duty_chief")
    story.after(minutes=15).expect(to="duty_leader", saying="剩5分").expect_nobody_but("duty_leader", "publicity_chief")
    story.after(minutes=16.98).expect_silence()
    story.after(minutes=17).expect(to="deputy", saying="A角未应答，现转B角").expect_nobody_but("deputy")  # of the duty leader
    story.after(minutes=18).expect(to="deputy", saying="剩2分").expect_nobody_but("deputy")
    story.after(minutes=19.98).expect_silence()
    story.after(minutes=20).expect(to="head", saying="已到时限，请接手").expect_nobody_but("head")  # of the deputy
    story.after(minutes=20.98).expect_silence().expect_standing("nearing")
    story.after(minutes=21).expect(to="deputy", saying="超时").expect(to="head", saying="14:25").expect_standing("overdue")
    story.after(minutes=25.9).expect_silence()
    story.after(minutes=26).expect(to="head", saying="已超6分")
    story.expect_record("DeadlinePassed", step="phone_report")


def test_s02_a_billboard_falls_and_every_step_is_in_time(story: Story):
    story.register(received="14:05", occurred="13:50")
    story.at("14:21").log(done="14:20", report_to="区总值班室").expect_standing("met")
    story.at("14:22").expect(to="duty_officer", saying="电话上报已登记（14:20办结）").expect(to="duty_leader", saying="不再催办")
    story.at("14:30").expect_silence()  # neither 分管领导 at 14:23 nor 局长 at 14:26
    story.at("14:58").log("preliminary_report").at("15:52").log("detailed_report")
    story.at("16:40").expect(to="duty_chief", saying="续报一剩30分").log("progress_report-1")
    story.at("17:26").log("release")
    story.close().expect_refusal("还有1步没有记录（新闻发布会）")
    story.at("17:30").expect_nobody_but("publicity_chief", "deputy")  # the all-clear of those who were chased
    story.at("19:06").expect_silence()  # the release would have been due at 19:05
    story.at("20:05").expect(to="publicity_chief", saying="新闻发布会剩18小时").expect_nobody_but("publicity_chief")
    story.at("07:50").log("progress_report-2")
    story.at("10:00").log("press_conference").at("10:01").expect(to="deputy", saying="新闻发布会已登记").close()
    for step in STEPS:
        story.expect_standing("met", step, late=0)
    story.at("10:02").expect_silence().expect_record("IncidentClosed")


def test_s01_a_report_six_minutes_late_stops_its_ladder_the_moment_it_is_logged(story: Story):
    story.register("老槐巷夜市摊贩与执法队员争执短视频", received="14:05").log()
    for minutes, role, kind in ((30, "publicity_chief", "reminder"), (45, "duty_leader", "reminder"),
                                (47, "head", "stand_in"), (55, "head", "reminder"), (61, "head", "reminder")):
        story.after(minutes=minutes).expect(to=role, step="preliminary_report", kind=kind)
    story.after(minutes=66).log("preliminary_report").expect_standing("met_late", "preliminary_report", late=6)
    story.after(minutes=74.9).expect(to="head", saying="初步报告已登记（15:11办结）").expect(to="duty_officer", kind="all_clear")
    story.expect_record("StepLogged", late_minutes=6, is_late_entry=False)


def test_s03_registered_75_minutes_late_three_steps_speak_at_once_for_all_their_rungs(store):
    story = Story(Room(store, datetime(2026, 5, 7, 11, 40, tzinfo=ZONE), channels=("sms",)))
    story.register("北园路拆违现场围墙倒塌", received="10:25", occurred="09:40").at("11:40")
    story.expect(to="head", saying="超时！事件001电话上报").expect(to="head", saying="超时！事件001初步报告")
    story.expect(to="duty_officer", step="phone_report").expect(to="duty_officer", step="preliminary_report")
    story.expect(to="duty_leader", times=2).expect(to="deputy", times=2)
    story.expect(to="duty_chief", step="detailed_report").expect(to="publicity_chief", times=3)
    story.expect_record("DeadlinePassed", step="preliminary_report")
    story.at("11:40").expect_silence()
    story.expect_standing("overdue", late=55).expect_standing("waiting", "detailed_report")


def test_a_restart_at_17_minutes_sends_one_recovered_rung_and_not_three(story: Story):
    story.register().after(minutes=1).engine_down().after(minutes=17)
    story.engine_up().expect(to="duty_leader", saying="剩3分").expect(to="duty_chief").expect(to="duty_officer")
    story.expect_nobody_but("duty_officer", "duty_chief", "duty_leader", "publicity_chief")
    story.expect_record("RungRaised", rung=3, reason="recovered", passed_over=[{"rung": 2, "first": 0, "last": 0}])
    story.after(minutes=18).expect_nobody_but("deputy")


def test_an_engine_killed_while_sending_leads_to_one_marked_copy_each(story: Story):
    story.register().after(minutes=9.9).engine_down().after(minutes=10).engine_dies_while_sending()
    story.engine_up().expect(to="duty_officer", saying="（可能重复）", is_copy=True).expect(to="duty_chief", is_copy=True)
    story.after(minutes=14.9).expect_silence()


def test_an_engine_killed_while_sending_sends_nothing_of_a_step_logged_meanwhile(story: Story):
    story.register().after(minutes=9.9).engine_down().after(minutes=10).engine_dies_while_sending()
    story.log().engine_up().expect(to="duty_officer", kind="all_clear").expect(to="duty_chief", kind="all_clear")
    story.expect_nobody_but("duty_officer", "duty_chief")


def test_two_officers_log_the_same_call_within_a_minute(story: Story):
    story.register().at("14:18").log().log(by=WU).expect_refusal("周甲已在 14:18 记录过这一步")
    story.at("14:19").expect(to="duty_officer", kind="all_clear").expect_standing("met")
    assert len(story.room.entries(story.number, "StepLogged")) == 1


def test_a_log_on_the_wrong_incident_is_noticed_and_taken_back(story: Story):
    """The all-clear is how a false log is found; its withdrawal sets everything going again."""
    story.register().after(minutes=16).log(by=WANG).after(minutes=17).expect(to="duty_leader", saying="已登记")
    story.withdraw(by=WU, reason="记到别的事件上了").after(minutes=17.5)
    story.expect(to="duty_leader", saying="记录已撤回，恢复计时").expect(to="duty_officer", kind="reopened")
    story.after(minutes=18).expect(to="deputy", saying="剩2分").after(minutes=21).expect(to="head", saying="超时")
    story.log().expect_standing("met_late", late=1)


def test_a_call_made_in_time_and_written_down_an_hour_later_waits_for_a_second_pair_of_eyes(story: Story):
    story.register().after(minutes=70).expect_standing("overdue").log(done="14:20", reason="忙于现场处置")
    story.expect_standing("met", late=0).expect_record("StepLogged", is_late_entry=True, late_minutes=0)
    shown = story.room.views.incident(story.number, story.room.now).steps[0]
    assert shown.verdict.is_rescue
    assert len(story.room.entries(story.number, "DeadlinePassed")) == 2  # it had passed, whatever is entered later


def test_a_call_made_before_the_clock_started_needs_a_reason(story: Story):
    story.register().after(minutes=5).log(done="14:03").expect_refusal("请写明原因").log(done="14:03", reason="中队先行上报")
    story.expect_standing("met")


def test_a_drill_says_so_in_every_message_and_counts_apart(story: Story):
    drilling(story.room, own_addresses(story.room))
    story.register("古城灯会演练", is_drill=True).after(minutes=21)
    assert story.number == "Y2026-0001"
    story.expect(to="head", saying="（演练）超时！事件Y01")
    assert all(told.text.endswith("（演练）") for told in story.room.told)
    story.register()
    assert story.number == "2026-0001"


def test_two_open_incidents_never_share_a_message(story: Story):
    story.register("广告牌坠落").register("围墙倒塌").after(minutes=10)
    story.expect(to="duty_officer", saying="事件001", kind="reminder", times=2)
    story.expect(to="duty_officer", saying="回复1002", times=2)
    story.about("2026-0001").log().after(minutes=15).expect(to="duty_leader", saying="事件002")
    story.expect(to="duty_officer", saying="事件001", kind="all_clear")


def test_while_the_mail_server_is_down_the_sms_goes_and_the_mail_follows_with_the_present_truth(store, now):
    story = Story(Room(store, now))
    story.channel("email", fails=TEMPORARY).register().after(minutes=3).expect(to="duty_officer", saying="已登记，接报14:05")
    story.channel("email", fails=None).after(minutes=5).expect(to="duty_officer", saying="已登记").expect_nobody_but(
        "duty_officer", "duty_chief")
    assert {told.channel for told in story.room.told[-2:]} == {"email"}
    story.after(minutes=9.9).expect_silence()


def test_a_mail_that_waited_until_its_step_was_logged_is_never_sent(store, now):
    story = Story(Room(store, now))
    story.channel("email", fails=TEMPORARY).register().after(minutes=3).log().channel("email", fails=None)
    story.after(minutes=9).expect(to="duty_officer", kind="all_clear").expect_nobody_but("duty_officer", "duty_chief")
    assert {told.channel for told in story.room.told} == {"sms"}


def test_an_answer_lost_after_sending_leads_to_a_copy_that_says_so(story: Story):
    story.channel("sms", fails=UNKNOWN).register().after(seconds=0).expect(to="duty_officer").channel("sms", fails=None)
    story.after(seconds=29).expect_silence()
    story.after(seconds=30).expect(to="duty_officer", saying="（可能重复）", is_copy=True)
    first, copy = (told for told in story.room.told if told.to.endswith("01"))
    assert first.reference == copy.reference
    story.after(minutes=9).expect_silence()


def test_on_new_years_eve_the_number_is_of_the_old_year_and_the_deadline_of_the_new(store):
    story = Story(Room(store, datetime(2026, 12, 31, 23, 57, tzinfo=ZONE), channels=("sms",)))
    story.register().after(seconds=0).expect(to="duty_officer", saying="2027-01-01 00:17")
    assert story.number == "2026-0001"
    story.at("00:17").expect(to="deputy", saying="00:17截止", kind="reminder").expect(to="head", saying="已到时限").at("00:18").expect(to="head", saying="超时")
    story.register()
    assert story.number == "2027-0001"


def test_who_holds_an_office_when_a_rung_is_raised_is_told(story: Story):
    story.register().after(minutes=20)
    with story.room.store.write() as session:
        session.get(Person, "feng").is_active = False
        session.get(Person, "han").roles = ["spokesman", "head"]
    story.after(minutes=21).expect(to="spokesman", saying="超时").expect_nobody_but("deputy", "spokesman")


def test_the_step_that_is_logged_falls_silent_and_nothing_else_does(story: Story):
    story.register().after(minutes=30).log("preliminary_report").after(minutes=72)
    story.expect(to="head", step="preliminary_report", times=0).expect(to="head", step="phone_report", times=5)
    story.after(minutes=121).expect(to="head", saying="超时！事件001详细报告").expect_standing("met", "preliminary_report")
