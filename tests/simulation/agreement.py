"""Forecast and readiness beside what the engine then really does, on a real database and a virtual clock.

The time is cut into spans. At the head of each, people act (register, acknowledge, log, take back, change the roster);
then the engine walks through it alone, wake by wake. At the head and at two instants within, everything open is forecast
up to the end of the span.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from unittest.mock import patch

from sqlalchemy import select, update

from incident_clock.casework import CaseDesk
from incident_clock.engine.tick import Ticker
from incident_clock.errors import Refusal
from incident_clock.ledger.chain import plain
from incident_clock.outbox.messages import REMINDER, STAND_IN
from incident_clock.outbox.tables import Message
from incident_clock.people import readiness, roster
from incident_clock.people.readiness import Gap
from incident_clock.registry import calls, ledger
from incident_clock.registry.drafts import NewIncident, StepLog
from incident_clock.registry.tables import Deadline, Incident
from incident_clock.store.session import Store
from incident_clock.views import forecast
from incident_clock.views.forecast import Forecaster
from incident_clock.views.forecast_shapes import Call, Forecast
from tests.simulation.drawn import MINUTE, Draw
from tests.support.bureau import ZHOU, ZONE, rule

MIDNIGHT = datetime(2026, 3, 12, 16, 0, tzinfo=UTC)  # in Shanghai; the spans lie around it
Row = tuple[object, ...]


class Disagreement(AssertionError):
    """What was foretold is not what happened."""


@dataclass
class Case:
    """One forecast, and the span it speaks of."""

    incident_id: int
    since: datetime
    until: datetime
    rows: Counter[Row]


@dataclass
class Play:
    """One database, from its seed. `is_capped`: a small budget and up to three open incidents, which use it up together
    and of which each must foresee what the others send."""

    seed: int
    store: Store
    is_capped: bool = False
    forecasting: Callable[[], AbstractContextManager] = nullcontext  # where a bug of one side alone is planted
    ticking: Callable[[], AbstractContextManager] = nullcontext
    cases: list[Case] = field(default_factory=list)
    gaps: list[tuple[datetime, datetime, tuple[Gap, ...]]] = field(default_factory=list)
    compared: int = 0  # cases in which something was to come
    calls: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.draw = Draw(self.random)
        self.now = MIDNIGHT - self.random.randint(30, 400) * MINUTE
        self.began_at = self.now
        self.rules = {one.key: one for one in (
            rule(), rule("general-48h"), *(self.draw.rule(f"rule-{number}") for number in range(7)))}
        self.channels = self.draw.channels() if not self.is_capped else ("sms", *self.random.choice(((), ("email",))))
        budget = self.random.choice((1, 2, 3, 5)) if self.is_capped else 100_000
        self.ticker = Ticker(self.store, lambda session: self.channels, ZONE, budget)
        self.forecaster = Forecaster(self.store, lambda session: self.channels, ZONE, budget)
        self.desk = CaseDesk(self.store, self.rules, "rule-0", ZONE)
        with self.store.write() as session:
            self.draw.people(session, self.now)
            self.keys = [card.key for card in roster.everybody(session)]
            self.draw.roster(session, self.keys, self.now, self.now + timedelta(hours=12))

    def run(self, spans: int, incidents: int) -> "Play":
        for _ in range(spans):
            self._act(incidents)
            length = self.random.choice((11, 17, 25, 40)) * MINUTE + timedelta(seconds=self.random.choice((0, 7, 31)))
            end = self.now + length
            for share in sorted((0, 0.7 * self.random.random(), 0.7 * self.random.random())):
                if share:
                    self._work(end - length * (1 - share))
                self._foretell(end)
            self._work(end)
            self.now += self.random.choice((1, 1, 1, 4, 18)) * MINUTE  # nobody at work: what falls due now is caught up
        self._compare()
        return self

    # ── people ──────────────────────────────────────────────────────────────────
    def _act(self, incidents: int) -> None:
        if self.is_capped:
            if not self.cases or self.random.random() < 0.5:
                self._settle_all()
                for _ in range(self.random.choice((1, 2, 3))):
                    self._register()
        else:
            for _ in range(incidents):
                self._register()
        for number in self._open():
            if self.random.random() < 0.5:
                self._answer(number)
            if self.random.random() < 0.15:
                self._attempt(lambda n=number: self._log_or_withdraw(n))
        if self.random.random() < 0.6:
            with self.store.write() as session:
                self.draw.change(session, self.keys, self.now, self.now + timedelta(hours=2))

    def _register(self) -> None:
        key = self.random.choice((*self.rules, *list(self.rules)[2:]))
        received = self.now - self.random.choice((0, 0, 0, 1, 9, 35, 90)) * MINUTE
        done = self.desk.register(NewIncident(title=f"第{len(self.cases)}起", received_at=received, protocol=key),
                                  actor=ZHOU, now=self.now)
        if received == self.now and not self.is_capped:  # "if one came in now" has to say the same; it came, and counts
            self._hypothetical = (done.incident_id, key)

    def _answer(self, number: int) -> None:
        with self.store.read() as session:
            rows = calls.called(session, number)
        for row in self.random.sample(rows, min(len(rows), self.random.choice((1, 1, 3)))):
            self._attempt(lambda row=row: self.desk.acknowledge(
                number, row.person, how=calls.PHONE, actor=ZHOU, now=self.now,
                step=self.random.choice((None, row.step))))

    def _log_or_withdraw(self, number: int) -> None:
        if self._hypothetical is not None and self._hypothetical[0] == number:
            return  # as if it came in, and nobody did anything
        with self.store.read() as session:
            deadline = self.random.choice(session.get_one(Incident, number).deadlines)
        if deadline.settled_at is None:
            self.desk.log_step(number, deadline.step, StepLog(reason="补录"), actor=ZHOU, now=self.now)
        else:
            self.desk.withdraw(number, deadline.step, None, actor=ZHOU, now=self.now)

    def _attempt(self, verb: Callable[[], None]) -> None:
        try:
            verb()
        except Refusal:
            return

    def _settle_all(self) -> None:
        """Whatever is open ends without a message, which would count."""
        with self.store.write() as session:
            session.execute(update(Deadline).values(settled_at=self.now))

    def _open(self) -> list[int]:
        with self.store.read() as session:
            return list(session.scalars(select(Deadline.incident_id).where(Deadline.settled_at.is_(None))
                                        .group_by(Deadline.incident_id).order_by(Deadline.incident_id)))

    # ── foretelling, then letting it happen ─────────────────────────────────────
    _hypothetical: tuple[int, str] | None = None

    def _foretell(self, until: datetime) -> None:
        # where a budget is out of reach, nobody's messages can count: the others are left out for the test's time
        with self.forecasting(), patch.object(forecast, "MOST_BESIDE", forecast.MOST_BESIDE if self.is_capped else 0):
            for incident_id in self._open():
                told = self.forecaster.of_incident(incident_id, self.now, until=until)
                self.cases.append(Case(incident_id, self.now, until, Counter(foretold(told))))
            if self._hypothetical is not None:
                incident_id, key = self._hypothetical
                told = self.forecaster.if_one_came_in(self.rules[key], self.now, until=until)
                self.cases.append(Case(incident_id, self.now, until, Counter(foretold(told))))
                self._hypothetical = None
            with self.store.read() as session:
                book = roster.duty_book(session, self.now, until)
            self.gaps.append((self.now, until, readiness.gaps(
                book, self.rules.values(), channels=self.channels, since=self.now, until=until + MINUTE)))

    def _work(self, until: datetime) -> None:
        with self.ticking():
            wake_at: datetime | None = self.now
            while wake_at is not None and wake_at <= until:
                ticked = self.ticker.tick(wake_at)
                assert ticked.failed == (), f"seed {self.seed}: the engine cannot handle {ticked.failed} at {wake_at}"
                wake_at = ticked.wake_at
        self.now = until

    # ── looking back ────────────────────────────────────────────────────────────
    def _compare(self) -> None:
        happened = {incident_id: self._happened(incident_id) for incident_id in {case.incident_id for case in self.cases}}
        for case in self.cases:
            real = Counter(row for at, row in happened[case.incident_id][0] if case.since <= at <= case.until)
            if real != case.rows:
                raise Disagreement(self._complaint(case, real))
            self.calls += sum(real.values())
        for found in happened.values():
            for at, rule_key, body in found[1]:
                self._compare_readiness(at, rule_key, body)
        self.compared = sum(bool(case.rows) for case in self.cases)

    def _happened(self, incident_id: int) -> tuple[list[tuple[datetime, Row]], list[tuple[datetime, str, dict]]]:
        """Everything the engine put into outbox and ledger about one incident; and its calls by the rule."""
        with self.store.read() as session:
            rows = [(message.created_at, told(message)) for message in session.scalars(select(Message).where(
                Message.incident_id == incident_id, Message.kind.in_((REMINDER, STAND_IN))))]
            entries = [plain(link) for link in ledger.links(session, incident_id)]
            rule_key = session.get_one(Incident, incident_id).protocol.key
        raised = []
        for entry in entries:
            at, body = datetime.fromisoformat(entry["recorded_at"]), entry["body"]
            if entry["kind"] == "RungRaised":
                rows.append((at, (at, "raised", body["step"], body["rung"], body["repeat"], body["told_rung"],
                                  tuple(body["skipped"]), body["reason"], tuple(body["unreachable"]), tuple(body["paused"]),
                                  tuple(sorted(body["capped"])), datetime.fromisoformat(body["due_at"]),
                                  tuple((over["rung"], over["first"], over["last"]) for over in body["passed_over"]))))
                raised.append((at, rule_key, body))
            elif entry["kind"] == "StandInCalled":
                rows.append((at, (at, "no answer", body["step"], body["rung"], body["in_place_of"], body["reason"])))
        return rows, raised

    def _compare_readiness(self, at: datetime, rule_key: str, body: dict) -> None:
        """A rung is empty on the board exactly when its call then reaches nobody by itself."""
        gaps = next(gaps for since, until, gaps in self.gaps if since <= at <= until)
        if body["passed_over"] or body["capped"]:  # the union of several rungs; a budget that is used up
            return
        foretold_empty = any(gap.is_empty and (gap.protocol, gap.step, gap.rung) == (rule_key, body["step"], body["rung"])
                             and gap.from_at <= at < gap.until_at for gap in gaps)
        is_empty = body["rung"] in body["skipped"] or not (body["audience"] or body["paused"])
        if foretold_empty != is_empty:
            raise Disagreement(f"seed {self.seed}: readiness says {foretold_empty} of {body} at {at}")

    def _complaint(self, case: Case, real: Counter[Row]) -> str:
        mode = " capped" if self.is_capped else ""
        lines = [f"seed {self.seed}{mode}, incident {case.incident_id}, {case.since} to {case.until}"]
        lines += [f"  foretold, did not happen: {row}" for row in (case.rows - real)]
        lines += [f"  happened, not foretold:   {row}" for row in (real - case.rows)]
        return "\n".join(lines)


def told(message: Message) -> Row:
    return (message.created_at, message.kind, message.step, message.rung, message.skipped_rung, message.repeat, message.person,
            message.channel, message.because["why"], message.because["of"], message.due_at, message.reason)


def foretold(forecast: Forecast) -> Iterator[Row]:
    """A forecast as the rows of outbox and ledger it comes to, its repeats written out."""
    for call in forecast.calls:
        yield from rows_of(call, call.at, call.planned_at, call.repeat)
        repeat = call.repeat
        for again in call.again:
            for number in range(again.times):
                at, repeat = again.first_at + again.every * number, repeat + 1
                yield from rows_of(call, at, at, repeat)


def rows_of(call: Call, at: datetime, planned_at: datetime, repeat: int) -> Iterator[Row]:
    if call.kind == STAND_IN:
        yield at, "no answer", call.step.key, call.rung, call.in_place_of.name, call.outcome
    else:
        capped = [*(one.person.name for one in call.recipients if one.is_capped), *(name.name for name in call.capped)]
        yield (at, "raised", call.step.key, call.rung, repeat, call.told_rung, call.skipped, call.reason,
               tuple(lack.role for lack in call.lacks), tuple(name.name for name, _ in call.paused), tuple(sorted(capped)),
               planned_at, tuple((over.rung, over.first, over.last) for over in call.passed_over))
    for one in call.recipients:
        for channel, _ in one.ways:
            yield (at, call.kind, call.step.key, call.told_rung, call.rung if call.skipped else 0, repeat, one.person.key,
                   channel, one.why, one.of.key if one.of else None, planned_at, call.reason)
