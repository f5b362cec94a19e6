"""The people file on further contacts, 宣传员 and offices outside; and what importing it again keeps."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from incident_clock.errors import ConfigError
from incident_clock.people import contacts, outside, roster, units
from incident_clock.people.importing import ImportSummary, read_people
from incident_clock.people.outside import OutsideDraft
from incident_clock.people.tables import ContactMethod, OutsideParty, Unit
from incident_clock.store.session import Store
from tests.people.files import EXAMPLE, SMALL, changed, written
from tests.support.bureau import SHEN

Load = Callable[[str], ImportSummary]

EMAIL, WU, DUTY = "    email: zhou@example.com\n", "{key: wu,", "{key: duty, name: 值班室, parent: bureau}"
CONTACTS = EMAIL + """\
    contacts:
      - {kind: mobile, address: "+8613900000001"}
      - {kind: desk_phone, address: "+865785550155"}
      - {kind: chat, address: wx_zhou}
"""
OUTSIDE = SMALL + """\
outside:
  - {key: district, name: 区总值班室, phone: "+865785550100", note: 24小时值守}
  - {key: cyberspace, name: 区委网信办, email: wxb@example.com}
"""

# What is changed in the small file → (path, a part of what to do) of every complaint.
COMPLAINTS = {
    "an unknown kind": ([(EMAIL, CONTACTS.replace("kind: mobile", "kind: mobil"))],
                        [("people[1].contacts[1].kind", 'did you mean "mobile"?')]),
    "a contact that is a text": ([(EMAIL, EMAIL + "    contacts: [wx]\n")], [("people[1].contacts[1]", "write a mapping")]),
    "a contact without address": ([(EMAIL, EMAIL + "    contacts: [{kind: chat}]\n")],
                                  [("people[1].contacts[1]", "address is missing")]),
    "a number without its country": ([(EMAIL, CONTACTS.replace('"+865785550155"', "05785550155"))],
                                     [("people[1].contacts[2].address", "country code")]),
    "a number twice": ([(EMAIL, CONTACTS.replace("+8613900000001", "+8613800000001"))],
                       [("people[1].contacts[1].address", "a second time")]),
    "a reporter nobody knows": ([(DUTY, DUTY[:-1] + ", reporter: wuu}")], [("units[2].reporter", 'did you mean "wu"?')]),
    "a reporter without the role": ([(DUTY, DUTY[:-1] + ", reporter: zhou}")],
                                    [("units[2].reporter", "give zhou that role or name another")]),
    "the same person twice": ([(DUTY, DUTY[:-1] + ", reporter: wu, second_reporter: wu}")],
                              [("units[2].second_reporter", "the key of somebody else")]),
}
OUTSIDE_COMPLAINTS = [
    ("name: 区总值班室", "name: ''", "outside[1].name"), ("key: cyberspace", "key: district", "outside[2].key"),
    ("+865785550100", "5550100", "outside[1].phone"), ("wxb@example.com", "wxb", "outside[2].email"),
    ("note: ", "hint: ", "outside[1].hint"),
]


def said(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        read_people(path)
    return list(refused.value.problems)


@pytest.mark.parametrize("name", COMPLAINTS)
def test_what_cannot_be_right_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    changes, expected = COMPLAINTS[name]
    found = said(written(tmp_path, changed(*changes)))
    assert len(found) == len(expected), found
    for sentence, (place, part) in zip(found, expected, strict=True):
        assert f": {place}: " in sentence
        assert part in sentence


@pytest.mark.parametrize(("old", "new", "place"), OUTSIDE_COMPLAINTS)
def test_an_outside_party_that_cannot_be_right_is_refused(old: str, new: str, place: str, tmp_path: Path) -> None:
    assert OUTSIDE.count(old) == 1
    found = said(written(tmp_path, OUTSIDE.replace(old, new)))
    assert len(found) == 1
    assert f": {place}: " in found[0]


def test_phone_and_email_come_first_then_the_further_ways_in_their_order(store: Store, load: Load) -> None:
    load(changed((EMAIL, CONTACTS)))
    with store.read() as session:
        assert [(one.kind, one.address) for one in roster.person(session, "zhou").contacts] == [
            ("mobile", "+8613800000001"), ("email", "zhou@example.com"), ("mobile", "+8613900000001"),
            ("desk_phone", "+865785550155"), ("chat", "wx_zhou")]


def test_reporters_and_outside_parties_are_taken_in(store: Store, load: Load) -> None:
    load(OUTSIDE.replace(DUTY, DUTY[:-1] + ", reporter: wu}"))
    with store.read() as session:
        assert session.get_one(Unit, "duty").reporter == "wu"
        assert [outside.draft_of(row) for row in session.scalars(select(OutsideParty).order_by(OutsideParty.position))] == [
            OutsideDraft(name="区总值班室", phone="+865785550100", note="24小时值守"),
            OutsideDraft(name="区委网信办", email="wxb@example.com")]


def test_importing_again_replaces_units_and_outside_parties(store: Store, load: Load, now: datetime) -> None:
    load(OUTSIDE)
    with store.write() as session:
        outside.add_outside(session, OutsideDraft(name="区消防", phone="0578-5550119"), actor=SHEN, now=now)
        units.add_unit(session, "squad2", units.UnitDraft(name="二中队", parent="bureau"), actor=SHEN, now=now)
    load(OUTSIDE)
    with store.read() as session:
        assert list(session.scalars(select(OutsideParty.key).order_by(OutsideParty.position))) == ["district", "cyberspace"]
        assert session.get(Unit, "squad2") is None


def test_a_file_without_outside_parties_leaves_the_address_book_as_it_is(store: Store, load: Load) -> None:
    load(OUTSIDE)
    load(SMALL)
    with store.read() as session:
        assert len(session.scalars(select(OutsideParty)).all()) == 2


def test_importing_again_keeps_that_a_number_was_verified(store: Store, load: Load, now: datetime) -> None:
    load(changed((EMAIL, CONTACTS)))
    with store.write() as session:
        contact = session.scalar(select(ContactMethod.id).where(ContactMethod.address == "+8613900000001"))
        contacts.verify_contact(session, contact, actor=SHEN, now=now)
    assert load(changed((EMAIL, CONTACTS), ("name: 周甲", "name: 周小甲"))).changed == ("zhou",)
    with store.read() as session:
        assert [one.verified_at for one in roster.person(session, "zhou").contacts] == [None, None, now, None, None]


def test_the_example_names_a_reporter_and_three_offices() -> None:
    file = read_people(EXAMPLE)
    assert {unit.key: unit.reporter for unit in file.units if unit.reporter} == {"publicity": "wei", "squad1": "wei"}
    assert [one.name for one in file.outside] == ["区总值班室", "区委宣传部新闻科", "区委网信办"]
