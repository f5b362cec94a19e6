"""Taking a people file into the directory: one transaction, the same again when repeated."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from incident_clock.errors import ConfigError
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.people import ledger
from incident_clock.people.cards import PersonCard
from incident_clock.people.duty_checks import require_duty_stands
from incident_clock.people.facts import DirectoryImported
from incident_clock.people.people_file import PeopleFile, read_people
from incident_clock.people.roster import card_of
from incident_clock.people.sign_in import sign_out_everywhere
from incident_clock.people.tables import ContactMethod, Directory, OutsideParty, Person, Unit

__all__ = ["ImportSummary", "PeopleFile", "import_people", "read_people"]


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import did, as keys of persons. `retired` are those made inactive."""

    units: int
    people: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]


def import_people(session: Session, file: PeopleFile, *, actor: Actor, now: datetime) -> ImportSummary:
    """Make the directory say what `file` says, within the caller's transaction, and write it into the ledger.

    Persons who are not in the file become inactive and are signed out. What is known of an address (verified, last
    delivered) stays with it. The units become those of the file, and so do outside parties when it names some. Raises
    ConfigError when the fictional example would replace a real directory, Conflict when shifts of one who leaves would
    be nobody's.
    """
    _take_directory(session, file, now)
    session.execute(delete(Unit))
    session.add_all(Unit(**asdict(unit), position=position) for position, unit in enumerate(file.units))
    if file.outside is not None:
        session.execute(delete(OutsideParty))
        session.add_all(OutsideParty(**asdict(one), position=position) for position, one in enumerate(file.outside))
    known = {person.key: person for person in session.scalars(select(Person))}
    added, changed = [], []
    for position, card in enumerate(file.people):
        person = known.pop(card.key, None)
        if person is None:
            person = Person(key=card.key)
            session.add(person)
            added.append(card.key)
        elif card_of(person) != with_what_is_known(card, person):
            changed.append(card.key)
        write_card(person, card, position=position)
    leaving = [person for person in known.values() if person.is_active]
    for person in leaving:
        person.is_active = False
        sign_out_everywhere(session, person.key, now)
    session.flush()
    for person in leaving:
        require_duty_stands(session, person.key, now=now)
    done = ImportSummary(units=len(file.units), people=len(file.people), added=tuple(added), changed=tuple(changed),
                         retired=tuple(person.key for person in leaving))
    ledger.append(session, DirectoryImported(
        happened_at=now, source=Erasable(file.source), is_example=file.is_example, units=done.units,
        people=done.people, added=[Erasable(key) for key in done.added],
        changed=[Erasable(key) for key in done.changed], retired=[Erasable(key) for key in done.retired]),
        actor=actor, now=now)
    return done


def write_card(person: Person, card: PersonCard, *, position: int) -> None:
    """Make a row say what a card says. A contact that was there keeps what is known of it."""
    person.name, person.unit, person.roles, person.stand_in = card.name, card.unit, list(card.roles), card.stand_in
    person.language, person.is_active, person.position = card.language, card.is_active, position
    there = {(contact.kind, contact.address): contact for contact in person.contacts}
    person.contacts = [there.get((contact.kind, contact.address))
                       or ContactMethod(kind=contact.kind, address=contact.address) for contact in card.contacts]
    for place, contact in enumerate(person.contacts):
        contact.position = place


def with_what_is_known(card: PersonCard, person: Person) -> PersonCard:
    """The card with what the database knows of its addresses, to compare the two."""
    there = {(contact.kind, contact.address): contact for contact in card_of(person).contacts}
    return replace(card, contacts=tuple(there.get((c.kind, c.address), c) for c in card.contacts))


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
