"""The card of a drill (成绩单): what passed and what did not, step by step and call by call, with its figures.

Pure, from the ledger, the messages and where the steps stand; nothing is stored. What counts as passed stands here
and nowhere else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from incident_clock.errors import NotFound
from incident_clock.outbox import messages as m
from incident_clock.outbox.queue import ACCEPTED
from incident_clock.people.cards import CONSOLE
from incident_clock.phrases import N_
from incident_clock.protocol.standing import Standing, Verdict
from incident_clock.registry import ledger
from incident_clock.views import incidents, messages
from incident_clock.views.message_shapes import MessageView
from incident_clock.views.shapes import IncidentView, StepView

SENT_WITHIN = timedelta(seconds=5)  # of its instant, to each of its people
ANSWERED_WITHIN = timedelta(minutes=10)  # of his first call on a step; earlier where his stand-in is called
ANSWERED_PERCENT = 90  # of those who were asked

MESSAGES = 10_000  # of one drill: more than any has
AS_PLANNED = ("on_time", "recovered")  # reasons of a call whose planned instant is what it is measured by
STOOD_IN = ("called", "unreachable", "passed_on")  # reasons of a stand-in who was really told
OPEN = (Standing.WAITING, Standing.NEARING)


@dataclass(frozen=True, slots=True)
class CardStep:
    """A step; of follow-ups and tasks those that have ended or are overdue. `is_pass` None: still open, and in time.
    `is_counted` False: the script of the drill makes it late."""

    key: str
    title: dict[str, str]
    due_at: datetime
    done_at: datetime | None
    verdict: Verdict
    is_pass: bool | None
    is_counted: bool = True


@dataclass(frozen=True, slots=True)
class CardCall:
    """A rung that was called, or somebody's stand-in (`kind`: `reminder`, `stand_in`), at the instant `at`.

    `told`: names it left for; `missed`: those it has not left for. `took`: until it had left for the last of them,
    None as long as somebody is missing. `is_pass` None: its step ended before it could leave.
    """

    kind: str
    step: str
    title: dict[str, str]
    rung: int
    repeat: int
    at: datetime
    told: tuple[str, ...]
    missed: tuple[str, ...]
    took: timedelta | None
    is_pass: bool | None


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """One person asked on one step: first called at `called_at`, answered in time or not. `is_pass` None: there is
    still time, or the step ended before his was over."""

    step: str
    title: dict[str, str]
    name: str
    called_at: datetime
    answered_at: datetime | None
    until: datetime
    is_pass: bool | None


@dataclass(frozen=True, slots=True)
class DrillCard:
    """The whole card as it stands at `seen_at`. `is_measured` False: nobody could answer, so that answers do not
    count."""

    number: str
    title: str
    started_at: datetime
    seen_at: datetime
    is_over: bool
    is_measured: bool
    steps: tuple[CardStep, ...]
    calls: tuple[CardCall, ...]
    answers: tuple[CardAnswer, ...]

    @property
    def asked(self) -> int:
        return sum(one.is_pass is not None for one in self.answers)

    @property
    def answered(self) -> int:
        return sum(one.is_pass is True for one in self.answers)

    @property
    def percent(self) -> int | None:
        """Of those asked, whole percent rounded down; None when nobody was."""
        return self.answered * 100 // self.asked if self.is_measured and self.asked else None

    @property
    def slowest(self) -> timedelta | None:
        return max((call.took for call in self.calls if call.took is not None), default=None)

    @property
    def parts(self) -> dict[str, bool | None]:
        """Part → passed, or None while it is not decided."""
        answers = None if self.percent is None else self.percent >= ANSWERED_PERCENT
        return {"steps": _all(step.is_pass for step in self.steps if step.is_counted), "calls": _all(
            call.is_pass for call in self.calls if call.is_pass is not None), "answers": answers}

    @property
    def is_pass(self) -> bool | None:
        """None while it goes on and nothing has failed for good (a share of answers may still rise)."""
        parts = self.parts
        if False in (parts["steps"], parts["calls"]):
            return False
        if not self.is_over:
            return None
        return parts["answers"] is not False


def read(session: Session, number_or_id: str | int, now: datetime) -> DrillCard:
    """The card of a drill. Raises NotFound, also for a real incident."""
    incident = incidents.find(session, number_or_id)
    if not incident.is_drill:
        raise NotFound(N_("%(number)s 是真实事件，成绩单只属于演练"), number=incident.number)
    account = ledger.read(session, incident.id)
    return drill_card(
        incidents.view(session, incident, account, now=now), account.entries,
        messages.messages(session, incident_id=incident.id, limit=MESSAGES, text_now=lambda message: ""))


def drill_card(incident: IncidentView, entries: Sequence[dict[str, Any]], sent: Sequence[MessageView], *,
               is_measured: bool = True, late_by_script: str = "") -> DrillCard:
    """The card from where the steps stand, the ledger (oldest first) and the messages. `is_measured` False where
    there is no way to answer; `late_by_script`: the key of a step that is meant to be late."""
    beside = [one for one in (*incident.follow_ups, *incident.tasks) if one.verdict.standing not in OPEN]
    steps = {one.key: one for one in (*incident.steps, *incident.follow_ups, *incident.tasks, *incident.checks)}
    return DrillCard(
        number=incident.number, title=incident.title, started_at=incident.clock_started_at, seen_at=incident.seen_at,
        is_over=incident.closed_at is not None or not any(step.is_open for step in incident.steps),
        is_measured=is_measured,
        steps=tuple(CardStep(step.key, step.title, step.due_at, step.done_at, step.verdict, _step_passes(step.verdict),
                             step.key != late_by_script)
                    for step in (*incident.steps, *beside)),
        calls=tuple(_calls(entries, sent, steps)), answers=tuple(_answers(entries, steps, incident.seen_at)))


def _step_passes(verdict: Verdict) -> bool | None:
    if verdict.standing in OPEN:
        return None
    return verdict.standing not in (Standing.OVERDUE, Standing.MET_LATE) and verdict.late_minutes == 0


def _all(passes: Iterable[bool | None]) -> bool | None:
    found = list(passes)
    return False if False in found else None if None in found or not found else True


# ── calls ─────────────────────────────────────────────────────────────────────
def _calls(entries: Sequence[dict[str, Any]], sent: Sequence[MessageView],
           steps: Mapping[str, StepView]) -> Iterable[CardCall]:
    for entry in entries:
        body = entry["body"]
        if entry["kind"] == "RungRaised":
            planned = datetime.fromisoformat(body["due_at"])
            at = planned if body["reason"] in AS_PLANNED else datetime.fromisoformat(entry["happened_at"])
            mine = [one for one in sent if one.kind == m.REMINDER and one.due_at == planned and one.step == body["step"]
                    and (one.rung, one.repeat) == (body["told_rung"], body["repeat"])
                    and (one.skipped_rung or one.rung) == body["rung"]]
            yield _call(m.REMINDER, body, at, mine, steps, is_empty=not body["audience"] and not body["paused"])
        elif entry["kind"] == "StandInCalled" and body["reason"] in STOOD_IN:
            at = datetime.fromisoformat(entry["happened_at"])
            mine = [one for one in sent if one.kind == m.STAND_IN and one.due_at == at
                    and (one.step, one.rung) == (body["step"], body["rung"])]
            yield _call(m.STAND_IN, body, at, mine, steps, is_empty=not mine)


def _call(kind: str, body: dict[str, Any], at: datetime, mine: Sequence[MessageView], steps: Mapping[str, StepView], *,
          is_empty: bool) -> CardCall:
    away = {one.person_name for one in mine if one.channel != CONSOLE}
    left: dict[str, list[datetime]] = {one.person_name: [] for one in mine}
    for one in mine:
        if one.channel == CONSOLE and one.person_name in away:  # the screen reaches only those who have no other way
            continue
        left[one.person_name] += [attempt.finished_at for attempt in one.attempts
                                  if attempt.outcome == ACCEPTED and attempt.finished_at]
    missed = tuple(name for name, instants in left.items() if not instants)
    last = max((min(instants) for instants in left.values() if instants), default=at)
    took = None if missed or is_empty else max(timedelta(0), last - at)
    step = steps.get(body["step"])
    is_spared = (bool(missed) and step is not None and step.recorded_at is not None
                 and at <= step.recorded_at <= at + SENT_WITHIN)
    return CardCall(
        kind=kind, step=body["step"], title=step.title if step else {}, rung=body["rung"], repeat=body.get("repeat", 0),
        at=at, told=tuple(name for name, instants in left.items() if instants), missed=missed, took=took,
        is_pass=None if is_spared else took is not None and took <= SENT_WITHIN)


# ── answers ───────────────────────────────────────────────────────────────────
def _answers(entries: Sequence[dict[str, Any]], steps: Mapping[str, StepView], now: datetime) -> Iterable[CardAnswer]:
    called: dict[tuple[str, str], datetime] = {}
    answered: dict[tuple[str, str], datetime] = {}
    replaced: dict[tuple[str, str], datetime] = {}
    for entry in entries:
        at, body, kind = datetime.fromisoformat(entry["happened_at"]), entry["body"], entry["kind"]
        if kind == "RungRaised":
            for name in filter(None, body["audience"]):
                called.setdefault((body["step"], name), at)
        elif kind == "StandInCalled" and body["reason"] in STOOD_IN:
            replaced.setdefault((body["step"], body["in_place_of"]), at)
            if body["person"]:
                called.setdefault((body["step"], body["person"]), at)
        elif kind in ("Acknowledged", "SelfReported"):
            answered.setdefault((body["step"], body["person"]), at)
        elif kind == "StepLogged":  # whoever logs it has received his calls
            answered.setdefault((body["step"], entry["actor"]), datetime.fromisoformat(entry["recorded_at"]))
    for (step, name), at in called.items():
        until = min(at + ANSWERED_WITHIN, replaced.get((step, name), at + ANSWERED_WITHIN))
        found, seen = answered.get((step, name)), steps.get(step)
        ended = seen.recorded_at if seen and not seen.is_open else None
        is_spared = (ended is not None and ended <= until) or now < until
        is_pass = True if found and found <= until else None if is_spared else False
        yield CardAnswer(step, seen.title if seen else {}, name, at, found, until, is_pass)


# ── as JSON ───────────────────────────────────────────────────────────────────
def plain(card: DrillCard) -> dict[str, Any]:
    """The card as JSON values: instants in ISO 8601 with an offset, spans in seconds."""
    return {
        "number": card.number, "title": card.title, "is_drill": True, "clock_started_at": card.started_at.isoformat(),
        "seen_at": card.seen_at.isoformat(), "is_over": card.is_over, "is_pass": card.is_pass, "parts": card.parts,
        "limits": {"sent_within_s": SENT_WITHIN.total_seconds(), "answered_within_s": ANSWERED_WITHIN.total_seconds(),
                   "answered_percent": ANSWERED_PERCENT},
        "answers": {"asked": card.asked, "answered": card.answered, "percent": card.percent},
        "slowest_s": card.slowest.total_seconds() if card.slowest is not None else None,
        "steps": [{"key": step.key, "title": step.title, "due_at": step.due_at.isoformat(),
                   "done_at": step.done_at.isoformat() if step.done_at else None,
                   "standing": step.verdict.standing.value, "late_minutes": step.verdict.late_minutes,
                   "is_pass": step.is_pass, "is_counted": step.is_counted} for step in card.steps],
        "calls": [{"kind": call.kind, "step": call.step, "rung": call.rung, "repeat": call.repeat,
                   "at": call.at.isoformat(), "told": list(call.told), "missed": list(call.missed),
                   "took_s": call.took.total_seconds() if call.took is not None else None,
                   "is_pass": call.is_pass} for call in card.calls],
        "people": [{"step": one.step, "name": one.name, "called_at": one.called_at.isoformat(),
                    "answered_at": one.answered_at.isoformat() if one.answered_at else None,
                    "is_pass": one.is_pass} for one in card.answers],
    }
