"""Sending in parallel: threads of their own for each channel, and one that writes down what came of the calls.

A dead channel fills its own line only. Outcomes are written together, because a transaction each would be the
slowest part. No more is claimed than a line has free places, so that a crash repeats at most those.
"""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import OperationalError

from incident_clock.clock import Clock
from incident_clock.outbox.queue import RETRY, Claimed, Outcome
from incident_clock.outbox.sender import Sender

THREADS_PER_CHANNEL = 48
KEPT_FOR_REAL = 8  # of these: what the calls of drills may never take
SETTLE_TOGETHER = 100  # outcomes in one transaction
WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0)  # for a database that is busy or away

logger = logging.getLogger(__name__)


class Lines:
    """The lines of one engine. `when_settled` is called after every transaction: places have become free."""

    def __init__(self, sender: Sender, clock: Clock, *, when_settled: Callable[[], None]) -> None:
        self._sender, self._clock, self._when_settled = sender, clock, when_settled
        self.claiming = threading.Lock()  # whoever looks for lost leases holds it, so that none is missed
        self._under_way: set[tuple[int, int]] = set()  # message and attempt whose call or settling is not over
        self._taken: Counter[str] = Counter()  # channel → places taken
        self._changing = threading.Condition()
        self._calls: dict[str, ThreadPoolExecutor] = {}
        self._ended: queue.SimpleQueue[tuple[Claimed, Outcome] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_down, name="settle", daemon=True)
        self._writer.start()

    def send(self) -> int:
        """Claim what there is room for, and start the calls; gives how many."""
        with self.claiming:
            claimed = self._sender.claim(THREADS_PER_CHANNEL, free=self._free, kept_for_real=KEPT_FOR_REAL)
            for one in claimed:
                self._take(one)
        for one in claimed:
            try:
                self._line(one.message.channel).submit(self._call, one)
            except RuntimeError as error:  # the machine has no thread left
                self._ended.put((one, Outcome(RETRY, f"no thread for the call ({error})")))
        return len(claimed)

    def is_under_way(self, message_id: int, attempt: int) -> bool:
        return (message_id, attempt) in self._under_way

    def are_settled(self, *, within_s: float | None = None) -> bool:
        """Wait until every call that was begun is written down; False when that takes longer."""
        with self._changing:
            return self._changing.wait_for(lambda: not self._under_way, within_s)

    def close(self) -> None:
        """Let every call that was begun come to its end, and write it down."""
        self.are_settled()
        for line in self._calls.values():
            line.shutdown(wait=True)
        self._ended.put(None)
        self._writer.join()

    def _free(self, channel: str) -> int:
        return THREADS_PER_CHANNEL - self._taken[channel]

    def _line(self, channel: str) -> ThreadPoolExecutor:
        if channel not in self._calls:
            self._calls[channel] = ThreadPoolExecutor(THREADS_PER_CHANNEL, thread_name_prefix=f"send-{channel}")
        return self._calls[channel]

    def _call(self, claimed: Claimed) -> None:
        try:
            outcome = self._sender.call(claimed)
        except BaseException as error:  # a place that is never given back would in time close the whole line
            logger.exception("the call for message %s failed unexpectedly", claimed.message_id)
            outcome = Outcome(RETRY, f"unexpected {type(error).__name__}")
        self._ended.put((claimed, outcome))

    # ── the one that writes ─────────────────────────────────────────────────────
    def _write_down(self) -> None:
        while (first := self._ended.get()) is not None:
            together = [first]
            while len(together) < SETTLE_TOGETHER:
                try:
                    following = self._ended.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    self._ended.put(None)
                    break
                together.append(following)
            self._settle(together)

    def _settle(self, together: Sequence[tuple[Claimed, Outcome]]) -> None:
        """A database that is away for a moment must not make copies of what is known to have left; and one outcome that
        cannot be written down must not hold up the others: its lease is found lost and freed."""
        try:
            self._persist(together)
        except Exception:
            logger.exception("%s outcomes could not be written down together; trying each alone", len(together))
            for one in together:
                try:
                    self._sender.settle([one], self._clock.now())
                except Exception:
                    logger.exception("the outcome of message %s could not be written down", one[0].message_id)
        self._give_back([claimed for claimed, _ in together])
        try:
            self._when_settled()
        except Exception:  # nothing may end this thread: without it no outcome is ever written down
            logger.exception("the free places could not be announced; they are seen at the next turn")

    def _persist(self, together: Sequence[tuple[Claimed, Outcome]]) -> None:
        for pause_s in WAITS_S:
            try:
                return self._sender.settle(together, self._clock.now())
            except OperationalError:
                logger.warning("outcomes cannot be written down yet: the database is busy or away")
                time.sleep(pause_s)
        return self._sender.settle(together, self._clock.now())

    def _take(self, claimed: Claimed) -> None:
        with self._changing:
            self._under_way.add((claimed.message_id, claimed.attempt))
            self._taken[claimed.message.channel] += 1

    def _give_back(self, ended: Sequence[Claimed]) -> None:
        with self._changing:
            for claimed in ended:
                self._under_way.discard((claimed.message_id, claimed.attempt))
                self._taken[claimed.message.channel] -= 1
            self._changing.notify_all()
