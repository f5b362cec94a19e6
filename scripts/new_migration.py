"""Writes the next numbered migration: what the models have and the migrations do not.

    .venv/bin/python scripts/new_migration.py "units get a fax number"

Triggers and functions are not compared here: write them in by hand, with their text frozen
(`tests/migrations` tells when one is missing).
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import Script

from incident_clock.engine import tables as engine_tables
from incident_clock.outbox import tables as outbox_tables
from incident_clock.people import duty_tables, sign_in_tables
from incident_clock.people import tables as people_tables
from incident_clock.registry import attachment_tables
from incident_clock.registry import tables as registry_tables
from incident_clock.store.base import Base
from incident_clock.store.migrating import MIGRATIONS, alembic_config, head_revision, upgrade
from incident_clock.store.session import Store

MODELS = (attachment_tables, duty_tables, engine_tables, outbox_tables, people_tables, registry_tables, sign_in_tables)


def main(title: str) -> None:
    is_first = not any((MIGRATIONS / "versions").glob("[0-9]*.py"))
    number = "0001" if is_first else f"{int(head_revision()) + 1:04}"
    config = alembic_config()
    config.attributes["models"] = Base.metadata
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder, 'empty.db')}", is_durable=False)
        if not is_first:
            upgrade(store)
        with store.write() as session:
            config.attributes["connection"] = session.connection()
            written = command.revision(config, message=title, rev_id=number, autogenerate=True)
        store.dispose()
    assert isinstance(written, Script)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", written.path], check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
