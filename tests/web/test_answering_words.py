"""The words for calls and answers: the list, the timeline's sentences, the outbox. Pure values in, texts out."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from incident_clock.ledger.fact import Fact
from incident_clock.phrases import Phrases
from incident_clock.registry import case_facts, facts
from incident_clock.views.message_shapes import CallView, MessageView, StepCalls
from incident_clock.views.shapes import EntryView, Name, RungView
from incident_clock.web.telling import Telling
from incident_clock.web.telling_calls import Calls
from incident_clock.web.telling_messages import KINDS as KINDS_OF_MESSAGES
from incident_clock.web.telling_messages import Messages
from incident_clock.web.telling_timeline import KINDS, Timeline, Told
from tests.support.bureau import ZONE
from tests.web.house import at
from tests.web.test_telling import incident, step

NOW = at("14:50:12")
TELLING = Telling(Phrases("zh", ZONE), NOW)
CALLS = Calls(TELLING)
TITLE = {"zh": "初步报告", "en": "Preliminary report"}

NAMES = {"zhou": Name("zhou", "周甲", "duty_officer", "+8613800000001"), "wu": Name("wu", "吴乙", "duty_chief"),
         "zheng": Name("zheng", "郑丙", "duty_leader"), "wang": Name("wang", "王丁", "deputy")}


def call(person: str, *, rung: int = 1, told: str = "14:35", answered: str | None = None, how: str | None = None,
         outstanding: bool | None = None, **more: Any) -> CallView:
    answered_at = at(answered) if answered else None
    return CallView(**{
        "person": NAMES[person], "rung": rung, "told_at": at(told), "last_told_at": at(told), "answered_at": answered_at,
        "answered_how": how, "paused_until": None, "is_outstanding": answered_at is None if outstanding is None else outstanding,
        "in_place_of": None, "can_resend_at": at("14:40"), **more})


def called(*calls: CallView, lacking: dict[int, int] | None = None) -> StepCalls:
    found = {one.rung: sum(each.rung == one.rung and each.is_outstanding for each in calls) for one in calls}
    return StepCalls("preliminary_report", TITLE, calls, {k: n for k, n in found.items() if n} if lacking is None else lacking)


# ── the list ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("calls", "lacking", "said"), [
    ((call("zhou"), call("wu", told="14:50")), None, "还有2人没回：周甲（15分钟前）、吴乙（刚刚）"),
    ((call("zhou", told="12:35"),), None, "还有1人没回：周甲（2小时15分前）"),
    ((call("zhou", answered="14:36"), call("wu")), None, "还有1人没回：吴乙（15分钟前）"),
    ((call("zhou", answered="14:36"), call("wu", answered="14:40")), None, "2人已签收；签收不等于办结"),
    ((call("zhou", answered="14:36", outstanding=True), call("wu")), None, "还有1人没回：吴乙（15分钟前）；签收已过，未办：周甲"),
    ((call("zhou"), call("wu")), {1: 1}, "还有2人没回：周甲（15分钟前）、吴乙（15分钟前）；第1级再有1人签收即可"),
    ((call("zhou", answered="14:36"), call("wu")), {}, "1人已签收；签收不等于办结"),
    ((call("zhou"), call("zhou", rung=2, told="14:45")), None, "还有1人没回：周甲（5分钟前）")])
def test_one_line_says_whose_answer_is_wanted(calls: tuple[CallView, ...], lacking: dict[int, int] | None, said: str) -> None:
    assert CALLS.summary(called(*calls, lacking=lacking)) == said


def test_somebody_on_two_rungs_stands_once_with_the_call_that_wants_an_answer() -> None:
    shown = CALLS.people(called(call("zhou", told="14:05"), call("zhou", rung=2, told="14:15", answered="14:16"),
                                call("wu", told="14:05", answered="14:06"), call("wu", rung=2, told="14:15")))
    assert [(one.person.key, one.rung) for one in shown] == [("zhou", 1), ("wu", 2)]


@pytest.mark.parametrize(("one", "sign", "said"), [
    (call("zhou"), "waiting", "没回"), (call("zhou", answered="14:36", how="page"), "met", "14:36 签收（页面）"),
    (call("zhou", answered="14:36", how="link"), "met", "14:36 签收（邮件）"), (call("zhou", answered="14:36", how="phone"), "met", "14:36 签收（电话）"),
    (call("zhou", answered="14:36", how="reply"), "met", "14:36 签收（短信）"),
    (call("zhou", answered="14:36", how="reply", outstanding=True), "nearing", "14:36 签收已过，未办")])
def test_an_answer_has_sign_and_word(one: CallView, sign: str, said: str) -> None:
    mark = CALLS.state(one)
    assert (mark.sign, mark.word) == (sign, said)


@pytest.mark.parametrize(("can", "said"), [
    (None, "正在发送"), (at("14:50:12"), ""), (at("14:50:13"), "14:51 起可重发"), (at("14:55"), "14:55 起可重发"),
    (at("14:55:01"), "14:56 起可重发")])
def test_why_it_cannot_be_sent_again_just_now(can: datetime | None, said: str) -> None:
    assert CALLS.no_resend(call("zhou", can_resend_at=can)) == said


def test_a_stand_in_is_told_from_who_he_stands_in_for() -> None:
    assert CALLS.who(call("wang")) == "分管领导"
    assert CALLS.who(call("wang", in_place_of=NAMES["zheng"])) == "分管领导·代 郑丙"


@pytest.mark.parametrize(("due", "said"), [
    ("16:05", "初步报告 15:00 前不再重复催您"), ("14:58:12", "初步报告 14:52 前不再重复催您"), ("14:51", "初步报告 14:50:24 前不再重复催您"),
    ("14:50:12", "初步报告已过时限，仍会照常催您"), ("14:40", "初步报告已过时限，仍会照常催您")])
def test_the_reader_is_told_until_when_an_answer_now_keeps_repeats_away(due: str, said: str) -> None:
    mine = called(call("zhou"))
    assert CALLS.pauses([mine], incident(step(due_at=at(due)))) == [said]


# ── the timeline ──────────────────────────────────────────────────────────────────────────────────────────


def told(kind: str, body: dict[str, Any], language: str = "zh", **changed: Any) -> Told:
    entry = EntryView(**{
        "sequence": 14, "kind": kind, "happened_at": at("14:50"), "recorded_at": at("14:50"), "actor": "周甲",
        "actor_role": "duty_officer", "body": {"step": "preliminary_report", **body}, "hash": "0" * 64, "is_late_entry": False,
        **changed})
    return Timeline(Telling(Phrases(language, ZONE), NOW), incident()).entry(entry)


def raised(**changed: Any) -> dict[str, Any]:
    audience = changed.get("audience", ["郑丙", "王丁"])
    return {"rung": 2, "repeat": 0, "due_at": "2026-03-12T14:50:00+08:00", "reason": "on_time", "audience": audience,
            "passed_over": [], "unreachable": [], "told_rung": 2, "skipped": [],
            "because": [{"role": "deputy", "why": "directory", "of": None}] * len(audience), "paused": [], "capped": [], **changed}


def test_every_kind_of_entry_of_an_incident_has_its_sentence() -> None:
    kinds = {name for module in (facts, case_facts) for name, one in vars(module).items() if isinstance(one, type) and issubclass(one, Fact) and one is not Fact}
    assert kinds == set(KINDS)


def test_an_empty_rung_that_was_gone_over_is_named() -> None:
    entry = told("RungRaised", raised(audience=["王丁"], told_rung=3, skipped=[2]))
    assert entry.kind == "催办第二级"
    assert entry.text == "初步报告剩15分，尚无记录 → 王丁"
    assert entry.details == ("第2级无人可催，已转第3级",)
    assert told("RungRaised", raised(audience=["冯戊"], told_rung=4, skipped=[2, 3])).details == ("第2、3级无人可催，已转第4级",)


@pytest.mark.parametrize(("why", "of", "said"), [
    ("directory", None, "蒋壬"), ("shift", None, "蒋壬"), ("acting", "周甲", "蒋壬（代 周甲）"), ("cover", "周甲", "蒋壬（替 周甲）"),
    ("stand_in", "周甲", "蒋壬（周甲 的B角）"), ("cover", None, "蒋壬"), ("later", "周甲", "蒋壬")])
def test_who_is_told_in_another_s_place_is_told_with_the_reason(why: str, of: str | None, said: str) -> None:
    body = raised(audience=["蒋壬"], because=[{"role": "duty_officer", "why": why, "of": of}])
    assert told("RungRaised", body).text.endswith(f" → {said}")


def test_who_was_left_alone_or_reached_otherwise_is_told() -> None:
    entry = told("RungRaised", raised(paused=["吴乙"], capped=["王丁", "冯戊"]))
    assert entry.details == ("已签收，暂不重复提醒：吴乙", "短信已达每日上限，改用邮件：王丁", "短信已达每日上限，又没有别的渠道：冯戊")


def test_an_entry_from_before_this_part_is_told_as_it_was() -> None:
    body = {key: value for key, value in raised().items() if key not in ("told_rung", "skipped", "because", "paused", "capped")}
    assert told("RungRaised", body).text == "初步报告剩15分，尚无记录 → 郑丙、王丁"


@pytest.mark.parametrize(("reason", "person", "said"), [
    ("called", "王丁", "初步报告：郑丙未应答，转B角 → 王丁"), ("told_already", "王丁", "初步报告：郑丙未应答，其B角王丁在这一级已经催过"),
    ("nobody", None, "初步报告：郑丙未应答，没有可转的B角")])
def test_what_a_leader_s_silence_led_to(reason: str, person: str | None, said: str) -> None:
    assert reason in facts.StandInCalled.REASONS
    entry = told("StandInCalled", {"rung": 3, "in_place_of": "郑丙", "person": person, "reason": reason}, actor_role="engine")
    assert (entry.kind, entry.text) == ("第三级转B角", said)


def test_a_stand_in_s_entry_says_what_became_of_his_message() -> None:
    notes = ((15, NOW, {"outcome": "accepted", "channel": "sms", "person": "王丁"}),
             (16, NOW, {"outcome": "failed", "channel": "email", "person": "王丁"}))
    entry = told("StandInCalled", {"rung": 3, "in_place_of": "郑丙", "person": "王丁", "reason": "called"}, notes=notes)
    assert entry.details == ("短信1，已发出", "王丁：邮件未送达")


@pytest.mark.parametrize(("how", "said"), [
    ("page", "初步报告：郑丙 在页面签收"), ("link", "初步报告：郑丙 从邮件签收"), ("phone", "初步报告：电话叫应 郑丙"), ("reply", "初步报告：郑丙 短信签收"),
    ("code", "初步报告：郑丙 用确认码签收"), ("voice", "初步报告：郑丙 按键签收"), ("later", "初步报告：郑丙 已签收")])
def test_an_acknowledgement_says_how_and_that_it_completes_nothing(how: str, said: str) -> None:
    entry = told("Acknowledged", {"rungs": [2, 3], "person": "郑丙", "how": how, "paused_until": "2026-03-12T14:53:45+08:00", "note": "在路上"})
    assert (entry.kind, entry.text) == ("叫应", said)
    assert entry.details == ("第2、3级；14:53:45 前不再重复提醒；签收不等于办结", "附注：在路上")


@pytest.mark.parametrize(("kind", "body", "said"), [
    ("SelfReported", {"rungs": [2, 3], "person": "郑丙", "paused_until": "2026-03-12T15:00:00+08:00"},
     Told("自报已办", "初步报告：郑丙 短信自报已办，稍后补录", ("第2、3级；15:00:00 前不再重复提醒；没有登记不算办结",))),
    ("ReceiverDenied", {"people": ["郑丙"]}, Told("误收", "郑丙 的号码回复说不是他的，已告知管理员")),
    ("TextCameIn", {"people": ["周甲", "吴乙"], "text": "<b>人在路上</b>"}, Told("短信来文", "周甲、吴乙：“<b>人在路上</b>”")),
    ("TextCameIn", {"people": [None], "text": None}, Told("短信来文", "（文字已按规定销毁）：“（文字已按规定销毁）”"))])
def test_what_was_texted_is_told_word_for_word(kind: str, body: dict[str, Any], said: Told) -> None:
    assert told(kind, body) == said


def test_past_the_deadline_an_acknowledgement_pauses_nothing_and_says_so() -> None:
    entry = told("Acknowledged", {"rungs": [4], "person": "郑丙", "how": "page", "paused_until": "2026-03-12T14:50:00+08:00", "note": None})
    assert entry.details == ("第4级；时限已过，照常催办；签收不等于办结",)


def test_what_was_sent_again_names_person_and_channels() -> None:
    notes = ((15, NOW, {"outcome": "accepted", "channel": "sms", "person": "郑丙"}),)
    entry = told("Resent", {"rung": 2, "person": "郑丙", "channels": ["sms", "email"]}, notes=notes)
    assert (entry.kind, entry.text, entry.details) == ("再发一次", "初步报告第2级 → 郑丙（短信、邮件）", ("短信1，已发出",))


@pytest.mark.parametrize(("kind", "body"), [
    ("RungRaised", raised(audience=[None], because=[{"role": "deputy", "why": "acting", "of": None}], paused=[None], capped=[None])),
    ("StandInCalled", {"rung": 3, "in_place_of": None, "person": None, "reason": "called"}),
    ("Acknowledged", {"rungs": [2], "person": None, "how": "phone", "paused_until": "2026-03-12T14:53:45+08:00", "note": None}),
    ("Resent", {"rung": 2, "person": None, "channels": ["sms"]})])
def test_erased_names_are_said_to_be_erased(kind: str, body: dict[str, Any]) -> None:
    entry = told(kind, body)
    assert "（文字已按规定销毁）" in entry.text
    assert "None" not in entry.text + "".join(entry.details)


# ── the outbox ────────────────────────────────────────────────────────────────────────────────────────────


def message(**changed: Any) -> MessageView:
    blank = dict.fromkeys(("sent_at", "delivered_at", "next_try_at"))
    return MessageView(**{
        **blank, "id": 1, "incident_id": 1, "incident_number": "2026-0037", "kind": "reminder", "step": "preliminary_report",
        "step_title": TITLE, "rung": 3, "repeat": 0, "person": "wang", "person_name": "王丁", "person_role": "deputy",
        "channel": "sms", "address": "", "state": "queued", "reason": "on_time", "state_reason": "", "due_at": NOW,
        "reference": "ACDE", "may_be_copy": False, "text": "", **changed})


@pytest.mark.parametrize(("changed", "said"), [
    ({}, "初步报告 第3级催办"), ({"repeat": 2}, "初步报告 第3级催办，第2次重复"), ({"skipped_rung": 2}, "初步报告 第2级催办，无人可催，转第3级"),
    ({"kind": "stand_in"}, "初步报告 第3级转B角"),
    ({"kind": "gaps", "incident_id": None, "incident_number": None, "step": "", "step_title": {"zh": "", "en": ""}, "rung": 0,
      "repeat": 20260312}, "值守检查：今后几天有无人可催的时段")])
def test_every_kind_of_message_says_what_it_is_about(changed: dict[str, Any], said: str) -> None:
    assert Messages(TELLING).about(message(**changed)) == said


def test_a_notice_that_was_withdrawn_speaks_of_no_step() -> None:
    words = Messages(TELLING)
    assert words.sentence(message(state="withdrawn")) == "这一步已记录，不再发出"
    assert words.sentence(message(state="withdrawn", incident_number=None, kind="gaps")) == "不再发出"
    assert set(KINDS_OF_MESSAGES) >= {"all_clear", "reopened", "stand_in", "gaps", "answer", "not_me", "guessing"}


def test_a_pause_is_counted_from_the_instant_of_the_page() -> None:
    later = Calls(Telling(Phrases("zh", ZONE), NOW + timedelta(minutes=5)))
    assert later.pause(step(), at("14:53")) == "初步报告还没有记录，仍会照常催您"


def test_a_ladder_says_where_an_empty_rung_s_call_went() -> None:
    rung = RungView(number=2, repeat=0, at=at("14:50"), state="told", is_overdue_rung=False, people=(NAMES["wang"],), told=1,
                    told_rung=3, told_at=at("14:50"))
    assert TELLING.rung_note(rung, step()) == "无人可催，已转第3级"
    assert TELLING.rung_note(replace(rung, told_rung=2), step()) == ""
