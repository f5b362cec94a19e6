"""The read side in one object: each call is one short read transaction. What web, API and command line print."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from incident_clock.errors import Refusal
from incident_clock.outbox.tables import Message
from incident_clock.people import roster
from incident_clock.people.roster import Bureau
from incident_clock.registry import ledger
from incident_clock.store.session import Store
from incident_clock.views import answering, board, health, incidents, messages, timeline, ways
from incident_clock.views.message_shapes import MessageView, StepCalls
from incident_clock.views.shapes import Board, ChainView, IncidentView, Pulse, TimelineView
from incident_clock.views.ways import Way


@dataclass(frozen=True, slots=True)
class Views:
    """Reads, bound to a database. `text_of` words a message as it would leave; `problems` are standing complaints."""

    store: Store
    zone: ZoneInfo
    text_of: Callable[[Message, datetime], str]
    problems: Callable[[], tuple[Refusal, ...]]

    def board(self, now: datetime) -> Board:
        with self.store.read() as session:
            return board.board(session, now=now, zone=self.zone)

    def incident(self, number_or_id: str | int, now: datetime) -> IncidentView:
        """Raises NotFound."""
        with self.store.read() as session:
            incident = incidents.find(session, number_or_id)
            return incidents.view(session, incident, ledger.read(session, incident.id), now=now)

    def whole(self, number_or_id: str | int, now: datetime, *, order: str, only: str,
              limit: int | None) -> tuple[IncidentView, TimelineView, ChainView]:
        """An incident, its timeline and its chain, all of the same moment. Raises NotFound."""
        with self.store.read() as session:
            incident = incidents.find(session, number_or_id)
            account = ledger.read(session, incident.id)
            return (incidents.view(session, incident, account, now=now),
                    timeline.timeline(account, order=order, only=only, limit=limit),
                    timeline.chain_state(session, incident, account))

    def step_calls(self, number_or_id: str | int, now: datetime) -> tuple[StepCalls, ...]:
        """Who was called on the open steps, and who has answered. Raises NotFound."""
        with self.store.read() as session:
            return answering.step_calls(session, incidents.find(session, number_or_id), now=now)

    def search(self, now: datetime, *, text: str = "", is_open: bool | None = None,
               before: int | None = None) -> tuple[list[IncidentView], int | None]:
        with self.store.read() as session:
            return board.search(session, text=text, is_open=is_open, before=before, now=now)

    def timeline(self, incident_id: int, *, order: str = timeline.NEWEST_FIRST,
                 only: str = timeline.ALL) -> TimelineView:
        with self.store.read() as session:
            return timeline.timeline(ledger.read(session, incident_id), order=order, only=only)

    def entries(self, incident_id: int) -> list[dict[str, Any]]:
        """The ledger of one incident in the form of the API and the export."""
        with self.store.read() as session:
            return ledger.read(session, incident_id).entries

    def chain_state(self, incident_id: int) -> ChainView:
        with self.store.read() as session:
            incident = incidents.find(session, incident_id)
            return timeline.chain_state(session, incident, ledger.read(session, incident.id))

    def messages(self, now: datetime, *, incident_id: int | None = None, group: str | None = None) -> list[MessageView]:
        with self.store.read() as session:
            return messages.messages(session, incident_id=incident_id, group=group,
                                     text_now=lambda message: self.text_of(message, now))

    def message_counts(self) -> dict[str, int]:
        with self.store.read() as session:
            return messages.counts(session)

    def ways(self, now: datetime) -> tuple[Way, ...]:
        """The channels and gateways that were tried in the last day."""
        with self.store.read() as session:
            return ways.ways(session, now=now)

    def pulse(self, now: datetime) -> Pulse:
        with self.store.read() as session:
            return health.pulse(session, now=now, problems=(*self.problems(), *ways.alarms(session, now=now)))

    def why_engine_not_ready(self, now: datetime) -> str:
        with self.store.read() as session:
            return health.why_not_ready(session, now=now)

    def bureau(self) -> Bureau:
        with self.store.read() as session:
            return roster.bureau(session)
