"""Whom one call of a rung reaches, pure: roles become persons with addresses, and an empty rung is gone over.

Engine, readiness board and forecast all ask here, so that they cannot disagree.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from incident_clock.people.cards import CONSOLE, PersonCard
from incident_clock.people.duty import DutyBook, Holder
from incident_clock.protocol.steps import Rung, Step

BUDGETED = "sms"  # the channel whose numbers have a daily budget
LEADER_ROLES = ("duty_leader", "deputy", "head", "spokesman")
STAND_IN_AFTER = timedelta(minutes=2)
LAST_PART = 4  # stand-ins are called in the last quarter of a step (domain 3.5)

Roles = Mapping[str, tuple[str, ...] | None]  # role → channels it is told on; None: every one


@dataclass(frozen=True, slots=True)
class Reached:
    """One person who is told. `is_capped`: his number has used up its day, so that other channels carry it."""

    holder: Holder
    ways: Mapping[str, str]  # channel → address
    is_capped: bool = False

    @property
    def card(self) -> PersonCard:
        return self.holder.card


@dataclass(frozen=True, slots=True)
class Heard:
    """Who hears of one call. `rung` is the rung whose people are told; `skipped` the empty ones gone over for it,
    the call's own first. `unreachable`: roles with nobody, or nobody with a usable address. `paused`: those who have
    acknowledged and are left alone for now. `capped`: those whom the budget alone keeps from being told."""

    rung: int
    skipped: tuple[int, ...]
    reached: tuple[Reached, ...]
    unreachable: tuple[str, ...]
    paused: tuple[PersonCard, ...] = ()
    capped: tuple[PersonCard, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.reached and not self.paused


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a call meets when it is made: the channels switched on, who is left alone, which numbers are used up.

    `is_paused(rung, person)`; `is_spent(address, person)`: the number's day is used up and this is not the first
    notice of the step to him.
    """

    channels: Collection[str]
    is_paused: Callable[[int, str], bool] = lambda rung, person: False
    is_spent: Callable[[str, str], bool] = lambda address, person: False


def who_hears(step: Step, rung: int, roles: Roles, *, book: DutyBook, at: datetime, given: Conditions) -> Heard:
    """Who is told when `rung` of `step` is called at `at` with `roles` (after a gap the union of several rungs).

    A rung that reaches nobody is gone over at once: the next above it with anybody is told, else the next below.
    A budget alone never silences a ladder: where it would, it is set aside.
    """
    heard = _climb(step, rung, roles, book=book, at=at, given=given)
    if heard.is_empty and heard.capped:
        return _climb(step, rung, roles, book=book, at=at, given=Conditions(given.channels, given.is_paused))
    return heard


def reach(rung: int, roles: Roles, *, book: DutyBook, at: datetime, given: Conditions) -> Heard:
    """Who of these roles is told, without going over to another rung. Each person counts once."""
    holders: dict[str, Holder] = {}
    ways: dict[str, dict[str, str]] = {}
    unreachable = []
    for role, by in roles.items():
        found_ways = {holder.card.key: (holder, usable(holder.card, by, given.channels))
                  for holder in book.holders(role, at)}
        if not any(found for _, found in found_ways.values()):
            unreachable.append(role)
        for key, (holder, found) in found_ways.items():
            if found:
                holders.setdefault(key, holder)
                ways.setdefault(key, {}).update(found)
    reached, paused, capped = [], [], []
    for key, holder in holders.items():
        one = _within_budget(holder, ways[key], given)
        if given.is_paused(rung, key):
            paused.append(holder.card)
        elif one is None:
            capped.append(holder.card)
        else:
            reached.append(one)
    return Heard(rung, (), tuple(reached), tuple(unreachable), tuple(paused), tuple(capped))


def needs_stand_in(step: Step, holder: Holder, *, due: datetime, at: datetime) -> bool:
    """Whether silence of this person is answered by his stand-in: a leader, told in the last quarter of the step."""
    return holder.role in LEADER_ROLES and due - step.within / LAST_PART <= at < due


def answers_needed(rung: Rung, told: int) -> int:
    """How many of the `told` must acknowledge before the rung counts as answered."""
    if rung.answers is None or rung.answers == "all":
        return told
    return min(told, 1 if rung.answers == "any" else int(rung.answers))


def roles_of(rung: Rung) -> Roles:
    return dict.fromkeys(rung.tell, rung.by)


def _climb(step: Step, rung: int, roles: Roles, *, book: DutyBook, at: datetime, given: Conditions) -> Heard:
    first = heard = reach(rung, roles, book=book, at=at, given=given)
    skipped, unreachable, capped = [], [*first.unreachable], [*first.capped]
    for other in _others(step, rung):
        if not heard.is_empty:
            break
        skipped.append(heard.rung)
        heard = reach(other.number, roles_of(other), book=book, at=at, given=given)
        unreachable += heard.unreachable
        capped += heard.capped
    if heard.is_empty:
        return replace(first, capped=tuple(dict.fromkeys(capped)))
    return Heard(heard.rung, tuple(skipped), heard.reached, tuple(dict.fromkeys(unreachable)), heard.paused,
                 tuple(dict.fromkeys(capped)))


def _others(step: Step, number: int) -> Iterator[Rung]:
    """Upwards from a rung, then downwards."""
    yield from (rung for rung in step.ladder if rung.number > number)
    yield from (rung for rung in reversed(step.ladder) if rung.number < number)


def usable(card: PersonCard, by: tuple[str, ...] | None, channels: Collection[str]) -> dict[str, str]:
    """Channel → address: the channels that are on, that the rung names (None: any), and that he has."""
    return {channel: address for channel, address in card.addresses().items()
            if channel in channels and (by is None or channel in by or channel == CONSOLE)}


def _within_budget(holder: Holder, ways: dict[str, str], given: Conditions) -> Reached | None:
    """The ways left when a number's day is used up: others it was not asked for, too; None when there is none."""
    if BUDGETED not in ways or not given.is_spent(ways[BUDGETED], holder.card.key):
        return Reached(holder, ways)
    others = {channel: address for channel, address in holder.card.addresses().items()
              if channel in given.channels and channel != BUDGETED}
    return Reached(holder, others, is_capped=True) if others else None
