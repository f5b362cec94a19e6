"""The roster's forms: what is taken, what is refused with nothing typed lost, and that no edit leaves a rung empty."""

from datetime import datetime

import pytest
from sqlalchemy import func, select

from incident_clock.ledger.chain import plain
from incident_clock.people import ledger, roster
from incident_clock.people.duty_tables import Cover, Shift
from tests.web.forms_of import forms_of
from tests.web.house import House
from tests.web.rota import at, away, hire, rota
from tests.web.test_roster import cover, shift_of

__all__ = ["rota"]

SHIFT, COVER, SWAP, PLAN, IMPORT = ("/roster/shifts/new", "/roster/covers/new", "/roster/swap", "/roster/plan",
                                    "/roster/import")


def on_duty(house: House, when: datetime, role: str = "duty_officer") -> list[str]:
    with house.assembly.store.read() as session:
        return [holder.card.name for holder in roster.who_is(session, role, when)]


def kinds(house: House) -> list[str]:
    with house.assembly.store.read() as session:
        return [plain(link)["kind"] for link in ledger.links(session)]


def form_of(page: str, path: str) -> dict[str, str]:
    return next(form for form in forms_of(page) if form.action == path).fields


# ── one shift ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_shift_without_times_runs_from_hand_over_to_hand_over(house: House) -> None:
    visitor = house.client("chu")
    done = visitor.submit(SHIFT, {"who": "duty_officer/zhou", "from_day": "2026-03-14"}, page=SHIFT)
    assert done.status_code == 303
    page = visitor.get(done.location).text
    assert "已加一班：3月14日 周六 08:30–次日08:30 值班员 周甲" in page
    assert on_duty(house, at("08:30", 14)) == on_duty(house, at("08:29", 15)) == ["周甲"]
    assert on_duty(house, at("08:30", 15)) == []
    assert kinds(house)[-1] == "ShiftAdded"


@pytest.mark.parametrize(("fields", "since", "until"), [
    ({"from_time": "2000"}, at("20:00", 14), at("08:30", 15)),
    ({"from_time": "０８：００", "until_time": "20:00"}, at("08:00", 14), at("20:00", 14)),
    ({"from_time": "20:00", "until_time": "800"}, at("20:00", 14), at("08:00", 15)),
    ({"until_day": "3月16日"}, at("08:30", 14), at("08:30", 16)),
    ({"until_day": "2026-03-14", "until_time": "2359"}, at("08:30", 14), at("23:59", 14)),
    ({"from_day": "20260314", "from_time": "0000", "until_time": "0000"}, at("00:00", 14), at("00:00", 15)),
])
def test_times_are_read_as_people_write_them(house: House, fields: dict[str, str], since: datetime, until: datetime) -> None:
    form = {"who": "duty_officer/zhou", "from_day": "3-14", **fields}
    assert house.client("chu").submit(SHIFT, form, page=SHIFT).status_code == 303
    with house.assembly.store.read() as session:
        row = session.scalars(select(Shift)).one()
    assert (row.from_at, row.until_at) == (since, until)


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"who": ""}, "谁值什么班：请选一项"),
    ({"who": "duty_officer/wu"}, "吴乙在通讯录里不是值班员"),
    ({"who": "head/feng"}, "“主要领导”不排班"),
    ({"from_day": ""}, "开始：请填写日期"),
    ({"from_day": "2026-02-30"}, "不是日历上的日期"),
    ({"from_time": "2561"}, "不是24小时制的时刻"),
    ({"until_day": "2026-03-13"}, "结束时间要晚于开始时间"),
    ({"until_day": "2026-03-22"}, "一班最长7天"),
    ({"from_day": "2026-03-10"}, "这段时间已经过去"),
])
def test_what_cannot_be_right_is_told_at_its_field_and_nothing_typed_is_lost(
        house: House, fields: dict[str, str], sentence: str) -> None:
    form = {"who": "duty_officer/zhou", "from_day": "2026-03-14", "from_time": "2000", **fields}
    answer = house.client("chu").submit(SHIFT, form, page=SHIFT)
    assert answer.status_code == 422
    assert "还没有保存" in answer.text
    assert sentence in answer.text
    kept = form_of(answer.text, SHIFT)
    assert {name: kept[name] for name in form if name != "who"} == {name: form[name] for name in form if name != "who"}
    assert "ShiftAdded" not in kinds(house)


def test_every_complaint_is_told_at_once(house: House) -> None:
    page = house.client("chu").submit(COVER, {"from_time": "99"}, page=COVER).text
    box = page.split('id="errors"')[1].split("</ul>")[0]
    assert [box.index(word) for word in ("替谁的班：", "由谁来值：", "开始：", "原因：")] == sorted(
        box.index(word) for word in ("替谁的班：", "由谁来值：", "开始：", "原因："))


def test_the_same_shift_sent_twice_is_entered_once(house: House) -> None:
    visitor = house.client("chu")
    form = {**form_of(visitor.get(SHIFT).text, SHIFT), "who": "duty_officer/zhou", "from_day": "2026-03-14"}
    answers = [visitor.post(SHIFT, data=form).status_code for _ in range(2)]
    assert answers == [303, 409]
    assert kinds(house).count("ShiftAdded") == 1


def test_a_roster_may_begin_with_one_shift_but_may_not_tear_a_hole_before_the_rest(house: House) -> None:
    visitor = house.client("chu")
    lead = {"who": "duty_leader/zheng"}
    assert visitor.submit(SHIFT, {**lead, "from_day": "2026-03-16"}, page=SHIFT).status_code == 303
    torn = visitor.submit(SHIFT, {**lead, "from_day": "2026-03-14"}, page=SHIFT)
    assert torn.status_code == 409
    assert "这样改会从 2026-03-15 08:30 起让“详细报告”第2级催不到人（带班领导），没有保存" in torn.text
    assert form_of(torn.text, SHIFT)["from_day"] == "2026-03-14"
    assert visitor.submit(SHIFT, {**lead, "from_day": "2026-03-15"}, page=SHIFT).status_code == 303
    assert visitor.submit(SHIFT, {**lead, "from_day": "2026-03-14"}, page=SHIFT).status_code == 303


# ── covers and swaps ──────────────────────────────────────────────────────────────────────────────────────


def test_a_cover_begins_from_the_shift_that_was_pointed_at(rota: House) -> None:
    visitor = rota.client("chu")
    page = f"{COVER}?shift={shift_of(rota, 'li', 13).id}"
    assert form_of(visitor.get(page).text, COVER) | {"csrf_token": ""} == {
        "csrf_token": "", "instead_of": "duty_officer/li", "person": "", "from_day": "2026-03-13", "from_time": "08:30",
        "until_day": "2026-03-14", "until_time": "08:30", "reason": ""}
    done = visitor.submit(COVER, {"person": "zhou", "from_time": "2000", "reason": "家中有事"}, page=page)
    assert "已记替班：3月13日 周五 20:00–次日08:30 值班员 周甲，代李酉" in visitor.get(done.location).text
    assert on_duty(rota, at("19:59", 13)) == ["李酉"]
    assert on_duty(rota, at("20:00", 13)) == ["周甲"]


def test_of_a_shift_that_has_begun_the_rest_is_offered_and_of_a_covered_one_who_stands_in_it(rota: House) -> None:
    fields = form_of(rota.client("chu").get(f"{COVER}?shift={shift_of(rota, 'zhou', 12).id}").text, COVER)
    assert (fields["instead_of"], fields["from_day"], fields["from_time"]) == ("duty_officer/zhou", "2026-03-12", "14:05")
    cover(rota, "zhou", "li", at("20:00", 13), at("08:30", 14))
    fields = form_of(rota.client("chu").get(f"{COVER}?shift={shift_of(rota, 'li', 13).id}").text, COVER)
    assert (fields["instead_of"], fields["from_day"], fields["from_time"]) == ("duty_officer/zhou", "2026-03-13", "20:00")


@pytest.mark.parametrize("odd", ["0", "99", "x", "-1", "9" * 30, "٩"])
def test_a_strange_shift_pointed_at_leaves_the_form_blank(rota: House, odd: str) -> None:
    page = rota.client("chu").get(COVER, query_string={"shift": odd})
    assert page.status_code == 200
    assert form_of(page.text, COVER)["instead_of"] == ""


def test_somebody_on_duty_finds_a_cover_for_himself_and_for_nobody_else(rota: House) -> None:
    visitor = rota.client("zhou")
    page = f"{COVER}?shift={shift_of(rota, 'zhou', 14).id}"
    form = {"person": "li", "reason": "家中有事"}
    assert visitor.submit(COVER, form, page=page).status_code == 303
    assert on_duty(rota, at("12:00", 14)) == ["李酉"]
    assert "李酉" not in visitor.get(COVER).text.split('id="instead_of"')[1].split("</select>")[0]
    other = visitor.submit(COVER, {**form, "instead_of": "duty_officer/li", "person": "zhou"}, page=COVER)
    assert other.status_code == 403
    with rota.assembly.store.read() as session:
        mine = session.scalars(select(Cover)).one().id
    removal = f"/roster/covers/{mine}/remove"
    assert rota.client("li").get(removal).status_code == 403
    assert visitor.submit(removal, {}, page=removal).status_code == 303
    assert on_duty(rota, at("12:00", 14)) == ["周甲"]


def test_a_cover_that_a_rung_needs_is_not_taken_back(rota: House) -> None:
    number = cover(rota, "zheng", "he", at("08:30", 13), at("08:30", 14), role="duty_leader")
    away(rota, "he", 13, 15)
    removal = f"/roster/covers/{number}/remove"
    refused = rota.client("chu").submit(removal, {}, page=removal)
    assert refused.status_code == 409
    assert "没有去掉" in refused.text
    assert "第2级催不到人（带班领导），没有保存" in refused.text
    assert on_duty(rota, at("12:00", 13), "duty_leader") == ["郑丙"]


def test_a_swap_is_chosen_from_two_lists_and_both_names_stay(rota: House) -> None:
    visitor = rota.client("wu")  # a duty chief keeps the roster too
    a, b = shift_of(rota, "zhou", 14).id, shift_of(rota, "li", 15).id
    page = visitor.get(f"{SWAP}?shift_a={a}").text
    assert form_of(page, SWAP)["shift_a"] == str(a)
    assert "3月15日 周日 08:30–次日08:30 值班员 李酉" in page
    done = visitor.submit(SWAP, {"shift_b": str(b), "reason": "两人商定"}, page=f"{SWAP}?shift_a={a}")
    page = visitor.get(done.location).text
    assert "周甲，改由李酉" in page
    assert "李酉，改由周甲" in page
    assert [on_duty(rota, at("12:00", day)) for day in (14, 15)] == [["李酉"], ["周甲"]]
    assert f'value="{a}"' not in visitor.get(SWAP).text  # swapped once is not offered again


def test_a_swap_that_does_not_fit_says_at_which_shift(rota: House) -> None:
    a, b = shift_of(rota, "zhou", 14).id, shift_of(rota, "zhou", 16).id
    answer = rota.client("chu").submit(SWAP, {"shift_a": str(a), "shift_b": str(b), "reason": "x"}, page=SWAP)
    assert answer.status_code == 422
    assert "和这一班互换：两班是同一个人的" in answer.text
    assert form_of(answer.text, SWAP) | {"csrf_token": ""} == {
        "csrf_token": "", "shift_a": str(a), "shift_b": str(b), "reason": "x"}
    assert rota.client("chu").submit(SWAP, {"shift_a": "9" * 40}, page=SWAP).status_code == 422


# ── taking back ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_shift_is_taken_off_only_after_being_asked_and_never_so_that_a_rung_is_empty(rota: House) -> None:
    visitor = rota.client("chu")
    shift = shift_of(rota, "he", 13).id
    removal = f"/roster/shifts/{shift}/remove"
    assert "3月13日 周五 08:30–次日08:30 带班领导 何辰" in visitor.get(removal).text
    refused = visitor.submit(removal, {}, page=removal)
    assert refused.status_code == 409
    assert "第2级催不到人（带班领导），没有保存" in refused.text
    assert visitor.submit(SHIFT, {"who": "duty_leader/zheng", "from_day": "2026-03-13"}, page=SHIFT).status_code == 303
    assert visitor.submit(removal, {}, page=removal).status_code == 303
    assert on_duty(rota, at("12:00", 13), "duty_leader") == ["郑丙"]
    assert visitor.get(removal).status_code == 404


def test_a_swap_is_taken_back_with_both_halves_named(rota: House) -> None:
    visitor = rota.client("chu")
    form = {"shift_a": str(shift_of(rota, "zhou", 14).id), "shift_b": str(shift_of(rota, "li", 15).id), "reason": "x"}
    visitor.submit(SWAP, form, page=SWAP)
    with rota.assembly.store.read() as session:
        half = session.scalars(select(func.max(Cover.id))).one()
    removal = f"/roster/covers/{half}/remove"
    asked = visitor.get(removal).text
    assert "李酉，代周甲；" in asked
    assert "周甲，代李酉" in asked
    assert rota.client("zhou").get(removal).status_code == 403  # a swap is not one person's alone
    visitor.submit(removal, {}, page=removal)
    assert [on_duty(rota, at("12:00", day)) for day in (14, 15)] == [["周甲"], ["李酉"]]


@pytest.mark.parametrize("path", ["/roster/shifts/99/remove", "/roster/covers/99/remove", f"/roster/shifts/{10**12}/remove"])
def test_what_is_not_there_cannot_be_taken_back(rota: House, path: str) -> None:
    visitor = rota.client("chu")
    assert visitor.get(path).status_code == 404
    token = form_of(visitor.get(SWAP).text, SWAP)["csrf_token"]
    assert visitor.post(path, data={"csrf_token": token}).status_code in (404, 405)


# ── in turn ───────────────────────────────────────────────────────────────────────────────────────────────

TURN = {"first_day": "2026-03-13", "last_day": "2026-03-19", "workday_turn": "周甲、li", "restday_turn": "李酉"}


def test_a_plan_is_shown_before_it_is_saved(house: House) -> None:
    hire(house, "li", "李酉", "duty_officer", 0)
    visitor = house.client("chu")
    assert form_of(visitor.get(PLAN).text, PLAN)["workday_turn"] == "周甲、李酉"
    shown = visitor.submit(PLAN, TURN, page=PLAN)
    assert shown.status_code == 200
    assert "请核对，还没有保存" in shown.text
    rows = [row.split("</tr>")[0] for row in shown.text.split("<tbody>")[1].split("<tr")[1:]]
    assert [name for row in rows for name in ("周甲", "李酉") if name in row] == [
        "周甲", "李酉", "李酉", "李酉", "周甲", "李酉", "周甲"]
    assert kinds(house) == []
    kept = form_of(shown.text, PLAN)
    assert "周甲、li" in visitor.post(PLAN, data={**kept, "edit": "1"}).text
    saved = visitor.post(PLAN, data={**kept, "confirm": "1"})
    assert "已排值班员 7班：3月13日 周五 到 3月19日 周四，替换原有0班" in visitor.get(saved.location).text
    assert kinds(house) == ["RosterPlanned"]
    assert visitor.post(PLAN, data={**kept, "confirm": "1"}).status_code == 303  # a second click changes nothing
    with house.assembly.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Shift)) == 7


def test_a_plan_over_the_national_day_follows_the_exchanged_weekends(house: House) -> None:
    hire(house, "li", "李酉", "duty_officer", 0)
    form = {"first_day": "2026-09-30", "last_day": "2026-10-10", "workday_turn": "周甲", "restday_turn": "李酉"}
    page = house.client("chu").submit(PLAN, form, page=PLAN).text
    rows = [row.split("</tr>")[0] for row in page.split("<tbody>")[1].split("<tr")[1:]]
    assert ["周甲" in row for row in rows] == [True, *[False] * 7, True, True, True]
    assert "班·调休" in rows[-1]
    english = house.client("chu").submit(f"{PLAN}?lang=en".replace("?lang=en", ""), form, page=f"{PLAN}?lang=en").text
    assert "Rest · National Day" in english


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"role": "head"}, "不排班"),
    ({"first_day": ""}, "从哪天：请填写日期"),
    ({"last_day": "2026-03-12"}, "最后一天要不早于第一天"),
    ({"last_day": "2027-03-14"}, "一次最多排366天"),
    ({"workday_turn": ""}, "请写明轮到谁值班"),
    ({"workday_turn": "周甲、赵六，钱七"}, "赵六、钱七不在通讯录的值班员里"),
    ({"workday_turn": "周甲\n" * 61}, "一轮最多写60人，现有61人"),
    ({"restday_turn": "吴乙"}, "吴乙不在通讯录的值班员里"),
    ({"first_day": "2026-03-12", "confirm": "1"}, "轮班从将来开始排"),
])
def test_a_plan_that_cannot_be_right_is_told_and_nothing_typed_is_lost(
        house: House, fields: dict[str, str], sentence: str) -> None:
    hire(house, "li", "李酉", "duty_officer", 0)
    answer = house.client("chu").submit(PLAN, {**TURN, **fields}, page=PLAN)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert form_of(answer.text, PLAN)["restday_turn"] == fields.get("restday_turn", "李酉")
    assert kinds(house) == []


def test_two_people_of_one_name_are_told_apart_by_their_account(house: House) -> None:
    hire(house, "zhou2", "周甲", "duty_officer", 0)
    visitor = house.client("chu")
    assert "叫周甲的不止一人，请写账号" in visitor.submit(PLAN, {**TURN, "workday_turn": "周甲"}, page=PLAN).text
    assert visitor.submit(PLAN, {**TURN, "workday_turn": "zhou2", "restday_turn": ""}, page=PLAN).status_code == 200


# ── a sheet ───────────────────────────────────────────────────────────────────────────────────────────────


def upload(house: House, text: str | bytes, name: str = "值班表.csv"):
    visitor = house.client("chu")
    content = text if isinstance(text, bytes) else text.encode()
    token = form_of(visitor.get(IMPORT).text, IMPORT)["csrf_token"]
    body = (f'--cut\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n--cut\r\n'
            f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n').encode() + content + b"\r\n--cut--\r\n"
    return visitor, visitor.post(IMPORT, data=body, content_type="multipart/form-data; boundary=cut")


def test_a_sheet_becomes_the_roster(house: House) -> None:
    visitor, sent = upload(house, "日期,值班员,值班长,带班领导\n2026-03-13,周甲,吴乙,郑丙\n2026-03-14,周甲,吴乙,郑丙\n")
    assert sent.status_code == 303, sent.text
    assert "已导入6班：3月13日 08:30 到 3月15日 08:30。新增6班，替换0班" in visitor.get(sent.location).text
    assert on_duty(house, at("12:00", 14), "duty_leader") == ["郑丙"]
    assert kinds(house) == ["RosterImported"]
    visitor, again = upload(house, "日期,值班员,值班长,带班领导\n2026-03-13,周甲,吴乙,郑丙\n2026-03-14,周甲,吴乙,郑丙\n")
    assert "没有改动" in visitor.get(again.location).text


def test_what_is_wrong_with_a_sheet_is_told_by_row_and_column_and_nothing_is_imported(house: House) -> None:
    _, sent = upload(house, "日期,岗位,姓名\n2026-03-13,值班员,周甲\n2026-02-30,值班员,周甲\n2026-03-14,值班员,周贾\n")
    assert sent.status_code == 422
    assert "没有导入：2 处要改" in sent.text
    assert "第3行 A列（日期）" in sent.text
    assert "第4行 C列（姓名）" in sent.text
    assert kinds(house) == []


def test_a_sheet_that_leaves_a_rung_empty_is_refused_with_day_and_rung(rota: House) -> None:
    _, sent = upload(rota, "日期,岗位,姓名\n2026-03-14,带班领导,郑丙\n2026-03-16,带班领导,郑丙\n")
    assert sent.status_code == 409
    assert "第2级催不到人（带班领导），没有保存" in sent.text


@pytest.mark.parametrize(("content", "name", "status", "sentence"), [
    (b"", "", 422, "请先选一个文件"),
    (b"x", "值班表.docx", 422, "扩展名"),
    (b"\xff\xfe\x00\x01" * 10, "a.xlsx", 422, "a.xlsx"),
    (b"a" * (10 * 1024 * 1024 + 1), "big.csv", 422, "上限"),
    (b"a" * (13 * 1024 * 1024), "huge.csv", 413, "太长"),
    ("日期,值班员\n2020-01-01,周甲\n".encode("gb18030"), "old.csv", 422, "已经过去"),
])
def test_a_file_that_cannot_be_taken_gets_a_sentence(
        house: House, content: bytes, name: str, status: int, sentence: str) -> None:
    _, sent = upload(house, content, name)
    assert (sent.status_code, sentence in sent.text) == (status, True)
    assert kinds(house) == []


def test_other_forms_still_take_no_more_than_words(house: House) -> None:
    visitor = house.client("chu")
    fields = form_of(visitor.get(SHIFT).text, SHIFT)
    assert visitor.post(SHIFT, data={**fields, "from_day": "x" * 300_000}).status_code == 413


# ── who may ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", [SHIFT, SWAP, PLAN, IMPORT, "/roster/shifts/1/remove"])
def test_only_who_keeps_the_roster_may_change_it(rota: House, path: str) -> None:
    for person, status in (("zhou", 403), ("zheng", 403), ("yang", 403), ("chu", 200), ("wu", 200), ("shen", 200)):
        visitor = rota.client(person)
        assert visitor.get(path).status_code == status
        if status == 403:
            token = forms_of(visitor.get("/roster").text)[-1].fields["csrf_token"]
            assert visitor.post(path, data={"csrf_token": token}).status_code == 403
