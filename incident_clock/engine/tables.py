"""The heartbeat each engine leaves in the database, from which everybody else sees whether one is alive."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from incident_clock.store.base import Base, UtcDateTime


class EngineBeat(Base):
    """One row per engine process. `audit_problem` empty: the last self-audit passed."""

    __tablename__ = "engine_beat"

    engine: Mapped[str] = mapped_column(Text, primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ticked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    audited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    audit_problem: Mapped[str] = mapped_column(Text, default="")
