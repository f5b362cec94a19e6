"""Handing over: signed by both, each what stood open then, each once."""

from datetime import datetime, timedelta

import pytest

from incident_clock.errors import Conflict, Forbidden, NotFound, Refusals
from incident_clock.ledger.fact import Actor
from incident_clock.people import handover, ledger
from incident_clock.people.duty_tables import Handover
from incident_clock.people.handover import OpenClock
from tests.people.duty_room import Duty, at, duty

__all__ = ["duty"]

ZHOU = Actor(name="周甲", role="duty_officer", key="zhou")
LI = Actor(name="李酉", role="duty_officer", key="li")
PHONE = OpenClock("2026-0001", "phone_report", at("12 14:25"))
PRESS = OpenClock("2026-0001", "press_conference", at("13 14:05"))
OTHER = OpenClock("2026-0002", "phone_report", at("12 14:20"))


def go(duty: Duty, *clocks: OpenClock, actor: Actor = ZHOU, incoming: str = "li", note: str | None = "区总值班室等回话",
       role: str = "duty_officer", now: datetime | None = None) -> int:
    return duty.do(lambda session: handover.sign_outgoing(
        session, role=role, incoming=incoming, note=note, clocks=clocks, actor=actor, now=now or duty.now))


def come(duty: Duty, record: int, *clocks: OpenClock, actor: Actor = LI) -> bool:
    later = duty.now + timedelta(minutes=5)
    return duty.do(lambda session: handover.sign_incoming(session, record, clocks=clocks, actor=actor, now=later))


def row(duty: Duty, record: int) -> Handover:
    with duty.store.read() as session:
        return session.get_one(Handover, record)


def signatures(duty: Duty) -> list[dict]:
    return [entry for entry in duty.entries() if entry["kind"] == "HandoverSigned"]


def test_each_side_signs_once_and_both_entries_name_what_stood_open(duty: Duty) -> None:
    record = go(duty, PHONE, PRESS)
    assert row(duty, record).incoming_signed_at is None
    assert come(duty, record, PHONE, PRESS)
    assert not come(duty, record, PHONE, PRESS)  # a second click
    first, second = signatures(duty)
    assert (first["body"]["side"], first["actor"], second["body"]["side"], second["actor"]) == (
        "outgoing", "周甲", "incoming", "李酉")
    assert [clock["step"] for clock in first["body"]["open_clocks"]] == ["phone_report", "press_conference"]
    assert first["body"]["note"] == "区总值班室等回话"
    assert "区总" not in first["canonical"]
    found = row(duty, record)
    assert (found.outgoing_signed_at, found.incoming_signed_at) == (duty.now, duty.now + timedelta(minutes=5))
    with duty.store.read() as session:
        assert ledger.verify(session).broken is None


def test_what_changed_between_the_two_signatures_stays_to_be_seen(duty: Duty) -> None:
    record = go(duty, PHONE, PRESS)
    come(duty, record, PRESS, OTHER)
    assert [(one.clock.key, one.seen_by) for one in handover.handed(row(duty, record))] == [
        (OTHER.key, ("incoming",)), (PHONE.key, ("outgoing",)), (PRESS.key, ("outgoing", "incoming"))]
    assert [[clock["incident"] for clock in entry["body"]["open_clocks"]] for entry in signatures(duty)] == [
        ["2026-0001", "2026-0001"], ["2026-0001", "2026-0002"]]


def test_a_double_post_of_the_outgoing_is_one_record(duty: Duty) -> None:
    assert go(duty, PHONE) == go(duty, PHONE)
    assert len(signatures(duty)) == 1


def test_a_new_record_takes_the_place_of_one_that_still_waits(duty: Duty) -> None:
    wrong = go(duty, incoming="han")
    right = go(duty, incoming="li")
    assert right != wrong
    with pytest.raises(Conflict, match="后来的一份"):
        come(duty, wrong, actor=Actor(name="韩子", role="duty_officer", key="han"))
    assert come(duty, right)
    assert go(duty, incoming="li") not in (wrong, right)  # signed by both: the next hand-over is another one


def test_two_who_share_a_duty_each_hand_over_their_own(duty: Duty) -> None:
    """主副班: domain 3.1 has two at a time."""
    zheng = Actor(name="郑丙", role="duty_leader", key="zheng")
    duty.add("zhou", "12 08:30", "13 08:30")
    duty.add("li", "12 08:30", "13 08:30")
    first, second = go(duty, incoming="wu"), go(duty, actor=LI, incoming="zheng")
    assert come(duty, second, actor=zheng)
    assert come(duty, first, actor=Actor(name="吴乙", role="duty_chief", key="wu"))


def test_who_is_not_on_duty_by_the_roster_hands_nothing_over(duty: Duty) -> None:
    duty.add("zhou", "12 08:30", "13 08:30")
    duty.add("li", "13 08:30", "14 08:30")
    with pytest.raises(Refusals) as refused:
        go(duty, actor=LI, incoming="zhou")
    assert [one.field for one in refused.value.refusals] == ["role"]


def test_records_of_different_roles_do_not_meet(duty: Duty) -> None:
    officer = go(duty)
    go(duty, actor=Actor(name="吴乙", role="duty_chief", key="wu"), incoming="qin", role="duty_chief")
    assert come(duty, officer)


@pytest.mark.parametrize(("given", "fields"), [
    ({"incoming": "zhou"}, ["incoming"]), ({"incoming": ""}, ["incoming"]), ({"incoming": "gone"}, ["incoming"]),
    ({"role": "head"}, ["role", "role"]), ({"role": "duty_chief"}, ["role"]), ({"note": "长" * 501}, ["note"]),
    ({"note": "a\0b", "incoming": "nobody"}, ["incoming", "note"]),
])
def test_what_cannot_be_right_is_told_all_at_once(duty: Duty, given: dict, fields: list[str]) -> None:
    with pytest.raises(Refusals) as refused:
        go(duty, **given)
    assert [each.field for each in refused.value.refusals] == fields
    assert signatures(duty) == []


def test_who_stands_in_for_the_role_now_may_hand_it_over(duty: Duty) -> None:
    duty.away("zheng", "12 00:00", "13 00:00", acting="wu")
    duty.add("zheng", "12 08:30", "13 08:30", role="duty_leader")
    assert go(duty, actor=Actor(name="吴乙", role="duty_chief", key="wu"), incoming="chu", role="duty_leader", note=None)


def test_only_the_one_who_was_named_takes_over(duty: Duty) -> None:
    record = go(duty)
    with pytest.raises(Forbidden, match="李酉"):
        come(duty, record, actor=ZHOU)
    with pytest.raises(NotFound):
        come(duty, 99)


def test_signed_by_many_at_once_it_is_signed_once(duty: Duty, at_once) -> None:
    records = at_once(lambda: go(duty, PHONE), 4)
    assert len(set(records)) == 1
    assert sorted(at_once(lambda: come(duty, records[0], PHONE), 4)) == [False, False, False, True]
    assert [entry["body"]["side"] for entry in signatures(duty)] == ["outgoing", "incoming"]
