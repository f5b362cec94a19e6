"""How steps are really closed, on the page: calls that reach nobody, approvals, transfers, second persons."""

import re

import pytest

from incident_clock.registry.decisions import Approval
from incident_clock.registry.drafts import StepLog
from tests.support.bureau import WANG, WU, ZHOU
from tests.web.forms_of import forms_of
from tests.web.house import House, at

APPROVAL = {"approver": "王丁", "approver_unit": "区综合执法局", "document": "局办签 31", "reason": "事态平稳"}
RESCUE = {"done_at_time": "1502", "report_to": "区总值班室", "evidence": "传真回执 11", "reason": "网络中断"}


def page_of(house: House) -> str:
    return f"/incidents/{house.s02}"


def path(house: House, act: str, step: str = "preliminary_report") -> str:
    return f"{page_of(house)}/steps/{step}/{act}"


def step(house: House, key: str = "preliminary_report"):
    return house.assembly.views.incident(house.s02, house.clock.now()).obligation(key)


def card(text: str, key: str = "preliminary_report") -> str:
    return text.split(f'id="{key}"')[1].split("</li>\n<li class=\"step")[0]


def offered(house: House, key: str = "preliminary_report") -> None:
    house.assembly.desk.offer_transfer(house.s02, key, "区政府新闻办", Approval(approver="王丁", reason="统一发布"),
                                       actor=WU, now=house.clock.now())


def rescued(house: House) -> int:
    """The preliminary report, due 15:05, is logged at 15:20 as done at 15:02; gives the entry."""
    house.play(at("15:20:10"))
    house.log(house.s02, "preliminary_report", at("15:02"), report_to="区总值班室", evidence="传真回执 11", reason="网络中断")
    return step(house).sequence


# ── calls ─────────────────────────────────────────────────────────────────────────────────────────────────

def test_a_phone_report_is_logged_with_what_the_page_holds_already(house: House) -> None:
    number = house.register("围墙倒塌")
    visitor, to = house.client("zhou"), f"/incidents/{number}"
    answer = visitor.submit(f"{to}/steps/phone_report/log", {"f.outcome": "reached"}, page=to)
    assert "已记录。电话上报：14:05 已报区总值班室，按时" in visitor.get(answer.location).text
    logged = house.assembly.views.incident(number, house.clock.now()).obligation("phone_report")
    assert logged.body["record"] == {}  # nothing more was said of it


def test_calls_that_reach_nobody_are_kept_and_the_third_suggests_another_way(house: House) -> None:
    number = house.register("围墙倒塌")
    visitor, to = house.client("zhou"), f"/incidents/{number}"
    said = []
    for outcome in ("no_answer", "busy", "no_answer"):
        answer = visitor.submit(f"{to}/steps/phone_report/log", {"f.outcome": outcome, "report_to": ""}, page=to)
        said.append(visitor.get(answer.location).text)
    assert ["电话上报仍未办结，时钟照走" in text for text in said] == [True, True, True]
    assert "未接通1次：14:05 无人接听" in said[0]
    assert "已连续3次没有接通，建议改打备用电话或发传真" in said[2]
    assert "未接通3次：14:05 无人接听、14:05 占线、14:05 无人接听；建议改打备用电话或发传真" in said[2]
    assert house.assembly.views.incident(number, house.clock.now()).obligation("phone_report").is_open


def test_evidence_is_taken_field_by_field_and_what_is_wrong_is_told_at_its_field(busy: House) -> None:
    visitor = busy.client("zhou")
    wrong = visitor.submit(path(busy, "log"), {"f.dead": "两人", "f.signed_by": "王丁", "f.signed_at_time": "9900"},
                           page=page_of(busy))
    assert wrong.status_code == 422
    assert 'href="#f-dead">死亡人数：' in wrong.text
    assert 'href="#f-signed_at">签发时间：' in wrong.text
    assert 'value="王丁"' in wrong.text
    answer = visitor.submit(path(busy, "log"), {
        "f.dead": "０", "f.signed_by": "王丁", "f.signed_at_time": "1445", "f.is_signed_by_phone": "yes"}, page=page_of(busy))
    page = visitor.get(answer.location).text
    assert step(busy).body["record"] == {"dead": 0, "signed_by": "王丁", "is_signed_by_phone": True,
                                         "signed_at": "2026-03-12T06:45:00.000000+00:00"}
    assert "电话签发，待补签（24小时内，13日 14:45 前）" in card(page)
    busy.clock.move_to(at("14:46", 13))
    assert "电话签发，补签已过期（14:45 前应补）" in busy.client("zhou").get(page_of(busy)).text
    busy.assembly.desk.record(busy.s02, "countersign", {"entry": step(busy).sequence, "signed_by": "王丁"}, actor=ZHOU,
                              now=busy.clock.now())
    assert "王丁 14:46 已补签" in busy.client("zhou").get(page_of(busy)).text


# ── approvals ─────────────────────────────────────────────────────────────────────────────────────────────

@pytest.mark.parametrize(("key", "word"), [("press_conference", "免开"), ("release", "经批准不办")])
def test_an_approved_waiver_ends_the_step_in_grey_and_can_be_taken_back(busy: House, key: str, word: str) -> None:
    visitor = busy.client("wu")
    answer = visitor.submit(path(busy, "waive", key), {**APPROVAL, "at_time": "1440"}, page=page_of(busy))
    shown = card(visitor.get(answer.location).text, key)
    for said in (word, "14:40 区综合执法局 王丁批准", "文号：局办签 31", "原因：事态平稳", "吴乙 14:50 记录"):
        assert said in shown, said
    assert "更正" not in shown
    assert step(busy, key).ended == "waived"
    assert visitor.submit(path(busy, "withdraw", key), {}, page=page_of(busy)).status_code == 303
    assert step(busy, key).is_open


@pytest.mark.parametrize(("act", "fields", "wrong"), [
    ("waive", {**APPROVAL, "approver": "", "reason": " "}, ["approver", "reason"]),
    ("waive", {**APPROVAL, "approver": "周甲", "at_time": "1404"}, ["approver", "at"]),
    ("transfer", {"to": "", "approver": "王丁", "reason": "统一发布"}, ["to"]),
    ("transfer", {"to": "区政府新闻办"}, ["approver", "reason"])])
def test_an_approval_that_lacks_something_comes_back_as_it_was(busy: House, act: str, fields: dict[str, str],
                                                               wrong: list[str]) -> None:
    answer = busy.client("zhou").submit(path(busy, act), fields, page=page_of(busy))
    assert answer.status_code == 422
    assert [field for field in ("to", "approver", "reason", "at") if f'href="#{field}-{act}-preliminary_report"' in answer.text] \
        == [field for field in ("to", "approver", "reason", "at") if field in wrong]
    kept = next(form for form in forms_of(answer.text) if form.action == path(busy, act)).fields
    assert {name: kept[name] for name in fields} == fields
    assert step(busy).is_open


def test_a_leader_s_own_name_stands_in_the_approval(busy: House) -> None:
    form = next(f for f in forms_of(busy.client("wang").get(page_of(busy)).text) if f.action == path(busy, "waive"))
    assert form.fields["approver"] == "王丁"


def test_what_was_typed_for_a_step_that_ended_meanwhile_is_shown_for_copying(busy: House) -> None:
    visitor = busy.client("zhou")
    form = next(f for f in forms_of(visitor.get(page_of(busy)).text) if f.action == path(busy, "waive")).fields
    busy.log(busy.s02, "preliminary_report", at("14:49"), actor=WU)
    answer = visitor.post(path(busy, "waive"), data={**form, **APPROVAL})
    assert answer.status_code == 409
    assert "您这一次没有记入" in answer.text
    assert "<dd>局办签 31</dd>" in answer.text


# ── transfers ─────────────────────────────────────────────────────────────────────────────────────────────

def test_a_transfer_stops_the_clock_only_when_the_other_unit_accepts(busy: House) -> None:
    visitor = busy.client("zhou")
    answer = visitor.submit(path(busy, "transfer", "release"), {"to": "区政府新闻办", **APPROVAL}, page=page_of(busy))
    shown = visitor.get(answer.location).text
    assert shown.count("已提出移交给区政府新闻办，等待接受；时钟照走") == 2  # it and the press conference behind it
    assert step(busy, "release").is_open
    assert [f.action for f in forms_of(shown) if f.action.endswith("/accept")] == [path(busy, "transfer/accept", "release")]
    again = visitor.submit(path(busy, "transfer/accept", "release"), {"accepted_by": ""}, page=page_of(busy))
    assert (again.status_code, 'href="#accepted_by-accept-release"' in again.text) == (422, True)
    answer = visitor.submit(path(busy, "transfer/accept", "release"), {"accepted_by": "郭主任"}, page=page_of(busy))
    page = visitor.get(answer.location).text
    assert "权威信息发布、新闻发布会由对方办理" in page
    for said in ("移交</span>", "14:50 区政府新闻办 郭主任接受", "移交经王丁批准", "文号：局办签 31"):
        assert said in card(page, "release"), said


def test_a_transfer_refused_leaves_the_step_here(busy: House) -> None:
    offered(busy)
    visitor = busy.client("zhou")
    answer = visitor.submit(path(busy, "transfer/refuse"), {"refused_by": "郭主任", "reason": "不属其职责"}, page=page_of(busy))
    page = visitor.get(answer.location).text
    assert "已记录对方不接受，初步报告仍由本单位办理" in page
    assert "等待接受" not in card(page)
    assert step(busy).is_open


# ── the second person ─────────────────────────────────────────────────────────────────────────────────────

def test_a_late_entry_that_rescues_waits_for_somebody_in_another_role(busy: House) -> None:
    sequence = rescued(busy)
    for person, why in (("zhou", "这一条是您自己记录的，须由另一人核实"), ("wang", ""), ("yang", "等待另一岗位的人核实")):
        page = busy.client(person).get(page_of(busy)).text
        box = page.split('id="pending"')[1].split("</section>")[0]
        assert ("补录：初步报告" in box, "15:02 发生，15:20 才记录，迟18分" in box, why in box) == (True, True, True)
        assert "13日 17:00 前核定" in box
        assert "按时（补录，待核）" in card(page)
        acts = [f.action.rsplit("/", 1)[1] for f in forms_of(page) if f"/entries/{sequence}/" in f.action]
        assert acts == ([] if why else ["confirm", "reject"])
        assert ("<details open>" in box) == (not why)


def test_the_board_does_not_call_in_time_what_waits_for_a_second_person(busy: House) -> None:
    rescued(busy)
    for path in ("/", "/incidents"):
        row = busy.client("zhou").get(path).text.split(f'href="/incidents/{busy.s02}')[-1].split("</ol>")[0]
        assert re.findall(r'<span>(\S+)</span><span class="verdict">([^<]*)', row)[:2] == [("电话", "按时"), ("初报", "待核")]


@pytest.mark.parametrize(("act", "fields", "word"), [
    ("confirm", {}, "按时（补录，已核）"), ("reject", {"reason": "传真机没有这份回执"}, "超时15分（补录，未核实）")])
def test_the_second_person_s_word_shows_in_the_verdict(busy: House, act: str, fields: dict[str, str], word: str) -> None:
    entry = f"{page_of(busy)}/entries/{rescued(busy)}/{act}"
    visitor = busy.client("wang")
    answer = visitor.submit(entry, fields, page=page_of(busy))
    assert answer.status_code == 303
    page = visitor.get(answer.location).text
    assert word in card(page)
    assert "待核 1 项" not in page
    assert visitor.post(entry, data={**fields, "csrf_token": forms_of(page)[-1].fields["csrf_token"]}).status_code == 409


def test_rejecting_needs_its_reason(busy: House) -> None:
    entry = rescued(busy)
    answer = busy.client("wang").submit(f"{page_of(busy)}/entries/{entry}/reject", {}, page=page_of(busy))
    assert answer.status_code == 422
    assert f'href="#reason-reject-{entry}"' in answer.text


@pytest.mark.parametrize(("act", "fields", "kept"), [
    ("steps/preliminary_report/waive", APPROVAL, "approver"), ("steps/preliminary_report/transfer", {"to": "区新闻办"}, "to"),
    ("steps/preliminary_report/transfer/refuse", {"refused_by": "郭主任"}, "refused_by")])
def test_a_form_survives_a_sign_in_that_ran_out(busy: House, act: str, fields: dict[str, str], kept: str) -> None:
    if "refuse" in act:
        offered(busy)
    stranger, where = busy.client(), f"{page_of(busy)}/{act}"
    token = forms_of(busy.client("zhou").get(page_of(busy)).text)[0].fields["csrf_token"]
    asked = stranger.post(where, data={**fields, "csrf_token": token})
    assert asked.status_code == 401
    link = busy.link("zhou")
    stranger.submit(link, {}, page=link)
    held = next(f for f in forms_of(asked.text) if "kept_path" in f.fields).fields
    own = forms_of(stranger.get("/").text)[-1].fields["csrf_token"]
    back = stranger.post("/sign-in", data={**held, "csrf_token": own})
    form = next(f for f in forms_of(back.text) if f.action == where)
    assert form.fields[kept] == fields[kept]
    assert step(busy).is_open


def test_who_only_reads_is_refused(busy: House) -> None:
    visitor = busy.client("yang")
    token = forms_of(visitor.get(page_of(busy)).text)[-1].fields["csrf_token"]
    for act in ("steps/release/waive", "steps/release/transfer", "steps/release/transfer/accept",
                "steps/release/transfer/refuse", "entries/1/confirm", "entries/1/reject", "entries/1/correct"):
        assert visitor.post(f"{page_of(busy)}/{act}", data={**APPROVAL, "csrf_token": token}).status_code == 403, act


# ── follow-ups, tasks, closing ────────────────────────────────────────────────────────────────────────────

def test_when_the_steps_are_done_closing_is_offered_beside_the_follow_ups_and_names_what_waits(busy: House) -> None:
    rescued(busy)
    for key in ("detailed_report", "release", "press_conference"):
        busy.assembly.desk.log_step(busy.s02, key, StepLog(report_to="区总值班室"), actor=ZHOU, now=busy.clock.now())
    page = busy.client("zhou").get(page_of(busy)).text
    assert [f.action for f in forms_of(page) if f.action.endswith("/log")] == [path(busy, "log", "progress_report-1")]
    closing = page.split('class="card closing')[1]
    assert f'href="{page_of(busy)}/records/evaluation"' in page.split('id="closing-title"')[1]
    for said in ("还没有评估", "结案后不再要求：续报一、滚动发布一。", "结案后24小时内：终报。", "还有待核 1 项，结案后仍可核实：补录：初步报告。"):
        assert said in closing, said
    assert "is-focus" in page.split('id="further"')[1]


def test_a_task_is_a_card_below_the_steps_and_is_logged_there(busy: House) -> None:
    busy.assembly.desk.set_task(busy.s02, origin="instruction", text="今晚前排查全区广告牌", owner="wu", by="冯戊", due_at=None,
                                about=None, actor=WANG, now=busy.clock.now())
    visitor = busy.client("wu")
    shown = card(visitor.get(page_of(busy)).text, "instruction-1")
    assert ("今晚前排查全区广告牌" in shown, "责任人：吴乙" in shown) == (True, True)
    to = f"{page_of(busy)}?step=instruction-1"
    answer = visitor.submit(path(busy, "log", "instruction-1"), {"note": "已排查"}, page=to)
    assert answer.status_code == 303
    assert "已了结 1 项" in visitor.get(answer.location).text


def test_what_waits_is_on_the_board_and_its_page_asks_for_a_decision_not_for_a_log(busy: House) -> None:
    sequence = rescued(busy)
    check = f"check-StepLogged-{sequence}"
    visitor = busy.client("wu")
    board = visitor.get("/").text
    assert re.search(rf'href="/incidents/{busy.s02}#pending">.*待核 1 项</a>', board)
    busy.play(at("15:21"))
    page = visitor.get(f"{page_of(busy)}?step={check}").text
    assert not [form.action for form in forms_of(page) if check in form.action and "log" in form.action]
    assert "补录核实" in page.split('id="calls"')[1]
    visitor.submit(f"{page_of(busy)}/entries/{sequence}/confirm", {}, page=page_of(busy))
    assert "待核 1 项" not in visitor.get("/").text
