"""The administrative ledger as it is read: its entries, newest first, a page at a time, and whether the chain holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from incident_clock.ledger.chain import UNREADABLE, Link, Verification, plain
from incident_clock.people import ledger
from incident_clock.views import directory
from incident_clock.views.directory import Names

A_PAGE = 100  # entries


@dataclass(frozen=True, slots=True)
class AdministrationEntry:
    """One entry. Texts in `body` that were erased are None, and so is the actor's name.

    `ends`: of an entry that ends a leave, the body of the one that entered it.
    """

    sequence: int
    kind: str
    happened_at: datetime
    recorded_at: datetime
    actor: str | None
    actor_role: str
    body: dict[str, Any]
    hash: str
    ends: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AdministrationView:
    """A page of entries. `before`: where the next page begins, None on the last.

    An entry is None when its bytes cannot be read any more: then `chain` is broken there.
    """

    entries: tuple[AdministrationEntry | None, ...]
    before: int | None
    chain: Verification
    names: Names


def administration(session: Session, *, before: int | None = None) -> AdministrationView:
    """The page behind the entry `before` (None: the newest)."""
    links = ledger.links(session)
    rest = [link for link in links if before is None or link.sequence < before]
    shown = rest[-A_PAGE:]
    leaves = {body["leave"]: body for link in links if b'"LeaveEntered"' in link.canonical
              for body in (_read(link).get("body", {}),) if "leave" in body}
    return AdministrationView(
        entries=tuple(_entry(link, leaves) for link in reversed(shown)),
        before=shown[0].sequence if len(rest) > len(shown) else None, chain=ledger.verify(session),
        names=directory.names(session))


def _read(link: Link) -> dict[str, Any]:
    """The entry as it is shown; empty when somebody has made it unreadable."""
    try:
        return plain(link)
    except UNREADABLE:
        return {}


def _entry(link: Link, leaves: dict[int, dict[str, Any]]) -> AdministrationEntry | None:
    shown = _read(link)
    if not shown:
        return None
    return AdministrationEntry(
        sequence=shown["sequence"], kind=shown["kind"], happened_at=datetime.fromisoformat(shown["happened_at"]),
        recorded_at=datetime.fromisoformat(shown["recorded_at"]), actor=shown["actor"],
        actor_role=shown["actor_role"], body=shown["body"], hash=shown["hash"],
        ends=leaves.get(shown["body"]["leave"]) if shown["kind"] == "LeaveRemoved" else None)
