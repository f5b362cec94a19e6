"""Runs one piece of work between every two SQL statements of another, each in its own thread and transaction."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from incident_clock.store.session import Store

BLOCKED_AFTER_S = 0.05  # a piece that is not over by then waits for a lock of the other


class Meanwhile:
    """A piece of work in a thread. `was_first`: it was over before the other went on."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work, self._thread = work, threading.Thread(target=self._run)
        self.was_first, self.error = False, None

    def start(self) -> None:
        self._thread.start()
        self._thread.join(BLOCKED_AFTER_S)
        self.was_first = not self._thread.is_alive()

    def end(self) -> None:
        self._thread.join()
        if self.error:
            raise self.error

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:
            self.error = error


@contextmanager
def before_statement(store: Store, number: int, meanwhile: Callable[[], None]) -> Iterator[list[int]]:
    """Call `meanwhile` before the `number`-th statement of this thread; gives a list that grows to their count."""
    mine, count = threading.get_ident(), [0]

    def look(*_: object) -> None:
        if threading.get_ident() == mine:
            count[0] += 1
            if count[0] == number:
                meanwhile()

    event.listen(store.engine, "before_cursor_execute", look)
    try:
        yield count
    finally:
        event.remove(store.engine, "before_cursor_execute", look)


def statements(store: Store, work: Callable[[], Any]) -> int:
    """How many statements a piece of work takes."""
    with before_statement(store, 0, lambda: None) as count:
        work()
    return count[0]
