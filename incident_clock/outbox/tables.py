"""Tables of the outbox: a message is an alert addressed to one person on one channel; an attempt is one try."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from incident_clock.store.base import Base, UtcDateTime


class Message(Base):
    """One thing to tell one person on one channel. The unique key settles every race of two engines.

    `rung` is the rung whose people are told; `skipped_rung` the empty one in whose place they are, 0 for none. `round`:
    how often the ladder began anew before it.
    `because` says who of the duty roster it is and why (`people/duty.py`). Without an incident it is a notice: one a
    person, day (`repeat`) and channel. `is_wanted` turns False when its step is logged: it may still be under way,
    but is never tried again. `facts` are the figures its text is made of at the moment of sending, so that a late one
    tells the present truth. `is_drill`: it is about a drill, so that it goes after all others and only to addresses of
    the drill book. `address` is erasable. `due_at` is the instant it should leave, `not_before` the next try.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("incident_id", "step", "kind", "rung", "repeat", "skipped_rung", "round", "person",
                         "channel", name="uq_message_identity"),
        Index("uq_message_notice", "kind", "repeat", "person", "channel", unique=True,
              sqlite_where=text("incident_id IS NULL"), postgresql_where=text("incident_id IS NULL")),
        Index("ix_message_address", "address", "created_at"),
        Index("ix_message_waiting", "not_before", sqlite_where=text("state IN ('queued', 'unknown')"),
              postgresql_where=text("state IN ('queued', 'unknown')")),
        Index("ix_message_check", "check_at", sqlite_where=text("check_at IS NOT NULL"),
              postgresql_where=text("check_at IS NOT NULL")),
        Index("ix_message_answer_code", "answer_code"),
        Index("ix_message_leased", "lease_owner", sqlite_where=text("state = 'sending'"),
              postgresql_where=text("state = 'sending'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"))
    kind: Mapped[str] = mapped_column(Text)
    step: Mapped[str] = mapped_column(Text)
    rung: Mapped[int]
    repeat: Mapped[int]
    skipped_rung: Mapped[int] = mapped_column(default=0)
    round: Mapped[int] = mapped_column(default=0, server_default="0")
    person: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    because: Mapped[dict[str, Any]] = mapped_column(JSON)
    reference: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    state_reason: Mapped[str] = mapped_column(Text, default="")
    may_be_copy: Mapped[bool] = mapped_column(Boolean, default=False)
    is_wanted: Mapped[bool] = mapped_column(Boolean, default=True)
    is_drill: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    attempt_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    check_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    instead_of: Mapped[str | None] = mapped_column(Text)
    idle_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    followed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer_code: Mapped[str | None] = mapped_column(Text)
    lease_owner: Mapped[str | None] = mapped_column(Text)
    lease_token: Mapped[int] = mapped_column(default=0)

    attempts: Mapped[list["Attempt"]] = relationship(order_by="Attempt.number", back_populates="message")


class Attempt(Base):
    """One try of one message, written before the call is made. `outcome` None: under way, or its engine died.

    `gateway` took or refused it, with its own `code`; `status` is the last that the provider reported of it
    (`channels/base.py`), `segments` how many parts it is billed as.
    """

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("message_id", "number"), Index("ix_attempt_provider_id", "provider_id"),
                      Index("ix_attempt_started_at", "started_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    number: Mapped[int]
    engine: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[str | None] = mapped_column(Text)
    gateway: Mapped[str | None] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str | None] = mapped_column(Text)
    status_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    segments: Mapped[int | None]

    message: Mapped[Message] = relationship(back_populates="attempts")


class Reported(Base):
    """One status a provider reported of one letter: kept once, however often and in whatever order it is said.

    `tracking` is what we gave along with the letter and got back. A report may come before the answer to the call
    that it is about, so it belongs to no attempt here.
    """

    __tablename__ = "reported"
    __table_args__ = (UniqueConstraint("gateway", "provider_id", "status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    fate: Mapped[str] = mapped_column(Text)
    is_address_dead: Mapped[bool] = mapped_column(Boolean)
    tracking: Mapped[str] = mapped_column(Text)
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IncomingText(Base):
    """One text (or key press) that came in, kept once. `address` and `text` are erasable; a text that stands in a
    timeline is not kept here too.

    `outcome` says what was done with it (`incoming.py`); `person` and `incident_id` whose it was, where known.
    """

    __tablename__ = "incoming_text"
    __table_args__ = (
        UniqueConstraint("gateway", "provider_id"),
        Index("ix_incoming_text_address", "address", "came_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    came_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(Text)
    person: Mapped[str | None] = mapped_column(Text)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"))


class Gate(Base):
    """A way on which people answer: one sender's texts, one client of the page for codes, or that page in all.

    `key` names it without saying who (`gates.py`). The row is locked while an answer is judged. `told_at`: when
    somebody was last told of it, help to a sender or an alarm to the administrators.
    """

    __tablename__ = "gate"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WrongCode(Base):
    """One wrong code at a gate; kept as long as it counts."""

    __tablename__ = "wrong_code"
    __table_args__ = (Index("ix_wrong_code_gate", "gate", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    gate: Mapped[str] = mapped_column(ForeignKey("gate.key"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
