"""Numbers: gap-free per year and zone, drills on their own, given back by a rollback, and one each in a crowd."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from incident_clock.errors import Refusals
from incident_clock.registry.drafts import NewIncident
from incident_clock.registry.numbers import next_number, spoken
from incident_clock.registry.tables import Incident
from tests.support.bureau import ZHOU
from tests.support.race import at_once
from tests.support.room import Room

CROWD = 20


def test_numbers_count_up_without_gaps(room: Room):
    assert [room.register() for _ in range(3)] == ["2026-0001", "2026-0002", "2026-0003"]


def test_drills_have_a_series_of_their_own(room: Room):
    assert [room.register(is_drill=drill) for drill in (True, False, True)] == ["Y2026-0001", "2026-0001", "Y2026-0002"]


@pytest.mark.parametrize(("registered_at", "year"), [
    (datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), 2026), (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), 2027),
    (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), 2027),
])
def test_the_year_is_the_one_of_the_zone_at_registration(store, registered_at, year):
    room = Room(store, registered_at)
    assert room.register(received_at=registered_at - timedelta(hours=2)) == f"{year}-0001"


def test_a_new_year_starts_at_one_and_the_old_year_stays(room: Room):
    assert room.register() == "2026-0001"
    room.wait(days=300)
    assert [room.register(), room.register()] == ["2027-0001", "2027-0002"]


def test_a_rolled_back_registration_gives_its_number_back(room: Room):
    room.register()

    def fail(session) -> None:
        next_number(session, year=2026, is_drill=False)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), room.store.write() as session:
        fail(session)
    with pytest.raises(Refusals):
        room.register(place="\x00")
    assert room.register() == "2026-0002"


def test_a_crowd_gets_consecutive_numbers(room: Room):
    numbers = at_once([room.register] * CROWD)
    assert sorted(numbers) == [f"2026-{ordinal:04d}" for ordinal in range(1, CROWD + 1)]
    with room.store.read() as session:
        assert sorted(session.scalars(select(Incident.number))) == sorted(numbers)


def test_incidents_and_drills_registered_at_once_stay_apart(room: Room):
    numbers = at_once([lambda drill=drill: room.register(is_drill=drill) for drill in (True, False) * 5])
    assert sorted(numbers) == [f"{series}2026-{ordinal:04d}" for series in ("", "Y") for ordinal in range(1, 6)]


def test_one_request_sent_by_ten_threads_at_once_is_one_incident(room: Room):
    new = NewIncident(title="广告牌坠落")
    answers = at_once([lambda: room.desk.register(new, actor=ZHOU, now=room.now, key="k").number] * 10)
    assert set(answers) == {"2026-0001"}
    assert room.register() == "2026-0002"


@pytest.mark.parametrize(("number", "said"), [("2026-0001", "001"), ("2026-0037", "037"), ("2026-1234", "1234"),
                                              ("Y2026-0005", "Y05"), ("Y2026-0123", "Y123")])
def test_how_a_number_is_said(number, said):
    assert spoken(number) == said
