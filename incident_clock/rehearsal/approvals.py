"""What the cast does to a case besides logging: somebody approves, another unit accepts, a second person bears out.

Each is a deed of a performance, carried out at the desk as an officer would. Approvers and units are fictional.
"""

from dataclasses import dataclass
from datetime import datetime

from incident_clock.ledger.fact import Actor
from incident_clock.registry.decisions import Approval
from incident_clock.registry.drafts import StepLog
from incident_clock.registry.grading import Regrading
from incident_clock.rehearsal import cast
from incident_clock.rehearsal.cast import OFFICER
from incident_clock.rehearsal.stage import Stage


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """The officer logs a step, and a second person in another role confirms it at once."""

    at: datetime
    step: str
    log: StepLog

    def carry_out(self, stage: Stage, incident_id: int) -> None:
        stage.desk.log_step(incident_id, self.step, self.log, actor=OFFICER, now=stage.clock.now())
        _bear_out(stage, incident_id, "StepLogged", self.step, by=cast.SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A step need not be carried out (免开): approved at `approved_at`, written down at `at`."""

    at: datetime
    approved_at: datetime
    step: str
    reason: str

    def carry_out(self, stage: Stage, incident_id: int) -> None:
        stage.desk.waive(incident_id, self.step, _approval(self.approved_at, self.reason), actor=OFFICER,
                         now=stage.clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A step, and the open ones behind it, offered to another unit, which accepts at `approved_at`."""

    at: datetime
    approved_at: datetime
    step: str
    reason: str

    def carry_out(self, stage: Stage, incident_id: int) -> None:
        stage.desk.offer_transfer(
            incident_id, self.step, cast.OTHER_UNIT, _approval(self.approved_at, self.reason), actor=OFFICER,
            now=stage.clock.now(), accepted_by=cast.ACCEPTS, accepted_at=self.approved_at)
        _bear_out(stage, incident_id, "TransferAccepted", self.step, by=cast.SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnotherRule:
    """The case stands under another rule from now on; one that asks for less is approved by 分管领导 at once."""

    at: datetime
    step: str
    protocol: str
    reason: str

    def carry_out(self, stage: Stage, incident_id: int) -> None:
        stage.desk.regrade(incident_id, Regrading(values={}, basis=self.reason), protocol=self.protocol, actor=OFFICER,
                           now=stage.clock.now())
        _bear_out(stage, incident_id, "Regraded", None, by=cast.DEPUTY)


def _approval(at: datetime, reason: str) -> Approval:
    return Approval(approver=cast.APPROVER, approver_unit=cast.APPROVING_UNIT, reason=reason, evidence=cast.PAPER,
                    at=at)


def _bear_out(stage: Stage, incident_id: int, kind: str, step: str | None, *, by: Actor) -> None:
    """Confirm what of this kind waits for a second person; often nothing does."""
    now = stage.clock.now()
    for waiting in stage.views.incident(incident_id, now).pending:
        if (waiting.kind, waiting.step) == (kind, step):
            stage.desk.confirm(incident_id, waiting.sequence, None, actor=by, now=now)
