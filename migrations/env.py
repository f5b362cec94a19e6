"""Where alembic meets the product: runs migrations on the connection it is handed, inside the caller's transaction.

The caller (`incident_clock.store.migrating`, `scripts/new_migration.py`) begins and commits, so that a migration
happens wholly or not at all on both databases. The models are handed in too, and only to compare.
"""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from incident_clock.store.base import UtcDateTime


def frozen_type(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Instants are written into a migration as what they are in the database: it must outlive our own type."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


if "connection" not in context.config.attributes:
    raise SystemExit(
        "Run `incident-clock migrate`, or scripts/new_migration.py for a new migration: "
        "alembic's own command does not know which database is meant."
    )

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("models"),
    render_item=frozen_type,
)
with context.begin_transaction():
    context.run_migrations()
