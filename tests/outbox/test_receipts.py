"""What providers report, in every order: repeated, late, missing. The same reports end in the same state."""

import random
from datetime import timedelta

from sqlalchemy import insert, select

from incident_clock.channels.base import DELIVERED, FAILED, PERMANENT, QUEUED, READ, SENT, STATUSES, Report
from incident_clock.outbox import messages as m
from incident_clock.outbox import receipts
from incident_clock.outbox.tables import Attempt, Message
from tests.outbox.drafts import draft, enqueue
from tests.support.bureau import small_rule
from tests.support.room import Room

SEQUENCES = 5_000


def final(said: tuple[str, ...]) -> str:
    """Where a message ends after these reports, in whatever order."""
    highest = max(said, key=STATUSES.index)
    return {FAILED: m.FAILED, DELIVERED: m.DELIVERED, READ: m.DELIVERED}.get(highest, m.ACCEPTED)


def test_five_thousand_sequences_of_callbacks_leave_the_right_states(sqlite_store, now) -> None:
    room = Room(sqlite_store, now, small_rule(), channels=("sms",))
    number = room.register()
    enqueue(room, *(draft(room, number, repeat=repeat) for repeat in range(SEQUENCES)))
    dice = random.Random(37)
    sequences = [tuple(dice.choice(STATUSES) for _ in range(dice.randint(1, 5))) for _ in range(SEQUENCES)]
    with sqlite_store.write() as session:
        rows = session.scalars(select(Message).order_by(Message.repeat)).all()
        for row in rows:
            row.state, row.sent_at, row.attempt_count = m.ACCEPTED, now, 1
        session.execute(insert(Attempt), [{
            "message_id": row.id, "number": 1, "engine": "e", "started_at": now, "outcome": "accepted", "detail": "",
            "text": "", "gateway": "twilio", "provider_id": f"SM{row.id}"} for row in rows])
        attempts = {attempt.message_id: attempt for attempt in session.scalars(select(Attempt))}
        session.flush()
        for row, said in zip(rows, sequences, strict=True):
            for status in said:
                with session.no_autoflush:
                    receipts.apply(session, attempts[row.id], Report(status, fate=PERMANENT),
                                   provider_id=f"SM{row.id}", gateway="twilio", now=now)
        wrong = [(said, row.state) for row, said in zip(rows, sequences, strict=True) if row.state != final(said)]
        assert wrong == []
        assert {row.state for row in rows} == {m.ACCEPTED, m.DELIVERED, m.FAILED}


def test_a_report_that_came_before_the_answer_is_applied_when_that_comes(room: Room) -> None:
    number = room.register()
    enqueue(room, draft(room, number))
    with room.store.write() as session:
        for status in (SENT, DELIVERED, QUEUED):
            assert receipts.keep(session, Report(status), gateway="", provider_id="sms-1", tracking="", now=room.now)
        assert not receipts.keep(session, Report(SENT), gateway="", provider_id="sms-1", tracking="", now=room.now)
    room.channels["sms"].receipt_within = timedelta(seconds=60)
    room.send()
    assert room.message().state == m.DELIVERED
