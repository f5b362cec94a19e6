"""A loopback server that answers every request with one JSON body, as robots and SMS platforms do."""

import json
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.channels.servers import CLOSE


@dataclass
class JsonServer:
    """Answers with `status`, `headers` and `body` (text as it is, all else as JSON), or CLOSEs once it has read."""

    status: int = 200
    body: Any = field(default_factory=lambda: {"errcode": 0, "code": 0, "msg": "ok"})
    trouble: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    kinds: list[str | None] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)  # names small

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        us = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                us.bodies.append(self.rfile.read(int(self.headers["Content-Length"] or 0)))
                us.paths.append(self.path)
                us.heads.append({name.lower(): value for name, value in self.headers.items()})
                us.kinds.append(self.headers["Content-Type"])
                if us.trouble == CLOSE:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                said = (us.body if isinstance(us.body, str) else json.dumps(us.body)).encode()
                self.send_response(us.status)
                for name, value in ({"Content-Length": str(len(said))} | us.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
