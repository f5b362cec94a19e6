"""The named reason why an alert exists: told in time or at registration, or caught up after a gap."""

from datetime import datetime, timedelta

from incident_clock.protocol.ladder import Decision

LATE_AFTER = timedelta(seconds=5)  # a single rung raised later than this after its instant counts as recovered


def reason(decision: Decision, *, registered_at: datetime, reopened_at: datetime | None, now: datetime) -> str:
    """One of `RungRaised.REASONS`. `reopened_at`: when a log of the step was last taken back."""
    latest = max((occurrence.at for occurrence in decision.raised), default=now)
    if not decision.passed_over and now - latest <= LATE_AFTER:
        return "on_time"
    known_at = max(registered_at, reopened_at or registered_at)
    if latest > known_at or now - known_at > LATE_AFTER:
        return "recovered"
    if known_at == reopened_at:
        return "reopened"
    return "late_registration" if decision.passed_over else "registered"
