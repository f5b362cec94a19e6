"""The stage of a rehearsal: the product's own parts on a throw-away database and a clock that stands until moved.

Nothing of an installation is touched: the database lies in a temporary folder that goes with the rehearsal. The people
are the cast, and the only channel keeps what it is given, unless a company of real people and channels is handed in.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from incident_clock.casework import CaseDesk
from incident_clock.channels.base import Channel, Letter, Receipt
from incident_clock.clock import VirtualClock
from incident_clock.engine.settling import Settler
from incident_clock.engine.tick import Ticker
from incident_clock.errors import CannotRun
from incident_clock.ledger import chain
from incident_clock.outbox import wording
from incident_clock.outbox.sender import Sender
from incident_clock.outbox.tables import Message
from incident_clock.people.drill_book import DrillBook
from incident_clock.people.importing import import_people
from incident_clock.people.people_file import PeopleFile
from incident_clock.phrases import Phrases
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry import ledger
from incident_clock.rehearsal import cast
from incident_clock.store.base import Base
from incident_clock.store.session import Store
from incident_clock.views.reading import Views

ENGINE = "rehearsal"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a rehearsal is about: the rules that can be played, the zone of written times, the reader's language."""

    protocols: Mapping[str, ResponseProtocol]
    default_protocol: str
    zone: ZoneInfo
    language: str = "zh"

    @property
    def phrases(self) -> Phrases:
        return Phrases(self.language, self.zone)


@dataclass(frozen=True, slots=True)
class Company:
    """Real people who are told of a drill over real channels. `outside`: addresses that are never told of one;
    `may_leave`: why nothing may leave this machine, or None."""

    people: PeopleFile
    channels: Mapping[str, Channel]
    outside: Collection[str] = ()
    may_leave: Callable[[], str | None] = field(default=lambda: None)

    @property
    def book(self) -> DrillBook:
        """Their addresses as a drill book; no robot is in it, because each speaks to a whole group."""
        return DrillBook.of(self.people.people)


class Recorder(Channel):
    """The console of a rehearsal: a channel that keeps every letter and tells nobody."""

    name = "console"
    is_loopback = True

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    def problems(self) -> list[str]:
        return []

    def send(self, letter: Letter) -> Receipt:
        self.letters.append(letter)
        return Receipt(provider_id=letter.reference, detail="kept by the rehearsal")


@dataclass(frozen=True, slots=True)
class Stage:
    """The parts of the product, wired for one rehearsal."""

    store: Store
    clock: VirtualClock
    desk: CaseDesk
    views: Views
    ticker: Ticker
    sender: Sender
    letters: list[Letter]

    def work(self) -> datetime | None:
        """Raise and send all that is due at this instant; gives the next instant at which something is due."""
        ticked = self.ticker.tick(self.clock.now())
        if ticked.failed:
            raise CannotRun(f"The engine could not handle the rehearsed incident {', '.join(ticked.failed)}; "
                            "the log says why. Please report it with the file you played.")
        while self.sender.turn():  # the recorder takes every letter, so that none waits for a second try
            pass
        return ticked.wake_at

    def entries(self, incident_id: int, *, after: int) -> list[dict[str, Any]]:
        """The ledger's entries behind the sequence `after`, with their texts."""
        with self.store.read() as session:
            return [chain.plain(link) for link in ledger.links(session, incident_id, after=after)]

    def export(self, incident_id: int) -> tuple[bytes, ...]:
        """The ledger of an incident as it would leave the house, one line per entry."""
        with self.store.read() as session:
            return tuple(ledger.export(session, incident_id))


@contextmanager
def open_stage(setting: Setting, *, starts_at: datetime, company: Company | None = None) -> Iterator[Stage]:
    """A stage whose clock stands at `starts_at`; its database goes when the block ends. Without a company the cast
    plays, and nothing leaves."""
    with TemporaryDirectory(prefix="incident-clock-rehearsal-") as folder:
        store = Store(f"sqlite:///{Path(folder) / 'rehearsal.db'}", is_durable=False)
        try:
            with store.write() as session:
                Base.metadata.create_all(session.connection())
                people = company.people if company else cast.people(setting.language)
                import_people(session, people, actor=cast.OFFICER, now=starts_at)
            yield _wired(store, VirtualClock(starts_at), setting, company)
        finally:
            store.dispose()


def _wired(store: Store, clock: VirtualClock, setting: Setting, company: Company | None) -> Stage:
    console = Recorder()
    channels = {**company.channels, console.name: console} if company else {console.name: console}
    book = company.book if company else DrillBook()
    ticker = Ticker(store, lambda session: channels, setting.zone, drill_book=book)

    def phrases_for(language: str) -> Phrases:
        return Phrases(language, setting.zone)

    def text_of(message: Message, now: datetime) -> str:
        return wording.text(message, phrases_for(message.language), now=now, link="")

    def why_not_drill(message: Message) -> str | None:
        return book.why_not(message.person, message.channel, message.address, company.outside if company else ())

    settler = Settler(store, ticker.look_around if company else None)
    sender = Sender(store=store, channels=channels, clock=clock, engine=ENGINE, text_of=text_of,
                    phrases_for=phrases_for, may_leave=company.may_leave if company else lambda: None,
                    settle=settler.settle, why_not_drill=why_not_drill)
    return Stage(store=store, clock=clock,
                 desk=CaseDesk(store, setting.protocols, setting.default_protocol, setting.zone),
                 views=Views(store, setting.zone, text_of, lambda: ()),
                 ticker=ticker, sender=sender,
                 letters=console.letters)
