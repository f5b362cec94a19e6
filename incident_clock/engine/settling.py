"""The end of a message's attempt: the outbox row and the ledger entry, in one short transaction."""

from dataclasses import dataclass
from datetime import datetime

from incident_clock.ledger.fact import ENGINE, Erasable
from incident_clock.outbox import queue
from incident_clock.outbox.queue import Claimed, Outcome
from incident_clock.people import roster
from incident_clock.registry import incidents, ledger
from incident_clock.registry.facts import MessageSettled
from incident_clock.store.session import Store


@dataclass(frozen=True, slots=True)
class Settler:
    """Writes down what became of an attempt; what will be tried again stays in the outbox only."""

    store: Store

    def settle(self, claimed: Claimed, outcome: Outcome, now: datetime) -> None:
        with self.store.write() as session:
            # first: the order every verb keeps
            incident = incidents.locked(session, claimed.incident_id) if claimed.incident_id else None
            message = queue.settle(session, claimed, outcome, now=now)
            if message is None or outcome.result == queue.RETRY:
                return
            if outcome.result == queue.ACCEPTED:
                roster.note_delivery(session, message.person, message.address, now)
            if incident is None:
                return
            ledger.append(session, incident, MessageSettled(
                happened_at=now, message=message.kind, step=message.step, rung=message.rung, repeat=message.repeat,
                person=Erasable(roster.name_of(session, message.person)), channel=message.channel,
                outcome=outcome.result, attempt=claimed.attempt, reference=message.reference,
                may_be_copy=message.may_be_copy), actor=ENGINE, now=now)
