"""`check`: settings, protocols, people, database and channels, every complaint at once."""

import sys

import click

from incident_clock.assembly import Assembly
from incident_clock.cli.desk import as_json, print_json
from incident_clock.cli.main import FINDING
from incident_clock.errors import CannotRun, ConfigError
from incident_clock.people import roster
from incident_clock.phrases import Phrases
from incident_clock.protocol.loading import warnings_of
from incident_clock.settings import read_settings
from incident_clock.store.migrating import require_current
from incident_clock.store.session import WAL_SAFE_FROM, linked_sqlite_version


@click.command()
@as_json
def check(is_json: bool) -> None:
    """Look over settings, protocols, people, database and channels; exit 1 when anything is wrong."""
    assembly = Assembly.of(read_settings())
    errors: list[str] = []
    notes: list[str] = []
    for look in (_protocols, _database, _channels, _people):
        try:
            look(assembly, errors, notes)
        except ConfigError as error:
            errors.extend(error.problems)
        except CannotRun as error:
            errors.append(str(error))
    errors = list(dict.fromkeys(errors))  # two looks may meet the same obstacle
    if is_json:
        print_json({"errors": errors, "notes": notes})
    else:
        for line in errors:
            click.echo(f"error: {line}")
        for line in notes:
            click.echo(f"note: {line}")
        click.echo(f"{len(errors)} errors, {len(notes)} notes.", err=True)
    if errors:
        sys.exit(FINDING)


def _protocols(assembly: Assembly, errors: list[str], notes: list[str]) -> None:
    for protocol in assembly.protocols.values():
        notes.append(f"protocol {protocol.key} {protocol.version}, {len(protocol.steps)} steps, "
                     f"hash {protocol.content_hash()[:12]}")
        notes.extend(warnings_of(protocol))


def _database(assembly: Assembly, errors: list[str], notes: list[str]) -> None:
    require_current(assembly.store)
    assembly.store.require_writable()
    notes.append(f"database {assembly.store.described()}, journal {assembly.store.journal()}")
    if assembly.store.is_sqlite and linked_sqlite_version() < WAL_SAFE_FROM:
        notes.append(f"SQLite {'.'.join(map(str, linked_sqlite_version()))} is linked: WAL is not safe for two writing "
                     "processes before 3.51.3, so journal_mode=TRUNCATE is used")


def _channels(assembly: Assembly, errors: list[str], notes: list[str]) -> None:
    for name, channel in assembly.channels.items():
        errors.extend(f"channel {name}: {problem}" for problem in channel.problems())
    notes.append(f"channels {', '.join(assembly.channels)}")


def _people(assembly: Assembly, errors: list[str], notes: list[str]) -> None:
    require_current(assembly.store)
    with assembly.store.read() as session:
        is_empty, bureau = roster.is_empty(session), roster.bureau(session)
        count = len(roster.everybody(session))
    if is_empty:
        errors.append("The directory is empty: nobody can be told. Run `incident-clock people import FILE`.")
        return
    example = " (the fictional example: nothing leaves this machine)" if bureau.is_example else ""
    notes.append(f"directory of {bureau.name}, {count} people{example}")
    words, now = Phrases("en", assembly.zone), assembly.clock.now()
    errors.extend(words.refusal(problem, seen=now) for problem in assembly.problems())
