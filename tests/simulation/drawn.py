"""Rosters and rules drawn at random: shifts with holes and overlaps, covers of covers, swaps, leave, people without
an address, shared phones, ladders of every shape. The same seed draws the same.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import insert
from sqlalchemy.orm import Session

from incident_clock.people.duty import ROSTERED_ROLES
from incident_clock.people.duty_tables import Absence, Cover, Shift
from incident_clock.people.tables import ContactMethod, Directory, Person, Unit
from incident_clock.protocol.steps import AFTER, BEFORE_DUE, OVERDUE_BY, ROLES, Repeat, ResponseProtocol, Rung, Step

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
BYS = (None, None, None, ("sms",), ("email",), ("sms", "email"))
ANSWERS = (None, None, "all", "any", 1, 2, 3)
CALLED_ROLES = tuple(role for role in ROLES if role not in ("auditor", "admin"))


@dataclass(frozen=True)
class Draw:
    """What is drawn, from one stream of chance. `shifts`: those of the roster."""

    random: Random
    shifts: list[dict] = field(default_factory=list)

    def people(self, session: Session, now: datetime, count: int = 9) -> None:
        """A directory with holes of its own: roles nobody has, people without an address, some who have left."""
        random = self.random
        session.execute(insert(Directory), [{"id": 1, "is_example": False, "source": "drawn", "imported_at": now}])
        session.execute(insert(Unit), [{"key": "bureau", "name": "抽样局", "position": 0}])
        keys = [f"p{number}" for number in range(count)]
        phones = [f"+86138000{number:05}" for number in range(count - 2)]  # some share one
        contacts = []
        for key in keys:
            person = [("mobile", random.choice(phones))] if random.random() < 0.7 else []
            person += [("email", f"{key}@bureau.example")] if random.random() < 0.6 else []
            contacts += [{"person": key, "kind": kind, "address": address, "position": place}
                         for place, (kind, address) in enumerate(person)]
        session.execute(insert(Person), [
            {"key": key, "name": f"人{key}", "unit": "bureau", "language": random.choice(("zh", "en")), "position": place,
             "roles": random.sample(CALLED_ROLES, random.choice((1, 1, 1, 2))), "is_active": random.random() < 0.92,
             "stand_in": random.choice((*keys, *[None] * (count // 2)))}
            for place, key in enumerate(keys)])
        session.execute(insert(ContactMethod), contacts)

    def roster(self, session: Session, keys: list[str], since: datetime, until: datetime) -> None:
        """Shifts of most rostered roles, and what turns them over."""
        for role in ROSTERED_ROLES:
            if self.random.random() < 0.25:
                continue
            at = since + self.random.choice((-30, -30, -8, 2)) * HOUR
            while at < until:
                length = self.random.choice((4, 8, 12, 24, 24, 60)) * HOUR
                self.shifts.append({"role": role, "person": self.random.choice(keys), "from_at": at,
                                    "until_at": at + length})
                at += length + self.random.choice((-3, -1, 0, 0, 0, 0, 2, 5)) * HOUR
        if self.shifts:
            session.execute(insert(Shift), self.shifts)
        for _ in range(self.random.randint(2, 10)):
            self.change(session, keys, since, until)

    def change(self, session: Session, keys: list[str], since: datetime, until: datetime) -> None:
        """One more leave, cover, cover of a cover, or swap."""
        random = self.random
        start = since + random.randint(-90, int((until - since) / MINUTE)) * MINUTE
        end = start + random.choice((20, 45, 90, 240, 1_500)) * MINUTE
        if random.random() < 0.4:
            session.execute(insert(Absence), [{
                "person": random.choice(keys), "acting": random.choice((*keys, None, None, None)), "from_at": start,
                "until_at": end + random.choice((0, 0, 30 * 24)) * HOUR, "reason": "出差"}])
            return
        held = [shift for shift in self.shifts if shift["from_at"] <= start < shift["until_at"]]
        shift = random.choice(held or [{"role": "duty_officer", "person": random.choice(keys)}])
        first, second = random.sample(keys, 2)
        cover = {"role": shift["role"], "person": first, "instead_of": shift["person"], "from_at": start, "until_at": end,
                 "reason": "有事", "swap": None}
        more = {
            "alone": [], "another": [{**cover, "person": second, "until_at": end - 10 * MINUTE}],
            "chain": [{**cover, "person": second, "instead_of": first}],
            "swap": [{**cover, "person": shift["person"], "instead_of": first, "from_at": end, "until_at": end + 8 * HOUR}],
        }[random.choice(("alone", "another", "chain", "swap"))]
        session.execute(insert(Cover), [cover, *more])

    def channels(self) -> tuple[str, ...]:
        return self.random.choice((("sms", "email"), ("sms", "email"), ("sms",), ("email",), ("console",), ("sms", "console"), ()))

    def rule(self, key: str) -> ResponseProtocol:
        return ResponseProtocol(key, "1", {"zh": key, "en": key}, "抽样", self.random.choice(("received", "registered")), tuple(
            self._step(name) for name in ("first", "second", "third")[:self.random.choice((1, 1, 2, 3))]))

    def _step(self, key: str) -> Step:
        random = self.random
        within = random.choice((6, 10, 20, 20, 35, 60, 90)) * MINUTE
        drawn = [self._rung(within) for _ in range(random.randint(1, 5))]
        ladder = sorted(drawn, key=lambda rung: rung.from_start(within))
        return Step(key, {"zh": key, "en": key}, within, "call", tuple(
            Rung(number, rung.anchor, rung.offset, rung.tell, rung.by, rung.repeats, rung.answers)
            for number, rung in enumerate(ladder, start=1)))

    def _rung(self, within: timedelta) -> Rung:
        random = self.random
        anchor = random.choice((AFTER, BEFORE_DUE, BEFORE_DUE, OVERDUE_BY))
        most = int(within / MINUTE)
        minutes = {AFTER: random.choice((0, 0, 1, most // 2, most)), BEFORE_DUE: random.choice((1, 2, 3, 5, most // 2)),
                   OVERDUE_BY: random.choice((1, 1, 4))}[anchor]
        repeats = [Repeat(random.choice((2, 3, 5, 10)) * MINUTE, random.choice((1, 2, 3)))
                   for _ in range(random.choice((0, 1, 1, 2) if anchor == AFTER else (0, 0, 0, 1)))]
        if random.random() < 0.2:
            repeats.append(Repeat(random.choice((9, 15, 30)) * MINUTE))
        return Rung(0, anchor, minutes * MINUTE, tuple(random.sample(CALLED_ROLES, random.choice((1, 1, 1, 2, 3)))),
                    random.choice(BYS), tuple(repeats), random.choice(ANSWERS))
