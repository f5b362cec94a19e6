"""Is somebody there for every rung of every rule? The spans in which nobody is, pure and exact to the second.

What a rung reaches is asked of `calling`, who is on duty of `duty`: board, `check`, the daily notice and the guard of
every edit cannot disagree with what the engine then does. A day put together for reading is `readiness_days.py`.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from incident_clock.people.access import role_title
from incident_clock.people.calling import Conditions, Heard, reach, roles_of
from incident_clock.people.duty import DutyBook, Holder, OnShift
from incident_clock.protocol.steps import ResponseProtocol, Rung, Step

# Why nobody is reached in a role: no shift, a shift of somebody who has left, all away and nobody for them, nobody
# who has the role, nobody with an address of a channel that is on, no channel on.
NOT_ROSTERED, GONE, AWAY = "not_rostered", "gone", "away"
NO_HOLDER, NO_ADDRESS, NO_CHANNEL = "no_holder", "no_address", "no_channel"
OFF_DUTY = (NOT_ROSTERED, GONE, AWAY)  # in a rostered role a gap by itself: somebody must be on duty

Asked = tuple[tuple[str, ...], tuple[str, ...] | None]  # the roles a rung tells, and by which channels


@dataclass(frozen=True, slots=True)
class Lack:
    """A role in which nobody is reached, and why. `people`: the names of those who are away or without an address."""

    role: str
    why: str
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What calling certain roles meets: who is reached, which roles lack somebody, and which of these are gaps."""

    heard: Heard
    lacks: tuple[Lack, ...]
    gaps: tuple[Lack, ...]


@dataclass(frozen=True, slots=True)
class Spell:
    """A span, its end not included, in which nothing changes. `book` holds what counts in it and nothing else."""

    from_at: datetime
    until_at: datetime
    book: DutyBook
    findings: Mapping[Asked, Finding]

    def of(self, rung: Rung) -> Finding:
        return self.findings[_asked(rung)]


@dataclass(frozen=True, slots=True)
class Gap:
    """A span in which a rung lacks somebody it must not lack.

    `is_empty`: the rung reaches nobody by itself, so that the engine goes over to another one; else only a rostered
    role of it has nobody on duty.
    """

    protocol: str
    step: str
    step_title: Mapping[str, str]
    rung: int
    from_at: datetime
    until_at: datetime
    lacks: tuple[Lack, ...]
    is_empty: bool

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(lack.role for lack in self.lacks)

    @property
    def role_titles(self) -> tuple[str, ...]:
        """The Chinese titles, which are message ids."""
        return tuple(role_title(role) for role in self.roles)


@dataclass(frozen=True, slots=True)
class Hole:
    """Gaps as people count them: one role that lacks somebody for a while, whatever number of rungs it leaves short."""

    lack: Lack
    from_at: datetime
    until_at: datetime
    gaps: tuple[Gap, ...]


def gaps(book: DutyBook, rules: Iterable[ResponseProtocol], *, channels: Collection[str], since: datetime,
         until: datetime) -> tuple[Gap, ...]:
    """Every gap within [since, until), the earliest first, then in the order of the rules. `book` holds what counts
    from `since` to `until`.

    A rung that reaches nobody is a gap; so is a rostered role without anybody on duty, even where the rung still
    reaches others. Neighbouring spans of the same gap are one.
    """
    rules = tuple(rules)
    return gaps_of(spells(book, rules, channels=channels, since=since, until=until), rules)


def spells(book: DutyBook, rules: Iterable[ResponseProtocol], *, channels: Collection[str], since: datetime,
           until: datetime, also: Iterable[datetime] = ()) -> Iterator[Spell]:
    """[since, until) cut where the book changes and at the instants of `also`, each with what its rungs reach.

    Nothing where `until` does not lie after `since`.
    """
    if until <= since:
        return
    asked = {_asked(rung): rung for _, _, rung in _rungs(rules)}
    book, given = book.during(since, until), Conditions(channels)
    cuts = sorted({since, *book.changes(since, until), *(at for at in also if since < at < until)})
    coming, shifts = deque(sorted(book.shifts, key=lambda shift: shift.from_at)), list[OnShift]()
    for from_at, until_at in zip(cuts, [*cuts[1:], until], strict=True):
        while coming and coming[0].from_at < until_at:  # a year of shifts is walked through once, not once a spell
            shifts.append(coming.popleft())
        shifts = [shift for shift in shifts if shift.until_at > from_at]
        then = _StillBook.of(replace(book, shifts=shifts).during(from_at, until_at))
        yield Spell(from_at, until_at, then, {key: _find(then, rung, from_at, given) for key, rung in asked.items()})


def gaps_of(spells: Iterable[Spell], rules: Iterable[ResponseProtocol]) -> tuple[Gap, ...]:
    """The gaps of spells that follow one another without a break."""
    rungs = tuple(_rungs(rules))
    found: list[Gap] = []
    running: dict[tuple[str, str, int], Gap] = {}
    for spell in spells:
        for protocol, step, rung in rungs:
            finding, place = spell.of(rung), (protocol.key, step.key, rung.number)
            before = running.pop(place, None)
            if not finding.gaps:
                found += [before] if before else []
                continue
            gap = Gap(protocol.key, step.key, step.title, rung.number, spell.from_at, spell.until_at, finding.gaps,
                      finding.heard.is_empty)
            if before and (before.lacks, before.is_empty) == (gap.lacks, gap.is_empty):
                gap = replace(before, until_at=gap.until_at)
            elif before:
                found.append(before)
            running[place] = gap
    order = {(protocol.key, step.key, rung.number): place for place, (protocol, step, rung) in enumerate(rungs)}
    return tuple(sorted([*found, *running.values()],
                        key=lambda gap: (gap.from_at, order[gap.protocol, gap.step, gap.rung])))


def holes(gaps: Iterable[Gap]) -> tuple[Hole, ...]:
    """The roles behind the gaps, the earliest first; what overlaps or follows without a break is one."""
    found: dict[Lack, list[Hole]] = {}
    for gap in sorted(gaps, key=lambda gap: gap.from_at):
        for lack in gap.lacks:
            same = found.setdefault(lack, [])
            if same and gap.from_at <= same[-1].until_at:
                same[-1] = replace(same[-1], until_at=max(same[-1].until_at, gap.until_at),
                                   gaps=(*same[-1].gaps, gap))
            else:
                same.append(Hole(lack, gap.from_at, gap.until_at, (gap,)))
    return tuple(sorted((hole for same in found.values() for hole in same), key=lambda hole: hole.from_at))


def why_lacking(book: DutyBook, role: str, at: datetime, given: Conditions) -> Lack:
    """Why nobody is reached in `role` at `at`; `book` holds nothing that is over then or yet to begin."""
    holders = book.holders(role, at)
    if holders:
        names = tuple(holder.card.name for holder in holders)
        return Lack(role, NO_ADDRESS, names) if given.channels else Lack(role, NO_CHANNEL)
    away = replace(book, absences=()).holders(role, at)
    if away:
        return Lack(role, AWAY, tuple(holder.card.name for holder in away))
    if not book.is_rostered(role, at):
        return Lack(role, NO_HOLDER)
    return Lack(role, GONE if any(shift.role == role for shift in book.shifts) else NOT_ROSTERED)


@dataclass(frozen=True, slots=True)
class _StillBook(DutyBook):
    """A book of a span in which nothing changes: who holds a role is worked out once, however many rungs ask."""

    known: dict[str, tuple[Holder, ...]] = field(init=False, default_factory=dict)

    @classmethod
    def of(cls, book: DutyBook) -> "_StillBook":
        return cls(book.people, book.shifts, book.covers, book.absences, book.rostered_from, book.former)

    def holders(self, role: str, at: datetime) -> tuple[Holder, ...]:
        if role not in self.known:
            self.known[role] = DutyBook.holders(self, role, at)
        return self.known[role]


def _find(book: DutyBook, rung: Rung, at: datetime, given: Conditions) -> Finding:
    heard = reach(rung.number, roles_of(rung), book=book, at=at, given=given)
    lacks = tuple(why_lacking(book, role, at, given) for role in heard.unreachable)
    if heard.is_empty:
        return Finding(heard, lacks, lacks)
    return Finding(heard, lacks, tuple(lack for lack in lacks
                                       if lack.why in OFF_DUTY and book.is_rostered(lack.role, at)))


def _rungs(rules: Iterable[ResponseProtocol]) -> Iterator[tuple[ResponseProtocol, Step, Rung]]:
    return ((protocol, step, rung) for protocol in rules for step in protocol.chased for rung in step.ladder)


def _asked(rung: Rung) -> Asked:
    return rung.tell, rung.by
