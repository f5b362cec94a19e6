"""Tables of the directory: units, persons and how each is reached, leave, outside parties, the administrative ledger.

A person who leaves is made inactive and kept, because the ledger and old messages name him by his key. Who is on
duty: `duty_tables.py`; signing in: `sign_in_tables.py`.
"""

from datetime import datetime
from typing import cast

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from incident_clock.ledger.book import guard, guards
from incident_clock.store.base import Base, UtcDateTime


class Unit(Base):
    """The bureau or one of its sections, in the order of the file. The first without `parent` is the bureau."""

    __tablename__ = "unit"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    short_name: Mapped[str | None] = mapped_column(Text)
    parent: Mapped[str | None] = mapped_column(Text)
    reporter: Mapped[str | None] = mapped_column(Text)  # key of its 宣传员
    second_reporter: Mapped[str | None] = mapped_column(Text)  # and of the 宣传员's B角
    position: Mapped[int]


class Person(Base):
    """One person of the directory. `language` is `zh` or `en`; `stand_in` another person's key (B角).

    No foreign key on `unit`: a unit goes with the file that dropped it, an inactive person stays.
    """

    __tablename__ = "person"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[str]] = mapped_column(JSON)
    stand_in: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(Boolean)
    position: Mapped[int]

    contacts: Mapped[list["ContactMethod"]] = relationship(
        order_by="ContactMethod.position", cascade="all, delete-orphan", lazy="selectin")


class ContactMethod(Base):
    """One way to reach a person, in the order they are tried. `kind`: mobile, desk_phone, email or chat.

    `verified_at`: the person answered a trial message; `last_delivered_at`: a message to it last arrived.
    `failed_at` and `failure`: when and why a provider last called the address itself dead; None after one arrived.
    """

    __tablename__ = "contact_method"
    __table_args__ = (UniqueConstraint("person", "kind", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.key"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    position: Mapped[int]
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(Text)


class OutsideParty(Base):
    """An office outside the bureau that is phoned or written to (区总值班室, 网信办 …). It never signs in."""

    __tablename__ = "outside_party"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    position: Mapped[int]


class Directory(Base):
    """The one row that says where the directory came from. No row: nothing was ever imported."""

    __tablename__ = "directory"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_example: Mapped[bool] = mapped_column(Boolean)
    source: Mapped[str] = mapped_column(Text)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AdministrationEntry(Base):
    """One entry of the administrative ledger: who changed directory or roster. Same chain rules as an incident's."""

    __tablename__ = "administration_entry"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    canonical: Mapped[bytes] = mapped_column(LargeBinary)
    previous_hash: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text)


class AdministrationText(Base):
    """An erasable text of an entry, as `ledger_text` holds them for incidents."""

    __tablename__ = "administration_text"

    sequence: Mapped[int] = mapped_column(ForeignKey("administration_entry.sequence"), primary_key=True,
                                          autoincrement=False)
    path: Mapped[str] = mapped_column(Text, primary_key=True)
    salt: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)


GUARDS = guards(entries="administration_entry", texts="administration_text", chain_column=None,
                follows="administration_only_next")
guard(cast(Table, AdministrationText.__table__), GUARDS)
