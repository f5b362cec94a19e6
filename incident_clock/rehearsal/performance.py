"""One incident played from its registration to its end, event by event; what came of it is frozen at the end.

Time jumps from one instant at which something is due to the next one. How it passes is handed in: a replay moves
the clock at once, a drill waits in between.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from incident_clock.errors import Refusal
from incident_clock.ledger.chain import Verification, verify_lines
from incident_clock.outbox.messages import REMINDER, STAND_IN
from incident_clock.registry.drafts import NewIncident, StepLog
from incident_clock.rehearsal.cast import OFFICER
from incident_clock.rehearsal.stage import Stage
from incident_clock.views.shapes import IncidentView

REFUSED = "Refused"  # a deed the desk did not take; every other kind is that of a ledger entry
UNTOLD = ("MessageSettled",)  # entries too small to be events: one per message


class Deed(Protocol):
    """Something the cast does about a step at an instant of the virtual clock: `Act`, or one of `approvals.py`."""

    @property
    def at(self) -> datetime: ...

    @property
    def step(self) -> str: ...

    def carry_out(self, stage: Stage, incident_id: int) -> None:
        """Do it now, at the desk. Raises Refusal."""


@dataclass(frozen=True, slots=True)
class Act:
    """The officer logs a step."""

    at: datetime
    step: str
    log: StepLog

    def carry_out(self, stage: Stage, incident_id: int) -> None:
        stage.desk.log_step(incident_id, self.step, self.log, actor=OFFICER, now=stage.clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened at the virtual instant `at`: an entry of the ledger, or a refusal.

    `body` is the entry's own; `step_title` has zh and en, empty for the incident as a whole; `text` is what those
    told were told.
    """

    at: datetime
    number: str
    is_drill: bool
    kind: str
    actor: str
    step: str | None = None
    step_title: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    refusal: Refusal | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON values; instants are ISO 8601 with an offset."""
        return {"at": self.at.isoformat(), "number": self.number, "is_drill": self.is_drill, "kind": self.kind,
                "actor": self.actor, "step": self.step, "body": self.body, "text": self.text or None,
                "refusal": str(self.refusal) if self.refusal else None}


@dataclass(frozen=True, slots=True)
class Ending:
    """How it stands when the curtain falls. `export` is the ledger line by line, `ledger` what verifying it found."""

    incident: IncidentView
    messages: int
    export: tuple[bytes, ...]
    ledger: Verification


@dataclass(slots=True)
class Performance:
    """One incident on a stage. `tell` hears every event; `reach` brings the stage's clock to an instant."""

    stage: Stage
    tell: Callable[[Event], None]
    reach: Callable[[datetime], None]
    incident_id: int = 0
    _told_entries: int = 0
    _told_letters: int = 0
    _seen: IncidentView | None = None

    def play(self, new: NewIncident, acts: Sequence[Deed], *, until: Callable[[IncidentView], datetime]) -> None:
        """Register now, let every act happen in the order of time, then go on until no step is open, or to `until`.

        Acts of one instant happen in the order given. Raises Refusals when the registration cannot be right; an act
        that is refused becomes an event.
        """
        now = self.stage.clock.now()
        self.incident_id = self.stage.desk.register(new, actor=OFFICER, now=now).incident_id
        self._seen = self.stage.views.incident(self.incident_id, now)
        curtain, coming = until(self._seen), deque(sorted(acts, key=lambda act: act.at))
        while True:
            due = self._work()
            while coming and coming[0].at <= self.stage.clock.now():
                self._carry_out(coming.popleft())
                due = self._work()
                if not coming and not self._look().has_open_step:
                    return
            following = min((at for at in (due, coming[0].at if coming else None) if at), default=None)
            if following is None:
                return
            if not coming and following > curtain:
                self.reach(max(curtain, self.stage.clock.now()))
                return
            self.reach(following)

    def end(self) -> Ending:
        """What came of it, as it stands now."""
        export = self.stage.export(self.incident_id)
        return Ending(self._look(), len(self.stage.letters),
                      export, verify_lines(export))

    def _work(self) -> datetime | None:
        due = self.stage.work()
        for entry in self.stage.entries(self.incident_id, after=self._told_entries):
            self._told_entries = entry["sequence"]
            if entry["kind"] not in UNTOLD:
                self._tell(datetime.fromisoformat(entry["recorded_at"]), entry["kind"], entry["actor"],
                           body=entry["body"])
        self._told_letters = len(self.stage.letters)
        return due

    def _carry_out(self, deed: Deed) -> None:
        try:
            deed.carry_out(self.stage, self.incident_id)
        except Refusal as refusal:
            self._tell(self.stage.clock.now(), REFUSED, OFFICER.name, body={"step": deed.step}, refusal=refusal)

    def _look(self) -> IncidentView:
        return self.stage.views.incident(self.incident_id, self.stage.clock.now())

    def _title(self, key: str | None) -> dict[str, str]:
        """The title of a step or follow-up; another rule and time itself bring new ones."""
        if key is None:
            return {}
        if self._seen is None or self._seen.obligation(key) is None:
            self._seen = self._look()
        found = self._seen.obligation(key)
        return found.title if found else {}

    def _tell(self, at: datetime, kind: str, actor: str, *, body: dict[str, Any],
              refusal: Refusal | None = None) -> None:
        assert self._seen is not None
        step: str | None = body.get("step")
        self.tell(Event(at=at, number=self._seen.number, is_drill=self._seen.is_drill, kind=kind, actor=actor,
                        step=step, step_title=self._title(step), body=body, text=self._text(kind, body),
                        refusal=refusal))

    def _text(self, kind: str, body: dict[str, Any]) -> str:
        """What the first person told by this entry was told just now; empty when it told nobody."""
        if kind == "RungRaised":
            identity = {f"kind={REMINDER}", f"step={body['step']}", f"rung={body['rung']}", f"repeat={body['repeat']}"}
        elif kind == "StandInCalled" and body["reason"] == "called":
            identity = {f"kind={STAND_IN}", f"step={body['step']}", f"rung={body['rung']}"}
        elif kind == "AudienceTold":
            identity = {f"kind={body['news']}", f"step={body['step']}"}
        else:
            return ""
        for letter in self.stage.letters[self._told_letters:]:
            if identity <= set(letter.headers["X-Incident-Clock"].split("; ")):
                return letter.text
        return ""
