"""The migrations make what the models say, once, whoever else is at it, and never touch a newer database."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from incident_clock.errors import CannotRun
from incident_clock.store import migrating
from incident_clock.store.migrating import (
    alembic_config,
    current_revision,
    head_revision,
    require_current,
    upgrade,
)
from incident_clock.store.session import Store

UPGRADE = (
    "import sys; from incident_clock.store import migrating, session; migrating.upgrade(session.Store(sys.argv[1]))"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A database without any table."""
    store = Store(request.getfixturevalue(f"{request.param}_url"))
    yield store
    store.dispose()


def test_all_migrations_make_the_schema_of_the_models(empty: Store, request: pytest.FixtureRequest):
    modelled = request.getfixturevalue("sqlite_store" if empty.is_sqlite else "postgresql_store")
    upgrade(empty)
    migrated, expected = described(empty), described(modelled)
    assert migrated.keys() == expected.keys()
    for name in expected:
        assert migrated[name] == expected[name], name
    assert len(guards(empty)) > 0
    assert guards(empty) == guards(modelled)


def test_an_upgrade_of_a_current_database_changes_nothing(store: Store):
    before = described(store)
    upgrade(store)
    require_current(store)
    assert described(store) == before


def test_the_numbered_files_are_the_revisions_alembic_runs():
    scripts = ScriptDirectory.from_config(alembic_config())
    assert scripts.get_current_head() == head_revision()
    assert [revision.revision for revision in scripts.walk_revisions()] == [
        f"{number:04}" for number in range(int(head_revision()), 0, -1)
    ]


def test_a_database_that_was_never_migrated_is_told_what_to_run(empty: Store):
    assert current_revision(empty) is None
    with pytest.raises(CannotRun, match=r"has no tables yet: run `incident-clock migrate`\.$"):
        require_current(empty)


def test_an_older_database_is_told_what_to_run(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pretend_revision(store, "0001")
    (tmp_path / "versions").mkdir()
    for name in ("0001_first_tables.py", "0002_a_later_one.py"):
        (tmp_path / "versions" / name).touch()
    monkeypatch.setattr(migrating, "MIGRATIONS", tmp_path)
    with pytest.raises(CannotRun, match="stands at 0001, this version needs 0002: run `incident-clock migrate`"):
        require_current(store)


@pytest.mark.parametrize("verb", [upgrade, require_current])
def test_a_database_from_a_newer_version_is_refused_and_left_as_it_is(store: Store, verb: Any):
    pretend_revision(store, "9999")
    before = described(store)
    with pytest.raises(CannotRun, match=r"newer version of the incident clock \(revision 9999\): install that version"):
        verb(store)
    assert (current_revision(store), described(store)) == ("9999", before)


def test_a_migration_that_fails_leaves_nothing_behind(empty: Store):
    with empty.write() as session:
        session.execute(text("CREATE TABLE message (id INTEGER)"))
    with pytest.raises(CannotRun, match=r"could not be migrated and is unchanged: .*message.* already exists"):
        upgrade(empty)
    assert inspect(empty.engine).get_table_names() == ["message"]


def test_two_upgrades_at_once_both_succeed(empty: Store):
    url = empty.url.render_as_string(hide_password=False)
    racers = [
        subprocess.Popen([sys.executable, "-c", UPGRADE, url], stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert [racer.communicate()[1] for racer in racers] == ["", ""]
    assert [racer.returncode for racer in racers] == [0, 0]
    require_current(empty)


def test_a_message_about_the_database_keeps_its_password(postgresql_url: str):
    store = Store(postgresql_url)
    with pytest.raises(CannotRun) as refusal:
        require_current(store)
    store.dispose()
    assert store.url.password
    assert store.url.password not in str(refusal.value)


# ── what a database holds ─────────────────────────────────────────────────────────────────────────────────


def described(store: Store) -> dict[str, Any]:
    """Tables with columns, types, keys and indexes (the predicate of a partial one too), whatever their order."""
    inspector = inspect(store.engine)
    return {
        f"{table}.{part}": sorted(map(plain, getattr(inspector, f"get_{part}")(table)), key=repr)
        if part != "pk_constraint"
        else plain(inspector.get_pk_constraint(table))
        for table in inspector.get_table_names()
        for part in ("columns", "pk_constraint", "foreign_keys", "unique_constraints", "check_constraints", "indexes")
    }


def plain(found: Any) -> Any:
    """Types and predicates as the database spells them."""
    if isinstance(found, dict):
        return {key: plain(value) for key, value in sorted(found.items())}
    return str(found)


def guards(store: Store) -> list[str]:
    """The texts of all triggers and functions."""
    query = (
        "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
        if store.is_sqlite
        else "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal UNION ALL "
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    )
    with store.read() as session:
        return sorted(re.sub(r"\s+", " ", row) for row in session.scalars(text(query)))


def pretend_revision(store: Store, revision: str) -> None:
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
