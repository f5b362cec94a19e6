"""The page of one incident: cards, logging, withdrawing, closing, and who may do what."""

import re

import pytest

from tests.support.bureau import WU
from tests.web.forms_of import forms_of
from tests.web.house import House, at

LOG = {"report_to": "区总值班室", "evidence": "传真回执 112"}


def log_path(house: House, step: str = "preliminary_report") -> str:
    return f"/incidents/{house.s02}/steps/{step}/log"


def log(house: House, visitor, step: str = "preliminary_report", **fields: str):
    return visitor.submit(log_path(house, step), {**LOG, **fields}, page=f"/incidents/{house.s02}?step={step}")


def step(house: House, key: str = "preliminary_report"):
    return next(s for s in house.assembly.views.incident(house.s02, house.clock.now()).steps if s.key == key)


def test_the_card_due_first_is_large_and_says_what_is_left_until_when_and_whom_to_ring(busy: House) -> None:
    page = busy.client("zhou").get(f"/incidents/{busy.s02}").text
    card = page.split('id="preliminary_report"')[1].split('id="detailed_report"')[0]
    for said in ("临近", "14<small>分</small>48<small>秒</small>", "15:05 前书面报出", "15:05 这一分钟内仍算按时",
                 "按事发口径 14:50", "报出以后，记在这里", "14:35", "周甲、吴乙、陈己", "15:00", "届时仍无记录才催",
                 "超时起，每10分", "快报事实，慎报原因", 'href="tel:+8613800000005"'):
        assert said in card, said


def test_the_four_times_stand_apart(busy: House) -> None:
    four = busy.client("zhou").get(f"/incidents/{busy.s02}").text.split('<dl class="four">')[1].split("</dl>")[0]
    assert [label for label in ("事发", "接报·起算", "登记", "网上首发") if label in four] == [
        "事发", "接报·起算", "登记", "网上首发"]
    assert ("13:50" in four, "14:05" in four, "14:07" in four) == (True, True, True)


def test_another_card_is_made_large_by_a_plain_link(busy: House) -> None:
    page = busy.client("zhou").get(f"/incidents/{busy.s02}?step=release").text
    assert [form.action for form in forms_of(page) if form.action.endswith("/log")] == [log_path(busy, "release")]


@pytest.mark.parametrize("asked", ["phone_report", "nonsense", "../../etc", ""])
def test_a_step_that_cannot_be_logged_now_leaves_the_first_due_large(busy: House, asked: str) -> None:
    page = busy.client("zhou").get(f"/incidents/{busy.s02}?step={asked}").text
    assert [form.action for form in forms_of(page) if form.action.endswith("/log")] == [log_path(busy)]


def test_logging_says_how_it_went_and_what_is_next(busy: House) -> None:
    visitor = busy.client("zhou")
    answer = log(busy, visitor)
    assert answer.status_code == 303
    page = visitor.get(answer.location).text
    assert "已记录。初步报告：14:50 已报区总值班室，按时；下一步：详细报告，16:05 前书面报出" in page
    assert "用时45分，限1小时（15:05）；按事发口径也按时" in page
    assert not step(busy).is_open


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"report_to": " "}, "请填写这一项，审计要看"),
    ({"done_at_time": "1520"}, "比现在晚29分钟"),
    ({"done_at_time": "99"}, "不是24小时制的时刻"),
    ({"done_at": "other"}, "请填写时刻"),
    ({"done_at": "2026-03-12T14:50"}, "不是完整的时间"),
    ({"done_at_time": "1404"}, "早于计时起点，请写明原因"),
    ({"evidence": "号" * 201}, "最多200字"),
    ({"note": "坠\0落"}, "看不见的控制字符"),
])
def test_a_log_that_cannot_be_right_is_told_at_its_field_and_nothing_is_lost(
        busy: House, fields: dict[str, str], sentence: str) -> None:
    answer = log(busy, busy.client("zhou"), note="已请对方复述", **{k: v for k, v in fields.items() if k != "note"}) \
        if "note" not in fields else log(busy, busy.client("zhou"), **fields)
    assert answer.status_code == 422
    assert "这一步尚未记录" in answer.text
    assert answer.text.count(sentence) == 2
    kept = next(form for form in forms_of(answer.text) if form.action == log_path(busy)).fields
    for name, value in {**LOG, **fields}.items():
        if name != "done_at" and "\0" not in value:
            assert kept[name] == value
    assert step(busy).is_open


def test_every_complaint_about_a_log_is_told_at_once(busy: House) -> None:
    answer = log(busy, busy.client("zhou"), report_to="", done_at_time="1404")
    assert "还差 2 处" in answer.text
    assert "报给谁：请填写这一项，审计要看" in answer.text
    assert "原因：办理时间早于计时起点，请写明原因" in answer.text


def test_before_t0_a_reason_is_enough(busy: House) -> None:
    answer = log(busy, busy.client("zhou"), done_at_time="1404", reason="先口头报出，后接热线转办")
    assert answer.status_code == 303
    assert step(busy).done_at == at("14:04")


def test_a_double_click_logs_once_and_says_so_once(busy: House) -> None:
    visitor = busy.client("zhou")
    page = visitor.get(f"/incidents/{busy.s02}").text
    form = {**next(f for f in forms_of(page) if f.action == log_path(busy)).fields, **LOG}
    assert [visitor.post(log_path(busy), data=form).status_code for _ in range(2)] == [303, 303]
    kinds = [e["kind"] for e in busy.assembly.views.entries(
        busy.assembly.views.incident(busy.s02, busy.clock.now()).id)]
    assert kinds.count("StepLogged") == 2  # the phone report before, and this one


def test_two_officers_logging_the_same_call_are_told_who_was_first_and_keep_what_they_typed(busy: House) -> None:
    visitor = busy.client("zhou")
    form = {**next(f for f in forms_of(visitor.get(f"/incidents/{busy.s02}").text) if f.action == log_path(busy)).fields,
            **LOG, "note": "对方姓钱"}
    busy.log(busy.s02, "preliminary_report", at("14:49"), actor=WU, report_to="区总值班室")
    answer = visitor.post(log_path(busy), data=form)
    assert answer.status_code == 409
    assert "吴乙已在 14:50 记录过这一步，未重复记录" in answer.text
    assert "对方姓钱" in answer.text
    next_form = next(f for f in forms_of(answer.text) if f.action == log_path(busy, "detailed_report")).fields
    assert next_form["note"] == ""  # what was typed for one step never slips into another


def test_a_time_before_midnight_is_yesterday_and_the_page_says_so(busy: House) -> None:
    busy.play(at("00:05", 13))
    visitor = busy.client("zhou")
    answer = log(busy, visitor, "release", done_at_time="2358", done_at_day="2026-03-13")
    assert "按昨天（12日 23:58）记录" in visitor.get(answer.location).text
    assert step(busy, "release").done_at == at("23:58")


def test_withdrawing_opens_the_step_again_and_strikes_the_entry(busy: House) -> None:
    visitor = busy.client("zhou")
    path = f"/incidents/{busy.s02}/steps/phone_report/withdraw"
    answer = visitor.submit(path, {"reason": "拨错号码"}, page=f"/incidents/{busy.s02}")
    page = visitor.get(answer.location).text
    assert "已撤回。电话上报重新计时催办" in page
    assert "<del><span class=\"kind\">电话上报完成</span>" in page
    assert "已由第" in page
    assert "原因：拨错号码" in page
    assert step(busy, "phone_report").is_open


def test_withdrawing_twice_is_told_and_changes_nothing(busy: House) -> None:
    visitor = busy.client("zhou")
    path = f"/incidents/{busy.s02}/steps/phone_report/withdraw"
    form = next(f for f in forms_of(visitor.get(f"/incidents/{busy.s02}").text) if f.action == path).fields
    visitor.post(path, data=form)
    again = visitor.post(path, data={**form, "key": "another"})
    assert again.status_code == 409
    assert "这一步还没有记录，没有可撤回的内容" in again.text


def test_closing_waits_for_every_step_and_then_ends_the_incident(busy: House) -> None:
    visitor = busy.client("zhou")
    path = f"/incidents/{busy.s02}/close"
    token = forms_of(visitor.get("/").text)[-1].fields["csrf_token"]
    refused = visitor.post(path, data={"csrf_token": token})
    assert refused.status_code == 409
    assert "还有4步没有记录" in refused.text
    for key in ("preliminary_report", "detailed_report", "release", "press_conference"):
        assert log(busy, visitor, key).status_code == 303
    answer = visitor.submit(path, {"reason": "处置完毕，终报已报"}, page=f"/incidents/{busy.s02}")
    page = visitor.get(answer.location).text
    assert "已结案" in page
    assert "接下来：终报" in page
    final = log_path(busy, "final_report")  # all that is left to do is what the closing brings about
    assert [form.action for form in forms_of(page)] == [final, "/sign-out"]
    assert f'href="/incidents/{busy.s02}"' not in visitor.get("/").text.split('id="rows"')[1]
    assert "已结案" in visitor.get("/incidents").text
    assert log(busy, visitor, "final_report").status_code == 303
    page = visitor.get(answer.location).text  # that one may be taken back, what was done before the closing may not
    assert [form.action for form in forms_of(page)] == [final.replace("/log", "/withdraw"), "/sign-out"]


@pytest.mark.parametrize(("person", "may_log", "may_write"), [
    ("zhou", True, True), ("chen", True, True), ("jiang", True, True),
    ("zheng", True, False), ("feng", True, False), ("han", True, False),
    ("yang", False, False), ("shen", False, False)])
def test_each_role_sees_the_forms_it_may_use_and_no_others(busy: House, person: str, may_log: bool,
                                                           may_write: bool) -> None:
    visitor = busy.client(person)
    page = visitor.get(f"/incidents/{busy.s02}").text
    actions = [form.action for form in forms_of(page)]
    withdraw = f"/incidents/{busy.s02}/steps/phone_report/withdraw"
    assert (log_path(busy) in actions, withdraw in actions) == (may_log, may_write)
    assert ("账号在这里只能查看" in page) == (not may_log)
    token = {"csrf_token": forms_of(page)[-1].fields["csrf_token"]}
    assert (visitor.post(withdraw, data=token).status_code == 403) == (not may_write)
    assert (visitor.post(log_path(busy), data=token).status_code == 403) == (not may_log)


@pytest.mark.parametrize("path", ["/incidents/2026-9999", "/incidents/%00", "/incidents/1", "/incidents/Y2026-0001x",
                                  "/fragments/incidents/2026-9999", "/incidents/" + "9" * 300])
def test_an_unknown_incident_is_a_page_with_a_sentence(busy: House, path: str) -> None:
    answer = busy.client("zhou").get(path)
    assert answer.status_code == 404
    assert "请核对编号" in answer.text


def test_an_unknown_step_is_a_page_with_a_sentence(busy: House) -> None:
    visitor = busy.client("zhou")
    token = forms_of(visitor.get("/").text)[-1].fields["csrf_token"]
    answer = visitor.post(log_path(busy, "coffee"), data={"csrf_token": token, **LOG, "done_at_time": "1450"})
    assert answer.status_code == 404
    assert "没有“coffee”这一步" in answer.text


def test_the_refresh_brings_the_regions_that_change_and_counts_on_from_the_server(busy: House) -> None:
    visitor = busy.client("zhou")
    busy.clock.move_to(at("14:50:17"))
    answer = visitor.get(f"/fragments/incidents/{busy.s02}", headers={"HX-Request": "true"}).text
    for region in ("pulse", "alarm", "mine", "pending", "cards", "further", "calls", "timeline", "case"):
        assert f'id="{region}"' in answer
    assert answer.count('hx-swap-oob="true"') == 9
    assert "14<small>分</small>43<small>秒</small>" in answer


def test_the_late_entry_shows_both_times(busy: House) -> None:
    page = busy.client("zhou").get("/incidents/Y2026-0005").text
    assert "14:33 补录，迟11分" in page
    assert "按时（补录）" in page


def test_the_timeline_can_be_filtered_and_turned(busy: House) -> None:
    visitor = busy.client("zhou")
    page = visitor.get(f"/incidents/{busy.s02}?show=work&order=asc").text
    entries = page.split('id="entries"')[1].split("</ol>")[0]
    assert "催办第" not in entries
    assert entries.index("事件已登记") < entries.index("电话上报完成")


def test_a_long_timeline_lists_its_newest_entries_first_and_the_rest_when_asked(
        busy: House, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor, size = busy.client("zhou"), len(busy.assembly.views.timeline(1).entries)
    monkeypatch.setattr("incident_clock.web.incident_page.SHOWN_AT_FIRST", 2)
    number = busy.assembly.views.incident(1, busy.clock.now()).number
    page = visitor.get(f"/incidents/{number}?order=asc").text
    assert page.count('id="entry-') == 2
    assert f"再列出{size - 2}条" in page
    everything = re.search(r'href="([^"#]*)[^"]*">再列出', page)
    assert everything is not None
    assert visitor.get(everything[1].replace("&amp;", "&")).text.count('id="entry-') == size


def test_a_broken_chain_is_told_in_red(busy: House) -> None:
    with busy.assembly.store.write() as session:
        from sqlalchemy import text
        session.execute(text("DROP TRIGGER ledger_entry_no_update"))
        session.execute(text("UPDATE ledger_entry SET hash = 'x' || substr(hash, 2) WHERE sequence = 2"))
    assert "校验不通过" in busy.client("zhou").get(f"/incidents/{busy.s02}").text
