"""Writes whose row count settles a race: conditional updates, and inserts that leave what is there alone."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session


def changed(session: Session, statement: Update | Delete) -> int:
    """Carry out an update or delete; gives how many rows it hit. Objects loaded before keep their old values."""
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount


def insert_new(session: Session, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows, except those whose unique key is there already; gives how many are new."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    new = insert(table).on_conflict_do_nothing().returning(*table.__mapper__.primary_key)
    done = session.connection().execute(new, list(rows))  # one compiled statement, in batches
    return len(done.all())  # counted, because psycopg gives no row count for many values
