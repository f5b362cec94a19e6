"""Rehearsals on the command line: replay scenario files, play a drill. Nothing of the installation is touched; with
`drill --people` its channels are used, and only the people of that file are told."""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import click

from incident_clock.assembly import EXAMPLE_STAYS_HOME, Assembly
from incident_clock.channels.base import CONSOLE
from incident_clock.channels.masking import mask_address
from incident_clock.cli.desk import as_json, opened, print_json
from incident_clock.cli.main import FINDING
from incident_clock.errors import CannotRun, ConfigError
from incident_clock.people.drill_book import ROBOTS, plain
from incident_clock.people.outside import outside_addresses
from incident_clock.people.people_file import read_people
from incident_clock.protocol.loading import load_protocol
from incident_clock.rehearsal.card_lines import card_lines
from incident_clock.rehearsal.drill import Drilled, read_speed
from incident_clock.rehearsal.drill import drill as play_drill
from incident_clock.rehearsal.played import Played
from incident_clock.rehearsal.replay import replay as play_scenario
from incident_clock.rehearsal.scenario import read_scenarios
from incident_clock.rehearsal.stage import Company, Setting
from incident_clock.rehearsal.telling import Teller

SPEED, SPEED_WITH_PEOPLE = "3600", "10"  # unless one is asked for
BEGIN = "drill"  # what is typed to begin

wordy = click.option("--texts", "is_wordy", is_flag=True, help="Also print what each message says.")


@click.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--export", "folder", type=click.Path(path_type=Path, file_okay=False),
              help="Write the ledger of each played scenario into this folder.")
@wordy
@as_json
def replay(files: tuple[Path, ...], folder: Path | None, is_wordy: bool, is_json: bool) -> None:
    """Play scenario files on a virtual clock; exit 1 when a verdict differs."""
    assembly = opened(is_ready=False)
    setting = _setting(assembly)
    teller = Teller(setting.phrases, _silent if is_json else click.echo, is_wordy=is_wordy)
    played = []
    for scenario in read_scenarios(files, setting):
        teller.heading(scenario.id, scenario.new.title, is_drill=scenario.new.is_drill)
        played.append(play_scenario(scenario, setting, tell=teller.event))
        teller.closing(played[-1])
    teller.total(played)
    if folder:
        _export(played, folder)
    _end(played, is_json)


@click.command()
@click.option("--protocol", "file", type=click.Path(path_type=Path),
              help="The rule to play; the default rule when absent.")
@click.option("--speed", help=f"How many times faster than real time, or max: without waiting. {SPEED} when absent; "
                              f"with --people {SPEED_WITH_PEOPLE}, and 60 at most.")
@click.option("--people", "people_file", type=click.Path(path_type=Path),
              help="Really tell the people of this file, over the channels of the settings, and nobody else.")
@click.option("--yes", "is_agreed", is_flag=True, help="With --people: begin without asking.")
@wordy
@as_json
def drill(file: Path | None, speed: str | None, people_file: Path | None, is_agreed: bool, is_wordy: bool,
          is_json: bool) -> None:
    """Play a marked drill on a throw-away database, print every reminder and the card. Ctrl-C ends it early."""
    assembly = opened(is_ready=people_file is not None)
    pace = read_speed(speed or (SPEED_WITH_PEOPLE if people_file else SPEED), is_told=people_file is not None)
    protocol = load_protocol(file) if file else assembly.default_protocol
    setting = Setting(protocols={protocol.key: protocol}, default_protocol=protocol.key, zone=assembly.zone,
                      language=assembly.language)
    teller = Teller(setting.phrases, _silent if is_json else click.echo, is_wordy=is_wordy)
    company = _company(assembly, people_file) if people_file else None
    if company:
        _agree(company, is_agreed=is_agreed)
    teller.heading(protocol.key, protocol.title[assembly.language], is_drill=True)
    drilled = play_drill(protocol, setting, speed=pace, clock=assembly.clock, wait=threading.Event().wait,
                         tell=teller.event, company=company)
    teller.closing(drilled.played)
    if not is_json:
        click.echo("\n".join(card_lines(drilled, setting.phrases)))
    _end([drilled], is_json)


def _company(assembly: Assembly, file: Path) -> Company:
    """The people of the file and the channels of the settings. Raises ConfigError and CannotRun where the drill could
    tell nobody, or somebody outside the bureau."""
    people = read_people(file)
    channels = {name: channel for name, channel in assembly.channels.items() if name not in (CONSOLE, *ROBOTS)}
    if not channels:
        raise CannotRun("No channel is switched on that reaches a person: set INCIDENT_CLOCK_CHANNELS, or leave out "
                        "--people.")
    problems = [f"channel {name}: {problem}" for name, channel in channels.items() for problem in channel.problems()]
    if problems:
        raise ConfigError(problems)
    with assembly.store.read() as session:
        outside = outside_addresses(session)
    outside |= {plain(address) for party in people.outside or () for address in (party.phone, party.email) if address}
    may_leave = (lambda: EXAMPLE_STAYS_HOME) if people.is_example else assembly.may_leave
    company = Company(people, channels, outside, may_leave)
    company.book.require_no_outside(outside)
    return company


def _agree(company: Company, *, is_agreed: bool) -> None:
    """Say who will be told before anybody is, and go on only when that is wanted. Raises CannotRun."""
    click.echo("This drill will be told to these people, and to nobody else:", err=True)
    for person in company.people.people:
        ways = [f"{channel} {mask_address(address)}" for channel, address in person.addresses().items()
                if channel in company.channels]
        click.echo(f"  {person.name} ({person.key}): {', '.join(ways) or 'only on this screen'}", err=True)
    if is_agreed:
        return
    if not sys.stdin.isatty():
        raise CannotRun("Nobody was told: a drill over real channels begins on a terminal, or with --yes.")
    if click.prompt(f"Type {BEGIN} to begin", default="", show_default=False, err=True).strip() != BEGIN:
        raise CannotRun("Nobody was told: the drill was not begun.")


def _setting(assembly: Assembly) -> Setting:
    return Setting(protocols=assembly.protocols, default_protocol=assembly.default_protocol.key, zone=assembly.zone,
                   language=assembly.language)


def _end(played: Sequence[Played | Drilled], is_json: bool) -> None:
    if is_json:
        print_json([one.plain() for one in played])
    if any(one.has_finding for one in played):
        sys.exit(FINDING)


def _export(played: Sequence[Played], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in played:
            (folder / f"{one.name}.jsonl").write_bytes(b"".join(one.export))
    except OSError as error:
        raise CannotRun(f"The ledgers cannot be written to {folder}: {error.strerror}.") from error
    click.echo(f"{len(played)} ledgers written to {folder}.", err=True)


def _silent(_line: str) -> None:
    """With --json the lines of the play stay unsaid."""
