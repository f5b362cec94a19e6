"""Who was called and who has answered (叫应), in words. Pure: read models and a reader's phrases in, texts out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from incident_clock.phrases import N_
from incident_clock.protocol.replies import paused_until
from incident_clock.views.message_shapes import CallView, MailedCall, StepCalls
from incident_clock.views.shapes import IncidentView, StepView
from incident_clock.web.telling import Mark, Telling
from incident_clock.web.telling_words import ANSWERS

SHOWN_TO_THE_SECOND = timedelta(minutes=2)  # a pause shorter than this is told with its seconds


@dataclass(frozen=True, slots=True)
class Calls:
    """The words for calls, for one reader at one instant."""

    telling: Telling

    def people(self, called: StepCalls) -> list[CallView]:
        """Everybody called on a step, once each: of several rungs the one that still wants an answer, the latest.

        Those who have not answered come first, the one called last at the end.
        """
        chosen: dict[str, CallView] = {}
        for call in sorted(called.calls, key=lambda call: (call.is_outstanding, call.told_at)):
            chosen[call.person.key] = call
        return sorted(chosen.values(), key=lambda call: (not call.is_outstanding, call.last_told_at))

    def summary(self, called: StepCalls) -> str:
        """`还有2人没回：郑丙（15分钟前）、王丁（刚刚）`, or that nobody's answer is wanted any more."""
        wanted = [call for call in self.people(called) if call.is_outstanding and self._is_wanted(called, call)]
        if not wanted:
            answered = sum(not call.is_outstanding for call in self.people(called))
            return self._say(N_("%(count)s人已签收；签收不等于办结"), count=answered)
        silent = [self._silent(call) for call in wanted if call.answered_at is None]
        lapsed = [call.person.name for call in wanted if call.answered_at is not None]
        said = [self._say(N_("还有%(count)s人没回：%(names)s"), count=len(silent),
                          names=self.telling.phrases.names(silent))] if silent else []
        if lapsed:
            said.append(self._say(N_("签收已过，未办：%(names)s"), names=self.telling.phrases.names(lapsed)))
        return self.telling.clauses([*said, *self._enough(called)])

    def is_wanting(self, called: StepCalls) -> bool:
        """Whether somebody's answer is still wanted."""
        return any(call.rung in called.lacking for call in called.outstanding)

    def told(self, call: CallView) -> str:
        """`第2级 14:50 催`."""
        return self._say(N_("第%(rung)s级 %(at)s 催"), rung=call.rung, at=self._at(call.last_told_at))

    def state(self, call: CallView) -> Mark:
        """`没回` · `14:22 签收（邮件）` · `14:22 签收已过，未办`, with its sign."""
        if call.answered_at is None:
            return Mark("is-waiting", "waiting", self._say(N_("没回")))
        at = self._at(call.answered_at)
        if call.is_outstanding:
            return Mark("is-nearing", "nearing", self._say(N_("%(at)s 签收已过，未办"), at=at))
        how = self._say(ANSWERS.get(call.answered_how or "", call.answered_how or ""))
        return Mark("is-met", "met", self._say(N_("%(at)s 签收（%(how)s）"), at=at, how=how))

    def who(self, call: CallView) -> str:
        """`带班领导`, `分管领导·代 郑丙`."""
        role = self.telling.role(call.person.role)
        if call.in_place_of is None:
            return role
        return role + self.telling.dot + self._say(N_("代 %(name)s"), name=call.in_place_of.name)

    def no_resend(self, call: CallView) -> str:
        """Why it cannot be sent again just now; empty when it can."""
        if call.can_resend_at is None:
            return self._say(N_("正在发送"))
        if call.can_resend_at <= self.telling.seen_at:
            return ""
        return self._say(N_("%(at)s 起可重发"), at=self._at(call.can_resend_at + timedelta(seconds=59)))

    # ── the reader's own ────────────────────────────────────────────────────────
    def mine(self, called: Iterable[StepCalls], key: str) -> list[StepCalls]:
        """The steps on which this person's answer is wanted."""
        return [one for one in called if any(call.person.key == key for call in one.outstanding)]

    def asking(self, called: Iterable[StepCalls], key: str) -> str:
        """`请您确认收到：电话上报（14:20 催）、初步报告（14:50 催）`."""
        steps = [self._say(N_("%(step)s（%(at)s 催）"), step=self.telling.title(one.title), at=self._at(max(
            call.last_told_at for call in one.outstanding if call.person.key == key))) for one in called]
        return self._say(N_("请您确认收到：%(steps)s"), steps=self.telling.phrases.names(steps))

    def pauses(self, called: Iterable[StepCalls], incident: IncidentView) -> list[str]:
        """What an answer given now would pause, step by step: `电话上报 14:32 前不再重复催您`."""
        return [self.pause(step, paused_until(due=step.due_at, now=self.telling.seen_at))
                for one in called for step in incident.steps if step.key == one.step]

    def pause(self, step: StepView | MailedCall, until: datetime | None) -> str:
        """Until when repeats leave out the reader, who answers or has answered; past the deadline they never do."""
        title = self.telling.title(step.title)
        if until is None or until <= self.telling.seen_at:
            said = N_("%(step)s已过时限，仍会照常催您") if self.telling.seen_at >= step.due_at \
                else N_("%(step)s还没有记录，仍会照常催您")
            return self._say(said, step=title)
        is_short = until - self.telling.seen_at < SHOWN_TO_THE_SECOND
        return self._say(N_("%(step)s %(at)s 前不再重复催您"), step=title,
                         at=self.telling.at(until, seconds=is_short))

    # ── within ──────────────────────────────────────────────────────────────────
    def _is_wanted(self, called: StepCalls, call: CallView) -> bool:
        """Whether the rungs he is silent on still ask for an answer (any, all, or so many)."""
        return any(one.rung in called.lacking for one in called.outstanding if one.person.key == call.person.key)

    def _enough(self, called: StepCalls) -> list[str]:
        """Where fewer answers than there are silent people will do."""
        return [self._say(N_("第%(rung)s级再有%(count)s人签收即可"), rung=rung, count=count)
                for rung, count in called.lacking.items()
                if count < sum(call.rung == rung and call.in_place_of is None for call in called.outstanding)]

    def _silent(self, call: CallView) -> str:
        minutes = (self.telling.seen_at - call.last_told_at) // timedelta(minutes=1)
        if minutes < 1:
            return self._say(N_("%(name)s（刚刚）"), name=call.person.name)
        return self._say(N_("%(name)s（%(ago)s前）"), name=call.person.name,
                         ago=self.telling.limit(timedelta(minutes=minutes)) if minutes < 60
                         else self.telling.phrases.minutes(minutes))

    def _at(self, instant: datetime) -> str:
        return self.telling.at(instant)

    def _say(self, text: str, /, **params: object) -> str:
        return self.telling.phrases.say(text, **params)
