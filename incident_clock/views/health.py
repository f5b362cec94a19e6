"""Whether the engine is alive, and whom to ring by hand when it is not."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from incident_clock.engine import beating
from incident_clock.errors import Refusal
from incident_clock.protocol import ladder
from incident_clock.registry.obligations import deadline_of, step_of
from incident_clock.registry.tables import Incident
from incident_clock.views import incidents, names
from incident_clock.views.shapes import IncidentView, Name, Pulse, StepView

SILENT_AFTER = timedelta(seconds=15)
RING_LIMIT = 10  # lines of the telephone list


def pulse(session: Session, *, now: datetime, problems: Sequence[Refusal] = ()) -> Pulse:
    """The heartbeat. `problems` are other reasons for a red banner."""
    row = beating.latest(session)
    ticked_at = row.ticked_at if row else None
    silent_for = max(timedelta(0), now - ticked_at) if ticked_at else None
    is_silent = silent_for is None or silent_for > SILENT_AFTER
    to_ring = _to_ring(session, now) if is_silent else []
    return Pulse(is_silent=is_silent, ticked_at=ticked_at, silent_for=silent_for,
                 audit_problem=row.audit_problem if row else "", seen_at=now,
                 to_ring=tuple(to_ring[:RING_LIMIT]), not_listed=max(0, len(to_ring) - RING_LIMIT),
                 admins=names.on_roles(session, ("admin",), now) if is_silent else (), problems=tuple(problems))


def why_not_ready(session: Session, *, now: datetime) -> str:
    """Empty when an engine ticked within 15 s and its self-audit passed, else the reason in English."""
    row = beating.latest(session)
    if row is None or row.ticked_at is None:
        return "no engine has ticked yet"
    silent_s = (now - row.ticked_at).total_seconds()
    if silent_s > SILENT_AFTER.total_seconds():
        return f"the last tick was {silent_s:.0f} s ago"
    if row.audited_at is None or now - row.audited_at > SILENT_AFTER:
        return "no self-audit passed in the last 15 s"
    return f"the self-audit fails: {row.audit_problem}" if row.audit_problem else ""


def _to_ring(session: Session, now: datetime) -> list[tuple[IncidentView, StepView, tuple[Name, ...]]]:
    """Per open incident the step due first, and those the rungs due so far (or the next one) would tell."""
    found = []
    for incident in session.scalars(select(Incident).where(Incident.closed_at.is_(None))
                                    .options(selectinload(Incident.deadlines))):
        seen = incidents.view(session, incident, now=now)
        step = seen.focus
        if step is None:
            continue
        deadline = deadline_of(incident, step.key)
        rule = step_of(deadline)
        start = ladder.first_rung_at(rule, deadline.started_at)
        if start is None:
            continue
        due = ladder.decide(rule, started=deadline.started_at, next_rung_at=start, now=max(now, start))
        highest = due.raised[-1].rung
        people = names.on_roles(session, rule.ladder[highest - 1].tell, now)
        found.append((seen, step, people))
    found.sort(key=lambda line: (line[0].is_drill, line[1].due_at))
    return found
