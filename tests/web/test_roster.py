"""The roster's page: two weeks at a glance, who is on duty now, who covers whom, who is away, and the exports."""

import csv
import io
import re
from datetime import date, time
from pathlib import Path

import pytest

from incident_clock.people import covers, shifts
from incident_clock.store.session import Store
from incident_clock.views import roster as views
from tests.support.bureau import SHEN
from tests.web.house import House
from tests.web.rota import at, away, hire, lay_out, rota, staff

__all__ = ["rota"]


def cell(page: str, day: str, role: str) -> str:
    """The words in one cell of the table."""
    row = next(row for row in page.split("<tr")[1:] if day in row.split("</th>")[0])
    inside = next(part for part in row.split("<td")[1:] if f'data-role="{role}"' in part)
    return " ".join(re.sub("<[^>]+>", " ", inside.split(">", 1)[1]).split())


def shift_of(house: House, person: str, day: int) -> views.ShiftView:
    with house.assembly.store.read() as session:
        found = views.shifts_between(session, at("12:00", day), at("12:01", day), house.clock.now())
    return next(shift for shift in found if shift.person.key == person)


def cover(house: House, person: str, instead_of: str, since, until, *, role: str = "duty_officer") -> int:
    with house.assembly.store.write() as session:
        return covers.enter_cover(session, role=role, instead_of=instead_of, person=person, from_at=since,
                                  until_at=until, reason="家中有事", actor=SHEN, now=house.clock.now())


def test_two_weeks_from_today_with_who_is_on_duty_now_on_top(rota: House) -> None:
    page = rota.client("yang").get("/roster").text
    assert page.count('<th scope="row">') == 14
    assert "3月12日 周四–3月25日 周三" in page
    assert cell(page, "3月12日", "值班员") == "周甲"
    assert cell(page, "3月13日", "值班员") == "李酉"
    now_on_duty = page.split('id="on-duty"')[1].split("</section>")[0]
    assert ["周甲" in now_on_duty, "138 0000 0001" in now_on_duty, "至 13日 08:30" in now_on_duty] == [True] * 3
    assert "李酉" not in now_on_duty


def test_the_same_page_in_english(rota: House) -> None:
    page = rota.client("zhou").get("/roster?lang=en").text
    assert "<h1>Roster</h1>" in page
    assert "Thu 12 Mar–Wed 25 Mar" in page
    assert cell(page, "Thu 12 Mar", "Duty officer") == "周甲 Have it covered"
    assert not re.search("[\u4e00-\u9fff]", re.sub("周甲|李酉|吴乙|秦寅|郑丙|何辰|云河区综合执法局|中文", "", page))


def test_a_cover_and_a_swap_name_both_and_a_part_of_a_shift_says_from_when(rota: House) -> None:
    cover(rota, "zhou", "li", at("20:00", 13), at("08:30", 14))
    with rota.assembly.store.write() as session:
        covers.enter_swap(session, shift_a=shift_of(rota, "wu", 14).id, shift_b=shift_of(rota, "qin", 15).id,
                          reason="两人商定", actor=SHEN, now=rota.clock.now())
    page = rota.client("yang").get("/roster").text
    assert cell(page, "3月13日", "值班员") == "李酉 08:30–20:00 周甲 代 李酉（替班） 20:00–次日08:30"
    assert cell(page, "3月14日", "值班长") == "秦寅 代 吴乙（调班）"
    assert cell(page, "3月15日", "值班长") == "吴乙 代 秦寅（调班）"


def test_leave_is_shown_with_who_acts_and_what_nobody_does_is_red(rota: House) -> None:
    away(rota, "he", 13, 15, acting="chu")  # 何辰 has the 13th; his leave ends at midnight before the 15th
    away(rota, "qin", 13, 15)  # and nobody stands in for 秦寅
    page = rota.client("yang").get("/roster").text
    assert cell(page, "3月13日", "带班领导") == "由 褚庚 代 何辰"
    assert cell(page, "3月13日", "请假") == "何辰（褚庚代） 秦寅"
    assert cell(page, "3月13日", "值班长") == "秦寅不在岗，无人接替"
    assert cell(page, "3月15日", "请假") == ""


def test_a_day_says_what_it_is(house: House) -> None:
    house.clock.move_to(at("14:05").replace(month=9, day=30))
    page = house.client("yang").get("/roster").text
    assert "休·国庆节" in page.split("10月1日")[1].split("</th>")[0]
    assert "休·调休" in page.split("10月7日")[1].split("</th>")[0]
    assert "班·调休" in page.split("10月10日")[1].split("</th>")[0]
    assert ">休<" in page.split("10月11日")[1].split("</th>")[0]
    assert "tag" not in page.split("10月9日")[1].split("</th>")[0]
    assert "放假通知还没有收录" not in page


def test_a_year_without_a_notice_is_told(house: House) -> None:
    page = house.client("yang").get("/roster?since=2035-01-01").text
    assert "2035年的放假通知还没有收录" in page


def test_without_a_roster_everybody_in_the_directory_counts(house: House) -> None:
    page = house.client("yang").get("/roster").text
    assert cell(page, "3月12日", "值班员") == "不分班次"
    assert "还没有排班，通讯录里的都算" in page


def test_after_the_last_shift_the_days_are_red(rota: House) -> None:
    page = rota.client("yang").get("/roster?since=2026-03-30").text
    assert cell(page, "3月31日", "值班员") == "李酉"
    assert cell(page, "4月1日", "值班员") == "未排班"


@pytest.mark.parametrize("odd", ["", "x", "2026-02-30", "0001-01-01", "9999-12-31", "2026-03-12T00:00", "\0", "2100-12-30"])
def test_a_strange_day_asked_for_shows_a_page_all_the_same(house: House, odd: str) -> None:
    assert house.client("zhou").get("/roster", query_string={"since": odd}).status_code == 200


def test_before_the_hand_over_the_day_that_runs_comes_first(rota: House) -> None:
    rota.clock.move_to(at("08:29", 13))
    visitor = rota.client("yang")
    assert "3月12日 周四–" in visitor.get("/roster").text
    rota.clock.move_to(at("08:30", 13))
    assert "3月13日 周五–" in visitor.get("/roster").text


def test_a_shift_of_several_days_stands_on_each_of_them(house: House) -> None:
    hire(house, "li", "李酉", "duty_officer", 0)
    with house.assembly.store.write() as session:
        for person, since, until in (("zhou", at("08:30", 13), at("08:30", 16)), ("li", at("20:00", 16), at("08:30", 17))):
            shifts.add_shift(session, role="duty_officer", person=person, from_at=since, until_at=until, actor=SHEN,
                             now=house.clock.now())
    page = house.client("yang").get("/roster").text
    assert [cell(page, f"3月{day}日", "值班员") for day in (13, 14, 15, 16)] == [
        "周甲 3月13日 08:30–3月16日 08:30"] * 3 + ["李酉 20:00–次日08:30"]


def test_who_keeps_the_roster_finds_the_buttons_and_others_only_for_their_own(rota: House) -> None:
    keeper, owner, reader = (rota.client(person).get("/roster").text for person in ("chu", "zhou", "yang"))
    for path in ("/roster/swap", "/roster/plan", "/roster/import", "/roster/shifts/new"):
        assert f'href="{path}"' in keeper
        assert f'href="{path}"' not in owner + reader
    mine = shift_of(rota, "zhou", 12).id
    assert f"/roster/covers/new?shift={mine}" in owner
    assert f"/roster/shifts/{mine}/remove" in keeper
    assert "/remove" not in owner
    assert "找人替" not in reader


def test_many_days_are_read_in_a_few_statements(rota: House) -> None:
    """The page must not slow down with every shift."""
    from tests.support.interleaving import statements

    def look(days: int) -> int:
        def read() -> None:
            with rota.assembly.store.read() as session:
                views.roster_view(session, first=date(2026, 3, 12), now=rota.clock.now(), zone=rota.assembly.zone,
                                  handover_time=time(8, 30), day_kind=lambda day: None, days=days)

        return statements(rota.assembly.store, read)

    assert look(2) == look(18) < 20


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_export_holds_the_plan_and_no_telephone_number(rota: House, lang: str) -> None:
    cover(rota, "zhou", "li", at("20:00", 13), at("08:30", 14))
    answer = rota.client("zhou").get(f"/roster/export.csv?since=2026-03-12&lang={lang}")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="duty-roster-2026-03-12.csv"'
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 1 + 3 * 20
    assert ["2026-03-13", "值班员" if lang == "zh" else "duty_officer", "李酉", "li"] in [row[:4] for row in rows]
    assert "138" not in answer.text


def test_a_workbook_comes_as_one_and_no_other_kind_is_known(rota: House) -> None:
    visitor = rota.client("zhou")
    assert visitor.get("/roster/export.xlsx").data.startswith(b"PK")
    assert visitor.get("/roster/export.pdf").status_code == 404
    assert visitor.get("/roster/export.csv?since=0001-01-01").status_code == 404


def test_the_pages_and_forms_work_on_each_database(store: Store, tmp_path: Path) -> None:
    house = House.open(store.url.render_as_string(hide_password=False), tmp_path, now=at("14:05:30"))
    staff(house)
    lay_out(house)
    keeper, outgoing = house.client("chu"), house.client("zhou")
    form = {"person": "zhou", "from_time": "2000", "reason": "家中有事"}
    page = f"/roster/covers/new?shift={shift_of(house, 'li', 13).id}"
    assert keeper.submit("/roster/covers/new", form, page=page).status_code == 303
    assert outgoing.submit("/handover", {"incoming": "li"}, page="/handover").status_code == 303
    assert house.client("li").submit("/handover/1", {}, page="/handover").status_code == 303
    shown = outgoing.submit("/roster/calendar", {}, page="/roster/calendar").text
    calendar = shown.split('value="http://127.0.0.1:8000')[1].split('"')[0]
    for path in ("/roster", "/roster/swap", "/roster/plan", "/roster/import", "/roster/export.xlsx", "/handover",
                 "/handover/1", calendar):
        assert keeper.get(path).status_code == 200, path
    for odd in ("\0", "\ud7ff", "𠮷", "%", "'", "9" * 30):
        for path in ("/roster", "/roster/covers/new", "/roster/swap", "/handover"):
            fields = dict.fromkeys(("since", "shift", "shift_a", "before", "role"), odd)
            assert keeper.get(path, query_string=fields).status_code == 200
        for cover_form in ({"instead_of": odd}, {"instead_of": f"duty_officer/{odd}"}, {"person": odd}, {"reason": odd * 500},
                           {"instead_of": f"{odd}/zhou"}):
            sent = keeper.submit("/roster/covers/new", {**form, "person": "zhou", **cover_form}, page=page)
            assert sent.status_code in (409, 422)
        for who in (f"{odd}/zhou", f"duty_officer/{odd}"):
            sent = keeper.submit("/roster/shifts/new", {"who": who, "from_day": "3-20"}, page="/roster/shifts/new")
            assert sent.status_code == 422
        assert outgoing.submit("/handover", {"incoming": odd, "note": odd}, page="/handover").status_code == 422
    house.close()


def test_strangers_are_sent_to_sign_in(house: House) -> None:
    for path in ("/roster", "/roster/plan", "/roster/export.csv", "/roster/calendar", "/handover"):
        assert house.client().get(path).status_code == 302
