"""The paper sheet through the browser's printer: one A4 page whatever stands on it; and the form on a phone."""

import re

import pytest

from tests.browser.conftest import PHONE, Visit
from tests.browser.test_pages import assert_accessible, assert_fits
from tests.web.house import ZHOU, House, at

A4_POINTS = (595, 842)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sheet_is_one_a4_page_and_nothing_of_it_is_cut_off(visit: Visit, busy: House, language: str) -> None:
    number = busy.register("青禾路与文昌街路口东北侧户外广告牌被大风刮落伤人" * 8, place="文昌街" * 20, is_drill=True)
    for task in range(8):
        busy.assembly.desk.set_task(number, origin="instruction", text=f"核实现场情况{task}" * 9, owner="wu", by="王丁",
                                    due_at=at("18:00"), about=None, actor=ZHOU, now=busy.clock.now())
    for step, done_at in (("phone_report", "14:50"), ("preliminary_report", "14:50"), ("detailed_report", "14:50")):
        busy.log(number, step, at(done_at), report_to="区总值班室" * 12)
    for printed in (number, busy.s02):
        window = visit(f"/incidents/{printed}/sheet?lang={language}")
        window.emulate_media(media="print")
        sheet = "document.querySelector('.sheet')"
        assert window.locator(".blanks-due").is_visible()
        assert window.evaluate(f"{sheet}.scrollHeight - {sheet}.clientHeight") <= 0
        pdf = window.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
        box = re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
        assert box is not None
        assert (round(float(box[1])), round(float(box[2]))) == A4_POINTS


def test_the_paper_is_typed_in_on_a_phone(visit: Visit, busy: House) -> None:
    window = visit(f"/incidents/{busy.s02}/rekey", size=PHONE)
    assert_fits(window)
    assert_accessible(window)
    step = busy.assembly.views.incident(busy.s02, busy.clock.now()).focus
    assert step is not None
    window.fill(f'[id="{step.key}.done_at_time"]', "1448")
    window.get_by_role("button", name="一起补录").click()
    assert_fits(window)
    window.fill(f'[id="{step.key}.report_to"]', "区总值班室")
    window.get_by_role("button", name="一起补录").click()
    window.get_by_text("已按纸质记录补录1步").wait_for()
