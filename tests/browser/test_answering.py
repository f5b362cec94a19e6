"""Acknowledging in a real browser: one tap, with and without script; the quiet refresh never takes what is in use."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from incident_clock.outbox import answer_links
from incident_clock.outbox.tables import Message
from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.test_pages import assert_accessible, assert_fits
from tests.browser.test_quiet_refresh import refreshed, with_frozen_clock
from tests.support.bureau import WU
from tests.web.house import House, at

INCIDENT = "/incidents/2026-0036"
ZHENG = "#call-preliminary_report-zheng"
SIZES = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
SIZES_AND_SCRIPT = pytest.mark.parametrize(("size", "has_javascript"), [(PHONE, True), (PHONE, False), (DESK, True)],
                                           ids=["phone", "phone-no-script", "desk"])


def link(house: House, person: str) -> str:
    with house.assembly.store.read() as session:
        found = session.scalars(select(Message.id).filter_by(person=person, step="preliminary_report")).first()
    return f"/answer/{answer_links.sign(house.assembly.settings.secret_key.get_secret_value(), found)}"


@SIZES_AND_SCRIPT
def test_a_leader_acknowledges_at_one_tap(visit: Visit, busy: House, size: tuple[int, int], has_javascript: bool) -> None:
    window = visit(INCIDENT, person="wang", size=size, has_javascript=has_javascript)
    window.get_by_role("button", name="收到", exact=True).click()
    expect(window.locator(".banner-ok")).to_contain_text("已记下您收到。确认收到不等于办结；初步报告 14:53 前不再重复催您")
    expect(window.get_by_role("button", name="收到", exact=True)).to_have_count(0)
    expect(window.locator("#call-preliminary_report-wang")).to_contain_text("14:50 签收（页面）")
    assert_fits(window)


@SIZES_AND_SCRIPT
def test_an_officer_records_a_phone_call_with_a_note(visit: Visit, size: tuple[int, int], has_javascript: bool) -> None:
    window = visit(INCIDENT, size=size, has_javascript=has_javascript)
    window.locator(f"{ZHENG} summary").click()
    window.fill(f"{ZHENG}-note", "在路上")
    assert_fits(window)
    window.get_by_role("button", name="已电话叫应 郑丙").click()
    expect(window.locator(ZHENG)).to_contain_text("14:50 签收（电话）")
    expect(window.locator("#entries")).to_contain_text("附注：在路上")


@SIZES
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_link_of_a_mail_fits_and_can_be_read_by_everybody(page, site: str, busy: House, size: tuple[int, int],
                                                              language: str) -> None:
    window = page(width=size[0], height=size[1])
    window.goto(f"{site}{link(busy, 'wang')}?lang={language}")
    assert_fits(window)
    assert_accessible(window)
    window.locator("button.btn-main").click()
    expect(window.locator(".mark.is-met")).to_contain_text("14:50")
    assert_fits(window)
    assert_accessible(window)


def test_the_list_can_be_read_by_everybody_when_answers_have_lapsed_and_notes_are_open(visit: Visit, busy: House) -> None:
    busy.assembly.desk.acknowledge(busy.s02, "wu", how="reply", actor=WU, now=busy.clock.now())
    busy.play(at("14:55"))
    for size in (PHONE, DESK):
        window = visit(INCIDENT, person="chen", size=size)
        for scheme in ("light", "dark"):
            window.emulate_media(color_scheme=scheme)
            assert_accessible(window)
        window.locator(f"{ZHENG} summary").click()
        assert_fits(window)
        assert_accessible(window)


def test_the_refresh_lets_a_message_be_sent_again_when_its_time_has_come(visit: Visit, busy: House) -> None:
    window = with_frozen_clock(visit, INCIDENT)
    again = window.get_by_role("button", name="重发给 郑丙")
    expect(again).to_have_count(0)
    expect(window.locator(ZHENG)).to_contain_text("14:55 起可重发")
    busy.play(at("14:55:02"))
    refreshed(window)
    again.click()
    expect(window.locator(".banner-ok")).to_contain_text("正在再发给 郑丙")
    expect(window.locator(ZHENG)).to_contain_text("正在发送")


def test_a_note_somebody_is_writing_is_left_alone_while_the_list_goes_on(visit: Visit, busy: House) -> None:
    window = with_frozen_clock(visit, INCIDENT)
    window.locator(f"{ZHENG} summary").click()
    window.fill(f"{ZHENG}-note", "在路上")
    window.locator(f"{ZHENG}-note").focus()
    busy.play(at("14:55:02"))
    busy.assembly.desk.acknowledge(busy.s02, "wu", how="reply", actor=WU, now=busy.clock.now())
    refreshed(window)
    expect(window.locator("#call-preliminary_report-wu")).to_contain_text("14:55 签收（短信）")
    expect(window.locator(f"{ZHENG}-note")).to_be_focused()
    expect(window.locator(f"{ZHENG}-note")).to_have_value("在路上")
    busy.assembly.desk.acknowledge(busy.s02, "zheng", how="reply", actor=WU, now=busy.clock.now())
    refreshed(window)
    expect(window.locator(f"{ZHENG}-note")).to_be_focused()
    expect(window.locator(ZHENG)).to_contain_text("14:55 签收（短信）")


def test_the_button_comes_and_goes_without_taking_the_focus_or_a_form(visit: Visit, busy: House) -> None:
    busy.clock.advance(at("14:51") - busy.clock.now())
    window = visit("/outbox", person="feng")
    window.clock.install()
    window.goto(window.url.replace("/outbox", INCIDENT))
    expect(window.locator("#mine")).to_have_text("")
    window.fill("#evidence", "传真回执 1")
    busy.play(at("15:00:30"))
    refreshed(window)
    expect(window.locator("#mine")).to_contain_text("请您确认收到：初步报告（15:00 催）")
    expect(window.locator("#evidence")).to_be_focused()
    expect(window.locator("#evidence")).to_have_value("传真回执 1")
    window.locator("#mine button").focus()
    busy.play(at("15:01:30"))
    refreshed(window)
    expect(window.locator("#mine button")).to_be_focused()
    expect(window.locator("#mine .hint")).to_contain_text("15:02:22 前不再重复催您")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_thumb_acknowledges_with_a_code_from_a_text(page, site: str, busy: House, language: str) -> None:
    with busy.assembly.store.read() as session:
        message = session.scalars(select(Message).filter_by(person="wang", step="preliminary_report")).first()
        code, number = message.answer_code, message.facts["number"]
    window = page(width=PHONE[0], height=PHONE[1])
    window.goto(f"{site}/a?lang={language}")
    assert_fits(window)
    assert_accessible(window)
    for button in window.locator("form.card button").all():
        assert button.bounding_box()["height"] >= 48
    window.fill("#code", "12 34")
    window.locator("button[value='1']").click()
    expect(window.locator("#code")).to_have_attribute("aria-invalid", "true")
    assert_accessible(window)
    window.fill("#code", code)
    window.locator("button[value='1']").click()
    expect(window.locator(".mark.is-met")).to_be_visible()
    expect(window.locator("main")).to_contain_text(number)
    assert_fits(window)
    assert_accessible(window)
