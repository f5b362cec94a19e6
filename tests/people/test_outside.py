"""Offices outside the bureau, for the address book: entered, changed, removed, each with its entry."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from incident_clock.errors import NotFound, Refusals
from incident_clock.ledger.chain import plain
from incident_clock.people import ledger, outside, roster
from incident_clock.people.edits import Stale
from incident_clock.people.outside import OutsideDraft
from incident_clock.people.tables import OutsideParty
from incident_clock.store.session import Store
from tests.support.bureau import SHEN

FIRE = OutsideDraft(name="区消防救援大队", phone="0578-5550119", email="fire@example.com", note="分机 8；夜里有人")


def do(store: Store, verb: Callable[..., Any], *given: Any, now: datetime, **more: Any) -> Any:
    with store.write() as session:
        return verb(session, *given, actor=SHEN, now=now, **more)


def parties(store: Store) -> dict[str, OutsideDraft]:
    with store.read() as session:
        return {row.key: outside.draft_of(row)
                for row in session.scalars(select(OutsideParty).order_by(OutsideParty.position))}


def last_body(store: Store) -> dict[str, Any]:
    with store.read() as session:
        return plain(ledger.links(session)[-1])["body"]


def test_the_example_brings_three_parties_that_never_sign_in(bureau: Store) -> None:
    assert [one.name for one in parties(bureau).values()] == ["区总值班室", "区委宣传部新闻科", "区委网信办"]
    with bureau.read() as session:
        assert not {card.key for card in roster.everybody(session)} & set(parties(bureau))


def test_a_party_is_entered_changed_and_removed_with_an_entry_each(bureau: Store, now: datetime) -> None:
    key = do(bureau, outside.add_outside, FIRE, now=now)
    kept = replace(FIRE, phone="+865785550119")
    assert list(parties(bureau).items())[-1] == (key, kept)
    assert last_body(bureau)["changes"]["phone"] == {"before": None, "after": "+865785550119"}
    assert do(bureau, outside.alter_outside, key, replace(kept, phone="", note=""), seen=kept, now=now)
    assert last_body(bureau)["changes"] == {"phone": {"before": "+865785550119", "after": None},
                                            "note": {"before": "分机 8；夜里有人", "after": None}}
    do(bureau, outside.remove_outside, key, now=now)
    assert key not in parties(bureau)
    assert (last_body(bureau)["name"], last_body(bureau)["change"]) == ("区消防救援大队", "retired")
    with pytest.raises(NotFound):
        do(bureau, outside.remove_outside, key, now=now)


@pytest.mark.parametrize(("changes", "wrong"), [
    ({"name": " "}, ["name"]), ({"phone": "5550119"}, ["phone"]), ({"email": "fire"}, ["email"]),
    ({"note": "长" * 501}, ["note"]), ({"phone": "", "email": ""}, ["phone"]),
    ({"name": "", "phone": "1", "email": "x", "note": "\0"}, ["name", "phone", "email", "note"]),
])
def test_what_cannot_be_right_is_told_at_its_field(
        bureau: Store, now: datetime, changes: dict[str, Any], wrong: list[str]) -> None:
    with pytest.raises(Refusals) as refused:
        do(bureau, outside.add_outside, replace(FIRE, **changes), now=now)
    assert [one.field for one in refused.value.refusals] == wrong
    assert len(parties(bureau)) == 3


def test_of_two_who_edit_at_once_the_second_is_told(bureau: Store, now: datetime) -> None:
    seen = parties(bureau)["district"]
    assert do(bureau, outside.alter_outside, "district", replace(seen, phone="0578 5550999"), seen=seen, now=now)
    with pytest.raises(Stale) as refused:
        do(bureau, outside.alter_outside, "district", replace(seen, note="新址"), seen=seen, now=now)
    assert refused.value.params["changed"] == ["电话"]
    assert not do(bureau, outside.alter_outside, "district", refused.value.current, seen=refused.value.current, now=now)
