"""Ways to reach somebody, as people type them: repaired where that is certain, refused where it is a guess."""

from datetime import datetime

import pytest
from sqlalchemy import select

from incident_clock.errors import Invalid, NotFound
from incident_clock.ledger.chain import plain
from incident_clock.people import ledger, roster
from incident_clock.people.contacts import (
    MOST_CONTACTS,
    checked_address,
    checked_contacts,
    tidied,
    verify_contact,
)
from incident_clock.people.tables import ContactMethod
from incident_clock.store.session import Store
from tests.support.bureau import SHEN


@pytest.mark.parametrize(("kind", "typed", "kept"), [
    ("mobile", "138 0000 0001", "+8613800000001"), ("mobile", "138-0000-0001", "+8613800000001"),
    ("mobile", "13800000001", "+8613800000001"), ("mobile", "+86 138 0000 0001", "+8613800000001"),
    ("mobile", "008613800000001", "+8613800000001"), ("mobile", "１３８００００ ０００１", "+8613800000001"),
    ("mobile", "+44 7400 123456", "+447400123456"),
    ("desk_phone", "0578-5550155", "+865785550155"), ("desk_phone", "(0578) 555 0155", "+865785550155"),
    ("desk_phone", "13800000001", "+8613800000001"),
    ("email", " zhou@example.com ", "zhou@example.com"), ("email", "zhou@EXAMPLE.com", "zhou@example.com"),
    ("chat", "  wx_zhou ", "wx_zhou"), ("chat", "周甲 云河", "周甲 云河"),
])
def test_what_is_certain_is_put_right(kind: str, typed: str, kept: str) -> None:
    assert checked_address(kind, typed) == kept
    assert tidied(kind, typed) == kept


@pytest.mark.parametrize(("kind", "typed", "said"), [
    ("mobile", "1380000001", "数一数位数"), ("mobile", "138 0000 0001 转 2", "没有这样的电话号码"),
    ("mobile", "zhou", "没有这样的电话号码"), ("mobile", "1.38E+10", "没有这样的电话号码"), ("mobile", "12345", "没有这样"),
    ("mobile", "0578-5550155", "改为座机"), ("desk_phone", "5550155", "座机带区号"), ("desk_phone", "+999138000000", "没有"),
    ("email", "zhou(at)example.com", "不是邮箱"), ("email", "zhou@example.com\nBcc: x@example.com", "不是邮箱"),
    ("email", f"{'z' * 250}@example.com", "不是邮箱"), ("chat", "x" * 61, "最多60字"), ("chat", "a\u202eb", "看不见"),
    ("fax", "13800000001", "请选联系方式的种类"),
])
def test_what_cannot_be_right_is_refused_and_given_back_as_it_was_typed(kind: str, typed: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        checked_address(kind, typed)
    assert tidied(kind, typed) == typed


def test_rows_without_an_address_are_left_out_and_the_order_stays() -> None:
    typed = [("email", "b@example.com"), ("mobile", "  "), ("mobile", "13800000001"), ("email", "a@example.com")]
    assert checked_contacts(typed) == (
        ("email", "b@example.com"), ("mobile", "+8613800000001"), ("email", "a@example.com"))


def test_the_same_number_twice_is_refused_however_it_is_written() -> None:
    with pytest.raises(Invalid, match="已经写过一次") as refused:
        checked_contacts([("mobile", "138 0000 0001"), ("mobile", "+8613800000001")])
    assert refused.value.field == "contact_2"
    assert len(checked_contacts([("mobile", "138 0000 0001"), ("desk_phone", "138 0000 0001")])) == 2


def test_a_person_has_at_most_so_many_contacts() -> None:
    typed = [("email", f"{place}@example.com") for place in range(MOST_CONTACTS + 1)]
    assert len(checked_contacts(typed[:-1])) == MOST_CONTACTS
    with pytest.raises(Invalid, match=f"最多{MOST_CONTACTS}种") as refused:
        checked_contacts(typed)
    assert refused.value.field == f"contact_{MOST_CONTACTS + 1}"


def test_whoever_rang_a_number_is_named_with_it(bureau: Store, now: datetime) -> None:
    with bureau.write() as session:
        contact = session.scalar(select(ContactMethod.id).where(ContactMethod.address == "+8613800000003"))
        assert verify_contact(session, contact, actor=SHEN, now=now) == "zheng"
    with bureau.read() as session:
        assert [one.verified_at for one in roster.person(session, "zheng").contacts] == [now, None]
        entry = plain(ledger.links(session)[-1])
    assert (entry["kind"], entry["actor"], entry["body"]["name"]) == ("PersonChanged", "沈癸", "郑丙")
    assert entry["body"]["changes"] == {"verified": {"before": None, "after": "mobile +8613800000003"}}
    assert "13800000003" not in entry["canonical"]


def test_a_contact_that_is_gone_cannot_be_verified(bureau: Store, now: datetime) -> None:
    with pytest.raises(NotFound), bureau.write() as session:
        verify_contact(session, 99_999, actor=SHEN, now=now)
