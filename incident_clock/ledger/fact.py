"""What a ledger is made of: a fact, its actor, and texts that can be destroyed without breaking the chain.

The facts themselves stand where they happen: `registry/facts.py` (incidents), `people/facts.py` (administration).
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from incident_clock.phrases import N_


class Erasable(str):
    """A text that can be destroyed later without breaking the chain (retention rules, domain 9.4)."""

    __slots__ = ()


def erasable(text: str | None) -> Erasable | None:
    return None if text is None else Erasable(text)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person, a token's label, or the engine. `key` is stable, `name` is what is printed."""

    name: str
    role: str
    key: str


ENGINE = Actor(name=N_("催办引擎"), role="engine", key="engine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened. `happened_at` is when; the ledger adds when it was written down.

    Fields typed `Erasable` are free text, names or numbers: the chain sees only their salted hash. Everything else
    is part of the canonical bytes and must never carry personal data.
    """

    happened_at: datetime

    @property
    def kind(self) -> str:
        return type(self).__name__

    def body(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "happened_at"}
