"""A whole house for the pages: the real assembly on a SQLite file, the example bureau, a clock the test moves.

`House.play` lets the real engine tick and send second by second where something is due; `billboard` plays S02 of
the scenarios to 14:50:12, the instant the design was drawn at.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from pydantic import SecretStr
from sqlalchemy import insert

from incident_clock.assembly import Assembly
from incident_clock.channels.catalog import CATALOG
from incident_clock.clock import VirtualClock
from incident_clock.engine import beating
from incident_clock.ledger.fact import Actor
from incident_clock.people import sign_in
from incident_clock.protocol.loading import load_protocols
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry.drafts import NewIncident, StepLog
from incident_clock.registry.tables import NumberSeries
from incident_clock.settings import ROOT, Settings
from tests.support.applications import given_back, lent
from tests.support.bureau import WU, ZHOU, ZONE, move_in
from tests.support.databases import kept_store
from tests.web.forms_of import forms_of


class _Compiled(BytecodeCache):
    """Templates compiled once for all tests."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = _Compiled()


@cache
def rules() -> Mapping[str, ResponseProtocol]:
    return load_protocols(ROOT / "config/protocols/district-emergency.yaml", ROOT / "config/protocols",
                          known_channels=tuple(CATALOG))


def at(clock: str, day: int = 12) -> datetime:
    """`14:05` or `14:50:12` of 12 March 2026 in Shanghai, as UTC."""
    hour, minute, *second = (int(part) for part in clock.split(":"))
    return datetime(2026, 3, day, hour, minute, *second, tzinfo=ZONE).astimezone(UTC)


def settings(database_url: str, folder: Path, **changed: object) -> Settings:
    """Settings that take nothing from the machine's environment."""
    return Settings.model_construct(**{
        **{name: field.default for name, field in Settings.model_fields.items() if not field.is_required()},
        "root": folder, "database_url": database_url, "secret_key": SecretStr("only-for-tests-" * 3),
        "public_url": "http://127.0.0.1:8000", "protocol": ROOT / "config/protocols/district-emergency.yaml",
        "protocols": ROOT / "config/protocols", **changed})


class House:
    """An assembly whose clock is `clock`, and the application over it."""

    def __init__(self, assembly: Assembly, clock: VirtualClock) -> None:
        vars(assembly).update(protocols=rules(), store=kept_store(assembly.settings.database_url))  # once for all tests
        self.assembly, self.clock, self.app = assembly, clock, lent(assembly)
        self.app.jinja_env.bytecode_cache = COMPILED
        self.s02 = ""
        self._ticker, self._sender = assembly.ticker(), assembly.sender("test-engine")

    @classmethod
    def over(cls, database_url: str, folder: Path, *, now: datetime, **changed: object) -> "House":
        """The house over a database that holds people already."""
        clock = VirtualClock(now)
        return cls(Assembly(settings(database_url, folder, **changed), clock), clock)

    @classmethod
    def open(cls, database_url: str, folder: Path, *, now: datetime | None = None, **changed: object) -> "House":
        """The house over an empty database, which gets the example bureau."""
        house = cls.over(database_url, folder, now=now or at("13:30"), **changed)
        move_in(house.assembly.store, house.clock.now())
        return house

    def close(self) -> None:
        self.assembly.store.dispose()
        given_back(self.app)

    def play(self, until: datetime) -> None:
        """Let the engine work up to `until`; it has ticked two seconds before that instant."""
        while (wake := self._ticker.tick(self.clock.now()).wake_at) and wake <= until:
            self._sender.turn()
            self.clock.move_to(max(wake, self.clock.now()))
        self._sender.turn()
        self.clock.move_to(until)
        self.beat(until - timedelta(seconds=2))

    def beat(self, ticked_at: datetime) -> None:
        with self.assembly.store.write() as session:
            beating.beat(session, engine="test-engine", started_at=at("08:00"), ticked_at=ticked_at, now=ticked_at)
            beating.record_audit(session, engine="test-engine", problem="", now=ticked_at)

    def register(self, title: str, **fields: object) -> str:
        """Register an incident as 周甲 at the present instant; gives its number."""
        done = self.assembly.desk.register(NewIncident(title=title, **fields), actor=ZHOU, now=self.clock.now())
        return done.number

    def log(self, number: str, step: str, done_at: datetime, *, actor: Actor = ZHOU, **fields: object) -> None:
        self.assembly.desk.log_step(number, step, StepLog(done_at=done_at, **fields), actor=actor, now=self.clock.now())

    def count_from(self, year: int, *, incident: int = 0, drill: int = 0) -> None:
        """Let numbers go on after these."""
        with self.assembly.store.write() as session:
            session.execute(insert(NumberSeries), [{"series": "incident", "year": year, "last": incident},
                                                   {"series": "drill", "year": year, "last": drill}])

    def link(self, person: str) -> str:
        """The path of a fresh one-time sign-in link."""
        with self.assembly.store.write() as session:
            return f"/sign-in/{sign_in.issue_link(session, person, self.clock.now())}"

    def client(self, person: str | None = None) -> "Visitor":
        """A browser without a window; signed in as `person` when one is named."""
        visitor = Visitor(self.app, self.app.response_class, use_cookies=True)
        if person is not None:
            link = self.link(person)
            visitor.submit(link, {}, page=link)
        return visitor


class Visitor(FlaskClient):
    """A test client that fills in forms as a person does: the hidden fields come from the page it looked at."""

    def submit(self, path: str, fields: dict[str, str], *, page: str, **more: object):
        """Open `page`, find the form that posts to `path`, send it with `fields` over what it holds."""
        shown = self.get(page)
        actions = {form.action: form for form in forms_of(shown.text)}
        assert path in actions, f"{page} has no form for {path}, only {sorted(actions)}"
        return self.post(path, data={**actions[path].fields, **fields}, **more)


def billboard(house: House) -> str:
    """S02 at 14:50:12: received 14:05, phoned 14:20, one late entry; three more incidents around it."""
    house.count_from(2026, incident=34, drill=4)
    house.clock.move_to(at("13:31"))
    house.play(at("13:42"))
    first = house.register("文昌桥头井盖破损致行人摔伤", received_at=at("13:42"), source="中队或现场电话", place="文昌桥头")
    house.play(at("13:58"))
    house.log(first, "phone_report", at("13:57"), report_to="区总值班室 钱值班员")
    house.play(at("14:07"))
    number = house.register(
        "青禾路户外广告牌被大风刮落伤人", received_at=at("14:05"), occurred_at=at("13:50"), first_online_at=None,
        place="青禾路与文昌街路口东北侧", source="12345热线", summary="2人受伤送医，1辆电动自行车受损",
        event_grade="一般", opinion_grade="较大", category="accident", first_learned_by="热线值班")
    house.play(at("14:20"))
    drill = house.register("古城灯会人员拥挤舆情处置演练", received_at=at("14:20"), source="网上巡查", is_drill=True)
    house.play(at("14:21"))
    house.log(number, "phone_report", at("14:20"), report_to="区总值班室 钱值班员", evidence="话单 0312-07",
              note="已复述核对")
    house.play(at("14:33"))
    house.log(drill, "phone_report", at("14:31"), report_to="模拟总值班室", actor=WU)
    house.log(drill, "preliminary_report", at("14:22"), report_to="模拟总值班室", reason="先手写，后补录", actor=WU)
    house.play(at("14:50:12"))
    return number
