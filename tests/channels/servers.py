"""Servers on 127.0.0.1 that a channel can be tried against: SMTP by aiosmtpd, SMTP by script, Twilio's API.

Each keeps what arrived and can be told to misbehave. None of them waits longer than its test.
"""

import asyncio
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

CERTIFICATE = Path(__file__).parent / "test_only_loopback.pem"
CLOSE, HANG, TRICKLE = "close", "hang", "trickle"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def no_such_name(*_: object, **__: object) -> None:
    """In place of `socket.getaddrinfo`: the answer of a DNS that knows nobody, without asking one."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def trusting_tls() -> ssl.SSLContext:
    """The default context of a client that knows the test certificate."""
    return ssl.create_default_context(cafile=str(CERTIFICATE))


class MailServer:
    """aiosmtpd. `trouble` maps MAIL, RCPT or DATA (the whole text is there) to a reply, CLOSE or HANG."""

    def __init__(self, *, trouble: dict[str, str] | None = None, login: tuple[str, str] | None = None,
                 starttls: bool = False, smtps: bool = False) -> None:
        self.trouble, self.letters, self.logins = trouble or {}, list[Envelope](), list[tuple[str, str]]()
        self.logins_under_tls: list[bool] = []
        self._login = login
        self.port = free_port()
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port,
            ssl_context=server_tls() if smtps else None, tls_context=server_tls() if starttls else None,
            authenticator=self._authenticate if login else None, auth_require_tls=False)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    async def handle_MAIL(self, server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        envelope.mail_from = address
        return await self._answer(server, "MAIL")

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        envelope.rcpt_tos.append(address)
        return await self._answer(server, "RCPT")

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:
        self.letters.append(envelope)
        return await self._answer(server, "DATA")

    async def _answer(self, server: Any, phase: str) -> str:
        trouble = self.trouble.get(phase, "250 2.0.0 queued as A1B2C3")
        if trouble == CLOSE:
            server.transport.abort()
        if trouble == HANG:
            await asyncio.Event().wait()
        return trouble

    def _authenticate(self, server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        self.logins.append(given)
        self.logins_under_tls.append(server.transport.get_extra_info("ssl_object") is not None)
        return AuthResult(success=given == self._login, handled=False)


class ScriptedMailServer:
    """SMTP word by word: verb → reply, for what aiosmtpd is too well-behaved to say. None closes the connection."""

    def __init__(self, script: dict[str, str | None] | None = None, *, trickle: bool = False,
                 smtps: bool = False) -> None:
        self.script = {"": "220 ready", "EHLO": "250 here", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on",
                       ".": "250 ok", "QUIT": "221 bye"} | (script or {})
        self.heard: list[str] = []
        self._tls = server_tls() if smtps else None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(5)
        self.port = self._listener.getsockname()[1]
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(self._trickle if trickle else self._converse,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._listener.close()

    def _serve(self, speak: Callable[[socket.socket], None]) -> None:
        connection, _ = self._listener.accept()
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        with connection, suppress(OSError):  # the other side may leave in the middle of a sentence
            speak(connection)

    def _converse(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            verb, is_text = "", False
            while (reply := self.script.get(verb, "500 what?")) is not None:
                if not is_text:
                    connection.sendall(f"{reply}\r\n".encode())
                is_text = is_text or (verb == "DATA" and reply.startswith("3"))
                line = lines.readline().decode().strip()
                if not line and not is_text:
                    return
                self.heard.append(line)
                verb = line if is_text else line.partition(" ")[0].upper()
                is_text = is_text and line != "."

    def _trickle(self, connection: socket.socket) -> None:
        """A greeting that never ends, one byte at a time."""
        while not self._is_over.wait(0.02):
            connection.sendall(b"2")


@dataclass
class TwilioServer:
    """HTTP shaped like Twilio's messages and calls, on connections that stay open: answers a POST with `status`,
    `headers` and `body`, or CLOSEs, HANGs or TRICKLEs once it has read; a GET with what `shelf` holds of that SID, or all of it.

    `hangs_up`: every connection is closed behind an answer that promised to keep it; `hung_up` counts them.
    """

    status: int = 201
    body: Any = None
    trouble: str | None = None
    hangs_up: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    shelf: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    connections: list[socket.socket] = field(default_factory=list)
    hung_up: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __enter__(self) -> Self:
        self._is_over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._server.shutdown()
        self._thread.join()
        for connection in self.connections:
            with suppress(OSError):  # most are closed already
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def refuse(self, status: int, code: object, message: str) -> None:
        """Answer as Twilio does when it does not take a message."""
        self.status, self.body = status, {"code": code, "message": message, "status": status}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        twilio = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                twilio.connections.append(self.request)
                super().setup()

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode(), strict_parsing=True)
                twilio.requests.append({name: ",".join(values) for name, values in form.items()})
                kind = "CA" if self.path.endswith("Calls.json") else "SM"
                default = {"sid": f"{kind}{len(twilio.requests):032d}", "status": "queued"}
                self._answer(twilio.status, twilio.body if isinstance(twilio.body, str) else default | (
                    twilio.body or {}))

            def do_GET(self) -> None:
                sid = self.path.rpartition("/")[2].removesuffix(".json")
                found = [entry for entry in twilio.shelf if entry.get("sid") == sid]
                if twilio.status >= 400:
                    self._answer(twilio.status, twilio.body)
                elif sid.startswith(("Messages", "Calls")):
                    self._answer(200, {"messages": twilio.shelf, "page": 0})
                elif found:
                    self._answer(200, found[0])
                else:
                    self._answer(404, {"code": 20404, "message": "not found", "status": 404})

            def _answer(self, status: int, body: Any) -> None:
                twilio.paths.append(self.path)
                twilio.logins.append(self.headers["Authorization"])
                if twilio.trouble == HANG:
                    twilio._is_over.wait()
                if twilio.trouble == TRICKLE:
                    with suppress(OSError):  # until the other side has had enough
                        while not twilio._is_over.wait(0.01):
                            self.wfile.write(b"H")
                if twilio.trouble is not None:
                    self.close_connection = True
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset
                    return
                said = (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(said))} | twilio.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said)
                if twilio.hangs_up:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    twilio.hung_up.release()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
