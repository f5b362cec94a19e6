"""The fictional bureau of the example file, the rules of `config/`, and the persons who act in tests."""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from incident_clock.ledger.fact import Actor
from incident_clock.people.importing import PeopleFile, read_people
from incident_clock.people.tables import ContactMethod, Directory, Person, Unit
from incident_clock.protocol.loading import load_protocol
from incident_clock.protocol.steps import AFTER, BEFORE_DUE, OVERDUE_BY, Repeat, ResponseProtocol, Rung, Step
from incident_clock.store.session import Store

CONFIG = Path(__file__).parents[2] / "config"
ZONE = ZoneInfo("Asia/Shanghai")

ZHOU = Actor(name="周甲", role="duty_officer", key="zhou")
WU = Actor(name="吴乙", role="duty_chief", key="wu")
WANG = Actor(name="王丁", role="deputy", key="wang")
SHEN = Actor(name="沈癸", role="admin", key="shen")

KEY_OF = {  # role → key of the one person who holds it
    "duty_officer": "zhou", "duty_chief": "wu", "duty_leader": "zheng", "publicity_chief": "chen", "deputy": "wang",
    "head": "feng", "office": "chu", "reporter": "wei", "squad": "jiang", "spokesman": "han", "auditor": "yang",
    "admin": "shen",
}
ROLE_OF = {key: role for role, key in KEY_OF.items()}


def actor(key: str) -> Actor:
    """A person of the example bureau as he acts in his own name."""
    card = next(card for card in _people().people if card.key == key)
    return Actor(card.name, card.roles[0], key)


def move_in(store: Store, now: datetime) -> None:
    """Load the people of `config/people.example.yaml`, as importing them does (`tests/people`), only quicker."""
    file = _people()
    with store.write() as session:
        session.execute(insert(Directory), [{"id": 1, "is_example": True, "source": "example", "imported_at": now}])
        session.execute(insert(Unit), [
            {"key": unit.key, "name": unit.name, "short_name": unit.short_name, "parent": unit.parent, "position": place}
            for place, unit in enumerate(file.units)])
        session.execute(insert(Person), [
            {"key": card.key, "name": card.name, "unit": card.unit, "roles": list(card.roles), "stand_in": card.stand_in,
             "language": card.language, "is_active": True, "position": place} for place, card in enumerate(file.people)])
        session.execute(insert(ContactMethod), [
            {"person": card.key, "kind": contact.kind, "address": contact.address, "position": place}
            for card in file.people for place, contact in enumerate(card.contacts)])


@cache
def rule(name: str = "district-emergency") -> ResponseProtocol:
    """One of the rules of `config/protocols`."""
    return load_protocol(CONFIG / "protocols" / f"{name}.yaml")


def small_rule(*rungs: Rung, key: str = "small", starts: str = "received", within: timedelta | None = None,
               steps: tuple[str, ...] = ("phone_report",)) -> ResponseProtocol:
    """A rule whose steps all have the same ladder; without rungs the one of `LADDER`."""
    ladder = rungs or LADDER
    titles = {"phone_report": "电话上报", "preliminary_report": "初步报告", "detailed_report": "详细报告"}
    return ResponseProtocol(key, "1", {"zh": "小规则", "en": "Small rule"}, "试", starts, tuple(
        Step(step, {"zh": titles[step], "en": step}, (within or timedelta(minutes=20)) * number, "call", ladder)
        for number, step in enumerate(steps, start=1)))


def rung(number: int, anchor: str, minutes: float, *tell: str, by: tuple[str, ...] | None = None,
         repeats: tuple[Repeat, ...] = (), answers: str | int | None = None) -> Rung:
    return Rung(number, anchor, timedelta(minutes=minutes), tell, by, repeats, answers)


LADDER = (
    rung(1, AFTER, 0, "duty_officer"),
    rung(2, BEFORE_DUE, 10, "duty_officer", "duty_chief"),
    rung(3, BEFORE_DUE, 5, "duty_leader"),
    rung(4, OVERDUE_BY, 1, "head", repeats=(Repeat(timedelta(minutes=5), 2), Repeat(timedelta(minutes=30)))),
)


@cache
def _people() -> PeopleFile:
    return read_people(CONFIG / "people.example.yaml")
