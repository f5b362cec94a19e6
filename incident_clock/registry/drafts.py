"""What people hand in, and whether it can be right: pure checks before anything is written.

Every complaint names its field and says what to do, so that a form is mended once and nothing typed is lost.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from incident_clock.errors import Invalid, NeedsConfirmation, Refusal, Refusals
from incident_clock.phrases import N_
from incident_clock.protocol.deadlines import floor_minute
from incident_clock.protocol.standing import EXPLAINED_AFTER

T = TypeVar("T")

FUTURE_TOLERANCE = timedelta(minutes=2)  # one tolerance for every entered instant
CONFIRM_RECEIVED_OLDER_THAN = timedelta(hours=24)
OLDEST = timedelta(days=366)
LINE_LIMIT, TEXT_LIMIT = 200, 4_000  # characters
BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and signs by name, empty to the eye

CATEGORIES = ("natural", "accident", "health", "security", "opinion_only")
GRADES = (N_("一般"), N_("较大"), N_("重大"), N_("特别重大"))  # of event and of public opinion, rising
LEVELS = (N_("四级"), N_("三级"), N_("二级"), N_("一级"))  # of warning and of response, rising: scales of their own
SCALES = {"event_grade": GRADES, "opinion_grade": GRADES, "warning_level": LEVELS, "response_level": LEVELS}
PART_OF, REAL_OF = "part_of", "real_of"
RELATIONS = (PART_OF, REAL_OF)  # what `related_to` is: the case this is a part of, the drill this really was


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIncident:
    """A registration as handed in. Only `title` is required; `received_at` None means now."""

    title: str
    received_at: datetime | None = None
    occurred_at: datetime | None = None
    first_online_at: datetime | None = None
    place: str | None = None
    source: str | None = None
    first_learned_by: str | None = None
    summary: str | None = None
    unit: str | None = None
    category: str | None = None
    event_grade: str | None = None
    opinion_grade: str | None = None
    warning_level: str | None = None
    response_level: str | None = None
    is_sensitive: bool = False
    secondary_categories: tuple[str, ...] = ()
    related_to: str | None = None
    relation: str | None = None
    is_drill: bool = False
    protocol: str | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLog:
    """A log as handed in. `done_at` None means now; `reason` is needed when it lies before T0.

    `record`: the evidence field by field (`record_kinds.py`), as it was typed.
    """

    done_at: datetime | None = None
    report_to: str | None = None
    evidence: str | None = None
    note: str | None = None
    reason: str | None = None
    record: Mapping[str, Any] | None = None


def checked_incident(new: NewIncident, *, now: datetime) -> NewIncident:
    """The registration with its texts tidied and `received_at` filled; raises Refusals with every complaint."""
    found: list[Refusal] = []
    lines = {name: attempt(found, checked_line, name, getattr(new, name))
             for name in ("title", "place", "source", "first_learned_by", "unit")}
    summary = attempt(found, checked_text, "summary", new.summary)
    if lines["title"] is None and not any(r.field == "title" for r in found):
        found.append(Invalid(N_("请用一句话写明什么事，例如：青禾路户外广告牌坠落伤人"), field="title"))
    instants = {name: attempt(found, checked_instant, name, getattr(new, name), now)
                for name in ("received_at", "occurred_at", "first_online_at")}
    for name, allowed in (("category", CATEGORIES), *SCALES.items(), ("relation", RELATIONS)):
        attempt(found, checked_choice, name, getattr(new, name), allowed)
    for category in new.secondary_categories:
        attempt(found, checked_choice, "secondary_categories", category, CATEGORIES)
    received_at = instants["received_at"] or now
    if now - received_at > CONFIRM_RECEIVED_OLDER_THAN and not new.confirmed:
        found.append(NeedsConfirmation(N_("获知时间在24小时以前，请核对日期；确实如此请确认后再登记"),
                                       field="received_at"))
    if found:
        raise Refusals(found)
    return replace(new, title=lines["title"] or "", place=lines["place"], source=lines["source"], unit=lines["unit"],
                   first_learned_by=lines["first_learned_by"], summary=summary, received_at=received_at)


def checked_log(log: StepLog, *, started: datetime, now: datetime) -> StepLog:
    """The log with its texts tidied and `done_at` filled; raises Refusals with every complaint. `started` is T0."""
    found: list[Refusal] = []
    lines = {name: attempt(found, checked_line, name, getattr(log, name)) for name in ("report_to", "evidence")}
    texts = {name: attempt(found, checked_text, name, getattr(log, name)) for name in ("note", "reason")}
    done_at = attempt(found, checked_instant, "done_at", log.done_at, now) or now
    if floor_minute(done_at) < floor_minute(started) and texts["reason"] is None:
        found.append(Invalid(N_("办理时间早于计时起点，请写明原因"), field="reason"))
    elif now - done_at > EXPLAINED_AFTER:
        found += _unexplained(texts["reason"], lines["evidence"], log.record)
    if found:
        raise Refusals(found)
    return replace(log, report_to=lines["report_to"], evidence=lines["evidence"], note=texts["note"],
                   reason=texts["reason"], done_at=done_at)


def _unexplained(reason: str | None, evidence: str | None, record: Mapping[str, Any] | None) -> list[Refusal]:
    """What an entry more than 15 min after the fact lacks (domain 9.2): its reason, and what bears it out."""
    found: list[Refusal] = []
    if reason is None:
        found.append(Invalid(N_("补录迟于15分钟，请写明原因"), field="reason"))
    if evidence is None and not any(value for name, value in (record or {}).items() if name != "outcome"):
        found.append(Invalid(N_("补录迟于15分钟，请写明凭证，如纸质记录、通话记录、传真回单"), field="evidence"))
    return found


def checked_reason(reason: str | None, *, is_required: bool = False) -> str | None:
    """A reason given for a verb, tidied; raises Invalid when it is needed and missing, or not fit to keep."""
    tidy = checked_text("reason", reason)
    if tidy is None and is_required:
        raise Invalid(N_("请写明原因"), field="reason")
    return tidy


def checked_note(note: str | None) -> str | None:
    """A remark, tidied; raises Invalid when it is not fit to keep."""
    return checked_text("note", note)


def attempt(found: list[Refusal], check: Callable[..., T], *given: object) -> T | None:
    try:
        return check(*given)
    except Refusal as refusal:
        found.append(refusal)
        return None


def checked_line(field: str, value: str | None) -> str | None:
    return _tidy(field, " ".join(value.split()) if value else None, LINE_LIMIT)


def checked_text(field: str, value: str | None) -> str | None:
    return _tidy(field, value.replace("\r\n", "\n") if value else None, TEXT_LIMIT)


def _tidy(field: str, value: str | None, limit: int) -> str | None:
    value = unicodedata.normalize("NFC", value).strip() if value else None
    if not value:
        return None
    for place, character in enumerate(value, start=1):
        is_control = unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
        if is_control or _is_direction_mark(character):
            raise Invalid(N_("第%(place)s个字是看不见的控制字符，请删去后再提交"), field=field, place=place)
    if len(value) > limit:
        raise Invalid(N_("最多%(limit)s字，现有%(length)s字，请缩短"), field=field, limit=limit, length=len(value))
    return value if any(_shows(character) for character in value) else None


def _shows(character: str) -> bool:
    """Whether a character leaves a mark on the page: a title of zero-width spaces is no title."""
    return unicodedata.category(character) not in ("Cf", "Zs", "Cc") and character not in BLANK_LETTERS


def _is_direction_mark(character: str) -> bool:
    """Marks that make a text read otherwise than it is stored: bidirectional overrides and isolates."""
    return unicodedata.bidirectional(character) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI") \
        or character in "\u200e\u200f\u061c"


def checked_instant(field: str, instant: datetime | None, now: datetime, *,
                    may_be_ahead: bool = False) -> datetime | None:
    """An instant as it may be entered: with its zone, not in the future, at most a year back. Raises Invalid."""
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise Invalid(N_("时间缺少时区，请写成 2026-03-12T14:05+08:00"), field=field)
    ahead = instant - now
    if ahead > FUTURE_TOLERANCE and not may_be_ahead:
        raise Invalid(N_("这个时间比现在晚%(minutes)s分钟，不能在未来，请改成实际时间"), field=field,
                      minutes=int(ahead / timedelta(minutes=1)))
    if now - instant > OLDEST:
        raise Invalid(N_("这个时间在一年以前，请核对年份"), field=field)
    return instant


def checked_choice(field: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise Invalid(N_("没有“%(value)s”这一项，可选：%(allowed)s"), field=field, value=value[:40],
                      allowed=allowed)
