"""The group of all commands and the one place where errors become a sentence and an exit code."""

import logging
import sys
from importlib import import_module

import click
from sqlalchemy.exc import InterfaceError, OperationalError

from incident_clock import __version__
from incident_clock.errors import ConfigError, IncidentClockError, Refusal

FINDING, COULD_NOT_RUN = 1, 2

# command → module that holds it; loaded when asked for, so that every command starts quickly
COMMANDS = {
    "run": "processes", "web": "processes", "engine": "processes", "migrate": "processes", "check": "checking",
    "register": "incidents", "log": "incidents", "withdraw": "incidents", "close": "incidents",
    "acknowledge": "answering", "show": "incidents", "board": "incidents",
    "verify": "ledger", "export": "ledger", "erase": "ledger",
    "people": "directory", "user": "directory", "token": "directory", "roster": "roster",
    "replay": "rehearsing", "drill": "rehearsing", "templates": "templates", "sandbox": "sandbox",
}


class Commands(click.Group):
    """Finds a command's module by the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"incident_clock.cli.{COMMANDS[cmd_name]}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="incident-clock")
def commands() -> None:
    """Five statutory clocks for an emergency public-opinion incident, reminded until each step is logged."""


def main() -> None:
    """Entry point; never shows a stack trace to a person."""
    try:
        commands.main(prog_name="incident-clock", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(COULD_NOT_RUN)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(COULD_NOT_RUN)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        sys.exit(COULD_NOT_RUN)
    except Refusal as refusal:
        from incident_clock.cli.desk import told

        for line in told(refusal):
            click.echo(line, err=True)
        sys.exit(COULD_NOT_RUN)
    except IncidentClockError as error:
        click.echo(str(error), err=True)
        sys.exit(COULD_NOT_RUN)
    except (OperationalError, InterfaceError) as error:
        click.echo(f"The database cannot be used: {_first_line(error.orig or error)}. Check DATABASE_URL, that its "
                   "server runs, the permissions and the free space.", err=True)
        sys.exit(COULD_NOT_RUN)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:  # a fault of ours: one sentence for the person, the trace for who asks for it
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        click.echo(f"incident-clock stopped on an unexpected {type(error).__name__}: {_first_line(error)}. "
                   "Please report it with the command you ran.", err=True)
        sys.exit(COULD_NOT_RUN)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:300]
