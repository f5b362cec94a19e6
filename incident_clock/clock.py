"""The only place that asks the machine for the time.

Everything below the shells takes `now` as an argument; the shells take it from a `Clock` handed in by the
composition root, so that rehearsals and tests can run days in seconds.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Source of instants: always aware, always UTC."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float:
        """Seconds that never run backwards, for measuring silence."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class VirtualClock:
    """A clock that stands still until it is moved: rehearsals and tests."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def move_to(self, instant: datetime) -> None:
        """Jump to `instant`; it may not lie in the past of this clock."""
        if instant < self._now:
            raise ValueError(f"a virtual clock does not run backwards: {instant} < {self._now}")
        self._now = instant.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self.move_to(self._now + by)
