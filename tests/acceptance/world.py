"""A whole installation in an empty folder: real processes of `incident-clock`, a real SMTP server, real HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

READY_WITHIN_S = 20
ROOT = Path(__file__).parents[2]

PEOPLE = {"zhou": "duty_officer", "wu": "duty_chief", "zheng": "duty_leader", "chen": "publicity_chief",
          "wang": "deputy", "feng": "head"}


@dataclass
class Arrival:
    """One e-mail as it reached the server. `at` is the wall clock in seconds."""

    at: float
    to: str
    mail: Message

    @property
    def identity(self) -> dict[str, str]:
        """The parts of `X-Incident-Clock`."""
        return dict(part.split("=", 1) for part in self.mail["X-Incident-Clock"].split("; "))

    @property
    def call(self) -> tuple[str, str, int, int]:
        """(kind, step, rung, repeat)."""
        i = self.identity
        return i["kind"], i["step"], int(i["rung"]), int(i["repeat"])


@dataclass
class Postbox:
    """The handler of a real SMTP server. `hold` keeps the answer to DATA back, after the mail was taken."""

    arrivals: list[Arrival] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)
    hold_s: float = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        with self.came:
            for to in envelope.rcpt_tos:
                self.arrivals.append(Arrival(time.time(), to.split("@")[0], message_from_bytes(envelope.content)))
            self.came.notify_all()
        if self.hold_s:
            import asyncio

            await asyncio.sleep(self.hold_s)
        return "250 taken"

    def wait_for(self, wanted: Callable[[list[Arrival]], bool], within_s: float) -> list[Arrival]:
        """Blocks until `wanted` holds of the arrivals; fails the test otherwise."""
        with self.came:
            assert self.came.wait_for(lambda: wanted(self.arrivals), within_s), \
                f"after {within_s} s only {[(a.to, a.call) for a in self.arrivals]}"
            return list(self.arrivals)


class World:
    """Starts and stops the processes. Everything it writes lies in `folder`."""

    def __init__(self, folder: Path, *, protocol: str, channels: str = "email") -> None:
        self.folder, self.postbox = folder, Postbox()
        self.smtp_port, self.port = free_port(), free_port()
        self._smtp: Controller | None = None
        self._processes: list[subprocess.Popen[bytes]] = []
        (folder / "rules").mkdir()
        (folder / "rules" / "rule.yaml").write_text(protocol, encoding="utf-8")
        (folder / "people.yaml").write_text(_people_file(), encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME", "CI")}
        self.environment = {
            **kept, "DATABASE_URL": f"sqlite:///{folder / 'clock.db'}", "PORT": str(self.port),
            "INCIDENT_CLOCK_PROTOCOL": str(folder / "rules" / "rule.yaml"),
            "INCIDENT_CLOCK_PROTOCOLS": str(folder / "rules"), "INCIDENT_CLOCK_PEOPLE": str(folder / "people.yaml"),
            "INCIDENT_CLOCK_SECRET_KEY": "a key for this test alone", "INCIDENT_CLOCK_CHANNELS": channels,
            "SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}", "MAIL_FROM": "clock@example.com",
        }
        self.run("migrate")
        self.token = self.run("token", "add", "--role", "duty_officer", "--name", "acceptance").strip()

    # ── processes ─────────────────────────────────────────────────────────────
    def run(self, *arguments: str, exit_code: int = 0) -> str:
        """Run a command to its end; gives its stdout."""
        done = subprocess.run([sys.executable, "-m", "incident_clock", *arguments], cwd=ROOT, env=self.environment,
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == exit_code, done.stderr
        self.last_stderr = done.stderr
        return done.stdout

    def start(self, process: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{process}-{len(self._processes)}.log").open("wb")
        started = subprocess.Popen([sys.executable, "-m", "incident_clock", process], cwd=ROOT, env=self.environment,
                                   stdout=log, stderr=subprocess.STDOUT)
        log.close()
        self._processes.append(started)
        return started

    def start_web(self) -> subprocess.Popen[bytes]:
        started = self.start("web")
        self.until(lambda: self.status("/readyz") == 200, "the page answers")
        return started

    def start_engine(self) -> subprocess.Popen[bytes]:
        started = self.start("engine")
        self.until(lambda: self.status("/readyz/engine") == 200, "the engine ticks")
        return started

    def start_smtp(self) -> None:
        self._smtp = Controller(self.postbox, hostname="127.0.0.1", port=self.smtp_port)
        self._smtp.start()

    def stop_smtp(self) -> None:
        if self._smtp:
            self._smtp.stop()
            self._smtp = None

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.stop_smtp()

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    # ── HTTP ──────────────────────────────────────────────────────────────────
    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """One API call; gives status and JSON."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def status(self, path: str) -> int | None:
        try:
            return self.call("GET", path)[0]
        except (OSError, ValueError):
            return None

    def until(self, holds: Callable[[], bool], what: str, within_s: float = READY_WITHIN_S) -> None:
        end = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < end, f"not within {within_s} s: {what}\n{self.logs()}"
            threading.Event().wait(0.05)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _people_file() -> str:
    people = "\n".join(f"  - {{key: {key}, name: {key}, unit: bureau, roles: [{role}], email: {key}@example.com}}"
                       for key, role in PEOPLE.items())
    return f"units: [{{key: bureau, name: 云河区综合执法局}}]\npeople:\n{people}\n"
