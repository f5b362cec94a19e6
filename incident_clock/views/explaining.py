"""Why every message of an incident exists: the call it belongs to, the rule, who was on duty, what became of it.

Put together from what was written down at the time (ledger and outbox), never worked out anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from incident_clock.outbox.messages import REMINDER, STAND_IN
from incident_clock.registry import incidents, ledger
from incident_clock.registry.obligations import steps_of
from incident_clock.registry.tables import Incident
from incident_clock.views import messages, names, timeline
from incident_clock.views.message_shapes import MessageView
from incident_clock.views.shapes import EntryView

MESSAGES = 10_000  # of one incident: more than any has
RAISED, STOOD_IN, NEWS = "RungRaised", "StandInCalled", "AudienceTold"


@dataclass(frozen=True, slots=True)
class Told:
    """One message. `of`: the name of the person in whose place this one was told, or None."""

    message: MessageView
    of: str | None


@dataclass(frozen=True, slots=True)
class PastCall:
    """One entry of the ledger that told somebody something, or found nobody to tell."""

    entry: EntryView
    step_title: dict[str, str]
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The rule as it was stamped on the incident, and every call, oldest first."""

    protocol_key: str
    protocol_version: str
    protocol_title: dict[str, str]
    protocol_hash: str
    calls: tuple[PastCall, ...]

    @property
    def size(self) -> int:
        """How many messages there are."""
        return sum(len(call.told) for call in self.calls)


def explanation(session: Session, incident: Incident) -> Explanation:
    """Everything that was told about an incident, and why."""
    rule = incidents.rule_of(incident)
    incident = session.get_one(Incident, incident.id)
    titles = {key: step.title for key, step in steps_of(incident).items()}
    everything = timeline.timeline(ledger.read(session, incident.id), order=timeline.OLDEST_FIRST).entries
    entries = [entry for entry in everything if entry.kind in (RAISED, STOOD_IN, NEWS)]
    cards = names.by_key(session)
    told: dict[int, list[Told]] = {}
    sent = messages.messages(session, incident_id=incident.id, limit=MESSAGES, text_now=lambda _: "")
    for message in reversed(sent):
        of = message.because.get("of")
        shown = Told(message, cards[of].name if of in cards else of)
        found = _entry_of(shown, entries)
        if found is not None:
            told.setdefault(found.sequence, []).append(shown)
    return Explanation(
        rule.key, rule.version, rule.title, incident.protocol.content_hash,
        tuple(PastCall(entry, titles[entry.body["step"]],
                       tuple(sorted(told.get(entry.sequence, ()), key=lambda one: one.message.id)))
              for entry in entries))


def _entry_of(told: Told, entries: Iterable[EntryView]) -> EntryView | None:
    """The entry that was written in the transaction that made this message."""
    message = told.message
    same = [entry for entry in entries if entry.body["step"] == message.step]
    if message.kind == REMINDER:
        called = [entry for entry in same if entry.kind == RAISED
                  and (entry.body["rung"], entry.body["repeat"], entry.body.get("round", 0))
                  == (message.skipped_rung or message.rung, message.repeat, message.round)]
        return min(called, key=lambda entry: entry.body.get("told_rung", message.rung) != message.rung, default=None)
    if message.kind == STAND_IN:
        called = [entry for entry in same if entry.kind == STOOD_IN and entry.body["rung"] == message.rung
                  and entry.happened_at == message.due_at and entry.body["person"] is not None]
        return min(called, key=lambda entry: entry.body["in_place_of"] != told.of, default=None)
    return next((entry for entry in same if entry.kind == NEWS and entry.body["news"] == message.kind
                 and entry.sequence > message.repeat), None)


def instant_of(because: dict[str, Any], name: str) -> datetime | None:
    """`from_at` or `until_at` of what is kept with a message."""
    text = because.get(name)
    return datetime.fromisoformat(text) if text else None
