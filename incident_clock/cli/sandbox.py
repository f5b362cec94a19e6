"""The sandbox as a command: pretend phones and mailboxes on this machine."""

import logging
import signal
import socket
import threading

import click

from incident_clock.assembly import Assembly
from incident_clock.cli.desk import log_to_stderr
from incident_clock.errors import CannotRun
from incident_clock.sandbox.account import HOST, sandbox_environment
from incident_clock.sandbox.fates import FATES
from incident_clock.sandbox.server import Sandbox
from incident_clock.settings import read_settings

PORT, SMTP_PORT = 8010, 8025

EPILOG = "Numbers that end in these digits meet trouble: " + "; ".join(
    f"{ending} {fate.said}" for ending, fate in FATES.items()) + "."


@click.command(epilog=EPILOG)
@click.option("--port", type=click.IntRange(1, 65_535), default=PORT, show_default=True, help="Page and SMS gateway.")
@click.option("--smtp-port", type=click.IntRange(1, 65_535), default=SMTP_PORT, show_default=True, help="Mail server.")
def sandbox(port: int, smtp_port: int) -> None:
    """Pretend phones and mailboxes to look at: a gateway and a mail server that only this machine reaches.

    Prints the settings with which web and engine talk to it. Answers and receipts go to INCIDENT_CLOCK_PUBLIC_URL.
    """
    log_to_stderr()
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # it would name every mailbox
    assembly = Assembly.of(read_settings())
    try:
        box = Sandbox(port=port, smtp_port=smtp_port, public_url=assembly.settings.public_url, clock=assembly.clock,
                      zone=assembly.zone)
        box.start()
    except OSError as error:
        raise CannotRun(f"The sandbox cannot listen on {HOST}, ports {port} and {smtp_port}: {error.strerror}. "
                        "Choose others with --port and --smtp-port.") from error
    click.echo(f"Phones and mailboxes: http://{HOST}:{port}", err=True)
    for name, value in sandbox_environment(port=port, smtp_port=smtp_port).items():
        click.echo(f"{name}={value}")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    box.stop()


def free_port(wanted: int) -> int:
    """This port of the machine, or any other when it is taken."""
    for port in (wanted, 0):
        with socket.socket() as found:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                found.bind((HOST, port))
            except OSError:
                continue
            return int(found.getsockname()[1])
    raise CannotRun(f"No port of {HOST} is free.")
