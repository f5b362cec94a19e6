"""The stage of a rehearsal: the product's own parts on a throw-away database and a clock that stands until moved.

Nothing of an installation is touched: the database lies in a temporary folder that goes with the rehearsal, the
people are the cast, and the only channel keeps what it is given.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from incident_clock.channels.base import Channel, Letter, Receipt
from incident_clock.clock import VirtualClock
from incident_clock.desk import Desk
from incident_clock.engine.settling import Settler
from incident_clock.engine.tick import Ticker
from incident_clock.errors import CannotRun
from incident_clock.ledger import chain
from incident_clock.outbox import wording
from incident_clock.outbox.sender import Sender
from incident_clock.outbox.tables import Message
from incident_clock.people.importing import import_people
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
    desk: Desk
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
def open_stage(setting: Setting, *, starts_at: datetime) -> Iterator[Stage]:
    """A stage whose clock stands at `starts_at`; its database goes when the block ends."""
    with TemporaryDirectory(prefix="incident-clock-rehearsal-") as folder:
        store = Store(f"sqlite:///{Path(folder) / 'rehearsal.db'}", is_durable=False)
        try:
            with store.write() as session:
                Base.metadata.create_all(session.connection())
                import_people(session, cast.people(setting.language), actor=cast.OFFICER, now=starts_at)
            yield _wired(store, VirtualClock(starts_at), setting)
        finally:
            store.dispose()


def _wired(store: Store, clock: VirtualClock, setting: Setting) -> Stage:
    console = Recorder()

    def phrases_for(language: str) -> Phrases:
        return Phrases(language, setting.zone)

    def text_of(message: Message, now: datetime) -> str:
        return wording.text(message, phrases_for(message.language), now=now, link="")

    sender = Sender(store=store, channels={console.name: console}, clock=clock, engine=ENGINE, text_of=text_of,
                    phrases_for=phrases_for, may_leave=lambda: None, settle=Settler(store).settle)
    return Stage(store=store, clock=clock, desk=Desk(store, setting.protocols, setting.default_protocol, setting.zone),
                 views=Views(store, setting.zone, text_of, lambda: ()),
                 ticker=Ticker(store, lambda session: (console.name,), setting.zone), sender=sender,
                 letters=console.letters)
