"""The mechanism by thumb and at a desk: a lead is added and seen in its stage, a re-grading is looked at first."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.test_pages import assert_accessible, assert_fits
from tests.web.house import House


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_lead_is_added_from_its_stage_and_stands_there(visit: Visit, busy: House, size: tuple[int, int]) -> None:
    window = visit(f"/incidents/{busy.s02}", size=size)
    window.locator("#stage-collect summary").click()
    window.get_by_role("link", name="添加线索").click()
    assert_fits(window)
    assert_accessible(window)
    window.fill("#r-source", "短视频平台")
    window.fill("#r-url", "https://video.example.com/v/" + "8" * 60)
    window.get_by_role("button", name="保存").click()
    expect(window.locator("#stage-collect")).to_contain_text("短视频平台")  # open at once
    assert_fits(window)
    assert_accessible(window)


def test_a_regrading_is_shown_before_it_is_made(visit: Visit, busy: House) -> None:
    window = visit(f"/incidents/{busy.s02}/grade", size=PHONE)
    window.select_option("#opinion_grade", "一般")
    window.fill("#basis", "热度回落")
    window.get_by_role("button", name="先看改级的结果").click()
    expect(window.get_by_text("这是降级")).to_be_visible()
    assert_fits(window)
    assert_accessible(window)
    window.get_by_role("button", name="提出降级，等待批准").click()
    expect(window.locator("#pending")).to_contain_text("降级")
