"""A house with six people to take turns, and a roster of a week: who is on duty on which day of March 2026."""

from datetime import date, time

import pytest
from sqlalchemy.orm import Session

from incident_clock.people import planning, shifts
from incident_clock.people.duty_tables import Absence
from incident_clock.people.rest_days import RestDays
from incident_clock.people.tables import ContactMethod, Person
from tests.support.bureau import SHEN, ZONE
from tests.web.house import House, at

__all__ = ["at", "away", "hire", "lay_out", "rota", "staff"]

TURNS = {"duty_officer": ("zhou", "li"), "duty_chief": ("wu", "qin"), "duty_leader": ("zheng", "he")}


def hire(house: House, key: str, name: str, role: str, number: int, *, language: str = "zh") -> None:
    with house.assembly.store.write() as session:
        session.add(Person(key=key, name=name, unit="duty", roles=[role], stand_in=None, language=language,
                           is_active=True, position=100 + number))
        session.flush()
        session.add(ContactMethod(person=key, kind="mobile", address=f"+861380000012{number}", position=0))


def lay_out(house: House, *, until: int = 31) -> None:
    """Each role in turn from 12 March, 08:30, up to the hand-over after `until`. Today: 周甲, 吴乙, 郑丙."""
    with house.assembly.store.write() as session:
        for role, turn in TURNS.items():
            _first_day(session, role, turn[0])
            planned = planning.plan(role, planning.days_between(date(2026, 3, 13), date(2026, 3, until)),
                                    workday_turn=turn[::-1], restday_turn=[], handover_time=time(8, 30), zone=ZONE,
                                    day_kind=RestDays().kind)
            shifts.save_plan(session, planned, workday_turn=turn[::-1], restday_turn=(), actor=SHEN, now=at("14:05"))


def away(house: House, person: str, since: int, until: int, acting: str | None = None) -> None:
    """Leave from one midnight to another."""
    with house.assembly.store.write() as session:
        session.add(Absence(person=person, acting=acting, from_at=at("00:00", since), until_at=at("00:00", until),
                            reason="年假"))


def staff(house: House) -> None:
    """A second person for each rostered role."""
    for number, (key, name, role) in enumerate((("li", "李酉", "duty_officer"), ("qin", "秦寅", "duty_chief"),
                                                ("he", "何辰", "duty_leader"))):
        hire(house, key, name, role, number, language="en" if key == "li" else "zh")


@pytest.fixture
def rota(house: House) -> House:
    """周甲 and 李酉, 吴乙 and 秦寅, 郑丙 and 何辰 take turns, the first of each today. A module that imports it has it."""
    staff(house)
    lay_out(house)
    return house


def _first_day(session: Session, role: str, person: str) -> None:
    shifts.add_shift(session, role=role, person=person, from_at=at("08:30"), until_at=at("08:30", 13), actor=SHEN,
                     now=at("14:05"))
