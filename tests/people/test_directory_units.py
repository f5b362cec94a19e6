"""The tree of units and the 宣传员 of each: what is taken, what is refused, what the ledger says of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from incident_clock.errors import Conflict, NotFound, Refusals
from incident_clock.ledger.chain import plain
from incident_clock.people import directory, ledger, roster, units
from incident_clock.people.edits import Stale
from incident_clock.people.tables import Unit
from incident_clock.people.units import UnitDraft
from incident_clock.store.session import Store
from tests.support.bureau import SHEN

SQUAD2 = UnitDraft(name="城区二中队", parent="bureau", reporter="wei")


def do(store: Store, verb: Callable[..., Any], *given: Any, now: datetime, **more: Any) -> Any:
    with store.write() as session:
        return verb(session, *given, actor=SHEN, now=now, **more)


def draft(store: Store, key: str) -> UnitDraft:
    with store.read() as session:
        return units.draft_of(session.get_one(Unit, key))


def keys(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.scalars(select(Unit.key).order_by(Unit.position)))


def entries(store: Store) -> list[dict[str, Any]]:
    with store.read() as session:
        return [plain(link) for link in ledger.links(session)]


def also_reporter(store: Store, key: str, now: datetime) -> None:
    with store.read() as session:
        seen = directory.draft_of(roster.person(session, key))
    do(store, directory.alter_person, key, replace(seen, roles=(*seen.roles, "reporter")), seen=seen, now=now)


def test_a_new_unit_stands_at_the_end(bureau: Store, now: datetime) -> None:
    assert do(bureau, units.add_unit, "Squad2", SQUAD2, now=now) == "squad2"
    assert keys(bureau)[-1] == "squad2"
    assert draft(bureau, "squad2") == SQUAD2
    body = entries(bureau)[-1]["body"]
    assert (body["unit"], body["name"], body["change"]) == ("squad2", "城区二中队", "added")
    assert body["changes"]["reporter"] == {"before": None, "after": "wei"}


@pytest.mark.parametrize(("key", "changes", "wrong"), [
    ("duty", {}, ["key"]), ("二队", {}, ["key"]), ("new", {}, ["key"]),
    ("squad2", {"name": ""}, ["name"]), ("squad2", {"short_name": "长" * 61}, ["short_name"]),
    ("squad2", {"parent": None}, ["parent"]), ("squad2", {"parent": "nowhere"}, ["parent"]),
    ("squad2", {"reporter": "nobody"}, ["reporter"]), ("squad2", {"reporter": "jiang"}, ["reporter"]),
    ("squad2", {"second_reporter": "chen"}, ["second_reporter"]),
    ("squad2", {"second_reporter": "wei"}, ["second_reporter"]),
    ("", {"name": "", "parent": None, "reporter": "jiang"}, ["key", "name", "parent", "reporter"]),
])
def test_what_cannot_be_right_is_told_at_its_field(
        bureau: Store, now: datetime, key: str, changes: dict[str, Any], wrong: list[str]) -> None:
    with pytest.raises(Refusals) as refused:
        do(bureau, units.add_unit, key, replace(SQUAD2, **changes), now=now)
    assert [one.field for one in refused.value.refusals] == wrong
    assert "squad2" not in keys(bureau)


def test_a_reporter_and_a_second_one_are_named_when_both_have_the_role(bureau: Store, now: datetime) -> None:
    also_reporter(bureau, "jiang", now)
    seen = draft(bureau, "squad1")
    assert do(bureau, units.alter_unit, "squad1", replace(seen, reporter="jiang", second_reporter="wei"), seen=seen, now=now)
    assert entries(bureau)[-1]["body"]["changes"] == {
        "reporter": {"before": "wei", "after": "jiang"}, "second_reporter": {"before": None, "after": "wei"}}


def test_a_reporter_who_has_left_does_not_stop_other_edits(bureau: Store, now: datetime) -> None:
    do(bureau, directory.retire_person, "wei", now=now)
    seen = draft(bureau, "squad1")
    assert do(bureau, units.alter_unit, "squad1", replace(seen, name="一中队"), seen=seen, now=now)


@pytest.mark.parametrize(("key", "parent"), [("squad1", "squad1"), ("squad1", "sub"), ("squad1", "subsub")])
def test_no_unit_hangs_below_itself(bureau: Store, now: datetime, key: str, parent: str) -> None:
    do(bureau, units.add_unit, "sub", UnitDraft(name="青禾分队", parent="squad1"), now=now)
    do(bureau, units.add_unit, "subsub", UnitDraft(name="文昌组", parent="sub"), now=now)
    seen = draft(bureau, key)
    with pytest.raises(Refusals, match="自己或自己的下级") as refused:
        do(bureau, units.alter_unit, key, replace(seen, parent=parent), seen=seen, now=now)
    assert [one.field for one in refused.value.refusals] == ["parent"]


def test_a_unit_moves_with_what_hangs_below_it(bureau: Store, now: datetime) -> None:
    do(bureau, units.add_unit, "sub", UnitDraft(name="青禾分队", parent="squad1"), now=now)
    seen = draft(bureau, "squad1")
    assert do(bureau, units.alter_unit, "squad1", replace(seen, parent="office"), seen=seen, now=now)
    assert draft(bureau, "sub").parent == "squad1"


def test_the_bureau_is_renamed_but_hangs_below_nothing(bureau: Store, now: datetime) -> None:
    seen = draft(bureau, "bureau")
    with pytest.raises(Refusals, match="没有上级单位"):
        do(bureau, units.alter_unit, "bureau", replace(seen, parent="duty"), seen=seen, now=now)
    assert do(bureau, units.alter_unit, "bureau", replace(seen, short_name="云河执法"), seen=seen, now=now)
    with bureau.read() as session:
        assert roster.bureau(session).short_name == "云河执法"


def test_of_two_who_edit_at_once_the_second_is_told(bureau: Store, now: datetime) -> None:
    seen = draft(bureau, "squad1")
    do(bureau, units.alter_unit, "squad1", replace(seen, name="一中队"), seen=seen, now=now)
    with pytest.raises(Stale) as refused:
        do(bureau, units.alter_unit, "squad1", replace(seen, reporter=None), seen=seen, now=now)
    assert refused.value.params["changed"] == ["名字"]
    assert draft(bureau, "squad1").reporter == "wei"


def test_a_form_sent_back_as_it_was_appends_nothing(bureau: Store, now: datetime) -> None:
    seen = draft(bureau, "squad1")
    assert not do(bureau, units.alter_unit, "squad1", seen, seen=seen, now=now)
    assert len(entries(bureau)) == 1


def test_only_an_empty_unit_is_removed(bureau: Store, now: datetime) -> None:
    do(bureau, units.add_unit, "sub", UnitDraft(name="青禾分队", parent="squad1"), now=now)
    for key, said in (("bureau", "是本局"), ("squad1", "还有人：蒋壬"), ("nothing", "没有 nothing 这个单位")):
        with pytest.raises((Conflict, NotFound)) as refused:
            do(bureau, units.remove_unit, key, now=now)
        assert said in str(refused.value).replace("['蒋壬']", "蒋壬")
    do(bureau, directory.retire_person, "jiang", now=now)  # who has left does not count
    with pytest.raises(Conflict, match="青禾分队"):
        do(bureau, units.remove_unit, "squad1", now=now)
    do(bureau, units.remove_unit, "sub", now=now)
    do(bureau, units.remove_unit, "squad1", now=now)
    assert not {"sub", "squad1"} & set(keys(bureau))
    body = entries(bureau)[-1]["body"]
    assert (body["name"], body["change"]) == ("城区一中队", "retired")
    assert body["changes"]["parent"] == {"before": "bureau", "after": None}


def test_who_left_comes_back_only_to_a_unit_that_is_there(bureau: Store, now: datetime) -> None:
    do(bureau, directory.retire_person, "jiang", now=now)
    do(bureau, units.remove_unit, "squad1", now=now)
    with pytest.raises(Conflict, match="原来的单位已经没有了"):
        do(bureau, directory.restore_person, "jiang", now=now)
    with bureau.read() as session:
        seen = directory.draft_of(roster.person(session, "jiang"))
    assert do(bureau, directory.alter_person, "jiang", replace(seen, unit="office"), seen=seen, now=now)
    do(bureau, directory.restore_person, "jiang", now=now)
    with bureau.read() as session:
        assert roster.person(session, "jiang").is_active
