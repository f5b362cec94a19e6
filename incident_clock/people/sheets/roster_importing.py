"""Taking a roster file into the roster: one transaction, nothing changed when repeated, the past left as it was.

From now to its last shift the file decides who is on duty in its roles, also that nobody is. What stood before now
stays: an auditor who asks who was on duty gets the answer that the engine had. Replaced rows stay in the table, with
`removed_at`; what of them lies outside of the file's span goes on as a row of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, Invalid
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.people import ledger, roster
from incident_clock.people.access import TITLES
from incident_clock.people.duty_checks import LATE_NOTE, require_covers_stand, take_turn
from incident_clock.people.duty_tables import Cover, Shift
from incident_clock.people.facts import RosterImported
from incident_clock.people.sheets.reading import Progress
from incident_clock.people.sheets.roster_file import RosterEntry, RosterFile
from incident_clock.phrases import N_
from incident_clock.store.writing import changed

WRITTEN_AT_ONCE = 2_000  # rows

Row = TypeVar("Row")
Span = tuple[str, datetime, datetime]  # person, from, until


@dataclass(frozen=True, slots=True)
class RosterSummary:
    """What an import did. `shifts`: those of the file that are not over; `past`: those that are, which changed nothing.

    `added` and `replaced` count rows of the roster: both 0 when it said the same already. `from_at` and `until_at`:
    the span in which the file decides from now on.
    """

    shifts: int
    added: int
    replaced: int
    past: int
    from_at: datetime
    until_at: datetime
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    """What becomes of one role's rows within [from_at, until_at)."""

    from_at: datetime
    until_at: datetime
    removed: Sequence[int]
    pieces: Sequence[Span]
    added: Sequence[Span]


def import_roster(session: Session, file: RosterFile, *, actor: Actor, now: datetime,
                  progress: Progress | None = None) -> RosterSummary:
    """Make the roster say what `file` says, within the caller's transaction, and write it into the ledger.

    `progress` is told how many rows are written. Raises Invalid when every shift is over, Conflict when the directory
    no longer has somebody in his role or a cover would hang in the air.
    """
    take_turn(session)
    ahead = [entry for entry in file.entries if entry.until_at > now]
    if not ahead:
        raise Invalid(N_("这张值班表里的班次都已经过去（到%(until)s为止），没有可导入的"), until=file.until_at)
    _check_people(session, ahead)
    by_role = {role: [entry for entry in ahead if entry.role == role] for role in file.roles}
    changes = {role: _change(session, role, wanted, now) for role, wanted in by_role.items() if wanted}
    _write(session, changes, now, progress)
    for role, change in changes.items():
        if change.removed:
            _check_covers(session, role, change, now)
    done = RosterSummary(
        shifts=len(ahead), past=len(file.entries) - len(ahead), roles=tuple(changes),
        added=sum(len(change.added) for change in changes.values()),
        replaced=sum(len(change.removed) for change in changes.values()),
        from_at=min(change.from_at for change in changes.values()),
        until_at=max(change.until_at for change in changes.values()))
    ledger.append(session, RosterImported(
        happened_at=now, source=Erasable(file.source), sha256=file.sha256, roles=list(done.roles), from_at=done.from_at,
        until_at=done.until_at, shifts=done.shifts, replaced=done.replaced), actor=actor, now=now)
    return done


def _check_people(session: Session, entries: Iterable[RosterEntry]) -> None:
    """The directory may have changed since the file was read."""
    roles = {card.key: card.roles for card in roster.everybody(session)}
    for person, role in {(entry.person, entry.role): None for entry in entries}:
        if role not in roles.get(person, ()):
            raise Conflict(N_("通讯录刚刚改过：%(name)s 现在不是%(role)s了，请核对后再导入一次"),
                           name=roster.name_of(session, person), role=TITLES[role])


def _change(session: Session, role: str, wanted: Sequence[RosterEntry], now: datetime) -> _Change:
    """What to remove and to add so that the role's roster says what is wanted. A row that says it already stays."""
    since, until_at = min(entry.from_at for entry in wanted), max(entry.until_at for entry in wanted)
    there = session.execute(select(Shift.id, Shift.person, Shift.from_at, Shift.until_at).where(
        Shift.role == role, Shift.removed_at.is_(None), Shift.from_at < until_at, Shift.until_at > since,
        Shift.from_at > since - roster.LONGEST_SHIFT).order_by(Shift.id)).all()
    is_late_note = now - since <= LATE_NOTE and not any(row.from_at < now for row in there)
    from_at = since if is_late_note else max(since, now)
    missing = dict.fromkeys((entry.person, max(entry.from_at, from_at), entry.until_at) for entry in wanted)
    removed: list[int] = []
    pieces: list[Span] = []
    for row in there:
        if row.until_at <= from_at:
            continue
        inside = (row.person, max(row.from_at, from_at), min(row.until_at, until_at))
        if inside in missing:
            del missing[inside]
            continue
        removed.append(row.id)
        pieces += [(row.person, begin, end) for begin, end in ((row.from_at, from_at), (until_at, row.until_at))
                   if begin < end]
    return _Change(from_at, until_at, removed, pieces, tuple(missing))


def _write(session: Session, changes: dict[str, _Change], now: datetime, progress: Progress | None) -> None:
    removed = [shift for change in changes.values() for shift in change.removed]
    rows = [{"role": role, "person": person, "from_at": from_at, "until_at": until_at}
            for role, change in changes.items() for person, from_at, until_at in (*change.pieces, *change.added)]
    done = 0

    def told(more: int) -> None:
        nonlocal done
        done += more
        if progress:
            progress(done, len(removed) + len(rows))

    for ids in _parts(removed):
        changed(session, update(Shift).where(Shift.id.in_(ids)).values(removed_at=now))
        told(len(ids))
    for new in _parts(rows):
        session.execute(insert(Shift), new)
        told(len(new))


def _parts(rows: list[Row]) -> Iterator[list[Row]]:
    return (rows[start:start + WRITTEN_AT_ONCE] for start in range(0, len(rows), WRITTEN_AT_ONCE))


def _check_covers(session: Session, role: str, change: _Change, now: datetime) -> None:
    """Raises Conflict when a cover to come is for somebody who is no longer on duty then."""
    since, until = session.execute(select(func.min(Cover.from_at), func.max(Cover.until_at)).where(
        Cover.role == role, Cover.removed_at.is_(None), Cover.from_at < change.until_at,
        Cover.until_at > max(change.from_at, now))).one()
    if since is not None:
        require_covers_stand(session, role, max(since, change.from_at), min(until, change.until_at), now=now)
