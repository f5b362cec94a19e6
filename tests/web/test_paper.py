"""The paper sheet of an incident, and typing it in again: all rows or none, and nothing typed is lost."""

from html import escape

import pytest

from tests.web.house import House, at

ROWS = {"preliminary_report": ("1500", "区总值班室", "传真回执 7"), "phone_report": ("1418", "区总值班室 钱值班员", "话单 3")}


def sent(house: House, number: str, rows: dict[str, tuple[str, str, str]], person: str = "zhou", **more: str):
    path = f"/incidents/{number}/rekey"
    fields = {f"{step}.{name}": value for step, row in rows.items()
              for name, value in zip(("done_at_time", "report_to", "evidence"), row, strict=True)}
    return house.client(person).submit(path, {**fields, **more}, page=path)


@pytest.fixture
def number(house: House) -> str:
    made = house.register("青禾路围墙倒塌", received_at=at("14:05"))
    house.clock.move_to(at("15:30"))
    return made


def test_the_sheet_names_what_is_due_and_whom_to_ring_and_is_never_cached(house: House, number: str):
    shown = house.client("zhou").get(f"/incidents/{number}/sheet")
    assert shown.headers["Cache-Control"] == "no-store"
    for text in (number, "青禾路围墙倒塌", "3月12日", "14:25", "138 0000 0001", "补录纸质记录"):
        assert text in shown.text, text
    assert "【演练】" not in shown.text


def test_the_sheet_of_a_drill_is_marked_at_both_ends_and_sends_nobody_outside(house: House):
    number = house.register("演练一", is_drill=True)
    shown = house.client("zhou").get(f"/incidents/{number}/sheet").text
    assert shown.count('class="drill-edge"') == 2
    assert 'class="out"' not in shown


def test_the_rows_that_were_filled_in_are_kept_as_late_entries_under_one_reason(house: House, number: str):
    assert sent(house, number, ROWS).status_code == 303
    steps = {step.key: step for step in house.assembly.views.incident(number, house.clock.now()).steps}
    assert {key for key, step in steps.items() if not step.is_open} == set(ROWS)
    assert steps["phone_report"].done_at == at("14:18")
    assert steps["phone_report"].body["reason"] == "断网期间纸质记录补录"


@pytest.mark.parametrize(("row", "field"), [
    (("2561", "区委宣传部", "回执 8"), "done_at_time"), (("", "区委宣传部", ""), "done_at_time"),
    (("1500", "", "回执 8"), "report_to"), (("1500", "区委宣传部", ""), "evidence")])
def test_one_wrong_row_keeps_none_and_is_told_at_its_field(house: House, number: str, row, field: str):
    answer = sent(house, number, {**ROWS, "preliminary_report": row})
    assert answer.status_code == 422
    assert f'href="#preliminary_report.{field}"' in answer.text
    for typed in ("话单 3", "1418", *filter(None, row)):
        assert f'value="{escape(typed)}"' in answer.text
    assert all(step.is_open for step in house.assembly.views.incident(number, house.clock.now()).steps)


def test_a_missing_reason_is_told_once_and_an_empty_form_is_refused(house: House, number: str):
    assert sent(house, number, ROWS, reason="").text.count('href="#reason"') == 1
    assert "一行也没有填" in sent(house, number, {}).text


def test_a_row_logged_meanwhile_is_told_and_stays_on_the_form(house: House, number: str):
    house.log(number, "phone_report", at("15:28"), report_to="区总值班室")
    answer = sent(house, number, ROWS)
    assert "这一步在您填写时已有记录" in answer.text
    assert 'value="1418"' in answer.text


def test_an_auditor_reads_the_sheet_and_types_nothing_in(house: House, number: str):
    visitor = house.client("yang")
    assert visitor.get(f"/incidents/{number}/rekey").status_code == 403
    assert visitor.get(f"/incidents/{number}/sheet").status_code == 200
