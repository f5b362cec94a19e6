"""Tables of the directory and of signing in. Tokens and passwords stand here only as hashes.

A person who leaves is made inactive and kept, because the ledger and old messages name him by his key.
"""

from datetime import datetime

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from incident_clock.store.base import Base, UtcDateTime


class Unit(Base):
    """The bureau or one of its sections, in the order of the file. The first without `parent` is the bureau."""

    __tablename__ = "unit"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    short_name: Mapped[str | None] = mapped_column(Text)
    parent: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int]


class Person(Base):
    """One person of the directory. `phone` is E.164; `language` is `zh` or `en`; `stand_in` another person's key.

    No foreign key on `unit`: a unit goes with the file that dropped it, an inactive person stays.
    """

    __tablename__ = "person"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[str]] = mapped_column(JSON)
    phone: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    stand_in: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(Boolean)
    position: Mapped[int]


class Directory(Base):
    """The one row that says where the directory came from. No row: nothing was ever imported."""

    __tablename__ = "directory"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_example: Mapped[bool] = mapped_column(Boolean)
    source: Mapped[str] = mapped_column(Text)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInLink(Base):
    """A one-time link. `used_at` is written by the first use, or when the link is called in."""

    __tablename__ = "sign_in_link"

    token_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.key"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Password(Base):
    """The Argon2id hash of a person's password."""

    __tablename__ = "password"

    person: Mapped[str] = mapped_column(ForeignKey("person.key"), primary_key=True)
    hash: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInSession(Base):
    """A browser that is signed in. `seen_at` moves in coarse steps (see `sign_in.SEEN_GRAIN`)."""

    __tablename__ = "sign_in_session"

    token_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.key"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiToken(Base):
    """A bearer token of another system. `label` is the actor its entries carry in the ledger."""

    __tablename__ = "api_token"

    token_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    role: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FailedSignIn(Base):
    """A wrong password. `account` is a hash: people type passwords into the wrong field."""

    __tablename__ = "failed_sign_in"
    __table_args__ = (Index("ix_failed_sign_in_account_at", "account", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
