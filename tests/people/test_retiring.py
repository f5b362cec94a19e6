"""Who leaves while he is on the roster: his shifts are his B角's; where there is none, he stays until somebody has them."""

import pytest

from incident_clock.errors import Conflict
from incident_clock.people import directory, roster
from incident_clock.people.readiness import gaps
from incident_clock.protocol.steps import AFTER
from tests.people.duty_room import ACTOR, Duty, at, duty
from tests.support.bureau import rung, small_rule

__all__ = ["duty"]

RULE = small_rule(rung(1, AFTER, 0, "duty_officer"))


def retire(duty: Duty, key: str) -> None:
    duty.do(lambda session: directory.retire_person(session, key, actor=ACTOR, now=duty.now))


def test_his_shifts_are_his_stand_ins(duty: Duty) -> None:
    duty.add("zhou", "13 08:30", "14 08:30")
    retire(duty, "zhou")
    with duty.store.read() as session:
        [holder] = roster.who_is(session, "duty_officer", at("13 09:00"))
        seen = gaps(roster.duty_book(session, at("13 08:30"), at("14 08:30")), (RULE,), channels=("sms",),
                    since=at("13 08:30"), until=at("14 08:30"))
    assert (holder.card.key, holder.why, holder.of) == ("han", "stand_in", "zhou")
    assert seen == ()  # the board calls him too


def test_without_a_stand_in_it_is_refused_with_the_first_shift_and_how_many(duty: Duty) -> None:
    duty.add("li", "13 08:30", "14 08:30")
    duty.add("li", "15 08:30", "16 08:30")
    with pytest.raises(Conflict, match="李酉还有2个班没有人接"):
        retire(duty, "li")
    assert duty.on_duty("13 16:00") == ["li"]


def test_a_cover_is_enough(duty: Duty) -> None:
    duty.add("li", "13 08:30", "14 08:30")
    duty.cover("zhou", "li", "13 08:30", "14 08:30")
    retire(duty, "li")
    assert duty.on_duty("13 09:00") == ["zhou"]
