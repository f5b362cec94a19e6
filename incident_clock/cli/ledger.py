"""The ledger from outside: verify it, export it, erase its personal texts."""

import sys
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track
from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.cli.desk import acting, as_json, by_person, opened, print_json
from incident_clock.cli.main import FINDING
from incident_clock.errors import CannotRun
from incident_clock.ledger.chain import Verification, verify_lines
from incident_clock.people import access
from incident_clock.people import ledger as administration
from incident_clock.registry import attachments, ledger
from incident_clock.registry.tables import Incident
from incident_clock.views import incidents as found


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@as_json
def verify(file: Path | None, is_json: bool) -> None:
    """Verify every ledger in the database, or an exported FILE; names the first broken entry (exit 1)."""
    results = [_verified(file)] if file else _verified_all()
    if is_json:
        print_json([_plain(name, result) for name, result in results])
    else:
        for name, result in results:
            click.echo(_sentence(name, result))
    if any(result.broken or result.lacking_texts for _, result in results):
        sys.exit(FINDING)


@click.command()
@click.argument("number")
@click.option("--out", "out", type=click.Path(path_type=Path), required=True,
              help="The file to write; - for stdout.")
def export(number: str, out: Path) -> None:
    """Write the ledger of incident NUMBER, or `administration`, as JSON lines that verify from themselves alone."""
    assembly = opened()
    with assembly.store.read() as session:
        lines = list(administration.export(session) if number == administration.NAME
                     else ledger.export(session, found.find(session, number).id))
    if str(out) == "-":
        click.echo(b"".join(lines), nl=False)
        return
    try:
        out.write_bytes(b"".join(lines))
    except OSError as error:
        raise CannotRun(f"{out} cannot be written: {error.strerror}. Choose another file with --out.") from error
    click.echo(f"{len(lines)} entries of {number} written to {out}.", err=True)


@click.command()
@click.argument("number")
@click.option("--reason", required=True, help="Why the personal data may go (stands in the ledger).")
@by_person
@click.confirmation_option(prompt="This cannot be undone. Destroy the texts?")
def erase(number: str, reason: str, person: str | None) -> None:
    """Destroy the personal texts of a closed incident. The chain stays whole and still verifies."""
    assembly = opened()
    actor = acting(assembly, person, access.WRITE)
    erased = assembly.desk.erase_texts(number, reason, actor=actor, now=assembly.clock.now())
    click.echo(f"{erased} texts of {number} are destroyed.", err=True)


def _verified(file: Path) -> tuple[str, Verification]:
    try:
        lines = file.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise CannotRun(f"{file} cannot be read: {error.strerror}.") from error
    if not lines:
        raise CannotRun(f"{file} is empty: an export has one line per entry.")
    result = verify_lines(lines)
    return result.incident or file.name, result


def _verified_all() -> list[tuple[str, Verification]]:
    assembly = opened()
    with assembly.store.read() as session:
        incidents = list(session.scalars(select(Incident).order_by(Incident.id)))
        console = Console(stderr=True)
        results = [(incident.number, _with_files(session, incident))
                   for incident in track(incidents, "Verifying", console=console, disable=not console.is_terminal,
                                         transient=True)]
        return [*results, (administration.NAME, administration.verify(session))]


def _with_files(session: Session, incident: Incident) -> Verification:
    """The ledger of an incident, its rows, and every file it vouches for."""
    result = ledger.verify(session, incident)
    return result if result.broken else replace(result, broken=attachments.broken(session, incident))


def _sentence(name: str, result: Verification) -> str:
    if result.broken:
        return f"{name}: BROKEN at entry {result.broken.sequence}: {result.broken.sentence}"
    erased = f", {result.erased_texts} texts erased" if result.erased_texts else ""
    if result.lacking_texts:
        erased += f", but texts of entries {_listed(result.lacking_texts)} are gone and no entry says they were erased"
    return f"{name}: whole, {result.size} entries{erased}, head {result.head}"


def _listed(sequences: tuple[int, ...]) -> str:
    return ", ".join(map(str, sequences))


def _plain(name: str, result: Verification) -> dict:
    broken = {"sequence": result.broken.sequence, "sentence": result.broken.sentence} if result.broken else None
    return {"incident": name, "entries": result.size, "head": result.head, "erased_texts": result.erased_texts,
            "lacking_texts": list(result.lacking_texts), "broken": broken}
