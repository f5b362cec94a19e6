"""Who is called tonight, tomorrow and so on, put together for reading: a day per line, a role per column. Pure.

What is a gap was decided by `readiness`; here it becomes cells, and what is thin although it holds is marked weak.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from incident_clock.people.access import role_title
from incident_clock.people.calling import Conditions, roles_of, usable, who_hears
from incident_clock.people.cards import CONSOLE, CONTACT_OF, PersonCard
from incident_clock.people.duty import DutyBook, Holder
from incident_clock.people.readiness import Gap, Lack, Spell, gaps_of, spells
from incident_clock.protocol.steps import OVERDUE_BY, ResponseProtocol, Rung, Step

OK, WEAK, GAP = "ok", "weak", "gap"
STATES = (OK, WEAK, GAP)

# What is weak about somebody who alone holds a role: no B角, one channel where several are on, the page alone.
NO_STAND_IN, ONE_WAY, PAGE_ONLY = "no_stand_in", "one_way", "page_only"
DEAD = "dead"  # a provider says that one of his addresses is: whoever else is there


@dataclass(frozen=True, slots=True)
class Column:
    """A role that some rung names. `called_after`: how long after T0 at the earliest."""

    role: str
    called_after: timedelta
    is_overdue: bool

    @property
    def title(self) -> str:
        """The Chinese title, which is a message id."""
        return role_title(self.role)


@dataclass(frozen=True, slots=True)
class Way:
    """A channel a person is told on, when a message last arrived there, and whether its provider calls it dead."""

    channel: str
    delivered_at: datetime | None
    is_dead: bool = False


@dataclass(frozen=True, slots=True)
class OnDuty:
    """One who holds a role, how he is told, who stands in for him, and what is weak about it.

    `why`, `of`: as in a holder; the span of his shift or leave is left out, for what lasts on is one.
    """

    card: PersonCard
    role: str
    why: str
    of: str | None
    ways: tuple[Way, ...]
    stand_in: PersonCard | None
    weak: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A span of a day in which a role is held the same way. `lack`: why nobody is reached in it on some rung."""

    from_at: datetime
    until_at: datetime
    state: str
    people: tuple[OnDuty, ...]
    lack: Lack | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A role over one day."""

    column: Column
    parts: tuple[Part, ...]

    @property
    def state(self) -> str:
        return _worst(part.state for part in self.parts)


@dataclass(frozen=True, slots=True)
class Day:
    """One calendar day, or what is left of it. `gaps` are those that reach into it; `kind`: the word for a day that is
    not like others, or None."""

    day: date
    from_at: datetime
    until_at: datetime
    cells: tuple[Cell, ...]
    gaps: tuple[Gap, ...]
    kind: str | None

    @property
    def state(self) -> str:
        return _worst(cell.state for cell in self.cells)

    def count(self, state: str) -> int:
        return sum(cell.state == state for cell in self.cells)


@dataclass(frozen=True, slots=True)
class WeakPlace:
    """A role that is thin: through one person of his own, or because nobody fills it (`lack`). `day`: the first."""

    role: str
    day: date
    person: OnDuty | None
    lack: Lack | None


@dataclass(frozen=True, slots=True)
class DutyBoard:
    """What the readiness board shows."""

    columns: tuple[Column, ...]
    days: tuple[Day, ...]
    gaps: tuple[Gap, ...]
    weak: tuple[WeakPlace, ...]


@dataclass(frozen=True, slots=True)
class RungPart:
    """Whom a rung calls in a span. One that `is_empty` calls nobody itself: `people` are those of `told_rung`."""

    from_at: datetime
    until_at: datetime
    people: tuple[OnDuty, ...]
    told_rung: int
    lacks: tuple[Lack, ...]
    is_gap: bool
    is_empty: bool


P = TypeVar("P", Part, RungPart)


@dataclass(frozen=True, slots=True)
class RungDay:
    """One rung over one day."""

    protocol: ResponseProtocol
    step: Step
    rung: Rung
    parts: tuple[RungPart, ...]


def board(book: DutyBook, rules: Iterable[ResponseProtocol], *, channels: Collection[str], since: datetime,
          days: int, zone: ZoneInfo, day_kind: Callable[[date], str | None] = lambda day: None) -> DutyBoard:
    """So many calendar days of `zone`, the first one from `since` on. `book` holds what counts in them."""
    rules = tuple(rules)
    starts = midnights(since, days, zone)
    cut = tuple(spells(book, rules, channels=channels, since=since, until=starts[-1], also=starts))
    columns, found = _columns(rules), gaps_of(cut, rules)
    shown = []
    for from_at, until_at in zip([since, *starts[1:-1]], starts[1:], strict=True):
        of_day = [spell for spell in cut if from_at <= spell.from_at < until_at]
        day = from_at.astimezone(zone).date()
        shown.append(Day(day, from_at, until_at,
                         tuple(Cell(column, _parts(of_day, column.role, rules, channels)) for column in columns),
                         tuple(gap for gap in found if gap.from_at < until_at and gap.until_at > from_at),
                         day_kind(day)))
    return DutyBoard(columns, tuple(shown), found, _weak_places(shown))


def rungs(book: DutyBook, rules: Iterable[ResponseProtocol], *, channels: Collection[str], since: datetime,
          until: datetime) -> tuple[RungDay, ...]:
    """Every rung of every rule within [since, until): whom it calls, and what it lacks."""
    rules, given = tuple(rules), Conditions(channels)
    cut = tuple(spells(book, rules, channels=channels, since=since, until=until))
    return tuple(RungDay(protocol, step, rung, _merged(_rung_part(spell, step, rung, given) for spell in cut))
                 for protocol in rules for step in protocol.chased for rung in step.ladder)


def midnights(since: datetime, days: int, zone: ZoneInfo) -> list[datetime]:
    """The starts of so many calendar days from that of `since` on, and the end of the last one."""
    first = since.astimezone(zone).date()
    return [datetime.combine(first + timedelta(days=number), time(), zone).astimezone(UTC)
            for number in range(days + 1)]


def _columns(rules: Sequence[ResponseProtocol]) -> tuple[Column, ...]:
    found: dict[str, Column] = {}
    for protocol in rules:
        for step in protocol.chased:
            for rung in step.ladder:
                after = rung.from_start(step.within)
                for role in rung.tell:
                    if role not in found or after < found[role].called_after:
                        found[role] = Column(role, after, rung.anchor == OVERDUE_BY)
    return tuple(sorted(found.values(), key=lambda column: column.called_after))


def _parts(cut: Sequence[Spell], role: str, rules: Sequence[ResponseProtocol],
           channels: Collection[str]) -> tuple[Part, ...]:
    named = [rung for protocol in rules for step in protocol.chased for rung in step.ladder if role in rung.tell]
    by = None if any(rung.by is None for rung in named) else tuple(c for rung in named for c in rung.by or ())
    return _merged(_part(spell, role, named, by, channels) for spell in cut)


def _part(spell: Spell, role: str, named: Sequence[Rung], by: tuple[str, ...] | None,
          channels: Collection[str]) -> Part:
    findings = [spell.of(rung) for rung in named]
    gap = next((lack for finding in findings for lack in finding.gaps if lack.role == role), None)
    lack = gap or next((lack for finding in findings for lack in finding.lacks if lack.role == role), None)
    people = tuple(_on_duty(spell, holder, usable(holder.card, by, channels))
                   for holder in spell.book.holders(role, spell.from_at))
    if len([one for one in people if one.ways]) == 1:  # with two of them one may fail
        people = tuple(replace(one, weak=_weak(one, channels)) if one.ways else one for one in people)
    people = tuple(replace(one, weak=(*one.weak, DEAD)) if any(way.is_dead for way in one.ways) else one
                   for one in people)
    is_weak = lack is not None or any(one.weak for one in people)
    return Part(spell.from_at, spell.until_at, GAP if gap else WEAK if is_weak else OK, people, lack)


def _weak(one: OnDuty, channels: Collection[str]) -> tuple[str, ...]:
    on = [channel for channel in channels if channel != CONSOLE]
    real = [way for way in one.ways if way.channel != CONSOLE]
    found = [] if one.stand_in else [NO_STAND_IN]
    if on and not real:
        found.append(PAGE_ONLY)
    elif len(on) > 1 and len(real) == 1:
        found.append(ONE_WAY)
    return tuple(found)


def _rung_part(spell: Spell, step: Step, rung: Rung, given: Conditions) -> RungPart:
    """`heard` of a finding is shared by all rungs that ask for the same: its own number says nothing."""
    finding = spell.of(rung)
    heard, told_rung = finding.heard, rung.number
    if heard.is_empty:
        heard = who_hears(step, rung.number, roles_of(rung), book=spell.book, at=spell.from_at, given=given)
        told_rung = heard.rung
    people = tuple(_on_duty(spell, reached.holder, reached.ways) for reached in heard.reached)
    return RungPart(spell.from_at, spell.until_at, people, told_rung, finding.lacks, bool(finding.gaps),
                    finding.heard.is_empty)


def _on_duty(spell: Spell, holder: Holder, addresses: Mapping[str, str]) -> OnDuty:
    card = holder.card
    return OnDuty(card, holder.role, holder.why, holder.of,
                  tuple(_way(card, channel, address) for channel, address in addresses.items()),
                  spell.book.stand_in_of(card.key, spell.from_at))


def _way(card: PersonCard, channel: str, address: str) -> Way:
    contact = next((contact for contact in card.contacts
                    if contact.address == address and contact.kind == CONTACT_OF.get(channel)), None)
    return Way(channel, contact.last_delivered_at, contact.failed_at is not None) if contact else Way(channel, None)


def _merged(parts: Iterable[P]) -> tuple[P, ...]:
    """Neighbours that differ in nothing but their span are one."""
    found: list[P] = []
    for part in parts:
        if found and replace(part, from_at=found[-1].from_at, until_at=found[-1].until_at) == found[-1]:
            found[-1] = replace(found[-1], until_at=part.until_at)
        else:
            found.append(part)
    return tuple(found)


def _weak_places(days: Sequence[Day]) -> tuple[WeakPlace, ...]:
    found: dict[tuple[str, str, object], WeakPlace] = {}
    for day in days:
        for cell in day.cells:
            for part in cell.parts:
                if part.state != WEAK:
                    continue
                if part.lack is not None:
                    found.setdefault((cell.column.role, "", part.lack),
                                     WeakPlace(cell.column.role, day.day, None, part.lack))
                for one in part.people:
                    if one.weak:
                        found.setdefault((cell.column.role, one.card.key, one.weak),
                                         WeakPlace(cell.column.role, day.day, one, None))
    return tuple(found.values())


def _worst(states: Iterable[str]) -> str:
    return max(states, key=STATES.index, default=OK)
