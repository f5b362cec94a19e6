"""An edit of directory or roster that would leave a rung empty is refused with day and rung, and nothing is written."""

from datetime import datetime, timedelta

import pytest

from incident_clock.errors import Conflict
from incident_clock.office import LOOK_AHEAD, Office
from incident_clock.people.duty_tables import Absence, Shift
from incident_clock.people.tables import ContactMethod, Person
from incident_clock.phrases import Phrases
from incident_clock.protocol.steps import AFTER, BEFORE_DUE
from incident_clock.store.session import Store
from tests.support.bureau import ZONE, move_in, rung, small_rule

RULE = small_rule(rung(1, AFTER, 0, "duty_officer", "duty_chief"), rung(2, BEFORE_DUE, 5, "duty_leader"))


@pytest.fixture
def office(store: Store, now: datetime) -> Office:
    move_in(store, now)
    return Office(store, {RULE.key: RULE}, lambda session: ("sms", "email"), ZONE)


def shift(person: str, role: str, from_at: datetime, hours: float) -> Shift:
    return Shift(person=person, role=role, from_at=from_at, until_at=from_at + timedelta(hours=hours))


def away(person: str, from_at: datetime, days: float, acting: str | None = None) -> Absence:
    return Absence(person=person, acting=acting, from_at=from_at, until_at=from_at + timedelta(days=days), reason="出差")


def refusal(office: Office, now: datetime, *rows: object, until: datetime | None = None) -> str:
    with pytest.raises(Conflict) as refused:
        office.change(lambda session: session.add_all(rows), now=now, until=until)
    return Phrases("zh", ZONE).refusal(refused.value, seen=now)


def count(office: Office, table: type) -> int:
    with office.store.read() as session:
        return session.query(table).count()


def test_a_leader_who_leaves_without_anybody_in_his_place_is_refused_with_day_and_rung(office: Office, now: datetime):
    with office.store.write() as session:
        session.get(Person, "zheng").stand_in = None
    said = refusal(office, now, away("zheng", now + timedelta(days=3), 2))
    assert "2026-03-15" in said
    assert "“电话上报”第2级催不到人（带班领导）" in said
    assert count(office, Absence) == 0


def test_leave_with_an_acting_deputy_or_a_stand_in_is_taken(office: Office, now: datetime):
    office.change(lambda session: session.add(away("zheng", now + timedelta(days=3), 2, "chu")), now=now)
    office.change(lambda session: session.add(away("feng", now + timedelta(days=3), 2)), now=now)
    assert count(office, Absence) == 2


def test_a_roster_with_a_hole_of_one_second_is_refused(office: Office, now: datetime):
    rows = [shift("zheng", "duty_leader", now, 24), shift("zheng", "duty_leader", now + timedelta(hours=24, seconds=1), 24)]
    assert "催不到人（带班领导）" in refusal(office, now, *rows, until=now + timedelta(hours=48))
    rows = [shift("zheng", "duty_leader", now, 24), shift("zheng", "duty_leader", now + timedelta(hours=24), 24)]
    office.change(lambda session: session.add_all(rows), now=now, until=now + timedelta(hours=48))
    assert count(office, Shift) == 2


def test_one_role_of_a_rung_may_be_off_duty_while_the_rung_reaches_others(office: Office, now: datetime):
    office.change(lambda session: session.add(shift("wu", "duty_chief", now, 8)), now=now)
    assert count(office, Shift) == 1


def test_taking_the_last_address_away_is_refused(office: Office, now: datetime):
    def edit(session):
        for contact in session.query(ContactMethod).filter_by(person="zheng"):
            session.delete(contact)

    with pytest.raises(Conflict):
        office.change(edit, now=now)
    assert count(office, ContactMethod) == 24


def test_a_rung_that_was_empty_before_does_not_stand_in_the_way_of_other_edits(office: Office, now: datetime):
    with office.store.write() as session:
        session.get(Person, "zheng").is_active = False
    office.change(lambda session: setattr(session.get(Person, "zhou"), "name", "周甲甲"), now=now)
    with office.store.read() as session:
        assert session.get(Person, "zhou").name == "周甲甲"


def test_a_hole_that_grows_is_refused_and_one_that_shrinks_is_not(office: Office, now: datetime):
    first = shift("zheng", "duty_leader", now, 24)
    office.change(lambda session: session.add(first), now=now, until=now + timedelta(hours=24))  # nothing after a day

    def until(hours: float):
        return lambda session: setattr(session.get(Shift, first.id), "until_at", now + timedelta(hours=hours))

    office.change(until(48), now=now)
    with pytest.raises(Conflict):
        office.change(until(36), now=now)


def test_what_lies_behind_the_board_s_days_is_not_looked_at(office: Office, now: datetime):
    with office.store.write() as session:
        session.get(Person, "zheng").stand_in = None
    office.change(lambda session: session.add(away("zheng", now + LOOK_AHEAD, 2)), now=now)
    assert count(office, Absence) == 1


def test_without_a_channel_every_rung_is_empty_anyhow_and_edits_go_on(store: Store, now: datetime):
    move_in(store, now)
    office = Office(store, {RULE.key: RULE}, lambda session: (), ZONE)
    office.change(lambda session: setattr(session.get(Person, "zheng"), "is_active", False), now=now)
