"""Engines and sessions: one `Store` per database URL, with `read()` and `write()` transactions.

Parameters never reach a log: an error of the database would print names and numbers.

SQLite runs through pysqlite3 (a current SQLite) in WAL mode with synchronous=FULL; writers begin IMMEDIATE so
that a lock is waited for, never lost half way. Linked below 3.51.3, where two writing processes can corrupt a
WAL file, it falls back to journal_mode=TRUNCATE. PostgreSQL runs through psycopg 3 with its own time limits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from incident_clock.errors import CannotRun

try:
    import pysqlite3.dbapi2 as sqlite
except ImportError:  # no wheel for this machine: the standard library's SQLite, checked below
    import sqlite3 as sqlite

WAL_SAFE_FROM = (3, 51, 3)
BUSY_TIMEOUT_MS = 5_000
PG_STATEMENT_TIMEOUT_MS = 5_000
PG_LOCK_TIMEOUT_MS = 3_000
PG_IDLE_TIMEOUT_MS = 15_000
PG_CONNECT_TIMEOUT_S = 5


class Store:
    """One database. `url` is an SQLAlchemy URL (`sqlite:///…` or `postgresql+psycopg://…`).

    `is_durable` False is for throw-away rehearsal databases only: it gives up fsync.
    """

    def __init__(self, url: str, *, is_durable: bool = True) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(url, is_durable) if self.is_sqlite else _postgresql_engine(url)
        self._writer = self.engine.execution_options(is_writing=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one state and writes nothing."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that commits at the end of the block, or leaves nothing behind."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def rebuild(self) -> Iterator[Session]:
        """A write transaction for migrations: on SQLite a table that others refer to can be made anew within it.

        References are not enforced inside (SQLite would empty what refers to a dropped table) but looked over before
        the commit. Raises CannotRun when one leads nowhere.
        """
        if not self.is_sqlite:
            with self.write() as session:
                yield session
            return
        with self._writer.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA foreign_keys=OFF")  # before the transaction: within one it is ignored
            try:
                with Session(connection, expire_on_commit=False) as session, session.begin():
                    yield session
                    if session.execute(text("PRAGMA foreign_key_check")).first():
                        raise CannotRun(f"The database {self.described()} could not be migrated and is unchanged: "
                                        "rows would refer to nothing. Restore a backup, or report it.")
            finally:
                raw.execute("PRAGMA foreign_keys=ON")

    def leave_no_trace(self) -> None:
        """After texts were destroyed: empty the write-ahead log, which still holds the pages as they were."""
        if self.is_sqlite:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")  # a checkpoint runs outside of transactions
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def dispose(self) -> None:
        self.engine.dispose()

    def journal(self) -> str:
        """How this database keeps its writes, for `check`: `wal`, `truncate` or `postgresql`."""
        if not self.is_sqlite:
            return "postgresql"
        with self.engine.connect() as connection:
            return str(connection.scalar(text("PRAGMA journal_mode")))

    def require_writable(self) -> None:
        """Raises CannotRun with a sentence when the database cannot be reached or written."""
        try:
            with self._writer.begin() as connection:
                if self.is_sqlite:
                    version = connection.scalar(text("PRAGMA user_version"))
                    connection.execute(text(f"PRAGMA user_version = {int(version or 0)}"))
                else:
                    connection.execute(text("SELECT 1"))
        except OperationalError as error:
            raise CannotRun(f"The database {self.described()} cannot be used: {_first_line(error)}. "
                            "Check DATABASE_URL, the folder's permissions and the free space.") from error

    def described(self) -> str:
        """The URL without its password."""
        return self.url.render_as_string(hide_password=True)


def linked_sqlite_version() -> tuple[int, int, int]:
    return sqlite.sqlite_version_info


def _sqlite_engine(url: str, is_durable: bool) -> Engine:
    engine = create_engine(url, module=sqlite, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    journal = "WAL" if linked_sqlite_version() >= WAL_SAFE_FROM else "TRUNCATE"
    settings = ((f"PRAGMA journal_mode={journal}", "PRAGMA synchronous=FULL") if is_durable
                else ("PRAGMA journal_mode=MEMORY", "PRAGMA synchronous=OFF"))

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the `begin` event below starts transactions
        cursor = connection.cursor()
        for pragma in (f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}", *settings, "PRAGMA foreign_keys=ON",
                       "PRAGMA secure_delete=ON",
                       "PRAGMA recursive_triggers=ON"):
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        is_writing = connection.get_execution_options().get("is_writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")

    return engine


def _postgresql_engine(url: str) -> Engine:
    limits = (f"-c statement_timeout={PG_STATEMENT_TIMEOUT_MS} -c lock_timeout={PG_LOCK_TIMEOUT_MS} "
              f"-c idle_in_transaction_session_timeout={PG_IDLE_TIMEOUT_MS} -c timezone=UTC")
    return create_engine(
        url, hide_parameters=True, pool_pre_ping=True, pool_recycle=1_800, max_overflow=20,
        connect_args={"connect_timeout": PG_CONNECT_TIMEOUT_S, "options": limits, "keepalives_idle": 10,
                      "tcp_user_timeout": 10_000})


def _first_line(error: OperationalError) -> str:
    return str(error.orig).strip().splitlines()[0]
