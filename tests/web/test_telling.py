"""Sentences of the page: pure values in, words out."""

from datetime import timedelta
from typing import Any

import pytest

from incident_clock.phrases import Phrases
from incident_clock.protocol.standing import Standing, Verdict, standing_open
from incident_clock.views.message_shapes import AttemptView, MessageView
from incident_clock.views.shapes import EntryView, IncidentView, Name, RungView, StepView
from incident_clock.web.telling import Telling
from incident_clock.web.telling_messages import Messages
from incident_clock.web.telling_timeline import KINDS, Timeline, Told
from tests.support.bureau import ZONE
from tests.web.house import at

NOW = at("14:50:12")
TELLING = Telling(Phrases("zh", ZONE), NOW)


def step(**changed: Any) -> StepView:
    due = changed.pop("due_at", at("15:05"))
    return StepView(**{
        "key": "preliminary_report", "title": {"zh": "初步报告", "en": "Preliminary report"}, "evidence": "document",
        "within": timedelta(hours=1), "started_at": at("14:05"), "due_at": due, "is_open": True,
        "next_rung_at": at("15:00"), "verdict": standing_open(started=at("14:05"), due=due, now=NOW), **changed})


def incident(*steps: StepView) -> IncidentView:
    blank = dict.fromkeys(("place", "source", "summary", "unit", "category", "event_grade", "opinion_grade",
                           "first_learned_by", "occurred_at", "first_online_at", "closed_at"))
    return IncidentView(**blank, id=1, number="2026-0037", spoken="037", title="招牌坠落", is_drill=False,
                        received_at=at("14:05"), registered_at=at("14:07"), clock_started_at=at("14:05"),
                        protocol_key="district-emergency", protocol_version="1", protocol_title={"zh": "规则"},
                        steps=steps or (step(),), seen_at=NOW)


def told(kind: str, body: dict[str, Any], **changed: Any) -> Told:
    entry = EntryView(**{
        "sequence": 14, "kind": kind, "happened_at": at("14:50"), "recorded_at": at("14:50"), "actor": None,
        "actor_role": "engine", "body": body, "hash": "0" * 64, "is_late_entry": False, **changed})
    return Timeline(TELLING, incident()).entry(entry)


def raised(**changed: Any) -> dict[str, Any]:
    return {"step": "preliminary_report", "rung": 2, "repeat": 0, "due_at": "2026-03-12T14:50:00+08:00",
            "reason": "on_time", "audience": ["郑丙", "王丁"], "passed_over": [], "unreachable": [], **changed}


@pytest.mark.parametrize(("due", "said"), [
    ("15:05", (("剩", ((14, "分"), (48, "秒")), ""))), ("14:50:12", ("剩", ((0, "秒"),), "")),
    ("14:50", ("剩", ((0, "秒"),), "")), ("14:49:59", ("已超", ((1, "分"),), "")), ("14:42", ("已超", ((8, "分"),), "")),
    ("13:05", ("已超", ((1, "小时"), (45, "分")), ""))])
def test_a_countdown_says_what_is_left_or_how_long_it_is_over(due: str, said: tuple) -> None:
    count = TELLING.count(step(due_at=at(due)))
    assert (count.lead, count.parts, count.tail) == said
    assert (count.until is None) == (said[0] == "已超")  # what is over is counted by the server alone


def test_in_english_the_word_follows_the_figures() -> None:
    count = Telling(Phrases("en", ZONE), NOW).count(step())
    assert (count.lead, count.parts) == ("", ((14, "min"), (48, "s")))
    assert count.tail != ""


@pytest.mark.parametrize(("verdict", "css", "sign", "word"), [
    (Verdict(Standing.WAITING), "is-waiting", "waiting", "计时中"), (Verdict(Standing.NEARING), "is-nearing", "nearing", "临近"),
    (Verdict(Standing.OVERDUE, 8), "is-overdue", "overdue", "超时"), (Verdict(Standing.MET), "is-met", "met", "按时"),
    (Verdict(Standing.MET, 0, True), "is-met", "met", "按时（补录）"),
    (Verdict(Standing.MET, 0, True, True), "is-met", "met", "按时（补录，待核）"),
    (Verdict(Standing.MET, 0, True, is_verified=True), "is-met", "met", "按时（补录，已核）"),
    (Verdict(Standing.MET, 0, is_rescue=True), "is-met", "met", "按时（待核）"),
    (Verdict(Standing.MET_LATE, 15, True, is_doubted=True), "is-late", "late", "超时15分（补录，未核实）"),
    (Verdict(Standing.TRANSFERRED, 5), "is-off", "moved", "移交（超时5分）"),
    (Verdict(Standing.MET_LATE, 6), "is-late", "late", "超时6分"), (Verdict(Standing.WAIVED), "is-off", "off", "免开"),
    (Verdict(Standing.TRANSFERRED), "is-off", "moved", "移交"), (Verdict(Standing.NOT_APPLICABLE), "is-off", "off", "不适用")])
def test_every_standing_has_colour_sign_and_word(verdict: Verdict, css: str, sign: str, word: str) -> None:
    mark = TELLING.mark(verdict)
    assert (mark.css, mark.sign, mark.word) == (css, sign, word)


@pytest.mark.parametrize(("within", "said"), [
    (timedelta(minutes=20), "20分钟"), (timedelta(hours=1), "1小时"), (timedelta(hours=24), "24小时"),
    (timedelta(hours=48), "48小时"), (timedelta(minutes=90), "90分钟"), (timedelta(seconds=30), "30秒")])
def test_limits_are_named_as_the_rule_names_them(within: timedelta, said: str) -> None:
    assert TELLING.limit(within) == said


@pytest.mark.parametrize(("rung", "said"), [
    ({"state": "next"}, "届时仍无记录才催"), ({"state": "gone"}, "已记录，不再催"),
    ({"state": "passed"}, "已并入更高一级，一起告知"), ({"state": "told", "told": 3}, "已催3次"),
    ({"state": "told", "told": 1, "undelivered": ("郑丙",)}, "尚未发到：郑丙"),
    ({"state": "told", "told": 1, "is_overdue_rung": True, "every": timedelta(minutes=10)}, "每10分再催，下次 15:00"),
    ({"state": "later", "people": ()}, "这一级现在没有人可催"),
    ({"state": "later", "is_overdue_rung": True, "every": timedelta(minutes=10)}, "超时起，每10分")])
def test_each_rung_says_what_became_of_it(rung: dict[str, Any], said: str) -> None:
    whole = {"number": 1, "repeat": 0, "at": at("15:00"), "is_overdue_rung": False,
             "people": (Name("zheng", "郑丙", "duty_leader"),), **rung}
    assert TELLING.rung_note(RungView(**whole), step()) == said


def test_a_call_says_what_is_left_and_who_was_told() -> None:
    assert told("RungRaised", raised()) == Told("催办第二级", "初步报告剩15分，尚无记录 → 郑丙、王丁")


@pytest.mark.parametrize(("changed", "details"), [
    ({"reason": "recovered", "passed_over": [{"rung": 1, "first": 0, "last": 0}]},
     ("催办中断后恢复，只发最高一级", "越过第1级，其对象已一并告知")),
    ({"reason": "late_registration", "passed_over": [{"rung": 1, "first": 0, "last": 0}, {"rung": 2, "first": 0, "last": 3}]},
     ("登记时已过，只发最高一级", "越过第1、2级，其对象已一并告知")),
    ({"reason": "reopened"}, ("记录撤回后恢复催办",)), ({"unreachable": ["head"]}, ("没有可联系的人：主要领导",))])
def test_a_call_after_a_gap_names_what_was_passed_over(changed: dict[str, Any], details: tuple[str, ...]) -> None:
    assert told("RungRaised", raised(**changed)).details == details


def test_a_repeat_and_an_overdue_call_are_told_as_such() -> None:
    late = told("RungRaised", raised(rung=4, repeat=2), happened_at=at("15:26"))
    assert late.kind == "催办第四级第2次重复"
    assert late.text == "初步报告已超21分，尚无记录 → 郑丙、王丁"


def test_what_became_of_the_messages_is_folded_under_the_call() -> None:
    notes = tuple((20 + n, at("14:50"), {"channel": channel, "outcome": outcome, "person": person}) for
                  n, (channel, outcome, person) in enumerate((
                      ("sms", "accepted", "郑丙"), ("sms", "accepted", "王丁"), ("email", "accepted", "郑丙"),
                      ("email", "failed", "王丁"), ("sms", "unknown", "冯戊"))))
    assert told("RungRaised", raised(), notes=notes).details == (
        "邮件1、短信2，已发出", "王丁：邮件未送达", "冯戊：短信结果不明")


def test_of_each_message_the_last_word_counts_and_another_way_says_why() -> None:
    notes = tuple((20 + n, at("14:50"), {"channel": "sms", "outcome": outcome, "person": person}) for n, (outcome, person)
                  in enumerate((("accepted", "郑丙"), ("accepted", "王丁"), ("delivered", "郑丙"), ("undelivered", "王丁"))))
    assert told("RungRaised", raised(), notes=notes).details == ("短信1，已发出", "王丁：短信未送达")
    body = {"step": "preliminary_report", "person": "王丁", "channel": "sms", "to": "email", "why": "undelivered", "code": "30003"}
    assert told("FellBack", body).text == "初步报告：王丁的短信未送达，同时改走邮件"
    assert told("FellBack", body).details == ("代码 30003",)


def test_a_late_log_carries_its_verdict_its_evidence_and_its_reason() -> None:
    body = {"step": "preliminary_report", "done_at": "2026-03-12T15:11:00+08:00", "late_minutes": 6,
            "report_to": "区总值班室", "evidence": "传真 112", "note": "已复述", "reason": "签发人在外", "is_late_entry": False}
    assert told("StepLogged", body, actor="周甲", actor_role="duty_officer") == Told(
        "初步报告完成", "区总值班室；已复述", ("凭证：传真 112", "原因：签发人在外"), ("is-late", "超时6分"))


def test_a_withdrawn_entry_is_struck_and_points_to_its_withdrawal() -> None:
    struck = told("StepLogged", {"step": "preliminary_report", "late_minutes": 0, "report_to": "区总值班室"}, withdrawn_by=15)
    assert (struck.struck, struck.tag, struck.text) == ("区总值班室", ("is-off", "已由第15条撤回"), "")


@pytest.mark.parametrize("kind", [*KINDS, "SomethingNewer"])
def test_an_entry_whose_texts_were_erased_or_whose_kind_is_unknown_is_told_all_the_same(kind: str) -> None:
    body = {**raised(audience=[None, None]), "withdraws": 3, "channel": "sms", "outcome": "accepted", "late_minutes": 0,
            **dict.fromkeys(("title", "source", "place", "person", "note", "report_to", "evidence", "summary"))}
    said = told(kind, {**body, "reason": None})
    assert said.kind or said.text
    assert "None" not in str((said.kind, said.text, said.details))


def message(**changed: Any) -> MessageView:
    return MessageView(**{
        "id": 1, "incident_id": 1, "incident_number": "2026-0037", "kind": "reminder", "step": "preliminary_report",
        "step_title": {"zh": "初步报告", "en": "Preliminary report"}, "rung": 2, "repeat": 0, "person": "wang", "person_name": "王丁",
        "person_role": "deputy", "channel": "email", "address": "w…@example.com", "state": "queued", "reason": "on_time",
        "state_reason": "", "due_at": at("14:50"), "sent_at": None, "delivered_at": None, "next_try_at": at("14:50:32"),
        "reference": "3FQK", "may_be_copy": False, "text": "…", **changed})


@pytest.mark.parametrize(("changed", "word", "when", "sentence"), [
    ({}, "待发", "14:50:32 发出", "排队等待发出"),
    ({"attempts": (AttemptView(1, at("14:50"), at("14:50"), "failed", "x"),) * 2}, "待发", "14:50:32 再试", "已试2次"),
    ({"state": "accepted", "sent_at": at("14:50:01")}, "等回执", "14:50:01", "邮件没有送达回执"),
    ({"state": "accepted", "channel": "sms", "sent_at": at("14:50:01")}, "等回执", "14:50:01", "尚无送达回执"),
    ({"state": "accepted", "channel": "console", "sent_at": at("14:50:01")}, "已显示", "14:50:01", "没有发到手机或邮箱"),
    ({"state": "delivered", "delivered_at": at("14:50:03")}, "已送达", "14:50:03", ""),
    ({"state": "failed"}, "未送达", "14:50:00", "请改打电话"),
    ({"state": "unknown"}, "结果不明", "14:50:00", "带同一编号重发"),
    ({"state": "withdrawn", "state_reason": "记录已撤回，不再发出"}, "已撤", "14:50:00", "记录已撤回，不再发出"),
    ({"state": "accepted", "may_be_copy": True}, "等回执", "14:50:00", "可能重复"),
    ({"state": "newer"}, "newer", "14:50:00", "")])
def test_every_state_of_a_message_has_a_word_an_instant_and_a_sentence(
        changed: dict[str, Any], word: str, when: str, sentence: str) -> None:
    words, seen = Messages(TELLING), message(**changed)
    assert (words.mark(seen).word, words.when(seen)) == (word, when)
    assert sentence in words.sentence(seen)


@pytest.mark.parametrize(("detail", "outcome", "said"), [
    ("The mail server refuses connections: see host and port in SMTP_URL.", "failed", "连接被邮件服务器拒绝"),
    ("something nobody has seen before", "failed", "没有发成：something nobody has seen before"),
    ("the mail server took it over (250)", "accepted", "已交出"), ("", None, "正在发")])
def test_a_try_is_told_in_the_readers_language(detail: str, outcome: str | None, said: str) -> None:
    assert Messages(TELLING).attempt(AttemptView(1, at("14:50"), None, outcome, detail)) == said


@pytest.mark.parametrize(("kind", "about"), [
    ("reminder", "初步报告 第2级催办"), ("all_clear", "初步报告已记录，不再催办"), ("reopened", "初步报告的记录已撤回，恢复催办")])
def test_a_message_says_what_it_is_about(kind: str, about: str) -> None:
    assert Messages(TELLING).about(message(kind=kind)) == about
