"""Importing makes the directory say what the file says: repeatable, whole or not at all."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from incident_clock.errors import ConfigError
from incident_clock.people import roster, sign_in
from incident_clock.people.importing import ImportSummary, import_people, read_people
from incident_clock.people.tables import Directory, Person, Unit
from incident_clock.store.session import Store
from tests.people.files import EXAMPLE, SMALL, changed
from tests.support.bureau import SHEN

Load = Callable[[str], ImportSummary]

WITHOUT_WU = SMALL.replace("    stand_in: wu\n", "")[: SMALL.index("  - {key: wu") - len("    stand_in: wu\n")]


def rows(store: Store) -> list[tuple[Any, ...]]:
    with store.read() as session:
        return [tuple(row) for table in (Person, Unit, Directory)
                for row in session.execute(select(table.__table__).order_by(*table.__table__.primary_key))]


def test_the_first_import_adds_everybody(load: Load) -> None:
    assert load(SMALL) == ImportSummary(units=2, people=2, added=("zhou", "wu"), changed=(), retired=())


def test_importing_the_same_file_again_changes_nothing(store: Store, load: Load) -> None:
    load(SMALL)
    before = rows(store)
    assert load(SMALL) == ImportSummary(units=2, people=2, added=(), changed=(), retired=())
    assert rows(store) == before


def test_a_changed_person_is_changed_and_named(store: Store, load: Load) -> None:
    load(SMALL)
    summary = load(changed(("[duty_chief, reporter]", "[duty_leader]")))
    assert (summary.added, summary.changed, summary.retired) == ((), ("wu",), ())
    with store.read() as session:
        assert roster.person(session, "wu").roles == ("duty_leader",)


def test_a_person_missing_from_the_file_becomes_inactive_and_is_kept(store: Store, load: Load, now: datetime) -> None:
    load(SMALL)
    assert load(WITHOUT_WU).retired == ("wu",)
    assert load(WITHOUT_WU).retired == ()
    with store.read() as session:
        assert [card.key for card in roster.everybody(session)] == ["zhou"]
        assert roster.who_is(session, "duty_chief", now) == ()
        assert not roster.person(session, "wu").is_active
        assert roster.name_of(session, "wu") == "吴乙"


def test_a_person_who_comes_back_is_active_again(store: Store, load: Load) -> None:
    load(SMALL)
    load(WITHOUT_WU)
    assert load(SMALL).changed == ("zhou", "wu")
    with store.read() as session:
        assert [card.key for card in roster.everybody(session)] == ["zhou", "wu"]


def test_a_unit_missing_from_the_file_is_gone(store: Store, load: Load) -> None:
    load(SMALL)
    bureau_line = SMALL.splitlines(keepends=True)[1]
    load(changed((bureau_line, ""), (", parent: bureau", "")))
    with store.read() as session:
        assert roster.bureau(session) == roster.Bureau(name="值班室", short_name="值班室", is_example=False)


def test_the_order_of_the_file_is_kept_when_it_changes(store: Store, load: Load) -> None:
    load(SMALL)
    first = "  - {key: feng, name: 冯戊, unit: bureau, roles: [head]}\n"
    load(SMALL.replace("people:\n", f"people:\n{first}"))
    with store.read() as session:
        assert [card.key for card in roster.everybody(session)] == ["feng", "zhou", "wu"]


def test_the_example_is_marked_and_a_file_of_real_people_takes_its_place(bureau: Store, load: Load) -> None:
    with bureau.read() as session:
        assert roster.bureau(session) == roster.Bureau("云河区综合执法局", "云河综合执法", is_example=True)
    load(SMALL)
    with bureau.read() as session:
        assert not roster.bureau(session).is_example
        assert [card.key for card in roster.everybody(session)] == ["zhou", "wu"]


def test_the_example_never_takes_the_place_of_real_people(store: Store, load: Load, now: datetime) -> None:
    load(SMALL)
    before = rows(store)
    with pytest.raises(ConfigError, match="fictional"), store.write() as session:
        import_people(session, read_people(EXAMPLE), actor=SHEN, now=now)
    assert rows(store) == before


def test_two_first_imports_at_once_leave_one_directory(store: Store, now: datetime, at_once: Callable) -> None:
    file = read_people(EXAMPLE)

    def import_once() -> ImportSummary:
        with store.write() as session:
            return import_people(session, file, actor=SHEN, now=now)

    answers = at_once(import_once, 4)
    assert sorted(len(answer.added) for answer in answers) == [0, 0, 0, len(file.people)]
    with store.read() as session:
        assert len(roster.everybody(session)) == len(file.people)


def test_whoever_is_made_inactive_is_signed_out_at_once_and_for_good(
        store: Store, load: Load, now: datetime) -> None:
    load(SMALL)
    with store.write() as session:
        sign_in.set_password(session, "wu", "correct horse battery", now)
        browser, link = sign_in.open_session(session, "wu", now), sign_in.issue_link(session, "wu", now)
    load(WITHOUT_WU)
    soon = now + timedelta(minutes=1)
    with store.write() as session:
        assert sign_in.session_person(session, browser, soon) is None
        assert sign_in.peek_link(session, link, soon) is None
        assert sign_in.use_link(session, link, soon) is None
        assert sign_in.check_password(session, "wu", "correct horse battery", soon) is None
    load(SMALL)
    with store.write() as session:
        assert sign_in.session_person(session, browser, soon) is None
        assert sign_in.use_link(session, link, soon) is None
        assert sign_in.check_password(session, "wu", "correct horse battery", soon).key == "wu"
