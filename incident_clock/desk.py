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
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.outbox import queue
from incident_clock.people import roster
from incident_clock.people.cards import PersonCard
from incident_clock.phrases import N_
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry import attachments, calls, incidents, ledger
from incident_clock.registry.case import Case, open_case
from incident_clock.registry.drafts import NewIncident, StepLog
from incident_clock.registry.facts import Resent
from incident_clock.registry.obligations import deadline_of, step_of
from incident_clock.registry.tables import AnsweredRequest, Incident
from incident_clock.spreading import spreading
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
        """Register an incident and start its clock. Raises Refusals; Conflict for a key used with another body.

        What is sensitive stands under the full clock, whatever rule was chosen (domain 2.4).
        """
        chosen = self.default_protocol if new.is_sensitive else new.protocol or self.default_protocol
        protocol = self.protocol(chosen)

        def carry_out(session: Session) -> Incident:
            return incidents.register(session, new, protocol, actor=actor, now=now, zone=self.zone)

        incident_id = self._once(carry_out, actor=actor, key=key, now=now, asked=["register", asdict(new)])
        with self.store.read() as session:
            incident = session.get_one(Incident, incident_id)
            duplicates = tuple(other.number for other in incidents.likely_duplicates(session, incident))
            return Registered(incident.id, incident.number, duplicates)

    def protocol(self, key: str) -> ResponseProtocol:
        """The rule of that key. Raises Invalid."""
        found = self.protocols.get(key)
        if found is None:
            raise Invalid(N_("没有“%(key)s”这套规则，可选：%(keys)s"), field="protocol", key=key[:40],
                          keys=list(self.protocols))
        return found

    def log_step(self, incident: str | int, step: str, log: StepLog, *, actor: Actor, now: datetime,
                 key: str | None = None) -> None:
        """Record a step as done; stops its ladder and tells those who were chased.

        Raises Refusals, Conflict (logged already, closed), NotFound.
        """
        self.work(incident, lambda case: incidents.log_step(case, step, log, actor=actor, now=now), actor=actor,
                  now=now, key=key, asked=["log", incident, step, asdict(log)])

    def log_steps(self, incident: str | int, logs: Mapping[str, StepLog], *, actor: Actor, now: datetime,
                  key: str | None = None) -> None:
        """Record several steps, all of them or none: the paper of a night without the network. Raises as `log_step`."""

        def verb(case: Case) -> None:
            for step, log in logs.items():
                incidents.log_step(case, step, log, actor=actor, now=now)

        self.work(incident, verb, actor=actor, now=now, key=key,
                  asked=["log several", incident, {step: asdict(log) for step, log in logs.items()}])

    def withdraw(self, incident: str | int, step: str, reason: str | None, *, actor: Actor, now: datetime,
                 key: str | None = None) -> None:
        """Take the log of a step back; those who got the all-clear are told, and what had not left goes after all.

        Raises Conflict, NotFound.
        """
        self.work(incident, lambda case: incidents.withdraw(case, step, reason, actor=actor, now=now), actor=actor,
                  now=now, key=key, asked=["withdraw", incident, step, reason])

    def close(self, incident: str | int, reason: str | None, *, actor: Actor, now: datetime,
              key: str | None = None) -> None:
        """Close an incident all of whose steps are logged. Raises Conflict, NotFound."""
        self.work(incident, lambda case: incidents.close(case, reason, actor=actor, now=now), actor=actor, now=now,
                  key=key, asked=["close", incident, reason])

    def work(self, incident: str | int, verb: Callable[[Case], object], *, actor: Actor, now: datetime,
             key: str | None, asked: list[Any]) -> None:
        """Carry out a verb on a case, with all that it means for those who were chased, in one transaction.

        `asked` says what was asked for, so that the same `key` is answered and not carried out again.
        """

        def carry_out(session: Session) -> Incident:
            found = incidents.locked(session, incident)
            with spreading(session, found, now=now):
                verb(open_case(session, found, self.zone))
            return found

        self._once(carry_out, actor=actor, key=key, now=now, asked=asked)

    def acknowledge(self, incident: str | int, person: str, *, how: str, actor: Actor, now: datetime,
                    step: str | None = None, note: str | None = None, key: str | None = None) -> None:
        """Somebody has received his calls (叫应): all of the incident, or of one step. `how` is one of `calls`.

        An officer may say so of another person he rang (`how` phone). Raises Conflict, NotFound.
        """

        def carry_out(session: Session) -> Incident:
            found = incidents.locked(session, incident)
            if step is not None:
                deadline_of(found, step)
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
            if deadline_of(found, step).settled_at is not None:
                raise Conflict(N_("这一步已经记录，不用再催"))
            ladder = step_of(deadline_of(found, step)).ladder
            if not any(one.number == rung for one in ladder):
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
            attachments.destroy(session, found.id)
            queue.forget(session, incident_id=found.id)
        self.store.leave_no_trace()
        return erased

    def attach(self, incident: str | int, upload: attachments.Upload, *, actor: Actor, now: datetime,
               key: str | None = None) -> int:
        """Keep a file as evidence; gives its id. Raises Invalid, Conflict (closed, there already), NotFound."""

        def carry_out(session: Session) -> Incident:
            found = incidents.locked(session, incident)
            attachments.attach(session, found, upload, actor=actor, now=now)
            return found

        content = hashlib.sha256(upload.content).hexdigest()
        incident_id = self._once(carry_out, actor=actor, key=key, now=now, asked=[
            "attach", incident, upload.name, content, upload.about, upload.supersedes])
        with self.store.read() as session:
            return attachments.id_of(session, incident_id, upload)

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


def _card(session: Session, key: str) -> PersonCard:
    """Who is meant, also somebody who has left. Raises NotFound; what cannot be a key never reaches the database."""
    card = roster.person(session, key) if key.isascii() and key.isprintable() else None
    if card is None:
        raise NotFound(N_("通讯录里没有 %(key)s 这个人"), key=key[:40])
    return card
