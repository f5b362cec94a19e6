"""A whole chain beside a changed row proves nothing: `verify` holds what is shown against the ledger."""

import pytest
from sqlalchemy import text

from incident_clock.registry import ledger
from incident_clock.registry.incidents import locked
from tests.support.room import Room


@pytest.mark.parametrize(("statement", "entry"), [
    ("UPDATE deadline SET due_at = '2027-01-01 00:00:00' WHERE step = 'release'", 1),
    ("UPDATE incident SET received_at = '2026-03-12 06:00:00'", 1),
    ("UPDATE incident SET title = '无事发生'", 1),
    ("UPDATE stamped_protocol SET stamp = replace(stamp, '1200', '9000')", 1),
    ("UPDATE deadline SET done_at = '2026-03-12 06:10:00' WHERE step = 'phone_report'", None),
    ("UPDATE deadline SET settled_at = NULL, done_at = NULL, settled_sequence = NULL", None),
    ("UPDATE incident SET closed_at = '2026-03-12 09:00:00'", 1),
])
def test_a_row_that_was_changed_beside_the_chain_is_named(room: Room, statement: str, entry: int | None) -> None:
    number = room.register()
    room.wait(minutes=12)
    room.log(number, "phone_report")
    with room.store.read() as session:
        assert ledger.verify(session, locked(session, number)).broken is None
        log = next(e["sequence"] for e in room.entries(number) if e["kind"] == "StepLogged")
    with room.store.write() as session:
        session.execute(text(statement))
    with room.store.read() as session:
        broken = ledger.verify(session, locked(session, number)).broken
    assert broken is not None
    assert broken.sequence == (entry or log)


def test_a_text_that_vanished_without_an_erasure_is_reported(room: Room) -> None:
    number = room.register()
    with room.store.write() as session:
        session.execute(text("DELETE FROM ledger_text WHERE path = 'title' AND sequence = 1"))
        found = ledger.verify(session, locked(session, number))
    assert found.lacking_texts == (1,)
