"""A duty room with a drill book, wired as the assembly does: the screen is there for drills alone."""

from dataclasses import replace

from incident_clock.people import roster
from incident_clock.people.drill_book import DrillBook
from tests.support.room import Room
from tests.support.telling import RecordingChannel


def drilling(room: Room, book: DrillBook) -> RecordingChannel:
    """Give the room this book; gives its screen."""
    screen = RecordingChannel("console", room.clock)
    room.ticker.drill_book = book
    room.sender = replace(
        room.sender, channels={**room.channels, "console": screen},
        why_not_drill=lambda message: book.why_not(message.person, message.channel, message.address, frozenset()))
    return screen


def own_addresses(room: Room) -> DrillBook:
    """The book of a bureau that practises with its own telephones and mailboxes."""
    with room.store.read() as session:
        return DrillBook.of(roster.everybody(session))
