"""Nine people and nothing on the roster yet: who is on duty after what was entered, and what the ledger says of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.ledger.chain import instant_text, plain
from incident_clock.people import covers, ledger, roster, shifts
from incident_clock.people.duty_tables import Absence, Shift
from incident_clock.store.session import Store
from tests.support.bureau import SHEN as ACTOR
from tests.support.bureau import ZONE

__all__ = ["ACTOR", "Duty", "at", "duty", "instant_text"]

GONE = "  - {key: gone, name: 何去, unit: bureau, roles: [duty_officer]}\n"
PEOPLE = """units: [{key: bureau, name: 云河区综合执法局, short_name: 云河综合执法}]
people:
  - {key: zhou, name: 周甲, unit: bureau, roles: [duty_officer], phone: "+8613800000001", stand_in: han}
  - {key: li, name: 李酉, unit: bureau, roles: [duty_officer], phone: "+8613800000002", language: en}
  - {key: han, name: 韩子, unit: bureau, roles: [duty_officer, duty_chief], phone: "+8613800000003"}
  - {key: wu, name: 吴乙, unit: bureau, roles: [duty_chief], phone: "+8613800000004"}
  - {key: qin, name: 秦寅, unit: bureau, roles: [duty_chief], phone: "+8613800000005"}
  - {key: zheng, name: 郑丙, unit: bureau, roles: [duty_leader], phone: "+8613800000006", stand_in: chu}
  - {key: chu, name: 褚庚, unit: bureau, roles: [duty_leader, office], phone: "+8613800000007"}
  - {key: shen, name: 沈癸, unit: bureau, roles: [admin]}
"""


def at(text: str) -> datetime:
    """`14 08:30` is that day of March 2026 in Shanghai."""
    day, clock = text.split()
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 3, int(day), hour, minute, tzinfo=ZONE)


class Duty:
    """A database with these people, and the verbs with fewer words. `now` is 12 March, 14:05."""

    def __init__(self, store: Store, now: datetime) -> None:
        self.store, self.now = store, now

    @classmethod
    def open(cls, store: Store, load: Callable[[str], Any], now: datetime) -> "Duty":
        load(PEOPLE + GONE)
        load(PEOPLE)  # 何去 has left
        return cls(store, now)

    def do(self, work: Callable[[Session], Any]) -> Any:
        with self.store.write() as session:
            return work(session)

    def add(self, person: str, since: str, until: str, *, role: str = "duty_officer") -> int:
        return self.do(lambda session: shifts.add_shift(
            session, role=role, person=person, from_at=at(since), until_at=at(until), actor=ACTOR, now=self.now))

    def cover(self, person: str, instead_of: str, since: str, until: str, *, role: str = "duty_officer",
              reason: str | None = "家中有事", now: datetime | None = None) -> int:
        return self.do(lambda session: covers.enter_cover(
            session, role=role, instead_of=instead_of, person=person, from_at=at(since), until_at=at(until),
            reason=reason, actor=ACTOR, now=now or self.now))

    def away(self, person: str, since: str, until: str, acting: str | None = None) -> None:
        """Leave, without the entry that its own verb writes."""
        self.do(lambda session: session.add(Absence(person=person, acting=acting, from_at=at(since),
                                                    until_at=at(until), reason="年假")))

    def on_duty(self, when: str, role: str = "duty_officer") -> list[str]:
        with self.store.read() as session:
            return [holder.card.key for holder in roster.who_is(session, role, at(when))]

    def rows(self) -> list[tuple[int, str, datetime, datetime]]:
        """The live shifts, the earliest first: id, person, from, until."""
        with self.store.read() as session:
            return [(row.id, row.person, row.from_at, row.until_at) for row in session.scalars(
                select(Shift).where(Shift.removed_at.is_(None)).order_by(Shift.from_at, Shift.id))]

    def entries(self) -> list[dict[str, Any]]:
        with self.store.read() as session:
            return [plain(link) for link in ledger.links(session)]

    def kinds(self) -> list[str]:
        return [entry["kind"] for entry in self.entries()]


@pytest.fixture
def duty(store: Store, load: Callable[[str], Any], now: datetime) -> Duty:
    """On each database in turn. A module that imports it has it."""
    return Duty.open(store, load, now)
