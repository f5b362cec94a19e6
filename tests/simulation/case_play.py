"""Cases played at random through the verbs themselves: logs, late entries, corrections, approvals, merges, by anybody.

After every act the promises are checked (`broken`); the same seed plays the same again.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from incident_clock.errors import Refusal, Refusals
from incident_clock.ledger.fact import ENGINE, Actor
from incident_clock.protocol.deadlines import late_minutes, overdue_from
from incident_clock.protocol.standing import Standing, Verdict
from incident_clock.registry import corrections, decisions, grading, incidents, ledger, merging, records, tasks
from incident_clock.registry.case import Case, open_case
from incident_clock.registry.corrections import Correction
from incident_clock.registry.decisions import Approval
from incident_clock.registry.drafts import GRADES, NewIncident, StepLog
from incident_clock.registry.facts import DeadlinePassed
from incident_clock.registry.grading import Regrading
from incident_clock.registry.history import CHECK, DONE, TRANSFERRED
from incident_clock.registry.tasks import NewTask
from incident_clock.views.incidents import verdict_of
from tests.support.bureau import ZONE, actor, rule

MINUTE = timedelta(minutes=1)
START = datetime(2026, 3, 12, 14, 5, tzinfo=ZONE)
PEOPLE = ("zhou", "zhou", "wu", "chen", "zheng", "wang", "feng")
RULES = ("district-emergency", "district-emergency", "general-48h", "county-20-40", "cn-2016-80")
KEYED_IN_WITHIN = 5  # minutes: an entry as late as that is no late entry
REASON = "当时断网，事后补记"


@dataclass
class CasePlay:
    """One case, registered once or twice, and what anybody does to them. `second`: whether the last act was that of a second
    person; `acts` counts those that were carried out."""

    session: Session
    random: Random
    now: datetime = START
    cases: list[Case] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)
    is_verified_each_time: bool = False
    overdue: set[tuple[int, str]] = field(default_factory=set)  # (case, step) that was late, as nobody else has mended

    def play(self, length: int) -> str:
        """What was broken first, or nothing."""
        for _ in range(self.random.choice((1, 1, 2))):
            incident = incidents.register(self.session, NewIncident(
                title="青禾路户外广告牌坠落伤人", received_at=self._back(40),
                occurred_at=self._back(90) if self.random.random() < 0.5 else None,
                opinion_grade=self.random.choice((None, *GRADES))), rule(self.random.choice(RULES)),
                actor=actor("zhou"), now=self.now, zone=ZONE)
            self.cases.append(open_case(self.session, incident, ZONE))
        for _ in range(length):
            self.now += self.random.choice((1, 3, 7, 20, 60, 300)) * MINUTE
            for case in self.cases:
                self._pass_deadlines(case)
                self._mended_alone(case, "time")
            case = self.random.choice(self.cases)
            before = [Seen.of(one, self.now) for one in self.cases]
            name, verb = self.random.choice(VERBS)
            who = actor(self.random.choice(PEOPLE))
            try:
                verb(self, case, who)
            except (Refusal, Refusals):
                continue
            self.acts.append(name)
            for seen, one in zip(before, self.cases, strict=True):
                if found := unasked(one) or broken(seen, Seen.of(one, self.now), name) or self._mended_alone(one, name):
                    return f"{found} after {self.acts}"
            if self.is_verified_each_time and (found := self._unlike_the_ledger()):
                return found
        return self._unlike_the_ledger()

    def _unlike_the_ledger(self) -> str:
        """What the rows say otherwise than the ledger alone comes to."""
        return next((f"{found.sentence} after {self.acts}" for case in self.cases
                     if (found := ledger.verify(self.session, case.incident).broken)), "")

    def _back(self, most: int) -> datetime:
        return self.now - self.random.randrange(most) * MINUTE

    def _mended_alone(self, case: Case, act: str) -> str:
        """Whether a step that was late is in time although nobody else has said so; notes what is late now."""
        index = self.cases.index(case)
        if act in SECOND:
            self.overdue = {(of, step) for of, step in self.overdue if of != index}
        if act == "merge" and len(self.cases) == 2:
            self.overdue |= {(1 - of, step) for of, step in self.overdue if self._is_open(1 - of, step)}
        for row in case.incident.deadlines:
            verdict = verdict_of(row, row.due_at, row.started_at, self.now)
            is_free = verdict.standing is Standing.MET and not verdict.is_rescue and not verdict.is_verified
            if is_free and (index, row.step) in self.overdue:
                return f"{row.step} was late and is in time"
            if verdict.late_minutes > KEYED_IN_WITHIN and verdict.standing in (Standing.OVERDUE, Standing.MET_LATE):
                self.overdue.add((index, row.step))
        return ""

    def _is_open(self, case: int, step: str) -> bool:
        one = self.cases[case].history.steps.get(step)
        return one is not None and one.is_open

    def _pass_deadlines(self, case: Case) -> None:
        """What the engine writes when a due minute ends."""
        for deadline in case.incident.deadlines:
            at = overdue_from(deadline.due_at)
            if deadline.settled_at is None and deadline.passed_at is None and at <= self.now:
                case.add(DeadlinePassed(happened_at=at, step=deadline.step, due_at=deadline.due_at), actor=ENGINE,
                         now=self.now)

    def step(self, case: Case) -> str:
        """Mostly the one that was touched first, so that lives of a step are long."""
        steps = case.incident.deadlines
        return (steps[0] if self.random.random() < 0.6 else self.random.choice(steps)).step

    def entry(self, case: Case) -> int:
        return self.random.randint(1, case.history.size)

    # ── what anybody may do ───────────────────────────────────────────────────
    def log(self, case: Case, who: Actor) -> None:
        incidents.log_step(case, self.step(case), StepLog(
            done_at=self._back(self.random.choice((1, 5, 30, 400))), reason=REASON, evidence="纸质值班记录"), actor=who,
            now=self.now)

    def withdraw(self, case: Case, who: Actor) -> None:
        incidents.withdraw(case, self.step(case), REASON, actor=who, now=self.now)

    def correct(self, case: Case, who: Actor) -> None:
        at = self._back(200)
        times = {"received_at": at} if self.random.random() < 0.4 else {"occurred_at": self.random.choice((at, None))} \
            if self.random.random() < 0.3 else {"done_at": at}
        logs = [sequence for sequence, kind in case.history.kinds.items()
                if kind in (("StepLogged", "Corrected") if "done_at" in times else ("IncidentRegistered", "Corrected"))]
        corrections.correct(case, self.random.choice(logs or [1]), Correction(reason=REASON, times=times), actor=who,
                            now=self.now)

    def waive(self, case: Case, who: Actor) -> None:
        decisions.waive(case, self.step(case), Approval(approver="区委宣传部某同志", reason=REASON), actor=who, now=self.now)

    def transfer(self, case: Case, who: Actor) -> None:
        step = self.step(case)
        decisions.offer_transfer(case, step, "区卫健局", Approval(
            approver="区委宣传部某同志", reason=REASON, at=self._back(60)), actor=who, now=self.now)

    def answer(self, case: Case, who: Actor) -> None:
        offers = [offer["body"]["step"] for offer in case.history.offers.values()]
        step = self.random.choice(offers) if offers else self.step(case)
        if self.random.random() < 0.3:
            decisions.refuse_transfer(case, step, "区卫健局值班员", REASON, actor=who, now=self.now)
        else:
            decisions.accept_transfer(case, step, "区卫健局值班员", accepted_at=self._back(60), evidence=None, actor=who,
                                      now=self.now)

    def regrade(self, case: Case, who: Actor) -> None:
        protocol = rule(self.random.choice(RULES)) if self.random.random() < 0.5 else None
        values = {"opinion_grade": self.random.choice((None, *GRADES))} if self.random.random() < 0.7 else {}
        grading.regrade(case, Regrading(values=values, is_sensitive=self.random.choice((None, None, True, False)),
                                        basis=REASON), protocol, actor=who, now=self.now)

    def confirm(self, case: Case, who: Actor) -> None:
        decisions.confirm(case, self.random.choice([*case.history.pending, self.entry(case)]), None, actor=who,
                          now=self.now)

    def reject(self, case: Case, who: Actor) -> None:
        decisions.reject(case, self.random.choice([*case.history.pending, self.entry(case)]), REASON, actor=who,
                         now=self.now)

    def record(self, case: Case, who: Actor) -> None:
        records.make(case, "lead", {"source": "某短视频平台", "spread": self.random.randrange(10**6)}, actor=who,
                     now=self.now, happened_at=self._back(30), reason=None)

    def task(self, case: Case, who: Actor) -> None:
        tasks.set_task(case, NewTask(origin="instruction", text="查明原因并反馈", owner="chen", owner_name="陈己",
                                     by="冯戊"), actor=who, now=self.now)

    def merge(self, case: Case, who: Actor) -> None:
        merging.merge(case, self.cases[-1 if case is self.cases[0] else 0], REASON, actor=who, now=self.now)

    def void(self, case: Case, who: Actor) -> None:
        merging.void(case, REASON, actor=who, now=self.now)

    def close(self, case: Case, who: Actor) -> None:
        incidents.close(case, "处置结束", actor=who, now=self.now)


SECOND, MOVES_DUE = ("confirm", "reject"), ("confirm", "regrade")
VERBS = [(name, getattr(CasePlay, name)) for name, weight in (
    ("log", 9), ("withdraw", 4), ("correct", 6), ("waive", 2), ("transfer", 2), ("answer", 2), ("regrade", 3),
    ("confirm", 4), ("reject", 2), ("record", 1), ("task", 1), ("merge", 1), ("void", 1), ("close", 1),
) for _ in range(weight)]


@dataclass(frozen=True)
class Seen:
    """How the obligations of one incident stand: (due, verdict, how it ended, the instant its end counts with)."""

    steps: dict[str, tuple[datetime, Verdict, str | None, datetime | None]]

    @classmethod
    def of(cls, case: Case, now: datetime) -> "Seen":
        return cls({row.step: (row.due_at, verdict_of(row, row.due_at, row.started_at, now), row.ended,
                               _counted(case, row.step)) for row in case.incident.deadlines})


def _counted(case: Case, step: str) -> datetime | None:
    """The best instant this step was ever taken to be done at without a second person being asked."""
    one = case.history.steps[step]
    return one.counts_at if one.ended == DONE else one.former_at


def unasked(case: Case) -> str:
    """Whether an entry waits that nobody is asked to decide about, or somebody is asked about one that does not."""
    asked = [one.ordinal for one in case.history.steps.values() if one.kind == CHECK and one.is_open]
    return "" if sorted(asked) == sorted(case.history.pending) else f"asked about {asked}, waiting {[*case.history.pending]}"


def broken(before: Seen, after: Seen, act: str) -> str:
    """Which promise an act has broken, or nothing."""
    for step, (due, verdict, ended, counted) in after.steps.items():
        due_before, _, _, counted_before = before.steps.get(step, (due, verdict, ended, counted))
        if due > due_before and act not in MOVES_DUE:
            return f"{step} is due later"
        if act in SECOND or ended not in (DONE, TRANSFERRED) or verdict.is_rescue:
            continue
        if counted_before is not None and verdict.late_minutes < late_minutes(counted_before, min(due, due_before)):
            return f"{step} counts as less late than before"
    return ""
