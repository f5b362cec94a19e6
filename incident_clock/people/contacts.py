"""Ways to reach somebody, as people type them: put right where that is certain, refused where it is a guess.

Changing whom a number belongs to is in `directory.py`; here is only marking one as rung and right.
"""

from collections.abc import Sequence
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from incident_clock.errors import Invalid, NotFound
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.people import ledger
from incident_clock.people.cards import CHAT, CONTACT_KINDS, DESK_PHONE, EMAIL, MOBILE
from incident_clock.people.duty_checks import take_turn
from incident_clock.people.edits import checked_line
from incident_clock.people.facts import ALTERED, PersonChanged
from incident_clock.people.people_file import LONGEST_EMAIL
from incident_clock.people.sheets.cells import Wrong, kind_of_phone, read_phone
from incident_clock.people.tables import ContactMethod, Person
from incident_clock.phrases import N_

MOST_CONTACTS = 8  # of one person
LONGEST_CHAT = 60  # characters of a chat id

Address = tuple[str, str]  # kind, address


def tidied(kind: str, typed: str) -> str:
    """`138 0000 0001` → `+8613800000001`; what cannot be put right is given back as it was typed."""
    try:
        return checked_address(kind, typed)
    except Invalid:
        return typed


def checked_address(kind: str, typed: str, *, field: str = "contacts") -> str:
    """One address of that kind in the form it is kept. Raises Invalid."""
    if kind not in CONTACT_KINDS:
        raise Invalid(N_("请选联系方式的种类"), field=field)
    if kind == CHAT:
        return checked_line(typed, field=field, longest=LONGEST_CHAT) or ""
    if kind == EMAIL:
        return checked_email(typed, field=field)
    number = checked_phone(typed, field=field)
    if kind == MOBILE and kind_of_phone(number) == DESK_PHONE:
        raise Invalid(N_("这是固定电话，收不到短信，请把种类改为座机"), field=field)
    return number


def checked_phone(typed: str, *, field: str) -> str:
    """A telephone number as E.164; the country is China if it is not named. Raises Invalid."""
    number = read_phone(typed)
    if isinstance(number, Wrong):
        raise Invalid(N_("没有这样的电话号码，请数一数位数；座机带区号，国外号码以 + 和国家代码开头"), field=field)
    return number


def checked_email(typed: str, *, field: str) -> str:
    """Raises Invalid."""
    try:
        email = validate_email(typed.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        email = ""
    if not email or len(email) > LONGEST_EMAIL:
        raise Invalid(N_("这不是邮箱地址，请写成 zhou@example.com 这样"), field=field)
    return email


def checked_contacts(typed: Sequence[Address], *, known: Sequence[Address] = ()) -> tuple[Address, ...]:
    """The addresses in their order, rows without one left out. What is `known` stands on the card: not asked again.

    Raises Invalid with the field `contact_N` of the first row that cannot be right; N counts the rows from 1.
    """
    found: list[Address] = []
    for row in range(1, len(typed) + 1):
        found += [one for one in (check_row(typed, row, known),) if one is not None]
    return tuple(found)


def check_row(typed: Sequence[Address], row: int, known: Sequence[Address]) -> Address | None:
    """The address of one row as it is kept, None for a row without one. Raises Invalid for `contact_N`."""
    kind, address = typed[row - 1]
    field = f"contact_{row}"
    if not address.strip():
        return None
    one = (kind, address) if (kind, address) in known else (kind, checked_address(kind, address, field=field))
    before = [(other, tidied(other, each)) for other, each in typed[:row - 1] if each.strip()]
    if one in before:
        raise Invalid(N_("这个号码或地址已经写过一次"), field=field)
    if len(before) >= MOST_CONTACTS:
        raise Invalid(N_("每人最多%(limit)s种联系方式"), field=field, limit=MOST_CONTACTS)
    return one


def verify_contact(session: Session, contact: int, *, actor: Actor, now: datetime) -> str:
    """Somebody rang this number or wrote to this address, and the person answered. Gives the person's key.

    Raises NotFound when the address is no longer there.
    """
    take_turn(session)
    row = session.get(ContactMethod, contact, with_for_update=True)
    if row is None:
        raise NotFound(N_("这个联系方式已经不在了，请重新打开这一页"))
    row.verified_at = now
    person = session.get_one(Person, row.person)
    ledger.append(session, PersonChanged(
        happened_at=now, person=Erasable(person.key), name=Erasable(person.name), change=ALTERED,
        changes={"verified": {"before": None, "after": Erasable(f"{row.kind} {row.address}")}}), actor=actor, now=now)
    return person.key
