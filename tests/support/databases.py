"""Stores kept by a worker from test to test, each test with the whole schema and nothing in it.

A new Store compiles every statement anew and a new PostgreSQL database takes half a second; so one file and one
database serve a worker, the file copied afresh and the database emptied before each test. SQLite keeps its journal
here as in the product and gives up the disk's confirmation alone.
"""

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import event

from incident_clock.store.base import Base
from incident_clock.store.session import Store

LEDGER = ("ledger_entry", "ledger_text", "administration_entry", "administration_text")  # guarded against being emptied

_KEPT: dict[str, Store] = {}


def kept_store(url: str) -> Store:
    """The worker's Store of this database, opened by whoever asks first."""
    if url not in _KEPT:
        _KEPT[url] = store = Store(url)
        if store.is_sqlite:
            event.listen(store.engine, "connect", _without_waiting_for_the_disk)
    return _KEPT[url]


def copied(template: Path, path: Path) -> Store:
    """The kept Store of `path`, whose file is made a fresh copy of `template`."""
    store = kept_store(f"sqlite:///{path}")
    store.dispose()
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.rmdir() if leftover.is_dir() else leftover.unlink()
    shutil.copyfile(template, path)
    return store


def empty(store: Store) -> None:
    """Take every row out of a PostgreSQL database, past the guards of the ledger, in one round trip; ids begin anew."""
    sorted_tables = list(reversed(Base.metadata.sorted_tables))
    tables = [table.name for table in sorted_tables]
    counted = [table.name for table in sorted_tables if table.autoincrement_column is not None]
    statements = [*(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in LEDGER),
                  *(f"DELETE FROM {table}" for table in tables),
                  *(f"ALTER SEQUENCE {table}_id_seq RESTART" for table in counted),
                  *(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in LEDGER)]
    with store.write() as session:
        session.connection().exec_driver_sql("; ".join(statements))


def _without_waiting_for_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")
