"""The blanks of a short form, from what was typed to values and back; and the form that logs a step."""

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from incident_clock.errors import Refusals
from incident_clock.registry.record_kinds import KINDS
from incident_clock.web import blanks
from incident_clock.web.log_form import read_log
from tests.support.bureau import ZONE
from tests.web.house import at
from tests.web.test_telling import incident, step

NOW = at("14:50:12")
CALL_NOW = {"done_at": "2026-03-12T14:50+08:00", "page_seen_at": "2026-03-12T06:50:00+00:00"}
TO = ("区总值班室", "区委宣传部")


def read(kind: str, **typed: str) -> dict[str, Any]:
    return blanks.read_blanks({f"f.{name}": text for name, text in typed.items()}, KINDS[kind], now=NOW, zone=ZONE)


@pytest.mark.parametrize(("kind", "typed", "values"), [
    ("document", {}, {}), ("document", {"dead": " 2 ", "sent_by": "fax"}, {"dead": "2", "sent_by": "fax"}),
    ("document", {"dead": "１２"}, {"dead": "12"}), ("call", {"outcome": "reached", "read_back": "yes"}, {"outcome": "reached", "read_back": True}),
    ("document", {"signed_at_time": "1445"}, {"signed_at": at("14:45")}),
    ("document", {"signed_at_day": "2026-03-11"}, {}),
    ("document", {"signed_at_time": "2330", "signed_at_day": "2026-03-11"}, {"signed_at": at("23:30", 11)}),
    ("wording", {"text": "正在核实", "approver": "王丁", "valid_until_time": "1800", "valid_until_day": "2026-03-13"},
     {"text": "正在核实", "approver": "王丁", "valid_until": at("18:00", 13)})])
def test_what_was_typed_becomes_the_values_of_a_form(kind: str, typed: dict[str, str], values: dict[str, Any]) -> None:
    assert read(kind, **typed) == values


def test_every_blank_that_cannot_be_right_is_told_at_once() -> None:
    with pytest.raises(Refusals) as refused:
        read("document", signed_at_time="25", dead="两", received_at_time="1445", received_at_day="12日")
    assert sorted(str(one.field) for one in refused.value.refusals) == ["dead", "received_at", "signed_at"]


@pytest.mark.parametrize(("typed", "changed"), [
    ({}, {}), ({"f.signed_by": "冯戊"}, {"signed_by": "冯戊"}), ({"f.signed_by": ""}, {"signed_by": None}),
    ({"f.signed_at_time": "14:46"}, {"signed_at": at("14:46")}), ({"f.signed_at_time": ""}, {"signed_at": None}),
    ({"f.is_signed_by_phone": ""}, {"is_signed_by_phone": None}), ({"f.dead": "1"}, {"dead": "1"})])
def test_only_what_was_changed_is_a_correction(typed: dict[str, str], changed: dict[str, Any]) -> None:
    kind, before = KINDS["document"], {"signed_by": "王丁", "signed_at": "2026-03-12T06:45:31+00:00", "is_signed_by_phone": True}
    form = {**blanks.as_typed(kind, before, zone=ZONE), **typed}
    assert blanks.changed_blanks(form, kind, before, now=NOW, zone=ZONE) == changed


@pytest.mark.parametrize(("typed", "required", "record"), [
    ({"report_to": "区总值班室"}, (), None), ({"report_to": "区总值班室", "f.outcome": "reached"}, (), None),
    ({"report_to": "区总值班室", "f.answered_by": "钱"}, (), {"answered_by": "钱", "outcome": "reached"}),
    ({"report_to": "区委宣传部"}, TO, {"outcome": "reached", "recipient": "区委宣传部"}),
    ({"report_to": "", "f.outcome": "busy"}, (), {"outcome": "busy"}),
    ({"report_to": "区总值班室", "f.outcome": "no_answer", "evidence": "话单 7"}, (),
     {"outcome": "no_answer", "recipient": "区总值班室", "recording": "话单 7"})])
def test_a_call_says_no_more_than_was_said_of_it(typed: dict[str, str], required: tuple[str, ...],
                                                 record: dict[str, Any] | None) -> None:
    one = step(key="phone_report", evidence="call", required=required)
    log, _ = read_log(MultiDict({**CALL_NOW, **typed}), incident(one), "phone_report", now=NOW, zone=ZONE)
    assert log.record == record
