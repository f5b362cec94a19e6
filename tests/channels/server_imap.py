"""A very small IMAP server on 127.0.0.1: one user, one folder, no more than reading and marking needs (RFC 3501)."""

import re
import socket
import threading
from contextlib import suppress
from typing import Self

from tests.channels.servers import server_tls

USER, PASSWORD, FOLDER = "clock@example.com", 'p"a\\ss', "Bounces"


class ImapServer:
    """Mails by number, from 1. `refuses` names commands answered NO, `hangs_at` one that is never answered, `closes_at`
    one that ends the connection. `is_fussy`: no folder is opened for a client that did not give its name (ID)."""

    def __init__(self, *mails: bytes, is_tls: bool = False, is_fussy: bool = False, refuses: tuple[str, ...] = (),
                 hangs_at: str = "", closes_at: str = "") -> None:
        self.mails, self.seen = dict(enumerate(mails, start=1)), set[int]()
        self.heard: list[str] = []
        self._tls = server_tls() if is_tls else None
        self._is_fussy, self._refuses, self._hangs_at, self._closes_at = is_fussy, refuses, hangs_at, closes_at
        self._is_over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(5)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            pass  # wakes up a server that nobody came to any more
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while not self._is_over.is_set():
            connection, _ = self._listener.accept()
            with suppress(OSError):  # the other side may leave in the middle of a sentence, or not trust us
                self._converse(connection)
            with suppress(OSError):
                connection.close()

    def _converse(self, connection: socket.socket) -> None:
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"* OK ready\r\n")
            while line := lines.readline().decode().strip():
                tag, _, command = line.partition(" ")
                self.heard.append(command)
                verb = command.removeprefix("UID ").partition(" ")[0]
                if verb == self._hangs_at:
                    self._is_over.wait(5)
                if verb in (self._closes_at, self._hangs_at):
                    return
                lines_out, is_fine = self._answer(verb, command)
                result = "OK done" if is_fine and verb not in self._refuses else "NO for clock@example.com"
                connection.sendall(b"".join([*lines_out, f"{tag} {result}\r\n".encode()]))

    def _answer(self, verb: str, command: str) -> tuple[list[bytes], bool]:
        match verb:
            case "CAPABILITY":
                return [b"* CAPABILITY IMAP4rev1" + (b" ID" if self._is_fussy else b"") + b"\r\n"], True
            case "LOGIN":
                quoted = PASSWORD.replace("\\", "\\\\").replace('"', '\\"')
                return [], command == f'LOGIN {USER} "{quoted}"'
            case "SELECT":
                is_known = not self._is_fussy or any(said.startswith("ID ") for said in self.heard)
                return [f"* {len(self.mails)} EXISTS\r\n".encode()], is_known and command == f'SELECT "{FOLDER}"'
            case "SEARCH":
                unseen = " ".join(str(number) for number in self.mails if number not in self.seen)
                return [f"* SEARCH {unseen}".rstrip().encode() + b"\r\n"], True
            case "FETCH":
                number, most = (int(found) for found in re.findall(r"FETCH (\d+) .*<0\.(\d+)>", command)[0])
                data = self.mails.get(number, b"")[:most]
                head = f"* {number} FETCH (UID {number} BODY[]<0> {{{len(data)}}}\r\n".encode()
                return ([head, data, b")\r\n"] if number in self.mails else []), True
            case "STORE":
                self.seen.add(int(command.split()[2]))
        return [], True
