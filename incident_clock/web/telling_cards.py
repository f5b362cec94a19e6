"""The step cards in words: how a step ended without being done, what waits for a second person, calls that reached
nobody, a countersignature that is owed. Pure: read models and a reader's phrases in, texts out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from incident_clock.people.access import role_title
from incident_clock.phrases import N_
from incident_clock.protocol.deadlines import late_minutes
from incident_clock.registry import record_kinds as k
from incident_clock.registry.history import MERGED, NOT_APPLICABLE, TRANSFERRED, VOIDED, WAIVED
from incident_clock.views.shapes import IncidentView, PendingView, RecordView, StepView
from incident_clock.web.telling import Mark, Telling

COUNTERSIGN_WITHIN = timedelta(hours=24)  # domain 3.4
SUGGESTS_ANOTHER_WAY_AFTER = 3  # calls in a row that reached nobody (domain 3.3)

ERASED = N_("（文字已按规定销毁）")
TIMES = {"received_at": N_("接报时间"), "occurred_at": N_("事发时间"), "first_online_at": N_("网上首发时间"),
         "done_at": N_("办理时间")}
SCALES = {"event_grade": N_("事件分级"), "opinion_grade": N_("舆情分级"), "warning_level": N_("预警级别"),
          "response_level": N_("响应级别"), "is_sensitive": N_("涉敏")}
TEXTS = {"title": N_("什么事"), "place": N_("地点"), "source": N_("来源"), "first_learned_by": N_("最早何人获知"),
         "summary": N_("现有情况"), "unit": N_("承办单位"), "category": N_("事件类别"), "report_to": N_("对方"),
         "evidence": N_("凭证"), "note": N_("补充说明")}
DECIDING = {  # kind of entry → the words for bearing it out, and for not doing so
    "Regraded": (N_("批准降级"), N_("不批准")), "Voided": (N_("同意作废"), N_("不同意")),
}
EVIDENCE = "evidence", N_("凭证：%(text)s")
APPROVED = ("document", N_("文号：%(text)s")), ("reason", N_("原因：%(text)s"))
BEARING_OUT = (N_("核实无误"), N_("不予认可"))


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry that waits for a second person, in words. `confirm`, `reject`: what the two buttons say."""

    title: str
    lines: tuple[str, ...]
    written: str
    confirm: str
    reject: str


@dataclass(frozen=True, slots=True)
class Cards:
    """The words for one incident's cards. `rules`: key → title in the reader's language."""

    telling: Telling
    incident: IncidentView
    rules: dict[str, str]

    def say(self, text: str, /, **params: object) -> str:
        return self.telling.phrases.say(text, **params)

    def ended_as(self) -> str:
        """How the incident ended, and when."""
        at = self._at(self.incident.closed_at)
        if self.incident.ended_as == VOIDED:
            return self.say(N_("已作废 %(at)s"), at=at)
        return self.say(N_("已并入另一事件 %(at)s") if self.incident.ended_as == MERGED else N_("已结案 %(at)s"), at=at)

    # ── cards that have ended ─────────────────────────────────────────────────
    def ended(self, step: StepView) -> tuple[str, ...]:
        """How a step ended that was not done: by whose approval, on what paper, why, when, who wrote it down."""
        if step.ended == WAIVED:
            said = [self._approved(step), *self._labelled(step.body, *APPROVED, EVIDENCE)]
        elif step.ended == TRANSFERRED:
            said = [self._accepted(step), self._approved(step),
                    *self._labelled(step.body, *APPROVED, ("evidence", N_("接受凭证：%(text)s")))]
        elif step.ended == NOT_APPLICABLE:
            said = [self._dropped(step)]
        else:
            return ()
        return (*said, self._recorded(step))

    def countersigning(self, step: StepView) -> Mark | None:
        """What is owed, or was done, when a report was signed by telephone."""
        record = step.body.get("record") or {}
        if not record.get("is_signed_by_phone") or step.done_at is None:
            return None
        signed = next((each for each in self.incident.records
                       if each.record == k.COUNTERSIGN and each.fields.get("entry") == step.sequence), None)
        if signed is not None:
            at = _instant(signed.fields.get("signed_at")) or signed.happened_at
            return Mark("is-met", "met", self.say(N_("%(who)s %(at)s 已补签"), at=self.telling.at(at),
                                                  who=signed.fields.get("signed_by") or self.say(ERASED)))
        until = (_instant(record.get("signed_at")) or step.done_at) + COUNTERSIGN_WITHIN
        if self.telling.seen_at > until:
            said = self.say(N_("电话签发，补签已过期（%(at)s 前应补）"), at=self.telling.at(until))
            return Mark("is-overdue", "overdue", said)
        said = self.say(N_("电话签发，待补签（24小时内，%(at)s 前）"), at=self.telling.at(until))
        return Mark("is-nearing", "nearing", said)

    # ── cards that are open ───────────────────────────────────────────────────
    def calls(self, step: StepView) -> str:
        """The calls about an open step that did not end it: `未接通2次：14:40 无人接听、14:45 占线`."""
        made = self._made(step.key)
        missed = [f"{self.telling.at(call.happened_at)} {self.say(k.OUTCOMES.get(call.fields.get('outcome', ''), ''))}"
                  for call in made if call.fields.get("outcome") != k.REACHED]
        said = []
        if missed:
            said.append(self.say(N_("未接通%(times)s次：%(calls)s"), times=len(missed),
                                 calls=self.telling.phrases.names(missed)))
        if self.missed_in_a_row(step.key) >= SUGGESTS_ANOTHER_WAY_AFTER:
            said.append(self.say(N_("建议改打备用电话或发传真")))
        if len(step.required) > 1 and step.reached:
            reached = [one for one in step.required if one in step.reached]
            said.append(self.say(N_("已报%(reached)s，还差%(lacking)s"), reached=self.telling.phrases.names(reached),
                                 lacking=self.telling.phrases.names(self.lacking(step))))
        return self.telling.clauses(said)

    def missed_in_a_row(self, step: str) -> int:
        """How many of the latest calls about a step reached nobody."""
        count = 0
        for call in reversed(self._made(step)):
            if call.fields.get("outcome") == k.REACHED:
                break
            count += 1
        return count

    def lacking(self, step: StepView) -> list[str]:
        """Who must still be reached."""
        return [one for one in step.required if one not in step.reached]

    def called(self, step: StepView) -> str:
        """After a call that did not end its step: what was kept, and that the clock runs on."""
        title = self.telling.title(step.title)
        call = max(self._made(step.key), key=lambda one: one.sequence, default=None)
        if call is None:
            return self.say(N_("%(step)s现在没有记录，时钟照走"), step=title)
        said = self.say(N_("已记下 %(at)s %(outcome)s"), at=self.telling.at(call.happened_at),
                        outcome=self.say(k.OUTCOMES.get(call.fields.get("outcome", ""), "")))
        if call.fields.get("outcome") == k.REACHED:
            return self.say(N_("%(said)s。%(step)s还差%(names)s，仍未办结"), said=said, step=title,
                            names=self.telling.phrases.names(self.lacking(step)))
        said = self.say(N_("%(said)s。%(step)s仍未办结，时钟照走"), said=said, step=title)
        times = self.missed_in_a_row(step.key)
        if times < SUGGESTS_ANOTHER_WAY_AFTER:
            return said
        return self.say(N_("%(said)s。已连续%(times)s次没有接通，建议改打备用电话或发传真"), said=said, times=times)

    def otherwise(self, step: StepView) -> str:
        """What it is called when a step is not carried out by approval."""
        return self.say(N_("免开") if step.evidence == k.PRESS else N_("经批准不办"))

    # ── what waits for a second person ────────────────────────────────────────
    def waiting(self, row: PendingView) -> Waiting:
        confirm, reject = DECIDING.get(row.kind, BEARING_OUT)
        title, lines = self._about(row)
        reason = row.body.get("reason") or row.body.get("basis")
        if reason:
            lines = [*lines, self.say(N_("原因：%(text)s"), text=reason)]
        who = row.actor if row.actor is not None else self.say(ERASED)
        written = self.say(N_("%(role)s %(who)s %(at)s 记录"), role=self.say(role_title(row.actor_role)), who=who,
                           at=self.telling.at(row.recorded_at))
        return Waiting(title, tuple(line for line in lines if line), written, self.say(confirm), self.say(reject))

    def waiting_titles(self) -> str:
        return self.telling.phrases.names(self._about(row)[0] for row in self.incident.pending)

    def _about(self, row: PendingView) -> tuple[str, list[str]]:
        if row.kind == "Corrected":
            return self._corrected(row)
        if row.kind == "Regraded":
            return self.say(N_("降级")), self._regraded(row)
        if row.kind == "Voided":
            return self.say(N_("作废这次登记")), []
        delay = self.telling.phrases.minutes(late_minutes(row.recorded_at, row.happened_at))
        both = self.say(N_("%(at)s 发生，%(recorded)s 才记录，迟%(delay)s"), at=self.telling.at(row.happened_at),
                        recorded=self.telling.at(row.recorded_at), delay=delay)
        if row.kind == "TransferAccepted":
            return self.say(N_("补录接受移交：%(step)s"), step=self._step(row.step)), [
                both, self._proof(row, ("accepted_by", N_("接受人：%(text)s")), EVIDENCE)]
        return self.say(N_("补录：%(step)s"), step=self._step(row.step)), [
            both, self._proof(row, ("report_to", N_("对方：%(text)s")), EVIDENCE)]

    def _proof(self, row: PendingView, *labelled: tuple[str, str]) -> str:
        return self.telling.clauses(self._labelled(row.body, *labelled))

    def _corrected(self, row: PendingView) -> tuple[str, list[str]]:
        what = self._step(row.step) if row.step else self.say(N_("登记内容"))
        title = self.say(N_("更正第%(sequence)s条：%(what)s"), sequence=row.body["corrects"], what=what)
        lines = []
        for name, text in row.body["times"].items():
            before = self._time_now(row.step, name)
            lines.append(self._change(TIMES.get(name, name), self._at(before), self._at(_instant(text))))
        others = [self.say(TEXTS[name]) for name in {**row.body["fields"], **row.body["values"]} if name in TEXTS]
        if others:
            lines.append(self.say(N_("同时更正：%(names)s"), names=self.telling.phrases.names(others)))
        return title, lines

    def _regraded(self, row: PendingView) -> list[str]:
        lines = [self._change(SCALES.get(name, name), self._grade(name, getattr(self.incident, name)),
                              self._grade(name, value)) for name, value in row.body["values"].items()]
        rule = row.body["protocol"]
        if rule is not None:
            lines.append(self._change(N_("适用规则"), self.telling.title(self.incident.protocol_title),
                                      self.rules.get(rule["key"], rule["key"])))
        return lines

    # ── parts ─────────────────────────────────────────────────────────────────
    def _approved(self, step: StepView) -> str:
        who = step.body.get("approver") or self.say(ERASED)
        unit = step.body.get("approver_unit")
        if step.ended == TRANSFERRED:
            return self.say(N_("移交经%(who)s批准"), who=who)
        if step.ended_at is None:
            return self.say(N_("%(who)s批准"), who=who)
        at = self.telling.at(step.ended_at)
        return self.say(N_("%(at)s %(unit)s %(who)s批准"), at=at, unit=unit, who=who) if unit else \
            self.say(N_("%(at)s %(who)s批准"), at=at, who=who)

    def _accepted(self, step: StepView) -> str:
        to, who = (step.body.get(name) or self.say(ERASED) for name in ("to", "accepted_by"))
        return self.say(N_("%(at)s %(to)s %(who)s接受"), at=self._at(step.ended_at), to=to, who=who)

    def _dropped(self, step: StepView) -> str:
        if self.incident.ended_as in (VOIDED, MERGED) and step.recorded_at == self.incident.closed_at:
            return self.say(N_("登记已作废") if self.incident.ended_as == VOIDED else N_("已并入另一事件"))
        if step.recorded_at == self.incident.closed_at:
            return self.say(N_("结案时终止"))
        return self.say(N_("改级后的规则不要求这一步"))

    def _recorded(self, step: StepView) -> str:
        if step.recorded_at is None:
            return ""
        return self.say(N_("%(who)s %(at)s 记录"), who=step.logged_by or self.say(ERASED),
                        at=self.telling.at(step.recorded_at))

    def _labelled(self, body: dict[str, Any], *labelled: tuple[str, str]) -> list[str]:
        return [self.say(label, text=body[name]) for name, label in labelled if body.get(name)]

    def _change(self, name: str, before: str, after: str) -> str:
        return self.say(N_("%(name)s：%(before)s → %(after)s"), name=self.say(name), before=before, after=after)

    def _at(self, instant: datetime | None) -> str:
        return self.telling.at(instant) if instant else self.say(N_("不明"))

    def _grade(self, name: str, value: Any) -> str:
        if name == "is_sensitive":
            return self.say(N_("是") if value else N_("否"))
        if value is None:
            return self.say(N_("未定"))
        return self.telling.event_grade(value) if name == "event_grade" else self.say(value)

    def _time_now(self, step: str | None, name: str) -> datetime | None:
        found = self.incident.obligation(step) if step else None
        at = getattr(found or self.incident, name, None)
        return at if isinstance(at, datetime) else None

    def _step(self, key: str | None) -> str:
        found = self.incident.obligation(key) if key else None
        return self.telling.title(found.title) if found else key or ""

    def _made(self, step: str) -> list[RecordView]:
        made: Iterable[RecordView] = (one for one in self.incident.records if one.record == k.CALL and one.step == step)
        return sorted(made, key=lambda one: (one.happened_at, one.sequence))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
