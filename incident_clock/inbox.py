"""What comes in from people who were told: texts, keys pressed in a call, codes on the page `/a`.

Each is one transaction, and each text and key counts once however often its provider repeats it. A number can be
forged, so an answer never logs a step.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.engine.course import CALLED, TOLD_ALREADY
from incident_clock.engine.replying import Replying
from incident_clock.engine.settling import LookAround, lock
from incident_clock.engine.taking import Taking
from incident_clock.outbox import answers, gates, incoming
from incident_clock.outbox import messages as m
from incident_clock.outbox.tables import Gate, Message
from incident_clock.people import access, roster
from incident_clock.phrases import N_, Phrases
from incident_clock.protocol.replies import ACKNOWLEDGE, PASS_ON
from incident_clock.registry import calls
from incident_clock.registry.obligations import deadline_of, step_of
from incident_clock.store.session import Store

VOICE = "voice"  # the gateway of key presses
KEYS = {"1": ACKNOWLEDGE, "2": PASS_ON}
OUTCOMES = {ACKNOWLEDGE: incoming.ACKNOWLEDGED, PASS_ON: incoming.PASSED_ON}
CODE_LIFETIME = timedelta(hours=24)

RECEIVED = N_("已记下您的确认。确认不等于办结，请继续办理并登记。")
RECEIVED_BEFORE = N_("您已确认过。确认不等于办结，请继续办理并登记。")
PASSED, PASSED_BEFORE = N_("已转给B角。"), N_("B角已经告知过，不再重复转告。")
NOBODY_TO_PASS_TO = N_("没有可转的B角，请立即电话联系值班室。")
LOGGED = N_("这一步已经记录，不用再确认。")
NOT_YOURS = N_("这条提醒已失效。如需确认，请联系值班室。")
OTHER_KEY = N_("没有这个键。确认收到请按1，转给B角请按2。")
NO_SUCH_CODE = N_("确认码不对或已过期（24小时有效），请核对短信里的六位数字")
AMBIGUOUS_CODE = N_("这个确认码对应不止一条提醒，请电话联系值班室确认")
TOO_MANY_TRIES = N_("输错次数太多，请过一会儿再试，或电话联系值班室确认")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a key or a code: a sentence for the person, and what it was about when that may be shown.

    `language` is that of the message, empty when there is none.
    """

    said: str
    is_done: bool = False
    is_throttled: bool = False
    language: str = ""
    number: str = ""
    title: dict[str, str] = field(default_factory=dict)
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Inbox:
    """`look_around` gives who is on duty and which channels are on, `read_tracking` (message, attempt) of the word a
    call carries, None for a made-up one. `after_commit` is called when something was put into the outbox."""

    store: Store
    look_around: LookAround
    phrases_for: Callable[[str], Phrases]
    language: str  # of whoever is in no directory
    read_tracking: Callable[[str], tuple[int, int] | None]
    after_commit: Callable[[], None] = lambda: None

    def take(self, *, gateway: str, provider_id: str, address: str, text: str, now: datetime) -> None:
        """One text. The same one again (gateway and its id) changes nothing."""
        with self.store.write() as session:
            came = incoming.keep(session, gateway=gateway, provider_id=provider_id, address=address, text=text, now=now)
            if came is None:
                return
            Taking(session, came, self._replying(session, now), self.language).carry_out()
        self.after_commit()

    def press(self, *, tracking: str, digits: str, provider_id: str, now: datetime) -> Answered:
        """A key pressed in a call, which `tracking` names: 1 acknowledges, 2 passes on to the stand-in."""
        tracked = self.read_tracking(tracking)
        with self.store.write() as session:
            message = session.get(Message, tracked[0]) if tracked else None
            if message is None:
                return Answered(NOT_YOURS)
            action = KEYS.get(digits)
            if action is None:
                return Answered(OTHER_KEY, language=message.language)
            came = incoming.keep(session, gateway=VOICE, provider_id=f"{provider_id}-{digits}", now=now, text=digits,
                                 address=message.address)
            if came is None:
                return Answered(RECEIVED if action == ACKNOWLEDGE else PASSED_BEFORE, language=message.language)
            done = self._answer(session, message, action, how=calls.VOICE, now=now)
            came.person, came.incident_id = message.person, message.incident_id
            came.outcome = OUTCOMES[action] if done.is_done else incoming.SAID_ALREADY
        self.after_commit()
        return done

    def by_code(self, code: str, action: int, *, client: str, now: datetime) -> Answered:
        """A six-digit code from the page, for the one message it came with. `client` is where it was typed."""
        with self.store.write() as session:
            page, own = gates.locked(session, gates.PAGE), gates.locked(session, gates.of_client(client))
            if gates.is_closed(session, page, gates.IN_ALL, now) or gates.is_closed(session, own, gates.BY_CLIENT, now):
                return Answered(TOO_MANY_TRIES, is_throttled=True)
            found = session.scalars(select(Message).where(
                Message.answer_code == code, Message.created_at > now - CODE_LIFETIME,
                Message.incident_id.is_not(None))).all()
            if len(found) == 1:
                done = self._answer(session, found[0], action, how=calls.CODE, now=now)
            else:
                self._count_wrong(session, page, own, now)
                done = Answered(AMBIGUOUS_CODE if found else NO_SUCH_CODE)
        self.after_commit()
        return done

    def _answer(self, session: Session, message: Message, action: int, *, how: str, now: datetime) -> Answered:
        """One message is answered by its one receiver."""
        incident = lock(session, [message.incident_id]).get(message.incident_id or 0)
        if incident is None:
            return Answered(NOT_YOURS, language=message.language)
        session.expire_all()
        deadline = deadline_of(incident, message.step)
        about: dict[str, Any] = {
            "language": message.language, "number": incident.number, "due_at": deadline.due_at,
            "title": step_of(deadline).title}
        person = roster.person(session, message.person)
        if person is None or not (person.is_active and access.may(person.roles, access.LOG)):
            return Answered(NOT_YOURS, language=message.language)
        if deadline.settled_at is not None:
            return Answered(LOGGED, is_done=True, **about)
        replying = self._replying(session, now)
        if action == PASS_ON:
            result = replying.pass_on(incident, [person], step=message.step)
            said = {CALLED: PASSED, TOLD_ALREADY: PASSED_BEFORE}.get(result, NOBODY_TO_PASS_TO)
            return Answered(said, is_done=result == CALLED, **about)
        is_news = replying.acknowledge(incident, [person], how=how, step=message.step)
        return Answered(RECEIVED if is_news else RECEIVED_BEFORE, is_done=True, **about)

    def _count_wrong(self, session: Session, page: Gate, own: Gate, now: datetime) -> None:
        number = gates.count(session, page, now)
        gates.count(session, own, now)
        is_closing = (gates.is_closed(session, page, gates.IN_ALL, now)
                      or gates.is_closed(session, own, gates.BY_CLIENT, now))
        if is_closing and gates.may_tell(page, gates.ALARM_EVERY, now):
            logger.warning("too many wrong codes on the page /a: it takes no more for a while")
            self._replying(session, now).tell_administrators(
                answers.GUESSING_PAGE_NOTICE, kind=m.GUESSING, repeat=number, details=lambda phrases: "")

    def _replying(self, session: Session, now: datetime) -> Replying:
        return Replying(session, self.look_around, self.phrases_for, now)
