"""Persons of the directory, changed one at a time: what is taken, what is refused, what the ledger says of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, NotFound, Refusals
from incident_clock.ledger.chain import plain, verify_lines
from incident_clock.ledger.fact import Actor
from incident_clock.people import directory, ledger, roster, sign_in
from incident_clock.people.directory import PersonDraft
from incident_clock.people.edits import Stale
from incident_clock.store.session import Store
from tests.support.bureau import SHEN

QIN = PersonDraft(name="秦寅", unit="squad1", roles=("squad", "reporter"), stand_in="jiang", language="zh",
                  contacts=(("mobile", "138 0000 0099"), ("desk_phone", "0578-5550155"), ("email", "qin@example.com")))
KEPT = (("mobile", "+8613800000099"), ("desk_phone", "+865785550155"), ("email", "qin@example.com"))


def do(store: Store, verb: Callable[..., Any], *given: Any, now: datetime, actor: Actor = SHEN, **more: Any) -> Any:
    with store.write() as session:
        return verb(session, *given, actor=actor, now=now, **more)


def read(store: Store, look: Callable[[Session], Any]) -> Any:
    with store.read() as session:
        return look(session)


def draft(store: Store, key: str) -> PersonDraft:
    return read(store, lambda session: directory.draft_of(roster.person(session, key)))


def last_entry(store: Store) -> dict[str, Any]:
    return plain(read(store, ledger.links)[-1])


# ── adding ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_person_stands_at_the_end_with_numbers_put_right(bureau: Store, now: datetime) -> None:
    assert do(bureau, directory.add_person, " Qin ", QIN, now=now) == "qin"
    card = read(bureau, roster.everybody)[-1]
    assert (card.key, card.name, card.unit, card.roles, card.stand_in) == ("qin", "秦寅", "squad1", QIN.roles, "jiang")
    assert [(one.kind, one.address) for one in card.contacts] == list(KEPT)
    entry = last_entry(bureau)
    assert (entry["kind"], entry["actor"], entry["actor_role"]) == ("PersonChanged", "沈癸", "admin")
    assert (entry["body"]["person"], entry["body"]["name"], entry["body"]["change"]) == ("qin", "秦寅", "added")
    assert entry["body"]["changes"]["contacts"] == {
        "before": None, "after": "mobile +8613800000099, desk_phone +865785550155, email qin@example.com"}
    for personal in ("秦寅", "13800000099", "qin@example.com"):
        assert personal not in entry["canonical"]


@pytest.mark.parametrize(("key", "changes", "wrong"), [
    ("zhou", {}, ["key"]), ("秦", {}, ["key"]), ("new", {}, ["key"]), ("9q", {}, ["key"]), ("q" * 33, {}, ["key"]),
    ("qin", {"name": "  "}, ["name"]), ("qin", {"name": "秦\u202e寅"}, ["name"]), ("qin", {"name": "秦" * 61}, ["name"]),
    ("qin", {"unit": "nowhere"}, ["unit"]), ("qin", {"unit": ""}, ["unit"]),
    ("qin", {"roles": ()}, ["roles"]), ("qin", {"roles": ("king",)}, ["roles"]),
    ("qin", {"roles": ("squad", "squad")}, ["roles"]),
    ("qin", {"stand_in": "nobody"}, ["stand_in"]), ("qin", {"stand_in": "qin"}, ["stand_in"]),
    ("qin", {"language": "fr"}, ["language"]),
    ("", {"name": "", "unit": "", "roles": (), "contacts": (("mobile", "138"),), "stand_in": "x", "language": ""},
     ["key", "name", "unit", "roles", "contact_1", "stand_in", "language"]),
])
def test_what_cannot_be_right_is_told_at_its_field_and_nothing_is_written(
        bureau: Store, now: datetime, key: str, changes: dict[str, Any], wrong: list[str]) -> None:
    size = len(read(bureau, ledger.links))
    with pytest.raises(Refusals) as refused:
        do(bureau, directory.add_person, key, replace(QIN, **changes), now=now)
    assert [one.field for one in refused.value.refusals] == wrong
    assert read(bureau, lambda session: roster.person(session, "qin")) is None
    assert len(read(bureau, ledger.links)) == size


def test_the_key_of_somebody_who_left_is_not_given_again(bureau: Store, now: datetime) -> None:
    do(bureau, directory.retire_person, "jiang", now=now)
    with pytest.raises(Refusals, match="已停用的人"):
        do(bureau, directory.add_person, "jiang", replace(QIN, stand_in=None), now=now)


# ── altering ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_change_says_for_each_field_what_it_was_and_what_it_is(bureau: Store, now: datetime) -> None:
    seen = draft(bureau, "jiang")
    new = replace(seen, unit="office", roles=("squad", "reporter"), stand_in=None)
    assert do(bureau, directory.alter_person, "jiang", new, seen=seen, now=now)
    assert draft(bureau, "jiang") == new
    assert last_entry(bureau)["body"]["changes"] == {
        "unit": {"before": "squad1", "after": "office"}, "stand_in": {"before": "wei", "after": None},
        "roles": {"before": "squad", "after": "squad, reporter"}}


def test_a_form_sent_back_as_it_was_changes_nothing_and_appends_nothing(bureau: Store, now: datetime) -> None:
    seen, size = draft(bureau, "zhou"), len(read(bureau, ledger.links))
    assert not do(bureau, directory.alter_person, "zhou", replace(seen, name=" 周甲 "), seen=seen, now=now)
    assert len(read(bureau, ledger.links)) == size


def test_the_order_of_contacts_is_kept_and_decides_which_is_used(bureau: Store, now: datetime) -> None:
    seen = draft(bureau, "zhou")
    second = ("mobile", "13900000001")
    do(bureau, directory.alter_person, "zhou", replace(seen, contacts=(second, *seen.contacts)), seen=seen, now=now)
    assert read(bureau, lambda session: roster.person(session, "zhou")).addresses()["sms"] == "+8613900000001"
    seen = draft(bureau, "zhou")
    do(bureau, directory.alter_person, "zhou", replace(seen, contacts=seen.contacts[::-1]), seen=seen, now=now)
    assert read(bureau, lambda session: roster.person(session, "zhou")).addresses()["sms"] == "+8613800000001"


def test_what_is_known_of_an_address_stays_with_it_and_goes_with_it(bureau: Store, now: datetime) -> None:
    with bureau.write() as session:
        roster.note_delivery(session, "zhou", "zhou@example.com", now)
    seen = draft(bureau, "zhou")
    do(bureau, directory.alter_person, "zhou", replace(seen, contacts=seen.contacts[::-1]), seen=seen, now=now)
    card = read(bureau, lambda session: roster.person(session, "zhou"))
    assert [one.last_delivered_at for one in card.contacts] == [now, None]
    seen = draft(bureau, "zhou")
    do(bureau, directory.alter_person, "zhou", replace(seen, contacts=(("email", "other@example.com"),)), seen=seen, now=now)
    card = read(bureau, lambda session: roster.person(session, "zhou"))
    assert [one.last_delivered_at for one in card.contacts] == [None]


def test_of_two_who_edit_at_once_the_second_is_told_what_changed_and_nothing_is_overwritten(
        bureau: Store, now: datetime) -> None:
    seen = draft(bureau, "zhou")
    do(bureau, directory.alter_person, "zhou", replace(seen, language="en", unit="office"), seen=seen, now=now)
    with pytest.raises(Stale, match="有人刚改过") as refused:
        do(bureau, directory.alter_person, "zhou", replace(seen, name="周小甲"), seen=seen, now=now)
    assert refused.value.params["changed"] == ["单位", "消息语言"]
    assert refused.value.current == draft(bureau, "zhou") == replace(seen, language="en", unit="office")


def test_two_at_the_same_instant_leave_one_change_and_one_conflict(
        bureau: Store, now: datetime, at_once: Callable[..., list[Any]]) -> None:
    seen = draft(bureau, "zhou")
    names = iter(["周一", "周二"])
    answers = at_once(lambda: do(bureau, directory.alter_person, "zhou", replace(seen, name=next(names)), seen=seen,
                                 now=now), 2)
    assert sorted(type(answer).__name__ for answer in answers) == ["Stale", "bool"]
    assert read(bureau, ledger.verify).broken is None


def test_an_address_that_stands_on_the_card_is_not_asked_again(bureau: Store, load: Callable, now: datetime) -> None:
    """A people file may hold a fixed line as `phone`: that must not stop other edits."""
    from tests.people.files import changed

    load(changed(('"+8613800000001"', '"+865785550155"')))
    seen = draft(bureau, "zhou")
    assert do(bureau, directory.alter_person, "zhou", replace(seen, name="周小甲"), seen=seen, now=now)


def test_nobody_is_altered_who_was_never_there(bureau: Store, now: datetime) -> None:
    with pytest.raises(NotFound):
        do(bureau, directory.alter_person, "nobody", QIN, seen=QIN, now=now)


# ── administrators ────────────────────────────────────────────────────────────────────────────────────────


def test_the_last_administrator_keeps_the_role(bureau: Store, now: datetime) -> None:
    seen = draft(bureau, "shen")
    with pytest.raises(Conflict, match="最后一位系统管理员") as refused:
        do(bureau, directory.alter_person, "shen", replace(seen, roles=("office",)), seen=seen, now=now)
    assert refused.value.field == "roles"
    assert draft(bureau, "shen") == seen


def test_with_a_second_administrator_the_first_may_give_the_role_up(bureau: Store, now: datetime) -> None:
    do(bureau, directory.add_person, "qin", replace(QIN, roles=("admin",)), now=now)
    seen = draft(bureau, "shen")
    assert do(bureau, directory.alter_person, "shen", replace(seen, roles=("office",)), seen=seen, now=now)


def test_nobody_retires_himself_and_nobody_the_last_administrator(bureau: Store, now: datetime) -> None:
    other = Actor(name="命令行 op", role="operator", key="cli:op")
    with pytest.raises(Conflict, match="不能停用自己"):
        do(bureau, directory.retire_person, "shen", now=now)
    with pytest.raises(Conflict, match="最后一位系统管理员"):
        do(bureau, directory.retire_person, "shen", now=now, actor=other)
    assert read(bureau, lambda session: roster.person(session, "shen")).is_active


def test_two_administrators_who_retire_each_other_leave_one(
        bureau: Store, now: datetime, at_once: Callable[..., list[Any]]) -> None:
    do(bureau, directory.add_person, "qin", replace(QIN, roles=("admin",)), now=now)
    pairs = iter([("shen", Actor("秦寅", "admin", "qin")), ("qin", SHEN)])

    def retire() -> None:
        key, actor = next(pairs)
        do(bureau, directory.retire_person, key, now=now, actor=actor)

    answers = at_once(retire, 2)
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "NoneType"]


# ── leaving and coming back ───────────────────────────────────────────────────────────────────────────────


def test_who_is_retired_is_signed_out_everywhere_and_told_nothing_more(bureau: Store, now: datetime) -> None:
    with bureau.write() as session:
        browser, link = sign_in.open_session(session, "jiang", now), sign_in.issue_link(session, "jiang", now)
    do(bureau, directory.retire_person, "jiang", now=now)
    soon = now + timedelta(minutes=1)
    assert read(bureau, lambda session: sign_in.session_person(session, browser, soon)) is None
    assert read(bureau, lambda session: sign_in.peek_link(session, link, soon)) is None
    assert read(bureau, lambda session: roster.who_is(session, "squad", now)) == ()
    assert last_entry(bureau)["body"] == {"person": "jiang", "name": "蒋壬", "change": "retired", "changes": {}}
    with pytest.raises(Conflict, match="已经停用"):
        do(bureau, directory.retire_person, "jiang", now=now)


def test_who_comes_back_is_as_he_was_but_signed_out(bureau: Store, now: datetime) -> None:
    before = draft(bureau, "jiang")
    with bureau.write() as session:
        browser = sign_in.open_session(session, "jiang", now)
    do(bureau, directory.retire_person, "jiang", now=now)
    do(bureau, directory.restore_person, "jiang", now=now)
    assert draft(bureau, "jiang") == before
    assert [holder.card.key for holder in read(bureau, lambda session: roster.who_is(session, "squad", now))] == ["jiang"]
    assert read(bureau, lambda session: sign_in.session_person(session, browser, now)) is None
    assert last_entry(bureau)["body"]["change"] == "restored"
    with pytest.raises(Conflict, match="没有停用"):
        do(bureau, directory.restore_person, "jiang", now=now)


def test_the_chain_of_all_this_verifies_from_its_export_alone_and_names_a_changed_byte(
        bureau: Store, now: datetime) -> None:
    do(bureau, directory.add_person, "qin", QIN, now=now)
    do(bureau, directory.retire_person, "qin", now=now)
    lines = list(read(bureau, lambda session: list(ledger.export(session))))
    found = verify_lines(lines)
    assert (found.incident, found.size, found.broken) == ("administration", 3, None)
    broken = verify_lines([lines[0], lines[1].replace("秦寅".encode(), "秦卯".encode()), lines[2]])
    assert broken.broken is not None
    assert broken.broken.sequence == 2
