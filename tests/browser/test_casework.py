"""Closing steps in a real browser: two taps for a call, approvals by thumb, a second person's word; read by everybody."""

import pytest
from playwright.sync_api import expect

from incident_clock.registry.corrections import Correction
from incident_clock.registry.decisions import Approval
from incident_clock.registry.grading import Regrading
from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.test_pages import assert_accessible, assert_fits
from tests.support.bureau import WU, ZHOU
from tests.web.house import House, at

SIZES = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
INCIDENT = "/incidents/2026-0036"
CLOSED = "#cards details:not([open]), #pending details:not([open]), #further details:not([open])"


def with_everything(house: House) -> None:
    """A rescue that waits, a later T0, a downgrade, a waiver, a transfer on offer, a signature by phone, a task."""
    house.play(at("15:20:10"))
    desk, now = house.assembly.desk, house.clock.now()
    house.log(house.s02, "preliminary_report", at("15:02"), report_to="区总值班室", reason="网络中断",
              record={"is_signed_by_phone": True, "signed_by": "王丁", "document_number": "台综执 11"})
    desk.correct(house.s02, 1, Correction(reason="登记时看错", times={"received_at": at("14:12")}), actor=ZHOU, now=now)
    desk.waive(house.s02, "press_conference", Approval(approver="王丁", document="局办签 31", reason="事态平稳"), actor=WU, now=now)
    desk.offer_transfer(house.s02, "release", "区政府新闻办", Approval(approver="王丁", reason="统一发布"), actor=WU, now=now)
    desk.regrade(house.s02, Regrading(values={"opinion_grade": "一般"}, basis="热度回落"), protocol=None, actor=WU, now=now)
    desk.set_task(house.s02, origin="instruction", text="今晚前排查全区广告牌", owner="wu", by="冯戊", due_at=None, about=None,
                  actor=WU, now=now)


@pytest.mark.parametrize("has_javascript", [True, False], ids=["script", "no-script"])
def test_a_phone_report_takes_two_taps_from_the_board(visit: Visit, busy: House, has_javascript: bool) -> None:
    number = busy.register("北园路拆违现场围墙倒塌", place="北园路")
    window = visit("/", size=PHONE, has_javascript=has_javascript)
    window.get_by_role("link", name="北园路拆违现场围墙倒塌").click()
    window.get_by_role("button", name="记录已电话上报").click()
    expect(window.locator(".banner-ok")).to_contain_text("已报区总值班室，按时")
    assert busy.assembly.views.incident(number, busy.clock.now()).obligation("phone_report").ended == "done"


@SIZES
def test_the_page_with_everything_on_it_fits_and_can_be_read_by_everybody(visit: Visit, busy: House,
                                                                          size: tuple[int, int]) -> None:
    with_everything(busy)
    for path in (INCIDENT, f"{INCIDENT}?lang=en", f"{INCIDENT}/entries/1/correct?lang=zh"):
        window = visit(path, person="wang", size=size)
        assert_fits(window)
        assert_accessible(window)
        window.evaluate("css => document.querySelectorAll(css).forEach(one => { one.open = true; })", CLOSED)
        assert_fits(window)
        assert_accessible(window)


def test_a_waiver_by_thumb_is_told_at_its_field_and_then_kept(visit: Visit) -> None:
    window = visit(INCIDENT, size=PHONE)
    window.locator("#waive-press_conference summary").click()
    window.get_by_role("button", name="记录经批准不再办理").click()
    expect(window.locator("#errors")).to_be_focused()
    window.locator("#errors a", has_text="请写明批准人").click()
    expect(window.locator("#approver-waive-press_conference")).to_be_focused()
    window.keyboard.type("王丁")
    window.fill("#reason-waive-press_conference", "事态平稳")
    window.get_by_role("button", name="记录经批准不再办理").click()
    expect(window.locator("#press_conference .mark")).to_have_text("免开")


def test_a_leader_confirms_at_one_tap_and_the_card_turns(visit: Visit, busy: House) -> None:
    with_everything(busy)
    window = visit(INCIDENT, person="wang", size=PHONE)
    expect(window.locator("#preliminary_report .mark").first).to_have_text("按时（补录，待核）")
    window.get_by_role("button", name="核实无误：补录：初步报告").click()
    expect(window.locator("#preliminary_report .mark").first).to_have_text("按时（补录，已核）")
    expect(window.locator("#pending-title")).to_have_text("待核 2 项")
