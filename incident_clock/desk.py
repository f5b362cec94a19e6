"""What a person does, as one transaction each: the verb of the registry and what it means for the outbox.

Web, API, command line and rehearsals all work through this desk. The verb's entry, the withdrawn reminders and
the all-clear commit together, so that no reminder starts after the log of its step is committed.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, Invalid, NotFound
from incident_clock.ledger.fact import ENGINE, Actor, Erasable
from incident_clock.outbox import queue
from incident_clock.outbox.messages import ALL_CLEAR, CHASING, REMINDER, REOPENED, STAND_IN, Draft
from incident_clock.outbox.tables import Message
from incident_clock.people import roster
from incident_clock.people.cards import PersonCard
from incident_clock.phrases import N_
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry import calls, incidents, ledger
from incident_clock.registry.drafts import NewIncident, StepLog
from incident_clock.registry.facts import AudienceTold, Resent
from incident_clock.registry.tables import AnsweredRequest, Incident
from incident_clock.store.session import Store

KEY_LIMIT = 200  # characters of an idempotency key


@dataclass(frozen=True, slots=True)
class Registered:
    """What a registration came to. `duplicates` are numbers of incidents it may repeat."""

    incident_id: int
    number: str
    duplicates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """The verbs, bound to a database, the rules that can be chosen, and the zone that counts the years."""

    store: Store
    protocols: Mapping[str, ResponseProtocol]
    default_protocol: str
    zone: ZoneInfo
    after_commit: Callable[[], None] = field(default=lambda: None)

    def register(self, new: NewIncident, *, actor: Actor, now: datetime, key: str | None = None) -> Registered:
        """Register an incident and start its clock. Raises Refusals; Conflict for a key used with another body."""
        protocol = self.protocols.get(new.protocol or self.default_protocol)
        if protocol is None:
            raise Invalid(N_("没有“%(key)s”这套规则，可选：%(keys)s"), field="protocol", key=(new.protocol or "")[:40],
                          keys=list(self.protocols))

        def carry_out(session: Session) -> Incident:
            return incidents.register(session, new, protocol, actor=actor, now=now, zone=self.zone)

        incident_id = self._once(carry_out, actor=actor, key=key, now=now, asked=["register", asdict(new)])
        with self.store.read() as session:
            incident = session.get_one(Incident, incident_id)
            duplicates = tuple(other.number for other in incidents.likely_duplicates(session, incident))
            return Registered(incident.id, incident.number, duplicates)

    def log_step(self, incident: str | int, step: str, log: StepLog, *, actor: Actor, now: datetime,
                 key: str | None = None) -> None:
        """Record a step as done; stops its ladder and tells those who were chased.

        Raises Refusals, Conflict (logged already, closed), NotFound.
        """

        def carry_out(session: Session) -> Incident:
            found = incidents.locked(session, incident)
            sequence = incidents.log_step(session, found, step, log, actor=actor, now=now)
            calls.rest(session, incident_id=found.id, step=step)
            queue.withdraw(session, incident_id=found.id, step=step, kinds=CHASING, why=N_("这一步已经记录，不再发出"))
            chased = queue.told(session, incident_id=found.id, step=step, kinds=CHASING)
            self._tell(session, found, step, chased, kind=ALL_CLEAR, sequence=sequence, now=now)
            return found

        self._once(carry_out, actor=actor, key=key, now=now, asked=["log", incident, step, asdict(log)])

    def withdraw(self, incident: str | int, step: str, reason: str | None, *, actor: Actor, now: datetime,
                 key: str | None = None) -> None:
        """Take the log of a step back; those who got the all-clear are told, and what had not left goes after all.

        Raises Conflict, NotFound.
        """

        def carry_out(session: Session) -> Incident:
            found = incidents.locked(session, incident)
            sequence = incidents.withdraw(session, found, step, reason, actor=actor, now=now)
            queue.withdraw(session, incident_id=found.id, step=step, kinds=(ALL_CLEAR,),
                           why=N_("记录已撤回，不再发出"))
            queue.restore(session, incident_id=found.id, step=step, kinds=(REMINDER, STAND_IN), now=now)
            cleared = queue.told(session, incident_id=found.id, step=step, kinds=(ALL_CLEAR,))
            self._tell(session, found, step, cleared, kind=REOPENED, sequence=sequence, now=now)
            return found

        self._once(carry_out, actor=actor, key=key, now=now, asked=["withdraw", incident, step, reason])

    def close(self, incident: str | int, reason: str | None, *, actor: Actor, now: datetime,
              key: str | None = None) -> None:
        """Close an incident all of whose steps are logged. Raises Conflict, NotFound."""

        def carry_out(session: Session) -> Incident:
            found = incidents.locked(session, incident)
            incidents.close(session, found, reason, actor=actor, now=now)
            return found

        self._once(carry_out, actor=actor, key=key, now=now, asked=["close", incident, reason])

    def acknowledge(self, incident: str | int, person: str, *, how: str, actor: Actor, now: datetime,
                    step: str | None = None, note: str | None = None, key: str | None = None) -> None:
        """Somebody has received his calls (叫应): all of the incident, or of one step. `how` is one of `calls`.

        An officer may say so of another person he rang (`how` phone). Raises Conflict, NotFound.
        """

        def carry_out(session: Session) -> Incident:
            found = incidents.locked(session, incident)
            if step is not None:
                incidents.deadline_of(found, step)
            card = _card(session, person)
            calls.acknowledge(session, found, person=card.key, name=card.name, how=how, actor=actor, now=now, step=step,
                              remark=note)
            return found

        self._once(carry_out, actor=actor, key=key, now=now, asked=["acknowledge", incident, person, how, step, note])

    def resend(self, incident: str | int, step: str, rung: int, person: str, *, actor: Actor, now: datetime,
               key: str | None = None) -> None:
        """Have a person's last reminder of a rung leave again. Raises Conflict within 5 min, once the step is logged,
        and when there is nothing to send; NotFound."""

        def carry_out(session: Session) -> Incident:
            found = incidents.locked(session, incident)
            if incidents.deadline_of(found, step).settled_at is not None:
                raise Conflict(N_("这一步已经记录，不用再催"))
            rule = incidents.rule_of(found).step(step)
            if rule is None or not any(one.number == rung for one in rule.ladder):
                raise NotFound(N_("这一步没有第%(rung)s级催办"), rung=rung)
            card = _card(session, person)
            channels = queue.resend(session, incident_id=found.id, step=step, rung=rung, person=card.key, now=now)
            calls.told_again(session, incident_id=found.id, step=step, rung=rung, person=card.key, now=now)
            ledger.append(session, found, Resent(
                happened_at=now, step=step, rung=rung, person=Erasable(card.name), channels=channels),
                actor=actor, now=now)
            return found

        self._once(carry_out, actor=actor, key=key, now=now, asked=["resend", incident, step, rung, person])

    def erase_texts(self, incident: str | int, reason: str, *, actor: Actor, now: datetime) -> int:
        """Destroy the personal data of a closed incident, in the ledger and in its messages; gives how many texts."""
        with self.store.write() as session:
            found = incidents.locked(session, incident)
            erased = incidents.erase_texts(session, found, reason, actor=actor, now=now)
            queue.forget(session, incident_id=found.id)
        self.store.leave_no_trace()
        return erased

    def _once(self, carry_out: Callable[[Session], Incident], *, actor: Actor, key: str | None, now: datetime,
              asked: list[Any]) -> int:
        """Run a verb in one transaction; the same key of the same actor is answered again, not carried out again."""
        try:
            incident_id = self._attempt(carry_out, actor=actor, key=key, now=now, asked=asked)
        except IntegrityError:  # the same key came in at the same time and won: the second look finds its answer
            incident_id = self._attempt(carry_out, actor=actor, key=key, now=now, asked=asked)
        self.after_commit()
        return incident_id

    def _attempt(self, carry_out: Callable[[Session], Incident], *, actor: Actor, key: str | None, now: datetime,
                 asked: list[Any]) -> int:
        digest = hashlib.sha256(json.dumps(asked, default=str, sort_keys=True).encode()).hexdigest()
        if key is not None and not 0 < len(key) <= KEY_LIMIT:
            raise Invalid(N_("幂等键应为1至%(limit)s个字符"), limit=KEY_LIMIT)
        with self.store.write() as session:
            if key is not None:
                answered = session.get(AnsweredRequest, (actor.key, key))
                if answered is not None and answered.digest != digest:
                    raise self._used_otherwise(session, answered)
                if answered is not None:
                    return answered.incident_id
            incident = carry_out(session)
            if key is not None:
                session.add(AnsweredRequest(actor=actor.key, key=key, digest=digest, incident_id=incident.id,
                                            answered_at=now))
            return incident.id

    def _used_otherwise(self, session: Session, answered: AnsweredRequest) -> Conflict:
        """A form sent again with other content (the browser's Back): say where the first one went."""
        number = session.get_one(Incident, answered.incident_id).number
        return Conflict(N_("这一份已经提交过，记在事件 %(number)s；内容不同的请打开新的一页再提交"), number=number)

    def _tell(self, session: Session, incident: Incident, step: str, before: list[Message], *, kind: str,
              sequence: int, now: datetime) -> None:
        """Tell everybody who may have read `before` how the step stands now, on the channels they were told on."""
        if not before:
            return
        deadline = next(d for d in incident.deadlines if d.step == step)
        latest = {(message.person, message.channel): message for message in before}
        queue.enqueue(session, [Draft(
            incident_id=incident.id, step=step, kind=kind, rung=0, repeat=sequence, person=message.person,
            channel=message.channel, address=message.address, language=message.language,
            facts={**message.facts, "done_at": deadline.done_at.isoformat() if deadline.done_at else None},
            reason="logged" if kind == ALL_CLEAR else "reopened", due_at=now) for message in latest.values()], now=now)
        people = [roster.name_of(session, person) for person in dict.fromkeys(person for person, _ in latest)]
        ledger.append(session, incident, AudienceTold(
            happened_at=now, step=step, news=kind, audience=[Erasable(name) for name in people]),
            actor=ENGINE, now=now)


def _card(session: Session, key: str) -> PersonCard:
    """Who is meant, also somebody who has left. Raises NotFound; what cannot be a key never reaches the database."""
    card = roster.person(session, key) if key.isascii() and key.isprintable() else None
    if card is None:
        raise NotFound(N_("通讯录里没有 %(key)s 这个人"), key=key[:40])
    return card
