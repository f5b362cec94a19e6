"""The end of attempts: outbox rows, ledger entries and what follows from a failure, many in one short transaction.

Incidents are locked first and in the order of their ids: the order every verb keeps, so that nobody waits in a ring.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from incident_clock.channels import base
from incident_clock.engine import fallback
from incident_clock.engine.course import Surroundings
from incident_clock.engine.fallback import Fallback
from incident_clock.ledger.fact import ENGINE, Erasable
from incident_clock.outbox import messages as m
from incident_clock.outbox import queue, receipts
from incident_clock.outbox.queue import Claimed, Outcome
from incident_clock.outbox.receipts import Change
from incident_clock.outbox.tables import Attempt, Message
from incident_clock.people import roster
from incident_clock.registry import ledger
from incident_clock.registry.facts import MessageSettled
from incident_clock.registry.tables import Incident
from incident_clock.store.session import Store

FAILING_AFTER = 2  # failed tries of one way before another is tried beside it
LATER = {base.DELIVERED: "delivered", base.READ: "read", base.FAILED: "undelivered"}  # status → word of the ledger

LookAround = Callable[[Session, datetime, bool], Surroundings]  # the last: whether a drill is about to be told of


@dataclass(frozen=True, slots=True)
class Settler:
    """Writes down what became of attempts; what will be tried again stays in the outbox only.

    `look_around` gives who is on duty and which channels are on; None: nothing is told another way (rehearsals with
    one channel). `after_commit` is called when another way was put into the outbox.
    """

    store: Store
    look_around: LookAround | None = None
    after_commit: Callable[[], None] = lambda: None

    def settle(self, ended: Sequence[tuple[Claimed, Outcome]], now: datetime) -> None:
        """Settle the attempts of several messages together. All or none of them are written down."""
        with self.store.write() as session:
            incidents = lock(session, (claimed.incident_id for claimed, _ in ended))
            ending = Ending(session, incidents, now, self.look_around)
            for claimed, outcome in ended:
                ending.settle(claimed, outcome)
        if ending.is_more_to_send:
            self.after_commit()


def lock(session: Session, ids: Iterable[int | None]) -> dict[int, Incident]:
    """Lock incidents in the one order that everybody keeps."""
    wanted = sorted({one for one in ids if one is not None})
    asked = select(Incident).where(Incident.id.in_(wanted)).order_by(Incident.id)
    found = session.scalars(asked.options(lazyload(Incident.protocol)).with_for_update(of=Incident)).unique() \
        if wanted else ()
    return {incident.id: incident for incident in found}


class Ending:
    """What became of messages, within one transaction over locked incidents."""

    def __init__(self, session: Session, incidents: dict[int, Incident], now: datetime,
                 look_around: LookAround | None) -> None:
        self._session, self._incidents, self._now, self._look_around = session, incidents, now, look_around
        self._around: dict[bool, tuple[Surroundings, str]] = {}  # drill? → read once, and only when something failed
        self.is_more_to_send = False

    def settle(self, claimed: Claimed, outcome: Outcome) -> None:
        """The end of one attempt: what the next station said when it was handed over."""
        message = queue.settle(self._session, claimed, outcome, now=self._now)
        if message is None:
            return
        if outcome.result != queue.RETRY:
            self._write_down(message, outcome.result, number=claimed.attempt, gateway=outcome.gateway,
                             code=outcome.code)
        if outcome.result == queue.ACCEPTED:
            if outcome.receipt_within is None:  # no better word will come
                roster.note_delivery(self._session, message.person, message.address, self._now)
            else:
                self._catch_up(message, claimed.attempt)
            return
        if outcome.result == queue.UNKNOWN:
            self._catch_up(message, claimed.attempt)  # a report may have come where the answer did not
            if message.state != m.UNKNOWN:
                return
        if outcome.is_address_dead:
            self._note_dead(message, outcome.detail)
        why = _why(outcome, message)
        if why:
            self.follow(message, why, code=outcome.code)

    def changed(self, change: Change) -> None:
        """What a provider reported later of a letter that had left."""
        message, report = change.message, change.report
        self._write_down(message, LATER[report.status], number=change.attempt.number,
                         gateway=change.attempt.gateway or "", code=report.code)
        if not change.is_lost:
            roster.note_delivery(self._session, message.person, message.address, self._now)
            return
        if report.is_address_dead:
            self._note_dead(message, report.detail)
        self.is_more_to_send = True  # it may go again over another gateway
        self.follow(message, fallback.UNDELIVERED, code=report.code)

    def follow(self, message: Message, why: str, *, code: str = "") -> None:
        """Another way to the same person, or somebody in his place."""
        incident = self._incidents.get(message.incident_id or 0)
        if self._look_around is None or incident is None:
            return
        if incident.is_drill not in self._around:
            self._around[incident.is_drill] = (self._look_around(self._session, self._now, incident.is_drill),
                                               roster.bureau(self._session).short_name)
        is_told = Fallback(self._session, incident, message, *self._around[incident.is_drill]).carry_out(why, code=code)
        self.is_more_to_send = self.is_more_to_send or is_told

    def _catch_up(self, message: Message, number: int) -> None:
        attempt = self._session.scalars(select(Attempt).where(
            Attempt.message_id == message.id, Attempt.number == number)).one()
        change = receipts.catch_up(self._session, attempt, now=self._now)
        if change is not None:
            self.changed(change)

    def _note_dead(self, message: Message, why: str) -> None:
        roster.note_failure(self._session, message.person, message.address, self._now, why)

    def _write_down(self, message: Message, outcome: str, *, number: int, gateway: str, code: str) -> None:
        incident = self._incidents.get(message.incident_id or 0)
        if incident is None:  # a notice belongs to no ledger
            return
        ledger.append(self._session, incident, MessageSettled(
            happened_at=self._now, message=message.kind, step=message.step, rung=message.rung, repeat=message.repeat,
            person=Erasable(roster.name_of(self._session, message.person)), channel=message.channel, outcome=outcome,
            attempt=number, reference=message.reference, may_be_copy=message.may_be_copy, gateway=gateway, code=code),
            actor=ENGINE, now=self._now)


def _why(outcome: Outcome, message: Message) -> str:
    """Whether a failure at hand-over calls for another way now, and the word for it."""
    if outcome.result == queue.FAILED:
        return fallback.REFUSED
    if outcome.result == queue.UNKNOWN:
        return fallback.UNKNOWN
    if outcome.fate == base.GATEWAY_DOWN:
        return fallback.GATEWAY_DOWN
    return fallback.FAILING if message.attempt_count >= FAILING_AFTER else ""
