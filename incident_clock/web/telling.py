"""An incident in words: standings, deadlines, ladders, what to do. Pure: read models and a reader's phrases in,
texts out. The timeline's sentences are in `telling_timeline.py`, those of messages in `telling_messages.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from incident_clock.people.access import role_title
from incident_clock.phrases import CHINESE, N_, Phrases
from incident_clock.protocol.deadlines import late_minutes
from incident_clock.protocol.standing import Standing, Verdict
from incident_clock.registry.record_kinds import PRESS
from incident_clock.views.shapes import BoardRow, IncidentView, Name, RungView, StepView
from incident_clock.views.words import standing_word, standing_words
from incident_clock.web.telling_words import (
    CATEGORY_WORDS,
    DAYS_AGO,
    DONE,
    DONE_ALONE,
    DRILL_TO_DO,
    DUE,
    GRADE_WORDS,
    SHORT_TITLES,
    TO_DO,
)

# standing → class of its colour, sign
MARKS = {
    Standing.WAITING: ("is-waiting", "waiting"), Standing.NEARING: ("is-nearing", "nearing"),
    Standing.OVERDUE: ("is-overdue", "overdue"), Standing.MET: ("is-met", "met"),
    Standing.MET_LATE: ("is-late", "late"), Standing.WAIVED: ("is-off", "off"),
    Standing.TRANSFERRED: ("is-off", "moved"), Standing.NOT_APPLICABLE: ("is-off", "off"),
}
SHOWN_LATE_FROM = timedelta(minutes=1)  # a call later than this after its planned instant shows both


@dataclass(frozen=True, slots=True)
class Mark:
    """Colour + sign + word: the smallest unit of standing."""

    css: str
    sign: str
    word: str


@dataclass(frozen=True, slots=True)
class Count:
    """A countdown as rendered by the server: a lead word, figures with units, a closing word (English).

    `until` is set where a script may count on between two answers of the server.
    """

    lead: str
    parts: tuple[tuple[int, str], ...]
    tail: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """The words of one reader at one instant."""

    phrases: Phrases
    seen_at: datetime

    @property
    def dot(self) -> str:
        return "·" if self.phrases.language == CHINESE else " · "

    def title(self, title: dict[str, str]) -> str:
        """A step's or a rule's title in the reader's language."""
        return title.get(self.phrases.language) or title["zh"]

    def titles(self, steps: Iterable[StepView]) -> str:
        return self.phrases.names(self.title(step.title) for step in steps)

    def short_title(self, step: StepView) -> str:
        short = SHORT_TITLES.get(step.key)
        return self.phrases.say(short) if short else self.title(step.title)

    def at(self, instant: datetime, *, seconds: bool = False) -> str:
        return self.phrases.at(instant, seen=self.seen_at, seconds=seconds)

    def day_option(self, day: date) -> str:
        """`今天 3月12日`, `昨天 3月11日`, then the date alone."""
        ago = (self.seen_at.astimezone(self.phrases.zone).date() - day).days
        named = self.phrases.day(datetime.combine(day, time(12), tzinfo=self.phrases.zone))
        return f"{self.phrases.say(DAYS_AGO[ago])} {named}" if 0 <= ago < len(DAYS_AGO) else named

    def category(self, category: str) -> str:
        return self.phrases.say(CATEGORY_WORDS.get(category, category))

    def event_grade(self, grade: str) -> str:
        return self.phrases.say(GRADE_WORDS.get(grade, grade))

    def opinion_grade(self, grade: str) -> str:
        return self.phrases.say(grade)

    def limit(self, within: timedelta) -> str:
        """A step's limit as the rule names it: `20分钟`, `24小时`."""
        minutes, odd = divmod(int(within.total_seconds()), 60)
        if odd:
            return self.phrases.duration(within)
        if minutes < 60 or minutes % 60:
            return self.phrases.say(N_("%(minutes)s分钟"), minutes=minutes)
        return self.phrases.say(N_("%(hours)s小时"), hours=minutes // 60)

    def overdue_or_due(self, step: StepView) -> str:
        """For the alarm: `已超时` or `15:05 截止`."""
        if step.verdict.standing is Standing.OVERDUE:
            return self.phrases.say(N_("已超时"))
        return self.phrases.say(N_("%(at)s 截止"), at=self.at(step.due_at))

    def mark(self, verdict: Verdict) -> Mark:
        """How late an open step is stands beside the word, as its countdown."""
        word = self.phrases.say(N_("超时")) if verdict.standing is Standing.OVERDUE \
            else standing_words(verdict, self.phrases)
        return Mark(*MARKS[verdict.standing], word)

    def step_mark(self, step: StepView) -> Mark:
        """A step's mark; only a press conference is 免开, anything else is not carried out by approval."""
        mark = self.mark(step.verdict)
        if step.verdict.standing is Standing.WAIVED and step.evidence != PRESS:
            return Mark(mark.css, mark.sign, self.phrases.say(N_("经批准不办")))
        return mark

    def short_verdict(self, step: StepView) -> str:
        """What stands under a step's sign on the board: when it is due, or how it went."""
        if step.verdict.standing is Standing.OVERDUE:
            return self.phrases.say(N_("超%(late)s"), late=self.phrases.minutes(step.verdict.late_minutes))
        if step.is_open:
            return self.at(step.due_at)
        if step.verdict.standing is Standing.WAIVED and step.evidence != PRESS:
            return self.phrases.say(N_("不办"))
        if step.verdict.is_rescue:
            return self.phrases.say(N_("待核"))
        return standing_word(step.verdict.standing, step.verdict.late_minutes, self.phrases)

    def count(self, step: StepView) -> Count:
        """What is left of an open step, or how long it has been overdue in whole minutes."""
        if step.verdict.standing is Standing.OVERDUE:
            over = self.phrases.parts(timedelta(minutes=late_minutes(self.seen_at, step.due_at)))
            return self._counted(N_("已超"), over, None)
        return self._counted(N_("剩"), self.phrases.parts(step.due_at - self.seen_at), step.due_at)

    def due(self, step: StepView) -> str:
        """`15:05 前书面报出`."""
        return self.phrases.say(DUE[step.evidence], at=self.at(step.due_at))

    def due_note(self, step: StepView) -> str:
        """While it is near: the due minute still counts; and the deadline counted from the occurrence."""
        notes = []
        if step.verdict.standing is Standing.NEARING:
            notes.append(self.phrases.say(N_("%(at)s 这一分钟内仍算按时"), at=self.phrases.time(step.due_at)))
        if step.occurred_due_at is not None and step.occurred_due_at != step.due_at:
            notes.append(self.phrases.say(N_("按事发口径 %(at)s"), at=self.at(step.occurred_due_at)))
        return self.clauses([*notes, *self._moved(step)])

    def done(self, step: StepView) -> str:
        """`14:20 已报区总值班室`."""
        if step.done_at is None:
            return ""
        at = self.at(step.done_at)
        if step.report_to:
            return self.phrases.say(DONE[step.evidence], at=at, to=step.report_to)
        return self.phrases.say(DONE_ALONE[step.evidence], at=at)

    def done_note(self, step: StepView) -> str:
        """`用时15分，限20分（14:25）；按事发口径晚10分`, and who wrote it down when."""
        if step.done_at is None:
            return ""
        notes = [self.phrases.say(
            N_("用时%(used)s，限%(limit)s（%(due)s）"), used=self.phrases.duration(step.done_at - step.started_at),
            limit=self.limit(step.within), due=self.at(step.due_at))]
        shadow = step.occurred_verdict
        if shadow is not None and step.occurred_due_at != step.due_at:
            late = self.phrases.minutes(shadow.late_minutes)
            notes.append(self.phrases.say(N_("按事发口径晚%(late)s") if shadow.late_minutes else N_("按事发口径也按时"),
                                          late=late))
        return self.clauses([*notes, *self._moved(step)])

    def _moved(self, step: StepView) -> list[str]:
        """What an upgrade did to the due instant."""
        if step.first_due_at is None:
            return []
        return [self.phrases.say(N_("原定 %(first)s，升级触发 %(due)s"), first=self.at(step.first_due_at),
                                 due=self.at(step.due_at))]

    def logged_by(self, step: StepView) -> str:
        """`周甲 14:21 记录`, with the delay where it was entered late."""
        if step.recorded_at is None or step.done_at is None:
            return ""
        if step.verdict.is_late_entry:
            delay = self.phrases.duration(timedelta(minutes=late_minutes(step.recorded_at, step.done_at)))
            return self.phrases.say(N_("%(who)s %(at)s 补录，迟%(delay)s"), who=step.logged_by or "",
                                    at=self.at(step.recorded_at), delay=delay)
        return self.phrases.say(N_("%(who)s %(at)s 记录"), who=step.logged_by or "", at=self.at(step.recorded_at))

    def to_do(self, step: StepView, *, is_drill: bool) -> str:
        """What has to be done. In a drill the duty office is a simulated one."""
        words = DRILL_TO_DO if is_drill else TO_DO
        return self.phrases.say(words[step.key]) if step.key in words else ""

    def people(self, names: tuple[Name, ...] | tuple[str, ...]) -> str:
        return self.phrases.names([n.name if isinstance(n, Name) else n for n in names])

    def named(self, people: Iterable[Name]) -> str:
        """`值班员 周甲、值班长 吴乙`."""
        return self.phrases.names(f"{self.role(person.role)} {person.name}" for person in people)

    def role(self, role: str) -> str:
        return self.phrases.say(role_title(role))

    def rung_note(self, rung: RungView, step: StepView, *, is_short: bool = False) -> str:
        """The small print under a rung of the ladder in words; `is_short` leaves out what goes without saying."""
        if rung.state == "gone":
            return self.phrases.say(N_("已记录，不再催"))
        if rung.state == "passed":
            return self.phrases.say(N_("已并入更高一级，一起告知"))
        if rung.state == "told":
            notes = [self.phrases.say(N_("已催%(times)s次"), times=rung.told)] if rung.told > 1 else []
            if rung.is_overdue_rung and rung.every and step.next_rung_at:
                notes.append(self.phrases.say(N_("每%(every)s再催，下次 %(at)s"), at=self.at(step.next_rung_at),
                                              every=self.phrases.duration(rung.every)))
            if rung.told_at and rung.told_at - rung.at >= SHOWN_LATE_FROM:
                notes.insert(0, self.phrases.say(N_("实际%(at)s告知"), at=self.at(rung.told_at)))
            if rung.told_rung not in (0, rung.number):
                notes.insert(0, self.phrases.say(N_("无人可催，已转第%(rung)s级"), rung=rung.told_rung))
            if rung.undelivered:
                notes.append(self.phrases.say(N_("尚未发到：%(names)s"), names=self.people(rung.undelivered)))
            return self.clauses(notes)
        notes = []
        if not rung.people:
            notes.append(self.phrases.say(N_("这一级现在没有人可催")))
        if rung.is_overdue_rung:
            notes.append(self.phrases.say(N_("超时起，每%(every)s"), every=self.phrases.duration(rung.every))
                         if rung.every else self.phrases.say(N_("超时起")))
        elif rung.state == "next" and not is_short:
            notes.append(self.phrases.say(N_("届时仍无记录才催")))
        return self.clauses(notes)

    def ruler(self, step: StepView) -> str:
        """The ladder's ruler for those who cannot see it."""
        told = sum(state == "told" for _, state, _ in step.marks)
        said = self.phrases.say(N_("%(count)s级催办，已发%(told)s级"), count=len(step.marks), told=told)
        if step.next_rung_at is None:
            return said
        return self.clauses([said, self.phrases.say(N_("下一级 %(at)s"), at=self.at(step.next_rung_at))])

    def board_line(self, row: BoardRow) -> str:
        """`14:50 已催 郑丙、王丁·15:00 催 王丁、冯戊`."""
        said = []
        if row.unsent:
            said.append(self.phrases.say(N_("尚未发到 %(names)s"), names=self.people(row.unsent)))
        if row.last_told_at is not None:
            said.append(self.phrases.say(N_("%(at)s 已催 %(names)s"), at=self.at(row.last_told_at),
                                         names=self.people(row.last_told)))
        if row.next_told_at is not None:
            said.append(self.phrases.say(N_("%(at)s 催 %(names)s"), at=self.at(row.next_told_at),
                                         names=self.people(row.next_told) or self.phrases.say(N_("（无人可催）"))))
        return self.dot.join(said)

    def before_it_was_known(self, incident: IncidentView) -> str:
        """`事发至接报45分钟`: what the auditor asks first. Empty within the same minute, or when it is not known."""
        if incident.occurred_at is None or late_minutes(incident.received_at, incident.occurred_at) == 0:
            return ""
        between = timedelta(minutes=late_minutes(incident.received_at, incident.occurred_at))
        return self.phrases.say(N_("事发至接报%(span)s"), span=self.limit(between))

    def subtitle(self, incident: IncidentView) -> list[str]:
        """Date, category and grades, each only when known."""
        parts = [self.phrases.day(incident.clock_started_at)]
        if incident.category:
            parts.append(self.category(incident.category))
        if incident.event_grade:
            parts.append(self.phrases.say(N_("事件%(grade)s"), grade=self.event_grade(incident.event_grade)))
        if incident.opinion_grade:
            parts.append(self.phrases.say(N_("舆情%(grade)s"), grade=self.opinion_grade(incident.opinion_grade)))
        return parts

    def saved(self, step: StepView, next_step: StepView | None, *, is_closed: bool = False) -> str:
        """`已记录。初步报告 14:58 报出，按时；下一步：详细报告 16:05 前`."""
        said = self.phrases.say(N_("已记录。%(step)s：%(done)s，%(verdict)s"), step=self.title(step.title),
                                done=self.done(step), verdict=self.mark(step.verdict).word)
        if next_step is None and is_closed:
            return said
        if next_step is None:
            return said + self.phrases.say(N_("。各步都已记录，可以结案"))
        return said + self.phrases.say(N_("；下一步：%(step)s，%(due)s"), step=self.title(next_step.title),
                                       due=self.due(next_step))

    def clauses(self, notes: list[str]) -> str:
        return ("；" if self.phrases.language == CHINESE else "; ").join(notes)

    def _counted(self, word: str, parts: list[tuple[int, str]], until: datetime | None) -> Count:
        """Chinese puts the word before the figures, English after them."""
        said = self.phrases.say(word)
        before, after = (said, "") if self.phrases.language == CHINESE else ("", said)
        return Count(before, tuple(parts), after, until)
