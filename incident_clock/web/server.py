"""Serving the page: gunicorn with threads, started from here. Its log goes to stderr and never holds a token."""

import errno
import logging
import re
import socket
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from incident_clock.assembly import Assembly
from incident_clock.errors import CannotRun
from incident_clock.web.app import create_app

WORKERS = 2  # processes; any number may run beside each other
THREADS = 8  # requests at once per process
TIMEOUT_S = 30  # a worker that hangs longer is replaced
GRACE = timedelta(seconds=10)  # what is under way may end before a stop
BACKLOG = 512  # connections that wait to be taken
ACCESS_FORMAT = "%(t)s %(h)s %(m)s %(U)s %(s)s %(b)s B %(M)s ms"

ONE_TIME_LINK = re.compile(r"(/(?:sign-?in|answer|calendar)/)[^\s?/]+", re.IGNORECASE)


def run(assembly: Assembly) -> None:
    """Serve until stopped. Raises CannotRun when the address cannot be had."""
    settings = assembly.settings
    listener = listening(settings.host, settings.port)
    assembly.store.dispose()  # no connection may be shared with the workers
    Server(assembly, listener).run()


def listening(host: str, port: int) -> socket.socket:
    """A socket bound to host and port. Raises CannotRun with what is in the way."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CannotRun(_sentence(host, port, error)) from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotRun(_sentence(host, port, error)) from error
    return listener


def masked(text: str) -> str:
    """The text without the token of a one-time link or of somebody's calendar."""
    return ONE_TIME_LINK.sub(r"\1***", text)


class Server(BaseApplication):
    """gunicorn over one listening socket; every worker puts its own application together after the fork."""

    def __init__(self, assembly: Assembly, listener: socket.socket) -> None:
        self._assembly, self._listener = assembly, listener
        super().__init__()

    def load_config(self) -> None:
        given: dict[str, Any] = {
            "bind": f"fd://{self._listener.detach()}", "worker_class": "gthread", "workers": WORKERS,
            "threads": THREADS, "timeout": TIMEOUT_S, "graceful_timeout": int(GRACE.total_seconds()),
            "backlog": BACKLOG, "accesslog": "-", "access_log_format": ACCESS_FORMAT, "logger_class": DiscreetLogger,
            "control_socket_disable": True,  # it would lie open in somebody's home folder
        }
        for name, value in given.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return create_app(Assembly(self._assembly.settings, self._assembly.clock, self._assembly.protocols))


class DiscreetLogger(Logger):
    """gunicorn's logger on stderr: paths without queries, one-time links without their token."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.access_log, self.error_log):
            for handler in log.handlers:
                handler.addFilter(_mask)
        for handler in self.access_log.handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stdout:
                handler.setStream(sys.stderr)

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> dict[str, Any]:
        """The path in one spelling, encoded so that it cannot break a line."""
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        return {**found, "U": masked(quote(environ.get("PATH_INFO", "").encode("latin-1")))}


def _mask(record: logging.LogRecord) -> bool:
    record.msg, record.args = masked(record.getMessage()), ()
    return True


def _sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken: another program listens there. Stop it, or set PORT to another number."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} on {host} is not allowed to this account: set PORT to a number above 1023."
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: set HOST to one, like 127.0.0.1."
    return f"Port {port} on {host} cannot be used: {error.strerror}. See HOST and PORT."
