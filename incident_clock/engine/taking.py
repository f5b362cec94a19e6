"""One text that came in: whose it is, what it can mean, what is done about it and what is answered.

Works within the transaction of `inbox.py`. The sender's gate is locked first, then the incidents in the order of their
ids.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from incident_clock.channels.masking import mask_address
from incident_clock.engine.course import CALLED, TOLD_ALREADY
from incident_clock.engine.replying import Replying
from incident_clock.engine.settling import lock
from incident_clock.outbox import answers, gates, incoming
from incident_clock.outbox import messages as m
from incident_clock.outbox.tables import Gate, IncomingText
from incident_clock.people import roster
from incident_clock.people.cards import MOBILE, PersonCard
from incident_clock.phrases import Phrases
from incident_clock.protocol.replies import ACKNOWLEDGE, DONE_SOON, NOT_ME, PASS_ON, Reply, read_reply
from incident_clock.registry import calls, incidents
from incident_clock.registry.numbers import spoken as spoken_number
from incident_clock.registry.tables import Incident
from incident_clock.views import answering
from incident_clock.views.answering import Asked

ASKED_BACK_EVERY = timedelta(minutes=10)  # which incident is meant: two machines must not ask each other for ever
LONGEST_SPOKEN = 6  # digits of a wrong number that are said back

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Taking:
    """One text that is here for the first time. `language` is that of whoever is in no directory."""

    session: Session
    came: IncomingText
    replying: Replying
    language: str
    asked: dict[int, Asked] = field(init=False)
    locked: dict[int, Incident] = field(init=False)
    gate: Gate = field(init=False)
    people: list[PersonCard] = field(init=False, default_factory=list)

    def carry_out(self) -> None:
        session, came = self.session, self.came
        self.gate = gates.locked(session, gates.of_sender(came.address))
        if gates.is_closed(session, self.gate, gates.BY_TEXT, came.came_at):
            self._end(incoming.CLOSED)
            return
        self.locked = lock(session, answering.asked(session, came.address, now=came.came_at))
        session.expire_all()  # what was read before the lock may have been answered meanwhile
        self.asked = {key: one for key, one in answering.asked(session, came.address, now=came.came_at).items()
                      if key in self.locked}
        self.people = self._people()
        reply = read_reply(came.text)
        if not self.people:
            self._end(incoming.STRANGER)
            self._help(answers.STRANGER)
        elif reply is None:
            self._note()
        else:
            self._reply(reply)

    # ── an answer ─────────────────────────────────────────────────────────────
    def _reply(self, reply: Reply) -> None:
        among = {key: one for key, one in self.asked.items() if reply.action != ACKNOWLEDGE or one.outstanding}
        found = answering.meant(among, reply.spoken) if reply.spoken else next(iter(among), None)
        if not reply.spoken and len(among) > 1:
            example = spoken_number([*among.values()][-1].number)
            self._end(incoming.WHICH)
            if not incoming.came_before(self.session, self.came, within=ASKED_BACK_EVERY):
                self._say(answers.WHICH, action=reply.action, example=f"{reply.action}{example}")
        elif found is not None:
            self._act(reply.action, self.locked[found], among[found])
        elif (known := answering.meant(self.asked, reply.spoken) if reply.spoken
                else next(reversed(self.asked), None)) is not None:
            self._said_before(answers.ACKNOWLEDGED_BEFORE, self.locked[known])
        elif (past := answering.told_on(self.session, self.came.address, reply.spoken)) is not None:
            self._late(*past)
        elif reply.spoken:
            self._wrong_code(reply.spoken[0])
        else:
            self._end(incoming.NO_ANSWER)
            self._help(answers.NOTHING_ASKED)

    def _act(self, action: int, incident: Incident, one: Asked) -> None:
        people = [*(one.outstanding if action == ACKNOWLEDGE else one.people).values()]
        if action == ACKNOWLEDGE:
            self.replying.acknowledge(incident, people, how=calls.REPLY)
            self._done(incoming.ACKNOWLEDGED, answers.ACKNOWLEDGED, incident)
        elif action == PASS_ON:
            result = self.replying.pass_on(incident, people)
            if result == TOLD_ALREADY:
                self._said_before(answers.PASSED_ON_BEFORE, incident)
            else:
                self._done(incoming.PASSED_ON, answers.PASSED_ON if result == CALLED else answers.NO_STAND_IN, incident)
        elif action == DONE_SOON and self.replying.self_report(incident, people):
            self._done(incoming.SELF_REPORTED, answers.SELF_REPORTED, incident)
        elif action == DONE_SOON:
            self._said_before(answers.SELF_REPORTED_BEFORE, incident)
        else:
            assert action == NOT_ME
            self._denied(incident, people)

    def _denied(self, incident: Incident, people: Sequence[PersonCard]) -> None:
        self._end(incoming.NOT_ME, incident)
        if incoming.came_before(self.session, self.came, within=gates.ALARM_EVERY):
            self._said_before(answers.DENIED_BEFORE, incident)
            return
        self.replying.deny(incident, people)
        self.replying.tell_administrators(answers.NOT_ME_NOTICE, kind=m.NOT_ME, repeat=self.came.id,
                                          details=self._from, spoken=spoken_number(incident.number))
        self._done(incoming.NOT_ME, answers.DENIED, incident)

    def _done(self, outcome: str, phrase: str, incident: Incident) -> None:
        self._end(outcome, incident)
        self._say(phrase, spoken=spoken_number(incident.number), at=self._at(self.came.came_at))

    def _said_before(self, phrase: str, incident: Incident) -> None:
        """The same once more changes nothing, and is answered once an hour."""
        self._end(incoming.SAID_ALREADY, incident)
        if not incoming.came_before(self.session, self.came, within=gates.HELP_EVERY):
            self._say(phrase, spoken=spoken_number(incident.number))

    def _late(self, incident: Incident, steps: Collection[str]) -> None:
        """All that was asked is logged: who did it, and when, is answered once."""
        last = max((each for each in incident.deadlines if each.settled_at and each.step in steps), default=None,
                   key=lambda each: each.settled_sequence or 0)
        if last is None or last.settled_at is None:  # still open, but nobody who has this number may answer
            self._end(incoming.NO_ANSWER, incident)
            self._help(answers.NOTHING_ASKED)
            return
        self._end(incoming.LATE, incident)
        if incoming.came_before(self.session, self.came, within=self.came.came_at - last.settled_at):
            return
        who = incidents.logged_by(self.session, incident, last)
        self._send(self.replying.words(self._language()).late(spoken_number(incident.number), who,
                                                              self._at(last.settled_at)))

    def _wrong_code(self, spoken: str) -> None:
        self._end(incoming.WRONG_CODE)
        number = gates.count(self.session, self.gate, self.came.came_at)
        if not gates.is_closed(self.session, self.gate, gates.BY_TEXT, self.came.came_at):
            self._say(answers.WRONG_CODE, spoken=spoken[:LONGEST_SPOKEN])
            return
        logger.warning("five wrong codes by text from %s: it takes none for an hour", mask_address(self.came.address))
        self.replying.tell_administrators(answers.GUESSING_NOTICE, kind=m.GUESSING, repeat=number, details=self._from)
        self._say(answers.NOW_CLOSED)

    # ── no answer ─────────────────────────────────────────────────────────────
    def _note(self) -> None:
        """Word for word into the timelines of what is open; kept here only where there is none."""
        if not self.asked:
            self._end(incoming.NO_ANSWER)
            self._help(answers.NOTHING_ASKED)
            return
        for key, one in self.asked.items():
            self.replying.note(self.locked[key], [*one.people.values()], self.came.text)
        latest = next(reversed(self.asked))
        self.came.text = ""
        self._end(incoming.NOTED, self.locked[latest])
        self._help(answers.NOTED, spoken=spoken_number(self.asked[latest].number))

    # ── what is said ──────────────────────────────────────────────────────────
    def _end(self, outcome: str, incident: Incident | None = None) -> None:
        self.came.outcome, self.came.incident_id = outcome, incident.id if incident else None
        self.came.person = self.people[0].key if self.people else None
        self.session.flush()

    def _help(self, phrase: str, **params: object) -> None:
        """At most once an hour, so that two machines do not talk to each other."""
        if gates.may_tell(self.gate, gates.HELP_EVERY, self.came.came_at):
            self._say(phrase, **params)

    def _say(self, phrase: str, **params: object) -> None:
        self._send(self.replying.words(self._language()).sms(phrase, **params))

    def _send(self, text: str) -> None:
        self.replying.answer(text, to=self.came.address, person=self.came.person or "", language=self._language(),
                             incoming=self.came.id)

    def _at(self, instant: datetime) -> str:
        return self.replying.phrases_for(self._language()).at(instant, seen=self.came.came_at).replace("日 ", "日")

    def _language(self) -> str:
        return self.people[0].language if self.people else self.language

    def _people(self) -> list[PersonCard]:
        """Everybody who has this number: by what was sent to it, and by the directory."""
        told = {key: card for one in self.asked.values() for key, card in one.people.items()}
        listed = {card.key: card for card in roster.everybody(self.session)
                  if any(each.kind == MOBILE and each.address == self.came.address for each in card.contacts)}
        return [*{**told, **listed}.values()]

    def _from(self, phrases: Phrases) -> str:
        return phrases.say(answers.FROM, address=mask_address(self.came.address),
                           names=phrases.names(card.name for card in self.people))
