"""Test messages to a phone and a mailbox of the bureau's own, at a fixed pace and over every gateway: a way that is
dead is found before an incident needs it. Off unless an address is named (`INCIDENT_CLOCK_TEST_MESSAGE_TO`).

Settled by the outbox's unique key (kind, pace, gateway, channel): any engine may try, at any time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from incident_clock.channels.base import Channel
from incident_clock.outbox import queue
from incident_clock.outbox.messages import PROBE, Draft
from incident_clock.people.cards import CONTACT_OF, EMAIL, MOBILE
from incident_clock.store.session import Store

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)  # paces are counted from here, so that all engines count alike
RINGING = ("voice",)  # a phone that rings every hour would be taken off the hook


@dataclass(slots=True)
class Prober:
    """Sends to `addresses` (numbers in E.164 form, mail addresses) every `every`. `words` gives the facts of a test
    message over a gateway at an instant."""

    store: Store
    channels: Mapping[str, Channel]
    addresses: Sequence[str]
    every: timedelta
    words: Callable[[str, datetime], dict[str, Any]]
    _done: int | None = field(default=None, init=False)

    def probe(self, now: datetime) -> int:
        """Put this pace's test messages into the outbox; gives how many are new."""
        pace = int((now - BEGINNING) / self.every)
        if not self.addresses or self._done == pace:
            return 0
        with self.store.write() as session:
            new = queue.enqueue(session, list(self._drafts(pace, now)), now=now)
        self._done = pace
        return new

    def _drafts(self, pace: int, now: datetime) -> list[Draft]:
        return [Draft(incident_id=None, step="", kind=PROBE, rung=0, repeat=pace, person=gateway, channel=name,
                      address=address, language="zh", facts=self.words(gateway, now), reason="probe", due_at=now)
                for name, channel in self.channels.items() if name not in RINGING and name in CONTACT_OF
                for address in self.addresses if CONTACT_OF[name] == (EMAIL if "@" in address else MOBILE)
                for gateway in channel.gateways]
