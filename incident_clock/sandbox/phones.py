"""What the pretend phones have got, in memory and bounded; every change is under one lock."""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from incident_clock.sandbox.fates import Fate, fate_of

KEPT = 500  # messages and calls; the oldest are forgotten

SMS, CALL, ANSWER = "sms", "call", "answer"


@dataclass(slots=True)
class Piece:
    """One SMS or call to a phone, or an answer from it. `callback`: where its states are reported."""

    sid: str
    kind: str
    number: str
    text: str
    at: datetime
    status: str = "queued"
    error_code: int | None = None
    callback: str = ""
    action: str = ""  # of a call: where a key that is pressed goes
    said: list[str] = field(default_factory=list)  # of a call: what was answered to a key


class Phones:
    """Every phone the sandbox has heard of. `fates` set on the page win over those of the numbers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pieces: deque[Piece] = deque(maxlen=KEPT)
        self._fates: dict[str, Fate] = {}
        self._count = 0

    def add(self, kind: str, number: str, text: str, at: datetime, *, callback: str = "", action: str = "") -> Piece:
        with self._lock:
            self._count += 1
            prefix = "CA" if kind == CALL else "SM"
            piece = Piece(f"{prefix}{self._count:032x}", kind, number, text, at, callback=callback, action=action)
            self._pieces.append(piece)
            return piece

    def report(self, piece: Piece, status: str, code: int | None) -> None:
        with self._lock:
            piece.status, piece.error_code = status, code

    def find(self, sid: str) -> Piece | None:
        with self._lock:
            return next((piece for piece in self._pieces if piece.sid == sid), None)

    def to(self, number: str, kind: str = SMS) -> list[Piece]:
        """What went to one number, newest first."""
        with self._lock:
            return [piece for piece in reversed(self._pieces) if (piece.number, piece.kind) == (number, kind)]

    def by_number(self) -> dict[str, list[Piece]]:
        """Number → its pieces, newest first; the phone that got something last in front."""
        found: dict[str, list[Piece]] = {}
        with self._lock:
            for piece in reversed(self._pieces):
                found.setdefault(piece.number, []).append(piece)
        return found

    def fate(self, number: str) -> Fate:
        with self._lock:
            return self._fates.get(number) or self._fates.get("") or fate_of(number)

    def set_fate(self, number: str, fate: Fate | None) -> None:
        """A fate for one number, or with an empty number for the whole gateway; None takes it back."""
        with self._lock:
            if fate is None:
                self._fates.pop(number, None)
            else:
                self._fates[number] = fate

    def set_fates(self) -> Iterable[tuple[str, Fate]]:
        with self._lock:
            return list(self._fates.items())
