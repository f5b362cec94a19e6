"""One HTTP POST with a time limit over all of it, for gateways without an SDK: what was answered, or what is known.

It follows no redirect and asks no proxy. No complaint repeats the URL, which may hold a key.
"""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from incident_clock.channels.base import ChannelError, is_loopback_host

CONNECT_TIMEOUT_S = 2.0
TIMEOUT_S = 7.5  # from there to the end of the answer: with connecting, less than the 10 s a channel may take
LONGEST_ANSWER_BYTES = 64 * 1024
LONGEST_PAUSE_S = 3600.0  # a gateway's wish for more is not believed


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is the JSON as Python values, or None where it is none."""

    status: int
    body: Any
    retry_after_s: float | None


def url_complaint(url: str, setting: str) -> str | None:
    """Why letters may not be posted there, in one sentence that does not repeat the URL; None when they may."""
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0 and parts.username is None and url.isascii()
    except ValueError:
        is_whole = False
    if not is_whole or any(sign <= " " for sign in url):
        return f"{setting} is not a web address of the form https://host/path, without a user in it."
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback_host(parts.hostname)):
        return f"{setting} must begin with https://: numbers and texts would cross the network readable by all."
    return None


def is_loopback_url(url: str | None) -> bool:
    with suppress(ValueError):
        return is_loopback_host(urlsplit(url or "").hostname)
    return False


def post(url: str, body: bytes, *, headers: Mapping[str, str], who: str, method: str = "POST",
         timeout_s: float = TIMEOUT_S) -> Answer:
    """Send `body` once. `who` names the other side in sentences. Raises ChannelError: temporary when it could not be
    reached at all, unknown when it was and the answer got lost."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, min(timeout_s, CONNECT_TIMEOUT_S))
    try:
        try:
            connection.connect()
        except OSError:  # TLS included
            raise ChannelError(f"{who} could not be reached.") from None
        line = connection.sock
        line.settimeout(timeout_s)
        watch = threading.Timer(timeout_s, _cut, [line])  # a socket's own limit starts again with every byte
        watch.daemon = True
        watch.start()
        try:
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            said = answer.read(LONGEST_ANSWER_BYTES + 1)
        except (OSError, http.client.HTTPException, ValueError):
            raise ChannelError(f"{who} did not answer to the end.", is_unknown=True) from None
        finally:
            watch.cancel()
        return Answer(answer.status, _json(said), _seconds(answer.getheader("Retry-After")))
    finally:
        connection.close()


def refused_by_status(answer: Answer, who: str) -> ChannelError:
    """What an HTTP status means for a letter when the body does not say anything better."""
    status = answer.status
    detail, code = f"{who} answered HTTP {status}.", str(status)
    if status == 429:
        return ChannelError(detail, code=code, retry_after_s=answer.retry_after_s)
    if status in (401, 403, 404, 405, 410):
        return ChannelError(detail, code=code, is_gateway_down=True)
    if status >= 500 or status < 300:
        return ChannelError(f"{detail[:-1]} without a result that can be read.", code=code, is_unknown=True,
                            retry_after_s=answer.retry_after_s)
    return ChannelError(detail, code=code, is_permanent=status in (400, 413, 422))


def _connection(scheme: str, host: str, port: int | None, timeout_s: float) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=timeout_s)


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(line, socket.SHUT_RDWR)  # below TLS, whose own state is the reading thread's


def _json(said: bytes) -> Any:
    if len(said) > LONGEST_ANSWER_BYTES:
        return None
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return None


def _seconds(written: str | None) -> float | None:
    if written is None or not written.strip().isdecimal():
        return None
    return min(float(written.strip()[:9]), LONGEST_PAUSE_S)
