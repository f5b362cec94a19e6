"""The readiness board over the API: its days, its gaps, who may ask."""

import pytest

from incident_clock.web.api.readiness import Readiness
from tests.api.rig import Api, complaints
from tests.support import duty_days


@pytest.mark.parametrize(("query", "days"), [("", 14), ("?days=1", 1), ("?days=14", 14), ("?days=60", 60)])
def test_it_tells_as_many_days_as_are_asked_for(api: Api, query: str, days: int):
    told = api.get(f"/readiness{query}")
    assert told.status_code == 200
    assert told.json["days"][0]["day"] == "2026-03-12"
    assert len(told.json["days"]) == days
    assert told.json["gaps"] == []


@pytest.mark.parametrize("days", ["0", "61", "-1", "1.5", "x", "", "１４", "1e1", "9999"])
def test_any_other_number_of_days_is_refused_with_a_sentence(api: Api, days: str):
    told = api.get(f"/readiness?days={days}")
    assert told.status_code == 422
    assert complaints(told) == {"days": "天数应为1到60的整数"}


def test_a_gap_has_the_shape_that_is_written_down(api: Api):
    duty_days.shifts(api.assembly.store, "duty_leader", "zheng", None, "wang", first=-1)
    duty_days.without_stand_in(api.assembly.store, "chen")
    told = api.get("/readiness?days=2").json
    assert Readiness.model_validate(told).model_dump(mode="json") == told
    assert {(gap["step"], gap["rung"], gap["from_at"], gap["until_at"], gap["is_empty"]) for gap in told["gaps"]} >= {
        ("detailed_report", 2, "2026-03-12T14:12:00+08:00", "2026-03-13T08:30:00+08:00", True)}
    assert told["days"][0]["state"] == "gap"
    assert {role["role"]: role["state"] for role in told["days"][1]["roles"]}["publicity_chief"] == "weak"


def test_whoever_may_read_may_ask(api: Api):
    assert api.get("/readiness", role="auditor").status_code == 200
    assert api.get("/readiness", role=None).status_code == 401
