"""The long-running processes and what comes before them: run, web, engine, migrate."""

import signal
import sys
import threading
from pathlib import Path

import click

from incident_clock.assembly import Assembly, engine_id
from incident_clock.cli.desk import log_to_stderr, note_access, opened, operator
from incident_clock.cli.sandbox import PORT as SANDBOX_PORT
from incident_clock.cli.sandbox import SMTP_PORT as SANDBOX_SMTP_PORT
from incident_clock.cli.sandbox import free_port
from incident_clock.cli.supervising import keep_running
from incident_clock.engine.lock import EngineLock
from incident_clock.engine.runner import Parts, Runner
from incident_clock.errors import CannotRun
from incident_clock.people import roster, sign_in
from incident_clock.people.access import role_title
from incident_clock.people.importing import import_people, read_people
from incident_clock.phrases import Phrases
from incident_clock.sandbox.account import HOST, sandbox_environment
from incident_clock.store.migrating import upgrade

EXAMPLE_PEOPLE = Path("config/people.example.yaml")
LINKS_FOR = ("duty_officer", "duty_leader", "auditor", "admin")  # who gets a printed sign-in link in the example
PROCESSES = ("web", "engine")
SANDBOX_CHANNELS = "console,email,sms"


@click.command()
def run() -> None:
    """Everything on this machine: migrate, example bureau if empty, sign-in links, then web and engine.

    With the example bureau and nothing set for channels also a sandbox, in which its phones and mailboxes are seen.
    """
    from honcho.environ import parse_procfile

    assembly = opened(is_ready=False)
    _migrate(assembly, example=assembly.settings.root / EXAMPLE_PEOPLE)
    click.echo(f"Page: {assembly.settings.public_url}    (in a moment; stop with Ctrl-C)")
    _print_links(assembly)
    procfile = parse_procfile((assembly.settings.root / "Procfile").read_text(encoding="utf-8"))
    commands, environment = {name: procfile.processes[name] for name in PROCESSES}, dict[str, str]()
    if _wants_sandbox(assembly):
        port, smtp_port = free_port(SANDBOX_PORT), free_port(SANDBOX_SMTP_PORT)
        environment = {**sandbox_environment(port=port, smtp_port=smtp_port),
                       "INCIDENT_CLOCK_EXAMPLE_CHANNELS": SANDBOX_CHANNELS}  # real people would hear nothing there
        commands["sandbox"] = f"incident-clock sandbox --port {port} --smtp-port {smtp_port}"
        click.echo(f"Phones and mailboxes of the fictional bureau: http://{HOST}:{port}")
    assembly.store.dispose()
    sys.exit(keep_running(commands, assembly.settings.root, environment))


def _wants_sandbox(assembly: Assembly) -> bool:
    """Whether everybody is fictional and nobody has said how to tell them."""
    s = assembly.settings
    with assembly.store.read() as session:
        is_example = roster.bureau(session).is_example
    return is_example and s.channels is None and not (s.smtp_url or s.mail_from or s.twilio_account_sid
                                                      or s.twilio_auth_token or s.twilio_api_base_url)


@click.command()
def web() -> None:
    """Serve the page and the API (gunicorn). Any number may run."""
    from incident_clock.web.server import run as serve

    log_to_stderr()
    assembly = opened()
    assembly.require_usable()
    serve(assembly)


@click.command()
def engine() -> None:
    """Run the engine: tick, send, audit. One per SQLite database, any number on PostgreSQL."""
    log_to_stderr()
    assembly = opened()
    assembly.require_usable()
    database = assembly.store.url.database
    lock = EngineLock(Path(f"{database}.engine-lock")) if assembly.store.is_sqlite and database else None
    me = engine_id()
    ticker, sender = assembly.ticker(), assembly.sender(me)
    runner = Runner(Parts(engine=me, store=assembly.store, clock=assembly.clock, ticker=ticker, sender=sender,
                          looker=assembly.looker(sender), auditor=assembly.auditor(), noticer=assembly.noticer(),
                          prober=assembly.prober(), returned_mail=assembly.returned_mail()))
    ticker.after_batch = runner.nudge
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    runner.run(stop)
    if lock:
        lock.release()


@click.command()
def migrate() -> None:
    """Bring the database to this version; import INCIDENT_CLOCK_PEOPLE into an empty directory."""
    assembly = opened(is_ready=False)
    _migrate(assembly, example=None)
    click.echo(f"The database {assembly.store.described()} is up to date.", err=True)


def _migrate(assembly: Assembly, *, example: Path | None) -> None:
    if assembly.store.is_sqlite and assembly.store.url.database:
        _prepare_file(Path(assembly.store.url.database))
    upgrade(assembly.store)
    path = assembly.settings.people or example
    with assembly.store.write() as session:
        if path is not None and roster.is_empty(session):
            done = import_people(session, read_people(path), actor=operator(), now=assembly.clock.now())
            click.echo(f"Imported {done.people} people from {path.name}.", err=True)


def _prepare_file(database: Path) -> None:
    """Make the folder and an empty file nobody else may read: it will hold names and numbers."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        database.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise CannotRun(f"The database {database} cannot be made: {error.strerror}. "
                        "Check DATABASE_URL and the folder's permissions.") from error


def _print_links(assembly: Assembly) -> None:
    """One fresh one-time link per kind of reader, as long as the fictional bureau is loaded."""
    phrases = {language: Phrases(language, assembly.zone) for language in ("zh", "en")}
    with assembly.store.write() as session:
        if not roster.bureau(session).is_example:
            return
        click.echo("One-time sign-in links (fictional bureau, valid for 15 minutes):")
        for role in LINKS_FOR:
            card = next((one for one in roster.everybody(session) if role in one.roles), None)
            if card is None:
                continue
            token = sign_in.issue_link(session, card.key, assembly.clock.now())
            note_access(assembly, session, "link", card.key)
            titles = " / ".join(words.say(role_title(role)) for words in phrases.values())
            click.echo(f"  {titles} {card.name}: {sign_in_url(assembly, token)}")


def sign_in_url(assembly: Assembly, token: str) -> str:
    return f"{assembly.settings.public_url.rstrip('/')}/sign-in/{token}"
