"""A quicker `postgresql_store` for suites of many small tests: one database per worker, emptied before each test.

Making a database takes half a second, emptying one a hundredth. A conftest imports the fixtures to have them.
"""

from collections.abc import Iterator

import pytest

from incident_clock.store.base import Base
from incident_clock.store.session import Store
from tests.postgresql import Server
from tests.tally import ON_POSTGRESQL, ran

LEDGER = ("ledger_entry", "ledger_text")  # tables whose guards refuse to be emptied


@pytest.fixture(scope="package")
def kept_database(postgresql_server: Server, postgresql_template: str) -> Iterator[str]:
    """URL of a database with the whole schema that many tests use one after the other."""
    url = postgresql_server.create(template=postgresql_template)
    yield url
    postgresql_server.drop(url)


@pytest.fixture
def postgresql_store(request: pytest.FixtureRequest, kept_database: str) -> Iterator[Store]:
    """A PostgreSQL database with the whole schema and nothing in it."""
    ran(request, ON_POSTGRESQL)
    store = Store(kept_database)
    empty(store)
    yield store
    store.dispose()


def empty(store: Store) -> None:
    """Take every row out of a PostgreSQL database, past the guards of the ledger, in one round trip."""
    tables = [table.name for table in reversed(Base.metadata.sorted_tables)]
    statements = [*(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in LEDGER),
                  *(f"DELETE FROM {table}" for table in tables),
                  *(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in LEDGER)]
    with store.write() as session:
        session.connection().exec_driver_sql("; ".join(statements))
