"""A duty room put together by hand from the real parts, on a virtual clock: desk, one engine, recording channels."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from incident_clock.casework import CaseDesk
from incident_clock.clock import VirtualClock
from incident_clock.engine.auditor import Auditor
from incident_clock.engine.looking import Looker
from incident_clock.engine.noticing import Noticer
from incident_clock.engine.receiving import Receiver
from incident_clock.engine.settling import Settler
from incident_clock.engine.tick import Ticked, Ticker
from incident_clock.inbox import Inbox
from incident_clock.ledger.chain import plain
from incident_clock.ledger.fact import Actor
from incident_clock.outbox import queue, tracking, wording
from incident_clock.outbox.messages import ANSWER
from incident_clock.outbox.sender import Sender
from incident_clock.outbox.tables import IncomingText, Message
from incident_clock.phrases import Phrases
from incident_clock.protocol.standing import EXPLAINED_AFTER
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry import calls, ledger
from incident_clock.registry.decisions import Approval
from incident_clock.registry.drafts import NewIncident, StepLog
from incident_clock.registry.tables import Called, Deadline, Incident
from incident_clock.store.session import Store
from incident_clock.views.reading import Views
from incident_clock.views.shapes import IncidentView
from tests.support import bureau
from tests.support.telling import RecordingChannel, Told

SECRET = "a secret of the tests"
LINK = "http://127.0.0.1:8000/incidents/"


class Room:
    """The bureau is loaded, the clock stands at `now`. `engine` names the engine whose turns are taken; with
    `falls_back` a message that does not surely arrive is followed by another way, as in the product."""

    def __init__(self, store: Store, now: datetime, *rules: ResponseProtocol,
                 channels: Sequence[str] = ("sms", "email"), engine: str = "engine-1", falls_back: bool = False) -> None:
        rules = rules or (bureau.rule(), bureau.rule("general-48h"))
        self.store, self.clock = store, VirtualClock(now)
        bureau.move_in(store, now)
        self.channels = {name: RecordingChannel(name, self.clock) for name in channels}
        self.desk = CaseDesk(store, {rule.key: rule for rule in rules}, rules[0].key, bureau.ZONE)
        self.ticker = Ticker(store, lambda session: self.channels, bureau.ZONE)
        self._texts = 0
        self._look_around = self.ticker.look_around if falls_back else None
        self.sender = self.another_sender(engine)
        self.receiver = Receiver(store, self.ticker.look_around, partial(tracking.read, SECRET))
        self.inbox = Inbox(store, self.ticker.look_around, partial(Phrases, zone=bureau.ZONE), "zh",
                           partial(tracking.read, SECRET))
        self.looker = Looker(store, self.channels, self.receiver, self.sender.letter_again)
        self.auditor = Auditor(store)
        self.noticer = Noticer(store, bureau.ZONE, lambda session: self.channels, lambda session, now: (),
                               lambda gaps, language, now: {})
        self.views = Views(store, bureau.ZONE, self.text_of, lambda: ())

    def another_sender(self, engine: str) -> Sender:
        return Sender(self.store, self.channels, self.clock, engine, self.text_of, partial(Phrases, zone=bureau.ZONE),
                      lambda: None, Settler(self.store, self._look_around).settle,
                      tracking=partial(tracking.sign, SECRET))

    def text_of(self, message: Message, now: datetime) -> str:
        return wording.text(message, Phrases(message.language, bureau.ZONE), now=now,
                            link=LINK + message.facts["number"])

    @property
    def now(self) -> datetime:
        return self.clock.now()

    # ── what people do ──────────────────────────────────────────────────────────
    def register(self, title: str = "青禾路户外广告牌被大风刮落伤人", *, actor: Actor = bureau.ZHOU, **fields: object) -> str:
        """Register now; gives the number."""
        return self.desk.register(NewIncident(title=title, **fields), actor=actor, now=self.now).number

    def log(self, number: str, step: str = "phone_report", *, actor: Actor = bureau.ZHOU, **fields: object) -> None:
        """A person logs a step; a late entry is given the reason and the evidence it needs."""
        self.desk.log_step(number, step, StepLog(**{**explained(fields.get("done_at"), self.now), **fields}),
                           actor=actor, now=self.now)

    def withdraw(self, number: str, step: str = "phone_report", reason: str | None = "记错了事件", *,
                 actor: Actor = bureau.ZHOU) -> None:
        self.desk.withdraw(number, step, reason, actor=actor, now=self.now)

    def waive(self, number: str, step: str = "press_conference", *, actor: Actor = bureau.ZHOU) -> None:
        """A step is not carried out, as somebody with the power to has approved."""
        self.desk.waive(number, step, Approval(approver="李某", approver_unit="区委宣传部", reason="以书面发布代替",
                                               document="云宣函〔2026〕3号"), actor=actor, now=self.now)

    def transfer(self, number: str, step: str, *, accepted_by: str | None = None) -> None:
        """A step and those behind it are offered to another unit; with `accepted_by` it takes them at once."""
        self.desk.offer_transfer(number, step, "区卫健局", Approval(approver="王丁", reason="由主管单位统一办理"),
                                 actor=bureau.ZHOU, now=self.now, accepted_by=accepted_by)

    def acknowledge(self, number: str, person: str, *, how: str = "page", step: str | None = None,
                    actor: Actor | None = None) -> None:
        """A person says that he has received his calls; `actor`: who says so for him."""
        self.desk.acknowledge(number, person, how=how, step=step, actor=actor or bureau.actor(person), now=self.now)

    def text(self, address: str, text: str, *, provider_id: str | None = None, gateway: str = "twilio") -> str:
        """A text comes in; gives what was done with it. Without an id it is a new one."""
        self._texts += 1
        known = provider_id or f"SM{self._texts}"
        self.inbox.take(gateway=gateway, provider_id=known, address=address, text=text, now=self.now)
        with self.store.read() as session:
            return session.scalars(select(IncomingText.outcome).filter_by(gateway=gateway, provider_id=known)).one()

    def answers(self, address: str) -> list[str]:
        """What was answered to the texts of a number, in order."""
        return [str(message.facts["sms"]) for message in self.messages(kind=ANSWER, address=address)]

    # ── time ────────────────────────────────────────────────────────────────────
    def tick(self) -> Ticked:
        return self.ticker.tick(self.now)

    def send(self) -> int:
        """Turns of the sender until nothing may go; gives how many were tried."""
        tried = 0
        while turn := self.sender.turn():
            tried += turn
        return tried

    def wait(self, **span: float) -> "Room":
        """Let time pass with nobody at work."""
        self.clock.advance(timedelta(**span))
        return self

    def work(self, **span: float) -> "Room":
        """Let time pass with the engine at work, instant by instant."""
        return self.work_until(self.now + timedelta(**span))

    def work_until(self, end: datetime) -> "Room":
        while True:
            wake_at = self.tick().wake_at
            self.send()
            instants = [at for at in (wake_at, self.next_try_at()) if at is not None and self.now < at <= end]
            if not instants:
                break
            self.clock.move_to(min(instants))
        self.clock.move_to(end)
        return self

    def next_try_at(self) -> datetime | None:
        with self.store.read() as session:
            return queue.next_try_at(session)

    # ── what is seen ────────────────────────────────────────────────────────────
    @property
    def told(self) -> list[Told]:
        """Every letter that arrived, in order."""
        return sorted((told for channel in self.channels.values() for told in channel.told), key=lambda told: told.at)

    def messages(self, **where: object) -> list[Message]:
        with self.store.read() as session:
            return list(session.scalars(select(Message).filter_by(**where).order_by(Message.id)))

    def message(self, **where: object) -> Message:
        found = self.messages(**where)
        assert len(found) == 1, f"{len(found)} messages where {where}"
        return found[0]

    def entries(self, number: str, kind: str | None = None) -> list[dict]:
        """The ledger as the export shows it."""
        with self.store.read() as session:
            found = [plain(link) for link in ledger.links(session, self.incident(number).id)]
        return [entry for entry in found if kind in (None, entry["kind"])]

    def incident(self, number: str) -> Incident:
        with self.store.read() as session:
            return session.scalars(select(Incident).where(Incident.number == number)).unique().one()

    def numbers(self) -> list[str]:
        """Of every incident, in order."""
        with self.store.read() as session:
            return list(session.scalars(select(Incident.number).order_by(Incident.id)))

    def calls(self, number: str, step: str = "phone_report") -> dict[tuple[int, str], Called]:
        """(rung, person) → the row of everybody called on a step."""
        with self.store.read() as session:
            return {(row.rung, row.person): row for row in calls.called(session, self.incident(number).id, step)}

    def view(self, number: str) -> IncidentView:
        """The incident as the page shows it now."""
        return self.views.incident(number, self.now)

    def deadline(self, number: str, step: str = "phone_report") -> Deadline:
        with self.store.read() as session:
            return session.scalars(select(Deadline).join(Incident)
                                   .where(Incident.number == number, Deadline.step == step)).one()


def explained(done_at: object, now: datetime) -> dict[str, str]:
    """What an entry so long after the fact must say besides."""
    is_late = isinstance(done_at, datetime) and now - done_at > EXPLAINED_AFTER
    return {"reason": "断网，事后补记", "evidence": "纸质值班记录"} if is_late else {}
