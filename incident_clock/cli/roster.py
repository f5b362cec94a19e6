"""The roster: import a sheet, export it, show who is on duty now and next."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from incident_clock.cli.desk import as_json, opened, operator, print_json
from incident_clock.errors import CannotRun
from incident_clock.office import LOOK_AHEAD
from incident_clock.people import roster as people
from incident_clock.people.access import role_title
from incident_clock.people.duty import ROSTERED_ROLES, DutyBook, Holder
from incident_clock.people.sheets.reading import read_sheet
from incident_clock.people.sheets.roster_exporting import csv_of, roster_rows, xlsx_of
from incident_clock.people.sheets.roster_file import read_roster
from incident_clock.people.sheets.roster_importing import RosterSummary
from incident_clock.phrases import Phrases

DAY = click.DateTime(["%Y-%m-%d"])
ENDINGS = {".csv": csv_of, ".xlsx": xlsx_of}


@click.group()
def roster() -> None:
    """Who is on duty when."""


@roster.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@as_json
def import_(file: Path, is_json: bool) -> None:
    """Make the roster say what FILE (CSV or XLSX) says, from now to its last shift.

    docs/roster.md shows such a sheet. Nothing is changed when any row is wrong, or when a rung would reach nobody
    within the time the file is about.
    """
    assembly = opened()
    now = assembly.clock.now()
    with progress_bars() as bar:
        sheet = read_sheet(file, progress=bar("Reading"))
        with assembly.store.read() as session:
            everybody = people.everybody(session)
        plan = read_roster(sheet, people=everybody, zone=assembly.zone,
                           handover_time=assembly.settings.handover_time, progress=bar("Checking"))
        done = assembly.office.take_roster(plan, actor=operator(), now=now, progress=bar("Writing"))
    if is_json:
        print_json(_plain(done))
        return
    words = Phrases("en", assembly.zone)
    past = f" {done.past} are over and changed nothing." if done.past else ""
    click.echo(f"{done.shifts} shifts from {words.moment(done.from_at)} to {words.moment(done.until_at)}: "
               f"{done.added} added, {done.replaced} replaced.{past}", err=True)
    if done.until_at < now + LOOK_AHEAD:
        click.echo(f"Nobody is on duty from {words.moment(done.until_at)} on: import what follows in time.", err=True)


@roster.command()
@click.option("--from", "first", type=DAY, required=True, help="The first day.")
@click.option("--until", "last", type=DAY, required=True, help="The last day.")
@click.option("--out", type=click.Path(path_type=Path), required=True,
              help="The file to write, .csv or .xlsx; - for CSV on stdout.")
def export(first: datetime, last: datetime, out: Path) -> None:
    """Write the shifts that begin within these days as a sheet that `roster import` reads."""
    write = csv_of if str(out) == "-" else ENDINGS.get(out.suffix.lower())
    if write is None:
        raise CannotRun(f"{out} is neither .csv nor .xlsx: name the file so.")
    if last < first:
        raise CannotRun(f"--until {last.date()} lies before --from {first.date()}: swap them.")
    assembly = opened()
    with assembly.store.read() as session:
        rows = roster_rows(session, first=first.date(), last=last.date(), zone=assembly.zone)
    if str(out) == "-":
        click.echo(write(rows), nl=False)
        return
    try:
        out.write_bytes(write(rows))
    except OSError as error:
        raise CannotRun(f"{out} cannot be written: {error.strerror}. Choose another file with --out.") from error
    click.echo(f"{len(rows) - 1} shifts written to {out}.", err=True)


@roster.command()
@as_json
def show(is_json: bool) -> None:
    """Print who is on duty now, and who is next."""
    assembly = opened()
    now = assembly.clock.now()
    with assembly.store.read() as session:
        book = people.duty_book(session, now, now + LOOK_AHEAD)
    told = {role: (book.holders(role, now), _next(book, role, now)) for role in ROSTERED_ROLES}
    if is_json:
        print_json([{"role": role, "is_rostered": book.is_rostered(role, now), "now": [_holder(one) for one in on_duty],
                     "next": {"at": then[0].isoformat(), "people": [_holder(one) for one in then[1]]} if then else None}
                    for role, (on_duty, then) in told.items()])
        return
    words = assembly.phrases("en")
    for role, (on_duty, then) in told.items():
        rostered = "" if book.is_rostered(role, now) else " (no roster: everybody with this role)"
        later = f"; from {words.at(then[0], seen=now)} {_names(then[1])}" if then else ""
        click.echo(f"{words.say(role_title(role))}: {_names(on_duty)}{rostered}{later}")


@contextmanager
def progress_bars() -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """`bar("Reading")` gives a function that takes how much is done, of how much. Silent without a terminal."""
    console = Console(stderr=True)
    with Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), console=console,
                  disable=not console.is_terminal, transient=True) as shown:
        def bar(name: str) -> Callable[[int, int], None]:
            task = shown.add_task(name, total=None)
            return lambda done, total: shown.update(task, completed=done, total=total)

        yield bar


def _next(book: DutyBook, role: str, now: datetime) -> tuple[datetime, tuple[Holder, ...]] | None:
    """When somebody else takes over, and who; None when nothing changes as far as the book goes."""
    keys = [holder.card.key for holder in book.holders(role, now)]
    for at in book.changes(now, now + LOOK_AHEAD):
        holders = book.holders(role, at)
        if [holder.card.key for holder in holders] != keys:
            return at, holders
    return None


def _names(holders: tuple[Holder, ...]) -> str:
    return ", ".join(f"{holder.card.name} ({holder.card.key})" for holder in holders) or "nobody"


def _holder(holder: Holder) -> dict[str, Any]:
    return {"key": holder.card.key, "name": holder.card.name, "why": holder.why, "instead_of": holder.of,
            "from_at": holder.from_at and holder.from_at.isoformat(),
            "until_at": holder.until_at and holder.until_at.isoformat()}


def _plain(done: RosterSummary) -> dict[str, Any]:
    return {"shifts": done.shifts, "added": done.added, "replaced": done.replaced, "past": done.past,
            "from_at": done.from_at.isoformat(), "until_at": done.until_at.isoformat(), "roles": list(done.roles)}
