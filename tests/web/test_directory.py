"""The directory as it is read: the tree, one card, offices outside; who may see and change what; both languages."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from incident_clock.people import leave, outside, roster, units
from incident_clock.people.outside import OutsideDraft
from incident_clock.people.tables import Unit
from incident_clock.store.session import Store
from tests.support.bureau import SHEN
from tests.web.forms_of import forms_of
from tests.web.house import House, at

PAGES = ("/directory", "/directory/people/zhou", "/directory/units/squad1", "/directory/outside")
ADMIN_PAGES = ("/directory/people/new", "/directory/people/zhou/edit", "/directory/units/new",
               "/directory/units/squad1/edit", "/directory/outside/new")
ADMIN_POSTS = ("/directory/people/new", "/directory/people/zhou/edit", "/directory/people/zhou/retire",
               "/directory/people/zhou/restore", "/directory/people/zhou/link", "/directory/people/zhou/contacts/1/verified",
               "/directory/units/new", "/directory/units/squad1/edit", "/directory/units/squad1/remove",
               "/directory/outside/new", "/directory/outside/district/edit", "/directory/outside/district/remove")
EVERYBODY = ("zhou", "wu", "zheng", "chen", "wang", "feng", "chu", "wei", "jiang", "han", "yang", "shen")


def text(page: str) -> str:
    """What a person reads: no tags, single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def read(house: House, path: str, *, person: str = "zhou") -> str:
    answer = house.client(person).get(path)
    assert answer.status_code == 200, path
    return answer.text


def furnish(house: House) -> None:
    """One reporter, one outside party, one leave that is running."""
    with house.assembly.store.write() as session:
        now = house.clock.now()
        seen = units.draft_of(session.get_one(Unit, "squad1"))
        units.alter_unit(session, "squad1", units.UnitDraft(name=seen.name, parent="bureau", reporter="wei"), seen=seen,
                         actor=SHEN, now=now)
        outside.add_outside(session, OutsideDraft(name="区总值班室", phone="0578-5550100", note="24小时值守"), actor=SHEN, now=now)
        leave.enter_leave(session, person="zheng", from_at=now, until_at=at("08:30", 14), acting="feng",
                          reason="出差", actor=SHEN, now=now)


# ── what is read ──────────────────────────────────────────────────────────────────────────────────────────


def test_everybody_stands_under_his_unit_with_a_number_to_ring(house: House) -> None:
    page = read(house, "/directory").split('aria-labelledby="unit-bureau"')[1]
    for name in ("云河区综合执法局", "局领导", "值班室", "周甲", "沈癸"):
        assert name in page
    assert page.index("值班室") < page.index("周甲") < page.index("办公室")
    assert page.count('href="tel:+861380000') == 12
    assert "138 0000 0001" in page


def test_units_without_a_reporter_are_named_on_top(house: House) -> None:
    page = read(house, "/directory")
    assert "6个单位还没有宣传员" in page
    furnish(house)
    named = read(house, "/directory").split('id="uncovered"')[1].split("</div>")[0]
    assert "5个单位还没有宣传员" in named
    assert "城区一中队" not in named
    assert "云河区综合执法局" not in named  # the bureau itself is no section


def test_a_reporter_who_left_no_longer_covers_his_unit(house: House) -> None:
    furnish(house)
    admin = house.client("shen")
    admin.submit("/directory/people/wei/retire", {}, page="/directory/people/wei")
    assert "已停用或不再担任" in read(house, "/directory/units/squad1")
    assert "6个单位还没有宣传员" in read(house, "/directory")


def test_a_complete_network_says_so(house: House) -> None:
    with house.assembly.store.write() as session:
        for unit in session.query(Unit):
            unit.reporter = "wei"
    assert "每个单位都有宣传员" in read(house, "/directory")


def test_who_is_away_is_marked_with_who_acts(house: House) -> None:
    furnish(house)
    assert "外出到 2026-03-14 08:30，由 冯戊 代" in text(read(house, "/directory"))
    card = text(read(house, "/directory/people/zheng"))
    assert "2026-03-12 14:05 至 2026-03-14 08:30 外出中 由 冯戊 代 郑丙 ·出差" in card


def test_a_card_tells_stand_ins_and_what_is_known_of_each_address(house: House) -> None:
    with house.assembly.store.write() as session:
        roster.note_delivery(session, "zhou", "zhou@example.com", at("13:58"))
    card = text(read(house, "/directory/people/zhou"))
    for said in ("账号 zhou", "B角 吴乙 138 0000 0002", "是谁的B角 吴乙", "1 手机 138 0000 0001 还没有核实 · 还没有送达过",
                 "2 邮箱 zhou@example.com 还没有核实 · 最近送达 13:58"):
        assert said in card.replace("·", " · ").replace("  ", " "), said


def test_offices_outside_stand_with_number_and_note(house: House) -> None:
    assert "还没有区外单位" in read(house, "/directory/outside")
    furnish(house)
    page = read(house, "/directory/outside")
    assert 'href="tel:+865785550100"' in page
    assert "区总值班室 0578 555 0100 24小时值守" in text(page)


@pytest.mark.parametrize("path", ["/directory/people/nobody", "/directory/people/Zhou", "/directory/people/%00",
                                  "/directory/units/nowhere", "/directory/people/zhou%27--", "/directory/leave/9/end"])
def test_what_is_not_there_is_not_found(house: House, path: str) -> None:
    answer = house.client("shen").get(path)
    assert answer.status_code in (404, 405)
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", [*PAGES, *ADMIN_PAGES, "/directory/people/zhou/leave"])
def test_every_page_speaks_english_too(house: House, path: str) -> None:
    furnish(house)
    page = read(house, f"{path}?lang=en", person="shen").split("<main")[1].split("</main>")[0]
    left = re.findall(r"[\u4e00-\u9fff]+", re.sub(r'<input[^>]*name="seen"[^>]*>', "", page))
    known = set("云河区综合执法局局领导值班室办公室宣传科城区一中队局机关纪委区总值班室出差时值守小"
                "周甲吴乙郑丙陈己王丁冯戊褚庚卫辛蒋壬韩子杨丑沈癸")
    assert [word for word in left if set(word) - known] == []


# ── who may what ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("person", EVERYBODY)
def test_everybody_reads_and_only_the_administrator_finds_forms(house: House, person: str) -> None:
    visitor = house.client(person)
    for path in PAGES:
        page = visitor.get(path)
        assert page.status_code == 200
        posts = {form.action for form in forms_of(page.text) if form.action.startswith("/directory")}
        assert bool(posts) == (person == "shen" and path not in ("/directory", "/directory/outside")), path
    for path in ADMIN_PAGES:
        assert visitor.get(path).status_code == (200 if person == "shen" else 403), path


@pytest.mark.parametrize("path", ADMIN_POSTS)
@pytest.mark.parametrize("person", ["chu", "yang"])
def test_nobody_else_changes_anything_and_is_told_whom_to_ask(house: House, person: str, path: str) -> None:
    visitor = house.client(person)
    token = forms_of(visitor.get("/").text)[-1].fields["csrf_token"]
    answer = visitor.post(path, data={"csrf_token": token, "name": "x"})
    assert answer.status_code == 403
    assert "通讯录由系统管理员维护，需要改动请联系 沈癸" in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_asked_to_sign_in(house: House, path: str) -> None:
    assert house.client().get(path).status_code == 302


def test_the_directory_stands_in_the_menu_of_duty(house: House) -> None:
    page = read(house, "/directory")
    assert re.search(r'href="/directory" aria-current="page"', page)
    assert "/administration" not in page
    assert "/administration" in read(house, "/directory", person="yang")


# ── the administrator's buttons ───────────────────────────────────────────────────────────────────────────


def test_a_sign_in_link_is_shown_once_and_works_once(house: House) -> None:
    admin = house.client("shen")
    shown = admin.submit("/directory/people/zhou/link", {}, page="/directory/people/zhou")
    link = re.search(r'value="http://127\.0\.0\.1:8000(/sign-in/[^"]+)"', shown.text)[1]
    assert link not in admin.get("/directory/people/zhou").text
    assert admin.get("/directory/people/zhou/link").location == "/directory/people/zhou"
    assert house.client().submit(link, {}, page=link).status_code == 303
    assert house.client().get(link).status_code == 410
    page = admin.get("/administration").text
    assert "发登录链接" in page
    assert link.rsplit("/")[-1] not in page + admin.get("/administration/export").text


def test_a_link_for_somebody_who_left_is_refused(house: House) -> None:
    admin = house.client("shen")
    token = forms_of(admin.get("/").text)[-1].fields["csrf_token"]
    admin.submit("/directory/people/han/retire", {}, page="/directory/people/han")
    assert admin.post("/directory/people/han/link", data={"csrf_token": token}).status_code == 404


def test_who_is_retired_is_signed_out_at_once_and_may_be_restored(house: House) -> None:
    visitor, admin = house.client("han"), house.client("shen")
    answer = admin.submit("/directory/people/han/retire", {}, page="/directory/people/han")
    assert "已停用 韩子，所有登录同时失效" in admin.get(answer.location).text
    assert visitor.get("/directory").status_code == 302
    assert "已停用（1人）" in admin.get("/directory").text
    assert "已停用（1人）" not in read(house, "/directory")
    admin.submit("/directory/people/han/restore", {}, page="/directory/people/han")
    assert "韩子" in read(house, "/directory")


def test_retiring_the_only_one_on_a_rung_is_refused_with_day_and_rung(house: House) -> None:
    admin = house.client("shen")
    answer = admin.submit("/directory/people/zheng/retire", {}, page="/directory/people/zheng")
    page = admin.get(answer.location).text
    said = text(page.split('<div class="banner banner-error"')[1].split("</div>")[0])
    for part in ("2026-03-12 14:05 起", "第", "级催不到人", "没有保存", "请先安排好接替的人"):
        assert part in said, said
    assert "停用 郑丙" in text(page)  # he is still there


def test_an_administrator_has_no_button_to_retire_himself(house: House) -> None:
    actions = {form.action for form in forms_of(read(house, "/directory/people/shen", person="shen"))}
    assert "/directory/people/shen/retire" not in actions
    assert "/directory/people/shen/link" in actions


def test_a_number_that_was_rung_is_marked_with_the_instant(house: House) -> None:
    admin = house.client("shen")
    house.clock.advance(timedelta(minutes=1))
    admin.submit("/directory/people/zhou/contacts/1/verified", {}, page="/directory/people/zhou")
    assert "14:06 核实可用" in admin.get("/directory/people/zhou").text
    token = forms_of(admin.get("/").text)[-1].fields["csrf_token"]
    for contact in ("3", "99999"):  # somebody else's, and nobody's
        assert admin.post(f"/directory/people/zhou/contacts/{contact}/verified",
                          data={"csrf_token": token}).status_code == 404


def test_an_empty_unit_is_removed_and_one_with_people_is_not(house: House) -> None:
    admin = house.client("shen")
    refused = admin.submit("/directory/units/squad1/remove", {}, page="/directory/units/squad1")
    assert "城区一中队还有人：蒋壬" in admin.get(refused.location).text
    with house.assembly.store.write() as session:
        units.add_unit(session, "squad2", units.UnitDraft(name="城区二中队", parent="bureau"), actor=SHEN,
                       now=house.clock.now())
    gone = admin.submit("/directory/units/squad2/remove", {}, page="/directory/units/squad2")
    assert gone.location == "/directory"
    assert "城区二中队" not in admin.get(gone.location).text


def test_an_address_its_provider_calls_dead_is_red_for_everybody(sqlite_store: Store, tmp_path: Path) -> None:
    house = House.open(str(sqlite_store.url), tmp_path, channels=("sms", "email"))
    with house.assembly.store.write() as session:
        roster.note_failure(session, "zhou", "+8613800000001", house.clock.now(),
                            "Twilio refused the SMS: the person has opted out by answering STOP (21610).")
    assert "起送不到：短信网关拒收" in house.client("shen").get("/directory/people/zhou").text
    assert "号码失效" in house.client("shen").get("/readiness").text
