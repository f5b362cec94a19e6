"""The registration page: what is asked, what comes of it, and that nothing typed is ever lost."""

from datetime import timedelta

import pytest

from tests.web.forms_of import forms_of
from tests.web.house import House, at

TITLE = "青禾路户外广告牌被大风刮落伤人"
FORM = {"title": TITLE, "place": "青禾路与文昌街路口东北侧", "source": "12345热线"}


def register(house: House, *, person: str = "zhou", **fields: str):
    return house.client(person).submit("/register", {**FORM, **fields}, page="/register")


def numbers(house: House) -> list[str]:
    return [row.incident.number for row in house.assembly.views.board(house.clock.now()).rows]


def test_registering_starts_the_five_clocks_from_the_instant_that_was_read(house: House) -> None:
    visitor = house.client("zhou")
    answer = visitor.submit("/register", FORM, page="/register")
    assert answer.status_code == 303
    assert answer.location == "/incidents/2026-0001"
    page = visitor.get(answer.location).text
    assert "已登记为 2026-0001，计时开始" in page
    for due in ("14:25 前电话报告", "15:05 前书面报出", "16:05 前书面报出", "19:05 前发布", "13日 14:05 前举行"):
        assert due in page


def test_three_things_are_asked_and_no_more(house: House) -> None:
    page = house.client("zhou").get("/register").text
    assert page.count('class="need"') == 3


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"title": ""}, "请用一句话写明什么事"),
    ({"title": "  \n "}, "请用一句话写明什么事"),
    ({"title": "坠" * 10_000}, "最多200字，现有10000字"),
    ({"title": "坠\0落"}, "看不见的控制字符"),
    ({"title": "坠\u202e落"}, "看不见的控制字符"),
    ({"source": ""}, "请选一项"),
    ({"source": "other"}, "请选一项"),
    ({"received_at": "other"}, "请填写时刻"),
    ({"received_at": "", "received_at_time": ""}, "请选一项，或填写时刻"),
    ({"received_at_time": "1520"}, "比现在晚74分钟"),
    ({"received_at_time": "2561"}, "不是24小时制的时刻"),
    ({"received_at_time": "1400", "received_at_day": "2026-02-30"}, "不是日历上的日期"),
    ({"received_at": "2026-03-12T14:05"}, "不是完整的时间"),
    ({"received_at": "2025-03-01T14:05+08:00"}, "一年以前"),
    ({"occurred_at_time": "1520"}, "比现在晚74分钟"),
    ({"category": "aliens"}, "没有“aliens”这一项"),
    ({"event_grade": "<script>"}, "没有“&lt;script&gt;”这一项"),
    ({"protocol": "nonsense"}, "没有“nonsense”这套规则"),
    ({"summary": "长" * 4_001}, "最多4000字"),
])
def test_what_cannot_be_right_is_told_at_its_field_and_nothing_typed_is_lost(
        house: House, fields: dict[str, str], sentence: str) -> None:
    answer = register(house, **fields)
    assert answer.status_code == 422
    assert "事件尚未登记" in answer.text
    assert answer.text.count(sentence) >= 2  # in the box, and at the field
    kept = next(form for form in forms_of(answer.text) if form.action == "/register").fields
    for name, value in {**FORM, **fields}.items():
        if value in ("aliens", "nonsense", "<script>", "other", "2026-02-30") or name == "received_at":
            continue  # not among the choices: told, and to be chosen anew
        assert kept.get(name, "").strip("\n") == value.strip("\n"), name
    assert numbers(house) == []


def test_every_complaint_is_told_at_once(house: House) -> None:
    answer = register(house, title="", received_at_time="1520", source="")
    assert "还差 3 处" in answer.text
    box = answer.text.split('id="errors"')[1].split("</ul>")[0]
    assert box.index("获知时间：") < box.index("什么事：") < box.index("来源：")  # as they stand on the page


@pytest.mark.parametrize("title", ["𠮷野家门口招牌坠落🚨", "<b>招牌</b> & \"灯箱\" 'x' {{ 7*7 }} %(x)s %s"])
def test_any_honest_text_is_kept_as_it_was_typed(house: House, title: str) -> None:
    visitor = house.client("zhou")
    answer = visitor.submit("/register", {**FORM, "title": title}, page="/register")
    assert house.assembly.views.incident("2026-0001", house.clock.now()).title == title
    page = visitor.get(answer.location).text
    assert "<b>招牌" not in page
    assert "49" not in page.split("<h1>")[1].split("</h1>")[0]


def test_a_time_just_before_midnight_means_yesterday_and_says_so(house: House) -> None:
    house.clock.move_to(at("00:05", 13))
    visitor = house.client("zhou")
    answer = visitor.submit("/register", {**FORM, "received_at_time": "2358"}, page="/register")
    assert "按昨天（12日 23:58）记录" in visitor.get(answer.location).text
    assert house.assembly.views.incident("2026-0001", house.clock.now()).clock_started_at == at("23:58")


def test_a_time_more_than_a_day_back_is_asked_about_and_then_taken(house: House) -> None:
    visitor = house.client("zhou")
    form = {**FORM, "received_at_time": "1000", "received_at_day": "2026-03-10"}
    asked = visitor.submit("/register", form, page="/register")
    assert asked.status_code == 422
    assert "事件尚未登记" in asked.text
    assert "2026-03-10 10:00" in asked.text
    kept = forms_of(asked.text)[0].fields
    again = visitor.post("/register", data={**kept, "edit": "1"})
    assert 'value="1000"' in again.text
    assert numbers(house) == []
    done = visitor.post("/register", data={**kept, "confirmed": "1"})
    assert done.status_code == 303
    assert house.assembly.views.incident("2026-0001", house.clock.now()).received_at == at("10:00", 10)


def test_a_page_older_than_ten_minutes_asks_once_more_with_fresh_choices(house: House) -> None:
    visitor = house.client("zhou")
    old = next(form for form in forms_of(visitor.get("/register").text) if form.action == "/register").fields
    house.clock.advance(timedelta(minutes=11))
    asked = visitor.post("/register", data={**old, **FORM})
    assert "打开已超过10分钟" in asked.text
    assert "2026-03-12T14:16+08:00" in asked.text  # the fresh choice
    fresh = next(form for form in forms_of(asked.text) if form.action == "/register").fields
    assert fresh["received_at"] == "2026-03-12T14:05+08:00"  # what was picked stays picked
    assert visitor.post("/register", data=fresh).status_code == 303


def test_a_double_click_registers_once(house: House) -> None:
    visitor = house.client("zhou")
    form = {**next(f for f in forms_of(visitor.get("/register").text) if f.action == "/register").fields, **FORM}
    first, second = visitor.post("/register", data=form), visitor.post("/register", data=form)
    assert first.location == second.location == "/incidents/2026-0001"
    assert numbers(house) == ["2026-0001"]


def test_the_same_page_sent_again_with_other_words_is_told_and_can_be_sent_on_purpose(house: House) -> None:
    visitor = house.client("zhou")
    form = {**next(f for f in forms_of(visitor.get("/register").text) if f.action == "/register").fields, **FORM}
    visitor.post("/register", data=form)
    told = visitor.post("/register", data={**form, "title": "另一件事"})
    assert told.status_code == 409
    fresh = next(f for f in forms_of(told.text) if f.action == "/register").fields
    assert fresh["title"] == "另一件事"
    assert visitor.post("/register", data=fresh).status_code == 303


def test_a_likely_duplicate_is_named_after_registering(house: House) -> None:
    register(house)
    visitor = house.client("wu")
    answer = visitor.submit("/register", FORM, page="/register")
    assert "可能是同一件事：2026-0001" in visitor.get(answer.location).text


def test_a_drill_is_marked_everywhere(house: House) -> None:
    visitor = house.client("zhou")
    answer = visitor.submit("/register", {**FORM, "is_drill": "1"}, page="/register")
    assert answer.location == "/incidents/Y2026-0001"
    for path in (answer.location, "/", "/incidents"):
        assert "【演练】" in visitor.get(path).text
    assert "【演练】" in visitor.get(answer.location).text.split("</title>")[0]


def test_another_source_is_chosen_by_filling_it_in(house: House) -> None:
    register(house, source="12345热线", source_other="区电视台记者来电")
    assert house.assembly.views.incident("2026-0001", house.clock.now()).source == "区电视台记者来电"


@pytest.mark.parametrize("person", ["yang", "shen", "zheng"])
def test_those_who_may_not_register_see_whom_to_ask_and_no_form(house: House, person: str) -> None:
    visitor = house.client(person)
    page = visitor.get("/register")
    assert page.status_code == 403
    assert "请联系值班员 周甲" in page.text
    assert not any(form.action == "/register" for form in forms_of(page.text))
    token = forms_of(visitor.get("/").text)[-1].fields["csrf_token"]
    assert visitor.post("/register", data={**FORM, "csrf_token": token}).status_code == 403
    assert numbers(house) == []
