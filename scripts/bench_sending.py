"""Measures how many messages a second leave over a gateway that takes 100 ms for each, and with a dead one beside it.

    .venv/bin/python scripts/bench_sending.py

The real lines of one engine on a durable SQLite file of its own; nothing of an installation is touched. Each figure is
printed with the processor's milliseconds a message, ledger entry and receipt watch included.
"""

import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from incident_clock.channels.base import Channel, ChannelError, Letter, Receipt
from incident_clock.clock import SystemClock
from incident_clock.desk import Desk
from incident_clock.engine.lines import Lines
from incident_clock.engine.settling import Settler
from incident_clock.engine.tick import Ticker
from incident_clock.ledger.fact import Actor
from incident_clock.outbox import queue, wording
from incident_clock.outbox.messages import REMINDER, Draft
from incident_clock.outbox.sender import Sender
from incident_clock.outbox.tables import Message
from incident_clock.outbox.wording import Facts
from incident_clock.people.importing import import_people
from incident_clock.people.people_file import read_people
from incident_clock.phrases import Phrases
from incident_clock.protocol.loading import load_protocol
from incident_clock.registry.drafts import NewIncident
from incident_clock.settings import ROOT
from incident_clock.store.migrating import upgrade
from incident_clock.store.session import Store

MESSAGES, INCIDENTS = 2_000, 20
CALL_S, HANG_S = 0.1, 8.0
ZONE = ZoneInfo("Asia/Shanghai")
OFFICER = Actor(name="甲", role="duty_officer", key="zhou")


class Gateway(Channel):
    """Takes every letter after `pause_s`, or lets it time out after that."""

    is_loopback = True
    receipt_within = timedelta(seconds=60)

    def __init__(self, name: str, pause_s: float, *, is_dead: bool = False) -> None:
        self._name, self._pause_s, self._is_dead = name, pause_s, is_dead

    @property
    def name(self) -> str:
        return self._name

    def problems(self) -> list[str]:
        return []

    def send(self, letter: Letter) -> Receipt:
        time.sleep(self._pause_s)
        if self._is_dead:
            raise ChannelError("no answer")
        return Receipt(f"SM{letter.reference}", "taken", self._name)


def main() -> None:
    _measure("one gateway", {"sms": MESSAGES}, dead=())
    _measure("the same, with a dead channel beside it", {"sms": MESSAGES, "email": 500}, dead=("email",))


def _measure(what: str, numbers: dict[str, int], *, dead: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, clock = Store(f"sqlite:///{Path(folder, 'bench.db')}"), SystemClock()
        upgrade(store)
        now = clock.now()
        with store.write() as session:
            import_people(session, read_people(ROOT / "config/people.example.yaml"), actor=OFFICER, now=now)
        _fill(store, numbers, now)
        channels = {name: Gateway(name, HANG_S if name in dead else CALL_S, is_dead=name in dead) for name in numbers}
        ticker = Ticker(store, lambda session: channels, ZONE)
        sender = Sender(store, channels, clock, "bench",
                        lambda message, at: wording.text(message, Phrases("zh", ZONE), now=at, link=""),
                        partial(Phrases, zone=ZONE), lambda: None, Settler(store, ticker.look_around).settle)
        room = threading.Event()
        lines = Lines(sender, clock, when_settled=room.set)
        wall, processor = time.perf_counter(), time.process_time()
        while _left(store) > 0:
            lines.send()
            room.wait(0.2)
            room.clear()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        sys.stdout.write(f"{what}: {numbers['sms'] / wall:.0f} messages/s, "
                         f"{1_000 * processor / numbers['sms']:.1f} ms of the processor each\n")
        lines.close()
        store.dispose()


def _fill(store: Store, numbers: dict[str, int], now: datetime) -> None:
    rule = load_protocol(ROOT / "config/protocols/district-emergency.yaml")
    desk = Desk(store, {rule.key: rule}, rule.key, ZONE)
    ids = [desk.register(NewIncident(title=f"第{number}起"), actor=OFFICER, now=now).incident_id
           for number in range(INCIDENTS)]
    facts = Facts(number="2026-0001", spoken="001", title="广告牌坠落", is_drill=False, is_opening=True,
                  step_title={"zh": "电话上报", "en": "Phone report"}, evidence="call", signature="云河综合执法",
                  due_at=now + timedelta(minutes=20), received_at=now).plain()
    with store.write() as session:
        queue.enqueue(session, [Draft(
            incident_id=ids[number % INCIDENTS], step="phone_report", kind=REMINDER, rung=1, repeat=number,
            person="zhou", channel=channel, address="+8613800000001", language="zh", facts=facts, reason="on_time",
            due_at=now) for channel, count in numbers.items() for number in range(count)], now=now)


def _left(store: Store) -> int:
    """SMS that have not left yet."""
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(Message)
                              .where(Message.channel == "sms", Message.sent_at.is_(None))) or 0


if __name__ == "__main__":
    main()
