"""Leave in the browser: one's own with who acts, the administrator's for everybody, the way back."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from incident_clock.people import roster
from incident_clock.people.duty_tables import Absence
from tests.web.forms_of import forms_of
from tests.web.house import House, at

FORM = {"from_day": "2026-03-14", "until_day": "2026-03-15", "acting": "feng", "reason": "出差"}


def enter(house: House, person: str, key: str, **fields: str):
    page = f"/directory/people/{key}/leave"
    return house.client(person).submit(page, {**FORM, **fields}, page=page)


def spans(house: House) -> list[tuple]:
    with house.assembly.store.read() as session:
        return [(row.person, row.acting, row.from_at, row.until_at) for row in session.scalars(
            select(Absence).where(Absence.removed_at.is_(None)).order_by(Absence.id))]


def box(page: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", page.split('id="errors"')[1].split("</div>")[0]))


def test_only_who_may_log_is_offered_as_deputy_or_as_stand_in(house: House) -> None:
    for path in ("leave", "edit"):
        page = house.client("shen").get(f"/directory/people/zheng/{path}").text
        assert '<option value="feng"' in page
        assert '<option value="shen"' not in page  # an administrator


def test_without_times_leave_is_of_whole_days(house: House) -> None:
    answer = enter(house, "shen", "zheng")
    assert answer.location == "/directory/people/zheng"
    assert spans(house) == [("zheng", "feng", at("00:00", 14), at("00:00", 16))]
    page = house.client("zhou").get(answer.location).text
    assert "2026-03-14 00:00 至 2026-03-15 24:00" in page


@pytest.mark.parametrize(("fields", "from_at", "until_at"), [
    ({"from_time": "0830", "until_time": "17:30"}, at("08:30", 14), at("17:30", 15)),
    ({"from_day": "3月14日", "from_time": "８：３０", "until_day": "3-14"}, at("08:30", 14), at("00:00", 15)),
    ({"from_day": "20260312", "from_time": "1405"}, at("14:05"), at("00:00", 16)),
])
def test_days_and_times_are_read_as_people_write_them(house: House, fields: dict[str, str], from_at, until_at) -> None:
    assert enter(house, "shen", "zheng", **fields).status_code == 303
    assert spans(house) == [("zheng", "feng", from_at, until_at)]


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"from_day": ""}, "从：请填写日期"), ({"until_day": "2026-02-30"}, "到：“2026-02-30”不是日历上的日期"),
    ({"from_time": "2561"}, "从：“2561”不是24小时制的时刻"), ({"until_day": "2026-03-13"}, "到：结束时间要晚于开始时间"),
    ({"from_day": "2026-03-01", "until_day": "2026-03-02"}, "到：这段时间已经过去"),
    ({"from_day": "2026-03-10"}, "从：只能补记24小时以内开始的请假"), ({"until_day": "2028-01-01"}, "到：一次最长366天"),
    ({"acting": "zheng"}, "代理人：代理人不能是本人"), ({"reason": "长" * 501}, "原因：最多500字"),
])
def test_what_cannot_be_right_is_told_and_nothing_typed_is_lost(house: House, fields: dict[str, str], sentence: str) -> None:
    answer = enter(house, "shen", "zheng", **fields)
    assert answer.status_code == 422
    assert sentence in box(answer.text)
    kept = next(form for form in forms_of(answer.text) if form.action == "/directory/people/zheng/leave").fields
    for name, value in {**FORM, **fields}.items():
        if value != "zheng":
            assert kept[name] == value, name
    assert spans(house) == []


def test_leave_that_leaves_a_rung_empty_is_refused_with_day_and_rung(house: House) -> None:
    edit = "/directory/people/zheng/edit"
    house.client("shen").submit(edit, {"stand_in": ""}, page=edit)
    answer = enter(house, "shen", "zheng", acting="")
    assert answer.status_code == 409
    assert "2026-03-14" in box(answer.text)
    assert "级催不到人" in box(answer.text)
    assert spans(house) == []


def test_leave_far_ahead_that_leaves_a_rung_empty_is_refused_too(house: House) -> None:
    edit = "/directory/people/zheng/edit"
    house.client("shen").submit(edit, {"stand_in": ""}, page=edit)
    answer = enter(house, "shen", "zheng", acting="", from_day="2026-04-20", until_day="2026-04-21")
    assert "2026-04-20" in box(answer.text)


def test_everybody_enters_his_own_leave_and_names_who_acts(house: House) -> None:
    refused = enter(house, "zheng", "zheng", acting="")
    assert "代理人：请选代理人：自己请假要写明由谁代" in box(refused.text)
    assert enter(house, "zheng", "zheng").status_code == 303
    with house.assembly.store.read() as session:
        assert [holder.card.key for holder in roster.who_is(session, "duty_leader", at("12:00", 14))] == ["feng"]


@pytest.mark.parametrize("person", ["wang", "yang", "zhou"])
def test_nobody_enters_leave_for_somebody_else(house: House, person: str) -> None:
    visitor = house.client(person)
    page = "/directory/people/zheng/leave"
    assert visitor.get(page).status_code == 403
    token = forms_of(visitor.get("/").text)[-1].fields["csrf_token"]
    assert visitor.post(page, data={**FORM, "csrf_token": token}).status_code == 403
    enter(house, "shen", "zheng")
    assert visitor.post("/directory/leave/1/end", data={"csrf_token": token}).status_code == 403
    assert len(spans(house)) == 1


def test_an_acting_deputy_who_is_away_himself_is_warned_of(house: House) -> None:
    enter(house, "shen", "feng", acting="chen")
    page = house.client("shen")
    answer = page.submit("/directory/people/zheng/leave", FORM, page="/directory/people/zheng/leave")
    assert "代理人这段时间里自己也请了假（2026-03-14 00:00 至 2026-03-15 24:00）" in page.get(answer.location).text
    assert len(spans(house)) == 2


def test_a_double_click_enters_leave_once(house: House) -> None:
    enter(house, "shen", "zheng")
    again = enter(house, "shen", "zheng")
    assert again.status_code == 409
    assert "郑丙这段时间已经请假" in box(again.text)
    assert len(spans(house)) == 1


def test_who_comes_back_early_says_so_himself(house: House) -> None:
    enter(house, "zheng", "zheng")
    house.clock.move_to(at("12:00", 15))
    visitor = house.client("zheng")
    answer = visitor.submit("/directory/leave/1/end", {}, page="/directory/people/zheng")
    page = visitor.get(answer.location).text
    assert "已记下：郑丙 已回来" in page
    assert "已结束" in page
    assert spans(house) == [("zheng", "feng", at("00:00", 14), at("12:00", 15))]
    token = forms_of(page)[-1].fields["csrf_token"]
    assert visitor.post("/directory/leave/1/end", data={"csrf_token": token}).status_code == 404


def test_leave_to_come_is_taken_back(house: House) -> None:
    enter(house, "shen", "zheng")
    visitor = house.client("shen")
    answer = visitor.submit("/directory/leave/1/end", {}, page="/directory/people/zheng")
    assert "已撤销 郑丙 的请假" in visitor.get(answer.location).text
    assert spans(house) == []
