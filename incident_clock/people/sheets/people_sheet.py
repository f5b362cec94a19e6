"""Reading the directory's people from a sheet: one person a row. It becomes a people file as a YAML one does.

What the sheet has no column for stays as it is in the directory. Units must be in the directory already, so that a
slip of the pen makes no new one; only while it is empty, or holds the fictional example, the sheet names its own:
every one as 局名/部门, the bureau first.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.orm import Session

from incident_clock.people import roster
from incident_clock.people.access import TITLES, may_stand_for
from incident_clock.people.cards import EMAIL, MOBILE, Contact, PersonCard
from incident_clock.people.people_file import (
    FIRST_CALLED,
    KEY,
    LONGEST_KEY,
    LONGEST_NAME,
    REPORTER,
    PeopleFile,
    UnitCard,
)
from incident_clock.people.sheets.cells import Wrong, kind_of_phone, plain, read_phone
from incident_clock.people.sheets.complaints import quoted, refused
from incident_clock.people.sheets.headings import Headings, columns_of, fold, missing
from incident_clock.people.sheets.names import Names
from incident_clock.people.sheets.reading import Sheet, SheetRow
from incident_clock.people.sheets.remarks import Remarks
from incident_clock.people.sheets.roster_file import is_roster
from incident_clock.people.sheets.units import KnownUnits, NewUnits, Units
from incident_clock.people.tables import Unit
from incident_clock.phrases import CHINESE, ENGLISH, N_, catalogue

COLUMNS: Headings = {
    "key": ("编号", "人员编号", "key"),
    "name": ("姓名", "name"),
    "unit": ("部门", "单位", "unit"),
    "roles": ("角色", "岗位", "roles", "role"),
    "phone": ("手机", "电话", "手机号", "联系电话", "phone", "mobile"),
    "email": ("邮箱", "电子邮箱", "email", "e-mail"),
    "stand_in": ("B角", "stand_in", "stand-in"),
    "language": ("语言", "language"),
}
REQUIRED = ("key", "name", "unit", "roles")
LANGUAGE_OF = {"中文": CHINESE, "chinese": CHINESE, "zh": CHINESE, "英文": ENGLISH, "english": ENGLISH, "en": ENGLISH}

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Known:
    """What the directory holds of real people before the import. Empty: nobody yet, or only the fictional example."""

    units: tuple[UnitCard, ...] = ()
    people: tuple[PersonCard, ...] = ()


def known(session: Session) -> Known:
    """What a sheet builds on."""
    if roster.is_empty(session) or roster.bureau(session).is_example:
        return Known()
    units = session.scalars(select(Unit).order_by(Unit.position))
    return Known(tuple(UnitCard(unit.key, unit.name, unit.short_name, unit.parent, unit.reporter, unit.second_reporter)
                       for unit in units), tuple(roster.everybody(session)))


def read_people_sheet(sheet: Sheet, known: Known) -> PeopleFile:
    """The people of a sheet. Raises SheetRefused with every complaint at once; nobody is left out of the sheet."""
    if is_roster(sheet):
        raise refused(N_("“%(file)s”是值班表，不是人员表。请用 incident-clock roster import 导入"),
                      file=quoted(sheet.source))
    remarks = Remarks(sheet)
    columns, remarks.complaints = columns_of(sheet, COLUMNS)
    lacking = [name for name in REQUIRED if columns and name not in columns]
    if lacking:
        remarks.complaints.append(missing(sheet, COLUMNS, lacking))
    if lacking or not columns:
        remarks.refuse()
    reader = _Reader(remarks, columns, known)
    people = reader.people()
    if sheet.rows and not remarks.complaints and not any(
            FIRST_CALLED in card.roles and (card.phone or card.email) for card in people):
        remarks.add(sheet.heading.number, 0, N_("%(cell)s：下面没有一位%(role)s有电话或邮箱，第一次催办会没有人收到"),
                    role=TITLES[FIRST_CALLED])
    remarks.refuse()
    if not people:
        raise refused(N_("“%(file)s”里只有列名，一个人也没有"), file=quoted(sheet.source))
    reporters = {card.key for card in people if REPORTER in card.roles}
    return PeopleFile(source=sheet.source, is_example=False, people=people, units=tuple(
        replace(unit, reporter=unit.reporter if unit.reporter in reporters else None,
                second_reporter=unit.second_reporter if unit.second_reporter in reporters else None)
        for unit in reader.units.cards()))


class _Reader:
    """One reading of the rows. The cards of people already known fill what the sheet has no column for."""

    def __init__(self, remarks: Remarks, columns: Mapping[str, int], known: Known) -> None:
        self.units: Units = KnownUnits(known.units) if known.units else NewUnits()
        self._remarks, self._columns = remarks, columns
        self._known = {card.key: card for card in known.people}
        english = catalogue(ENGLISH)
        self._roles = {fold(word): role for role, title in TITLES.items()
                       for word in (role, title, english.get(title, role))}

    def people(self) -> tuple[PersonCard, ...]:
        cards: dict[str, PersonCard] = {}
        rows: dict[str, SheetRow] = {}
        for row in self._remarks.sheet.rows:
            card = self._card(row)
            if card.key in rows:
                self._remarks.add(row.number, self._columns["key"],
                                  N_("%(cell)s：和第%(other)s行的编号相同，请另写一个"), other=rows[card.key].number)
            elif card.key:
                cards[card.key], rows[card.key] = card, row
        names = Names(cards.values())
        return tuple(replace(card, stand_in=self._stand_in(rows[card.key], card, names)) for card in cards.values())

    def _card(self, row: SheetRow) -> PersonCard:
        """The person of a row; what could not be read is empty and has been told."""
        key = self._read(row, "key", self._key) or ""
        before = self._known.get(key)
        return PersonCard(
            key=key, name=self._read(row, "name", self._name) or "",
            unit=self._read(row, "unit", self.units.find) or "",
            roles=self._read(row, "roles", self._several_roles) or (),
            contacts=self._contacts(row, before), stand_in=before.stand_in if before else None,
            language=self._optional(row, "language", self._language)
            or (before.language if before and "language" not in self._columns else CHINESE))

    def _contacts(self, row: SheetRow, before: PersonCard | None) -> tuple[Contact, ...]:
        found: list[Contact] = []
        if phone := self._optional(row, "phone", read_phone):
            found.append(Contact(kind_of_phone(phone), phone))
        if email := self._optional(row, "email", self._email):
            found.append(Contact(EMAIL, email))
        spoken_of = {kind for column, kind in (("phone", MOBILE), ("email", EMAIL)) if column in self._columns}
        there = {(contact.kind, contact.address) for contact in found}
        return (*found, *(Contact(contact.kind, contact.address) for contact in (before.contacts if before else ())
                          if contact.kind not in spoken_of and (contact.kind, contact.address) not in there))

    def _stand_in(self, row: SheetRow, card: PersonCard, names: Names) -> str | None:
        """Somebody of this sheet: whoever is not in it leaves."""
        if "stand_in" not in self._columns:
            return card.stand_in if card.stand_in and isinstance(names.one(card.stand_in), PersonCard) else None

        def find(written: str) -> PersonCard | Wrong:
            named = names.one(written)
            if isinstance(named, PersonCard) or "count" in named.params:
                return named
            return Wrong(N_("%(cell)s：这张表里没有“%(written)s”，B角自己也要在表里"), {"written": quoted(written)})

        found = self._optional(row, "stand_in", find)
        if found is not None and found.key == card.key:
            self._remarks.add(row.number, self._columns["stand_in"], N_("%(cell)s：B角不能是本人"))
            return None
        if found is not None and card.roles and not may_stand_for(found.roles, of=card.roles):
            self._remarks.add(row.number, self._columns["stand_in"],
                              N_("%(cell)s：B角不能是审计员或系统管理员，他们不能登记办理情况"))
            return None
        return found.key if found else None

    def _read(self, row: SheetRow, column: str, read: Callable[[str], Value | Wrong]) -> Value | None:
        return self._remarks.read(row, self._columns[column], read)

    def _optional(self, row: SheetRow, column: str, read: Callable[[str], Value | Wrong]) -> Value | None:
        """The value of a cell that may be empty, in a column that may be missing."""
        place = self._columns.get(column, 0)
        return self._remarks.read(row, place, read) if place and row.cell(place) else None

    def _key(self, written: str) -> str | Wrong:
        key = plain(written).lower()
        if re.fullmatch(KEY, key) and len(key) <= LONGEST_KEY:
            return key
        return Wrong(N_("%(cell)s：“%(written)s”不能作编号。请用小写字母开头，只含字母、数字、_ 和 -，如 zhou"),
                     {"written": quoted(written)})

    def _name(self, written: str) -> str | Wrong:
        name = " ".join(written.split())
        return name if len(name) <= LONGEST_NAME else Wrong(
            N_("%(cell)s：有 %(size)s 个字，最多 %(most)s 个"), {"size": len(name), "most": LONGEST_NAME})

    def _several_roles(self, written: str) -> tuple[str, ...] | Wrong:
        parts = [part for part in re.split(r"[、,;/]", plain(written)) if part.strip()]
        words = [word for part in parts for word in ([part] if fold(part) in self._roles else part.split())]
        unknown = [word for word in words if fold(word) not in self._roles]
        if unknown:
            return Wrong(N_("%(cell)s：没有“%(written)s”这个角色，只能写 %(known)s"),
                         {"written": quoted(unknown[0]), "known": list(TITLES.values())})
        return tuple(dict.fromkeys(self._roles[fold(word)] for word in words))

    def _email(self, written: str) -> str | Wrong:
        try:
            return validate_email(plain(written), check_deliverability=False).normalized
        except EmailNotValidError:
            return Wrong(N_("%(cell)s：这不是邮箱地址，请写成 zhou@example.com 这样"), {})

    def _language(self, written: str) -> str | Wrong:
        return LANGUAGE_OF.get(fold(written)) or Wrong(
            N_("%(cell)s：“%(written)s”不是语言，请写“中文”或“英文”"), {"written": quoted(written)})
