"""What must hold after any day (reliability.md, invariants I1 to I9), worked out without the product's own rules.

Planned calls are counted one by one, audiences, answers and stand-ins predicted (`prediction.py`: I10, I11), projections
folded from the ledger.
"""

import io
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import select

from incident_clock.ledger.chain import verify_lines
from incident_clock.outbox import messages as m
from incident_clock.outbox.tables import Attempt, Message
from incident_clock.protocol.steps import AFTER, BEFORE_DUE, Rung, Step
from incident_clock.registry import ledger
from incident_clock.registry.history import CHECK
from incident_clock.registry.projections import disagreement
from incident_clock.registry.tables import Deadline, Incident
from tests.simulation.prediction import Prediction, Wrong
from tests.simulation.world import LOST, MINUTE, RULE, World
from tests.support.telling import PERMANENT, UNKNOWN

Planned = tuple[int, int]  # rung, repeat
HORIZON = 12  # calls of a rung that can come up within a day


class Broken(AssertionError):
    """An invariant that does not hold, with the seed that shows it."""

    def __init__(self, world: World, invariant: str, what: str) -> None:
        self.invariant = invariant
        super().__init__(f"SEED={world.seed} ({world.profile}) {invariant}: {what}")


def examine(world: World) -> None:
    """Raises Broken at the first invariant that does not hold."""
    Examination(world).run()


class Examination:
    def __init__(self, world: World) -> None:
        self.world = world
        with world.store.read() as session:
            self.incidents = list(session.scalars(select(Incident).order_by(Incident.id)).unique())
            self.deadlines = list(session.scalars(select(Deadline)))
            self.messages = {message.id: message for message in session.scalars(select(Message))}
            self.attempts = list(session.scalars(select(Attempt).order_by(Attempt.message_id, Attempt.number)))
            accounts = {incident.id: ledger.read(session, incident.id) for incident in self.incidents}
            self.exports = {incident.id: b"".join(ledger.export(session, incident.id)) for incident in self.incidents}
            self.differing = {incident.id: disagreement(session, incident, accounts[incident.id])
                              for incident in self.incidents}
            self.entries = {id: account.entries for id, account in accounts.items()}

    def run(self) -> None:
        for incident in self.incidents:
            self.check_chain(incident)
            self.check_registered(incident)
            for step in RULE.steps:
                deadline = next(d for d in self.deadlines if (d.incident_id, d.step) == (incident.id, step.key))
                self.check_coverage(incident, step, deadline)
                prediction = self.check_people(incident, step, deadline)
                self.check_passing(incident, step, deadline)
                self.check_fold(incident, step, deadline, prediction)
                self.check_news(incident, step, deadline)
        self.check_unique()
        self.check_claims()
        self.check_calls()
        self.check_rest()

    def must(self, holds: bool, invariant: str, what: str) -> None:
        if not holds:
            raise Broken(self.world, invariant, what)

    def of(self, incident: Incident, kind: str, step: Step) -> list[dict]:
        return [e for e in self.entries[incident.id] if e["kind"] == kind and e["body"]["step"] == step.key]

    # ── I1: every planned call that came up while the step was open is raised or named, once ──────────────────
    def check_coverage(self, incident: Incident, step: Step, deadline: Deadline) -> None:
        handled: Counter[Planned] = Counter()
        together: dict[str, set[str]] = defaultdict(set)
        for entry in self.of(incident, "RungRaised", step):
            body = entry["body"]
            handled[body["rung"], body["repeat"]] += 1
            together[entry["recorded_at"]].add(body["due_at"])
            for over in body["passed_over"]:
                handled.update((over["rung"], repeat) for repeat in range(over["first"], over["last"] + 1))
        self.must(max(handled.values(), default=1) == 1, "I3", f"{incident.number} {step.key}: twice {handled}")
        burst = [at for at, instants in together.items() if len(instants) > 1]
        self.must(not burst, "gap", f"{incident.number} {step.key}: several instants raised at once {burst}")
        for planned, at in calls(step, incident.clock_started_at):
            is_handled = bool(handled.pop(planned, 0))
            name = f"{incident.number} {step.key} {planned} at {at}"
            self.must(is_handled or not self.is_seen_open(incident, step, at, self.world.ended), "I1", f"{name} missed")
            self.must(not is_handled or self.is_seen_open(incident, step, at, self.world.begun), "I2",
                      f"{name} raised while its step was not open")
        self.must(not +handled, "I12", f"{incident.number} {step.key}: raised what nobody planned {handled}")

    # ── I1, I10, I11: whom each call reached, whose silence was passed on, who was left alone ─────────────────
    def check_people(self, incident: Incident, step: Step, deadline: Deadline) -> Prediction:
        prediction = Prediction(
            step, incident.clock_started_at + step.within, self.world.staff,
            [(at, key) for at, number, key in self.world.answered if number == incident.number],
            lambda at: self.is_seen_open(incident, step, at, self.world.ended))
        try:
            prediction.follow(e for e in self.entries[incident.id] if e["body"].get("step") == step.key)
        except Wrong as wrong:
            raise Broken(self.world, wrong.invariant, f"{incident.number} {step.key}: {wrong.what}") from wrong
        wanted = Counter((*told, channel) for told in prediction.told for channel in self.world.room.channels)
        found = Counter((x.kind, x.rung, x.repeat, x.skipped_rung, x.person, x.channel) for x in self.messages.values()
                        if (x.incident_id, x.step) == (incident.id, step.key) and x.kind in (m.REMINDER, m.STAND_IN))
        self.must(found == wanted, "I1", f"{incident.number} {step.key}: {found - wanted} and not {wanted - found}")
        for entry in self.of(incident, "RungRaised", step):
            self.must(entry["body"]["due_at"] <= entry["happened_at"], "I12", "a rung before its instant")
        return prediction

    # ── I2, I3 ──────────────────────────────────────────────────────────────────
    def check_claims(self) -> None:
        history: dict[tuple[int, str], list[tuple[int, bool]]] = defaultdict(list)
        ids = {incident.number: incident.id for incident in self.incidents}
        for order, number, step, is_logged in self.world.settled:
            history[ids[number], step].append((order, is_logged))
        decided = {(each.incident_id, each.step) for each in self.deadlines if each.kind == CHECK and each.settled_at}
        for order, message_id in self.world.claims:
            message = self.messages[message_id]
            if message.kind == m.ALL_CLEAR and (message.incident_id, message.step) in decided:
                continue  # somebody was asked to decide about an entry, and it was decided or withdrawn
            before = [is_logged for at, is_logged in history[message.incident_id, message.step] if at < order]
            is_logged = bool(before) and before[-1]
            if message.kind != m.ALL_CLEAR:
                self.must(not is_logged, "I2", f"message {message_id} was claimed after the log of its step")
            else:
                self.must(is_logged, "I2", f"the all-clear {message_id} was claimed after its log was withdrawn")

    def check_unique(self) -> None:
        seen = Counter((x.incident_id, x.step, x.kind, x.rung, x.repeat, x.skipped_rung, x.person, x.channel)
                       for x in self.messages.values())
        self.must(max(seen.values(), default=1) == 1, "I3", f"twice {seen.most_common(1)}")

    # ── I4, I5: intent before act, few copies, each marked ────────────────────────────────────────────────────
    def check_calls(self) -> None:
        made = {(call.message_id, call.attempt): call for call in self.world.calls}
        self.must(len(made) == len(self.world.calls), "I5", "two calls for one attempt")
        lost: set[int] = set()
        for attempt in self.attempts:
            name = f"message {attempt.message_id} attempt {attempt.number}"
            call = made.pop((attempt.message_id, attempt.number), None)
            self.must(attempt.outcome is not None, "I6", f"{name} never ended")
            if call is not None:
                self.must(call.is_copy == (attempt.message_id in lost), "I5", f"{name}: marked as a copy {call.is_copy}")
                self.must(call.reference == self.messages[attempt.message_id].reference, "I5", f"{name}: reference")
            is_unsure = call is not None and call.fate in (UNKNOWN, LOST)
            if is_unsure or (attempt.message_id, attempt.number) in self.world.rescued:
                lost.add(attempt.message_id)
        self.must(not made, "I4", f"calls without an attempt {made}")
        if self.world.profile == "calm":
            arrived = Counter(call.message_id for call in self.world.calls if call.has_arrived)
            self.must(max(arrived.values(), default=1) == 1, "I5", "a copy on a calm day")

    # ── I6: at rest, everything wanted has left ───────────────────────────────────────────────────────────────
    def check_rest(self) -> None:
        arrived = {call.message_id for call in self.world.calls if call.has_arrived}
        logged = {(d.incident_id, d.step): d.settled_at is not None for d in self.deadlines}
        for message in self.messages.values():
            name = f"{message.kind} {message.id} of {message.step}"
            self.must(message.state in (m.ACCEPTED, m.FAILED, m.WITHDRAWN), "I6", f"{name} is {message.state} at rest")
            if message.state == m.ACCEPTED:
                self.must(message.id in arrived, "I6", f"{name} is accepted and never arrived")
            if message.state == m.FAILED:
                fates = {call.fate for call in self.world.calls if call.message_id == message.id}
                self.must(PERMANENT in fates, "I6", f"{name} failed without being refused")
            if message.state == m.WITHDRAWN and message.kind in (m.REMINDER, m.STAND_IN):
                self.must(logged[message.incident_id, message.step], "I6", f"{name} stays withdrawn while its step is open")
            settled = [e for e in self.entries[message.incident_id] if e["kind"] == "MessageSettled"
                       and e["body"]["reference"] == message.reference and e["body"]["outcome"] == "accepted"]
            self.must(len(settled) == (message.state == m.ACCEPTED), "I9", f"{name} is {message.state} and the ledger "
                                                                            f"says accepted {len(settled)} times")

    # ── I7 ──────────────────────────────────────────────────────────────────────
    def check_passing(self, incident: Incident, step: Step, deadline: Deadline) -> None:
        over_at = (incident.clock_started_at + step.within).replace(second=0, microsecond=0) + MINUTE
        seen = self.is_seen_open(incident, step, over_at, self.world.ended)
        found = [datetime.fromisoformat(e["recorded_at"]) for e in self.of(incident, "DeadlinePassed", step)]
        self.must(len(found) <= 1, "I7", f"{incident.number} {step.key}: passed {len(found)} times")
        self.must(bool(found) or not seen, "I7", f"{incident.number} {step.key}: its deadline passed in silence")
        if found:
            self.must(found[0] <= (seen or found[0]), "I7", f"{incident.number} {step.key}: written down late")
            self.must(bool(self.is_seen_open(incident, step, over_at, self.world.begun)), "I7", "it was logged in time")

    # ── I8 ──────────────────────────────────────────────────────────────────────
    def check_chain(self, incident: Incident) -> None:
        verified = verify_lines(io.BytesIO(self.exports[incident.id]))
        self.must(verified.broken is None and verified.incident == incident.number, "I8", f"{verified.broken}")
        self.must(verified.size == len(self.entries[incident.id]), "I8", "entries are missing from the export")
        self.must(not verified.lacking_texts, "I8", f"texts are gone from {verified.lacking_texts}")
        self.must(self.differing[incident.id] is None, "I9", f"{self.differing[incident.id]}")

    # ── I9: the tables are a fold of the ledger ───────────────────────────────────────────────────────────────
    def check_registered(self, incident: Incident) -> None:
        body = self.entries[incident.id][0]["body"]
        received = self.world.registered[incident.number][1]
        self.must(incident.clock_started_at == incident.received_at == received, "T0", f"{incident.number}: T0 moved")
        for name in ("number", "is_drill", "title", "place", "category"):
            self.must(body[name] == getattr(incident, name), "I9", f"{incident.number}: {name}")
        for name in ("clock_started_at", "received_at", "registered_at"):
            self.must(datetime.fromisoformat(body[name]) == getattr(incident, name), "I9", f"{incident.number}: {name}")

    def check_fold(self, incident: Incident, step: Step, deadline: Deadline, prediction: Prediction) -> None:
        folded: dict[str, object] = dict.fromkeys(
            ("settled_at", "settled_sequence", "done_at", "reopened_at", "passed_at"))
        dealt_until: datetime | None = None
        for entry in self.entries[incident.id]:
            recorded = datetime.fromisoformat(entry["recorded_at"])
            if entry["body"].get("step") != step.key:
                continue
            if entry["kind"] == "StepLogged":
                folded |= {"settled_at": recorded, "settled_sequence": entry["sequence"],
                           "done_at": datetime.fromisoformat(entry["body"]["done_at"])}
            elif entry["kind"] == "LogWithdrawn":
                folded |= {"settled_at": None, "settled_sequence": None, "done_at": None, "reopened_at": recorded}
            elif entry["kind"] == "DeadlinePassed":
                folded["passed_at"] = datetime.fromisoformat(entry["happened_at"])
            elif entry["kind"] == "RungRaised":
                dealt_until = recorded
        due = incident.clock_started_at + step.within
        coming = [at for _, at in calls(step, incident.clock_started_at) if dealt_until is None or at > dealt_until]
        folded |= {"due_at": due, "next_rung_at": min(coming)}
        wakes = [min(coming)] if folded["passed_at"] else [min(coming), due.replace(second=0, microsecond=0) + MINUTE]
        folded["wake_at"] = min(*wakes, *prediction.waiting) if prediction.waiting else min(wakes)
        if folded["settled_at"] and deadline.wake_at in prediction.waits:
            folded["wake_at"] = deadline.wake_at  # it was logged while a stand-in was to be called: nobody looks at it
        stored = {name: getattr(deadline, name) for name in folded}
        self.must(stored == folded, "I9", f"{incident.number} {step.key}: {stored} for {folded}")

    # ── news: who was chased hears how it ended ───────────────────────────────────────────────────────────────
    def check_news(self, incident: Incident, step: Step, deadline: Deadline) -> None:
        turns = [e for e in self.entries[incident.id] if e["kind"] in ("StepLogged", "LogWithdrawn")
                 and e["body"]["step"] == step.key]
        if not turns:
            return
        is_logged = turns[-1]["kind"] == "StepLogged"
        told_before, news = ((m.REMINDER, m.STAND_IN, m.REOPENED), m.ALL_CLEAR) if is_logged else ((m.ALL_CLEAR,), m.REOPENED)
        orders = [order for order, number, key, _ in self.world.settled if (number, key) == (incident.number, step.key)]
        claimed = defaultdict(list)
        for order, message_id in self.world.claims:
            claimed[message_id].append(order)
        about = [x for x in self.messages.values() if (x.incident_id, x.step) == (incident.id, step.key)]
        readers = {(x.person, x.channel) for x in about if x.kind in told_before and x.id in self.arrived
                   and min(claimed[x.id]) < orders[-1]}
        informed = {(x.person, x.channel) for x in about if x.kind == news and x.repeat == turns[-1]["sequence"]}
        self.must(readers <= informed, "news", f"{incident.number} {step.key}: {readers - informed} never heard of {news}")

    @property
    def arrived(self) -> set[int]:
        return {call.message_id for call in self.world.calls if call.has_arrived}

    def is_seen_open(self, incident: Incident, step: Step, at: datetime,
                     ticks: list[tuple[int, datetime]]) -> datetime | None:
        """The first of `ticks` from `at` on that found the step open, if any."""
        turns = [(order, is_logged) for order, number, key, is_logged in self.world.settled
                 if (number, key) == (incident.number, step.key)]
        for order, instant in ticks:
            if instant >= at and order > self.world.registered[incident.number][0]:
                before = [is_logged for turned, is_logged in turns if turned < order]
                if not (before and before[-1]):
                    return instant
        return None


def calls(step: Step, started: datetime) -> list[tuple[Planned, datetime]]:
    """The planned calls of a step, rung by rung, by plain counting."""
    return [call for rung in step.ladder for call in islice(_calls(rung, started + _offset(rung, step.within)), HORIZON)]


def _offset(rung: Rung, within: timedelta) -> timedelta:
    if rung.anchor == AFTER:
        return rung.offset
    return within - rung.offset if rung.anchor == BEFORE_DUE else within + rung.offset


def _calls(rung: Rung, at: datetime):
    repeat = 0
    yield (rung.number, repeat), at
    for pause in rung.repeats:
        for _ in range(pause.times or HORIZON):
            repeat, at = repeat + 1, at + pause.every
            yield (rung.number, repeat), at
