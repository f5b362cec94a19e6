"""Measures how long it takes to find out who hears of a call, and to foresee a whole incident.

    .venv/bin/python scripts/bench_resolution.py

60 people, each with a phone and a mail address, and a roster of 365 days: one shift a day for every rostered role, and
60 shifts a day. Prints milliseconds of the wall clock and of the processor; nothing of an installation is touched.
"""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select, update

from incident_clock.desk import Desk
from incident_clock.engine.tick import Ticker
from incident_clock.ledger.fact import Actor
from incident_clock.outbox.tables import Message
from incident_clock.people import roster
from incident_clock.people.calling import Conditions, roles_of, who_hears
from incident_clock.people.duty import ROSTERED_ROLES
from incident_clock.people.duty_tables import Absence, Cover, Shift
from incident_clock.people.tables import ContactMethod, Directory, Person, Unit
from incident_clock.protocol.loading import load_protocol
from incident_clock.protocol.steps import ROLES
from incident_clock.registry.drafts import NewIncident
from incident_clock.registry.tables import Deadline
from incident_clock.settings import ROOT
from incident_clock.store.migrating import upgrade
from incident_clock.store.session import Store
from incident_clock.views.forecast import Forecaster

PEOPLE, DAYS, RUNGS, RUNS = 60, 365, 1_000, 9
INCIDENTS = 500  # two due rungs each
OTHERS = 5  # open beside the one that is foreseen
CHANNELS = ("sms", "email")
NOW = datetime(2026, 3, 12, 6, 5, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
OFFICER = Actor(name="甲", role="duty_officer", key="p0")
RULE = load_protocol(ROOT / "config/protocols/district-emergency.yaml")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for shifts_a_day in (1, PEOPLE // len(ROSTERED_ROLES)):
            store = Store(f"sqlite:///{Path(folder, f'{shifts_a_day}.db')}")
            upgrade(store)
            _settle_in(store, shifts_a_day)
            print(f"{PEOPLE} people, {DAYS} days, {shifts_a_day * len(ROSTERED_ROLES)} shifts a day:")
            _tell("duty_book for one instant", partial(_book, store))
            _tell(f"who_hears for {RUNGS} due rungs, the duty_book included", partial(_resolve, store))
            _forecasts(store)
            _tick(store)
            store.dispose()


def _settle_in(store: Store, shifts_a_day: int) -> None:
    """People with every role among them, shifts without end, covers and leave on a good part of the days."""
    keys = [f"p{number}" for number in range(PEOPLE)]
    begin = NOW - timedelta(days=DAYS // 2)
    shifts = [{"role": role, "person": keys[(day * 7 + place + number) % PEOPLE],
               "from_at": begin + timedelta(days=day), "until_at": begin + timedelta(days=day + 1)}
              for day in range(DAYS) for place, role in enumerate(ROSTERED_ROLES) for number in range(shifts_a_day)]
    with store.write() as session:
        session.execute(insert(Directory), [{"id": 1, "is_example": False, "source": "bench", "imported_at": NOW}])
        session.execute(insert(Unit), [{"key": "bureau", "name": "测试局", "short_name": "测试局", "position": 0}])
        session.execute(insert(Person), [
            {"key": key, "name": f"人{key}", "unit": "bureau", "roles": [ROLES[place % 10]], "language": "zh",
             "stand_in": keys[place - 1], "is_active": True, "position": place} for place, key in enumerate(keys)])
        session.execute(insert(ContactMethod), [
            {"person": key, "kind": kind, "address": address, "position": order} for place, key in enumerate(keys)
            for order, (kind, address) in enumerate((("mobile", f"+86138000{place:05}"),
                                                     ("email", f"{key}@bureau.example")))])
        session.execute(insert(Shift), shifts)
        session.execute(insert(Cover), [
            {"role": shift["role"], "person": keys[place % PEOPLE], "instead_of": shift["person"], "reason": "有事",
             "from_at": shift["from_at"], "until_at": shift["until_at"]} for place, shift in enumerate(shifts[::5])])
        session.execute(insert(Absence), [
            {"person": keys[day % PEOPLE], "acting": keys[(day + 1) % PEOPLE], "reason": "出差",
             "from_at": begin + timedelta(days=day), "until_at": begin + timedelta(days=day + 3)}
            for day in range(DAYS)])


def _book(store: Store) -> None:
    with store.read() as session:
        roster.duty_book(session, NOW)


def _resolve(store: Store) -> None:
    with store.read() as session:
        book = roster.duty_book(session, NOW)
    rungs = [(step, rung) for step in RULE.steps for rung in step.ladder]
    for number in range(RUNGS):
        step, rung = rungs[number % len(rungs)]
        who_hears(step, rung.number, roles_of(rung), book=book, at=NOW, given=Conditions(CHANNELS))


def _forecasts(store: Store) -> None:
    forecaster = Forecaster(store, lambda session: CHANNELS, ZONE, 40)
    number = _desk(store).register(NewIncident(title="一起"), actor=OFFICER, now=NOW).number
    calls = len(forecaster.of_incident(number, NOW).calls)
    _tell(f"forecast of one incident ({calls} lines of it)", partial(forecaster.of_incident, number, NOW))
    for place in range(OTHERS):
        _desk(store).register(NewIncident(title=f"另{place}起", received_at=NOW - timedelta(minutes=7 * place)),
                              actor=OFFICER, now=NOW)
    _tell(f"the same with {OTHERS} others open", partial(forecaster.of_incident, number, NOW))
    with store.write() as session:
        session.execute(update(Deadline).values(settled_at=NOW))


def _tick(store: Store) -> None:
    """Everything that a tick does over the due rungs: resolve, outbox, ledger, commit. For information."""
    desk, received_at = _desk(store), NOW - timedelta(minutes=30)
    for number in range(INCIDENTS):
        desk.register(NewIncident(title=f"第{number}起", received_at=received_at), actor=OFFICER, now=NOW)
    ticker = Ticker(store, lambda session: CHANNELS, ZONE, daily_budget=1_000_000)
    wall, cpu, raised = perf_counter(), process_time(), ticker.tick(NOW).raised
    wall, cpu = perf_counter() - wall, process_time() - cpu
    with store.read() as session:
        messages = session.scalar(select(func.count()).select_from(Message))
    print(f"  for information, a tick over {raised} due rungs, {messages} messages: {wall:.1f} s, cpu {cpu:.1f} s")


def _desk(store: Store) -> Desk:
    return Desk(store, {RULE.key: RULE}, RULE.key, ZONE)


def _tell(what: str, work: Callable[[], object]) -> None:
    walls, cpus = zip(*(_timed(work) for _ in range(RUNS)), strict=True)
    wall, best, cpu = (seconds * 1_000 for seconds in (median(walls), min(walls), median(cpus)))
    print(f"  {what}: {wall:.0f} ms (best {best:.0f}), cpu {cpu:.0f} ms")


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = perf_counter(), process_time()
    work()
    return perf_counter() - wall, process_time() - cpu


if __name__ == "__main__":
    main()
