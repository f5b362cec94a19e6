"""The named reason why an alert exists: told in time or at registration, or caught up after a gap."""

from datetime import datetime, timedelta

from incident_clock.protocol.ladder import Decision
from incident_clock.registry.tables import Deadline, Incident

LATE_AFTER = timedelta(seconds=5)  # a single rung raised later than this after its instant counts as recovered


def reason(incident: Incident, deadline: Deadline, decision: Decision, now: datetime) -> str:
    """One of `RungRaised.REASONS`."""
    latest = max((occurrence.at for occurrence in decision.raised), default=now)
    if not decision.passed_over and now - latest <= LATE_AFTER:
        return "on_time"
    known_at = max(incident.registered_at, deadline.reopened_at or incident.registered_at)
    if latest > known_at or now - known_at > LATE_AFTER:
        return "recovered"
    if known_at == deadline.reopened_at:
        return "reopened"
    return "late_registration" if decision.passed_over else "registered"
