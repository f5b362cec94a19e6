"""Texts and key presses that came in: each kept once, whatever its provider repeats, with what was done about it."""

import unicodedata
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from incident_clock.outbox import messages as m
from incident_clock.outbox.tables import Attempt, IncomingText, Message
from incident_clock.store.writing import changed, insert_new

LONGEST_TEXT = 1_000  # characters that are kept of a text; ten SMS have 670

# What was done with it.
ACKNOWLEDGED, PASSED_ON, SELF_REPORTED, NOT_ME = "acknowledged", "passed_on", "self_reported", "not_me"
WHICH = "which"  # several incidents could be meant: asked back
SAID_ALREADY = "said_already"  # the same answer again: nothing is changed
LATE = "late"  # the step had been logged
WRONG_CODE = "wrong_code"
CLOSED = "closed"  # wrong codes have closed the way for this sender: nothing was read
NOTED = "noted"  # no answer; it stands in the timeline
NO_ANSWER = "no_answer"  # no answer, and nothing was asked on this number
STRANGER = "stranger"  # nobody of the directory has this number
OUTCOMES = (ACKNOWLEDGED, PASSED_ON, SELF_REPORTED, NOT_ME, WHICH, SAID_ALREADY, LATE, WRONG_CODE, CLOSED, NOTED,
            NO_ANSWER, STRANGER)


def keep(session: Session, *, gateway: str, provider_id: str, address: str, text: str,
         now: datetime) -> IncomingText | None:
    """Keep what came in; None when it was here before. A second one that comes at the same time waits here."""
    new = insert_new(session, IncomingText, [{
        "gateway": gateway, "provider_id": provider_id, "address": address, "text": readable(text), "came_at": now,
        "outcome": ""}])
    if not new:
        return None
    return session.scalars(select(IncomingText).where(
        IncomingText.gateway == gateway, IncomingText.provider_id == provider_id)).one()


def readable(text: str) -> str:
    """A text as it can be stored: word for word, without control characters and half ones."""
    return "".join(letter for letter in text[:LONGEST_TEXT]
                   if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))


def came_before(session: Session, one: IncomingText, *, within: timedelta | None = None) -> bool:
    """Whether this sender had the same outcome of the same incident before, so that it is not told a second time."""
    earlier = select(IncomingText.id).where(
        IncomingText.address == one.address, IncomingText.id != one.id, IncomingText.outcome == one.outcome,
        IncomingText.incident_id == one.incident_id).limit(1)
    if within is not None:
        earlier = earlier.where(IncomingText.came_at >= one.came_at - within)
    return session.scalar(earlier) is not None


def forget(session: Session, *, incident_id: int) -> None:
    """Blank the texts about an incident, and the answers to them."""
    about = select(IncomingText.id).where(IncomingText.incident_id == incident_id)
    answers = (Message.kind == m.ANSWER) & Message.repeat.in_(about)
    changed(session, update(Attempt).where(Attempt.message_id.in_(select(Message.id).where(answers))).values(text=""))
    changed(session, update(Message).where(answers, Message.state.in_(m.WAITING)).values(state=m.WITHDRAWN))
    changed(session, update(Message).where(answers).values(address="", facts={}, is_wanted=False))
    changed(session, update(IncomingText).where(IncomingText.incident_id == incident_id).values(address="", text=""))
