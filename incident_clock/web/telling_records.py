"""The mechanism in words: each short form as a row of its stage, releases in their order, wordings with their mark.
Also how the four scales are printed. Pure: read models and a reader's phrases in, texts out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from incident_clock.phrases import N_
from incident_clock.protocol.tasks import DECISION, PROMISE
from incident_clock.registry import record_kinds as k
from incident_clock.registry.grading import hints
from incident_clock.registry.history import CLOSED, DONE, MERGED, VOIDED
from incident_clock.views.regrading import ADDED, AGAIN, DROPPED, MOVED, StepChange
from incident_clock.views.shapes import IncidentView
from incident_clock.web.telling import Telling
from incident_clock.web.telling_case import NUMBERED, fields_in_words
from incident_clock.web.telling_timeline import Timeline

SCALES = {"event_grade": N_("事件分级"), "opinion_grade": N_("舆情分级"), "warning_level": N_("预警级别"),
          "response_level": N_("响应级别")}
ENDED = {CLOSED: N_("已结案"), VOIDED: N_("已作废"), MERGED: N_("已并入另一事件")}
CHANGES = {  # what becomes of a step → its sentence
    AGAIN: N_("%(step)s重新要求，%(at)s 截止"), ADDED: N_("增加%(step)s，%(at)s 截止"),
    MOVED: N_("%(step)s改为 %(at)s 截止（原 %(before)s）"), DROPPED: N_("%(step)s不再要求（原 %(before)s 截止）"),
}
ADD = {  # form → what its link says
    k.LEAD: N_("添加线索"), k.CONSULTATION: N_("添加会商记录"), k.ASSESSMENT: N_("添加研判意见"),
    k.WORDING: N_("添加口径"), k.RELEASE: N_("添加滚动发布"), k.EVALUATION: N_("添加评估"),
    k.COMMENT: N_("添加评论文章"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One form that was filled in. `fields`: (name, value); `gone_by`: the later release that took its place;
    `origin`: what the tasks that come from it are, or none."""

    sequence: int
    title: str
    at: datetime
    recorded_at: datetime | None
    by: str | None
    fields: tuple[tuple[str, str], ...] = ()
    sha256: str = ""
    gone_by: int | None = None
    is_frozen: bool = False
    is_expired: bool = False
    is_corrected: bool = False
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the five, with what it holds. `adds`: forms that can be filled in, as (key, words)."""

    key: str
    title: str
    rows: tuple[Row, ...]
    adds: tuple[tuple[str, str], ...]
    hints: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Mechanism:
    """The words for one incident's forms."""

    telling: Telling
    incident: IncidentView

    def say(self, text: str, /, **params: object) -> str:
        return self.telling.phrases.say(text, **params)

    def stages(self) -> list[Stage]:
        """收集、会商、研判、回应、评估（评论）, in that order."""
        found = []
        for key, title in k.STAGES.items():
            kinds = [kind for kind in k.KINDS.values() if kind.stage == key]
            rows = [row for kind in kinds if kind.key != k.RELEASE for row in self._rows(kind)]
            if key == k.RESPOND:
                rows += [*self.releases(), *self._press()]
            adds = tuple((kind.key, self.say(ADD[kind.key])) for kind in kinds)
            said = tuple(self.say(each) for each in self.hints()) if key == k.ASSESS else ()
            found.append(Stage(key, self.say(title), tuple(rows), adds, said))
        return found

    def releases(self) -> list[Row]:
        """The first release, which is a step's, and those that continued it; what was replaced stays."""
        kind, made = k.KINDS[k.RELEASE], []
        replaced: dict[int | None, int] = {}
        for step in (*self.incident.steps, *self.incident.follow_ups):
            if step.evidence == k.RELEASE and step.ended == DONE and step.done_at and step.sequence:
                said = step.body.get("record") or {}
                to = ((self.say(N_("发布渠道和网址")), step.report_to),) if step.report_to else ()
                made.append(Row(step.sequence, "", step.done_at, step.recorded_at, step.logged_by,
                                (*to, *self._fields(kind, said)), said.get("content_sha256", "")))
                replaced[said.get("supersedes")] = step.sequence
        for one in self.incident.records:
            if one.record == k.RELEASE:
                made.append(Row(one.sequence, "", one.happened_at, one.recorded_at, one.actor,
                                self._fields(kind, one.fields), one.fields.get("content_sha256", ""),
                                is_corrected=one.is_corrected))
                replaced[one.fields.get("supersedes")] = one.sequence
        made.sort(key=lambda row: (row.at, row.sequence))
        return [replace(row, gone_by=replaced.get(row.sequence), title=self.say(N_("滚动%(number)s"), number=place)
                        if place else self.say(N_("首次发布"))) for place, row in enumerate(made)]

    def countersigns(self) -> list[Row]:
        return self._rows(k.KINDS[k.COUNTERSIGN])

    def unsigned(self) -> list[tuple[int, str]]:
        """(entry, step) of the reports signed by telephone whose countersignature is still owed."""
        done = {one.fields.get("entry") for one in self.incident.records if one.record == k.COUNTERSIGN}
        return [(step.sequence, self.telling.title(step.title))
                for step in (*self.incident.steps, *self.incident.follow_ups)
                if step.sequence and step.sequence not in done
                and (step.body.get("record") or {}).get("is_signed_by_phone")]

    def hints(self) -> list[str]:
        """What may be suggested from the leads and assessments so far."""
        plays = [one.fields["spread"] for one in self.incident.records if one.fields.get("spread") is not None]
        hosts = {urlsplit(one.fields["url"]).netloc for one in self.incident.records
                 if one.record == k.LEAD and one.fields.get("url")}
        return hints(opinion_grade=self.incident.opinion_grade, is_sensitive=self.incident.is_sensitive,
                     plays=max(plays, default=None), platforms=len(hosts))

    def replaceable(self) -> list[tuple[int, str]]:
        """The releases another can take the place of, as (entry, words)."""
        return [(row.sequence, f"{row.title} {self.telling.at(row.at)}") for row in self.releases() if not row.gone_by]

    def wordings(self) -> list[tuple[int, str]]:
        """The versions a release can name, each with how long it is valid, as (version, words)."""
        said = []
        for one in self.incident.records:
            if one.record == k.WORDING:
                until = one.fields.get("valid_until")
                words = self.say(N_("第%(version)s版"), version=one.ordinal) if until is None else self.say(
                    N_("第%(version)s版（有效至%(until)s）"), version=one.ordinal,
                    until=self.telling.at(datetime.fromisoformat(until)))
                said.append((one.ordinal, words))
        return said

    # ── grades ────────────────────────────────────────────────────────────────
    def scales(self) -> list[tuple[str, str]]:
        """The four scales, each under its own name, then what else decides the rule."""
        said = [(self.say(title), self.level(name, getattr(self.incident, name))) for name, title in SCALES.items()]
        if self.incident.is_sensitive:
            said.append((self.say(N_("敏感")), self.say(N_("是，不论分级按五步全程计时"))))
        if self.incident.secondary_categories:
            said.append((self.say(N_("次生类别")), self.telling.phrases.names(
                [self.telling.category(one) for one in self.incident.secondary_categories])))
        return said

    def level(self, scale: str, value: str | None) -> str:
        if value is None:
            return self.say(N_("未定"))
        return self.telling.event_grade(value) if scale == "event_grade" else self.say(value)

    def changed(self, change: StepChange) -> str:
        """What a re-grading would do to one step."""
        before, first = change.before_due_at, change.first_due_at
        words = N_("%(step)s要求办理，%(at)s 截止（按起算本应 %(first)s，已过）") \
            if first is not None and change.how in (AGAIN, ADDED) else CHANGES[change.how]
        return self.say(words, step=self.telling.title(change.title), at=self.telling.at(change.due_at),
                        before=self.telling.at(before) if before else "", first=self.telling.at(first) if first else "")

    def ended(self) -> str:
        return self.say(ENDED.get(self.incident.ended_as or CLOSED, ENDED[CLOSED]))

    # ── parts ─────────────────────────────────────────────────────────────────
    def _rows(self, kind: k.RecordKind) -> list[Row]:
        used = {said.get("wording") for said in self._released()} if kind.key == k.WORDING else set()
        origin = DECISION if kind.key == k.CONSULTATION else ""
        return [Row(one.sequence, self.say(NUMBERED[kind.key], ordinal=one.ordinal), one.happened_at, one.recorded_at,
                    one.actor, self._fields(kind, one.fields), is_corrected=one.is_corrected, origin=origin,
                    is_frozen=kind.key == k.WORDING and one.ordinal in used, is_expired=self._is_over(one.fields))
                for one in self.incident.records if one.record == kind.key]

    def _press(self) -> Iterable[Row]:
        for step in self.incident.steps:
            if step.evidence == k.PRESS and step.ended == DONE and step.done_at and step.sequence:
                yield Row(step.sequence, self.telling.title(step.title), step.done_at, step.recorded_at,
                          step.logged_by, self._fields(k.KINDS[k.PRESS], step.body.get("record") or {}),
                          origin=PROMISE)

    def _is_over(self, fields: dict[str, Any]) -> bool:
        """Whether a wording may not be used any more."""
        until = fields.get("valid_until")
        return until is not None and datetime.fromisoformat(until) < self.incident.seen_at

    def _released(self) -> list[dict[str, Any]]:
        return [*(one.fields for one in self.incident.records if one.record == k.RELEASE),
                *(step.body.get("record") or {} for step in (*self.incident.steps, *self.incident.follow_ups)
                  if step.evidence == k.RELEASE)]

    def _fields(self, kind: k.RecordKind, fields: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        without_hash = {name: value for name, value in fields.items() if name != "content_sha256"}
        return tuple(fields_in_words(Timeline(self.telling, self.incident), kind, without_hash))
