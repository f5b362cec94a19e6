"""Messages made by hand for an incident that is there."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from incident_clock.outbox import queue
from incident_clock.outbox.messages import REMINDER, Draft
from incident_clock.outbox.queue import Claimed, Outcome
from incident_clock.outbox.tables import Attempt, Message
from incident_clock.outbox.wording import Facts
from tests.support.room import Room


def draft(room: Room, number: str, **changes: Any) -> Draft:
    """A reminder of rung 1 for 周甲 by SMS, due now."""
    incident = room.incident(number)
    facts = Facts(number=number, spoken="001", title="广告牌坠落", is_drill=False,
                  step_title={"zh": "电话上报", "en": "Phone report"}, evidence="call",
                  due_at=incident.clock_started_at + timedelta(minutes=20), received_at=incident.received_at,
                  is_opening=True, signature="云河综合执法").plain()
    return Draft(**{"incident_id": incident.id, "step": "phone_report", "kind": REMINDER, "rung": 1, "repeat": 0,
                    "person": "zhou", "channel": "sms", "address": "+8613800000001", "language": "zh", "facts": facts,
                    "reason": "on_time", "due_at": room.now, **changes})


def enqueue(room: Room, *drafts: Draft) -> int:
    with room.store.write() as session:
        return queue.enqueue(session, drafts, now=room.now)


def claim(room: Room, limit: int = 100, engine: str = "engine-1") -> list[Claimed]:
    with room.store.write() as session:
        return queue.claim(session, engine=engine, limit=limit, now=room.now, render=lambda message: "文字")


def settle(room: Room, claimed: Claimed, result: str, detail: str = "") -> Message | None:
    with room.store.write() as session:
        return queue.settle(session, claimed, Outcome(result, detail, "id-1"), now=room.now)


def withdraw(room: Room, number: str, step: str = "phone_report", kinds: Sequence[str] = (REMINDER,)) -> None:
    with room.store.write() as session:
        queue.withdraw(session, incident_id=room.incident(number).id, step=step, kinds=kinds, why="已记录")


def restore(room: Room, number: str, step: str = "phone_report", kinds: Sequence[str] = (REMINDER,)) -> None:
    with room.store.write() as session:
        queue.restore(session, incident_id=room.incident(number).id, step=step, kinds=kinds, now=room.now)


def rescue(room: Room, *dead: str) -> int:
    with room.store.write() as session:
        return queue.rescue(session, is_lost=lambda message: message.lease_owner in dead, now=room.now)


def attempts(room: Room) -> list[Attempt]:
    with room.store.read() as session:
        return list(session.query(Attempt).order_by(Attempt.id))
