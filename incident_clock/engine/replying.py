"""What an answer does, however it came: acknowledge, pass on, report oneself done, deny. None of them logs a step.

Works within one transaction, with the incidents locked by the caller.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from incident_clock.engine import stand_ins
from incident_clock.engine.course import CALLED, NOBODY, Surroundings
from incident_clock.engine.settling import LookAround
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.outbox import answers, queue
from incident_clock.outbox.answers import Words
from incident_clock.outbox.messages import Draft
from incident_clock.people import roster
from incident_clock.people.access import main_role
from incident_clock.people.calling import usable
from incident_clock.people.cards import PersonCard
from incident_clock.phrases import Phrases
from incident_clock.registry import calls, ledger
from incident_clock.registry.facts import ReceiverDenied, TextCameIn
from incident_clock.registry.obligations import step_of
from incident_clock.registry.tables import Incident

ADMINISTRATOR = "admin"


@dataclass(slots=True)
class Replying:
    """The verbs of one answer that came at `now`."""

    session: Session
    look_around: LookAround
    phrases_for: Callable[[str], Phrases]
    now: datetime
    _around: dict[bool, Surroundings] = field(default_factory=dict, init=False)

    def around(self, *, is_drill: bool = False) -> Surroundings:
        """Who is on duty now, and which channels are on; read when it is first needed."""
        if is_drill not in self._around:
            self._around[is_drill] = self.look_around(self.session, self.now, is_drill)
        return self._around[is_drill]

    def acknowledge(self, incident: Incident, people: Iterable[PersonCard], *, how: str,
                    step: str | None = None) -> bool:
        """They have received their calls of an incident, or of one step; False when that was known. Raises Conflict
        when there is nothing they could have received."""
        rows = [calls.acknowledge(self.session, incident, person=person.key, name=person.name, how=how,
                                  actor=acting(person), now=self.now, step=step) for person in people]
        return any(rows)

    def pass_on(self, incident: Incident, people: Iterable[PersonCard], *, step: str | None = None) -> str:
        """Tell their B角 at once, on the rung they were last called on of each open step, or of `step`. `CALLED` when
        anybody was told, else `TOLD_ALREADY` or `NOBODY`."""
        results = []
        for deadline in incident.deadlines:
            if deadline.settled_at is not None or step not in (None, deadline.step):
                continue
            rows, ladder = calls.called(self.session, incident.id, deadline.step), step_of(deadline).ladder
            for person in people:
                rung = max((row.rung for row in rows if row.person == person.key and row.rung <= len(ladder)),
                           default=None)
                if rung is not None:
                    results.append(stand_ins.tell(
                        self.session, incident, deadline, step_of(deadline), rung, of=person.key,
                        around=self.around(is_drill=incident.is_drill), signature=self.signature,
                        reason=stand_ins.PASSED_ON, actor=acting(person)).reason)
        return next((one for one in (CALLED, NOBODY) if one in results), results[0] if results else NOBODY)

    def self_report(self, incident: Incident, people: Iterable[PersonCard]) -> bool:
        """They say that it is done and the log follows; False when they had said so."""
        news = [calls.self_report(self.session, incident, person=person.key, name=person.name, actor=acting(person),
                                  now=self.now) for person in people]
        return any(news)

    def deny(self, incident: Incident, people: Sequence[PersonCard]) -> None:
        """Whoever has this number says that he is not meant."""
        ledger.append(self.session, incident, ReceiverDenied(
            happened_at=self.now, people=[Erasable(person.name) for person in people]),
            actor=acting(people[0]), now=self.now)

    def note(self, incident: Incident, people: Sequence[PersonCard], text: str) -> None:
        """A text that is no answer, word for word."""
        ledger.append(self.session, incident, TextCameIn(
            happened_at=self.now, people=[Erasable(person.name) for person in people], text=Erasable(text)),
            actor=acting(people[0]), now=self.now)

    # ── what is told of it ────────────────────────────────────────────────────
    def words(self, language: str) -> Words:
        return Words(self.phrases_for(language), self.signature)

    def answer(self, text: str, *, to: str, person: str, language: str, incoming: int) -> None:
        """Answer a text, where texts can be sent."""
        if answers.CHANNEL in self.around().channels:
            queue.enqueue(self.session, [answers.draft(text, to=to, person=person, language=language,
                                                       incoming=incoming, now=self.now)], now=self.now)

    def tell_administrators(self, phrase: str, *, kind: str, repeat: int, details: Callable[[Phrases], str],
                            **params: object) -> None:
        """A notice to everybody who administers, on every way they have."""
        queue.enqueue(self.session, [
            Draft(incident_id=None, step="", kind=kind, rung=0, repeat=repeat, person=holder.card.key,
                  channel=channel, address=address, language=holder.card.language, reason="alarm", due_at=self.now,
                  facts=self.words(holder.card.language).notice(
                      phrase, details=details(self.phrases_for(holder.card.language)), **params))
            for holder in roster.who_is(self.session, ADMINISTRATOR, self.now)
            for channel, address in usable(holder.card, None, self.around().channels).items()], now=self.now)

    @property
    def signature(self) -> str:
        return roster.bureau(self.session).short_name


def acting(person: PersonCard) -> Actor:
    """The person as the ledger names him."""
    return Actor(person.name, main_role(person.roles), person.key)
