"""What the engine ought to have done on one step, told from its ledger entry by entry with rules of its own.

Whoever is called, left alone or passed on to a stand-in is worked out here from who is there, what was answered, and
the rule; nothing of the product's resolution is asked.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from incident_clock.outbox.messages import REMINDER, STAND_IN
from incident_clock.protocol.steps import Rung, Step

LEADERS = ("duty_leader", "deputy", "head", "spokesman")
WAITED = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(minutes=10)
STAND_IN_OF = {"zhou": "wu", "wu": "zhou", "zheng": "wang", "wang": "feng", "feng": "wang", "chu": "wu", "wei": "chen",
               "jiang": "wei", "han": "chen"}
NAMES = {"zhou": "周甲", "wu": "吴乙", "zheng": "郑丙", "chen": "陈己", "wang": "王丁", "feng": "冯戊", "chu": "褚庚", "wei": "卫辛",
         "jiang": "蒋壬", "han": "韩子"}

Told = tuple[str, int, int, int, str]  # kind, rung, repeat, the rung gone over, person


class Wrong(Exception):
    """The invariant that does not hold, and how."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(invariant, what)
        self.invariant, self.what = invariant, what


@dataclass(frozen=True)
class Staff:
    """Who holds each role today: himself, an acting deputy, or nobody. `gone`: no longer of the bureau."""

    holders: dict[str, str | None]
    acting: dict[str, str]
    gone: frozenset[str]

    def stand_in(self, silent: str) -> str | None:
        second = STAND_IN_OF[silent]
        return None if second in self.gone else self.acting.get(second, second)


@dataclass
class Row:
    """One person called on one rung."""

    last_told: datetime
    answered_at: datetime | None = None
    until: datetime | None = None
    waits_until: datetime | None = None
    in_place_of: str | None = None

    def is_outstanding(self, at: datetime) -> bool:
        if self.answered_at is None:
            return True
        if self.until == self.answered_at:  # past the deadline: it stands until he is called again
            return self.last_told > self.answered_at
        return self.until <= at


@dataclass
class Prediction:
    """One step of one incident. `seen_open_from`: the first tick from an instant on that found the step open."""

    step: Step
    due: datetime
    staff: Staff
    answers: list[tuple[datetime, str]]  # what people said, in order
    seen_open_from: Callable[[datetime], datetime | None]
    rows: dict[tuple[int, str], Row] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    waits: set[datetime] = field(default_factory=set)  # every instant at which a stand-in was to be called

    def follow(self, entries: Iterable[dict]) -> None:
        """Raises Wrong at the first entry that ought to be another, or to be missing."""
        for entry in entries:
            at = datetime.fromisoformat(entry["recorded_at"])
            self._nothing_was_left_out_before(at)
            happen = {"RungRaised": self._raised, "StandInCalled": self._stand_in, "Acknowledged": self._acknowledged,
                      "StepLogged": self._logged}.get(entry["kind"])
            if happen:
                happen(entry["body"], at)
        self._nothing_was_left_out_before(datetime.max.replace(tzinfo=self.due.tzinfo))

    @property
    def waiting(self) -> list[datetime]:
        """Stand-ins still to be called."""
        return [row.waits_until for row in self.rows.values() if row.waits_until]

    # ── calls ───────────────────────────────────────────────────────────────────
    def _raised(self, body: dict, now: datetime) -> None:
        called, repeat = body["rung"], body["repeat"]
        numbers = {called, *(over["rung"] for over in body["passed_over"])}
        roles = list(dict.fromkeys(role for rung in self.step.ladder if rung.number in numbers for role in rung.tell))
        skipped, unreachable = [], []
        for number, asked in self._one_after_the_other(called, roles):
            unreachable += [role for role in asked if self.staff.holders[role] is None]
            people = self._people(asked)
            if people:
                break
            skipped.append(number)
        if not people:
            number, skipped, unreachable = called, [], [role for role in roles if self.staff.holders[role] is None]
        is_again = repeat > 0 or number != called
        paused = [key for key in people if is_again and self._is_paused(number, key, now)]
        reached = {key: role for key, role in people.items() if key not in paused}
        expected = {"told_rung": number, "skipped": skipped, "unreachable": list(dict.fromkeys(unreachable)), "capped": [],
                    "audience": [NAMES[key] for key in reached], "paused": [NAMES[key] for key in paused]}
        found = {name: body[name] for name in expected}
        if found != expected:
            raise Wrong("I1", f"call {called}/{repeat} at {now}: {found} for {expected}")
        for key, role in reached.items():
            self.told.append((REMINDER, number, repeat, called if skipped else 0, key))
            self._call(number, key, role, now)

    def _one_after_the_other(self, called: int, roles: list[str]) -> Iterator[tuple[int, list[str]]]:
        """The rung itself, then those above it, then those below."""
        yield called, roles
        ladder = {rung.number: list(rung.tell) for rung in self.step.ladder}
        for number in [*range(called + 1, len(ladder) + 1), *range(called - 1, 0, -1)]:
            yield number, ladder[number]

    def _people(self, roles: list[str]) -> dict[str, str]:
        """Who holds these roles → the first in which he does."""
        found: dict[str, str] = {}
        for role in roles:
            key = self.staff.holders[role]
            if key is not None:
                found.setdefault(key, role)
        return found

    def _is_paused(self, rung: int, key: str, now: datetime) -> bool:
        row = self.rows.get((rung, key))
        return row is not None and row.until is not None and row.until > now

    def _call(self, rung: int, key: str, role: str, now: datetime) -> None:
        row = self.rows.setdefault((rung, key), Row(now))
        row.last_told = now
        has_stand_in = any(number == rung and other.in_place_of == key for (number, _), other in self.rows.items())
        is_late = self.due - self.step.within / 4 <= now < self.due
        if role in LEADERS and is_late and row.answered_at is None and row.waits_until is None and not has_stand_in:
            row.waits_until = now + WAITED
            self.waits.add(row.waits_until)

    # ── stand-ins ───────────────────────────────────────────────────────────────
    def _stand_in(self, body: dict, now: datetime) -> None:
        silent = next((key for key, name in NAMES.items() if name == body["in_place_of"]), "?")
        row = self.rows.get((body["rung"], silent))
        name = f"the silence of {body['in_place_of']} on rung {body['rung']} at {now}"
        if row is None or row.waits_until is None or row.waits_until > now:
            raise Wrong("I10", f"{name}: nobody waited for it")
        if now > (self.seen_open_from(row.waits_until) or now):
            raise Wrong("I10", f"{name}: noticed late")
        if self._is_answered(body["rung"]):
            raise Wrong("I10", f"{name}: the rung was answered")
        second = self.staff.stand_in(silent)
        reason = "nobody" if second is None else "told_already" if (body["rung"], second) in self.rows else "called"
        if (body["reason"], body["person"]) != (reason, NAMES[second] if second else None):
            raise Wrong("I10", f"{name}: {body['reason']} {body['person']} for {reason} {second}")
        row.waits_until = None
        if reason == "called":
            self.rows[body["rung"], second] = Row(now, in_place_of=silent)
            self.told.append((STAND_IN, body["rung"], 0, 0, second))

    def _is_answered(self, number: int) -> bool:
        rung: Rung = self.step.ladder[number - 1]
        own = [row for (called, _), row in self.rows.items() if called == number and row.in_place_of is None]
        needed = {"any": 1, None: len(own), "all": len(own)}.get(rung.answers, rung.answers)
        return sum(row.answered_at is not None for row in own) >= min(needed, len(own))

    # ── answers and logs ────────────────────────────────────────────────────────
    def _acknowledged(self, body: dict, now: datetime) -> None:
        key = next(key for key, name in NAMES.items() if name == body["person"])
        if (now, key) not in self.answers:
            raise Wrong("I11", f"{body['person']} never said so at {now}")
        wanted = {rung: row for (rung, person), row in self.rows.items() if person == key and row.is_outstanding(now)}
        until = now + min(LONGEST_PAUSE, max(self.due - now, timedelta(0)) / 4)
        if body["rungs"] != sorted(wanted) or datetime.fromisoformat(body["paused_until"]) != until:
            raise Wrong("I11", f"{body['person']} answered {body['rungs']} until {body['paused_until']} for {sorted(wanted)}, {until}")
        for row in wanted.values():
            row.answered_at, row.until, row.waits_until = now, until, None
        self.answers.remove((now, key))

    def _logged(self, body: dict, now: datetime) -> None:
        for row in self.rows.values():
            row.waits_until = None

    def _nothing_was_left_out_before(self, at: datetime) -> None:
        """Whoever was to be passed on when a tick looked has been, unless his rung was answered by then; and who said
        that he had received what he was told is on record."""
        for (rung, key), row in self.rows.items():
            seen = self.seen_open_from(row.waits_until) if row.waits_until else None
            if seen is not None and seen < at:
                if not self._is_answered(rung):
                    raise Wrong("I10", f"{key} was silent on rung {rung} till {row.waits_until}, and nobody took notice")
                row.waits_until = None
        for said_at, key in [one for one in self.answers if one[0] < at]:
            self.answers.remove((said_at, key))
            ignored = [rung for (rung, person), row in self.rows.items()
                       if person == key and row.last_told < said_at and row.is_outstanding(said_at)]
            if ignored and self.seen_open_from(said_at) == said_at:
                raise Wrong("I11", f"{key} answered at {said_at} and rungs {ignored} do not know")
