"""The readiness board in words: who is on duty, what is missing, where a call goes instead. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from incident_clock.people import duty, gap_words
from incident_clock.people.readiness import Hole
from incident_clock.people.readiness_days import (
    GAP,
    OK,
    WEAK,
    Cell,
    Column,
    Day,
    OnDuty,
    Part,
    RungPart,
    Way,
    WeakPlace,
)
from incident_clock.phrases import N_
from incident_clock.protocol.steps import OVERDUE_BY, Rung, Step
from incident_clock.views.readiness import FirstGap, Readiness
from incident_clock.web.telling import Mark, Telling
from incident_clock.web.telling_words import CHANNELS

SIGNS = {OK: ("is-met", "met"), WEAK: ("is-nearing", "nearing"), GAP: ("is-overdue", "gap")}
CELLS = {OK: "ok", WEAK: "thin", GAP: "gap"}  # state → class of a cell
SUMS = {WEAK: N_("弱%(count)s处"), GAP: N_("缺%(count)s处")}
IN_PLACE_OF = {duty.COVER: N_("替%(name)s"), duty.ACTING: N_("代%(name)s"), duty.STAND_IN: N_("代%(name)s")}
NAMED_IN_A_CELL = 3


@dataclass(frozen=True, slots=True)
class ReadinessWords:
    """The words for the board, for one reader at one instant."""

    telling: Telling

    def say(self, text: str, /, **params: object) -> str:
        return self.telling.phrases.say(text, **params)

    # ── the banner ────────────────────────────────────────────────────────────
    def headline(self, seen: Readiness) -> str:
        """`2处无人可催，3处较弱`."""
        gaps, weak = len(seen.holes), len(seen.board.weak)
        if gaps and weak:
            return self.say(N_("%(gaps)s处无人可催，%(weak)s处较弱"), gaps=gaps, weak=weak)
        return self.say(N_("%(gaps)s处无人可催"), gaps=gaps) if gaps else self.say(N_("%(weak)s处较弱"), weak=weak)

    def first(self, first: FirstGap) -> str:
        """`最早的缺口：3月14日 周六 08:30 起 带班领导：未排班。届时…`."""
        hole, phrases = first.hole, self.telling.phrases
        is_now = hole.from_at <= self.telling.seen_at
        since = self.say(N_("现在")) if is_now else self.say(
            N_("%(day)s %(time)s 起"), day=gap_words.day_of(hole.from_at, phrases), time=phrases.time(hole.from_at))
        return self.say(N_("最早的缺口：%(since)s %(what)s。%(instead)s"), since=since,
                        what=gap_words.reasons([hole.lack], phrases), instead=self._instead(first))

    def hole(self, hole: Hole) -> str:
        """`3月14日 周六 08:30 至 3月15日 周日 08:30 带班领导：未排班`."""
        return self.say(N_("%(from)s 至 %(until)s %(what)s"), until=self._moment(hole.until_at),
                        what=gap_words.reasons([hole.lack], self.telling.phrases),
                        **{"from": self._moment(hole.from_at)})

    def weak_place(self, place: WeakPlace) -> str:
        """`3月15日 周日起 值班员 蒋壬：只有邮件`."""
        phrases = self.telling.phrases
        if place.person is None:
            what = gap_words.reasons([place.lack] if place.lack else [], phrases)
        else:
            what = self.say(N_("%(role)s %(name)s：%(weak)s"), role=self.telling.role(place.role),
                            name=place.person.card.name, weak=gap_words.weakness(place.person, phrases))
        return self.say(N_("%(day)s起 %(what)s"), day=self.day(place.day), what=what)

    # ── the grid ──────────────────────────────────────────────────────────────
    def day(self, day: date) -> str:
        """`3月14日 周六`."""
        return gap_words.day_of(self._noon(day), self.telling.phrases)

    def short_day(self, day: date) -> str:
        """`3月14日`."""
        return self.telling.phrases.day(self._noon(day))

    def sum(self, day: Day) -> Mark:
        if day.state == OK:
            return self.mark(OK)
        return Mark(*SIGNS[day.state], self.say(SUMS[day.state], count=day.count(day.state)))

    def mark(self, state: str) -> Mark:
        word = {OK: N_("齐备"), WEAK: N_("弱"), GAP: N_("缺")}[state]
        return Mark(*SIGNS[state], self.say(word))

    def called_after(self, column: Column) -> str:
        """`15分起`, `超时起`."""
        if column.is_overdue:
            return self.say(N_("超时起"))
        if not column.called_after:
            return self.say(N_("0分起"))
        return self.say(N_("%(after)s起"), after=self.telling.phrases.duration(column.called_after))

    def css(self, state: str) -> str:
        return CELLS[state]

    def shown(self, cell: Cell, before: Cell | None) -> tuple[Part, ...]:
        """The parts of a cell worth a line: what only goes on from the day `before` stood in the line above."""
        first = cell.parts[0]
        if before is None or len(cell.parts) == 1 or first.state != OK:
            return cell.parts
        last = before.parts[-1]
        goes_on = replace(first, from_at=last.from_at, until_at=last.until_at) == last
        return cell.parts[1:] if goes_on else cell.parts

    def part(self, part: Part, names: Mapping[str, str]) -> str:
        """`周甲 / 蒋壬`, `蒋壬·只有邮件`, `陈己不在岗，无人接替`."""
        phrases = self.telling.phrases
        if part.lack is not None:
            return gap_words.why(part.lack, phrases)
        if len(part.people) == 1:
            one = part.people[0]
            who = self.named(one, names)
            if one.weak:
                return self.telling.dot.join([who, gap_words.weakness(one, phrases)])
            return f"{who} / {one.stand_in.name}" if one.stand_in else who
        every = phrases.names(one.card.name for one in part.people[:NAMED_IN_A_CELL])
        more = len(part.people) - NAMED_IN_A_CELL
        return self.say(N_("%(names)s等%(count)s人"), names=every, count=len(part.people)) if more > 0 else every

    def named(self, one: OnDuty, names: Mapping[str, str]) -> str:
        """`周甲`, `褚庚（代郑丙）`."""
        if one.of is None:
            return one.card.name
        place = self.say(IN_PLACE_OF[one.why], name=names.get(one.of, one.of))
        return self.say(N_("%(name)s（%(place)s）"), name=one.card.name, place=place)

    def span(self, part: Part | RungPart, parts: Sequence[Part | RungPart]) -> str:
        """When it holds, where the day has several parts: `至08:30`, `08:30起`, `08:30–12:00`."""
        clock = self.telling.phrases.time
        if len(parts) == 1:
            return ""
        if part is parts[0]:
            return self.say(N_("至%(time)s"), time=clock(part.until_at))
        if part is parts[-1]:
            return self.say(N_("%(time)s起"), time=clock(part.from_at))
        return f"{clock(part.from_at)}–{clock(part.until_at)}"

    # ── a day in full ─────────────────────────────────────────────────────────
    def rung_at(self, rung: Rung, step: Step) -> str:
        """When a rung calls: `15分`, `超时1分`."""
        if rung.anchor == OVERDUE_BY:
            return self.say(N_("超时%(after)s"), after=self.telling.phrases.duration(rung.offset))
        after = rung.from_start(step.within)
        return self.telling.phrases.duration(after) if after else self.say(N_("0分"))

    def rung_mark(self, part: RungPart) -> Mark:
        if not part.lacks:
            return Mark(*SIGNS[OK], self.say(N_("有人接")))
        return self.mark(GAP if part.is_gap else WEAK)

    def lacking(self, part: RungPart) -> str:
        return gap_words.reasons(part.lacks, self.telling.phrases)

    def way(self, way: Way) -> str:
        """`短信（3月10日 09:12送达）`."""
        channel = self.say(CHANNELS.get(way.channel, way.channel))
        if way.channel == "console":
            return channel
        if way.delivered_at is None:
            return self.say(N_("%(channel)s（尚无送达记录）"), channel=channel)
        return self.say(N_("%(channel)s（%(at)s送达）"), channel=channel, at=self._moment_past(way.delivered_at))

    def goes_to(self, part: RungPart) -> str:
        """Where the call of an empty rung goes: `这一级的提醒转给第4级：分管领导 王丁`."""
        if not part.people:
            return self.say(N_("别的各级也没有人，提醒发不出去"))
        return self.say(N_("这一级的提醒转给第%(rung)s级：%(people)s"), rung=part.told_rung, people=self._people(part))

    def _instead(self, first: FirstGap) -> str:
        rung, step, part = first.rung.rung, first.rung.step, first.instead
        which = self.say(N_("%(step)s%(at)s一级"), step=self.telling.title(step.title), at=self.rung_at(rung, step))
        if not part.people:
            return self.say(N_("届时%(which)s的提醒发不出去，别的各级也没有人。"), which=which)
        if part.is_empty:
            return self.say(N_("届时%(which)s的提醒将直接转给%(people)s。"), which=which, people=self._people(part))
        return self.say(N_("届时%(which)s的提醒只发给%(people)s。"), which=which, people=self._people(part))

    def _people(self, part: RungPart) -> str:
        return self.telling.phrases.names(f"{self.telling.role(one.role)} {one.card.name}" for one in part.people)

    def _moment(self, instant: datetime) -> str:
        phrases = self.telling.phrases
        return f"{gap_words.day_of(instant, phrases)} {phrases.time(instant)}"

    def _moment_past(self, instant: datetime) -> str:
        """With the year when it is not this one."""
        phrases, zone = self.telling.phrases, self.telling.phrases.zone
        if instant.astimezone(zone).year != self.telling.seen_at.astimezone(zone).year:
            return phrases.moment(instant)
        return f"{phrases.day(instant)} {phrases.time(instant)}"

    def _noon(self, day: date) -> datetime:
        return datetime.combine(day, time(12), self.telling.phrases.zone)
