"""What a person does to a case besides logging its steps, one transaction each: the verbs of the registry at the desk.

Web, API and rehearsals work through it. Refusals are those of the verbs; every call may carry an idempotency key.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from incident_clock.desk import Desk, Registered
from incident_clock.errors import Invalid, Refusals
from incident_clock.ledger.fact import Actor
from incident_clock.people import roster
from incident_clock.phrases import N_
from incident_clock.registry import corrections, decisions, grading, incidents, merging, records, tasks
from incident_clock.registry.case import Case, open_case
from incident_clock.registry.corrections import Correction
from incident_clock.registry.decisions import Approval
from incident_clock.registry.drafts import REAL_OF, NewIncident, StepLog
from incident_clock.registry.grading import Regrading
from incident_clock.registry.record_kinds import RELEASE
from incident_clock.registry.tables import Incident
from incident_clock.registry.tasks import NewTask
from incident_clock.spreading import spreading

Ref = str | int  # an incident by its number or id


@dataclass(frozen=True, slots=True)
class CaseDesk(Desk):
    """The desk with everything that can be done to a case."""

    def waive(self, incident: Ref, step: str, given: Approval, *, actor: Actor, now: datetime,
              key: str | None = None) -> None:
        """A step is not carried out, by approval (免开)."""
        self.work(incident, lambda case: decisions.waive(case, step, given, actor=actor, now=now), actor=actor, now=now,
                  key=key, asked=["waive", incident, step, asdict(given)])

    def offer_transfer(self, incident: Ref, step: str, to: str | None, given: Approval, *, actor: Actor, now: datetime,
                       accepted_by: str | None = None, accepted_at: datetime | None = None,
                       key: str | None = None) -> None:
        """Offer a step and the open ones behind it to another unit; with `accepted_by` it has accepted already."""

        def verb(case: Case) -> None:
            decisions.offer_transfer(case, step, to, given, actor=actor, now=now)
            if accepted_by:
                decisions.accept_transfer(case, step, accepted_by, accepted_at=accepted_at, evidence=given.evidence,
                                          actor=actor, now=now)

        self.work(incident, verb, actor=actor, now=now, key=key,
                  asked=["transfer", incident, step, to, asdict(given), accepted_by, accepted_at])

    def accept_transfer(self, incident: Ref, step: str, accepted_by: str | None, *, accepted_at: datetime | None,
                        evidence: str | None, actor: Actor, now: datetime, key: str | None = None) -> None:
        """The other unit has accepted: its clock, no longer ours."""
        self.work(incident, lambda case: decisions.accept_transfer(
            case, step, accepted_by, accepted_at=accepted_at, evidence=evidence, actor=actor, now=now), actor=actor,
            now=now, key=key, asked=["accept", incident, step, accepted_by, accepted_at, evidence])

    def refuse_transfer(self, incident: Ref, step: str, refused_by: str | None, reason: str | None, *, actor: Actor,
                        now: datetime, key: str | None = None) -> None:
        """The other unit will not have it, or we take the offer back."""
        self.work(incident, lambda case: decisions.refuse_transfer(
            case, step, refused_by, reason, actor=actor, now=now), actor=actor, now=now, key=key,
                  asked=["refuse", incident, step, refused_by, reason])

    def confirm(self, incident: Ref, sequence: int, note: str | None, *, actor: Actor, now: datetime,
                key: str | None = None) -> None:
        """Bear out, as the second person, an entry that helps the bureau."""
        self.work(incident, lambda case: decisions.confirm(case, sequence, note, actor=actor, now=now), actor=actor,
                  now=now, key=key, asked=["confirm", incident, sequence, note])

    def reject(self, incident: Ref, sequence: int, reason: str | None, *, actor: Actor, now: datetime,
               key: str | None = None) -> None:
        """Do not bear out an entry."""
        self.work(incident, lambda case: decisions.reject(case, sequence, reason, actor=actor, now=now), actor=actor,
                  now=now, key=key, asked=["reject", incident, sequence, reason])

    def regrade(self, incident: Ref, asked: Regrading, *, protocol: str | None, actor: Actor, now: datetime,
                key: str | None = None) -> None:
        """Change grades, and with `protocol` the rule. What is sensitive stays under the full clock."""
        full, chosen = self.protocol(self.default_protocol), self.protocol(protocol) if protocol else None

        def verb(case: Case) -> None:
            rule = grading.demanded(asked, chosen, history=case.history, full=full)
            grading.regrade(case, asked, rule, actor=actor, now=now)

        self.work(incident, verb, actor=actor, now=now,
                  key=key, asked=["regrade", incident, dict(asked.values), asked.is_sensitive, asked.basis, protocol])

    def correct(self, incident: Ref, sequence: int, asked: Correction, *, actor: Actor, now: datetime,
                key: str | None = None) -> None:
        """Put an earlier entry right by a new one."""
        self.work(incident, lambda case: corrections.correct(case, sequence, asked, actor=actor, now=now), actor=actor,
                  now=now, key=key, asked=["correct", incident, sequence, asked.reason, dict(asked.times),
                                           dict(asked.texts), dict(asked.record)])

    def record(self, incident: Ref, kind: str, fields: Mapping[str, Any], *, actor: Actor, now: datetime,
               happened_at: datetime | None = None, reason: str | None = None, step: str | None = None,
               key: str | None = None) -> None:
        """Keep a short form of the mechanism, a continuing release, a countersignature (`record_kinds.py`).

        A continuing release is what an open follow-up asks for: it is logged as that, and the next one begins to run.
        """

        def verb(case: Case) -> None:
            is_another = kind == RELEASE and not fields.get("supersedes")  # a mended text is the same release
            asked_for = records.open_release(case.history) if is_another else None
            if asked_for is not None:
                incidents.log_step(case, asked_for, StepLog(done_at=happened_at, record=fields, reason=reason),
                                   actor=actor, now=now)
            else:
                records.make(case, kind, fields, actor=actor, now=now, happened_at=happened_at, reason=reason,
                             step=step)

        self.work(incident, verb, actor=actor, now=now, key=key,
                  asked=["record", incident, kind, dict(fields), happened_at, reason, step])

    def set_task(self, incident: Ref, *, origin: str, text: str | None, owner: str | None, by: str | None,
                 due_at: datetime | None, about: int | None, actor: Actor, now: datetime,
                 key: str | None = None) -> None:
        """Give a person of the directory something to do by an instant."""
        new = NewTask(origin=origin, text=text, owner=owner or "", owner_name="", by=by, due_at=due_at, about=about)

        def verb(case: Case) -> None:
            card = roster.person(case.session, owner) if owner and owner.isascii() and owner.isprintable() else None
            if card is None or not card.is_active:
                raise Refusals([*tasks.wrong_task(new, now=now), Invalid(N_("请从通讯录里选责任人"), field="owner")])
            tasks.set_task(case, replace(new, owner_name=card.name), actor=actor, now=now)

        self.work(incident, verb, actor=actor, now=now, key=key, asked=["task", incident, asdict(new)])

    def void(self, incident: Ref, reason: str | None, *, actor: Actor, now: datetime, key: str | None = None) -> None:
        """Ask for a registration to count as none; a second person confirms it."""
        self.work(incident, lambda case: merging.void(case, reason, actor=actor, now=now), actor=actor, now=now,
                  key=key, asked=["void", incident, reason])

    def merge(self, kept: Ref, duplicate: Ref, reason: str | None, *, actor: Actor, now: datetime,
              key: str | None = None) -> None:
        """Merge a second registration of the same case into `kept`, which has the earlier T0 from then on."""

        def carry_out(session: Session) -> Incident:
            ids = {ref: incidents.id_of(session, ref) for ref in (kept, duplicate)}
            held = {each: incidents.locked(session, each) for each in sorted(set(ids.values()))}
            first, second = held[ids[kept]], held[ids[duplicate]]
            with spreading(session, first, now=now), spreading(session, second, now=now):
                merging.merge(open_case(session, first, self.zone), open_case(session, second, self.zone), reason,
                              actor=actor, now=now)
            return first

        self._once(carry_out, actor=actor, key=key, now=now, asked=["merge", kept, duplicate, reason])

    def register_as_real(self, drill: Ref, *, actor: Actor, now: datetime,
                         key: str | None = None) -> Registered:
        """What was entered as a drill is a real case: it is registered as one, with the T0 it had; the drill goes on
        until two people void it. Raises Conflict for a real case, Refusals."""
        with self.store.read() as session:
            was = session.get_one(Incident, incidents.id_of(session, drill))
            new = NewIncident(
                title=was.title, received_at=min(was.received_at, was.clock_started_at), occurred_at=was.occurred_at,
                first_online_at=was.first_online_at, place=was.place, source=was.source,
                first_learned_by=was.first_learned_by, summary=was.summary, unit=was.unit, category=was.category,
                event_grade=was.event_grade, opinion_grade=was.opinion_grade, warning_level=was.warning_level,
                response_level=was.response_level, is_sensitive=was.is_sensitive,
                secondary_categories=tuple(was.secondary_categories), related_to=was.number, relation=REAL_OF,
                confirmed=True)
        return self.register(new, actor=actor, now=now, key=key)
