"""Grades on the page: what a change does is shown before it is made; merging, voiding, a drill that was real."""

import pytest

from incident_clock.registry.decisions import Approval
from incident_clock.views.shapes import IncidentView
from tests.support.bureau import WANG, WU
from tests.web.forms_of import forms_of
from tests.web.house import House, Visitor, at


def seen(house: House, number: str = "") -> IncidentView:
    return house.assembly.views.incident(number or house.s02, house.clock.now())


def look(house: House, visitor: Visitor, **fields: str) -> tuple[str, dict[str, str]]:
    """The page that tells what a change would do, and its form with the confirmation a click would send."""
    path = f"/incidents/{house.s02}/grade"
    shown = visitor.submit(path, {"basis": "热度上升", **fields}, page=path)
    assert shown.status_code == 200
    held = next(form.fields for form in forms_of(shown.text) if form.action == path)
    return shown.text, {**held, "seen": shown.text.split('name="seen" value="')[1].split('"')[0]}


def test_an_upgrade_is_told_first_and_holds_when_it_is_confirmed(busy: House) -> None:
    busy.assembly.desk.waive(busy.s02, "press_conference", Approval(approver="王丁", reason="事态平稳"), actor=WU,
                             now=busy.clock.now())
    visitor, path = busy.client("zhou"), f"/incidents/{busy.s02}/grade"
    text, held = look(busy, visitor, opinion_grade="重大")
    assert "升级" in text
    assert "新闻发布会" in text.split("</form>")[0].split("grade\"")[1]
    assert seen(busy).opinion_grade == "较大"  # nothing has changed so far
    assert visitor.post(path, data=held).status_code == 303
    now = seen(busy)
    assert (now.opinion_grade, now.obligation("press_conference").is_open) == ("重大", True)


def test_a_downgrade_waits_for_a_leader_and_the_page_says_so_before(busy: House) -> None:
    visitor, path = busy.client("zhou"), f"/incidents/{busy.s02}/grade"
    text, held = look(busy, visitor, opinion_grade="一般", protocol="general-48h")
    assert "分管领导或主要领导批准" in text
    assert visitor.post(path, data=held).status_code == 303
    now = seen(busy)
    assert (now.opinion_grade, [row.kind for row in now.pending]) == ("较大", ["Regraded"])
    busy.assembly.desk.confirm(busy.s02, now.pending[0].sequence, None, actor=WANG, now=busy.clock.now())
    assert (seen(busy).opinion_grade, seen(busy).protocol_key) == ("一般", "general-48h")


def test_what_becomes_sensitive_shows_the_steps_of_the_full_clock_before_it_holds(busy: House) -> None:
    busy.s02 = busy.register("网民反映噪声扰民", protocol="general-48h")
    visitor = busy.client("zhou")
    text, held = look(busy, visitor, is_sensitive="1")
    assert "增加电话上报" in text
    assert visitor.post(f"/incidents/{busy.s02}/grade", data=held).status_code == 303
    assert seen(busy).protocol_key == "district-emergency"


def test_what_was_not_shown_is_not_confirmed(busy: House) -> None:
    visitor, path = busy.client("zhou"), f"/incidents/{busy.s02}/grade"
    _, held = look(busy, visitor, opinion_grade="重大")
    assert visitor.post(path, data={**held, "opinion_grade": "特别重大"}).status_code == 200
    assert seen(busy).opinion_grade == "较大"


def test_the_four_scales_stand_apart_and_no_colour_is_a_grade(busy: House) -> None:
    visitor = busy.client("zhou")
    _, held = look(busy, visitor, event_grade="较大", warning_level="三级", response_level="四级", is_sensitive="1")
    visitor.post(f"/incidents/{busy.s02}/grade", data=held)
    now = seen(busy)
    assert (now.event_grade, now.opinion_grade, now.warning_level, now.response_level, now.is_sensitive) == (
        "较大", "较大", "三级", "四级", True)
    page = visitor.get(f"/incidents/{busy.s02}").text
    for name in ("事件分级", "舆情分级", "预警级别", "响应级别"):
        assert f"<dt>{name}</dt>" in page
    assert "较大（Ⅲ级）" in page
    assert not any(colour in page for colour in ("红色", "橙色", "黄色", "蓝色"))


@pytest.mark.parametrize(("fields", "status", "sentence"), [
    ({"basis": "", "opinion_grade": "重大"}, 422, "请写明依据"), ({"basis": "x"}, 409, "没有可改的"),
    ({"basis": "x", "event_grade": "黄色"}, 422, "没有“黄色”这一项")])
def test_a_refused_change_comes_back_filled_in(busy: House, fields: dict[str, str], status: int, sentence: str) -> None:
    path = f"/incidents/{busy.s02}/grade"
    answer = busy.client("zhou").submit(path, fields, page=path)
    assert (answer.status_code, sentence in answer.text) == (status, True)


@pytest.mark.parametrize("path", ["grade", "records/lead"])
@pytest.mark.parametrize("person", ["han", "zheng"])
def test_who_may_not_write_is_told_whom_to_ask(busy: House, person: str, path: str) -> None:
    answer = busy.client(person).get(f"/incidents/{busy.s02}/{path}")
    assert (answer.status_code, "周甲" in answer.text) == (403, True)


def test_a_duplicate_is_merged_and_the_earlier_start_counts(busy: House) -> None:
    other = busy.register("广告牌掉落", received_at=at("14:01"))
    visitor, page = busy.client("zhou"), f"/incidents/{busy.s02}"
    refused = visitor.submit(f"{page}/merge", {"number": "2026-9999", "reason": "同一件"}, page=page)
    assert (refused.status_code, "没有编号为 2026-9999 的事件" in refused.text) == (422, True)
    assert 'value="2026-9999"' in refused.text
    assert visitor.submit(f"{page}/merge", {"number": other, "reason": "同一件"}, page=page).status_code == 303
    assert (seen(busy).clock_started_at, seen(busy, other).ended_as) == (at("14:01"), "merged")
    assert "已并入另一事件" in visitor.get("/incidents").text


def test_a_voided_registration_says_so_in_the_list(busy: House) -> None:
    page = f"/incidents/{busy.s02}"
    visitor = busy.client("zhou")
    assert visitor.submit(f"{page}/void", {"reason": ""}, page=page).status_code == 422
    assert visitor.submit(f"{page}/void", {"reason": "演练误登"}, page=page).status_code == 303
    busy.assembly.desk.confirm(busy.s02, seen(busy).pending[0].sequence, None, actor=WANG, now=busy.clock.now())
    assert "已作废" in visitor.get("/incidents").text
    assert "作废" in visitor.get(page).text


def test_a_drill_that_was_real_is_registered_as_real_with_its_start(busy: House) -> None:
    drill = busy.register("灯会拥挤", received_at=at("14:41"), is_drill=True)
    page = f"/incidents/{drill}"
    answer = busy.client("zhou").submit(f"{page}/real", {}, page=page)
    real = seen(busy, answer.location.rsplit("/", 1)[1])
    assert (real.is_drill, real.clock_started_at, real.related_to) == (False, at("14:41"), drill)


def test_what_is_left_to_do_after_closing_stands_on_the_board(busy: House) -> None:
    for key in ("preliminary_report", "detailed_report", "release", "press_conference"):
        busy.log(busy.s02, key, at("14:50"))
    busy.assembly.desk.set_task(busy.s02, origin="instruction", text="全区排查", owner="wu", by="冯戊", due_at=None, about=None,
                                actor=WU, now=busy.clock.now())
    busy.assembly.desk.close(busy.s02, None, actor=WU, now=busy.clock.now())
    board = busy.client("zhou").get("/").text.split("结案后待办")[1]
    assert (board.count(busy.s02) >= 2, "终报" in board, "吴乙" in board) == (True, True, True)


def test_the_seldom_blanks_of_a_registration_are_kept(house: House) -> None:
    first = house.register("灯会拥挤")
    visitor = house.client("zhou")
    answer = visitor.submit("/register", {
        "title": "次生踩踏", "source": "网上巡查", "warning_level": "二级", "response_level": "三级", "is_sensitive": "1",
        "secondary_categories": "security", "related_to": first, "received_at_time": "1404"}, page="/register")
    assert answer.status_code == 303
    now = seen(house, answer.location.rsplit("/", 1)[1])
    assert (now.warning_level, now.response_level, now.is_sensitive, now.secondary_categories, now.related_to,
            now.relation) == ("二级", "三级", True, ("security",), first, "part_of")
    refused = visitor.submit("/register", {"title": "x", "source": "网上巡查", "related_to": "2026-9999",
                                           "received_at_time": "1404"}, page="/register")
    assert "没有编号为 2026-9999 的事件" in refused.text
    assert 'value="2026-9999"' in refused.text
