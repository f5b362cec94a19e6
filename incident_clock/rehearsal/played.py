"""What a rehearsal comes to: a verdict per step beside the expected one, and whether the ledger holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from incident_clock.ledger.chain import Verification
from incident_clock.protocol.standing import Verdict
from incident_clock.rehearsal import verdicts
from incident_clock.rehearsal.performance import Ending
from incident_clock.views.shapes import StepView

OK, DIFFERS, NOT_COMPARED = "ok", "DIFFERS", ""
CLOCK, OCCURRED = "clock", "occurred"  # what a deadline counts from: T0, or the occurrence (事发口径)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step of the closing table. `verdict` and `expected` are words of `verdicts`, empty where there is none.

    `done_at`: when it ended, also by an approval.
    """

    step: str
    title: dict[str, str]
    counts_from: str = CLOCK
    due_at: datetime | None = None
    done_at: datetime | None = None
    verdict: str = ""
    expected: str = ""
    outcome: str = NOT_COMPARED


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One incident played to its end. `name` is the scenario's id, or the rule's key; `messages` counts all sent."""

    name: str
    title: str
    number: str
    is_drill: bool
    started_at: datetime
    ended_at: datetime
    lines: tuple[Line, ...]
    messages: int
    ledger: Verification
    export: tuple[bytes, ...] = field(repr=False)
    is_interrupted: bool = False

    @property
    def has_finding(self) -> bool:
        """Whether somebody must look: a verdict differs, or the ledger is broken."""
        return self.ledger.broken is not None or any(line.outcome == DIFFERS for line in self.lines)

    def plain(self) -> dict[str, Any]:
        """As JSON values; instants are ISO 8601 with an offset."""
        broken = self.ledger.broken
        return {
            "name": self.name, "title": self.title, "number": self.number, "is_drill": self.is_drill,
            "clock_started_at": self.started_at.isoformat(), "ended_at": self.ended_at.isoformat(),
            "is_interrupted": self.is_interrupted, "messages": self.messages,
            "steps": [{
                "key": line.step, "counts_from": line.counts_from, "due_at": _iso(line.due_at),
                "done_at": _iso(line.done_at), "verdict": line.verdict or None, "expected": line.expected or None,
                "outcome": line.outcome or None,
            } for line in self.lines],
            "ledger": {"entries": self.ledger.size, "head": self.ledger.head,
                       "broken": {"sequence": broken.sequence, "sentence": broken.sentence} if broken else None},
        }


def played(ending: Ending, *, name: str, expected: Mapping[str, str], expected_occurred: Mapping[str, str],
           titles: Mapping[str, dict[str, str]] = MappingProxyType({}), is_interrupted: bool = False) -> Played:
    """The closing table. A step that is expected and never came to be differs too; `titles` names it."""
    seen, lines = ending.incident, []
    keys = {step.key for step in seen.steps}
    for step in seen.steps:
        lines.append(_line(step, step.due_at, step.verdict, expected.get(step.key, "")))
    lines += [Line(step=key, title=titles[key], expected=word, outcome=DIFFERS)
              for key, word in expected.items() if key not in keys]
    for step in seen.steps:
        if step.key in expected_occurred:
            lines.append(_line(step, step.occurred_due_at or step.due_at, step.occurred_verdict or step.verdict,
                               expected_occurred[step.key], counts_from=OCCURRED))
    lines += [Line(step=key, title=titles[key], counts_from=OCCURRED, expected=word, outcome=DIFFERS)
              for key, word in expected_occurred.items() if key not in keys]
    return Played(
        name=name, title=seen.title, number=seen.number, is_drill=seen.is_drill, started_at=seen.clock_started_at,
        ended_at=seen.seen_at, lines=tuple(lines), messages=ending.messages, ledger=ending.ledger, export=ending.export,
        is_interrupted=is_interrupted)


def _line(step: StepView, due_at: datetime, verdict: Verdict, expected: str, *, counts_from: str = CLOCK) -> Line:
    word = verdicts.word_of(verdict)
    outcome = NOT_COMPARED if not expected else OK if word == expected else DIFFERS
    return Line(step=step.key, title=step.title, counts_from=counts_from, due_at=due_at, done_at=step.ended_at,
                verdict=word, expected=expected, outcome=outcome)


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
