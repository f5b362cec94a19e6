"""Heartbeats, the lock of a SQLite engine, and what others read from them."""

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from incident_clock.engine import beating
from incident_clock.engine.lock import EngineLock
from incident_clock.engine.tables import EngineBeat
from incident_clock.errors import CannotRun
from incident_clock.store.session import Store

SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)


def beat(store: Store, engine: str, at: datetime, ticked_at: datetime | None = None) -> None:
    with store.write() as session:
        beating.beat(session, engine=engine, started_at=at, ticked_at=ticked_at, now=at)


def living(store: Store, now: datetime) -> set[str]:
    with store.read() as session:
        return beating.living(session, now)


def test_an_engine_lives_until_its_heartbeat_is_fifteen_seconds_old(store: Store, now: datetime):
    beat(store, "a", now)
    beat(store, "b", now + 10 * SECOND)
    assert living(store, now + 15 * SECOND - MICROSECOND) == {"a", "b"}
    assert living(store, now + 15 * SECOND) == {"b"}
    assert living(store, now + 25 * SECOND) == set()


def test_each_beat_renews_the_life_and_keeps_the_audit(store: Store, now: datetime):
    beat(store, "a", now)
    with store.write() as session:
        beating.record_audit(session, engine="a", problem="1 call", now=now)
    beat(store, "a", now + 2 * SECOND, ticked_at=now + 2 * SECOND)
    with store.read() as session:
        row = session.get(EngineBeat, "a")
        assert (row.started_at, row.beat_at, row.ticked_at, row.audited_at, row.audit_problem) == \
            (now, now + 2 * SECOND, now + 2 * SECOND, now, "1 call")


def test_the_latest_is_the_one_that_ticked_last(store: Store, now: datetime):
    beat(store, "a", now, ticked_at=now)
    beat(store, "b", now + SECOND, ticked_at=now - SECOND)
    beat(store, "c", now + 2 * SECOND)
    with store.read() as session:
        assert beating.latest(session).engine == "a"


def test_an_audit_of_an_engine_without_a_heart_is_nobodys(store: Store, now: datetime):
    with store.write() as session:
        beating.record_audit(session, engine="nobody", problem="x", now=now)
    with store.read() as session:
        assert beating.latest(session) is None


def test_engines_long_dead_are_cleared_when_a_new_one_comes(store: Store, now: datetime):
    beat(store, "old", now - timedelta(days=2))
    beat(store, "yesterday", now - timedelta(hours=23))
    beat(store, "new", now)
    with store.read() as session:
        assert {row.engine for row in session.query(EngineBeat)} == {"yesterday", "new"}


# ── one engine per SQLite file ────────────────────────────────────────────────────────────────────────────


def test_a_second_engine_on_the_same_file_refuses_with_a_sentence(tmp_path: Path):
    first = EngineLock(tmp_path / "db.engine-lock")
    with pytest.raises(CannotRun, match="Another engine already runs on this SQLite database"):
        EngineLock(tmp_path / "db.engine-lock")
    first.release()
    EngineLock(tmp_path / "db.engine-lock").release()


def test_the_lock_makes_its_folder(tmp_path: Path):
    EngineLock(tmp_path / "var" / "db.engine-lock").release()
    assert (tmp_path / "var" / "db.engine-lock").stat().st_mode & 0o077 == 0


HOLD = """
import sys
from pathlib import Path
from incident_clock.engine.lock import EngineLock
lock = EngineLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_the_lock_dies_with_its_holder(tmp_path: Path):
    path = tmp_path / "db.engine-lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(CannotRun):
            EngineLock(path)
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    EngineLock(path).release()


def test_a_child_process_does_not_keep_the_lock(tmp_path: Path):
    lock = EngineLock(tmp_path / "db.engine-lock")
    up = "import sys; print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", up], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          close_fds=False) as child:
        child.stdout.readline()  # its program runs: what it does not inherit is closed
        lock.release()
        EngineLock(tmp_path / "db.engine-lock").release()
        child.stdin.close()
