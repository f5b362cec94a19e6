"""Keeps the processes of one machine running: one that died is started again, and takes no other with it.

Their output goes to stderr as it is. A process that could not run at all (exit 2) ends everything, with its sentence;
one that did run before is tried again, since what stands in its way may be what its own death left behind.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from incident_clock.cli.main import COULD_NOT_RUN
from incident_clock.settings import with_environment

LOOK_EVERY_S = 0.2
STOP_WITHIN_S = 15
RAN_AFTER_S = 5  # who could not run says so sooner
PAUSE_S = 1  # before a process is started again


@dataclass(slots=True)
class Kept:
    """One process of the Procfile, under its name there."""

    name: str
    command: list[str]
    environment: Mapping[str, str]  # beside that of this process
    process: subprocess.Popen[bytes] | None = None
    seen: int = 0  # how often this process was found running
    has_run: bool = False

    def start(self, folder: Path) -> None:
        self.seen = 0
        self.process = subprocess.Popen(self.command, cwd=folder, stdout=sys.stderr, start_new_session=True,
                                        env=with_environment(self.environment))

    def ended(self) -> int | None:
        """The exit code of a process that is not there any more."""
        code = self.process.poll() if self.process else None
        if code is None:
            self.seen += 1
            self.has_run = self.has_run or self.seen * LOOK_EVERY_S >= RAN_AFTER_S
        return code

    def signal_all(self, what: signal.Signals) -> None:
        """To the process and its workers, also to those its death left behind."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, what)


def command_of(line: str) -> list[str]:
    """A command of the Procfile, with this installation's own interpreter."""
    words = shlex.split(line)
    return [sys.executable, "-m", "incident_clock", *words[1:]] if words[0] == "incident-clock" else words


def keep_running(commands: Mapping[str, str], folder: Path, environment: Mapping[str, str]) -> int:
    """Run until SIGINT or SIGTERM, or until a process says that it cannot run; gives the exit code. `environment` is
    given to all of them beside that of this process."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    kept = [Kept(name, command_of(line), environment) for name, line in commands.items()]
    try:
        for one in kept:
            one.start(folder)
        while not stop.wait(LOOK_EVERY_S):
            for one in kept:
                code = one.ended()
                if code == COULD_NOT_RUN and not one.has_run:
                    return COULD_NOT_RUN
                if code is not None:
                    click.echo(f"{one.name} stopped unexpectedly ({code}); it is started again.", err=True)
                    one.signal_all(signal.SIGTERM)
                    stop.wait(PAUSE_S)
                    one.start(folder)
        return 0
    finally:
        _stop(kept)


def _stop(kept: list[Kept]) -> None:
    for one in kept:
        one.signal_all(signal.SIGTERM)
    for one in kept:
        if one.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.process.wait(timeout=STOP_WITHIN_S)
            one.signal_all(signal.SIGKILL)
            one.process.wait()
