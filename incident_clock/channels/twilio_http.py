"""The SDK's HTTP client as we want it: with time limits, without its chatter, on another server where one is given.

Importing this imports the SDK, which is slow: `twilio_client` does so at the first letter.
"""

import logging
import socket
import threading
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import Timeout

CONNECT_TIMEOUT_S = 3.0  # for each address of the server, within the whole
LONGEST_PAUSE_S = 3600  # of a Retry-After: more is not believed


class Gateway(TwilioHttpClient):
    """One session for one thread. `timeout_s` is for the whole: for silence, and for answers that trickle in.
    `retry_after_s` is what the last answer asked for, if it did."""

    def __init__(self, base_url: str | None, *, timeout_s: float, trusts_environment: bool) -> None:
        super().__init__(logger=logging.Logger("twilio", level=logging.WARNING))
        self.timeout = Timeout(total=timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s), read=timeout_s)
        self.session.trust_env = trusts_environment
        self.retry_after_s: float | None = None
        self._base_url, self._timeout_s, self._line = base_url, timeout_s, _Line()
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, self._line)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        self.retry_after_s = None
        if self._base_url:
            url = urlunsplit((*urlsplit(self._base_url)[:2], *urlsplit(url)[2:]))
        alarm = threading.Timer(self._timeout_s, self._line.cut)
        alarm.daemon = True
        alarm.start()
        try:
            response = super().request(method, url, *args, **kwargs)
        finally:
            alarm.cancel()
        self.retry_after_s = _seconds((response.headers or {}).get("Retry-After"))
        return response

    def close(self) -> None:
        self.session.close()


class _Line(HTTPAdapter):
    """The adapter of one session, which knows the connection it opened last and can cut it from another thread."""

    def __init__(self) -> None:
        self._connection: HTTPConnection | None = None
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools()

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools()
        return manager

    def cut(self) -> None:
        """Whoever waits for an answer sees the connection closed."""
        sock = self._connection.sock if self._connection is not None else None
        if sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not SSLSocket's own, which pulls TLS from under it

    def _pools(self) -> dict[str, type[HTTPConnectionPool]]:
        line = self

        class Plain(HTTPConnection):
            def connect(self) -> None:
                line._connection = self
                super().connect()

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                line._connection = self
                super().connect()

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        return {"http": PlainPool, "https": SecurePool}


def _seconds(value: str | None) -> float | None:
    """`Retry-After` in its form of seconds, the one Twilio uses."""
    if not value or not value.isascii() or not value.isdecimal() or len(value) > len(str(LONGEST_PAUSE_S)):
        return None
    return float(min(int(value), LONGEST_PAUSE_S)) or None
