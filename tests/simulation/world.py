"""One virtual day drawn from a seed: people who register, answer, log and take back, some of whom are away or gone, an
engine that dies, channels that fail.

The product's own parts do the work; this only decides what happens when, and keeps what an oracle needs to know.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import event

from incident_clock.channels.base import Letter
from incident_clock.errors import Refusal
from incident_clock.outbox import messages as m
from incident_clock.outbox import queue
from incident_clock.outbox.queue import Claimed
from incident_clock.outbox.sender import Sender
from incident_clock.outbox.tables import Attempt, Message
from incident_clock.protocol.steps import AFTER, BEFORE_DUE, OVERDUE_BY, Repeat
from incident_clock.store.session import Store
from tests.simulation.prediction import Staff
from tests.support.bureau import KEY_OF, WANG, WU, ZHOU, rung, small_rule
from tests.support.databases import copied
from tests.support.room import Room
from tests.support.roster import away, put
from tests.support.telling import ARRIVES, PERMANENT, TEMPORARY, UNKNOWN

MORNING = datetime(2026, 3, 12, 0, 30, tzinfo=UTC)
DAY = timedelta(minutes=150)
MINUTE = timedelta(minutes=1)
LOST = "lost"  # the letter never arrived and the answer is unknown

RULE = small_rule(
    rung(1, AFTER, 0, "duty_officer", repeats=(Repeat(timedelta(minutes=4), 2),)),
    rung(2, BEFORE_DUE, 8, "duty_officer", "duty_chief"),
    rung(3, BEFORE_DUE, 4, "deputy", "spokesman"), rung(4, BEFORE_DUE, 4, "duty_leader", "head", answers="any"),
    rung(5, OVERDUE_BY, 1, "head", repeats=(Repeat(timedelta(minutes=9), 2), Repeat(timedelta(minutes=40)))),
    steps=("phone_report", "preliminary_report"))

ROLES = tuple(dict.fromkeys(role for rung in RULE.steps[0].ladder for role in rung.tell))
DEPUTIES = ("chu", "jiang", "wei")  # who may act for somebody: they hold none of these roles themselves
UNLIMITED = 10_000  # text messages a day: the budget has tests of its own

FATES = {  # profile → fates and their weights
    "calm": ((ARRIVES,), (1,)),
    "mixed": ((ARRIVES, TEMPORARY, PERMANENT, UNKNOWN, LOST), (82, 10, 2, 3, 3)),
    "hell": ((ARRIVES, TEMPORARY, PERMANENT, UNKNOWN, LOST), (45, 30, 5, 10, 10)),
}


class Crash(BaseException):
    """The engine's process is gone, wherever it was."""


@dataclass(frozen=True)
class Call:
    """A letter handed to a channel, and its fate. `attempt` is the one it belongs to."""

    message_id: int
    attempt: int
    fate: str
    is_copy: bool
    reference: str

    @property
    def has_arrived(self) -> bool:
        return self.fate in (ARRIVES, UNKNOWN)


@dataclass
class World:
    """`order` counts what was committed, so that the oracle knows what came before what."""

    seed: int
    store: Store
    room: Room = field(init=False)
    calls: list[Call] = field(default_factory=list)
    begun: list[tuple[int, datetime]] = field(default_factory=list)  # order and instant of every tick
    ended: list[tuple[int, datetime]] = field(default_factory=list)  # of those the engine survived
    registered: dict[str, tuple[int, datetime]] = field(default_factory=dict)  # number → order, received
    rescued: set[tuple[int, int]] = field(default_factory=set)  # message and attempt whose lease was freed
    claims: list[tuple[int, int]] = field(default_factory=list)  # order, message
    settled: list[tuple[int, str, str, bool]] = field(default_factory=list)  # order, number, step, is it logged now
    answered: list[tuple[datetime, str, str]] = field(default_factory=list)  # instant, number, who says so
    crashes: int = 0
    order: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.profile = self.random.choices(("calm", "mixed", "hell"), (2, 6, 2))[0]
        channels = ("sms", "email") if self.random.random() < 0.2 else ("sms",)
        self.room = Room(self.store, MORNING, RULE, channels=channels)
        self.room.ticker.daily_budget = UNLIMITED
        self.staff = self._staff()
        for channel in self.room.channels.values():
            channel.fate = self._fate
        self.engines, self.sender, self.zombies = 0, None, list[tuple[Sender, list[Claimed]]]()
        self._delivering: Claimed | None = None
        self._statements_left: int | None = None
        self._calls_left: int | None = None
        self._is_over = False

    # ── the day ─────────────────────────────────────────────────────────────────
    def live(self) -> "World":
        """Play the whole day, then let everything come to rest."""
        acts = sorted(self._plan(), key=lambda act: act[0])
        self._start_engine()
        for at, act, given in acts:
            self._run_until(at)
            act(*given)
        self._run_until(MORNING + DAY)
        self._is_over, self._statements_left, self._calls_left = True, None, None
        self._raise_zombies()
        self._start_engine()
        self._run_until(self.room.now + 12 * MINUTE)  # longer than the rarest try
        return self

    def _staff(self) -> Staff:
        """Who is here today: most are, some are away with a deputy, one or the other has left."""
        holders: dict[str, str | None] = {}
        acting, gone, deputies = {}, set(), list(DEPUTIES)
        for role in ROLES:
            key, chance = KEY_OF[role], self.random.random()
            holders[role] = key
            if chance < 0.08:
                put(self.store, key, is_active=False)
                gone.add(key)
                holders[role] = None
            elif chance < 0.2 and deputies:
                holders[role] = acting[key] = deputies.pop(self.random.randrange(len(deputies)))
                away(self.store, key, MORNING - 2 * DAY, MORNING + 2 * DAY, acting[key])
        return Staff(holders, acting, frozenset(gone))

    def _plan(self) -> Iterator[tuple[datetime, object, tuple]]:
        random = self.random
        for _ in range(min(8, 1 + int(random.expovariate(0.65)))):
            at = MORNING + random.randint(0, 90) * MINUTE
            known: list[str] = []
            yield at, self._register, (known, random.choice((0, 0, 0, 2, 9, 17, 35, 75)))
            for step in RULE.steps:
                logged = at
                for verb, chance in ((self._log, 0.7), (self._withdraw, 0.4), (self._log, 0.7), (self._withdraw, 0.2)):
                    if random.random() > chance:
                        break
                    logged += timedelta(seconds=random.choice((0, 1, 3, 40, 300, 600, 1500)))
                    yield logged, verb, (known, step.key)
            for _ in range(random.choice((0, 2, 5, 9))):
                behind = random.choice((0, 0, 2, 7, 12, 16, 16, 21, 32, 36, 36, 41)) * MINUTE
                yield at + behind + timedelta(seconds=random.choice((0, 1, 20, 70, 119, 121, 150))), self._answer, (known,)
        if self.profile != "calm":
            for _ in range(random.choice((0, 1, 1, 2, 3))):
                at = MORNING + random.randint(0, 140) * MINUTE
                yield at, self._crash_soon if random.random() < 0.7 else self._stop_engine, ()
                yield at + timedelta(seconds=random.choice((1, 20, 400, 2_000))), self._start_engine, ()

    # ── people ──────────────────────────────────────────────────────────────────
    def _register(self, known: list[str], late_minutes: int) -> None:
        received_at = self.room.now - late_minutes * MINUTE
        known.append(self.room.register("牌坊倒塌", received_at=received_at,
                                        actor=self.random.choice((ZHOU, WU))))
        self.order += 1
        self.registered[known[0]] = self.order, received_at

    def _log(self, known: list[str], step: str) -> None:
        self._act(known[0], step, True, lambda: self.room.log(
            known[0], step, actor=self.random.choice((ZHOU, WU, WANG)), reason="补录",
            done_at=self.room.now - self.random.choice((0, 0, 1, 7)) * MINUTE))

    def _withdraw(self, known: list[str], step: str) -> None:
        self._act(known[0], step, False, lambda: self.room.withdraw(known[0], step))

    def _answer(self, known: list[str]) -> None:
        """Somebody says that he has received it, whether he was called or not."""
        here = [key for key in (*self.staff.holders.values(), "wang", "feng", "wu", "chen") if key]
        person = self.random.choice(here)
        try:
            self.room.acknowledge(known[0], person)
        except Refusal:
            return
        self.order += 1
        self.answered.append((self.room.now, known[0], person))

    def _act(self, number: str, step: str, is_logged: bool, verb) -> None:
        try:
            verb()
        except Refusal:
            return
        self.order += 1
        self.settled.append((self.order, number, step, is_logged))

    # ── the engine ──────────────────────────────────────────────────────────────
    def _start_engine(self) -> None:
        """A new process: as on SQLite, holding the lock proves that every other engine is dead."""
        self._statements_left = self._calls_left = None
        self.engines += 1
        name = f"engine-{self.engines}"
        self.sender = self.room.another_sender(name)
        self.rescued |= {(message.id, message.attempt_count) for message in self.room.messages(state=m.SENDING)}
        with self.store.write() as session:
            queue.rescue(session, is_lost=lambda message: message.lease_owner != name, now=self.room.now)
        if self.random.random() < 0.5:
            self._raise_zombies()

    def _stop_engine(self) -> None:
        self.sender = None

    def _crash_soon(self) -> None:
        """The engine dies after so many more statements, or in one of its next calls."""
        if self.random.random() < 0.5:
            self._statements_left = self.random.randint(1, 60)
        else:
            self._calls_left = self.random.randint(1, 3)

    def _run_until(self, end: datetime) -> None:
        room = self.room
        while room.now <= end:
            instants = [end]
            if self.sender is not None:
                try:
                    with self._mortal():
                        self.order += 1
                        self.begun.append((self.order, room.now))
                        wake_at = room.tick().wake_at
                        self.ended.append((self.order, room.now))
                        self._send()
                    instants += [at for at in (wake_at, room.next_try_at()) if at is not None and at > room.now]
                except Crash:
                    self.crashes += 1
                    self.sender, self._statements_left, self._calls_left = None, None, None
            if room.now == end:
                return
            room.clock.move_to(min(instants))

    def _send(self) -> None:
        while claimed := self.sender.claim(self.random.choice((1, 4, 16))):
            self.order += 1
            self.claims += [(self.order, one.message_id) for one in claimed]
            while claimed:
                try:
                    self._deliver(self.sender, claimed[0])
                except Crash:
                    self.zombies.append((self.sender, claimed))
                    raise
                claimed.pop(0)

    def _deliver(self, sender: Sender, one: Claimed) -> None:
        self._delivering = one
        sender.deliver(one)

    def _raise_zombies(self) -> None:
        """Processes thought dead were only asleep: they make the calls they had leased."""
        for sender, claimed in self.zombies:
            for one in claimed:
                if not any((call.message_id, call.attempt) == (one.message_id, one.attempt) for call in self.calls):
                    self._deliver(sender, one)
        self.zombies.clear()

    def _fate(self, letter: Letter) -> str:
        """What becomes of a letter. Its attempt must be on record before it is handed over (intent before act)."""
        fates, weights = FATES["calm" if self._is_over else self.profile]
        fate = self.random.choices(fates, weights)[0]
        one = self._delivering
        with self.store.read() as session:
            attempt = session.query(Attempt).filter_by(message_id=one.message_id, number=one.attempt).one()
            assert (attempt.text, session.get(Message, one.message_id).reference) == (letter.text, letter.reference)
        dies = self._dies_in_a_call()
        if dies and self.random.random() < 0.4:
            raise Crash  # before the letter left
        self.calls.append(Call(one.message_id, one.attempt, fate, "X-Incident-Clock-Copy" in letter.headers,
                               letter.reference))
        if dies:
            raise Crash  # the answer came to nobody
        return UNKNOWN if fate == LOST else fate

    def _dies_in_a_call(self) -> bool:
        if self._calls_left is not None:
            self._calls_left -= 1
        return self._calls_left == 0

    @contextmanager
    def _mortal(self) -> Iterator[None]:
        """The engine's statements are counted here; at the appointed one it dies."""

        def count(*_: object) -> None:
            if self._statements_left is not None:
                self._statements_left -= 1
                if self._statements_left < 0:
                    raise Crash

        event.listen(self.store.engine, "before_cursor_execute", count)
        try:
            yield
        finally:
            event.remove(self.store.engine, "before_cursor_execute", count)


def fresh_sqlite(template: Path, folder: Path, name: object) -> Store:
    """A throw-away copy of the empty database."""
    return copied(template, folder / f"{name}.db")
