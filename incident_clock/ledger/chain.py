"""The hash chain, pure: canonical bytes, salted texts, the exported line, and the verification of both.

    hash = SHA-256("ic-v1\\n" + previous_hash + "\\n" + canonical)

`canonical` is RFC 8785 JSON and stands for itself: everything an entry shows is rebuilt from it, so an export
in which any byte differs from what the chain vouches for is refused with the sequence of that entry.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785

from incident_clock.ledger.fact import Actor, Erasable, Fact

VERSION = "ic-v1"
SALT_BYTES = 16
ERASURE = "TextsErased"  # the kind of entry that accounts for texts that are gone
DIGEST = "sha256"  # the one key of an object that stands in place of an erasable text

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)  # what bytes of another shape raise

Texts = dict[str, tuple[str, str]]  # path → (salt, text)


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as it is stored. `texts` lacks what was erased."""

    sequence: int
    canonical: bytes
    previous_hash: str
    hash: str
    texts: Texts


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not hold. `sequence` counts from 1."""

    sequence: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found. `incident` is the number in the chain, None for an empty file.

    `lacking_texts`: entries of which a text is gone although no later entry says that texts were erased.
    """

    incident: str | None
    size: int
    head: str
    erased_texts: int
    broken: Broken | None
    lacking_texts: tuple[int, ...] = ()


def instant_text(instant: datetime) -> str:
    """How instants stand in canonical bytes: UTC, microseconds, with an offset."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def link(*, incident: str, sequence: int, previous_hash: str, fact: Fact, actor: Actor, recorded_at: datetime) -> Link:
    """The next entry of a chain, hashed, with its texts salted."""
    texts: Texts = {}
    canonical = rfc8785.dumps({
        "incident": incident, "sequence": sequence, "kind": fact.kind,
        "happened_at": instant_text(fact.happened_at), "recorded_at": instant_text(recorded_at),
        "actor": {"role": actor.role, "name": _sealed(Erasable(actor.name), "actor", texts)},
        "body": _sealed(fact.body(), "", texts),
    })
    return Link(sequence, canonical, previous_hash, chain_hash(previous_hash, canonical), texts)


def chain_hash(previous_hash: str, canonical: bytes) -> str:
    return hashlib.sha256(f"{VERSION}\n{previous_hash}\n".encode() + canonical).hexdigest()


def plain(entry: Link) -> dict[str, Any]:
    """The entry as the API and the export show it; erased texts are None."""
    inside = json.loads(entry.canonical)
    return {
        "incident": inside["incident"], "sequence": inside["sequence"], "kind": inside["kind"],
        "happened_at": inside["happened_at"], "recorded_at": inside["recorded_at"],
        "actor": _opened(inside["actor"]["name"], "actor", entry.texts), "actor_role": inside["actor"]["role"],
        "body": _opened(inside["body"], "", entry.texts),
        "canonical": entry.canonical.decode(), "previous_hash": entry.previous_hash, "hash": entry.hash,
        "texts": {path: {"salt": salt, "text": text} for path, (salt, text) in sorted(entry.texts.items())},
    }


def export_line(entry: Link) -> bytes:
    """One line of an export: JSON in a fixed form, so that every byte of it can be checked."""
    return json.dumps(plain(entry), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def verify_lines(lines: Iterable[bytes]) -> Verification:
    """Verify an export, one entry a line. Needs nothing but the lines."""
    links: list[Link] = []
    for sequence, line in enumerate(lines, start=1):
        try:
            shown = json.loads(line)
            texts = {path: (t["salt"], t["text"]) for path, t in shown["texts"].items()}
            entry = Link(int(shown["sequence"]), shown["canonical"].encode(), shown["previous_hash"], shown["hash"],
                         texts)
            is_exact = export_line(entry) == line
            problem = _problem(entry, sequence, links[-1] if links else None)
        except UNREADABLE:
            return _stopped(links, sequence, "the line cannot be read as an entry")
        if problem or not is_exact:
            return _stopped(links, sequence, problem or "what is shown differs from what was hashed")
        links.append(entry)
    return verify(links)


def verify(links: Iterable[Link]) -> Verification:
    """Verify stored entries in order, from the first. Where texts are gone, a later entry has to say so."""
    last, incident, erased = None, None, 0
    lacking: list[int] = []
    for expected, entry in enumerate(links, start=1):
        try:
            problem = _problem(entry, expected, last)
        except UNREADABLE:
            problem = "it cannot be read as an entry"
        if problem:
            return Verification(incident, expected - 1, last.hash if last else "", erased, Broken(expected, problem))
        inside = json.loads(entry.canonical)
        last, incident = entry, inside["incident"]
        if inside["kind"] == ERASURE:
            lacking.clear()
        gone = sum(1 for path in _digests(inside) if path not in entry.texts)
        erased += gone
        if gone:
            lacking.append(expected)
    size, head = (last.sequence, last.hash) if last else (0, "")
    return Verification(incident, size, head, erased, None, tuple(lacking))


def _problem(entry: Link, expected: int, before: Link | None) -> str | None:
    if entry.sequence != expected:
        return f"entry {expected} is missing (entry {entry.sequence} stands in its place)"
    if entry.previous_hash != (before.hash if before else ""):
        return "it does not follow the entry before it"
    if chain_hash(entry.previous_hash, entry.canonical) != entry.hash:
        return "its bytes do not give its hash"
    inside = json.loads(entry.canonical)
    incident = json.loads(before.canonical)["incident"] if before else inside["incident"]
    if inside["sequence"] != expected or inside["incident"] != incident:
        return "it belongs to another place or another incident"
    digests = _digests(inside)
    for path, (salt, text) in entry.texts.items():
        if path not in digests or _digest(salt, text) != digests[path]:
            return f"its text “{path}” is not the one that was hashed"
    plain(entry)  # raises, where a part that every entry shows is missing
    return None


def _stopped(links: list[Link], sequence: int, sentence: str) -> Verification:
    so_far = verify(links)
    return Verification(so_far.incident, so_far.size, so_far.head, so_far.erased_texts, Broken(sequence, sentence))


def _digest(salt: str, text: str) -> str:
    return hashlib.sha256((salt + text).encode()).hexdigest()


def _sealed(value: Any, path: str, texts: Texts) -> Any:
    """The value with every erasable text replaced by its salted hash; `texts` collects them by path."""
    if isinstance(value, Erasable):
        salt = secrets.token_hex(SALT_BYTES)
        texts[path] = (salt, str(value))
        return {DIGEST: _digest(salt, value)}
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, dict):
        return {key: _sealed(inner, _join(path, key), texts) for key, inner in value.items()}
    if isinstance(value, list):
        return [_sealed(inner, _join(path, str(index)), texts) for index, inner in enumerate(value)]
    return value


def _opened(value: Any, path: str, texts: Texts) -> Any:
    """The inverse of `_sealed` as far as the texts still exist."""
    if isinstance(value, dict):
        if set(value) == {DIGEST}:
            return texts[path][1] if path in texts else None
        return {key: _opened(inner, _join(path, key), texts) for key, inner in value.items()}
    if isinstance(value, list):
        return [_opened(inner, _join(path, str(index)), texts) for index, inner in enumerate(value)]
    return value


def _digests(inside: dict[str, Any]) -> dict[str, str]:
    """path → digest of every erasable text of an entry."""
    found: dict[str, str] = {"actor": inside["actor"]["name"][DIGEST]}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            if set(value) == {DIGEST}:
                found[path] = value[DIGEST]
                return
            for key, inner in value.items():
                walk(inner, _join(path, key))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                walk(inner, _join(path, str(index)))

    walk(inside["body"], "")
    return found


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
