"""Who holds a role, and where each can be reached."""

from datetime import datetime

import pytest

from incident_clock.people import roster
from incident_clock.people.cards import EMAIL, MOBILE, Contact, PersonCard
from incident_clock.protocol.steps import ROLES
from incident_clock.store.session import Store


def card(**given: object) -> PersonCard:
    plain = {"key": "zhou", "name": "周甲", "unit": "duty", "roles": ("duty_officer",), "stand_in": None, "language": "zh"}
    contacts = tuple(Contact(kind, str(given.pop(field))) for field, kind in (("phone", MOBILE), ("email", EMAIL))
                     if field in given)
    return PersonCard(**(plain | {"contacts": contacts} | given))


@pytest.mark.parametrize("role", ROLES)
def test_every_role_of_the_example_is_held_by_one_person(role: str, bureau: Store, now: datetime) -> None:
    with bureau.read() as session:
        assert [role in holder.card.roles for holder in roster.who_is(session, role, now)] == [True]


def test_a_role_held_by_several_is_told_in_the_order_of_the_file(store: Store, load, now: datetime) -> None:
    load("units: [{key: bureau, name: 局}]\npeople:\n" + "".join(
        f"  - {{key: {key}, name: {key}, unit: bureau, roles: [{roles}], email: {key}@example.com}}\n"
        for key, roles in (("wang", "deputy, duty_officer"), ("an", "duty_officer"), ("feng", "head"))))
    with store.read() as session:
        assert [holder.card.key for holder in roster.who_is(session, "duty_officer", now)] == ["wang", "an"]
        assert roster.who_is(session, "auditor", now) == ()


def test_a_person_is_found_by_key_and_a_stranger_is_not(bureau: Store) -> None:
    with bureau.read() as session:
        assert roster.person(session, "zhou") == card(phone="+8613800000001", email="zhou@example.com", stand_in="wu")
        assert roster.person(session, "nobody") is None
        assert roster.name_of(session, "nobody") == "nobody"


@pytest.mark.parametrize(("given", "expected"), [
    ({}, {"console": "zhou"}),
    ({"phone": "+8613800000001"}, {"sms": "+8613800000001", "console": "zhou"}),
    ({"email": "zhou@example.com"}, {"email": "zhou@example.com", "console": "zhou"}),
    ({"phone": "+8613800000001", "email": "zhou@example.com"},
     {"sms": "+8613800000001", "email": "zhou@example.com", "console": "zhou"}),
])
def test_a_person_is_reached_on_every_channel_he_has_an_address_for(given: dict, expected: dict) -> None:
    assert card(**given).addresses() == expected


def test_an_empty_directory_says_so(store: Store, now: datetime) -> None:
    with store.read() as session:
        assert roster.is_empty(session)
        assert roster.bureau(session) == roster.Bureau(name="", short_name="", is_example=False)
        assert roster.everybody(session) == []


def test_a_loaded_directory_is_not_empty(bureau: Store) -> None:
    with bureau.read() as session:
        assert not roster.is_empty(session)
