"""Taking a people file into the directory: one transaction, the same again when repeated."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from incident_clock.errors import ConfigError
from incident_clock.people.people_file import PeopleFile, read_people
from incident_clock.people.roster import PersonCard, card_of
from incident_clock.people.sign_in import sign_out_everywhere
from incident_clock.people.tables import Directory, Person, Unit

__all__ = ["ImportSummary", "PeopleFile", "import_people", "read_people"]


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import did, as keys of persons. `retired` are those made inactive."""

    units: int
    people: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]


def import_people(session: Session, file: PeopleFile, now: datetime) -> ImportSummary:
    """Make the directory say what `file` says, within the caller's transaction.

    Persons who are not in the file become inactive and are signed out. Raises ConfigError when the fictional
    example would replace a real directory.
    """
    _take_directory(session, file, now)
    session.execute(delete(Unit))
    session.add_all(Unit(key=unit.key, name=unit.name, short_name=unit.short_name, parent=unit.parent,
                         position=position) for position, unit in enumerate(file.units))
    known = {person.key: person for person in session.scalars(select(Person))}
    added, changed = [], []
    for position, card in enumerate(file.people):
        person = known.pop(card.key, None)
        if person is None:
            session.add(Person(**_columns(card), position=position))
            added.append(card.key)
            continue
        if card_of(person) != card:
            changed.append(card.key)
        for name, value in (*_columns(card).items(), ("position", position)):
            setattr(person, name, value)
    leaving = [person for person in known.values() if person.is_active]
    for person in leaving:
        person.is_active = False
        sign_out_everywhere(session, person.key, now)
    session.flush()
    return ImportSummary(units=len(file.units), people=len(file.people), added=tuple(added), changed=tuple(changed),
                         retired=tuple(person.key for person in leaving))


def _take_directory(session: Session, file: PeopleFile, now: datetime) -> None:
    """Write the one row that every import writes first: of two imports at once, the second waits for the first."""
    before = session.get(Directory, 1, with_for_update=True)
    if before is None:
        try:
            with session.begin_nested():
                session.add(Directory(id=1, is_example=file.is_example, source=file.source, imported_at=now))
            return
        except IntegrityError:  # another import was first, and has ended by now
            before = session.get_one(Directory, 1, with_for_update=True)
    if file.is_example and not before.is_example:
        raise ConfigError([f"{file.source} holds fictional people, the directory real ones; import real people"])
    before.is_example, before.source, before.imported_at = file.is_example, file.source, now


def _columns(card: PersonCard) -> dict[str, Any]:
    return asdict(card) | {"roles": list(card.roles)}
