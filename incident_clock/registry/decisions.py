"""What ends a step without its having been carried out, and who else must agree: waiver, transfer, second persons.

Approver and reason are always asked for (domain 1.5, 9.2). Re-grading: `grading.py`; merging, voiding: `merging.py`.
"""

from dataclasses import dataclass
from datetime import datetime

from incident_clock.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Refusals
from incident_clock.ledger.chain import plain
from incident_clock.ledger.fact import Actor, Erasable, erasable
from incident_clock.phrases import N_
from incident_clock.protocol.deadlines import floor_minute, late_minutes
from incident_clock.protocol.standing import is_late_entry
from incident_clock.registry import ledger
from incident_clock.registry.case import Case, refuse_closed
from incident_clock.registry.case_facts import (
    Confirmed,
    Rejected,
    StepWaived,
    TransferAccepted,
    TransferOffered,
    TransferRefused,
)
from incident_clock.registry.drafts import attempt, checked_instant, checked_line, checked_reason, checked_text
from incident_clock.registry.history import STEP, Entry
from incident_clock.registry.incidents import already_logged
from incident_clock.registry.obligations import deadline_of, work_of
from incident_clock.registry.tables import Deadline

APPROVING = ("duty_leader", "deputy", "head", "spokesman")  # leaders, who approve
TOKEN = "token:"  # how the key of an actor begins who is no person but a program
DOWNGRADING = ("deputy", "head")  # 分管领导 or above (domain 2.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approved what, as handed in: approver and reason are always needed. `at` None means now."""

    approver: str | None
    reason: str | None
    approver_unit: str | None = None
    document: str | None = None
    evidence: str | None = None
    at: datetime | None = None


def waive(case: Case, step: str, given: Approval, *, actor: Actor, now: datetime) -> int:
    """A step is not carried out, by approval (免开). Raises Refusals without approver or reason, NotFound, Conflict."""
    _open_step(case, step)
    given = checked_approval(given, started=case.incident.clock_started_at, actor=actor, now=now)
    return case.add(StepWaived(
        happened_at=given.at or now, step=step, approver=Erasable(given.approver or ""),
        approver_unit=erasable(given.approver_unit), document=erasable(given.document),
        reason=Erasable(given.reason or ""), evidence=erasable(given.evidence)), actor=actor, now=now)


def offer_transfer(case: Case, step: str, to: str | None, given: Approval, *, actor: Actor, now: datetime) -> int:
    """Offer a step, and the open ones behind it, to another unit; gives the entry's sequence. The clock runs on."""
    deadline = _open_step(case, step)
    found: list[Refusal] = []
    unit = attempt(found, checked_line, "to", to)
    if unit is None and not found:
        found.append(Invalid(N_("请写明移交给哪个单位"), field="to"))
    try:
        given = checked_approval(given, started=case.incident.clock_started_at, actor=actor, now=now)
    except Refusals as refusals:
        found += refusals.refusals
    if found:
        raise Refusals(found)
    if any(offer["body"]["step"] == step for offer in case.history.offers.values()):
        raise Conflict(N_("这一步已提出移交，正等对方答复"))
    taken = [d.step for d in case.incident.deadlines
             if d.kind == STEP and d.settled_at is None and d.position >= deadline.position]
    return case.add(TransferOffered(
        happened_at=given.at or now, step=step, steps=taken, to=Erasable(unit or ""),
        approver=Erasable(given.approver or ""), document=erasable(given.document),
        reason=Erasable(given.reason or "")), actor=actor, now=now)


def accept_transfer(case: Case, step: str, accepted_by: str | None, *, accepted_at: datetime | None,
                    evidence: str | None, actor: Actor, now: datetime) -> int:
    """The other unit has accepted: the steps offered that are still open end here. Raises Refusals, Conflict."""
    offer = _offer(case, step)
    found: list[Refusal] = []
    name = attempt(found, checked_line, "accepted_by", accepted_by)
    proof = attempt(found, checked_line, "evidence", evidence)
    at = attempt(found, checked_instant, "accepted_at", accepted_at, now) or now
    if name is None and not any(one.field == "accepted_by" for one in found):
        found.append(Invalid(N_("请写明对方何人接受"), field="accepted_by"))
    if floor_minute(at) < floor_minute(datetime.fromisoformat(offer["happened_at"])):
        found.append(Invalid(N_("接受时间早于提出移交的时间"), field="accepted_at"))
    if found:
        raise Refusals(found)
    open_ones = [case.history.steps[key] for key in offer["body"]["steps"] if case.history.steps[key].is_open]
    if not open_ones:
        raise Conflict(N_("要移交的步骤都已有记录"))
    helps = is_late_entry(happened_at=at, recorded_at=now) and any(
        late_minutes(at, one.due_at) < late_minutes(now, one.due_at) for one in open_ones)
    return case.add(TransferAccepted(
        happened_at=at, step=step, offer=offer["sequence"], steps=[one.step for one in open_ones],
        accepted_by=Erasable(name or ""), evidence=erasable(proof), is_pending=helps), actor=actor, now=now)


def refuse_transfer(case: Case, step: str, refused_by: str | None, reason: str | None, *, actor: Actor,
                    now: datetime) -> int:
    """The other unit will not have it, or the offer is taken back: nothing changes for the clock. Raises Invalid."""
    offer = _offer(case, step)
    name = checked_line("refused_by", refused_by)
    if name is None:
        raise Invalid(N_("请写明何人答复"), field="refused_by")
    return case.add(TransferRefused(
        happened_at=now, step=step, offer=offer["sequence"], refused_by=Erasable(name),
        reason=Erasable(checked_reason(reason, is_required=True) or "")), actor=actor, now=now)


# ── the second person ─────────────────────────────────────────────────────────────────────────────────────

def confirm(case: Case, sequence: int, note: str | None, *, actor: Actor, now: datetime) -> int:
    """Bear out an entry that helps the bureau; it holds from now on. Also after the closing (domain 9.2).

    Raises NotFound; Forbidden for who wrote it, one in the same role, or one who may not decide this.
    """
    _check_second(case, sequence, actor)
    confirmed = case.add(Confirmed(happened_at=now, confirms=sequence, note=erasable(checked_text("note", note))),
                         actor=actor, now=now)
    case.resume_follow_ups(actor=actor, now=now)
    return confirmed


def reject(case: Case, sequence: int, reason: str | None, *, actor: Actor, now: datetime) -> int:
    """Do not bear out an entry. Raises as `confirm`, and Invalid without a reason."""
    _check_second(case, sequence, actor)
    return case.add(Rejected(happened_at=now, rejects=sequence, reason=Erasable(
        checked_reason(reason, is_required=True) or "")), actor=actor, now=now)


def why_not_second(entry: Entry, *, name: str, role: str) -> str | None:
    """Why somebody may not decide about a waiting entry, as a phrase; None when he may."""
    if name == entry["actor"]:
        return N_("这一条是您自己记录的，须由另一人核实")
    if role == entry["actor_role"]:
        return N_("须由不同岗位的人核实")
    if entry["kind"] == "Regraded" and role not in DOWNGRADING:
        return N_("降级须由分管领导或主要领导批准")
    return None


def _check_second(case: Case, sequence: int, actor: Actor) -> None:
    waiting = case.history.pending.get(sequence)
    if waiting is None:
        known = next((plain(link) for link in ledger.links(case.session, case.incident.id)
                      if link.sequence == sequence), None)
        if known is None:
            raise NotFound(N_("没有第%(sequence)s条记录"), sequence=sequence)
        raise Conflict(N_("第%(sequence)s条不在待核之列，可能已有人核过"), sequence=sequence)
    name = "" if actor.key.startswith(TOKEN) else actor.name  # a label is no person: its role alone counts
    refusal = why_not_second(waiting, name=name, role=actor.role)
    if refusal is not None:
        raise Forbidden(refusal)


# ── checks ────────────────────────────────────────────────────────────────────────────────────────────────

def checked_approval(given: Approval, *, started: datetime, actor: Actor, now: datetime) -> Approval:
    """The approval with its texts tidied; raises Refusals with every complaint. Nobody below a leader names himself."""
    found: list[Refusal] = []
    lines = {name: attempt(found, checked_line, name, getattr(given, name))
             for name in ("approver", "approver_unit", "document", "evidence")}
    reason = attempt(found, checked_text, "reason", given.reason)
    at = attempt(found, checked_instant, "at", given.at, now) or now
    told = {refusal.field for refusal in found}
    if lines["approver"] is None and "approver" not in told:
        found.append(Invalid(N_("请写明批准人"), field="approver"))
    elif lines["approver"] == actor.name and actor.role not in APPROVING:
        found.append(Invalid(N_("批准人不能是记录人自己"), field="approver"))
    if reason is None and "reason" not in told:
        found.append(Invalid(N_("请写明原因"), field="reason"))
    if floor_minute(at) < floor_minute(started):
        found.append(Invalid(N_("批准时间早于计时起点"), field="at"))
    if found:
        raise Refusals(found)
    return Approval(**lines, reason=reason, at=at)


def _open_step(case: Case, step: str) -> Deadline:
    deadline = work_of(case.incident, step)
    refuse_closed(case.incident)
    if deadline.settled_at is not None:
        raise already_logged(case.session, case.incident, deadline)
    return deadline


def _offer(case: Case, step: str) -> Entry:
    deadline_of(case.incident, step)
    refuse_closed(case.incident)
    offer = next((each for each in case.history.offers.values() if each["body"]["step"] == step), None)
    if offer is None:
        raise Conflict(N_("这一步没有提出过移交"))
    return offer
