"""Every trouble of the sandbox at once, against the real thing: web server, engine threads, Twilio's SDK, SMTP, callbacks.

Six people are told by SMS only, each on a number with a trouble of its own. Nothing is lost, the engine goes on
ticking, and everybody has a second way soon. One real half minute at most.
"""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update
from werkzeug.serving import make_server

from incident_clock.assembly import Assembly
from incident_clock.clock import SystemClock
from incident_clock.engine.runner import Parts, Runner
from incident_clock.ledger.chain import plain
from incident_clock.outbox.tables import Message
from incident_clock.people import roster
from incident_clock.people.tables import ContactMethod
from incident_clock.protocol.steps import AFTER
from incident_clock.registry import ledger
from incident_clock.registry.drafts import NewIncident
from incident_clock.sandbox.account import ACCOUNT_SID, AUTH_TOKEN, MAIL_FROM, NUMBER
from incident_clock.sandbox.phones import SMS
from incident_clock.sandbox.server import Sandbox
from incident_clock.store.session import Store
from incident_clock.web.app import create_app
from tests.channels.servers import free_port
from tests.support.bureau import ZHOU, ZONE, move_in, rung, small_rule
from tests.web.house import settings

TROUBLES = {"zhou": "30003", "wu": "21610", "zheng": "20429", "chen": "50300", "wang": "99000", "feng": "99030"}
ROLES = ("duty_officer", "duty_chief", "duty_leader", "publicity_chief", "deputy", "head")
WITHIN_S = 30.0  # the second way, after the first failure


class Town:
    """The product over a sandbox, both running."""

    def __init__(self, store: Store, folder: Path) -> None:
        port, clock = free_port(), SystemClock()
        self.box = Sandbox(port=0, smtp_port=free_port(), public_url=f"http://127.0.0.1:{port}", clock=clock, zone=ZONE,
                           pause_s=0.05)
        self.assembly = Assembly(settings(
            str(store.url), folder, public_url=f"http://127.0.0.1:{port}", channels=("sms", "email"),
            twilio_api_base_url=f"http://127.0.0.1:{self.box.port}", twilio_account_sid=ACCOUNT_SID,
            twilio_auth_token=SecretStr(AUTH_TOKEN), twilio_from=NUMBER, mail_from=MAIL_FROM,
            smtp_url=SecretStr(f"smtp://127.0.0.1:{self.box.mailboxes._server.port}")), clock)
        vars(self.assembly)["protocols"] = {"small": small_rule(rung(1, AFTER, 0, *ROLES, by=("sms",)))}
        self.web = make_server("127.0.0.1", port, create_app(self.assembly), threaded=True)
        self.ticks: list[float] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self.web.serve_forever), threading.Thread(target=self._run_engine)]

    def start(self) -> None:
        self.box.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        self.web.shutdown()
        for thread in self._threads:
            thread.join()
        self.web.server_close()
        self.box.stop()
        self.assembly.store.dispose()

    def _run_engine(self) -> None:
        a = self.assembly
        ticker, sender = a.ticker(), a.sender("engine-1")
        tick = ticker.tick

        class Counted:
            def tick(counted, now):  # type: ignore[no-untyped-def]
                self.ticks.append(time.monotonic())
                return tick(now)

        runner = Runner(Parts("engine-1", a.store, a.clock, Counted(), sender, a.looker(sender), a.auditor(), a.noticer()))
        ticker.after_batch = runner.nudge
        runner.run(self._stop)


@pytest.fixture
def town(sqlite_store: Store, tmp_path: Path) -> Iterator[Town]:
    move_in(sqlite_store, SystemClock().now())
    with sqlite_store.write() as session:
        for person, ending in TROUBLES.items():
            session.execute(update(ContactMethod).where(ContactMethod.person == person, ContactMethod.kind == "mobile")
                            .values(address=f"+86138000{ending}"))
    town = Town(sqlite_store, tmp_path)
    town.start()
    yield town
    town.stop()


def test_whatever_a_provider_does_everybody_is_told_and_no_answer_is_taken_for_another(town: Town) -> None:
    a = town.assembly
    began = time.monotonic()
    done = a.desk.register(NewIncident(title="广告牌坠落"), actor=ZHOU, now=a.clock.now())
    mails = {f"{person}@example.com" for person in TROUBLES}
    while {mail.to for mail in town.box.mailboxes.mails()} < mails and time.monotonic() - began < WITHIN_S:
        time.sleep(0.1)
    assert {mail.to for mail in town.box.mailboxes.mails()} == mails
    with a.store.read() as session:
        sms = {message.person: message for message in session.scalars(select(Message).where(Message.channel == "sms"))}
        entries = [plain(link) for link in ledger.links(session, done.incident_id)]
        wu = roster.person(session, "wu")
    assert {e["body"]["person"]: e["body"]["why"] for e in entries if e["kind"] == "FellBack"} == {
        "周甲": "undelivered", "吴乙": "refused", "郑丙": "failing", "陈己": "unknown", "王丁": "unknown", "冯戊": "unknown"}
    assert wu is not None
    assert next(contact for contact in wu.contacts if contact.kind == "mobile").failed_at is not None  # opted out: red
    assert sms["wu"].state == "failed"
    assert {person for person, one in sms.items() if one.may_be_copy} <= {"chen", "wang", "feng"}  # only where unknown
    assert sms["wang"].state in ("delivered", "accepted")  # the callback found what the cut connection had lost
    assert len(town.box.phones.to(sms["wang"].address, SMS)) == 1
    pauses = [later - before for before, later in zip(town.ticks, town.ticks[1:], strict=False)]
    assert max(pauses) < 10
