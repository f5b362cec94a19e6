"""Brings a database to the newest schema, and says whether it is there.

Revisions are numbered files in `migrations/versions/` (`0001_….py`), found beside the package, so that asking
costs no import of alembic: only `upgrade` loads it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from incident_clock.errors import CannotRun
from incident_clock.store.session import Store

if TYPE_CHECKING:
    from alembic.config import Config

PROJECT = Path(__file__).parents[2]
MIGRATIONS = PROJECT / "migrations"
WAIT_FOR_OTHER_MIGRATION_S = 60
ADVISORY_LOCK = 4_914_013  # any number, the same in every process


def upgrade(store: Store) -> None:
    """Run every missing migration in one transaction; a second process waits for the first.

    Raises CannotRun when the database is of a newer version, or a migration fails (nothing is changed then).
    """
    if current_revision(store) == head_revision():
        return
    from alembic import command

    config = alembic_config()
    try:
        with store.rebuild() as session:
            _wait_for_turn(session, store)
            _refuse_newer(_revision(session), store)
            config.attributes["connection"] = session.connection()
            command.upgrade(config, "head")
    except SQLAlchemyError as error:
        raise CannotRun(
            f"The database {store.described()} could not be migrated and is unchanged: {_first_line(error)}"
        ) from error


def current_revision(store: Store) -> str | None:
    """The revision the database stands at; None when it was never migrated. Raises CannotRun when unreachable."""
    if store.is_sqlite and not Path(store.url.database or "").exists():
        return None  # connecting would leave an empty file behind
    try:
        with store.read() as session:
            return _revision(session)
    except SQLAlchemyError as error:
        raise CannotRun(
            f"The database {store.described()} cannot be read: {_first_line(error)}. "
            "Check DATABASE_URL, the folder's permissions and that the server runs."
        ) from error


def head_revision() -> str:
    """The newest revision this version of the product knows."""
    return max(_known_revisions())


def require_current(store: Store) -> None:
    """Raises CannotRun, with what to do, unless the database stands at the newest revision."""
    current = current_revision(store)
    _refuse_newer(current, store)
    if current != head_revision():
        found = "has no tables yet" if current is None else f"stands at {current}, this version needs {head_revision()}"
        raise CannotRun(f"The database {store.described()} {found}: run `incident-clock migrate`.")


def alembic_config() -> "Config":
    """Alembic's settings, without a database: the caller hands a connection in as an attribute."""
    from alembic.config import Config

    return Config(PROJECT / "alembic.ini")


def _known_revisions() -> set[str]:
    revisions = {path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")}
    if not revisions:
        raise CannotRun(
            f"There are no migrations in {MIGRATIONS}: run the incident clock from its own folder, "
            "installed by `make run`."
        )
    return revisions


def _revision(session: Session) -> str | None:
    if not inspect(session.connection()).has_table("alembic_version"):
        return None
    return session.scalar(text("SELECT version_num FROM alembic_version"))


def _refuse_newer(current: str | None, store: Store) -> None:
    if current is not None and current not in _known_revisions():
        raise CannotRun(
            f"The database {store.described()} was made by a newer version of the incident clock "
            f"(revision {current}): install that version or restore a backup."
        )


def _wait_for_turn(session: Session, store: Store) -> None:
    """On SQLite the transaction itself is the lock (BEGIN IMMEDIATE)."""
    if store.is_sqlite:
        return
    session.execute(text(f"SET LOCAL lock_timeout = '{WAIT_FOR_OTHER_MIGRATION_S}s'"))
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
