"""Who stands in for whom, pure: shifts, covers, leave and acting deputies folded into "who holds this role now".

The rule, in this order. A role that has a shift is rostered: from its first shift on only shifts decide, before it
and without any, everybody who has the role in the directory holds it. A cover puts one person in another's shift.
Who is away is replaced by his acting deputy, else by his stand-in (B角), who may be away himself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from incident_clock.people.cards import PersonCard
from incident_clock.protocol.steps import PERSON

ROSTERED_ROLES = ("duty_officer", "duty_chief", "duty_leader")

DIRECTORY, SHIFT, COVER, ACTING, STAND_IN = "directory", "shift", "cover", "acting", "stand_in"  # why somebody holds


@dataclass(frozen=True, slots=True)
class OnShift:
    """A shift, or a cover when `instead_of` names whose shift it takes over. The end is not included."""

    role: str
    person: str
    from_at: datetime
    until_at: datetime
    instead_of: str | None = None
    id: int = 0

    def holds_at(self, at: datetime) -> bool:
        return self.from_at <= at < self.until_at


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody is away; `acting` takes his place, or None."""

    person: str
    acting: str | None
    from_at: datetime
    until_at: datetime
    id: int = 0

    def holds_at(self, at: datetime) -> bool:
        return self.from_at <= at < self.until_at


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a role at an instant, and why.

    `why`: directory, shift, cover, acting or stand_in. `of`: the key of the person whose place he takes (None: his
    own). `from_at`, `until_at`: the shift, cover or leave that makes it so.
    """

    card: PersonCard
    role: str
    why: str
    of: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DutyBook:
    """Everything that decides who holds a role within [since, until], read at once.

    `people`: active persons by key, in the order of the directory; `former`: those who have left and are still on the
    roster. `rostered_from`: role → start of its first shift.
    """

    people: Mapping[str, PersonCard]
    shifts: Sequence[OnShift] = ()
    covers: Sequence[OnShift] = ()
    absences: Sequence[Away] = ()
    rostered_from: Mapping[str, datetime] = field(default_factory=dict)
    former: Mapping[str, PersonCard] = field(default_factory=dict)

    def holders(self, role: str, at: datetime) -> tuple[Holder, ...]:
        """Who holds `role` at `at`, each person once; empty when nobody does."""
        found: dict[str, Holder] = {}
        for holder in self._named(role, at):
            present = self._present(holder, at)
            if present is not None:
                found.setdefault(present.card.key, present)
        return tuple(found.values())

    def stand_in_of(self, key: str, at: datetime) -> PersonCard | None:
        """The B角 of a person who does not answer, or whoever stands for that one; None when nobody does."""
        card = self.people.get(key)
        second = self.people.get(card.stand_in) if card and card.stand_in and card.stand_in != key else None
        present = self._present(Holder(second, "", STAND_IN, of=key), at, asked=(key,)) if second else None
        return present.card if present else None

    def is_rostered(self, role: str, at: datetime) -> bool:
        return role in self.rostered_from and self.rostered_from[role] <= at

    def absence_of(self, key: str, at: datetime) -> Away | None:
        """The leave that holds at `at`; of several the one entered last."""
        return max((away for away in self.absences if away.person == key and away.holds_at(at)),
                   key=lambda away: away.id, default=None)

    def changes(self, since: datetime, until: datetime) -> list[datetime]:
        """The instants in (since, until) at which an answer may change, in order: between them nothing does."""
        spans: Iterable[OnShift | Away] = (*self.shifts, *self.covers, *self.absences)
        instants = {at for span in spans for at in (span.from_at, span.until_at)} | set(self.rostered_from.values())
        return sorted(at for at in instants if since < at < until)

    def during(self, since: datetime, until: datetime) -> "DutyBook":
        """The book without what is over at `since` or begins at `until` or later."""
        def counts(span: OnShift | Away) -> bool:
            return span.from_at < until and span.until_at > since

        return replace(self, shifts=[*filter(counts, self.shifts)], covers=[*filter(counts, self.covers)],
                       absences=[*filter(counts, self.absences)])

    def addresses(self, channel: str) -> list[str]:
        """Every address of `channel` that somebody has."""
        return [address for card in self.people.values() if (address := card.addresses().get(channel))]

    def _named(self, role: str, at: datetime) -> list[Holder]:
        """Whom roster or directory name, before anybody's leave is looked at."""
        if role.startswith(PERSON):
            return self._one(role.removeprefix(PERSON))
        if not self.is_rostered(role, at):
            return [Holder(card, role, DIRECTORY) for card in self.people.values() if role in card.roles]
        named = []
        for shift in self.shifts:
            if shift.role != role or not shift.holds_at(at):
                continue
            key, cover = self._covered(shift, at)
            duty = cover or shift
            if key in self.people:
                named.append(Holder(self.people[key], role, COVER if cover else SHIFT,
                                    of=shift.person if cover else None, from_at=duty.from_at, until_at=duty.until_at))
            elif key in self.former and (second := self.people.get(self.former[key].stand_in or "")):
                named.append(Holder(second, role, STAND_IN, of=key, from_at=duty.from_at, until_at=duty.until_at))
        return named

    def _one(self, key: str) -> list[Holder]:
        """A person himself; who has left is followed by his B角."""
        if key in self.people:
            return [Holder(self.people[key], self.people[key].roles[0], DIRECTORY)]
        second = self.people.get(self.former[key].stand_in or "") if key in self.former else None
        return [Holder(second, second.roles[0], STAND_IN, of=key)] if second else []

    def _covered(self, shift: OnShift, at: datetime) -> tuple[str, OnShift | None]:
        """Who really does this shift: covers of covers are followed, the one entered last decides."""
        key, last, seen = shift.person, None, {shift.person}
        while True:
            cover = max((c for c in self.covers if c.role == shift.role and c.instead_of == key and c.holds_at(at)
                         and c.person in self.people), key=lambda c: c.id, default=None)
            if cover is None or cover.person in seen:
                return key, last
            key, last = cover.person, cover
            seen.add(key)

    def _present(self, holder: Holder, at: datetime, asked: tuple[str, ...] = ()) -> Holder | None:
        """The holder himself, or whoever stands for him while he is away; None when that leads to nobody."""
        away = self.absence_of(holder.card.key, at)
        if away is None:
            return holder
        asked = (*asked, holder.card.key)
        for key, why in ((away.acting, ACTING), (holder.card.stand_in, STAND_IN)):
            card = self.people.get(key) if key and key not in asked else None
            if card is None:
                continue
            first = holder.of if holder.why in (ACTING, STAND_IN) else holder.card.key
            present = self._present(Holder(card, holder.role, why, of=first, from_at=away.from_at,
                                           until_at=away.until_at), at, asked)
            if present is not None:
                return present
        return None
