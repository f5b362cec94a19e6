"""The whole schema made from the models, marked as migrated: what most tests start from.

`tests/migrations` proves that the migrations make the same one.
"""

from importlib import import_module
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import incident_clock
from incident_clock.store.base import Base
from incident_clock.store.migrating import alembic_config
from incident_clock.store.session import Store

for path in sorted(Path(incident_clock.__file__).parent.glob("*/*tables.py")):
    import_module(f"incident_clock.{path.parent.name}.{path.stem}")


def create_from_models(store: Store) -> None:
    """Every table, index and guard of the models, in one transaction."""
    with store.write() as session:
        Base.metadata.create_all(session.connection())
        MigrationContext.configure(session.connection()).stamp(ScriptDirectory.from_config(alembic_config()), "head")
