"""The directory and its keys: people import, user link, user password, token add."""

import sys
from pathlib import Path

import click
from sqlalchemy.orm import Session

from incident_clock.cli.desk import as_json, note_access, opened, operator, print_json
from incident_clock.cli.processes import sign_in_url
from incident_clock.people import sign_in, tokens
from incident_clock.people.importing import ImportSummary, import_people, read_people
from incident_clock.people.sheets.people_sheet import known, read_people_sheet
from incident_clock.people.sheets.reading import KIND_OF, read_sheet
from incident_clock.protocol.steps import ROLES

SHEETS = (*KIND_OF, ".xls", ".xlsb", ".et", ".ods", ".htm", ".html")  # also those of which is told what to do instead


@click.group()
def people() -> None:
    """The directory of people."""


@people.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@as_json
def import_(file: Path, is_json: bool) -> None:
    """Make the directory say what FILE (YAML, CSV or XLSX) says; people who are not in it become inactive.

    Once there is a directory of real people, a file that would leave a rung without anybody is refused.
    """
    assembly = opened()
    now = assembly.clock.now()
    with assembly.store.read() as session:
        there = known(session)
    plan = read_people_sheet(read_sheet(file), there) if file.suffix.lower() in SHEETS else read_people(file)

    def edit(session: Session) -> ImportSummary:
        return import_people(session, plan, actor=operator(), now=now)

    if there.people:
        done = assembly.office.change(edit, now=now)
    else:
        with assembly.store.write() as session:
            done = edit(session)
    if is_json:
        print_json({"people": done.people, "added": list(done.added), "changed": list(done.changed),
                    "retired": list(done.retired)})
    else:
        click.echo(f"{done.people} people: {len(done.added)} added, {len(done.changed)} changed, "
                   f"{len(done.retired)} retired.", err=True)


@click.group()
def user() -> None:
    """How a person signs in."""


@user.command()
@click.argument("key")
def link(key: str) -> None:
    """Print a new one-time sign-in link for the person KEY, valid for 15 minutes."""
    assembly = opened()
    with assembly.store.write() as session:
        token = sign_in.issue_link(session, key, assembly.clock.now())
        note_access(assembly, session, "link", key)
    click.echo(sign_in_url(assembly, token))


@user.command()
@click.argument("key")
def password(key: str) -> None:
    """Set the password of the person KEY (12 to 128 characters), asked for on the terminal or read from stdin."""
    typed = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True) if sys.stdin.isatty() \
        else sys.stdin.readline().rstrip("\r\n")
    assembly = opened()
    with assembly.store.write() as session:
        sign_in.set_password(session, key, typed, assembly.clock.now())
        note_access(assembly, session, "password", key)
    click.echo(f"The password of {key} is set.", err=True)


@click.group()
def token() -> None:
    """Bearer tokens of the JSON API."""


@token.command()
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the token may do.")
@click.option("--name", "label", default="api", show_default=True, help="The actor in the ledger.")
def add(role: str, label: str) -> None:
    """Print a new token, once; only its hash is kept."""
    assembly = opened()
    with assembly.store.write() as session:
        issued = tokens.issue_token(session, role, label, assembly.clock.now())
        note_access(assembly, session, "token", label, role=role)
    click.echo(issued)
