"""The daily notice: once a day the administrators are told where nobody is on duty in the days to come.

Settled by the outbox's unique key (kind, day, person, channel): any engine may try, at any time after the hour.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from incident_clock.outbox import queue
from incident_clock.outbox.messages import GAPS, Draft
from incident_clock.people import roster
from incident_clock.people.calling import usable
from incident_clock.people.readiness import Gap
from incident_clock.store.session import Store

NOTICE_AT = time(9)  # local: early enough to find somebody for tonight
LOOK_EVERY = timedelta(minutes=10)  # after that hour, while nothing was missing or nobody could be told
ADMINISTRATOR = "admin"


@dataclass(slots=True)
class Noticer:
    """`gaps` finds what is missing in the days to come, `words` puts it into a reader's language: the message's
    `facts` with sms, mail, subject, number and is_drill."""

    store: Store
    zone: ZoneInfo
    channels: Callable[[Session], Collection[str]]
    gaps: Callable[[Session, datetime], Sequence[Gap]]
    words: Callable[[Sequence[Gap], str, datetime], dict[str, Any]]
    _done: date | None = field(default=None, init=False)
    _looked_at: datetime | None = field(default=None, init=False)

    def notice(self, now: datetime) -> int:
        """Put today's notice into the outbox, if its hour has come and something is missing; gives how many are new."""
        local = now.astimezone(self.zone)
        if local.time() < NOTICE_AT or self._done == local.date():
            return 0
        if self._looked_at is not None and timedelta(0) <= now - self._looked_at < LOOK_EVERY:
            return 0
        self._looked_at = now
        with self.store.write() as session:
            found = self.gaps(session, now)
            drafts = self._drafts(session, found, now, local.date()) if found else []
            new = queue.enqueue(session, drafts, now=now)
        if drafts:  # what is missing later today is on the board: one notice a day
            self._done = local.date()
        return new

    def _drafts(self, session: Session, found: Sequence[Gap], now: datetime, day: date) -> list[Draft]:
        channels = self.channels(session)
        return [Draft(incident_id=None, step="", kind=GAPS, rung=0, repeat=int(day.strftime("%Y%m%d")),
                      person=holder.card.key, channel=channel, address=address, language=holder.card.language,
                      facts=self.words(found, holder.card.language, now), reason="daily", due_at=now)
                for holder in roster.who_is(session, ADMINISTRATOR, now)
                for channel, address in usable(holder.card, None, channels).items()]
