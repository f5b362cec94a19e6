"""`incident-clock acknowledge`: one's own calls, or those of somebody an officer has rung."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from incident_clock.cli import answering
from incident_clock.errors import Conflict, Forbidden, NotFound
from incident_clock.store.session import Store
from tests.web.house import House, at


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """周甲 and 吴乙 have just been told of an incident; the command works on this house."""
    opened = House.open(str(sqlite_store.url), tmp_path, now=at("14:05"))
    opened.register("招牌坠落")
    opened.play(at("14:05:30"))
    monkeypatch.setattr(answering, "opened", lambda: opened.assembly)
    yield opened
    opened.close()


def acknowledge(*arguments: str) -> Result:
    return CliRunner().invoke(answering.acknowledge, ["2026-0001", *arguments])


def entries(house: House) -> list[dict]:
    return [entry for entry in house.assembly.views.entries(1) if entry["kind"] == "Acknowledged"]


def test_the_person_who_acts_acknowledges_his_own_calls(house: House) -> None:
    told = acknowledge("--by", "zhou")
    assert told.exit_code == 0, told.output
    assert told.output.splitlines() == ["电话上报", "  1  没回  吴乙", "  1  14:05 已签收  周甲"]
    (entry,) = entries(house)
    assert (entry["body"]["person"], entry["body"]["how"]) == ("周甲", "page")
    assert entry["actor"].startswith("周甲（命令行")


def test_an_officer_records_that_he_rang_somebody(house: House) -> None:
    told = acknowledge("--person", "wu", "--step", "phone_report", "--note", "马上到", "--by", "zhou", "--json")
    assert told.exit_code == 0, told.output
    (step,) = json.loads(told.output)
    assert {call["person"]: call["answered_how"] for call in step["calls"]} == {"zhou": None, "wu": "phone"}
    (entry,) = entries(house)
    assert (entry["body"]["person"], entry["body"]["note"]) == ("吴乙", "马上到")


@pytest.mark.parametrize(("arguments", "kind"), [
    (("--by", "nobody"), NotFound), (("--by", "yang"), Forbidden), (("--by", "shen"), Forbidden), (("--by", "zheng"), Conflict),
    (("--by", "zhou", "--person", "nobody"), NotFound), (("--by", "zhou", "--step", "coffee"), NotFound)])
def test_who_may_not_or_was_not_called_is_refused(house: House, arguments: tuple[str, ...], kind: type[Exception]) -> None:
    assert isinstance(acknowledge(*arguments).exception, kind)
    assert entries(house) == []


def test_somebody_must_be_named_who_acts(house: House) -> None:
    told = acknowledge("--person", "wu")
    assert told.exit_code == 2
    assert "--by" in told.output
    assert entries(house) == []
