"""A database as the first version left it at 14:31 on 12 March 2026, recorded row by row from that version at work.

Incident 001 is overdue, with calls under way and answers lost; 002 was logged, taken back, logged, closed and had its
texts erased; a drill runs. 吴乙 has no mail address, 卫辛 no number, 杨丑 neither.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import JSON, DateTime, MetaData, Table, insert, select, text

from incident_clock.store.base import UtcDateTime
from incident_clock.store.migrating import alembic_config
from incident_clock.store.session import Store

RECORDED = Path(__file__).with_suffix(".jsonl")

Rows = dict[str, list[dict[str, Any]]]  # table → its rows by primary key


def migrate(store: Store, revision: str) -> None:
    """Bring an empty database to an earlier revision."""
    config = alembic_config()
    with store.rebuild() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, revision)


def fill(store: Store) -> None:
    """Put the recorded rows into a database of revision 0001; PostgreSQL goes on counting behind them."""
    recorded: Rows = {}
    for line in RECORDED.read_text(encoding="utf-8").splitlines():
        table, row = json.loads(line)
        recorded.setdefault(table, []).append({name: _read(value) for name, value in row.items()})
    tables = tables_of(store)
    with store.write() as session:
        for name, rows in recorded.items():
            session.execute(insert(tables[name]), rows)
            if not store.is_sqlite and isinstance(rows[0].get("id"), int) and name != "directory":
                session.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), MAX(id)) FROM {name}"))


def rows_of(store: Store) -> Rows:
    """Every row of every table, as Python values."""
    with store.read() as session:
        return {name: [dict(row) for row in session.execute(select(table).order_by(*table.primary_key.columns)).mappings()]
                for name, table in tables_of(store).items() if name != "alembic_version"}


def tables_of(store: Store) -> dict[str, Table]:
    """The tables there are, with instants and JSON as the product reads them."""
    metadata = MetaData()
    metadata.reflect(store.engine)
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, DateTime):
                column.type = UtcDateTime()
            elif isinstance(column.type, JSON):
                column.type = JSON()
    return {table.name: table for table in metadata.sorted_tables}


def _read(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"at"}:
        return datetime.fromisoformat(value["at"])
    if isinstance(value, dict) and value.keys() == {"bytes"}:
        return value["bytes"].encode()
    return value
