"""The page that puts an entry right: what it says now, what is changed, what waits for a second person."""

import pytest

from tests.support.bureau import ZHOU
from tests.web.forms_of import forms_of
from tests.web.house import House, at

REASON = {"reason": "登记时看错"}


def entry(house: House, sequence: int = 1) -> str:
    return f"/incidents/{house.s02}/entries/{sequence}/correct"


def shown(house: House):
    return house.assembly.views.incident(house.s02, house.clock.now())


def logged(house: House) -> int:
    house.log(house.s02, "preliminary_report", at("14:40"), report_to="区总值班室", evidence="传真 11",
              record={"signed_by": "王丁", "signed_at": at("14:35"), "sent_by": "fax"})
    return shown(house).obligation("preliminary_report").sequence


@pytest.mark.parametrize(("fields", "is_waiting"), [
    ({"received_at_time": "1404"}, False), ({"received_at_time": "1412"}, True), ({"occurred_at_time": ""}, True),
    ({"place": "青禾路 8 号"}, False), ({"category": "security"}, False), ({"unit": "市容中队", "summary": ""}, False)])
def test_what_helps_the_bureau_waits_and_anything_else_holds_at_once(busy: House, fields: dict[str, str],
                                                                     is_waiting: bool) -> None:
    visitor, before = busy.client("zhou"), shown(busy)
    answer = visitor.submit(entry(busy), {**fields, **REASON}, page=entry(busy))
    page = visitor.get(answer.location).text
    assert ("更正已记入，待另一岗位的人核实后生效" in page) == is_waiting
    assert ("已更正。原来的记录划线保留在时间轴上" in page) == (not is_waiting)
    after = shown(busy)
    assert bool(after.pending) == is_waiting
    changed = (before.received_at, before.occurred_at, before.place, before.category, before.unit) != (
        after.received_at, after.occurred_at, after.place, after.category, after.unit)
    assert changed == (not is_waiting)


def test_a_log_is_put_right_field_by_field_and_corrected_once_more_from_its_card(busy: House) -> None:
    visitor, sequence = busy.client("zhou"), logged(busy)
    page = visitor.get(entry(busy, sequence)).text
    for said in ("初步报告", "原为 14:40", "原为 区总值班室", "原为 14:35", "原为 传真", "原为 王丁"):
        assert said in page, said
    form = next(f for f in forms_of(page) if f.action == entry(busy, sequence)).fields
    assert (form["done_at_time"], form["f.signed_at_time"], form["f.sent_by"]) == ("14:40", "14:35", "fax")
    answer = visitor.post(entry(busy, sequence), data={**form, **REASON, "report_to": "区委办", "f.sent_by": "", "f.signed_by": "冯戊"})
    assert answer.status_code == 303
    step = shown(busy).obligation("preliminary_report")
    assert (step.report_to, step.body["record"].get("sent_by"), step.body["record"]["signed_by"]) == ("区委办", None, "冯戊")
    assert step.done_at == at("14:40")
    newest = [f.action for f in forms_of(visitor.get(entry(busy, sequence)).text) if f.action.endswith("/correct")]
    assert newest != [entry(busy, sequence)]  # the next one corrects the correction
    again = visitor.post(newest[0], data={**form, **REASON, "key": "2", "report_to": "区政府办"})
    assert (again.status_code, shown(busy).obligation("preliminary_report").report_to) == (303, "区政府办")


@pytest.mark.parametrize(("fields", "status", "field", "sentence"), [
    ({"place": "青禾路 8 号"}, 422, "reason", "请写明原因"), ({**REASON, "received_at_time": "99"}, 422, "received_at_time", "24小时制"),
    ({**REASON, "title": ""}, 422, "title", "不能清空"), ({**REASON, "received_at_time": "1520"}, 422, "received_at_time", "不能在未来"),
    (REASON, 409, "", "与现有内容相同")])
def test_a_correction_that_cannot_be_right_comes_back_as_it_was(busy: House, fields: dict[str, str], status: int,
                                                                field: str, sentence: str) -> None:
    answer = busy.client("zhou").submit(entry(busy), {"note": "", **fields}, page=entry(busy))
    assert (answer.status_code, sentence in answer.text, f'href="#{field}"' in answer.text) == (status, True, bool(field))
    kept = next(f for f in forms_of(answer.text) if f.action == entry(busy)).fields
    assert all(kept[name] == text for name, text in fields.items())


def test_a_correction_survives_a_sign_in_that_ran_out(busy: House) -> None:
    stranger = busy.client()
    asked = stranger.post(entry(busy), data={"place": "青禾路 8 号", **REASON})
    held = next(f for f in forms_of(asked.text) if "kept_path" in f.fields).fields
    link = busy.link("zhou")
    stranger.submit(link, {}, page=link)
    token = forms_of(stranger.get("/").text)[-1].fields["csrf_token"]
    back = stranger.post("/sign-in", data={**held, "csrf_token": token})
    assert next(f for f in forms_of(back.text) if f.action == entry(busy)).fields["place"] == "青禾路 8 号"


@pytest.mark.parametrize(("sequence", "status"), [(2, 404), (9999, 404)])
def test_what_cannot_be_corrected_is_told(busy: House, sequence: int, status: int) -> None:
    assert busy.client("zhou").get(entry(busy, sequence)).status_code == status


def test_a_log_that_was_withdrawn_cannot_be_corrected(busy: House) -> None:
    sequence = logged(busy)
    busy.assembly.desk.withdraw(busy.s02, "preliminary_report", None, actor=ZHOU, now=busy.clock.now())
    answer = busy.client("zhou").get(entry(busy, sequence))
    assert (answer.status_code, "这条记录已撤回" in answer.text) == (409, True)
