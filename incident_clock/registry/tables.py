"""Tables of the registry, and the guards that let the ledger only grow.

`incident` and `deadline` are projections of the ledger; `ledger_text` holds everything erasable.
"""

from datetime import datetime
from typing import cast

from sqlalchemy import (
    JSON,
    Boolean,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from incident_clock.ledger.book import guard, guards
from incident_clock.store.base import Base, UtcDateTime


class StampedProtocol(Base):
    """One version of a rule, kept as it was when the first incident was registered under it."""

    __tablename__ = "stamped_protocol"

    content_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    stamp: Mapped[str] = mapped_column(Text)


class NumberSeries(Base):
    """The last number given, per series (`incident`, `drill`) and year: a rolled-back registration gives it back."""

    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(Text, primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class Incident(Base):
    """One case with one clock. The four times are kept apart, and so are the four scales; None means not known.

    `related_to` is another incident's number and `relation` what it is to this one (`drafts.RELATIONS`). `ended_as`:
    closed, voided or merged; with `closed_at`. `protocol` is the rule it stands under now.
    """

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("number"),
        Index("ix_incident_open", "closed_at", "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    is_drill: Mapped[bool] = mapped_column(Boolean)
    title: Mapped[str] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    first_learned_by: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[str | None] = mapped_column(Text)
    unit: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    event_grade: Mapped[str | None] = mapped_column(Text)
    opinion_grade: Mapped[str | None] = mapped_column(Text)
    warning_level: Mapped[str | None] = mapped_column(Text)
    response_level: Mapped[str | None] = mapped_column(Text)
    is_sensitive: Mapped[bool] = mapped_column(Boolean, server_default=false())
    secondary_categories: Mapped[list[str]] = mapped_column(JSON, server_default=text("'[]'"))
    related_to: Mapped[str | None] = mapped_column(Text)
    relation: Mapped[str | None] = mapped_column(Text)
    occurred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_online_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    clock_started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_as: Mapped[str | None] = mapped_column(Text)
    texts_erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    protocol_hash: Mapped[str] = mapped_column(ForeignKey("stamped_protocol.content_hash"))

    protocol: Mapped[StampedProtocol] = relationship(lazy="joined")
    deadlines: Mapped[list["Deadline"]] = relationship(order_by="Deadline.position", back_populates="incident")


class Deadline(Base):
    """An obligation of one incident with its due instant: a step of its rule, a follow-up (the `ordinal`-th), a task.

    `started_at`: its ladder counts from here; T0 for a step that was never moved. `first_due_at`: when it was due
    before an upgrade gave it a new time. `protocol_hash`: the rule its ladder stands in, None: that of the incident.
    `title` and `owner` (a person's key) belong to tasks. `round`: how often its ladder began anew.
    `next_rung_at`: the first call of its ladder not yet dealt with. `wake_at`: the next instant at which the engine
    must look (a rung, or the deadline passing). `settled_at`: when it was recorded how it ended; `ended`: how
    (`history.py`); `done_at`: when that was so. `passed_at`: the deadline went by unlogged. `reopened_at`: it was last
    opened again. `checked` and `counted_at`: what a second person says of it (`protocol/standing.py`).
    """

    __tablename__ = "deadline"
    __table_args__ = (
        UniqueConstraint("incident_id", "step"),
        Index("ix_deadline_wake", "wake_at", sqlite_where=text("settled_at IS NULL"),
              postgresql_where=text("settled_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    step: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text, server_default="step")
    ordinal: Mapped[int] = mapped_column(server_default="1")
    position: Mapped[int]
    title: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(Text)
    protocol_hash: Mapped[str | None] = mapped_column(ForeignKey("stamped_protocol.content_hash"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    first_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    round: Mapped[int] = mapped_column(server_default="0")
    next_rung_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wake_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    passed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_sequence: Mapped[int | None]
    ended: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checked: Mapped[str | None] = mapped_column(Text)
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    incident: Mapped[Incident] = relationship(back_populates="deadlines")
    protocol: Mapped[StampedProtocol | None] = relationship(lazy="joined")


class Called(Base):
    """A person was called on a rung of a step (叫应): when, and what he answered. One row, however often he is told.

    `stand_in_at`: when his stand-in is told unless he answers; None: never, or done. `answered_at`: his last
    acknowledgement; `paused_until`: until then repeats of this rung leave him out. `self_reported_at`: he said that
    it is done. `in_place_of`: the person he stands in for when he was called as a B角.
    """

    __tablename__ = "called"
    __table_args__ = (
        UniqueConstraint("incident_id", "step", "rung", "person"),
        Index("ix_called_person", "person"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    step: Mapped[str] = mapped_column(Text)
    rung: Mapped[int]
    person: Mapped[str] = mapped_column(Text)
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stand_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    in_place_of: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_how: Mapped[str | None] = mapped_column(Text)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    self_reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LedgerEntry(Base):
    """One entry of the append-only ledger: `canonical` is what was hashed."""

    __tablename__ = "ledger_entry"

    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    canonical: Mapped[bytes] = mapped_column(LargeBinary)
    previous_hash: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text)


class LedgerText(Base):
    """An erasable text of an entry. `path` says where in the entry it stands (`actor`, `title`, `audience.0`)."""

    __tablename__ = "ledger_text"
    __table_args__ = (
        ForeignKeyConstraint(["incident_id", "sequence"], ["ledger_entry.incident_id", "ledger_entry.sequence"]),
    )

    incident_id: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    path: Mapped[str] = mapped_column(Text, primary_key=True)
    salt: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)


class AnsweredRequest(Base):
    """A request that was carried out, by its idempotency key: the same key gets the same answer."""

    __tablename__ = "answered_request"

    actor: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    digest: Mapped[str] = mapped_column(Text)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)


GUARDS = guards(entries="ledger_entry", texts="ledger_text", chain_column="incident_id", follows="ledger_only_next")
guard(cast(Table, LedgerText.__table__), GUARDS)
