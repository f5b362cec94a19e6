"""Rehearsals on the command line: replay scenario files, play a drill. Nothing of the installation is touched."""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import click

from incident_clock.assembly import Assembly
from incident_clock.cli.desk import as_json, opened, print_json
from incident_clock.cli.main import FINDING
from incident_clock.errors import CannotRun
from incident_clock.protocol.loading import load_protocol
from incident_clock.rehearsal.drill import drill as play_drill
from incident_clock.rehearsal.drill import read_speed
from incident_clock.rehearsal.played import Played
from incident_clock.rehearsal.replay import replay as play_scenario
from incident_clock.rehearsal.scenario import read_scenarios
from incident_clock.rehearsal.stage import Setting
from incident_clock.rehearsal.telling import Teller

wordy = click.option("--texts", "is_wordy", is_flag=True, help="Also print what each message says.")


@click.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--export", "folder", type=click.Path(path_type=Path, file_okay=False),
              help="Write the ledger of each played scenario into this folder.")
@wordy
@as_json
def replay(files: tuple[Path, ...], folder: Path | None, is_wordy: bool, is_json: bool) -> None:
    """Play scenario files on a virtual clock; exit 1 when a verdict differs or cannot be played yet."""
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
@click.option("--speed", default="3600", show_default=True,
              help="How many times faster than real time, or max: without waiting.")
@wordy
@as_json
def drill(file: Path | None, speed: str, is_wordy: bool, is_json: bool) -> None:
    """Play a marked drill on a throw-away database and print every reminder. Ctrl-C ends it early."""
    assembly = opened(is_ready=False)
    protocol = load_protocol(file) if file else assembly.default_protocol
    setting = Setting(protocols={protocol.key: protocol}, default_protocol=protocol.key, zone=assembly.zone,
                      language=assembly.language)
    teller = Teller(setting.phrases, _silent if is_json else click.echo, is_wordy=is_wordy)
    teller.heading(protocol.key, protocol.title[assembly.language], is_drill=True)
    played = play_drill(protocol, setting, speed=read_speed(speed), clock=assembly.clock,
                        wait=threading.Event().wait, tell=teller.event)
    teller.closing(played)
    _end([played], is_json)


def _setting(assembly: Assembly) -> Setting:
    return Setting(protocols=assembly.protocols, default_protocol=assembly.default_protocol.key, zone=assembly.zone,
                   language=assembly.language)


def _end(played: Sequence[Played], is_json: bool) -> None:
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
