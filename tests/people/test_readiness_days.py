"""The board by days, pure: whose cell, what is weak about it, where midnight cuts, and each rung of a day."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from incident_clock.people.duty import DutyBook, OnShift
from incident_clock.people.readiness import AWAY, NO_ADDRESS, NO_HOLDER, NOT_ROSTERED
from incident_clock.people.readiness_days import (
    GAP,
    NO_STAND_IN,
    OK,
    ONE_WAY,
    PAGE_ONLY,
    WEAK,
    Cell,
    DutyBoard,
    board,
    rungs,
)
from incident_clock.protocol.steps import AFTER, OVERDUE_BY, ResponseProtocol
from tests.people.readiness_rig import BOTH, DUTY, HOUR, MIDNIGHT, at, away, book, card, shift, staff
from tests.support.bureau import ZONE, rule, rung, small_rule

HEAD = small_rule(rung(1, AFTER, 0, "head"))


def shown(duty_book: DutyBook, *rules: ResponseProtocol, days: int = 2, since: float = 0, channels: Collection[str] = BOTH,
          zone: ZoneInfo = ZONE) -> DutyBoard:
    return board(duty_book, rules or (DUTY,), channels=channels, since=at(since), days=days, zone=zone)


def parts(cell: Cell) -> list[tuple]:
    """(from, until in hours, state, keys, why it lacks) of each part."""
    return [((part.from_at - MIDNIGHT) / HOUR, (part.until_at - MIDNIGHT) / HOUR, part.state,
             [one.card.key for one in part.people], part.lack.why if part.lack else None) for part in cell.parts]


def cell(duty_board: DutyBoard, role: str, day: int = 0) -> Cell:
    return next(cell for cell in duty_board.days[day].cells if cell.column.role == role)


# ── columns and days ──────────────────────────────────────────────────────────────────────────────────────


def test_the_columns_stand_in_the_order_of_the_earliest_call() -> None:
    columns = shown(book(*staff()), rule(), rule("general-48h")).columns
    assert [(column.title, column.called_after / timedelta(minutes=1), column.is_overdue) for column in columns] == [
        ("值班员", 0, False), ("值班长", 0, False), ("带班领导", 15, False), ("宣传科科长", 15, False), ("分管领导", 18, False),
        ("主要领导", 21, True)]


@pytest.mark.parametrize(("since", "zone", "expected"), [
    (14.09, "Asia/Shanghai", [("2026-03-12", 14.09, 24), ("2026-03-13", 24, 48), ("2026-03-14", 48, 72)]),
    (0, "Asia/Shanghai", [("2026-03-12", 0, 24), ("2026-03-13", 24, 48), ("2026-03-14", 48, 72)]),
    (23.99, "Asia/Shanghai", [("2026-03-12", 23.99, 24), ("2026-03-13", 24, 48), ("2026-03-14", 48, 72)]),
    # a day of 23 hours: the clocks of Berlin go forward on 29 March, 409 hours after midnight here
    (400, "Europe/Berlin", [("2026-03-28", 400, 415), ("2026-03-29", 415, 438), ("2026-03-30", 438, 462)]),
])
def test_a_day_lies_between_two_midnights_of_the_zone(since: float, zone: str, expected: list) -> None:
    duty_board = shown(book(*staff()), since=since, days=3, zone=ZoneInfo(zone))
    assert [(day.day.isoformat(), pytest.approx((day.from_at - MIDNIGHT) / HOUR), (day.until_at - MIDNIGHT) / HOUR)
            for day in duty_board.days] == expected


def test_a_day_that_is_not_like_others_carries_its_word() -> None:
    kinds = {date(2026, 3, 13): "周末"}
    days = board(book(*staff()), (DUTY,), channels=BOTH, since=at(0), days=2, zone=ZONE, day_kind=kinds.get).days
    assert [day.kind for day in days] == [None, "周末"]


# ── cells ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_change_within_a_day_makes_two_parts_and_none_where_the_same_person_goes_on() -> None:
    duty_board = shown(book(*staff(), shifts=[shift("zhou", -15.5, 8.5), shift("wu", 8.5, 32.5), shift("wu", 32.5, 56.5)]))
    assert parts(cell(duty_board, "duty_officer")) == [(0, 8.5, OK, ["zhou"], None), (8.5, 24, OK, ["wu"], None)]
    assert parts(cell(duty_board, "duty_officer", 1)) == [(24, 48, OK, ["wu"], None)]
    assert parts(cell(duty_board, "head")) == [(0, 24, OK, ["feng"], None)]


def test_a_hole_in_the_roster_is_a_gap_of_its_role_and_of_that_part_of_the_day() -> None:
    duty_board = shown(book(*staff(), shifts=[shift("zheng", -15.5, 8.5, "duty_leader"), shift("zheng", 30, 50, "duty_leader")]))
    assert parts(cell(duty_board, "duty_leader")) == [(0, 8.5, OK, ["zheng"], None), (8.5, 24, GAP, [], NOT_ROSTERED)]
    assert parts(cell(duty_board, "duty_leader", 1)) == [(24, 30, GAP, [], NOT_ROSTERED), (30, 48, OK, ["zheng"], None)]
    assert [(day.state, day.count(GAP), day.count(WEAK), [gap.rung for gap in day.gaps]) for day in duty_board.days] == [
        (GAP, 1, 0, [2]), (GAP, 1, 0, [2])]
    assert len(duty_board.gaps) == 1


@pytest.mark.parametrize(("head", "more", "channels", "expected"), [
    ({"stand_in": "wang"}, (), BOTH, (OK, ())),
    ({}, (), BOTH, (WEAK, (NO_STAND_IN,))),
    ({"stand_in": "nobody"}, (), BOTH, (WEAK, (NO_STAND_IN,))),
    ({"stand_in": "wang", "phone": False}, (), BOTH, (WEAK, (ONE_WAY,))),
    ({"stand_in": "wang", "email": False}, (), (*BOTH, "console"), (WEAK, (ONE_WAY,))),
    ({"stand_in": "wang", "phone": False}, (), ("email",), (OK, ())),  # nobody has two ways where one channel is on
    ({"stand_in": "wang"}, (), ("console",), (OK, ())),
    ({"phone": False}, (), BOTH, (WEAK, (NO_STAND_IN, ONE_WAY))),
    ({"stand_in": "wang", "phone": False, "email": False}, (), (*BOTH, "console"), (WEAK, (PAGE_ONLY,))),
    ({"phone": False}, (card("zhao", "head", email=False),), BOTH, (OK, ())),  # two of them: one may fail
    ({"phone": False}, (card("zhao", "head", phone=False, email=False),), BOTH, (WEAK, (NO_STAND_IN, ONE_WAY))),
])
def test_what_makes_somebody_weak(head: dict, more: tuple, channels: tuple, expected: tuple) -> None:
    duty_book = book(card("feng", "head", **head), card("wang", "deputy"), *more)
    duty_board = shown(duty_book, HEAD, channels=channels)
    only = cell(duty_board, "head").parts[0]
    assert (only.state, only.people[0].weak) == expected
    assert duty_board.gaps == ()
    assert [(place.role, place.day.day, place.person.weak) for place in duty_board.weak] == (
        [("head", 12, expected[1])] if expected[0] == WEAK else [])


def test_a_stand_in_who_is_away_is_none() -> None:
    duty_board = shown(book(*staff(wang=card("wang", "deputy")), absences=[away("wang", 6, 12, "zheng", id=1)]))
    assert [(one[2], stand) for one, stand in zip(parts(cell(duty_board, "head")), (
        [part.people[0].stand_in.key if part.people[0].stand_in else None for part in cell(duty_board, "head").parts]), strict=True)
    ] == [(OK, "wang"), (OK, "zheng"), (OK, "wang")]


def test_an_unfilled_role_is_weak_while_its_rungs_reach_others_and_a_gap_when_one_does_not() -> None:
    with_deputy = small_rule(rung(1, AFTER, 0, "deputy", "head"))
    alone = small_rule(rung(1, AFTER, 0, "deputy", "head"), rung(2, OVERDUE_BY, 1, "head"))
    for duty_rule, state in ((with_deputy, WEAK), (alone, GAP)):
        duty_board = shown(book(*staff("feng")), duty_rule)
        assert parts(cell(duty_board, "head")) == [(0, 24, state, [], NO_HOLDER)]
    duty_board = shown(book(*staff("feng", wang=card("wang", "deputy", stand_in="zheng"))), with_deputy)
    assert [(place.role, place.person, place.lack.why) for place in duty_board.weak] == [("head", None, NO_HOLDER)]


def test_a_gap_names_who_is_away_or_without_an_address() -> None:
    feng = card("feng", "head")
    (part,) = cell(shown(book(feng, absences=[away("feng", 0, 24)]), HEAD), "head").parts
    assert (part.state, part.lack.why, part.lack.people, part.people) == (GAP, AWAY, ("FENG",), ())
    (part,) = cell(shown(book(card("feng", "head", phone=False)), HEAD, channels=("sms",)), "head").parts
    assert (part.state, part.lack.why, part.people[0].card.key, part.people[0].ways) == (GAP, NO_ADDRESS, "feng", ())


def test_a_cell_knows_every_channel_and_what_last_arrived_there() -> None:
    (part,) = cell(shown(book(card("feng", "head", delivered_at=at(-5))), HEAD, channels=(*BOTH, "console")), "head").parts
    assert [(way.channel, way.delivered_at) for way in part.people[0].ways] == [
        ("sms", at(-5)), ("email", at(-5)), ("console", None)]
    by_sms = small_rule(rung(1, AFTER, 0, "head", by=("sms",)))
    (part,) = cell(shown(book(card("feng", "head")), by_sms), "head").parts
    assert [(way.channel, way.delivered_at) for way in part.people[0].ways] == [("sms", None)]


def test_an_acting_deputy_and_a_cover_say_in_whose_place() -> None:
    duty_book = book(*staff(), shifts=[shift("zhou", 0, 48)], covers=[OnShift("duty_officer", "wu", at(0), at(24), "zhou", 1)],
                     absences=[away("wang", 0, 24, "zheng")])
    duty_board = shown(duty_book)
    people = [cell(duty_board, role).parts[0].people[0] for role in ("duty_officer", "deputy")]
    assert [(one.card.key, one.why, one.of) for one in people] == [("wu", "cover", "zhou"), ("zheng", "acting", "wang")]


def test_a_weak_person_counts_once_however_often_he_is_on_duty() -> None:
    shifts = [shift(person, 24 * day, 24 * day + 24) for day, person in enumerate(["zhao", "zhou"] * 7)]
    duty_board = shown(book(*staff(), card("zhao", "duty_officer"), shifts=shifts), days=14)
    assert [(place.person.card.key, place.day.day) for place in duty_board.weak] == [("zhao", 12)]
    assert [day.state for day in duty_board.days] == [WEAK, OK] * 7


# ── a day in full ─────────────────────────────────────────────────────────────────────────────────────────


def every(duty_book: DutyBook, rules: Iterable[ResponseProtocol] = (DUTY,)) -> dict[int, list[tuple]]:
    """Rung → (from, whom it tells, which rung they are of, whether a gap, whether empty) of each part."""
    return {one.rung.number: [((part.from_at - MIDNIGHT) / HOUR, [person.card.key for person in part.people],
                               part.told_rung, part.is_gap, part.is_empty) for part in one.parts]
            for one in rungs(duty_book, rules, channels=BOTH, since=at(0), until=at(24))}


def test_a_day_lists_every_rung_of_every_rule() -> None:
    both = (rule(), rule("general-48h"))
    listed = rungs(book(*staff()), both, channels=BOTH, since=at(0), until=at(24))
    assert [(one.protocol.key, one.step.key, one.rung.number) for one in listed] == [
        (protocol.key, step.key, rung.number) for protocol in both for step in protocol.chased for rung in step.ladder]
    assert all(len(one.parts) == 1 for one in listed)


def test_an_empty_rung_names_those_its_call_goes_to() -> None:
    duty_book = book(*staff(), shifts=[shift("zheng", 0, 8.5, "duty_leader"), shift("zhou", 0, 12)], absences=[away("wang", 20, 24)])
    lone = small_rule(rung(1, AFTER, 0, "duty_officer"), rung(2, AFTER, 1, "duty_officer", "duty_leader"),
                      rung(3, AFTER, 2, "deputy"))
    assert every(duty_book, [lone]) == {
        1: [(0, ["zhou"], 1, False, False), (12, ["wang"], 3, True, True), (20, ["feng"], 3, True, True)],
        2: [(0, ["zhou", "zheng"], 2, False, False), (8.5, ["zhou"], 2, True, False), (12, ["wang"], 3, True, True),
            (20, ["feng"], 3, True, True)],
        3: [(0, ["wang"], 3, False, False), (20, ["feng"], 3, False, False)]}


def test_where_no_rung_reaches_anybody_the_call_goes_nowhere() -> None:
    assert every(book(), [HEAD]) == {1: [(0, [], 1, True, True)]}
