"""Tables of signing in. Tokens and passwords stand here only as hashes."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from incident_clock.store.base import Base, UtcDateTime


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


class CalendarFeed(Base):
    """The secret address of a person's own calendar of shifts. A new one ends the old one."""

    __tablename__ = "calendar_feed"

    person: Mapped[str] = mapped_column(ForeignKey("person.key"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
