"""Registering: four times kept apart, T0 by the rule, the stamped rule, duplicates, and what a refusal leaves behind."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from incident_clock.errors import Conflict, Invalid, NotFound, Refusals
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry import incidents
from incident_clock.registry.drafts import NewIncident
from incident_clock.registry.tables import Incident, LedgerEntry, NumberSeries
from tests.support.bureau import ZHOU, small_rule
from tests.support.room import Room

OCCURRED, ONLINE, RECEIVED = (datetime(2026, 3, 12, 5, minute, 30, 123456, tzinfo=UTC) for minute in (50, 55, 59))


def test_the_four_times_are_kept_apart_to_the_microsecond(room: Room, now: datetime):
    number = room.register(occurred_at=OCCURRED, first_online_at=ONLINE, received_at=RECEIVED)
    found = room.incident(number)
    assert (found.occurred_at, found.first_online_at, found.received_at, found.registered_at) == \
        (OCCURRED, ONLINE, RECEIVED, now)
    (entry,) = room.entries(number)
    assert entry["kind"] == "IncidentRegistered"
    assert {name: datetime.fromisoformat(entry["body"][name]) for name in
            ("occurred_at", "first_online_at", "received_at", "registered_at", "clock_started_at")} == {
        "occurred_at": OCCURRED, "first_online_at": ONLINE, "received_at": RECEIVED, "registered_at": now,
        "clock_started_at": RECEIVED}


def test_a_time_nobody_knows_stays_unknown(room: Room, now: datetime):
    found = room.incident(room.register())
    assert (found.occurred_at, found.first_online_at) == (None, None)
    assert (found.received_at, found.registered_at) == (now, now)


@pytest.mark.parametrize(("starts", "occurred_at", "expected"), [
    ("received", OCCURRED, "received"), ("received", None, "received"), ("occurred", OCCURRED, "occurred"),
    ("occurred", None, "received"), ("registered", OCCURRED, "registered"), ("registered", None, "registered"),
])
def test_t0_is_what_the_rule_says(store, now, starts, occurred_at, expected):
    room = Room(store, now, small_rule(starts=starts))
    number = room.register(occurred_at=occurred_at, received_at=RECEIVED)
    t0 = {"received": RECEIVED, "occurred": OCCURRED, "registered": now}[expected]
    assert room.incident(number).clock_started_at == t0
    assert room.deadline(number).due_at == t0 + timedelta(minutes=20)
    assert room.deadline(number).next_rung_at == t0


def test_the_five_steps_are_due_when_the_notice_says(room: Room, now: datetime):
    number = room.register(received_at=now)
    assert [(step.key, step.due_at - now) for step in room.views.incident(number, now).steps] == [
        ("phone_report", timedelta(minutes=20)), ("preliminary_report", timedelta(hours=1)),
        ("detailed_report", timedelta(hours=2)), ("release", timedelta(hours=5)),
        ("press_conference", timedelta(hours=24))]


def test_registering_late_does_not_move_t0(room: Room, now: datetime):
    received = now - timedelta(minutes=75)
    number = room.register(received_at=received)
    assert room.incident(number).clock_started_at == received
    assert [step.standing.value for step in room.views.incident(number, now).steps] == \
        ["overdue", "overdue", "waiting", "waiting", "waiting"]


def test_an_incident_keeps_the_rule_it_was_registered_under(room: Room, now: datetime):
    number = room.register()
    again = small_rule(key="district-emergency")
    room.desk = type(room.desk)(room.store, {again.key: again}, again.key, room.desk.zone)
    newer = room.register()
    with room.store.read() as session:
        kept = [incidents.rule_of(session.scalars(select(Incident).where(Incident.number == n)).unique().one())
                for n in (number, newer)]
    assert [len(rule.steps) for rule in kept] == [5, 1]
    hashes = [room.entries(n)[0]["body"]["protocol"]["hash"] for n in (number, newer)]
    assert hashes == [rule.content_hash() for rule in kept]


def test_a_stamped_rule_reads_back_exactly_as_it_was(room: Room):
    number = room.register(protocol="general-48h")
    rule = room.desk.protocols["general-48h"]
    assert ResponseProtocol.from_stamp(room.incident(number).protocol.stamp) == rule


def test_an_unknown_rule_is_refused_with_the_rules_there_are(room: Room):
    with pytest.raises(Invalid) as refused:
        room.register(protocol="district-emergancy")
    assert refused.value.field == "protocol"
    assert refused.value.params["keys"] == ["district-emergency", "general-48h"]


def test_a_refused_registration_writes_nothing(room: Room):
    with pytest.raises(Refusals):
        room.register(title="")
    with room.store.read() as session:
        for table in (Incident, LedgerEntry, NumberSeries):
            assert session.scalar(select(func.count()).select_from(table)) == 0


# ── possible duplicates are told, never refused ───────────────────────────────────────────────────────────


def register(room: Room, **fields: object) -> tuple[str, ...]:
    new = NewIncident(**{"title": "广告牌坠落", **fields})
    return room.desk.register(new, actor=ZHOU, now=room.now).duplicates


@pytest.mark.parametrize(("apart", "is_near"), [(timedelta(0), True), (timedelta(minutes=30), True),
                                                (timedelta(minutes=30, microseconds=1), False)])
def test_the_same_title_within_half_an_hour_may_be_a_duplicate(room: Room, now: datetime, apart, is_near):
    register(room, received_at=now - apart)
    assert register(room, received_at=now) == (("2026-0001",) if is_near else ())


@pytest.mark.parametrize(("first", "second", "is_near"), [
    ({"place": "青禾路"}, {"title": "面板掉落", "place": "青禾路"}, True),
    ({"place": "青禾路"}, {"title": "面板掉落", "place": "文昌街"}, False),
    ({"place": None}, {"title": "面板掉落", "place": None}, False),
    ({}, {"is_drill": True}, False),
])
def test_the_same_place_may_be_a_duplicate_and_no_place_is_not(room: Room, first, second, is_near):
    register(room, **first)
    assert bool(register(room, **second)) is is_near


# ── one request, one incident ─────────────────────────────────────────────────────────────────────────────


def test_the_same_key_gets_the_same_incident(room: Room):
    new = NewIncident(title="广告牌坠落")
    first = room.desk.register(new, actor=ZHOU, now=room.now, key="k")
    room.wait(minutes=3)
    assert room.desk.register(new, actor=ZHOU, now=room.now, key="k").number == first.number
    assert [len(room.entries(first.number)), room.register()] == [1, "2026-0002"]


def test_the_same_key_for_another_body_is_a_conflict(room: Room):
    room.desk.register(NewIncident(title="广告牌坠落"), actor=ZHOU, now=room.now, key="k")
    with pytest.raises(Conflict):
        room.desk.register(NewIncident(title="围墙倒塌"), actor=ZHOU, now=room.now, key="k")


def test_a_refused_request_does_not_use_its_key_up(room: Room):
    with pytest.raises(Refusals):
        room.desk.register(NewIncident(title=""), actor=ZHOU, now=room.now, key="k")
    assert room.desk.register(NewIncident(title="好"), actor=ZHOU, now=room.now, key="k").number == "2026-0001"


# ── incidents that do not exist ───────────────────────────────────────────────────────────────────────────

NOBODYS = ["2026-0099", "", "37", "' OR 1=1 --", "2026-0001\x00", "\x00", "\ud800", "事件", "9" * 5_000, "2026-0001\n",
           "２０２６-0001", 0, -1, 2**31, 2**63, 10**400]


def test_an_unknown_incident_is_said_to_be_unknown(room: Room, now: datetime):
    room.register()
    for number in NOBODYS:
        for call in (room.log, room.withdraw, lambda number: room.views.incident(number, now),
                     lambda number: room.desk.close(number, None, actor=ZHOU, now=now)):
            with pytest.raises(NotFound):
                call(number)
