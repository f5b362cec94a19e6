"""The forecast (预演): who will be told what, when and why, as long as nothing is logged and nobody answers.

Decided by the engine's own `course.py` on the roster of the whole span, read once. Nothing is sent or written.
All open incidents go on side by side in the engine's order, because they use up the same numbers' days.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from incident_clock.channels.masking import mask_address
from incident_clock.engine import reasons
from incident_clock.engine.course import Course, Happening, RungCall, Surroundings, midnight_of
from incident_clock.outbox import queue
from incident_clock.outbox.messages import REMINDER, STAND_IN
from incident_clock.people import roster
from incident_clock.people.calling import BUDGETED, Conditions, Heard
from incident_clock.people.cards import CONSOLE, PersonCard
from incident_clock.people.drill_book import EMPTY, DrillBook
from incident_clock.people.duty import Holder
from incident_clock.people.readiness import why_lacking
from incident_clock.protocol.deadlines import due_at
from incident_clock.protocol.ladder import PassedOver, first_rung_at
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry import calls, incidents
from incident_clock.registry.obligations import step_of
from incident_clock.registry.tables import Called, Deadline, Incident
from incident_clock.store.session import Store
from incident_clock.views import names
from incident_clock.views.forecast_shapes import Again, Call, Forecast, Recipient
from incident_clock.views.incidents import find
from incident_clock.views.shapes import Name

AT_LEAST = timedelta(hours=24)  # how far the forecast looks, and further while a step is not due
PAST_DUE = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)
NEVER = datetime.max.replace(tzinfo=UTC)
MOST_BESIDE = 30  # other open incidents that are gone on with: each takes milliseconds


@dataclass(frozen=True, slots=True)
class Forecaster:
    """Bound to what the engine ticks with: database, channels, zone and daily budget."""

    store: Store
    channels: Callable[[Session], Collection[str]]
    zone: ZoneInfo
    daily_budget: int
    drill_book: DrillBook = EMPTY

    def of_incident(self, number_or_id: str | int, now: datetime, *, until: datetime | None = None) -> Forecast:
        """From now on, for the open steps of an incident. Raises NotFound."""
        with self.store.read() as session:
            incident = find(session, number_or_id)
            rule = incidents.rule_of(incident)
            open_ones = [deadline for deadline in incident.deadlines if deadline.settled_at is None]
            courses = _courses(open_ones, calls.called(session, incident.id))
            return self._forecast(session, rule, courses, incident_id=incident.id,
                                  registered_at=incident.registered_at, now=now, until=until,
                                  is_drill=incident.is_drill,
                                  reopened_at={deadline.step: deadline.reopened_at for deadline in open_ones})

    def if_one_came_in(self, protocol: ResponseProtocol, now: datetime, *, until: datetime | None = None) -> Forecast:
        """For an incident received and registered now, after all that are open."""
        courses = [Course(step, now, due_at(step, now), first_rung_at(step, now), None, {})
                   for step in protocol.steps]
        with self.store.read() as session:
            return self._forecast(session, protocol, courses, incident_id=None, registered_at=now, reopened_at={},
                                  now=now, until=until)

    def _forecast(self, session: Session, rule: ResponseProtocol, courses: Sequence[Course], *,
                  incident_id: int | None, registered_at: datetime, reopened_at: Mapping[str, datetime | None],
                  now: datetime, until: datetime | None, is_drill: bool = False) -> Forecast:
        until = until or max([now + AT_LEAST, *(course.due_at + PAST_DUE for course in courses)])
        book, channels = roster.duty_book(session, now, until), self.channels(session)
        if is_drill:
            book, channels = self.drill_book.duty_book(book), self.drill_book.channels(channels)
        around = Surroundings(
            now=now, book=book, channels=channels, daily_budget=self.daily_budget,
            sent_today=queue.counted(session, channel=BUDGETED, addresses=book.addresses(BUDGETED),
                                     since=midnight_of(now, self.zone), is_drill=is_drill))
        before, after, uncounted = (_beside(session, incident_id, until, is_drill=is_drill)
                                    if BUDGETED in around.channels else ([], [], 0))
        teller = _Teller(registered_at, reopened_at, book.people, _masked(book.people))
        own = {id(course) for course in courses}
        coming = [call
                  for course, happening in _walk([*before, *courses, *after], around, until=until, zone=self.zone)
                  if id(course) in own for call in teller.calls(course, happening, around)]
        return Forecast(rule, now, until, tuple((course.step, course.due_at) for course in courses),
                        tuple(_fold(coming)), uncounted)


# ── what is open ──────────────────────────────────────────────────────────────
def _courses(open_ones: Iterable[Deadline], called: Iterable[Called]) -> list[Course]:
    """The courses of one incident, in the engine's order. `called`: everybody called in it."""
    by_step = defaultdict(list)
    for row in called:
        by_step[row.step].append(row)
    return [Course(step_of(deadline), deadline.started_at, deadline.due_at, deadline.next_rung_at, deadline.passed_at,
                   calls.states(by_step[deadline.step])) for deadline in open_ones]


def _beside(session: Session, incident_id: int | None, until: datetime, *,
            is_drill: bool) -> tuple[list[Course], list[Course], int]:
    """The courses of the other open incidents which the engine takes before this one and after it; and how many
    incidents were left out, because there are too many. None: this one is the last. Drills have a day of their own:
    only they are beside a drill, and never beside a real one."""
    waking = select(Deadline.incident_id, func.min(Deadline.wake_at)).join(Incident).where(
        Incident.is_drill.is_(is_drill),
        Deadline.settled_at.is_(None), Deadline.wake_at <= until, Deadline.incident_id != (incident_id or 0))
    ids = [row[0] for row in session.execute(waking.group_by(Deadline.incident_id)
                                             .order_by(func.min(Deadline.wake_at), Deadline.incident_id))]
    counted, called = ids[:MOST_BESIDE], defaultdict(list)
    for row in session.scalars(select(Called).where(Called.incident_id.in_(counted))
                               .order_by(Called.told_at, Called.id)):
        called[row.incident_id].append(row)
    before, after = list[Course](), list[Course]()
    for other in session.scalars(select(Incident).where(Incident.id.in_(counted)).order_by(Incident.id)
                                 .options(selectinload(Incident.deadlines))):
        side = after if incident_id is not None and other.id > incident_id else before
        side += _courses([each for each in other.deadlines if each.settled_at is None], called[other.id])
    return before, after, len(ids) - len(counted)


# ── going on as the engine would ──────────────────────────────────────────────
def _walk(courses: Sequence[Course], around: Surroundings, *, until: datetime,
          zone: ZoneInfo) -> Iterator[tuple[Course, Happening]]:
    """Every instant at which the engine would wake, up to `until`; `around` is taken along."""
    whole, at = around.book, around.now
    cuts = [*whole.changes(at, until + MOMENT), until + MOMENT]
    around.book = whole.during(at, cuts[0])
    waking = [course.wake_at or NEVER for course in courses]
    while True:
        while at >= cuts[0]:
            around.book, around.heard = whole.during(cuts.pop(0), cuts[0]), {}
        if midnight_of(at, zone) != midnight_of(around.now, zone):
            around.begin_day({})
        around.now = at
        for place, course in enumerate(courses):
            if waking[place] <= at:
                yield course, course.go_on(around)
                waking[place] = course.wake_at or NEVER
        at = min(waking, default=NEVER)
        if at > until:
            return


@dataclass(frozen=True, slots=True)
class _Teller:
    """Decisions as calls to read. `registered_at`, `reopened_at` (by step): since when the engine knew; `masked`:
    every address as it may be shown; `told`: recipients by the identity of what they come from, which comes again."""

    registered_at: datetime
    reopened_at: Mapping[str, datetime | None]
    people: Mapping[str, PersonCard]
    masked: Mapping[str, str]
    told: dict[int, tuple[Heard, tuple[Recipient, ...]]] = field(default_factory=dict)

    def calls(self, course: Course, happening: Happening, around: Surroundings) -> Iterator[Call]:
        decision = happening.decision
        if decision is not None:
            reason = reasons.reason(decision, registered_at=self.registered_at, now=around.now,
                                    reopened_at=self.reopened_at.get(course.step.key))
            for rung in happening.rungs:
                yield self._rung(course, rung, around, reason, decision.passed_over)
        for call in happening.stand_ins:
            recipients = (self._recipient(call.holder, call.ways),) if call.ways else ()
            yield Call(around.now, around.now, STAND_IN, course.step, course.due_at, call.rung, 0, call.rung,
                       "no_answer", recipients, in_place_of=self._name(call.in_place_of), outcome=call.reason)

    def _rung(self, course: Course, called: RungCall, around: Surroundings, reason: str,
              passed_over: tuple[PassedOver, ...]) -> Call:
        occurrence, heard = called.occurrence, called.heard
        return Call(
            around.now, occurrence.at, REMINDER, course.step, course.due_at, occurrence.rung, occurrence.repeat,
            heard.rung, reason,
            self._recipients(heard),
            skipped=heard.skipped, passed_over=passed_over,
            paused=tuple((self._name(card.key), until) for card in heard.paused
                         if (until := course.called[heard.rung, card.key].paused_until)),
            capped=tuple(self._name(card.key) for card in heard.capped),
            lacks=tuple(why_lacking(around.book, role, around.now, Conditions(around.channels))
                        for role in heard.unreachable))

    def _recipients(self, heard: Heard) -> tuple[Recipient, ...]:
        if id(heard) not in self.told:
            self.told[id(heard)] = heard, tuple(
                self._recipient(one.holder, one.ways, is_capped=one.is_capped) for one in heard.reached)
        return self.told[id(heard)][1]

    def _recipient(self, holder: Holder, ways: Mapping[str, str], *, is_capped: bool = False) -> Recipient:
        return Recipient(
            Name(holder.card.key, holder.card.name, holder.role), holder.why,
            self._name(holder.of) if holder.of else None, holder.from_at, holder.until_at,
            tuple((channel, self.masked[address]) for channel, address in ways.items()), is_capped)

    def _name(self, key: str) -> Name:
        return names.name_of(self.people[key]) if key in self.people else Name(key, key, "")


def _masked(people: Mapping[str, PersonCard]) -> dict[str, str]:
    """Address → how it is shown; the page itself has none."""
    return {address: "" if channel == CONSOLE else mask_address(address)
            for card in people.values() for channel, address in card.addresses().items()}


# ── repeats that say nothing new ──────────────────────────────────────────────
@dataclass(slots=True)
class _Run:
    """Calls of one rung that follow one another and go to the same people."""

    first: Call
    instants: list[datetime] = field(default_factory=list)


def _fold(coming: Iterable[Call]) -> list[Call]:
    """Each run of repeats as its first call, which tells how often it comes again."""
    runs: list[_Run] = []
    latest: dict[tuple[str, int], _Run] = {}
    for call in coming:
        place = call.step.key, call.rung
        run = latest.get(place) if call.kind == REMINDER else None
        is_same = run is not None and call.repeat == run.first.repeat + len(run.instants) and replace(
            call, at=run.first.at, planned_at=run.first.planned_at, repeat=run.first.repeat) == run.first
        if run is None or not is_same:
            run = _Run(call)
            runs.append(run)
            if call.kind == REMINDER:
                latest[place] = run
        run.instants.append(call.planned_at)
    last = {id(run) for run in latest.values()}
    return [replace(run.first, again=_again(run, goes_on=id(run) in last)) for run in runs]


def _again(run: _Run, *, goes_on: bool) -> tuple[Again, ...]:
    """The repeats of a run, a segment per pace. `goes_on`: no other run of this rung follows within the horizon."""
    found: list[Again] = []
    for before, at in zip(run.instants, run.instants[1:], strict=False):
        if found and found[-1].every == at - before:
            found[-1] = replace(found[-1], times=found[-1].times + 1, last_at=at)
        else:
            found.append(Again(at - before, 1, at, at))
    repeats = run.first.step.ladder[run.first.rung - 1].repeats
    counted = sum(repeat.times for repeat in repeats if repeat.times is not None)
    last = run.first.repeat + len(run.instants) - 1
    if found and goes_on and last > counted:
        found[-1] = replace(found[-1], is_endless=True)
    return tuple(found)
