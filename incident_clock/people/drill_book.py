"""The address book of drills: the only addresses that may be told of one (domain 7.4), read from a file.

Engine and sender both ask here. Who is not in the book is told of a drill on the screen alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from incident_clock.errors import ConfigError
from incident_clock.people.cards import CONSOLE, CONTACT_OF, Contact, PersonCard
from incident_clock.people.duty import DutyBook
from incident_clock.people.people_file import EXAMPLE_PERSON, read_contacts, read_entries, read_keys
from incident_clock.phrases import N_
from incident_clock.protocol.complaints import Complaints, refuse
from incident_clock.protocol.yaml_tree import Place, read_tree

ROBOTS = ("wecom", "dingtalk", "feishu", "apprise")  # each speaks to a whole group: never of a drill unless named
EXAMPLE_ROBOTS = "[wecom]"
NOT_IN_BOOK = N_("不在演练通讯录里，未发出")


@dataclass(frozen=True, slots=True)
class DrillBook:
    """Person's key → his addresses in drills; and the robots whose groups may hear of them. Empty: the screen only."""

    contacts: Mapping[str, tuple[Contact, ...]] = field(default_factory=dict)
    robots: frozenset[str] = frozenset()

    @classmethod
    def of(cls, cards: Collection[PersonCard], robots: Collection[str] = ()) -> "DrillBook":
        """The book in which these persons stand with all their addresses."""
        return cls({card.key: card.contacts for card in cards}, frozenset(robots))

    @property
    def is_empty(self) -> bool:
        return not self.contacts

    def card(self, card: PersonCard) -> PersonCard:
        """The person with his addresses of drills in place of his own."""
        return replace(card, contacts=self.contacts.get(card.key, ()))

    def duty_book(self, book: DutyBook) -> DutyBook:
        """Who is on duty, each with his addresses of drills."""
        return replace(book, people={key: self.card(card) for key, card in book.people.items()},
                       former={key: self.card(card) for key, card in book.former.items()})

    def channels(self, enabled: Collection[str]) -> frozenset[str]:
        """Of the channels that are on, those a drill may use; the screen always."""
        return frozenset(channel for channel in enabled if channel not in ROBOTS or channel in self.robots) | {CONSOLE}

    def why_not(self, person: str, channel: str, address: str, outside: Collection[str]) -> str | None:
        """Why a message of a drill may not leave there, or None. `outside`: as `why_outside` takes them."""
        if channel == CONSOLE:
            return None
        is_told = any(contact.kind == CONTACT_OF.get(channel) and contact.address == address
                      for contact in self.contacts.get(person, ()))
        if not is_told or (channel in ROBOTS and channel not in self.robots) or plain(address) in outside:
            return NOT_IN_BOOK
        return None

    def outside_in_it(self, outside: Collection[str]) -> list[str]:
        """Keys of persons under whom an address of an outside party stands (`plain` addresses)."""
        return [key for key, contacts in self.contacts.items()
                if any(plain(contact.address) in outside for contact in contacts)]

    def require_no_outside(self, outside: Collection[str]) -> None:
        """No real outside party is ever told of a drill. Raises ConfigError with every person under whom one stands."""
        if found := self.outside_in_it(outside):
            raise ConfigError([f"The drill address book gives {key} an address of an office outside the bureau; "
                               "outside parties are never told of a drill: write another address." for key in found])


EMPTY = DrillBook()


def plain(address: str) -> str:
    """An address in the one form in which two are compared."""
    return address.strip().casefold()


@cache
def read_drill_book(path: Path | None) -> DrillBook:
    """The book in the file at `path`; None: the empty one. A file is read once in the life of a process.

    Raises ConfigError with every complaint, as `file:line: path: what is wrong; what to write`.
    """
    if path is None:
        return EMPTY
    complaints = Complaints(path)
    top = read_tree(complaints).fields(required=("people",), optional=("robots",))
    records = [place.fields(required=("key",), optional=("phone", "email", "contacts"))
               for place in read_entries(top["people"], example=EXAMPLE_PERSON)]
    keys = read_keys(records, noun="person", example="zhou")
    contacts = {key: read_contacts(fields) for key, fields in zip(keys, records, strict=True)}
    for key, fields in zip(keys, records, strict=True):
        if key and not contacts[key]:
            fields["key"].complain(f"{key} has no phone and no email here; give one, or take the entry out")
    robots = _robots(top["robots"])
    refuse([complaints])
    return DrillBook(contacts, robots)


def _robots(place: Place) -> frozenset[str]:
    if place.is_absent:
        return frozenset()
    return frozenset(item.choice(ROBOTS, noun="robot") for item in place.items(example=EXAMPLE_ROBOTS))
