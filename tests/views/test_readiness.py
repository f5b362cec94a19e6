"""The readiness board read from the database: gaps, whom they leave to, the complaints of the red banner."""

from collections.abc import Collection
from datetime import date, timedelta

import pytest

from incident_clock.errors import NotFound
from incident_clock.people.readiness_days import GAP, OK, WEAK
from incident_clock.phrases import Phrases
from incident_clock.protocol.steps import AFTER, ResponseProtocol
from incident_clock.views import readiness
from incident_clock.views.readiness import DayInFull, Readiness
from tests.support import duty_days
from tests.support.bureau import ZONE, rule, rung, small_rule
from tests.support.duty_days import DAY, HANDOVER
from tests.support.room import Room

BOTH = ("sms", "email")


def look(room: Room, *rules: ResponseProtocol, channels: Collection[str] = BOTH, days: int = 14) -> Readiness:
    with room.store.read() as session:
        return readiness.readiness(session, rules or [rule()], channels=channels, now=room.now, zone=ZONE, days=days)


def complaints(room: Room, *rungs, channels: Collection[str] = ("sms",)) -> list[str]:
    rules = [small_rule(*rungs)] if rungs else [rule(), rule("general-48h")]
    with room.store.read() as session:
        found = readiness.complaints(session, rules, channels=channels, now=room.now)
    return [Phrases("zh", ZONE).refusal(one, seen=room.now) for one in found]


# ── the board ─────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_roster_the_example_is_complete_for_fourteen_days(room: Room):
    seen = look(room, rule(), rule("general-48h"))
    assert [day.state for day in seen.board.days] == [OK] * 14
    assert (seen.holes, seen.first, seen.board.weak, seen.is_rostered, seen.has_channel) == ((), None, (), False, True)
    assert (seen.board.days[0].from_at, seen.board.days[-1].day) == (room.now, date(2026, 3, 25))
    assert seen.names["zhou"] == "周甲"


def test_a_day_left_out_of_the_roster_is_the_first_gap_and_says_who_hears_instead(room: Room):
    duty_days.shifts(room.store, "duty_leader", "zheng", "wang", None, *["zheng"] * 20)
    seen = look(room)
    assert [(hole.lack.role, hole.from_at, hole.until_at) for hole in seen.holes] == [
        ("duty_leader", HANDOVER + 2 * DAY, HANDOVER + 3 * DAY)]
    assert {(gap.step, gap.rung, gap.is_empty) for gap in seen.holes[0].gaps} == {
        ("phone_report", 3, False), ("preliminary_report", 2, False), ("detailed_report", 2, True),
        ("progress_report", 2, False)}
    assert (seen.first.rung.step.key, seen.first.rung.rung.number) == ("phone_report", 3)
    assert [one.card.key for one in seen.first.instead.people] == ["chen"]
    assert [day.state for day in seen.board.days] == [OK, OK, GAP, GAP, *[OK] * 10]


def test_the_first_gap_climbs_where_its_rung_reaches_nobody(room: Room):
    duty_days.shifts(room.store, "duty_leader", *["zheng"] * 3)
    leader = small_rule(rung(1, AFTER, 0, "duty_leader"), rung(2, AFTER, 1, "deputy"))
    first = look(room, leader).first
    assert (first.hole.from_at, first.rung.rung.number, first.instead.told_rung) == (HANDOVER + 3 * DAY, 1, 2)
    assert [one.card.key for one in first.instead.people] == ["wang"]
    for person in ("wang", "feng"):
        duty_days.leave(room.store, person, HANDOVER + 3 * DAY, HANDOVER + 10 * DAY)
    assert look(room, leader).first.instead.people == ()


def test_a_gap_that_begins_within_the_last_day_is_seen_and_one_after_it_is_not(room: Room):
    midnight = HANDOVER - timedelta(hours=8, minutes=30)
    duty_days.shifts(room.store, "duty_officer", "zhou", first=13, start=midnight)
    assert look(room).holes == ()
    duty_days.shifts(room.store, "duty_leader", "zheng", first=12, start=midnight)
    (hole,) = look(room).holes
    assert (hole.from_at, hole.until_at) == (midnight + 13 * DAY, midnight + 14 * DAY)


def test_a_leave_without_anybody_acting_is_a_gap_only_where_the_stand_in_is_away_too(room: Room):
    duty_days.leave(room.store, "chen", HANDOVER + 9 * DAY, HANDOVER + 10 * DAY)
    assert look(room).holes == ()
    duty_days.without_stand_in(room.store, "chen")
    seen = look(room)
    assert [(hole.lack.role, hole.lack.people) for hole in seen.holes] == [("publicity_chief", ("陈己",))]
    assert [(place.role, place.person.weak) for place in seen.board.weak] == [("publicity_chief", ("no_stand_in",))]
    assert seen.board.days[1].state == WEAK


def test_without_a_channel_everything_is_a_gap_and_no_first_one_is_singled_out(room: Room):
    seen = look(room, channels=())
    assert {hole.lack.why for hole in seen.holes} == {"no_channel"}
    assert (seen.has_channel, seen.first) == (False, None)


def test_an_empty_directory_leaves_every_rung_empty(store, now):
    with store.read() as session:
        seen = readiness.readiness(session, [rule()], channels=BOTH, now=now, zone=ZONE)
    assert {hole.lack.why for hole in seen.holes} == {"no_holder"}
    assert all(gap.is_empty for gap in seen.board.gaps)


# ── a day in full ─────────────────────────────────────────────────────────────────────────────────────────


def in_full(room: Room, day: date) -> DayInFull:
    with room.store.read() as session:
        return readiness.day_in_full(session, [rule()], day, channels=BOTH, now=room.now, zone=ZONE)


def test_a_day_in_full_names_channels_and_what_last_arrived(room: Room):
    duty_days.delivered(room.store, "zhou", room.now - DAY)
    today = in_full(room, date(2026, 3, 12))
    assert (today.from_at, today.until_at) == (room.now, HANDOVER + timedelta(hours=15, minutes=30))
    first = today.rungs[0].parts[0].people[0]
    assert (first.card.name, [(way.channel, way.delivered_at) for way in first.ways]) == (
        "周甲", [("sms", room.now - DAY), ("email", None)])
    assert len(today.rungs) == sum(len(step.ladder) for step in rule().chased)
    assert in_full(room, date(2026, 3, 13)).from_at == today.until_at


@pytest.mark.parametrize(("ahead", "is_shown"), [(-1, False), (0, True), (59, True), (60, False)])
def test_days_gone_by_and_far_ahead_are_not_shown(room: Room, ahead: int, is_shown: bool):
    day = date(2026, 3, 12) + timedelta(days=ahead)
    if is_shown:
        assert in_full(room, day).day == day
    else:
        with pytest.raises(NotFound):
            in_full(room, day)


# ── the red banner ────────────────────────────────────────────────────────────────────────────────────────


def test_a_rung_that_reaches_nobody_is_named(room: Room):
    duty_days.without_contact(room.store, "feng")
    assert complaints(room, rung(1, AFTER, 0, "duty_officer"), rung(2, AFTER, 1, "duty_officer", "head")) == []
    (said,) = complaints(room, rung(1, AFTER, 0, "duty_officer"), rung(2, AFTER, 1, "head"))
    assert "第2级" in said
    assert "电话上报" in said
    assert len(complaints(room, rung(1, AFTER, 0, "duty_officer", by=("email",)))) == 1
    assert complaints(room, rung(1, AFTER, 0, "head"), channels=("console",)) == []


def test_a_box_without_a_channel_is_one_complaint(room: Room):
    (said,) = complaints(room, channels=())
    assert "没有启用任何发送渠道" in said


def test_only_what_is_missing_now_is_a_complaint_and_a_role_off_duty_is_one(room: Room):
    duty_days.shifts(room.store, "duty_leader", "zheng")
    assert complaints(room) == []
    room.clock.move_to(HANDOVER + DAY - timedelta(seconds=2))
    assert complaints(room) == []
    room.clock.move_to(HANDOVER + DAY)
    assert complaints(room) == ["现在没有带班领导在岗，请补排班次或指定代理人"]


def test_a_rung_empty_for_two_reasons_is_named_beside_the_role_off_duty(room: Room):
    duty_days.shifts(room.store, "duty_leader", "zheng", first=-1)
    duty_days.without_contact(room.store, "feng")
    said = complaints(room, rung(1, AFTER, 0, "duty_leader"), rung(2, AFTER, 1, "duty_leader", "head"))
    assert len(said) == 2
    assert "带班领导在岗" in said[0]
    assert "第2级催不到任何人（带班领导、主要领导）" in said[1]


# ── as JSON ───────────────────────────────────────────────────────────────────────────────────────────────


def test_as_json_it_names_persons_by_key_and_never_an_address(room: Room):
    duty_days.shifts(room.store, "duty_leader", "zheng", None, "wang")
    duty_days.delivered(room.store, "zhou", room.now)
    told = readiness.plain(look(room, days=2), ZONE)
    (gap,) = [gap for gap in told["gaps"] if gap["step"] == "phone_report"]
    assert gap == {"protocol": "district-emergency", "step": "phone_report", "rung": 3, "is_empty": False,
                   "from_at": "2026-03-13T08:30:00+08:00", "until_at": "2026-03-14T00:00:00+08:00",
                   "lacks": [{"role": "duty_leader", "why": "not_rostered", "people": []}]}
    assert [(day["day"], day["state"]) for day in told["days"]] == [("2026-03-12", "ok"), ("2026-03-13", "gap")]
    (part,) = told["days"][0]["roles"][0]["parts"]
    assert part["people"][0] == {
        "key": "zhou", "name": "周甲", "why": "directory", "instead_of": None, "stand_in": "wu", "weak": [],
        "channels": [{"channel": "sms", "delivered_at": "2026-03-12T14:05:00+08:00"},
                     {"channel": "email", "delivered_at": None}]}
    assert "+86" not in str(told)
    assert "@" not in str(told)
