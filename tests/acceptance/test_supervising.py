"""The processes of one machine: one that dies is started again, also when what it left behind is still in its way."""

import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from incident_clock.cli import supervising
from incident_clock.cli.main import COULD_NOT_RUN

WITHIN_S = 20
# A server as gunicorn is one: its worker inherits the listening socket and takes a moment to stop after it.
SERVER = """
import os, signal, socket, sys, time
port, told = int(sys.argv[1]), sys.argv[2]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    listener.bind(("127.0.0.1", port))
except OSError:
    sys.exit(2)
listener.listen()
if os.fork() == 0:
    signal.signal(signal.SIGTERM, lambda *_: (time.sleep(2), os._exit(0)))
    while True:
        signal.pause()
with open(told, "a") as file:
    file.write(f"{os.getpid()}\\n")
signal.pause()
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def supervised(folder: Path, port: int, meanwhile: Callable[[Path], None]) -> int:
    """Keep one such server running here while `meanwhile` is at work beside; gives the exit code."""
    script, told = folder / "server.py", folder / "told"
    script.write_text(SERVER)
    told.touch()

    def work() -> None:
        try:
            meanwhile(told)
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    beside = Thread(target=work)
    beside.start()
    try:
        return supervising.keep_running({"web": f"{sys.executable} {script} {port} {told}"}, folder, {})
    finally:
        beside.join()
        for name, handler in before.items():
            signal.signal(name, handler)


def test_a_server_that_was_killed_is_back_although_its_worker_still_holds_the_port(
        tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    looked, ended = Event(), supervising.Kept.ended
    monkeypatch.setattr(supervising, "RAN_AFTER_S", 0)  # who was seen running once has run
    monkeypatch.setattr(supervising.Kept, "ended", lambda one: (ended(one), one.has_run and looked.set())[0])

    def kill_it_once(told: Path) -> None:
        wait_for(lambda: told.read_text().count("\n") == 1 and looked.is_set())
        os.kill(int(told.read_text()), signal.SIGKILL)
        wait_for(lambda: told.read_text().count("\n") == 2)

    assert supervised(tmp_path, port, kill_it_once) == 0
    assert "web stopped unexpectedly (-9); it is started again." in capfd.readouterr().err
    assert (tmp_path / "told").read_text().count("\n") == 2
    wait_for(lambda: is_free(port))  # no worker outlives the one who kept it


def test_a_server_that_cannot_run_at_all_ends_everything(
        tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = Event()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        monkeypatch.setattr(supervising, "_stop", lambda kept, stop=supervising._stop: (stop(kept), ended.set()))
        code = supervised(tmp_path, port, lambda _: wait_for(ended.is_set))
    assert code == COULD_NOT_RUN


def is_free(port: int) -> bool:
    with socket.socket() as taken:
        return taken.connect_ex(("127.0.0.1", port)) != 0


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(int(WITHIN_S / 0.05)):
        if condition():
            return
        Event().wait(0.05)
    raise AssertionError(f"not within {WITHIN_S} s")
