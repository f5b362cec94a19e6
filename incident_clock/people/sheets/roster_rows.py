"""Who is on duty in a row of a roster: one role and person a row (LONG), or a column per role (WIDE)."""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from incident_clock.people.access import TITLES
from incident_clock.people.cards import DESK_PHONE, MOBILE, PersonCard
from incident_clock.people.duty import ROSTERED_ROLES
from incident_clock.people.sheets.cells import plain, read_phone
from incident_clock.people.sheets.complaints import quoted
from incident_clock.people.sheets.headings import Headings, fold
from incident_clock.people.sheets.names import Names, is_several
from incident_clock.people.sheets.reading import SheetRow
from incident_clock.people.sheets.remarks import Remarks
from incident_clock.phrases import ENGLISH, N_, catalogue

NOBODY = ("无", "none", "nobody", "-", "--", "/")  # written where nobody is on duty
NUMBERS_TO_RING = (MOBILE, DESK_PHONE)


class Named(NamedTuple):
    """A person on duty, and the column that says so."""

    role: str
    person: PersonCard
    column: int


class Rows:
    """`columns`: what a column means → its number. Complaints go into `remarks`."""

    def __init__(self, remarks: Remarks, columns: dict[str, int], people: Iterable[PersonCard]) -> None:
        names = Names(people)
        self._remarks, self._columns = remarks, columns
        self._roles = {fold(heading): role for role, headings in role_headings().items() for heading in headings}
        self._one, self._several, self._phone = cache(names.one), cache(names.several), cache(read_phone)

    def wide(self, row: SheetRow) -> list[Named]:
        """Everybody whom the columns of roles name."""
        found: list[Named] = []
        for role in ROSTERED_ROLES:
            column = self._columns.get(role, 0)
            if not column or plain(row.cell(column)).lower() in NOBODY:
                continue
            cards = self._remarks.read(row, column, self._several,
                                       empty=N_("%(cell)s：没有填。这一班确实没有人值，请写“无”"))
            found += [Named(role, card, column) for card in cards or () if self._may_be(row, column, role, card)]
        return found

    def long(self, row: SheetRow) -> list[Named]:
        """The one person of the row, if he can be told."""
        role = self._remarks.read(row, self._columns["role"], lambda written: self._roles.get(fold(written), written))
        if role is not None and role not in ROSTERED_ROLES:
            self._remarks.add(row.number, self._columns["role"], N_("%(cell)s：“%(written)s”不排班，只能写 %(known)s"),
                              written=quoted(role), known=[TITLES[each] for each in ROSTERED_ROLES])
            role = None
        by_key, by_name = self._columns.get("key", 0), self._columns.get("name", 0)
        column = by_key if by_key and (row.cell(by_key) or not by_name) else by_name
        card = self._person(row, column)
        if card is None:
            return []
        if column == by_key and by_name:
            self._compare_names(row, by_name, card)
        if "phone" in self._columns:
            self._compare_phones(row, self._columns["phone"], card)
        return [Named(role, card, column)] if role and self._may_be(row, column, role, card) else []

    def _person(self, row: SheetRow, column: int) -> PersonCard | None:
        written = row.cell(column)
        if is_several(written) and not isinstance(self._one(written), PersonCard):
            self._remarks.add(row.number, column, N_("%(cell)s：一行只写一个人，请分成几行"))
            return None
        return self._remarks.read(row, column, self._one)

    def _may_be(self, row: SheetRow, column: int, role: str, card: PersonCard) -> bool:
        if role in card.roles:
            return True
        self._remarks.add(row.number, column, N_("%(cell)s：%(name)s 在通讯录里不是%(role)s。请换人，或先给他这个角色"),
                          name=card.name, role=TITLES[role])
        return False

    def _compare_names(self, row: SheetRow, column: int, card: PersonCard) -> None:
        """Key and name in one row must mean the same person."""
        written = row.cell(column)
        if written and fold(written) != fold(card.name):
            self._remarks.add(row.number, column,
                              N_("%(cell)s：写的是“%(written)s”，编号 %(key)s 却是%(name)s，请核对"),
                              written=quoted(written), key=card.key, name=card.name)

    def _compare_phones(self, row: SheetRow, column: int, card: PersonCard) -> None:
        if not row.cell(column):
            return
        phone = self._remarks.read(row, column, self._phone)
        known = [contact.address for contact in card.contacts if contact.kind in NUMBERS_TO_RING]
        if phone is not None and phone not in known:
            self._remarks.add(row.number, column,
                              N_("%(cell)s：和通讯录里%(name)s的电话不同。催办用的是通讯录，请先核对改好"),
                              name=card.name)


def role_headings() -> Headings:
    """Every rostered role with what its column may be called: its title in either language, or its key."""
    english = catalogue(ENGLISH)
    return {role: (TITLES[role], role, english.get(TITLES[role], role)) for role in ROSTERED_ROLES}


