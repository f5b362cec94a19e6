"""The directory's forms: nothing typed is lost, two editors do not overwrite each other, no rung is left empty."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest

from incident_clock.people import directory, outside, roster, units
from incident_clock.people.contacts import tidied
from incident_clock.people.tables import OutsideParty, Unit
from tests.support.bureau import SHEN
from tests.web.forms_of import forms_of
from tests.web.house import House, Visitor

NEW, EDIT = "/directory/people/new", "/directory/people/zhou/edit"
QIN = {"key": "qin", "name": "秦寅", "unit": "squad1", "role.squad": "1", "role.reporter": "1", "main_role": "reporter",
       "contact_1": "138 0000 0099", "contact_1_kind": "mobile", "contact_2": "qin@example.com", "contact_2_kind": "email"}


@pytest.fixture
def admin(house: House) -> Visitor:
    return house.client("shen")


def form(page: str, action: str) -> dict[str, str]:
    return next(form for form in forms_of(page) if form.action == action).fields


def card(house: House, key: str):
    with house.assembly.store.read() as session:
        return roster.person(session, key)


def box(page: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", page.split('id="errors"')[1].split("</div>")[0]))


# ── a person ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_person_is_added_with_roles_and_numbers_put_right(house: House, admin: Visitor) -> None:
    answer = admin.submit(NEW, QIN, page=NEW)
    assert answer.location == "/directory/people/qin"
    assert "已加入通讯录" in admin.get(answer.location).text
    found = card(house, "qin")
    assert found.roles == ("reporter", "squad")  # the one he is named by first
    assert [one.address for one in found.contacts] == ["+8613800000099", "qin@example.com"]


@pytest.mark.parametrize(("fields", "field", "sentence"), [
    ({"name": ""}, "name", "请填写这一项"), ({"name": "秦\u202e寅"}, "name", "看不见的控制字符"),
    ({"key": "秦"}, "key", "小写字母开头"), ({"key": "zhou"}, "key", "“zhou”已经有了"), ({"unit": ""}, "unit", "请选所在单位"),
    ({"role.squad": "", "role.reporter": "", "main_role": ""}, "roles", "请至少选一个角色"),
    ({"contact_1": "138 0000 009"}, "contact_1", "数一数位数"), ({"contact_2": "qin"}, "contact_2", "不是邮箱地址"),
    ({"contact_1": "0578-5550155"}, "contact_1", "请把种类改为座机"),
    ({"contact_2": "138-0000-0099", "contact_2_kind": "mobile"}, "contact_2", "已经写过一次"),
    ({"language": "fr"}, "language", "请选中文或英文"),
])
def test_what_cannot_be_right_is_told_on_top_and_at_its_field_and_nothing_typed_is_lost(
        house: House, admin: Visitor, fields: dict[str, str], field: str, sentence: str) -> None:
    answer = admin.submit(NEW, {**QIN, **fields}, page=NEW)
    assert answer.status_code in (409, 422)
    assert "还没有保存" in box(answer.text)
    assert sentence in box(answer.text)
    assert f'id="wrong-{field}"' in answer.text
    assert f'href="#{field}"' in answer.text
    assert re.search(rf'id="{field}"', answer.text), "the link leads somewhere"
    kept = form(answer.text, NEW)
    for name, value in {**QIN, **fields}.items():
        if value and value != "fr":
            assert kept.get(name) in (value, tidied("mobile", value)), name
    assert card(house, "qin") is None


def test_every_complaint_is_told_at_once_in_the_order_of_the_form(admin: Visitor) -> None:
    answer = admin.submit(NEW, {**QIN, "key": "", "name": "", "unit": "", "contact_1": "1", "contact_2": "x"}, page=NEW)
    said = box(answer.text)
    places = [said.index(label) for label in ("账号：", "名字：", "单位：", "没有这样的电话号码", "不是邮箱地址")]
    assert places == sorted(places)


def test_contacts_are_put_in_the_order_of_their_numbers(house: House, admin: Visitor) -> None:
    admin.submit(EDIT, {"contact_1_place": "3", "contact_3": "13900000001", "contact_3_kind": "mobile",
                        "contact_3_place": "1"}, page=EDIT)
    assert [one.address for one in card(house, "zhou").contacts] == ["+8613900000001", "zhou@example.com", "+8613800000001"]
    assert card(house, "zhou").addresses()["sms"] == "+8613900000001"


def test_a_complaint_names_the_row_it_stands_in_after_rows_were_reordered(admin: Visitor) -> None:
    answer = admin.submit(EDIT, {"contact_1_place": "3", "contact_3": "139", "contact_3_kind": "mobile",
                                 "contact_3_place": "1"}, page=EDIT)
    kept = form(answer.text, EDIT)
    assert (kept["contact_1"], kept["contact_2"], kept["contact_3"]) == ("139", "zhou@example.com", "+8613800000001")
    assert 'id="wrong-contact_1"' in answer.text


def test_a_form_saved_as_it_was_changes_nothing(house: House, admin: Visitor) -> None:
    before = card(house, "zhou")
    assert "没有改动" in admin.get(admin.submit(EDIT, {}, page=EDIT).location).text
    assert card(house, "zhou") == before


def test_an_edit_that_leaves_a_rung_empty_is_refused_with_day_and_rung_and_keeps_what_was_typed(
        house: House, admin: Visitor) -> None:
    edit = "/directory/people/zheng/edit"
    answer = admin.submit(edit, {"role.duty_leader": "", "role.office": "1", "main_role": "office", "name": "郑小丙"}, page=edit)
    assert answer.status_code == 409
    said = box(answer.text)
    for part in ("2026-03-12 14:05 起", "级催不到人", "没有保存"):
        assert part in said, said
    kept = form(answer.text, edit)
    assert (kept["name"], kept["main_role"], kept.get("role.duty_leader")) == ("郑小丙", "office", None)
    assert card(house, "zheng").name == "郑丙"


def test_the_last_administrator_cannot_give_the_role_up(house: House, admin: Visitor) -> None:
    edit = "/directory/people/shen/edit"
    answer = admin.submit(edit, {"role.admin": "", "role.office": "1", "main_role": "office"}, page=edit)
    assert answer.status_code == 409
    assert "角色：这是最后一位系统管理员" in box(answer.text)
    assert card(house, "shen").roles == ("admin",)


# ── two at once ───────────────────────────────────────────────────────────────────────────────────────────


def test_of_two_administrators_the_second_sees_what_changed_keeps_his_own_words_and_may_save_again(house: House) -> None:
    with house.assembly.store.write() as session:
        seen = directory.draft_of(roster.person(session, "chu"))
        directory.alter_person(session, "chu", directory.PersonDraft(
            name=seen.name, unit=seen.unit, roles=("office", "admin"), contacts=seen.contacts, stand_in=seen.stand_in),
            seen=seen, actor=SHEN, now=house.clock.now())
    first, second = house.client("shen"), house.client("chu")
    late = form(second.get(EDIT).text, EDIT)
    first.submit(EDIT, {"contact_1": "139 0000 0001", "unit": "office"}, page=EDIT)
    answer = second.post(EDIT, data={**late, "name": "周小甲"})
    assert answer.status_code == 409
    assert "有人刚改过：单位、联系方式" in box(answer.text)
    assert "单位：值班室 → 办公室" in answer.text
    assert "手机 +8613900000001" in answer.text
    assert card(house, "zhou").name == "周甲"
    fresh = form(answer.text, EDIT)
    assert (fresh["name"], fresh["unit"], fresh["contact_1"]) == ("周小甲", "office", "+8613900000001")
    assert second.post(EDIT, data=fresh).status_code == 303
    found = card(house, "zhou")
    assert (found.name, found.unit, found.phone) == ("周小甲", "office", "+8613900000001")


@pytest.mark.parametrize("seen", ["", "x", "[]", "{}", '{"name": 1}', '{"name": "周甲", "king": true}', "9" * 5000, "[" * 2000])
def test_a_form_without_the_version_it_was_filled_from_changes_nothing(house: House, admin: Visitor, seen: str) -> None:
    answer = admin.submit(EDIT, {"seen": seen, "name": "周小甲"}, page=EDIT)
    assert answer.status_code == 409
    assert form(answer.text, EDIT)["name"] == "周小甲"
    assert card(house, "zhou").name == "周甲"


def test_two_who_edit_a_unit_or_an_office_outside_do_not_overwrite_each_other(house: House, admin: Visitor) -> None:
    admin.submit("/directory/outside/new", {"name": "区总值班室", "phone": "0578-5550100"}, page="/directory/outside/new")
    with house.assembly.store.read() as session:
        key = session.query(OutsideParty).one().key
    for path, mine, other in ((f"/directory/outside/{key}/edit", {"note": "夜里有人"}, {"phone": "0578-5550999"}),
                              ("/directory/units/squad1/edit", {"short_name": "一中队"}, {"reporter": "wei"})):
        late = form(admin.get(path).text, path)
        admin.submit(path, other, page=path)
        answer = admin.post(path, data={**late, **mine})
        assert answer.status_code == 409, path
        fresh = form(answer.text, path)
        assert mine.items() <= fresh.items()
        assert admin.post(path, data=fresh).status_code == 303
    with house.assembly.store.read() as session:
        assert outside.draft_of(session.get_one(OutsideParty, key)) == outside.OutsideDraft(
            name="区总值班室", phone="+865785550999", note="夜里有人")
        assert units.draft_of(session.get_one(Unit, "squad1")) == units.UnitDraft(
            name="城区一中队", short_name="一中队", parent="bureau", reporter="wei")


# ── units and offices outside ─────────────────────────────────────────────────────────────────────────────


def test_a_unit_is_added_below_another(house: House, admin: Visitor) -> None:
    answer = admin.submit("/directory/units/new", {"key": "squad2", "name": "城区二中队", "parent": "squad1", "reporter": "wei"},
                          page="/directory/units/new?parent=squad1")
    assert answer.location == "/directory/units/squad2"
    page = admin.get("/directory").text
    assert 'class="card unit depth-2" aria-labelledby="unit-squad2"' in page


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"name": ""}, "名字：请填写这一项"), ({"parent": ""}, "上级单位：请选上级单位"), ({"key": "duty"}, "账号：“duty”已经有了"),
    ({"reporter": "jiang"}, "蒋壬还没有宣传员这个角色"), ({"reporter": "wei", "second_reporter": "wei"}, "不能是同一个人"),
])
def test_a_unit_that_cannot_be_right_is_refused_and_kept(admin: Visitor, fields: dict[str, str], sentence: str) -> None:
    new = "/directory/units/new"
    answer = admin.submit(new, {"key": "squad2", "name": "城区二中队", "parent": "bureau", **fields}, page=new)
    assert sentence in box(answer.text)
    assert form(answer.text, new)["name"] == fields.get("name", "城区二中队")


def test_only_people_with_the_role_are_offered_as_reporters(admin: Visitor) -> None:
    offered = admin.get("/directory/units/squad1/edit").text.split('id="reporter"')[1].split("</select>")[0]
    assert re.findall(r'value="(\w+)"', offered) == ["wei"]


def test_an_office_outside_is_entered_changed_and_removed(house: House, admin: Visitor) -> None:
    new = "/directory/outside/new"
    refused = admin.submit(new, {"name": "区消防", "phone": "", "email": "", "note": "白天"}, page=new)
    assert "电话：电话和邮箱至少填一个" in box(refused.text)
    assert form(refused.text, new)["note"] == "白天"
    admin.submit(new, {"name": "区消防", "phone": "0578-5550119"}, page=new)
    with house.assembly.store.read() as session:
        edit = f"/directory/outside/{session.query(OutsideParty).one().key}/edit"
    admin.submit(edit, {"name": "区消防大队"}, page=edit)
    assert "区消防大队" in admin.get("/directory/outside").text
    admin.submit(edit.replace("/edit", "/remove"), {}, page=edit)
    assert "还没有区外单位" in admin.get("/directory/outside").text


# ── a sign-in that ran out ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("path", "fields"), [
    (EDIT, {"name": "周小甲", "contact_3": "139 0000 0001"}), (NEW, {"name": "秦寅", "role.squad": "1"}),
    ("/directory/units/squad1/edit", {"short_name": "一中队"}), ("/directory/outside/new", {"name": "区消防", "note": "夜里"}),
    ("/directory/people/zhou/leave", {"from_day": "3月14日", "reason": "年假"}),
])
def test_a_form_survives_a_sign_in_that_ran_out(house: House, path: str, fields: dict[str, str]) -> None:
    from incident_clock.people import sign_in

    with house.assembly.store.write() as session:
        sign_in.set_password(session, "shen", "correct horse battery", house.clock.now())
    visitor = house.client("shen")
    sent = {**form(visitor.get(path).text, path), **fields}
    house.clock.advance(timedelta(hours=13))
    asked = visitor.post(path, data=sent)
    assert asked.status_code == 401
    kept = next(each for each in forms_of(asked.text) if each.action.startswith("/sign-in")).fields
    back = visitor.post("/sign-in", data={**kept, "account": "shen", "password": "correct horse battery"})
    assert "已重新登录" in back.text
    again = form(back.text, path)
    assert fields.items() <= again.items()
    assert again.get("seen") == sent.get("seen")


def test_the_hidden_version_says_only_what_the_form_shows(admin: Visitor) -> None:
    seen = json.loads(form(admin.get(EDIT).text, EDIT)["seen"])
    assert set(seen) == {"name", "unit", "roles", "contacts", "stand_in", "language"}
