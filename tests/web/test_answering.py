"""Who has not answered, on the incident's page: the reader's own button, sending again, and recording a phone call."""

from datetime import timedelta

import pytest

from incident_clock.people import sign_in
from tests.support.bureau import WANG, WU, ZHOU
from tests.web.forms_of import forms_of
from tests.web.house import House, Visitor, at

STEP = "preliminary_report"


def page_path(house: House) -> str:
    return f"/incidents/{house.s02}"


def mine_path(house: House) -> str:
    return f"{page_path(house)}/acknowledge"


def one_path(house: House, person: str, what: str, rung: int, step: str = STEP) -> str:
    return f"{page_path(house)}/steps/{step}/rung/{rung}/{person}/{what}"


def entries(house: House, *kinds: str) -> list[dict]:
    found = house.assembly.views.entries(house.assembly.views.incident(house.s02, house.clock.now()).id)
    return [entry for entry in found if entry["kind"] in kinds]


def seen(page: str, region: str = "calls") -> str:
    """The text of one region of the page."""
    return page.split(f'id="{region}"')[1].split("<section" if region.startswith("silent") else '<section aria-labelledby="timeline')[0]


def actions(page: str) -> set[str]:
    return {form.action for form in forms_of(page)}


# ── what is seen ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_calm_line_on_the_card_says_who_has_not_answered_and_since_when(busy: House) -> None:
    page = busy.client("zhou").get(page_path(busy)).text
    card = page.split(f'id="silent-{STEP}"')[1].split("</div>")[0]
    assert "还有5人没回：周甲（15分钟前）、吴乙（15分钟前）、陈己（15分钟前）、郑丙（刚刚）、王丁（刚刚）" in card
    assert f'href="#calls-{STEP}"' in card
    assert page.split('id="silent-detailed_report"')[1].split("</div>")[0] == '>', "nobody was called yet: nothing is said"


def test_the_list_names_role_number_call_and_answer(busy: House) -> None:
    busy.assembly.desk.acknowledge(busy.s02, "wu", how="link", actor=WU, now=busy.clock.now())
    listed = seen(busy.client("wei").get(page_path(busy)).text)
    for said in ("<b>郑丙</b>", "带班领导", "第2级 14:50 催", "没回", 'href="tel:+8613800000003"', "138 0000 0003", "14:50 签收（邮件）",
                 "14:55 起可重发"):
        assert said in listed, said
    assert listed.index("<b>周甲</b>") < listed.index("<b>吴乙</b>"), "the silent come first"


def test_an_answer_that_has_lapsed_says_so(busy: House) -> None:
    busy.assembly.desk.acknowledge(busy.s02, "wu", how="phone", actor=ZHOU, now=busy.clock.now())
    busy.play(at("14:55"))
    page = busy.client("zhou").get(page_path(busy)).text
    assert "14:50 签收已过，未办" in seen(page)
    assert "签收已过，未办：吴乙" in page.split(f'id="silent-{STEP}"')[1].split("</div>")[0]


def test_when_everybody_has_answered_the_line_says_that_this_completes_nothing(busy: House) -> None:
    for person in ("zhou", "wu", "chen", "zheng", "wang"):
        busy.assembly.desk.acknowledge(busy.s02, person, how="phone", actor=ZHOU, now=busy.clock.now())
    page = busy.client("wei").get(page_path(busy)).text
    assert "5人已签收；签收不等于办结" in page.split(f'id="silent-{STEP}"')[1].split("</div>")[0]


def test_a_stand_in_is_shown_with_the_one_he_stands_in_for(busy: House) -> None:
    busy.play(at("14:52:30"))
    listed = seen(busy.client("zhou").get(page_path(busy)).text)
    assert "主要领导·代 王丁" in listed


# ── the reader's own button ───────────────────────────────────────────────────────────────────────────────


def test_who_was_called_has_one_button_and_is_told_what_it_does_and_what_not(busy: House) -> None:
    page = busy.client("wang").get(page_path(busy)).text
    assert "请您确认收到：初步报告（14:50 催）" in page
    assert "确认收到不等于办结；初步报告 14:53 前不再重复催您" in page
    assert mine_path(busy) in actions(page)
    assert mine_path(busy) not in actions(busy.client("feng").get(page_path(busy)).text), "he was not called"


def test_the_button_records_an_answer_and_is_gone_until_it_is_wanted_again(busy: House) -> None:
    visitor = busy.client("wang")
    answer = visitor.submit(mine_path(busy), {}, page=page_path(busy))
    assert (answer.status_code, answer.location) == (303, page_path(busy))
    page = visitor.get(answer.location).text
    assert "已记下您收到。确认收到不等于办结；初步报告 14:53 前不再重复催您" in page
    assert mine_path(busy) not in actions(page)
    (entry,) = entries(busy, "Acknowledged")
    assert (entry["actor"], entry["actor_role"], entry["body"]["person"], entry["body"]["how"]) == ("王丁", "deputy", "王丁", "page")
    busy.play(at("14:54"))
    assert mine_path(busy) in actions(visitor.get(page_path(busy)).text)


def test_past_the_deadline_the_reader_is_told_that_nothing_is_paused(busy: House) -> None:
    busy.play(at("15:07"))
    visitor = busy.client("feng")
    assert "初步报告已过时限，仍会照常催您" in visitor.get(page_path(busy)).text
    page = visitor.get(visitor.submit(mine_path(busy), {}, page=page_path(busy)).location).text
    assert "已记下您收到。确认收到不等于办结；初步报告已过时限，仍会照常催您" in page
    assert mine_path(busy) not in actions(page)
    assert "15:07 签收（页面）" in seen(page)


def test_a_double_click_is_one_answer(busy: House) -> None:
    visitor = busy.client("wang")
    form = next(form for form in forms_of(visitor.get(page_path(busy)).text) if form.action == mine_path(busy)).fields
    assert [visitor.post(mine_path(busy), data=form).status_code for _ in range(2)] == [303, 303]
    assert len(entries(busy, "Acknowledged")) == 1


def test_who_was_not_called_cannot_acknowledge(busy: House) -> None:
    visitor = busy.client("feng")
    token = forms_of(visitor.get(page_path(busy)).text)[-1].fields["csrf_token"]
    answer = visitor.post(mine_path(busy), data={"csrf_token": token})
    assert answer.status_code == 409
    assert "没有记下" in answer.text
    assert f"冯戊在事件 {busy.s02} 上没有待确认的提醒" in answer.text
    assert entries(busy, "Acknowledged") == []


# ── an officer's two buttons ──────────────────────────────────────────────────────────────────────────────


def test_a_phone_call_is_recorded_at_a_tap_with_what_was_said(busy: House) -> None:
    visitor = busy.client("zhou")
    answer = visitor.submit(one_path(busy, "zheng", "rang", 2), {"note": "在路上，王局已知"}, page=page_path(busy))
    assert answer.status_code == 303
    page = visitor.get(answer.location).text
    assert "已记下：14:50 电话叫应 郑丙。签收不等于办结" in page
    assert "14:50 签收（电话）" in seen(page)
    assert "附注：在路上，王局已知" in page
    (entry,) = entries(busy, "Acknowledged")
    assert (entry["actor"], entry["body"]["person"], entry["body"]["how"]) == ("周甲", "郑丙", "phone")
    assert one_path(busy, "zheng", "rang", 2) not in actions(page), "nothing is asked of him any more"


def test_a_leader_may_record_a_call_too_but_none_of_his_own(busy: House) -> None:
    page = busy.client("wang").get(page_path(busy)).text
    assert one_path(busy, "zheng", "rang", 2) in actions(page)
    assert not any("/wang/" in action for action in actions(page)), "for himself there is the one button"


def test_sending_again_is_possible_from_the_minute_on_that_is_shown(busy: House) -> None:
    visitor = busy.client("zhou")
    page = visitor.get(page_path(busy)).text
    again = one_path(busy, "zheng", "resend", 2)
    assert again not in actions(page)
    assert "14:55 起可重发</button>" in page
    busy.play(at("14:55"))
    answer = visitor.submit(again, {}, page=page_path(busy))
    assert answer.status_code == 303
    page = visitor.get(answer.location).text
    assert "正在再发给 郑丙，结果记在时间轴上" in page
    assert "正在发送</button>" in page
    busy.play(at("14:55:02"))
    page = visitor.get(page_path(busy)).text
    assert "第2级 14:55 催" in page
    assert "15:00 起可重发</button>" in page
    assert "初步报告第2级 → 郑丙（页面）" in page
    assert "页面1，已发出" in page.split("再发一次")[1].split("</li>")[0]


def test_a_double_click_sends_once_and_says_so_twice(busy: House) -> None:
    busy.play(at("14:55"))
    visitor, again = busy.client("zhou"), one_path(busy, "zheng", "resend", 2)
    form = next(form for form in forms_of(visitor.get(page_path(busy)).text) if form.action == again).fields
    assert [visitor.post(again, data=form).status_code for _ in range(2)] == [303, 303]
    assert len(entries(busy, "Resent")) == 1


def test_a_colleague_who_was_quicker_is_told_about(busy: House) -> None:
    busy.play(at("14:55"))
    visitor, again = busy.client("zhou"), one_path(busy, "zheng", "resend", 2)
    form = next(form for form in forms_of(visitor.get(page_path(busy)).text) if form.action == again).fields
    busy.assembly.desk.resend(busy.s02, STEP, 2, "zheng", actor=WANG, now=busy.clock.now())
    answer = visitor.post(again, data=form)
    assert (answer.status_code, "上一条正在发送，请稍后再看" in answer.text) == (409, True)
    busy.play(at("14:56"))
    answer = visitor.post(again, data=form)
    assert (answer.status_code, "14:55 刚发过，至少隔5分钟才能重发" in answer.text) == (409, True)


def test_a_note_that_cannot_be_kept_stays_in_its_field(busy: House) -> None:
    visitor = busy.client("zhou")
    path = one_path(busy, "zheng", "rang", 2)
    answer = visitor.submit(path, {"note": "在\0路上"}, page=page_path(busy))
    assert answer.status_code == 422
    assert "没有记下" in answer.text
    assert "看不见的控制字符" in answer.text
    kept = next(form for form in forms_of(answer.text) if form.action == path).fields
    assert kept["note"].endswith("路上")
    assert all(form.fields.get("note") in (None, "") for form in forms_of(answer.text) if form.action != path)


@pytest.mark.parametrize("person", ["yang", "shen"])
def test_auditor_and_administrator_see_the_list_and_have_no_button(busy: House, person: str) -> None:
    visitor = busy.client(person)
    page = visitor.get(page_path(busy)).text
    assert "还有5人没回" in page
    assert not [action for action in actions(page) if action.endswith(("/acknowledge", "/rang", "/resend"))]
    token = forms_of(page)[-1].fields["csrf_token"]
    for path in (mine_path(busy), one_path(busy, "zheng", "rang", 2), one_path(busy, "zheng", "resend", 2)):
        assert visitor.post(path, data={"csrf_token": token}).status_code == 403
    assert entries(busy, "Acknowledged", "Resent") == []


@pytest.mark.parametrize(("path", "status"), [
    ("/incidents/2026-0999/acknowledge", 404), ("/incidents/%00/acknowledge", 404),
    ("/incidents/2026-0036/steps/coffee/rung/1/zheng/rang", 404), ("/incidents/2026-0036/steps/preliminary_report/rung/2/nobody/rang", 404),
    ("/incidents/2026-0036/steps/preliminary_report/rung/2/%00/resend", 404), ("/incidents/2026-0036/steps/%00/rung/2/zheng/resend", 404),
    ("/incidents/2026-0036/steps/preliminary_report/rung/9/zheng/resend", 404),
    ("/incidents/2026-0036/steps/preliminary_report/rung/100/zheng/resend", 404),
    ("/incidents/2026-0036/steps/preliminary_report/rung/2/feng/resend", 409)])
def test_what_is_not_there_is_not_found(busy: House, path: str, status: int) -> None:
    visitor = busy.client("zhou")
    token = forms_of(visitor.get(page_path(busy)).text)[-1].fields["csrf_token"]
    assert visitor.post(path, data={"csrf_token": token}).status_code == status


# ── guards ────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_the_form_s_own_token_nothing_is_recorded(busy: House) -> None:
    visitor = busy.client("wang")
    answer = visitor.post(mine_path(busy), data={"key": "k"})
    assert answer.status_code == 400
    assert "请再确认一次" in answer.text
    assert entries(busy, "Acknowledged") == []


def test_a_stranger_is_asked_to_sign_in_and_finds_the_page_with_his_note(busy: House) -> None:
    stranger, path = Visitor(busy.app, busy.app.response_class, use_cookies=True), one_path(busy, "zheng", "rang", 2)
    asked = stranger.post(path, data={"note": "在路上"})
    assert asked.status_code in (400, 401)
    with busy.assembly.store.write() as session:
        sign_in.set_password(session, "zhou", "correct horse battery", busy.clock.now())
    form = next(form for form in forms_of(asked.text) if form.action == "/sign-in").fields
    page = stranger.post("/sign-in", data={**form, "account": "zhou", "password": "correct horse battery"})
    assert page.status_code == 200
    kept = next(form for form in forms_of(page.text) if form.action == path).fields
    assert kept["note"] == "在路上"
    assert entries(busy, "Acknowledged") == []
    assert stranger.post(path, data=kept).status_code == 303
    assert len(entries(busy, "Acknowledged")) == 1


def test_the_quiet_refresh_brings_the_lists_and_the_button(busy: House) -> None:
    visitor = busy.client("wang")
    fragment = visitor.get(f"/fragments{page_path(busy)}", headers={"HX-Request": "true"}).text
    for region in ("mine", "calls"):
        assert f'id="{region}"' in fragment
        assert 'hx-swap-oob="true"' in fragment.split(f'id="{region}"')[1].split(">")[0]
    busy.clock.advance(timedelta(seconds=50))
    busy.assembly.desk.acknowledge(busy.s02, "wang", how="link", actor=WANG, now=busy.clock.now())
    fragment = visitor.get(f"/fragments{page_path(busy)}", headers={"HX-Request": "true"}).text
    assert "请您确认收到" not in fragment
    assert "14:51 签收（邮件）" in fragment


def test_a_logged_step_and_a_closed_incident_have_no_list(busy: House) -> None:
    for step in busy.assembly.views.incident(busy.s02, busy.clock.now()).steps:
        if step.is_open:
            busy.log(busy.s02, step.key, at("14:50"), report_to="区总值班室")
    page = busy.client("wang").get(page_path(busy)).text
    assert "没回" not in page
    assert mine_path(busy) not in actions(page)
