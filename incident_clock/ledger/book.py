"""A ledger in the database: append, read, export, verify, erase texts. There is no update and no delete.

A book is two tables, one of entries and one of their erasable texts. `guards` are the triggers that let both only
grow: against our own mistakes; the chain is the guard against people.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import DDL, ColumnElement, Table, delete, event, insert, select, true
from sqlalchemy.orm import Session

from incident_clock.ledger import chain
from incident_clock.ledger.chain import Link, Verification
from incident_clock.ledger.fact import Actor, Fact
from incident_clock.store.base import Base
from incident_clock.store.writing import changed

HEADS = "ledger heads"  # where a session keeps the last entry of each chain it has appended to


@dataclass(frozen=True, slots=True)
class Book:
    """One or many chains in two tables. `chain_column` tells one chain from another; None: the tables hold one.

    Appending needs a row locked by the caller that every writer of this chain locks: sequence and hash follow the
    last entry, and the database refuses anything else.
    """

    entries: Any
    texts: Any
    chain_column: str | None = None

    def append(self, session: Session, fact: Fact, *, name: str, actor: Actor, now: datetime,
               chain_id: int | None = None) -> int:
        """Write a fact as the next entry; gives its sequence. `name` stands in every entry of the chain."""
        table, place = self.entries, self._place(chain_id)
        heads = session.info.setdefault(HEADS, {})  # nobody else appends while this transaction holds the lock
        last, previous_hash = heads.get((table, chain_id)) or self._head(session, chain_id)
        sequence = last + 1
        entry = chain.link(incident=name, sequence=sequence, previous_hash=previous_hash, fact=fact, actor=actor,
                           recorded_at=now)
        place["sequence"] = sequence
        session.execute(insert(table), [{**place, "canonical": entry.canonical, "previous_hash": previous_hash,
                                         "hash": entry.hash}])
        session.execute(insert(self.texts), [{**place, "path": path, "salt": salt, "text": text}
                                             for path, (salt, text) in entry.texts.items()])
        heads[table, chain_id] = sequence, entry.hash
        return sequence

    def _head(self, session: Session, chain_id: int | None) -> tuple[int, str]:
        """Sequence and hash of the last entry; 0 and nothing for a chain that has none."""
        table = self.entries
        last = session.execute(select(table.sequence, table.hash).where(self._is_of(table, chain_id))
                               .order_by(table.sequence.desc()).limit(1)).first()
        return (last.sequence, last.hash) if last else (0, "")

    def links(self, session: Session, chain_id: int | None = None, *, after: int = 0) -> list[Link]:
        """The entries in order, from the one behind `after`, with the texts that were not erased."""
        texts: dict[int, chain.Texts] = {}
        for row in session.execute(
                select(self.texts.sequence, self.texts.path, self.texts.salt, self.texts.text)
                .where(self._is_of(self.texts, chain_id), self.texts.sequence > after)):
            texts.setdefault(row.sequence, {})[row.path] = (row.salt, row.text)
        table = self.entries
        rows = session.execute(select(table.sequence, table.canonical, table.previous_hash, table.hash)
                               .where(self._is_of(table, chain_id), table.sequence > after).order_by(table.sequence))
        return [Link(r.sequence, bytes(r.canonical), r.previous_hash, r.hash, texts.get(r.sequence, {})) for r in rows]

    def export(self, session: Session, chain_id: int | None = None) -> Iterator[bytes]:
        """The chain as JSON lines, which verify from themselves alone."""
        return (chain.export_line(entry) for entry in self.links(session, chain_id))

    def verify(self, session: Session, chain_id: int | None = None) -> Verification:
        return chain.verify(self.links(session, chain_id))

    def erase_texts(self, session: Session, chain_id: int | None = None) -> int:
        """Destroy the erasable texts of one chain; gives how many. The chain stays whole."""
        return changed(session, delete(self.texts).where(self._is_of(self.texts, chain_id)))

    def _place(self, chain_id: int | None) -> dict[str, Any]:
        return {self.chain_column: chain_id} if self.chain_column else {}

    def _is_of(self, table: Any, chain_id: int | None) -> ColumnElement[bool]:
        return getattr(table, self.chain_column) == chain_id if self.chain_column else true()


def guards(*, entries: str, texts: str, chain_column: str | None, follows: str) -> dict[str, tuple[str, ...]]:
    """Dialect → statements that guard these two tables. `follows` names the PostgreSQL function of this book.

    The function `ledger_refuses` is shared by all books (`REFUSES`).
    """
    here = f"{chain_column} = NEW.{chain_column}" if chain_column else ""
    where, and_here = (f" WHERE {here}" if here else ""), (f"{here}\n{' ' * 40}AND " if here else "")
    place = f"{here} AND " if here else ""
    sqlite = (
        f"""CREATE TRIGGER {entries}_no_update BEFORE UPDATE ON {entries}
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows: no update'); END""",
        f"""CREATE TRIGGER {entries}_no_delete BEFORE DELETE ON {entries}
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows: no delete'); END""",
        f"""CREATE TRIGGER {entries}_only_next BEFORE INSERT ON {entries}
    WHEN NEW.sequence <> 1 + COALESCE((SELECT MAX(sequence) FROM {entries}{where}), 0)
      OR NEW.previous_hash <> COALESCE((SELECT hash FROM {entries} WHERE {and_here}sequence = NEW.sequence - 1), '')
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows: an entry must follow the last one'); END""",
        f"""CREATE TRIGGER {texts}_no_update BEFORE UPDATE ON {texts}
    BEGIN SELECT RAISE(ABORT, 'a text of the ledger is erased or kept, never changed'); END""",
        f"""CREATE TRIGGER {texts}_no_replace BEFORE INSERT ON {texts}
    WHEN EXISTS (SELECT 1 FROM {texts} WHERE {place}sequence = NEW.sequence
                 AND path = NEW.path)
    BEGIN SELECT RAISE(ABORT, 'a text of the ledger is erased or kept, never changed'); END""",
    )
    postgresql = (
        f"""CREATE FUNCTION {follows}() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE size integer; head text;
    BEGIN
      SELECT sequence, hash INTO size, head FROM {entries}
       {where} ORDER BY sequence DESC LIMIT 1;
      IF NEW.sequence <> COALESCE(size, 0) + 1 OR NEW.previous_hash <> COALESCE(head, '') THEN
        RAISE EXCEPTION 'the ledger only grows: an entry must follow the last one';
      END IF;
      RETURN NEW;
    END $$""",
        f"""CREATE TRIGGER {entries}_no_change BEFORE UPDATE OR DELETE ON {entries}
    FOR EACH ROW EXECUTE FUNCTION ledger_refuses()""",
        f"""CREATE TRIGGER {entries}_no_truncate BEFORE TRUNCATE ON {entries}
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()""",
        f"""CREATE TRIGGER {entries}_only_next BEFORE INSERT ON {entries}
    FOR EACH ROW EXECUTE FUNCTION {follows}()""",
        f"""CREATE TRIGGER {texts}_no_update BEFORE UPDATE ON {texts}
    FOR EACH ROW EXECUTE FUNCTION ledger_refuses()""",
    )
    return {"sqlite": sqlite, "postgresql": postgresql}


REFUSES = """CREATE FUNCTION ledger_refuses() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the ledger only grows: no %', lower(TG_OP); END $$"""


def guard(texts: Table, statements: dict[str, tuple[str, ...]]) -> None:
    """Have the guards made with the tables; `texts` is the last table of its book to be made."""
    for dialect, each in statements.items():
        for statement in each:
            event.listen(texts, "after_create", _ddl(statement).execute_if(dialect=dialect))


def _ddl(statement: str) -> DDL:
    return DDL(statement.replace("%", "%%"))


event.listen(Base.metadata, "before_create", _ddl(REFUSES).execute_if(dialect="postgresql"))
