"""A tiny language for requirements in prose: who does what when, and who hears of it.

`story.register().after(minutes=21).expect(to="deputy", saying="超时")`. Times are the bureau's; `after` counts from
T0 of the incident last spoken of, `at` is the next time the clock shows that. What is expected is about the span
since the story last moved on. People are named by the role they have in the example bureau, whatever the roster says.
"""

from datetime import datetime, timedelta
from datetime import time as clock
from typing import Self

from incident_clock.errors import Refusal
from incident_clock.ledger.fact import Actor
from incident_clock.outbox import incoming, queue
from incident_clock.phrases import Phrases
from incident_clock.registry import calls
from incident_clock.views.message_shapes import StepCalls
from tests.support import roster
from tests.support.bureau import KEY_OF, ROLE_OF, ZHOU, ZONE
from tests.support.room import Room
from tests.support.telling import ARRIVES, Told


class Story:
    """One duty room, told step by step."""

    def __init__(self, room: Room) -> None:
        self.room, self.number, self.refusal = room, "", ""
        self._is_engine_up = True
        self._heard: dict[str, int] = {}  # channel → letters that came before the story last moved on

    # ── people ──────────────────────────────────────────────────────────────────
    def register(self, title: str = "青禾路户外广告牌被大风刮落伤人", *, received: str | None = None,
                 occurred: str | None = None, by: Actor = ZHOU, **fields: object) -> Self:
        self.number = self.room.register(title, actor=by, received_at=self._past(received),
                                         occurred_at=self._past(occurred), **fields)
        return self

    def about(self, number: str) -> Self:
        """Speak of another incident."""
        self.number = number
        return self

    def log(self, step: str = "phone_report", *, done: str | None = None, by: Actor = ZHOU, **fields: object) -> Self:
        return self._try(lambda: self.room.log(self.number, step, actor=by, done_at=self._past(done), **fields))

    def withdraw(self, step: str = "phone_report", *, by: Actor = ZHOU, reason: str | None = None) -> Self:
        return self._try(lambda: self.room.withdraw(self.number, step, reason, actor=by))

    def close(self, *, by: Actor = ZHOU) -> Self:
        return self._try(lambda: self.room.desk.close(self.number, None, actor=by, now=self.room.now))

    def expect_refusal(self, saying: str) -> Self:
        assert saying in self.refusal, self.refusal or "it was not refused"
        self.refusal = ""
        return self

    def acknowledge(self, who: str, *, how: str = calls.PAGE, by: Actor | None = None, step: str | None = None) -> Self:
        """He says that he has received it; `by`: an officer who rang him says so."""
        return self._try(lambda: self.room.acknowledge(self.number, KEY_OF[who], how=how, step=step, actor=by))

    def reply(self, who: str, text: str) -> Self:
        """A text message comes in from his number; what it is answered is a refusal unless it counted."""
        number = NUMBER_OF[KEY_OF[who]]
        before = len(self.room.answers(number))
        if self.room.text(number, text) != incoming.ACKNOWLEDGED:
            self.refusal = "".join(self.room.answers(number)[before:]) or "（没有答复）"
        return self

    def resend(self, who: str, *, rung: int, step: str = "phone_report", by: Actor = ZHOU) -> Self:
        """An officer has his last message of a rung sent once more."""
        return self._try(lambda: self.room.desk.resend(self.number, step, rung, KEY_OF[who], actor=by, now=self.room.now))

    # ── the roster and the directory ────────────────────────────────────────────
    def on_duty(self, role: str, *, who: str, since: str, until: str) -> Self:
        """A shift: it began when the clock last showed `since` and ends when it next shows `until` after that."""
        begin = self._past_or_now(since)
        roster.on_shift(self.room.store, role, KEY_OF[who], begin, self._next(until, begin))
        return self

    def on_duty_next(self, role: str, *, who: str, since: str, until: str) -> Self:
        """A shift that is still to come."""
        begin = self._next(since, self.room.now)
        roster.on_shift(self.room.store, role, KEY_OF[who], begin, self._next(until, begin))
        return self

    def on_leave(self, who: str, *, acting: str | None = None, until: str = "08:30") -> Self:
        """From now on he is away."""
        roster.away(self.room.store, KEY_OF[who], self.room.now, self._next(until, self.room.now),
                    KEY_OF[acting] if acting else None)
        return self

    def cover(self, role: str, *, who: str, instead_of: str, until: str) -> Self:
        """From now on one does the duty of another (替班)."""
        roster.cover(self.room.store, role, KEY_OF[who], KEY_OF[instead_of], self.room.now,
                     self._next(until, self.room.now))
        return self

    def swap(self, role: str, one: str, other: str, *, at: str, until: str) -> Self:
        """Two exchange their shifts (调班): till `at` the other does what is left of the one's, from then the reverse."""
        change = self._next(at, self.room.now)
        roster.cover(self.room.store, role, KEY_OF[other], KEY_OF[one], self.room.now, change, swap="1")
        roster.cover(self.room.store, role, KEY_OF[one], KEY_OF[other], change, self._next(until, change), swap="1")
        return self

    def nobody_reaches(self, *who: str) -> Self:
        """They have neither number nor mailbox any more."""
        for one in who:
            roster.without(self.room.store, KEY_OF[one], "mobile", "email")
        return self

    def one_phone(self, who: str, *, of: str) -> Self:
        """He is reached on the other's number."""
        roster.share_phone(self.room.store, KEY_OF[who], NUMBER_OF[KEY_OF[of]])
        return self

    def budget(self, messages: int) -> Self:
        """So many text messages a day to one number."""
        self.room.ticker.daily_budget = messages
        return self

    # ── time and trouble ────────────────────────────────────────────────────────
    def after(self, **span: float) -> Self:
        return self._move(self.room.incident(self.number).clock_started_at + timedelta(**span))

    def at(self, time: str) -> Self:
        there = self._local(time)
        return self._move(there if there >= self.room.now else there + timedelta(days=1))

    def engine_down(self) -> Self:
        self._is_engine_up = False
        return self

    def engine_up(self) -> Self:
        """A new engine, as after `kill -9`: it proves the old one dead and frees its leases."""
        with self.room.store.write() as session:
            queue.rescue(session, is_lost=lambda message: True, now=self.room.now)
        self._is_engine_up = True
        return self._move(self.room.now)

    def engine_dies_while_sending(self) -> Self:
        """It has claimed what is due; nobody knows whether the letters left."""
        self.room.tick()
        self.room.sender.claim(100)
        return self.engine_down()

    def channel(self, name: str, *, fails: str | None) -> Self:
        """From now on a channel fails in one way; None: it works."""
        self.room.channels[name].fate = lambda letter: fails or ARRIVES
        return self

    # ── what is expected ────────────────────────────────────────────────────────
    def expect(self, *, to: str, saying: str = "", step: str | None = None, kind: str | None = None, times: int = 1,
               is_copy: bool = False) -> Self:
        """So many letters to the holder of a role, each with that wording."""
        found = [told for told in self._news() if self._role(told) == to and saying in told.text
                 and step in (None, told.step) and kind in (None, told.kind) and told.is_copy == is_copy]
        assert len(found) == times, f"{len(found)} letters to {to} saying {saying}; heard: {self._report()}"
        return self

    def expect_nobody_but(self, *roles: str) -> Self:
        assert {self._role(told) for told in self._news()} == set(roles), self._report()
        return self

    def expect_silence(self) -> Self:
        assert self._news() == [], self._report()
        return self

    def expect_standing(self, standing: str, step: str = "phone_report", *, late: int | None = None) -> Self:
        verdict = next(s for s in self.room.views.incident(self.number, self.room.now).steps if s.key == step).verdict
        assert verdict.standing.value == standing
        assert late in (None, verdict.late_minutes), verdict
        return self

    def expect_record(self, kind: str, **body: object) -> Self:
        """The last entry of that kind holds these facts."""
        last = self.room.entries(self.number, kind)[-1]["body"]
        assert {name: last[name] for name in body} == body
        return self

    def expect_answered(self, *who: str, step: str = "phone_report") -> Self:
        """These, and nobody else, have answered and are left alone for now."""
        assert self._answers(step, is_outstanding=False) == set(who)
        return self

    def expect_unanswered(self, *who: str, step: str = "phone_report") -> Self:
        """谁没回: these, and nobody else."""
        assert self._answers(step, is_outstanding=True) == set(who)
        return self

    def expect_lacking(self, lacking: dict[int, int], step: str = "phone_report") -> Self:
        """Rung → how many answers it still asks for."""
        assert self._calls(step).lacking == lacking
        return self

    def expect_why(self, who: str, **because: object) -> Self:
        """Why his last message went to him."""
        last = self.room.messages(person=KEY_OF[who])[-1]
        assert {name: last.because[name] for name in because} == because
        return self

    # ── within ──────────────────────────────────────────────────────────────────
    def _try(self, verb) -> Self:
        assert not self.refusal, self.refusal
        try:
            verb()
        except Refusal as refusal:
            self.refusal = Phrases("zh", ZONE).refusal(refusal, seen=self.room.now)
        return self

    def _move(self, to: datetime) -> Self:
        assert not self.refusal, self.refusal
        self._heard = {name: len(channel.told) for name, channel in self.room.channels.items()}
        if self._is_engine_up:
            self.room.work_until(to)
        else:
            self.room.clock.move_to(to)
        return self

    def _news(self) -> list[Told]:
        news = (told for name, channel in self.room.channels.items() for told in channel.told[self._heard.get(name, 0):])
        return sorted(news, key=lambda told: told.at)

    def _calls(self, step: str) -> StepCalls:
        return next(one for one in self.room.views.step_calls(self.number, self.room.now) if one.step == step)

    def _answers(self, step: str, *, is_outstanding: bool) -> set[str]:
        return {ROLE_OF[call.person.key] for call in self._calls(step).calls if call.is_outstanding == is_outstanding}

    def _report(self) -> str:
        return "; ".join(f"{told.at.astimezone(ZONE):%H:%M:%S} {self._role(told)}: {told.text}" for told in self._news())

    def _role(self, told: Told) -> str:
        """The role of the person an address belongs to: …0001 and zhou@ are the first of the example bureau."""
        key = told.to.split("@")[0]
        return ROLE_OF[key] if key in ROLE_OF else NUMBERS[told.to]

    def _local(self, time: str) -> datetime:
        return datetime.combine(self.room.now.astimezone(ZONE).date(), clock.fromisoformat(time), ZONE)

    def _next(self, time: str, after: datetime) -> datetime:
        """The first time behind `after` that the clock shows that."""
        there = datetime.combine(after.astimezone(ZONE).date(), clock.fromisoformat(time), ZONE)
        return there if there > after else there + timedelta(days=1)

    def _past_or_now(self, time: str) -> datetime:
        there = self._local(time)
        return there if there <= self.room.now else there - timedelta(days=1)

    def _past(self, time: str | None) -> datetime | None:
        """The last time the clock showed that."""
        if time is None:
            return None
        there = self._local(time)
        return there if there <= self.room.now + timedelta(minutes=2) else there - timedelta(days=1)


ORDER = ("zhou", "wu", "zheng", "chen", "wang", "feng", "chu", "wei", "jiang", "han", "yang", "shen")
NUMBER_OF = {key: f"+86138000000{place:02d}" for place, key in enumerate(ORDER, start=1)}
NUMBERS = {number: ROLE_OF[key] for key, number in NUMBER_OF.items()}
assert set(ORDER) == set(KEY_OF.values())
