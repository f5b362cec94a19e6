"""A TCP connection of the mail system that surely ends: looking up the name, connecting, TLS and all that is said.

The time limits of sockets count silence only; against a server that says one byte at a time there is the cord,
a second handle on the same connection, by which it is pulled down from outside even in the middle of TLS.
"""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Self

ADDRESSES_TRIED = 2  # of those a name has: one of IPv6 and one of IPv4, as a rule


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait, in seconds: `connect_s` for the name and then for each of two addresses, `answer_s` for silence
    at each later step, `conversation_s` for the whole of it."""

    answer_s: float = 8.0
    conversation_s: float = 9.5
    connect_s: float = 3.0


class Line:
    """The connection of one conversation. As a context it is cut when `limits.conversation_s` are over, `is_cut` says
    whether it was."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self.is_cut = limits, False
        self._cord: socket.socket | None = None
        self._alarm = threading.Timer(limits.conversation_s, self.cut)
        self._alarm.daemon = True

    def __enter__(self) -> Self:
        self._alarm.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._alarm.cancel()
        if self._cord is not None:
            self._cord.close()

    def connect(self, host: str, port: int) -> socket.socket:
        """An open connection that waits `answer_s` at each step. Raises OSError, TimeoutError included."""
        trouble: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
        for family, kind, protocol, _, address in _addresses(host, port, self._limits.connect_s)[:ADDRESSES_TRIED]:
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(self._limits.connect_s)
                connection.connect(address)
                connection.settimeout(self._limits.answer_s)
                self._cord = connection.dup()
                if self.is_cut:
                    raise TimeoutError
            except OSError as error:
                connection.close()
                trouble = error
            else:
                return connection
        raise trouble

    def cut(self) -> None:
        """End it from outside: whoever waits for an answer sees the connection closed."""
        self.is_cut = True
        if self._cord is not None:
            with suppress(OSError):
                self._cord.shutdown(socket.SHUT_RDWR)


def _addresses(host: str, port: int, patience_s: float) -> list[Any]:
    """The addresses of a host. The system's own search knows no limit, so a thread is left alone with it."""
    found: SimpleQueue[list[Any] | Exception] = SimpleQueue()

    def search() -> None:
        try:
            found.put(list(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)))
        except (OSError, ValueError) as error:
            found.put(error)

    threading.Thread(target=search, daemon=True).start()
    try:
        result = found.get(timeout=patience_s)
    except Empty:
        raise TimeoutError from None
    if isinstance(result, Exception):
        raise result
    return result
