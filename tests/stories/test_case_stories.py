"""What auditors and leaders argue about, one story each: late entries, approvals, second persons, grades, two T0s.

Every story ends with the rows and the chain compared with the ledger.
"""

from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import select

from incident_clock.errors import Conflict, Forbidden
from incident_clock.ledger.fact import Actor
from incident_clock.phrases import Phrases
from incident_clock.registry import ledger
from incident_clock.registry.corrections import Correction
from incident_clock.registry.decisions import Approval
from incident_clock.registry.grading import Regrading
from incident_clock.registry.tables import Incident
from incident_clock.store.session import Store
from incident_clock.views.shapes import IncidentView, StepView
from incident_clock.views.words import standing_words
from incident_clock.web.telling import Telling
from tests.support import bureau
from tests.support.room import Room

PHONE, INITIAL, DETAILED, RELEASE, PRESS = (
    "phone_report", "preliminary_report", "detailed_report", "release", "press_conference")
ZHOU, WU, WANG = bureau.ZHOU, bureau.WU, bureau.WANG
WORDS = Phrases("zh", bureau.ZONE)
APPROVED = Approval(approver="何某", approver_unit="区委宣传部", reason="网上已无热度", document="云宣办〔2026〕7号")


class Case:
    """One incident on 12 March 2026, received and registered at 14:05 unless said otherwise."""

    def __init__(self, room: Room, title: str = "青禾路户外广告牌被大风刮落伤人", **fields: object) -> None:
        self.room, self.desk = room, room.desk
        self.number = room.register(title, **fields)

    def at(self, text: str) -> "Case":
        """Let it be so late; the engine takes notice of what has passed."""
        self.room.clock.move_to(today(text))
        self.room.tick()
        return self

    def log(self, step: str, done: str | None = None) -> "Case":
        self.room.log(self.number, step, **({"done_at": today(done)} if done else {}))
        return self

    def withdraw(self, step: str) -> "Case":
        self.room.withdraw(self.number, step, "记错了时间")
        return self

    def waive(self, step: str) -> "Case":
        self.desk.waive(self.number, step, APPROVED, actor=ZHOU, now=self.room.now)
        return self

    def offer(self, step: str) -> "Case":
        self.desk.offer_transfer(self.number, step, "市网络舆情中心", APPROVED, actor=ZHOU, now=self.room.now)
        return self

    def regrade(self, *, by: Actor = ZHOU, protocol: str | None = None, **values: str) -> "Case":
        self.desk.regrade(self.number, Regrading(values=values, basis="播放量超过十万"), protocol=protocol, actor=by,
                          now=self.room.now)
        return self

    def correct(self, sequence: int, **times: str) -> int:
        """Put times right; gives the sequence of the correction."""
        self.desk.correct(self.number, sequence, Correction(
            reason="核对通话记录后更正", times={name: today(at) for name, at in times.items()}), actor=ZHOU, now=self.room.now)
        return max(entry["sequence"] for entry in self.room.entries(self.number, "Corrected"))

    def confirm(self, by: Actor = WU) -> "Case":
        [waiting] = self.seen.pending
        self.desk.confirm(self.number, waiting.sequence, None, actor=by, now=self.room.now)
        return self

    def reject(self, by: Actor = WU) -> "Case":
        [waiting] = self.seen.pending
        self.desk.reject(self.number, waiting.sequence, "通话记录里没有这一通", actor=by, now=self.room.now)
        return self

    def refuses(self, *people: Actor) -> "Case":
        """None of these may be the second person."""
        for person in people:
            with pytest.raises(Forbidden):
                self.confirm(person)
        return self

    @property
    def seen(self) -> IncidentView:
        return self.room.view(self.number)

    def step(self, key: str) -> StepView:
        found = self.seen.obligation(key)
        assert found is not None
        return found

    def verdict(self, key: str = PHONE) -> str:
        """As the page says it."""
        return standing_words(self.step(key).verdict, WORDS)

    def verdicts(self) -> list[str]:
        return [standing_words(step.verdict, WORDS) for step in self.seen.steps]

    def due(self, key: str = PHONE) -> str:
        return WORDS.at(self.step(key).due_at, seen=today("14:05"))

    def passed(self) -> list[str]:
        """The steps whose due minute ended with nothing logged, as the ledger holds it for good."""
        return [entry["body"]["step"] for entry in self.room.entries(self.number, "DeadlinePassed")]


def today(text: str) -> datetime:
    """`14:20`, or `13 14:20` of March 2026."""
    return datetime.fromisoformat(f"2026-03-{text if ' ' in text else f'12 {text}'}").replace(tzinfo=bureau.ZONE)


@pytest.fixture
def room(store: Store, now: datetime) -> Iterator[Room]:
    room = Room(store, now, channels=("sms",))
    yield room
    with store.read() as session:
        for incident in session.scalars(select(Incident)):
            assert ledger.verify(session, incident).broken is None


@pytest.fixture
def case(room: Room) -> Case:
    return Case(room, event_grade="一般", opinion_grade="一般")


# ── late entries ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_late_entry_the_second_person_refuses_counts_from_when_it_was_written_down(case: Case):
    case.at("15:00").log(PHONE, "14:20")
    assert case.verdict() == "按时（补录，待核）"
    case.refuses(ZHOU, bureau.actor("zhou")).reject(WU)
    assert case.verdict() == "超时35分（补录，未核实）"
    with pytest.raises(Conflict):
        case.desk.confirm(case.number, case.step(PHONE).sequence, None, actor=WANG, now=case.room.now)
    assert case.passed() == [PHONE]


def test_a_late_entry_the_second_person_confirms_is_in_time_and_stays_marked(case: Case):
    case.at("15:00").log(PHONE, "14:20").confirm(WU)
    assert (case.verdict(), case.seen.pending) == ("按时（补录，已核）", ())
    assert case.passed() == [PHONE]  # that it stood unlogged stays true


def test_a_log_taken_back_and_written_anew_with_a_better_minute_needs_the_second_person(case: Case):
    case.at("14:27").log(PHONE)
    assert case.verdict() == "超时2分"
    case.withdraw(PHONE).at("14:28").log(PHONE, "14:24")  # four minutes: no late entry, and a better verdict all the same
    assert case.verdict() == "按时（待核）"
    case.refuses(ZHOU).reject(WU)
    assert case.verdict() == "超时2分（未核实）"  # not from 14:28, when the better minute was written down
    case.withdraw(PHONE).log(PHONE, "14:24").confirm(WANG)
    assert case.verdict() == "按时（已核）"


# ── corrections ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_correction_of_a_correction_strikes_each_in_turn_and_improves_nothing_alone(case: Case):
    case.at("14:21").log(PHONE, "14:20")
    log = case.step(PHONE).sequence
    first = case.at("15:00").correct(log, done_at="14:30")  # worse: holds at once
    assert case.verdict() == "超时5分"
    with pytest.raises(Conflict):
        case.correct(log, done_at="14:22")  # the log is struck: its correction is what can be wrong now
    second = case.correct(first, done_at="14:22")
    assert case.verdict() == "超时5分"
    case.refuses(ZHOU).confirm(WU)
    assert (case.verdict(), case.step(PHONE).done_at) == ("按时（已核）", today("14:22"))
    struck = {entry.sequence: entry.withdrawn_by for entry in case.room.views.timeline(case.seen.id).entries}
    assert (struck[log], struck[first], struck[second]) == (first, second, None)


def test_a_later_t0_holds_only_after_a_second_person_and_the_old_deadline_is_shown_until_then(case: Case):
    case.at("14:40").correct(1, received_at="14:15")
    assert (case.due(), case.verdict()) == ("14:25", "超时（已超15分）")
    case.refuses(ZHOU).confirm(WU)
    assert (case.due(), case.due(PRESS), case.verdict()) == ("14:35", "13日 14:15", "超时（已超5分）")
    assert case.passed() == [PHONE]  # 14:25 had passed, whatever is said later
    case.at("14:41").correct(case.room.entries(case.number, "Corrected")[-1]["sequence"],
                             received_at="14:10")
    assert (case.due(), case.seen.pending) == ("14:30", ())  # earlier: at once


# ── transfers ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_refused_transfer_never_stopped_the_clock(case: Case):
    case.at("15:00").offer(INITIAL)
    assert (case.step(INITIAL).offered_to, case.step(INITIAL).is_open) == ("市网络舆情中心", True)
    case.at("15:10").desk.refuse_transfer(case.number, INITIAL, "市网络舆情中心 吕某", "不属本单位职责", actor=ZHOU,
                                          now=case.room.now)
    assert case.step(INITIAL).offered_to is None
    assert INITIAL in case.passed()
    case.at("15:12").log(INITIAL)
    assert case.verdict(INITIAL) == "超时7分"


def test_a_transfer_accepted_after_the_deadline_is_late_and_takes_the_later_steps_along(case: Case):
    case.log(PHONE).at("14:50").offer(INITIAL).at("15:10")
    case.desk.accept_transfer(case.number, INITIAL, "市网络舆情中心 吕某", accepted_at=None, evidence=None, actor=ZHOU,
                              now=case.room.now)
    assert case.verdicts() == ["按时", "移交（超时5分）", "移交", "移交", "移交"]
    with pytest.raises(Conflict):
        case.log(RELEASE)


# ── grades ────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_upgrade_asks_again_for_what_was_waived_with_thirty_minutes_where_its_time_is_over(case: Case):
    case.at("15:00").waive(RELEASE).waive(PRESS)
    case.at("20:00").regrade(opinion_grade="重大")  # the release was due at 19:05
    assert (case.due(RELEASE), case.step(RELEASE).first_due_at) == ("20:30", today("19:05"))
    assert "原定 19:05，升级触发 20:30" in Telling(WORDS, case.room.now).due_note(case.step(RELEASE))
    assert (case.due(PRESS), case.step(PRESS).first_due_at) == ("13日 14:05", None)  # time is left: no label
    case.at("20:31").log(RELEASE).at("13 14:05").log(PRESS)
    assert (case.verdict(RELEASE), case.verdict(PRESS)) == ("超时1分", "按时")
    assert case.step(RELEASE).first_due_at == today("19:05")


def test_an_upgrade_with_time_left_counts_from_t0_to_the_minute(case: Case):
    case.at("15:00").waive(RELEASE).at("19:04").regrade(event_grade="较大")
    assert (case.due(RELEASE), case.step(RELEASE).first_due_at, case.seen.clock_started_at) == ("19:05", None, today("14:05"))
    case.at("19:06").log(RELEASE)
    assert case.verdict(RELEASE) == "超时1分"


def test_a_downgrade_holds_only_once_a_leader_approves_it_and_can_be_taken_back_by_an_upgrade(case: Case):
    case.log(PHONE).at("15:00").regrade(protocol="general-48h")
    case.at("15:06")
    assert case.passed() == [INITIAL]  # the timers ran
    case.refuses(ZHOU, WU).reject(WANG)  # a shift's chief is no leader
    case.at("15:30").regrade(protocol="general-48h").confirm(WANG)
    assert case.verdicts() == ["按时", "不适用", "不适用", "不适用", "不适用", "计时中"]
    assert (case.due("response"), case.seen.clock_started_at) == ("14日 14:05", today("14:05"))
    case.at("16:00").regrade(protocol="district-emergency")  # more is asked for: at once
    assert case.seen.pending == ()
    assert [case.due(key) for key in (INITIAL, DETAILED, RELEASE)] == ["16:30", "16:05", "19:05"]
    assert case.verdict("response") == "不适用"


def test_what_asks_for_more_holds_at_once_whatever_its_steps_are_called(room: Room):
    case = Case(room, protocol="general-48h").at("14:10").regrade(protocol="district-emergency")
    assert (case.seen.pending, case.due(), case.verdict("response")) == ((), "14:25", "不适用")


# ── two registrations, drills ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2)])
def test_merging_keeps_the_earliest_t0_in_whatever_order(room: Room, order):
    kept = Case(room)
    others = [Case(room, "广告牌坠落", received_at=today(at)) for at in ("13:50", "13:40", "14:00")]
    kept.at("14:10").log(PHONE)
    for index in order:
        room.desk.merge(kept.number, others[index].number, "同一事件", actor=ZHOU, now=room.now)
    assert (kept.seen.clock_started_at, kept.verdict(), kept.due(INITIAL)) == (today("13:40"), "超时10分", "14:40")
    assert [(other.seen.ended_as, set(other.verdicts())) for other in others] == [("merged", {"不适用"})] * 3
    with pytest.raises(Conflict):
        room.desk.merge(kept.number, others[0].number, "同一事件", actor=ZHOU, now=room.now)


def test_a_drill_that_was_real_is_registered_as_real_with_its_t0_and_goes_on_until_two_people_void_it(room: Room):
    drill = Case(room, received_at=today("14:00"), is_drill=True)
    drill.at("14:30")
    real = room.desk.register_as_real(drill.number, actor=ZHOU, now=room.now).number
    seen = room.view(real)
    assert (real, seen.is_drill, seen.clock_started_at, seen.related_to) == (
        "2026-0001", False, today("14:00"), drill.number)
    with pytest.raises(Conflict):
        room.desk.register_as_real(real, actor=ZHOU, now=room.now)
    drill.desk.void(drill.number, "确有其事", actor=ZHOU, now=room.now)
    assert drill.seen.ended_as is None
    drill.refuses(ZHOU).confirm(WU)
    assert (drill.seen.ended_as, set(drill.verdicts())) == ("voided", {"不适用"})
    assert room.view(real).closed_at is None


def test_a_real_case_that_was_a_drill_runs_until_two_people_void_it(case: Case):
    case.desk.void(case.number, "误将演练登记为真实事件", actor=ZHOU, now=case.room.now)
    case.at("14:26")
    assert (case.passed(), case.verdict()) == ([PHONE], "超时（已超1分）")
    case.refuses(ZHOU).confirm(WANG)
    assert (case.seen.ended_as, case.seen.is_drill, case.verdict()) == ("voided", False, "不适用")
    with pytest.raises(Conflict):
        case.log(PHONE)
