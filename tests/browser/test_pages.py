"""The pages in a real browser, at phone and desk width: they fit, they can be read by everybody, they work."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Visit
from tests.web.house import House, at

SIZES = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
UNKNOWN = "/incidents/2026-9999"
PATHS = ("/", "/register", "/incidents", "/outbox", "/incidents/2026-0036", "/incidents/2026-0035",
         "/incidents/2026-0036?step=press_conference", UNKNOWN, "/register?lang=en",
         "/incidents/2026-0036?lang=en")


def assert_accessible(window: Page) -> None:
    found = Axe().run(window)
    assert found.violations_count == 0, found.generate_report()


def assert_fits(window: Page) -> None:
    assert window.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{window.url} scrolls sideways"


@SIZES
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_and_can_be_read_by_everybody(visit: Visit, site: str, size: tuple[int, int],
                                                      scheme: str) -> None:
    window = visit("/", size=size)
    window.emulate_media(color_scheme=scheme)
    for path in PATHS:
        answer = window.goto(site + path)
        assert answer is not None
        assert answer.status == (404 if path == UNKNOWN else 200), path
        assert_fits(window)
        assert_accessible(window)


@SIZES
def test_the_sign_in_pages_fit_and_can_be_read_by_everybody(page, site: str, busy: House, size: tuple[int, int]) -> None:
    window = page(width=size[0], height=size[1])
    for path in ("/sign-in", busy.link("zhou"), "/sign-in/used-up"):
        window.goto(site + path)
        assert_fits(window)
        assert_accessible(window)


@SIZES
@pytest.mark.parametrize("has_javascript", [True, False], ids=["script", "no-script"])
def test_an_officer_registers_logs_and_withdraws(visit: Visit, busy: House, size: tuple[int, int],
                                                 has_javascript: bool) -> None:
    window = visit("/", size=size, has_javascript=has_javascript)
    window.get_by_role("link", name="事件登记").last.click()
    window.fill("#title", "北园路拆违现场围墙倒塌")
    window.get_by_text("中队或现场电话").click()
    window.get_by_role("button", name="登记，开始计时").click()
    expect(window.get_by_text("已登记为 2026-0037，计时开始")).to_be_visible()
    expect(window.locator("#phone_report .due").first).to_contain_text("15:10 前电话报告")

    window.fill("#report_to", "区总值班室 钱值班员")
    window.get_by_role("button", name="记录已电话上报").click()
    expect(window.locator(".banner-ok")).to_contain_text("14:50 已报区总值班室 钱值班员，按时")
    expect(window.locator("#phone_report")).to_contain_text("按时")

    window.locator("#phone_report summary").click()
    window.fill("#reason-phone_report", "拨错号码")
    window.get_by_role("button", name="撤回这条记录").click()
    expect(window.locator(".banner-ok")).to_contain_text("电话上报重新计时催办")
    expect(window.locator("#entries del").first).to_contain_text("电话上报完成")
    step = busy.assembly.views.incident("2026-0037", busy.clock.now()).steps[0]
    assert step.is_open


def test_a_mistake_moves_the_focus_to_the_box_and_its_links_to_the_fields(visit: Visit) -> None:
    window = visit("/register", size=PHONE)
    window.fill("#received_at_time", "1520")
    window.get_by_role("button", name="登记，开始计时").click()
    expect(window.locator("#errors")).to_be_focused()
    assert_accessible(window)
    window.locator("#errors a", has_text="请用一句话写明").click()
    expect(window.locator("#title")).to_be_focused()
    expect(window.locator("#received_at_time")).to_have_value("1520")


def test_filling_in_a_time_ticks_other_and_another_choice_clears_it(visit: Visit) -> None:
    window = visit("/register")
    window.fill("#received_at_time", "1432")
    assert window.locator("input[name=received_at][value=other]").is_checked()
    window.get_by_text("5分钟前", exact=False).first.click()
    expect(window.locator("#received_at_time")).to_have_value("")


@SIZES
def test_in_an_emergency_the_telephone_list_fits(visit: Visit, busy: House, size: tuple[int, int]) -> None:
    busy.clock.move_to(at("14:51"))
    window = visit("/", size=size)
    expect(window.get_by_role("alert")).to_have_text("催办引擎已停，现在不会自动发提醒")
    expect(window.locator(".banner-alarm a").first).to_have_attribute("href", "tel:+8613800000006")
    assert_fits(window)
    assert_accessible(window)


def test_a_printed_incident_is_a_record_without_forms(visit: Visit) -> None:
    window = visit("/incidents/2026-0036?order=asc")
    window.emulate_media(media="print", color_scheme="dark")
    for hidden in (".log", ".tabs", ".filters", ".count", ".btn", ".foot", ".ruler"):
        expect(window.locator(hidden).first).to_be_hidden()
    expect(window.locator(".only-print").first).to_contain_text("打印人：周甲")
    assert window.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert window.pdf(format="A4").startswith(b"%PDF")
