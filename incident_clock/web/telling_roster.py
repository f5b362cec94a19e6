"""The roster and its hand-overs in words: days, shifts, who does them for whom. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time

from incident_clock.people import duty, gap_words
from incident_clock.people.rest_days import HOLIDAY, MADE_UP, WEEKEND, DayKind
from incident_clock.phrases import N_
from incident_clock.views.handover import REPLACED, SIGNED, WAITING, OpenStep, Record, RecordClock
from incident_clock.views.roster import LeaveView, Part, ShiftView
from incident_clock.web.telling import Mark, Telling

IN_PLACE_OF = {duty.COVER: N_("%(name)s 代 %(of)s（替班）"), duty.ACTING: N_("由 %(name)s 代 %(of)s"),
               duty.STAND_IN: N_("%(name)s 代 %(of)s（B角）")}
STATES = {WAITING: ("is-nearing", "nearing", N_("等接班人签字")), SIGNED: ("is-met", "met", N_("双方已签")),
          REPLACED: ("is-off", "off", N_("未签完，已另行交班"))}
SEEN_BY: dict[tuple[str, ...], str] = {("outgoing",): N_("接班时已不在清单"), ("incoming",): N_("接班时新增")}


@dataclass(frozen=True, slots=True)
class RosterWords:
    """The words of one reader at one instant."""

    telling: Telling

    def say(self, text: str, /, **params: object) -> str:
        return self.telling.phrases.say(text, **params)

    # ── days and spans ────────────────────────────────────────────────────────
    def day(self, day: date) -> str:
        """`3月14日 周六`."""
        return gap_words.day_of(datetime.combine(day, time(12), self.telling.phrases.zone), self.telling.phrases)

    def kind(self, kind: DayKind) -> str:
        """`休`, `休·国庆节`, `班·调休`; nothing for an ordinary workday."""
        if kind.kind == HOLIDAY:
            return self.telling.dot.join([self.say(N_("休")), *(self.say(name) for name in kind.names)])
        return {WEEKEND: self.say(N_("休")), MADE_UP: self.say(N_("班·调休"))}.get(kind.kind, "")

    def span(self, from_at: datetime, until_at: datetime, *, on: date | None = None) -> str:
        """`08:30–20:00`, `20:00–次日08:30`; with its days where it does not begin on `on` or ends later than the
        next day."""
        phrases = self.telling.phrases
        since, until = from_at.astimezone(phrases.zone), until_at.astimezone(phrases.zone)
        later = (until.date() - since.date()).days
        if later > 1 or (on is not None and since.date() != on):
            return f"{self.at(from_at)}–{self.at(until_at)}"
        ending = phrases.time(until_at)
        return f"{phrases.time(from_at)}–{self.say(N_('次日%(at)s'), at=ending) if later else ending}"

    def at(self, instant: datetime) -> str:
        """`3月14日 08:30`, with the year when it is not this one."""
        phrases = self.telling.phrases
        if instant.astimezone(phrases.zone).year != self.telling.seen_at.astimezone(phrases.zone).year:
            return phrases.moment(instant)
        return f"{phrases.day(instant)} {phrases.time(instant)}"

    # ── who ───────────────────────────────────────────────────────────────────
    def who(self, part: Part) -> str:
        """`周甲`, `蒋壬 代 周甲（调班）`, `由 褚庚 代 郑丙`."""
        if part.person is None:
            return self.say(N_("无人"))
        if part.of is None or part.why not in IN_PLACE_OF:
            return part.person.name
        text = N_("%(name)s 代 %(of)s（调班）") if part.cover and part.cover.is_swap else IN_PLACE_OF[part.why]
        return self.say(text, name=part.person.name, of=part.of.name)

    def leave(self, leave: LeaveView) -> str:
        """`郑丙（褚庚代）`."""
        if leave.acting is None:
            return leave.person.name
        return self.say(N_("%(name)s（%(acting)s代）"), name=leave.person.name, acting=leave.acting.name)

    def shift(self, shift: ShiftView) -> str:
        """`3月14日 周六 08:30–次日08:30 值班员 周甲`, as a choice."""
        day = shift.from_at.astimezone(self.telling.phrases.zone).date()
        return " ".join([self.day(day), self.span(shift.from_at, shift.until_at),
                         self.telling.role(shift.role), shift.person.name])

    # ── hand-over ─────────────────────────────────────────────────────────────
    def state(self, record: Record) -> Mark:
        css, sign, word = STATES[record.state]
        return Mark(css, sign, self.say(word))

    def told(self, step: OpenStep) -> str:
        """`14:50 已催 郑丙、王丁；没回：王丁`."""
        notes = []
        if step.told_at is not None:
            notes.append(self.say(N_("%(at)s 已催 %(names)s"), at=self.telling.at(step.told_at),
                                  names=self.telling.people(step.told)))
        if step.silent:
            notes.append(self.say(N_("还没回：%(names)s"), names=self.telling.people(step.silent)))
        return self.telling.clauses(notes)

    def seen_by(self, one: RecordClock, record: Record) -> str:
        """What changed between the two signatures."""
        if record.incoming_signed_at is None:
            return ""
        word = SEEN_BY.get(one.handed.seen_by)
        return self.say(word) if word else ""
