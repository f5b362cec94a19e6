"""Tables of duty: shifts, covers (a swap is two), leave with acting deputies, and signed hand-overs.

Nothing here is deleted: what no longer holds gets `removed_at`, so that "who was on duty then?" keeps its answer.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from incident_clock.store.base import Base, UtcDateTime


class Shift(Base):
    """`person` is on duty as `role` from `from_at` (included) to `until_at` (not included)."""

    __tablename__ = "shift"
    __table_args__ = (Index("ix_shift_from", "from_at", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(Text)
    person: Mapped[str] = mapped_column(ForeignKey("person.key"))
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Cover(Base):
    """For a while `person` is on duty in place of `instead_of` (替班). Two with the same `swap` are a 调班."""

    __tablename__ = "cover"
    __table_args__ = (Index("ix_cover_from", "from_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(Text)
    person: Mapped[str] = mapped_column(ForeignKey("person.key"))
    instead_of: Mapped[str] = mapped_column(ForeignKey("person.key"))
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    swap: Mapped[str | None] = mapped_column(Text)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Absence(Base):
    """A person is away. `acting` takes his place in every role; None: his stand-in does."""

    __tablename__ = "absence"
    __table_args__ = (Index("ix_absence_until", "until_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.key"))
    acting: Mapped[str | None] = mapped_column(ForeignKey("person.key"))
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Handover(Base):
    """A hand-over of duty (交接班), signed by who goes and who comes. `open_clocks` is what stood open when the
    first of them signed: `[{incident, step, due_at, seen_by}]`."""

    __tablename__ = "handover"

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(Text)
    outgoing: Mapped[str] = mapped_column(ForeignKey("person.key"))
    incoming: Mapped[str] = mapped_column(ForeignKey("person.key"))
    note: Mapped[str] = mapped_column(Text)
    open_clocks: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outgoing_signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    incoming_signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
