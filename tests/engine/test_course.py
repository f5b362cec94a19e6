"""What one instant brings, decided without a database: `tests/simulation/test_agreement.py` plays it at length."""

from sqlalchemy import delete, select

from incident_clock.people.tables import ContactMethod
from incident_clock.protocol.steps import AFTER
from incident_clock.registry.tables import Called
from tests.support.bureau import rung, small_rule
from tests.support.room import Room


def test_an_empty_rung_and_the_next_at_the_same_instant_are_both_called(store, now):
    room = Room(store, now, small_rule(rung(1, AFTER, 0, "spokesman"), rung(2, AFTER, 0, "duty_officer")), channels=("sms",))
    with store.write() as session:
        session.execute(delete(ContactMethod).where(ContactMethod.person == "han"))
    room.register()
    assert room.tick().failed == ()
    assert sorted((m.rung, m.skipped_rung, m.person) for m in room.messages()) == [(2, 0, "zhou"), (2, 1, "zhou")]
    with store.read() as session:
        assert [(row.rung, row.person) for row in session.scalars(select(Called))] == [(2, "zhou")]
