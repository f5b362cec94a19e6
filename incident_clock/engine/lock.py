"""The lock that lets one engine run on a SQLite database: held by the operating system, so it dies with its holder."""

import fcntl
import os
from pathlib import Path

from incident_clock.errors import CannotRun


class EngineLock:
    """An exclusive lock on a file beside the database. Keep the object for as long as the lock is needed."""

    def __init__(self, path: Path) -> None:
        """Takes the lock; raises CannotRun when another process holds it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._file, 20).decode(errors="replace") or "unknown"
            os.close(self._file)
            raise CannotRun(f"Another engine already runs on this SQLite database (process {holder}). "
                            "Stop that one first, or move to PostgreSQL to run several.") from error
        except OSError as error:
            os.close(self._file)
            raise CannotRun(f"{path} cannot be locked: {error.strerror}. Keep the database on a local disk.") from error
        os.truncate(self._file, 0)
        os.write(self._file, str(os.getpid()).encode())

    def release(self) -> None:
        os.close(self._file)
