"""What a message is, apart from its row: kinds, states, and the draft that asks for one to be sent."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

REMINDER, ALL_CLEAR, REOPENED = "reminder", "all_clear", "reopened"
STAND_IN = "stand_in"  # to the B角 of a leader who did not answer
GAPS = "gaps"  # the daily notice to the administrator: where nobody is on duty; belongs to no incident
ANSWER = "answer"  # to a text that came in; `repeat` is the text's id. Belongs to no incident, is never followed
NOT_ME = "not_me"  # to the administrators: somebody says that he is not meant
GUESSING = "guessing"  # to the administrators: wrong codes have closed a way for an hour
PROBE = "probe"  # a test message to a phone of the bureau's own; `person` is the gateway. Belongs to no incident

CHASING = (REMINDER, STAND_IN, REOPENED)  # kinds that ask for something to be done

QUEUED = "queued"  # waits for its first try, or for the next one
SENDING = "sending"  # leased to an engine, the call is under way
ACCEPTED = "accepted"  # the provider took it; no delivery receipt yet
DELIVERED = "delivered"
FAILED = "failed"  # it cannot be delivered this way
UNKNOWN = "unknown"  # the answer was lost after sending; a marked copy follows
WITHDRAWN = "withdrawn"  # its step was logged before it left

STATES = (QUEUED, SENDING, ACCEPTED, DELIVERED, FAILED, UNKNOWN, WITHDRAWN)
WAITING = (QUEUED, UNKNOWN)  # states from which a message may be claimed
ENDED = (ACCEPTED, DELIVERED, FAILED)  # nothing more happens by itself
MAY_HAVE_BEEN_READ = (SENDING, ACCEPTED, DELIVERED, UNKNOWN)

REFERENCE_ALPHABET = "ACDEFGHJKLMNPQRTUVWXY3479"  # no look-alikes, nothing that reads as a reply code
REFERENCE_LENGTH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message to be put into the outbox. (incident, step, kind, rung, repeat, skipped_rung, round, person, channel)
    is its identity; of a notice, which has no incident, (kind, repeat, person, channel).

    `facts` are the figures of its text (see `wording.py`); `reason` names why it exists (on_time, recovered, …),
    `because` why it is this person; `instead_of` is the channel it stands in for, None for a first way;
    `idle_from` when the next call of the step makes it idle, None when none is to come.
    """

    incident_id: int | None
    step: str
    kind: str
    rung: int
    repeat: int
    person: str
    channel: str
    address: str
    language: str
    facts: dict[str, Any]
    reason: str
    due_at: datetime
    skipped_rung: int = 0
    round: int = 0
    because: dict[str, Any] = field(default_factory=dict)
    instead_of: str | None = None
    idle_from: datetime | None = None

    @property
    def is_drill(self) -> bool:
        """Whether it is about a drill: every message's facts say so, so that nobody who writes one can forget it."""
        return bool(self.facts["is_drill"])

    def reference(self) -> str:
        """A short code in the text, the same on every copy, so that a person sees that it is one message."""
        identity = (self.incident_id, self.step, self.kind, self.rung, self.repeat, self.skipped_rung, self.person,
                    self.channel, *([self.round] if self.round else []))
        number = int.from_bytes(hashlib.sha256(repr(identity).encode()).digest()[:8])
        letters = []
        for _ in range(REFERENCE_LENGTH):
            number, index = divmod(number, len(REFERENCE_ALPHABET))
            letters.append(REFERENCE_ALPHABET[index])
        return "".join(letters)
