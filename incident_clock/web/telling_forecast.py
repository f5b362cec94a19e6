"""The forecast in words, and the reason of every message that was sent. Pure: read models in, texts out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from incident_clock.outbox.messages import REMINDER, STAND_IN
from incident_clock.people import duty, gap_words
from incident_clock.people.calling import STAND_IN_AFTER
from incident_clock.phrases import N_
from incident_clock.protocol.ladder import PassedOver
from incident_clock.views.explaining import NEWS, STOOD_IN, PastCall, Told, instant_of
from incident_clock.views.forecast_shapes import Again, Call, Recipient
from incident_clock.views.shapes import IncidentView
from incident_clock.web.telling import Telling
from incident_clock.web.telling_messages import CONSOLE, Messages
from incident_clock.web.telling_timeline import Timeline
from incident_clock.web.telling_words import CHANNELS, RAISED_BECAUSE, STAND_INS

WHY = {  # why this person: of the roster, or in somebody's place
    duty.DIRECTORY: N_("通讯录"), duty.SHIFT: N_("值班表"), duty.COVER: N_("替班，代 %(of)s"),
    duty.ACTING: N_("代理，代 %(of)s"), duty.STAND_IN: N_("B角，代 %(of)s"),
}
REASONS = {**RAISED_BECAUSE, "on_time": N_("到时仍无记录"), "registered": N_("登记时已到时")}  # why now
FIRST, NEXT = N_("仍无记录，%(paces)s"), N_("再%(pace)s")
PACE, ENDLESS = N_("每%(every)s催一次，共%(times)s次（至 %(at)s）"), N_("每%(every)s催一次，直到有记录")
ONCE = N_("%(at)s 再催一次")
NEWS_SAID = {"all_clear": N_("告知已记录，不再催办"), "reopened": N_("告知记录已撤回，恢复催办")}


@dataclass(frozen=True, slots=True)
class ForecastWords:
    """The words for calls to come and calls made, for one reader at one instant."""

    telling: Telling

    def say(self, text: str, /, **params: object) -> str:
        return self.telling.phrases.say(text, **params)

    # ── what is to come ───────────────────────────────────────────────────────
    def heading(self, call: Call) -> str:
        """`第3级`, `第5级，第4次重复`, `第3级转B角：郑丙 2分钟未应答`."""
        if call.kind == STAND_IN and call.in_place_of is not None:
            return self.say(N_("第%(rung)s级转B角：%(name)s %(silent)s未应答"), rung=call.rung,
                            name=call.in_place_of.name, silent=self.telling.phrases.duration(STAND_IN_AFTER))
        return self._rung(call.rung, call.repeat)

    def left(self, call: Call) -> str:
        """`剩5分`, `已超1分`, at the instant of the call."""
        gap = call.due_at - call.at
        if not gap:
            return self.say(N_("到时限"))
        word = N_("剩%(span)s") if gap.total_seconds() > 0 else N_("已超%(span)s")
        return self.say(word, span=self.telling.phrases.duration(abs(gap)))

    def who(self, one: Recipient) -> str:
        """`带班领导 郑丙`: the role in which he is called."""
        return f"{self.telling.role(one.person.role)} {one.person.name}"

    def why(self, one: Recipient) -> str:
        """`值班表（至 3月13日 08:30）`, `替班，代 周甲（至 20:00）`, `通讯录`."""
        return self._why(one.why, one.of.name if one.of else None, one.until_at)

    def ways(self, one: Recipient) -> str:
        """`短信 ****0001、邮件 zh…@example.com`."""
        said = self.telling.phrases.names(
            f"{self.channel(channel)} {address}".strip() for channel, address in one.ways)
        if one.is_capped:
            said = self.telling.clauses([said, self.say(N_("短信已达每日上限，改走别的渠道"))])
        return said

    def channel(self, channel: str) -> str:
        return self.say(CHANNELS.get(channel, channel))

    def notes(self, call: Call) -> list[str]:
        """What else is to be known of a call: catching up, rungs gone over, who is left out and until when."""
        said = []
        if call.reason not in ("on_time", "no_answer"):
            said.append(self.say(REASONS[call.reason]))
        said += self._passed_over(call.passed_over)
        if call.skipped:
            said.append(self._skipped(call.skipped, call.told_rung))
        said += [self.say(N_("%(name)s 已签收，%(at)s 前不重复催"), name=name.name, at=self.until(until))
                 for name, until in call.paused]
        if call.capped and call.recipients:
            said.append(self.say(N_("短信已达每日上限，又没有别的渠道：%(names)s"),
                                 names=self.telling.people(call.capped)))
        if call.lacks and call.recipients:
            said.append(self.say(N_("这一级缺人：%(what)s"), what=gap_words.reasons(call.lacks, self.telling.phrases)))
        return said

    def is_empty(self, call: Call) -> bool:
        """Whether this call reaches nobody, although somebody should hear of it."""
        return not call.recipients and not call.paused

    def nobody(self, call: Call) -> str:
        """Why a call reaches nobody."""
        if call.kind == STAND_IN and call.in_place_of is not None:
            return self.say(STAND_INS["nobody"], leader=call.in_place_of.name)
        why = gap_words.reasons(call.lacks, self.telling.phrases)
        return self.say(N_("整条阶梯都没有人可催。%(why)s"), why=why)

    def again(self, paces: Iterable[Again]) -> str:
        """`仍无记录，每5分催一次，共3次（至 14:41）；再每30分催一次，直到有记录`."""
        said = [self._pace(pace) for pace in paces]
        if not said:
            return ""
        said = [said[0], *(self.say(NEXT, pace=pace) for pace in said[1:])]
        return self.say(FIRST, paces=self.telling.clauses(said))

    def until(self, instant: datetime) -> str:
        """`20:00`, or with its day when that is not today: `3月13日 08:30`."""
        phrases = self.telling.phrases
        if phrases.day(instant) == phrases.day(self.telling.seen_at):
            return phrases.time(instant)
        return f"{phrases.day(instant)} {phrases.time(instant)}"

    # ── what was sent ─────────────────────────────────────────────────────────
    def past_heading(self, call: PastCall) -> str:
        body = call.entry.body
        if call.entry.kind == NEWS:
            return self.say(NEWS_SAID[str(body["news"])])
        if call.entry.kind == STOOD_IN:
            return self.say(N_("第%(rung)s级转B角"), rung=body["rung"])
        return self._rung(int(body["rung"]), int(body["repeat"]))

    def past_notes(self, call: PastCall, incident: IncidentView) -> list[str]:
        """Why it was made, which rungs it stands for, who was left out: as the ledger has it."""
        body = call.entry.body
        if call.entry.kind == NEWS:
            return []
        if call.entry.kind == STOOD_IN:
            names = Timeline(self.telling, incident).names
            return [self.say(STAND_INS.get(str(body["reason"]), STAND_INS["nobody"]),
                             leader=names([body["in_place_of"]]), stand_in=names([body["person"]]))]
        said = [self.say(REASONS[str(body["reason"])])]
        said += self._passed_over([PassedOver(over["rung"], over["first"], over["last"])
                                   for over in body["passed_over"]])
        if body.get("skipped"):  # entries of the first version know of no rung gone over, nor of budgets and answers
            said.append(self._skipped(body["skipped"], int(body["told_rung"])))
        return said + self._left_out(call, incident)

    def told_why(self, told: Told) -> str:
        """Why it was this person: `值班员：值班表（至 3月13日 08:30）`; told the outcome because told before."""
        because = told.message.because
        if not because:  # a reminder without one is of the first version
            return self.say(N_("此前被催过")) if told.message.kind != REMINDER else ""
        if told.message.kind == STAND_IN:
            return self.say(N_("B角，代 %(of)s"), of=told.of)
        return self.say(N_("%(role)s：%(why)s"), role=self.telling.role(because["role"]),
                        why=self._why(because["why"], told.of, instant_of(because, "until_at")))

    def told_way(self, told: Told) -> str:
        message = told.message
        return f"{self.channel(message.channel)} {message.address}".strip()

    def receipts(self, told: Told) -> list[tuple[datetime, str]]:
        """Each try, and the delivery where the provider told of it."""
        words, message = Messages(self.telling), told.message
        found = [(attempt.finished_at or attempt.started_at, words.attempt(attempt)) for attempt in message.attempts]
        if message.delivered_at is not None and message.channel != CONSOLE:
            found.append((message.delivered_at, self.say(N_("已送达"))))
        return found

    # ── below: how ────────────────────────────────────────────────────────────
    def _rung(self, rung: int, repeat: int) -> str:
        said = self.say(N_("第%(rung)s级"), rung=rung)
        return said + self.say(N_("，第%(repeat)s次重复"), repeat=repeat) if repeat else said

    def _why(self, why: str, of: str | None, until_at: datetime | None) -> str:
        said = self.say(WHY[why], of=of or "")
        return said if until_at is None else self.say(N_("%(what)s（至 %(at)s）"), what=said, at=self.until(until_at))

    def _passed_over(self, passed: Iterable[PassedOver]) -> list[str]:
        rungs = self.telling.phrases.names(str(over.rung) for over in passed)
        return [self.say(N_("越过第%(rungs)s级，其对象已一并告知"), rungs=rungs)] if rungs else []

    def _skipped(self, skipped: Iterable[int], told_rung: int) -> str:
        return self.say(N_("第%(rungs)s级无人，转第%(told)s级"), told=told_rung,
                        rungs=self.telling.phrases.names(map(str, skipped)))

    def _left_out(self, call: PastCall, incident: IncidentView) -> list[str]:
        body, line = call.entry.body, Timeline(self.telling, incident)
        silent = [name for name in body.get("capped", []) if name not in body["audience"]]
        moved = [name for name in body.get("capped", []) if name in body["audience"]]
        roles = [self.telling.role(role) for role in body["unreachable"]]
        return [self.say(text, names=names) for text, names in (
            (N_("已签收，暂不重复提醒：%(names)s"), line.names(body.get("paused", []))),
            (N_("短信已达每日上限，改走别的渠道：%(names)s"), line.names(moved)),
            (N_("短信已达每日上限，又没有别的渠道：%(names)s"), line.names(silent)),
            (N_("没有可联系的人：%(names)s"), self.telling.phrases.names(roles))) if names]

    def _pace(self, pace: Again) -> str:
        every = self.telling.phrases.duration(pace.every)
        if pace.is_endless:
            return self.say(ENDLESS, every=every)
        if pace.times == 1:
            return self.say(ONCE, at=self.until(pace.last_at))
        return self.say(PACE, every=every, times=pace.times, at=self.until(pace.last_at))
