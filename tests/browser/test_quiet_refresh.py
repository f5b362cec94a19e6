"""What the page does by itself: counts down, refreshes quietly, goes stale, and leaves people's forms alone."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Visit
from tests.support.bureau import WU
from tests.web.house import House, at

FIGURES = "#preliminary_report .figures"


def with_frozen_clock(visit: Visit, path: str) -> Page:
    """A page whose timers the test moves."""
    window = visit("/outbox")
    window.clock.install()
    window.goto(window.url.replace("/outbox", path))
    return window


def refreshed(window: Page, seconds: int = 5) -> None:
    """Let the page ask the server once more."""
    with window.expect_response("**/fragments/**"):
        window.clock.run_for(seconds * 1000)


def test_the_countdown_ticks_between_two_answers_of_the_server(visit: Visit) -> None:
    window = with_frozen_clock(visit, "/incidents/2026-0036")
    expect(window.locator(FIGURES)).to_have_text("14分48秒")
    window.clock.run_for(3000)
    expect(window.locator(FIGURES)).to_have_text("14分45秒")


def test_the_refresh_brings_the_server_s_truth(visit: Visit, busy: House) -> None:
    window = with_frozen_clock(visit, "/incidents/2026-0036")
    busy.clock.move_to(at("14:58:30"))
    refreshed(window)
    expect(window.locator(FIGURES)).to_have_text("6分30秒")
    expect(window.locator("#pulse time")).to_have_text("14:58:30")


def test_a_change_of_standing_is_announced_once_and_the_card_turns(visit: Visit, busy: House) -> None:
    window = with_frozen_clock(visit, "/incidents/2026-0036")
    busy.play(at("15:06:01"))
    refreshed(window)
    expect(window.locator("#announce")).to_have_text("初步报告 超时")
    assert "is-overdue" in (window.locator("#preliminary_report").get_attribute("class") or "")
    expect(window.locator("#preliminary_report .count")).to_contain_text("已超")
    expect(window.locator("#entries")).to_contain_text("到时没有记录")


def test_a_form_somebody_is_filling_is_left_alone(visit: Visit, busy: House) -> None:
    window = with_frozen_clock(visit, "/incidents/2026-0036")
    window.fill("#evidence", "传真回执 1")
    window.locator("#evidence").focus()
    busy.play(at("15:06:01"))
    refreshed(window)
    expect(window.locator("#entries")).to_contain_text("到时没有记录")
    expect(window.locator("#evidence")).to_have_value("传真回执 1")
    expect(window.locator("#evidence")).to_be_focused()
    expect(window.locator("#preliminary_report .count")).to_contain_text("已超")
    window.get_by_role("button", name="记录已报出").click()
    expect(window.locator(".banner-error")).to_contain_text("打开已超过10分钟")
    expect(window.locator("#evidence")).to_have_value("传真回执 1")


def test_a_step_logged_by_a_colleague_makes_room_for_the_next(visit: Visit, busy: House) -> None:
    window = with_frozen_clock(visit, "/incidents/2026-0036")
    busy.log(busy.s02, "preliminary_report", at("14:50"), actor=WU, report_to="区总值班室")
    refreshed(window)
    expect(window.locator("#preliminary_report")).to_contain_text("吴乙 14:50 记录")
    expect(window.locator("#detailed_report form.log")).to_be_visible()


def test_a_step_logged_by_a_colleague_while_i_was_writing_keeps_what_i_wrote(visit: Visit, busy: House) -> None:
    window = with_frozen_clock(visit, "/incidents/2026-0036")
    window.fill("#evidence", "传真回执 1")
    window.locator("h1").click()  # the focus is elsewhere, the words are there
    busy.log(busy.s02, "preliminary_report", at("14:50"), actor=WU, report_to="区总值班室")
    refreshed(window)
    expect(window.locator("#entries")).to_contain_text("初步报告完成")
    expect(window.locator("#evidence")).to_have_value("传真回执 1")
    window.get_by_role("button", name="记录已报出").click()
    expect(window.locator("#errors")).to_contain_text("吴乙已在 14:50 记录过这一步，未重复记录")
    expect(window.locator(".typed-box")).to_contain_text("传真回执 1")


def test_an_open_withdrawal_stays_open(visit: Visit, busy: House) -> None:
    window = with_frozen_clock(visit, "/incidents/2026-0036")
    window.locator("#phone_report summary").click()
    busy.clock.advance(timedelta(minutes=1))
    refreshed(window)
    expect(window.locator(FIGURES)).to_have_text("13分48秒")
    expect(window.locator("#reason-phone_report")).to_be_visible()


def test_the_board_turns_without_moving_what_is_read(visit: Visit, busy: House) -> None:
    window = with_frozen_clock(visit, "/")
    window.evaluate("window.kept = document.getElementById('row-2')")
    window.locator("#row-2 h2 a").focus()
    busy.register("老槐巷夜市短视频", received_at=at("14:50"))
    busy.clock.advance(timedelta(seconds=5))
    refreshed(window)
    expect(window.locator("#row-list > li")).to_have_count(4)
    expect(window.locator("#board-title")).to_have_text("在办事件 4 件")
    expect(window.locator("#row-2 h2 a")).to_be_focused()
    expect(window.locator("#row-2 .figures")).to_have_text("14分43秒")
    assert window.evaluate("window.kept === document.getElementById('row-2')")


def test_without_an_answer_for_fifteen_seconds_the_page_says_so_and_stops_counting(visit: Visit) -> None:
    window = with_frozen_clock(visit, "/incidents/2026-0036")
    window.route("**/fragments/**", lambda route: route.abort())
    window.clock.run_for(17_000)
    expect(window.locator("#stale")).to_be_visible()
    expect(window.locator("#pulse")).to_have_text("页面未更新，最后 14:50:12")
    shown = window.locator(FIGURES).inner_text()
    window.clock.run_for(5_000)
    expect(window.locator(FIGURES)).to_have_text(shown)
    window.unroute("**/fragments/**")
    refreshed(window)
    expect(window.locator("#stale")).to_be_hidden()
    expect(window.locator("#pulse")).to_contain_text("催办正常")


def test_when_the_sign_in_ends_the_page_asks_for_it(visit: Visit, busy: House) -> None:
    window = with_frozen_clock(visit, "/")
    busy.clock.advance(timedelta(hours=25))
    window.clock.run_for(5_000)
    window.wait_for_url("**/sign-in**")


def test_the_engine_falling_silent_shows_without_reloading(visit: Visit, busy: House) -> None:
    window = visit("/register", size=PHONE)
    window.clock.install()
    window.goto(window.url)
    window.fill("#title", "招牌坠落")
    busy.clock.move_to(at("14:51"))
    refreshed(window)
    expect(window.get_by_role("alert")).to_have_text("催办引擎已停，现在不会自动发提醒")
    expect(window.locator("#title")).to_have_value("招牌坠落")
