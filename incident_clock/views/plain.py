"""Read models as plain JSON values, one shape for the API and the command line. Instants carry the zone's offset."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from incident_clock.protocol.standing import Verdict
from incident_clock.views.message_shapes import MessageView, StepCalls
from incident_clock.views.shapes import IncidentView, RecordView, StepView


def incident(view: IncidentView, zone: ZoneInfo) -> dict[str, Any]:
    """One incident with its steps."""
    return {
        "id": view.id, "number": view.number, "title": view.title, "is_drill": view.is_drill,
        "place": view.place, "source": view.source, "summary": view.summary, "unit": view.unit,
        "category": view.category, "event_grade": view.event_grade, "opinion_grade": view.opinion_grade,
        "warning_level": view.warning_level, "response_level": view.response_level,
        "is_sensitive": view.is_sensitive, "secondary_categories": list(view.secondary_categories),
        "related_to": view.related_to, "relation": view.relation, "ended_as": view.ended_as,
        "clock_started_at": instant(view.clock_started_at, zone), "received_at": instant(view.received_at, zone),
        "occurred_at": instant(view.occurred_at, zone), "first_online_at": instant(view.first_online_at, zone),
        "registered_at": instant(view.registered_at, zone), "closed_at": instant(view.closed_at, zone),
        "protocol": {"key": view.protocol_key, "version": view.protocol_version},
        "steps": [step(one, zone) for one in view.steps],
        "follow_ups": [step(one, zone) for one in view.follow_ups],
        "tasks": [step(one, zone) | {"task": one.task, "owner": one.owner.key if one.owner else None}
                  for one in view.tasks],
        "pending": [{"sequence": one.sequence, "kind": one.kind, "step": one.step, "actor_role": one.actor_role,
                     "recorded_at": instant(one.recorded_at, zone), "due_at": instant(one.due_at, zone)}
                    for one in view.pending],
    }


def record(view: RecordView, zone: ZoneInfo) -> dict[str, Any]:
    """One short form with its corrections."""
    return {"sequence": view.sequence, "kind": view.record, "ordinal": view.ordinal, "step": view.step,
            "fields": view.fields, "happened_at": instant(view.happened_at, zone),
            "recorded_at": instant(view.recorded_at, zone), "actor": view.actor, "is_corrected": view.is_corrected}


def step(view: StepView, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "key": view.key, "title": view.title, "due_at": instant(view.due_at, zone), **_verdict(view.verdict),
        "done_at": instant(view.done_at, zone), "recorded_at": instant(view.recorded_at, zone),
        "logged_by": view.logged_by, "next_rung_at": instant(view.next_rung_at, zone), "ended": view.ended,
        "ended_at": instant(view.ended_at, zone), "sequence": view.sequence,
        "first_due_at": instant(view.first_due_at, zone), "offered_to": view.offered_to,
        "from_occurrence": None if view.occurred_verdict is None else {
            "due_at": instant(view.occurred_due_at, zone), **_verdict(view.occurred_verdict)},
    }


def message(view: MessageView, zone: ZoneInfo) -> dict[str, Any]:
    """One message, without address and text."""
    return {
        "kind": view.kind, "step": view.step, "rung": view.rung, "repeat": view.repeat, "person": view.person,
        "channel": view.channel, "state": view.state, "reason": view.reason, "state_reason": view.state_reason,
        "may_be_copy": view.may_be_copy, "due_at": instant(view.due_at, zone), "sent_at": instant(view.sent_at, zone),
        "delivered_at": instant(view.delivered_at, zone), "next_try_at": instant(view.next_try_at, zone),
        "reference": view.reference,
    }


def calls(steps: Iterable[StepCalls], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Who was called on each open step, without numbers and addresses."""
    return [{
        "step": one.step, "title": one.title,
        "lacking": [{"rung": rung, "answers": count} for rung, count in one.lacking.items()],
        "calls": [{
            "person": each.person.key, "name": each.person.name, "role": each.person.role, "rung": each.rung,
            "told_at": instant(each.told_at, zone), "last_told_at": instant(each.last_told_at, zone),
            "answered_at": instant(each.answered_at, zone), "answered_how": each.answered_how,
            "paused_until": instant(each.paused_until, zone), "is_outstanding": each.is_outstanding,
            "in_place_of": each.in_place_of.key if each.in_place_of else None,
            "can_resend_at": instant(each.can_resend_at, zone)} for each in one.calls],
    } for one in steps]


def instant(at: datetime | None, zone: ZoneInfo) -> str | None:
    return at.astimezone(zone).isoformat() if at else None


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {"standing": verdict.standing.value, "late_minutes": verdict.late_minutes,
            "is_late_entry": verdict.is_late_entry, "needs_verification": verdict.is_rescue,
            "is_verified": verdict.is_verified, "is_doubted": verdict.is_doubted}
