"""The table of files kept as evidence, and the guard that lets none be changed: a file is kept or destroyed."""

from datetime import datetime
from typing import cast

from sqlalchemy import ForeignKey, LargeBinary, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from incident_clock.ledger.book import guard
from incident_clock.store.base import Base, UtcDateTime


class Attachment(Base):
    """A file as it was handed in. `sequence` is its `FileAttached` entry in the incident's ledger.

    `about`: the entry it is evidence for, None: the incident as a whole. `supersedes`: the entry of the file it takes
    the place of. `size` in bytes; `media_type` by content. What is erasable goes with the row.
    """

    __tablename__ = "attachment"
    __table_args__ = (UniqueConstraint("incident_id", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    sequence: Mapped[int]
    about: Mapped[int | None]
    supersedes: Mapped[int | None]
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    attached_at: Mapped[datetime] = mapped_column(UtcDateTime)


GUARDS: dict[str, tuple[str, ...]] = {
    "sqlite": ("""CREATE TRIGGER attachment_no_update BEFORE UPDATE ON attachment
    BEGIN SELECT RAISE(ABORT, 'a file is kept or destroyed, never changed'); END""",),
    "postgresql": ("""CREATE TRIGGER attachment_no_update BEFORE UPDATE ON attachment
    FOR EACH ROW EXECUTE FUNCTION ledger_refuses()""",),
}
guard(cast(Table, Attachment.__table__), GUARDS)
