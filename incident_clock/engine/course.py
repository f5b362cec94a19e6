"""The course of one open step, decided without a database: which rungs are called now, who hears of it, whose
stand-ins are called, when to look again. The engine carries it out (`raising.py`); the forecast only goes on with it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from incident_clock.engine import alerts
from incident_clock.people import calling
from incident_clock.people.calling import BUDGETED, STAND_IN_AFTER, Conditions, Heard, Roles
from incident_clock.people.cards import PersonCard
from incident_clock.people.duty import STAND_IN, DutyBook, Holder
from incident_clock.protocol import ladder
from incident_clock.protocol.deadlines import overdue_from
from incident_clock.protocol.ladder import Decision, Occurrence
from incident_clock.protocol.steps import Rung, Step
from incident_clock.registry import calls
from incident_clock.registry.calls import States
from incident_clock.registry.case import wake_at

CALLED, TOLD_ALREADY, NOBODY = "called", "told_already", "nobody"  # what came of calling a stand-in


@dataclass(slots=True)
class Surroundings:
    """What every step meets at one instant: who is on duty, the channels that are on, what each number has had.

    `sent_today`: address → text messages since midnight, counted on as more are decided. `heard`: who hears of what,
    by the circumstances (and the step, so that it stays the one meant); holds as long as the book does.
    """

    now: datetime
    book: DutyBook
    channels: Collection[str]
    daily_budget: int
    sent_today: dict[str, int]
    heard: dict[tuple[object, ...], tuple[Step, Heard]] = field(default_factory=dict)
    spent: frozenset[str] = field(init=False)  # the numbers whose day is used up

    def __post_init__(self) -> None:
        self.begin_day(self.sent_today)

    def begin_day(self, sent_today: dict[str, int]) -> None:
        self.sent_today = sent_today
        self.spent = frozenset(address for address, sent in sent_today.items() if sent >= self.daily_budget)

    def count(self, ways: Mapping[str, str]) -> None:
        if BUDGETED not in ways:
            return
        address = ways[BUDGETED]
        self.sent_today[address] = sent = self.sent_today.get(address, 0) + 1
        if sent == self.daily_budget:
            self.spent |= {address}


@dataclass(frozen=True, slots=True)
class RungCall:
    """One rung is called, and who hears of it."""

    occurrence: Occurrence
    heard: Heard


@dataclass(frozen=True, slots=True)
class StandInCall:
    """A leader did not answer. `reason`: `called`, `told_already` or `nobody`; `card` is his B角, if there is one."""

    rung: int
    in_place_of: str
    reason: str
    card: PersonCard | None
    ways: Mapping[str, str]

    @property
    def holder(self) -> Holder:
        """The one who is called, and in whose place."""
        assert self.card is not None
        return Holder(self.card, self.card.roles[0], STAND_IN, of=self.in_place_of)


@dataclass(frozen=True, slots=True)
class Happening:
    """What one instant brings. `decision` None: no rung was due."""

    passed_at: datetime | None = None
    decision: Decision | None = None
    rungs: tuple[RungCall, ...] = ()
    stand_ins: tuple[StandInCall, ...] = ()


@dataclass(slots=True)
class Course:
    """One open step on its way. `called`: who was called on it so far, and where he stands; it grows."""

    step: Step
    started_at: datetime
    due_at: datetime
    next_rung_at: datetime | None
    passed_at: datetime | None
    called: States

    @property
    def wake_at(self) -> datetime | None:
        """When to look again: the next rung, the end of the due minute, or a leader's stand-in."""
        ladder_at = wake_at(self.next_rung_at, self.due_at, self.passed_at)
        return min((at for at in (ladder_at, *(one.stand_in_at for one in self.called.values())) if at), default=None)

    def go_on(self, around: Surroundings) -> Happening:
        """Decide all that is due, and take it as having happened."""
        passed_at, decision, rungs = None, None, []
        if self.passed_at is None and overdue_from(self.due_at) <= around.now:
            self.passed_at = passed_at = overdue_from(self.due_at)
        if self.next_rung_at is not None and self.next_rung_at <= around.now:
            decision = ladder.decide(self.step, started=self.started_at, next_rung_at=self.next_rung_at,
                                     now=around.now)
            rungs = [self._call(occurrence, decision, around) for occurrence in decision.raised]
            self.next_rung_at = decision.next_rung_at
        return Happening(passed_at, decision, tuple(rungs), self._call_stand_ins(around))

    def _call(self, occurrence: Occurrence, decision: Decision, around: Surroundings) -> RungCall:
        heard = self._who_hears(occurrence, alerts.roles_of(self.step, decision, occurrence), around)
        for one in heard.reached:
            around.count(one.ways)
            is_leader = calling.needs_stand_in(self.step, one.holder, due=self.due_at, at=around.now)
            calls.note(self.called, heard.rung, one.card.key, now=around.now,
                       stand_in_at=around.now + STAND_IN_AFTER if is_leader else None)
        return RungCall(occurrence, heard)

    def _who_hears(self, occurrence: Occurrence, roles: Roles, around: Surroundings) -> Heard:
        """Repeats leave out who has acknowledged; the first notice of a step is never held back by a budget.

        The same circumstances give the same answer: a forecast meets them over and over."""
        is_repeat = occurrence.repeat > 0
        paused = frozenset([place for place, one in self.called.items()
                            if one.paused_until is not None and one.paused_until > around.now])
        spent = around.spent
        told = frozenset([person for _, person in self.called]) if spent else frozenset()
        place = id(self.step), occurrence.rung, is_repeat, tuple(roles.items()), paused, spent, told
        if place not in around.heard:
            around.heard[place] = self.step, calling.who_hears(
                self.step, occurrence.rung, roles, book=around.book, at=around.now,
                given=Conditions(
                    around.channels,
                    is_paused=lambda rung, person: ((is_repeat or rung != occurrence.rung)
                                                    and (rung, person) in paused),
                    is_spent=lambda address, person: person in told and address in spent))
        return around.heard[place][1]

    # ── leaders who do not answer ─────────────────────────────────────────────
    def _call_stand_ins(self, around: Surroundings) -> tuple[StandInCall, ...]:
        made = []
        rungs = {rung.number: rung for rung in self.step.ladder}
        due = [(rung, person) for (rung, person), one in self.called.items()
               if one.stand_in_at is not None and one.stand_in_at <= around.now and rung in rungs]
        for rung, person in due:
            self.called[rung, person].stand_in_at = None
            if not self._is_answered(rungs[rung]):
                made.append(self._call_stand_in(rungs[rung], person, around))
        return tuple(made)

    def _is_answered(self, rung: Rung) -> bool:
        own = [one for (number, _), one in self.called.items() if number == rung.number and one.in_place_of is None]
        return sum(one.answered_at is not None for one in own) >= calling.answers_needed(rung, len(own))

    def _call_stand_in(self, rung: Rung, leader: str, around: Surroundings) -> StandInCall:
        card = around.book.stand_in_of(leader, around.now)
        ways = calling.usable(card, rung.by, around.channels) if card else {}
        if card is None or not ways:
            return StandInCall(rung.number, leader, NOBODY, None, {})
        if (rung.number, card.key) in self.called:
            return StandInCall(rung.number, leader, TOLD_ALREADY, card, {})
        around.count(ways)
        calls.note(self.called, rung.number, card.key, now=around.now, in_place_of=leader)
        return StandInCall(rung.number, leader, CALLED, card, ways)


def midnight_of(now: datetime, zone: ZoneInfo) -> datetime:
    """When the day of every number's budget began."""
    return datetime.combine(now.astimezone(zone).date(), datetime.min.time(), zone)
