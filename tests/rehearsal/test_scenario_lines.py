"""The `test:` line of each scenario, each a test of its own, on the stage of a rehearsal."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest

from incident_clock.errors import Refusals
from incident_clock.people.cards import MOBILE, Contact
from incident_clock.people.drill_book import DrillBook
from incident_clock.protocol.standing import Standing
from incident_clock.registry.corrections import Correction
from incident_clock.registry.decisions import Approval
from incident_clock.registry.drafts import NewIncident, StepLog
from incident_clock.rehearsal.cast import OFFICER
from incident_clock.rehearsal.stage import Stage, open_stage
from incident_clock.store.session import Store
from incident_clock.views.shapes import EntryView, IncidentView, StepView
from incident_clock.web.telling import Telling
from tests.rehearsal.shipped import SHANGHAI
from tests.rehearsal.test_ladders import calls
from tests.support.drilling import drilling
from tests.support.room import Room

DRILL_PHONE = "+8613900000001"
PHONE, INITIAL, DETAILED, RELEASE, PRESS = (
    "phone_report", "preliminary_report", "detailed_report", "release", "press_conference")


class Scene:
    """A scenario registered on a stage; the officer does what the test says, at the time of day it says."""

    def __init__(self, stage: Stage, new: NewIncident) -> None:
        self.stage, self.new = stage, new
        self.id = stage.desk.register(new, actor=OFFICER, now=stage.clock.now()).incident_id

    def at(self, text: str) -> datetime:
        """`14:20` of the day it was received, or `05-08 09:30` of its year."""
        local = self.new.received_at.astimezone(SHANGHAI)
        return datetime.fromisoformat(f"{local.year}-{text if '-' in text else f'{local:%m-%d} {text}'}").replace(
            tzinfo=SHANGHAI)

    def go(self, text: str) -> "Scene":
        """Let the engine work, instant by instant, until then."""
        end = self.at(text)
        while (due := self.stage.work()) is not None and due <= end:
            self.stage.clock.move_to(due)
        self.stage.clock.move_to(end)
        return self

    def log(self, text: str, step: str, **record: object) -> "Scene":
        self.go(text).stage.desk.log_step(self.id, step, StepLog(record=record or None), actor=OFFICER, now=self.now)
        return self

    def release_again(self, **record: object) -> None:
        self.stage.desk.record(self.id, "release", record, actor=OFFICER, now=self.now)

    def correct(self, sequence: int, **asked: object) -> None:
        self.stage.desk.correct(self.id, sequence, Correction(reason="核对后更正", **asked), actor=OFFICER, now=self.now)

    @property
    def now(self) -> datetime:
        return self.stage.clock.now()

    @property
    def seen(self) -> IncidentView:
        return self.stage.views.incident(self.id, self.now)

    def step(self, key: str) -> StepView:
        found = self.seen.obligation(key)
        assert found is not None
        return found

    def entry(self, sequence: int) -> EntryView:
        [found] = [entry for entry in self.stage.views.timeline(self.id).entries if entry.sequence == sequence]
        return found


@pytest.fixture
def scene(setting, scenarios) -> Iterator[Callable[[str], Scene]]:
    with ExitStack() as stages:
        yield lambda name: Scene(stages.enter_context(open_stage(setting, starts_at=scenarios[name].registered_at)),
                                 scenarios[name].new)


def test_s01_the_ladder_stops_at_the_report_and_the_press_conference_is_held_by_another_unit(show, scene):
    assert calls(show("S01")[1], INITIAL) == [("22:10", 1, 0), ("22:25", 2, 0), ("22:35", 3, 0), ("22:41", 4, 0)]
    s01 = scene("S01").log("21:55", PHONE).log("04-19 17:00", PRESS, organiser="区政府新闻办", decision="held")
    press = s01.step(PRESS)
    assert (press.standing, press.report_to, press.body["record"]["organiser"]) == (
        Standing.MET, "区政府新闻办", "区政府新闻办")


@pytest.mark.parametrize(("approver", "reason", "lacking"), [
    (None, None, {"approver", "reason"}), ("区委宣传部 何某", None, {"reason"}), (None, "网上已无热度", {"approver"}),
    ("周甲", "网上已无热度", {"approver"}),  # the officer himself
])
def test_s02_a_waiver_without_approver_or_reason_is_refused(scene, approver, reason, lacking):
    s02 = scene("S02")
    with pytest.raises(Refusals) as refused:
        s02.stage.desk.waive(s02.id, PRESS, Approval(approver=approver, reason=reason), actor=OFFICER, now=s02.now)
    assert {refusal.field for refusal in refused.value.refusals} == lacking
    assert s02.step(PRESS).is_open


def test_s02_a_waiver_approved_by_the_propaganda_department_is_shown_grey_and_not_green(scene, setting):
    s02 = scene("S02")
    s02.stage.desk.waive(s02.id, PRESS, Approval(
        approver="何某", approver_unit="区委宣传部", reason="网上已无热度，改以书面通报", document="云宣办〔2026〕7号"),
        actor=OFFICER, now=s02.now)
    marks = [Telling(setting.phrases, s02.now).step_mark(s02.step(key)) for key in (PRESS, PHONE)]
    assert [(mark.css, mark.word) for mark in marks] == [("is-off", "免开"), ("is-waiting", "计时中")]


def test_s03_an_earlier_t0_holds_at_once_turns_three_steps_red_and_both_verdicts_are_shown(scene, setting):
    s03 = scene("S03")
    for at, step in (("10:41", PHONE), ("11:20", INITIAL), ("12:10", DETAILED), ("14:40", RELEASE), ("05-08 09:30", PRESS)):
        s03.log(at, step)
    before = s03.seen
    assert Telling(setting.phrases, s03.now).before_it_was_known(before) == "事发至接报45分钟"
    assert [(step.verdict.late_minutes, step.occurred_verdict.late_minutes) for step in before.steps] == [
        (0, 41), (0, 40), (0, 30), (0, 0), (0, 0)]
    s03.correct(1, times={"received_at": s03.at("09:42")})
    after = s03.seen
    assert (after.pending, after.clock_started_at) == ((), s03.at("09:42"))
    assert [(step.standing, step.verdict.late_minutes) for step in after.steps] == [
        (Standing.MET_LATE, 39), (Standing.MET_LATE, 38), (Standing.MET_LATE, 28), (Standing.MET, 0), (Standing.MET, 0)]
    assert s03.entry(1).struck_how == "corrected"


def test_s07_a_mended_release_supersedes_the_first_whose_time_stays(scene):
    s07 = scene("S07")
    assert s07.seen.occurred_at is None
    assert all(step.occurred_verdict is None for step in s07.seen.steps)
    s07.log("15:10", RELEASE, form="rebuttal", channel="video", body_text="我局无环卫人员因高温死忙。")
    first = s07.step(RELEASE)
    s07.go("15:25").release_again(form="rebuttal", body_text="我局无环卫人员因高温死亡。", supersedes=first.sequence)
    [second] = [record for record in s07.seen.records if record.record == "release"]
    hashes = {first.body["record"]["content_sha256"], second.fields["content_sha256"]}
    assert (len(hashes), second.fields["supersedes"]) == (2, first.sequence)
    after = s07.step(RELEASE)
    assert (after.done_at, after.standing, after.body["record"]["body_text"]) == (
        s07.at("15:10"), Standing.MET, "我局无环卫人员因高温死忙。")


def test_s08_a_corrected_figure_stays_visible_and_a_later_drop_needs_its_reason(scene):
    s08 = scene("S08").log("11:18", PHONE).log("11:58", INITIAL, recipient="区委值班室", injured=19)
    wrong = s08.step(INITIAL).sequence
    s08.go("12:10").correct(wrong, record={"injured": 9})
    struck, mended = s08.entry(wrong), s08.stage.views.timeline(s08.id).entries[0]
    assert (struck.struck_how, struck.withdrawn_by, struck.body["record"]["injured"]) == ("corrected", mended.sequence, 19)
    assert (mended.before, mended.body["values"]) == ({"injured": 19}, {"injured": 9})
    assert s08.step(INITIAL).body["record"]["injured"] == 9
    s08.log("12:50", DETAILED, injured=14)
    with pytest.raises(Refusals) as refused:
        s08.log("16:50", "progress_report-1", injured=12)
    assert [refusal.field for refusal in refused.value.refusals] == ["injured"]
    s08.log("16:51", "progress_report-1", injured=17)


def test_s08_another_unit_releases_and_the_follow_up_report_of_17_00_is_chased(scene):
    s08 = scene("S08").log("11:18", PHONE).log("11:58", INITIAL).log("12:50", DETAILED)
    s08.log("14:40", RELEASE, channel="wechat", external_unit="区卫健局")
    assert (s08.step(RELEASE).report_to, s08.step(RELEASE).standing) == ("区卫健局", Standing.MET)
    [report, _] = s08.seen.follow_ups
    assert (report.title["zh"], report.due_at) == ("续报一", s08.at("17:00"))
    s08.go("16:30").stage.work()
    assert [(letter.to, "续报一" in letter.text) for letter in s08.stage.letters[-1:]] == [("wu", True)]


def test_y01_is_a_drill_in_its_number_in_every_message_and_on_every_entry(show, scene, setting):
    y01 = scene("Y01").go("09:58").go("11:06")
    assert (y01.seen.is_drill, y01.seen.number) == (True, "Y2026-0001")
    assert {"演练" in letter.text for letter in y01.stage.letters} == {True}
    real = y01.stage.desk.register(NewIncident(title="东关大集多名群众就餐后身体不适"), actor=OFFICER, now=y01.now)
    assert real.number == "2026-0001"
    events = show("Y01")[1]
    assert all(event.is_drill for event in events)


def test_y01_reaches_the_drill_book_alone_and_the_real_incident_beside_it_everybody(store: Store):
    room = Room(store, datetime(2026, 9, 10, 9, 0, tzinfo=SHANGHAI), channels=("sms", "email"))
    drilling(room, DrillBook({"zhou": (Contact(MOBILE, DRILL_PHONE),)}))
    drill, real = room.register(is_drill=True), room.register()
    room.work(minutes=66)

    def reached(number: str) -> set[tuple[str, str]]:
        return {(told.channel, told.to) for told in room.told if told.incident == number}

    assert reached(drill) == {("sms", DRILL_PHONE)}
    assert {channel for channel, _ in reached(real)} == {"sms", "email"}
    assert len(reached(real)) > 8
    assert ("sms", DRILL_PHONE) not in reached(real)
    assert all("演练" in told.text for told in room.told if told.incident == drill)
    assert not any("演练" in told.text for told in room.told if told.incident == real)
