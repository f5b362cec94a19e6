"""The guards of the database itself: raw SQL cannot change, drop, skip or overwrite an entry of the ledger."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from incident_clock.registry import incidents, ledger
from incident_clock.store.session import Store, sqlite
from tests.support.room import Room

COLUMNS = "ledger_entry (incident_id, sequence, canonical, previous_hash, hash)"
LAST = "FROM ledger_entry ORDER BY sequence DESC LIMIT 1"
ENTRY = "ON CONFLICT (incident_id, sequence) DO UPDATE SET hash = 'x'"
TEXT = "ON CONFLICT (incident_id, sequence, path) DO UPDATE SET text = 'x'"

ON_BOTH = {
    "change a hash": "UPDATE ledger_entry SET hash = 'x' WHERE sequence = 1",
    "change nothing": "UPDATE ledger_entry SET hash = hash",
    "move an entry": "UPDATE ledger_entry SET sequence = sequence + 10",
    "delete all": "DELETE FROM ledger_entry",
    "delete the first": "DELETE FROM ledger_entry WHERE sequence = 1",
    "delete the last": "DELETE FROM ledger_entry WHERE sequence = (SELECT MAX(sequence) FROM ledger_entry)",
    "skip a sequence": f"INSERT INTO {COLUMNS} SELECT incident_id, sequence + 2, canonical, hash, 'x' {LAST}",
    "wrong previous hash": f"INSERT INTO {COLUMNS} SELECT incident_id, sequence + 1, canonical, 'x', 'y' {LAST}",
    "no previous hash": f"INSERT INTO {COLUMNS} SELECT incident_id, sequence + 1, canonical, '', 'y' {LAST}",
    "a sequence that is there": f"INSERT INTO {COLUMNS} SELECT incident_id, sequence, canonical, previous_hash, 'y' {LAST}",
    "before the first": f"INSERT INTO {COLUMNS} SELECT incident_id, 0, canonical, '', 'y' {LAST}",
    "upsert an entry": f"INSERT INTO {COLUMNS} SELECT incident_id, sequence, canonical, previous_hash, hash "
                       f"FROM ledger_entry WHERE sequence = 1 {ENTRY}",
    "change a text": "UPDATE ledger_text SET text = 'x'",
    "change a salt": "UPDATE ledger_text SET salt = 'x' WHERE path = 'actor'",
    "upsert a text": f"INSERT INTO ledger_text SELECT * FROM ledger_text WHERE sequence = 1 {TEXT}",
    "drop the incident": "DELETE FROM incident",
}
ON_SQLITE = {
    "replace an entry": "INSERT OR REPLACE INTO ledger_entry SELECT * FROM ledger_entry WHERE sequence = 1",
    "replace by update": "UPDATE OR REPLACE ledger_entry SET sequence = 1",
    "replace a text": "REPLACE INTO ledger_text SELECT incident_id, sequence, path, salt, 'x' FROM ledger_text",
    "hide a text": "INSERT OR REPLACE INTO ledger_text SELECT incident_id, sequence, path, 'x', text FROM ledger_text",
}
ON_POSTGRESQL = {
    "truncate": "TRUNCATE ledger_entry CASCADE",
    "truncate by way of the incident": "TRUNCATE incident CASCADE",
}


@pytest.fixture
def number(room: Room) -> str:
    number = room.register()
    room.work(minutes=11)
    return number


def refused(store: Store, statement: str) -> bool:
    try:
        with store.write() as session:
            session.execute(text(statement.replace(" SELECT * FROM ledger_text WHERE sequence = 1 ON",
                                                   " SELECT * FROM ledger_text WHERE sequence = 1 AND true ON")))
    except DBAPIError:
        return True
    return False


def test_raw_sql_is_refused(room: Room, number: str):
    before = room.entries(number)
    statements = ON_BOTH | (ON_SQLITE if room.store.is_sqlite else ON_POSTGRESQL)
    assert [name for name, statement in statements.items() if not refused(room.store, statement)] == []
    assert room.entries(number) == before


def test_the_guards_hold_for_a_foreign_connection_with_its_own_pragmas(sqlite_store: Store, now):
    room = Room(sqlite_store, now)
    number = room.register()
    room.work(minutes=11)
    before = room.entries(number)
    foreign = sqlite.connect(sqlite_store.url.database, isolation_level=None)
    foreign.execute("PRAGMA recursive_triggers=OFF")
    foreign.execute("PRAGMA foreign_keys=OFF")
    for statement in (ON_SQLITE | ON_BOTH).values():
        if "FROM incident" in statement:
            continue  # the rows of the ledger outlive their incident's
        with pytest.raises(sqlite.DatabaseError):
            foreign.execute(statement.replace("sequence = 1 ON", "sequence = 1 AND true ON"))
    foreign.close()
    assert room.entries(number) == before


def test_a_refusal_says_what_the_ledger_is(room: Room, number: str):
    with pytest.raises(DBAPIError, match="only grows"), room.store.write() as session:
        session.execute(text("DELETE FROM ledger_entry"))


def test_the_next_entry_is_taken(room: Room, number: str):
    with room.store.write() as session:
        session.execute(text(f"INSERT INTO {COLUMNS} SELECT incident_id, sequence + 1, canonical, hash, 'x' {LAST}"))
    assert not room.views.chain_state(room.incident(number).id).is_intact


def test_a_text_can_be_erased(room: Room, number: str):
    with room.store.write() as session:
        session.execute(text("DELETE FROM ledger_text WHERE path = 'title'"))
    assert room.entries(number)[0]["body"]["title"] is None
    with room.store.read() as session:
        found = ledger.verify(session, incidents.locked(session, number))
    assert (found.broken, found.lacking_texts) == (None, (1,)), "the chain holds, and the gap is reported"
