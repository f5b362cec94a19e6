"""A channel in plain sight: it keeps what it was given, and fails as it is told to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from incident_clock.channels.base import ChannelError, Letter, Receipt, Report
from incident_clock.clock import Clock

ARRIVES, TEMPORARY, PERMANENT, UNKNOWN = "arrives", "temporary", "permanent", "unknown"
BROKEN = "broken"  # an exception no channel should raise


@dataclass(frozen=True, slots=True)
class Told:
    """One letter that arrived (or may have), with its identity taken from its headers."""

    at: datetime
    channel: str
    to: str
    subject: str
    text: str
    reference: str
    kind: str
    incident: str
    step: str
    rung: int
    repeat: int
    is_copy: bool

    @property
    def identity(self) -> tuple[object, ...]:
        return self.incident, self.step, self.kind, self.rung, self.repeat, self.to, self.channel


@dataclass
class RecordingChannel:
    """`fate` says what becomes of a letter; an unknown one arrives, and its answer is lost. `reports` are what its
    provider says when it is asked (by its id), `sent` the letters by id, also those whose answer was lost."""

    name: str
    clock: Clock
    is_loopback: bool = True
    fate: Callable[[Letter], str] = lambda letter: ARRIVES
    told: list[Told] = field(default_factory=list)
    calls: int = 0
    receipt_within: timedelta | None = None
    is_two_way: bool = True
    finds: bool = False  # whether it knows the letters whose answer was lost
    reports: dict[str, Report] = field(default_factory=dict)
    sent: dict[str, Letter] = field(default_factory=dict)

    @property
    def gateways(self) -> tuple[str, ...]:
        return (self.name,)

    def problems(self) -> list[str]:
        return []

    def send(self, letter: Letter) -> Receipt:
        self.calls += 1
        fate = self.fate(letter)
        if fate == BROKEN:
            raise RuntimeError("a bug in a channel")
        if fate == TEMPORARY:
            raise ChannelError("421 try later")
        if fate == PERMANENT:
            raise ChannelError("550 no such number", is_permanent=True)
        self.told.append(_told(letter, self.name, self.clock.now()))
        self.sent[f"{self.name}-{self.calls}"] = letter
        if fate == UNKNOWN:
            raise ChannelError("no answer", is_unknown=True)
        return Receipt(f"{self.name}-{self.calls}", "taken")

    def look_up(self, provider_id: str, *, gateway: str = "") -> Report | None:
        return self.reports.get(provider_id)

    def find(self, letter: Letter, *, gateway: str = "") -> Receipt | None:
        return next((Receipt(known, "found") for known, one in self.sent.items()
                     if self.finds and (one.to, one.reference) == (letter.to, letter.reference)), None)


def _told(letter: Letter, channel: str, at: datetime) -> Told:
    identity = dict(part.split("=", 1) for part in letter.headers["X-Incident-Clock"].split("; "))
    return Told(
        at=at, channel=channel, to=letter.to, subject=letter.subject, text=letter.text, reference=letter.reference,
        kind=identity["kind"], incident=identity["incident"], step=identity["step"], rung=int(identity["rung"]),
        repeat=int(identity["repeat"]), is_copy="X-Incident-Clock-Copy" in letter.headers)
