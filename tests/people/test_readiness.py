"""Where nobody would be reached, on the pure book: every reason, every boundary, and how spans become one."""


import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_clock.people.calling import Conditions, reach, roles_of
from incident_clock.people.duty import ROSTERED_ROLES, DutyBook, OnShift
from incident_clock.people.readiness import (
    AWAY,
    GONE,
    NO_ADDRESS,
    NO_CHANNEL,
    NO_HOLDER,
    NOT_ROSTERED,
    OFF_DUTY,
    holes,
)
from incident_clock.protocol.steps import AFTER, BEFORE_DUE
from tests.people.readiness_rig import BOTH, DUTY, HOUR, at, away, book, card, found, shift, staff, told
from tests.support.bureau import rule, rung, small_rule

OFFICER = rung(1, AFTER, 0, "duty_officer")
WITH_LEADER = rung(1, AFTER, 0, "duty_officer", "duty_leader")
NIGHT, DAY = shift("zhou", -15.5, 8.5), shift("wu", 8.5, 32.5)


def test_a_complete_directory_without_a_roster_has_no_gap() -> None:
    assert found(book(*staff())) == ()


# ── the roster ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("second_starts", "expected"), [
    (8.5, []),  # the shift ends at 08:30 and the next begins at 08:30
    (8.0, []),  # they overlap
    (8.5 + 1 / 3600, [(1, 8.5, 8.5 + 1 / 3600, [("duty_officer", NOT_ROSTERED)])]),  # one second between them
    (12, [(1, 8.5, 12, [("duty_officer", NOT_ROSTERED)])]),
    (24, [(1, 8.5, 24, [("duty_officer", NOT_ROSTERED)])]),
])
def test_between_two_shifts_nobody_is_on_duty(second_starts: float, expected: list) -> None:
    duty_book = book(*staff(), shifts=[NIGHT, shift("wu", second_starts, 32.5)])
    assert told(found(duty_book, OFFICER)) == [
        (number, pytest.approx(from_at), pytest.approx(until_at), lacks) for number, from_at, until_at, lacks in expected]


@pytest.mark.parametrize(("since", "until", "expected"), [
    (0, 8, []), (0, 8.25, [(8, 8.25)]), (0, 12, [(8, 9)]), (8, 8.5, [(8, 8.5)]), (8.5, 12, [(8.5, 9)]), (9, 24, []),
    (8.5, 8.5, []), (9, 8, [])])
def test_only_what_lies_within_the_span_is_told(since: float, until: float, expected: list) -> None:
    """The hole lies from 8 to 9."""
    duty_book = book(*staff(), shifts=[shift("zhou", -2, 8), shift("wu", 9, 30)])
    gaps = found(duty_book, OFFICER, since=since, until=until)
    assert [(from_at, until_at) for _, from_at, until_at, _ in told(gaps)] == expected


def test_before_the_first_shift_of_all_the_directory_decides() -> None:
    assert found(book(*staff(), shifts=[shift("zhou", 30, 54)]), OFFICER) == ()


def test_after_the_last_shift_nobody_is_on_duty() -> None:
    assert told(found(book(*staff(), shifts=[NIGHT]), OFFICER, until=48)) == [(1, 8.5, 48, [("duty_officer", NOT_ROSTERED)])]


def test_a_rostered_role_without_anybody_is_a_gap_even_where_the_rung_reaches_others() -> None:
    duty_book = book(*staff(), shifts=[shift("zheng", 0, 12, "duty_leader")])
    (gap,) = found(duty_book, WITH_LEADER)
    assert told([gap]) == [(1, 12, 24, [("duty_leader", NOT_ROSTERED)])]
    assert (gap.is_empty, gap.protocol, gap.step, gap.roles, gap.role_titles) == (
        False, "small", "phone_report", ("duty_leader",), ("带班领导",))


def test_a_role_that_was_never_rostered_and_nobody_has_is_no_gap_while_the_rung_reaches_others() -> None:
    assert found(book(*staff("zheng")), WITH_LEADER) == ()
    (gap,) = found(book(*staff("zheng")), rung(1, AFTER, 0, "duty_leader"))
    assert told([gap]) == [(1, 0, 24, [("duty_leader", NO_HOLDER)])]
    assert gap.is_empty


def test_a_shift_of_somebody_who_has_left_holds_for_nobody() -> None:
    duty_book = book(*staff("wu"), shifts=[NIGHT, DAY])
    assert told(found(duty_book, OFFICER)) == [(1, 8.5, 24, [("duty_officer", GONE)])]


def test_a_cover_fills_a_shift_of_somebody_away() -> None:
    duty_book = book(*staff(zhou=card("zhou", "duty_officer")), shifts=[shift("zhou", 0, 24)],
                     covers=[OnShift("duty_officer", "wu", at(8), at(20), "zhou", 1)], absences=[away("zhou", 8, 22)])
    assert told(found(duty_book, OFFICER)) == [(1, 20, 22, [("duty_officer", AWAY)])]


# ── leave ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("acting", "stand_in", "both_away", "expected"), [
    (None, None, False, [(3, 6, 18, [("deputy", AWAY)])]),
    ("zheng", None, False, []),
    (None, "feng", False, []),
    ("zheng", "feng", False, []),
    (None, "zheng", True, [(3, 6, 18, [("deputy", AWAY)])]),  # the B角 is away as well
    ("zheng", "feng", True, []),  # the acting deputy is away as well: the B角 takes over
    (None, "wang", False, [(3, 6, 18, [("deputy", AWAY)])]),  # his own B角
    (None, "nobody", False, [(3, 6, 18, [("deputy", AWAY)])]),  # one who has left
])
def test_leave_is_a_gap_unless_somebody_stands_in(acting: str | None, stand_in: str | None, both_away: bool,
                                                  expected: list) -> None:
    absences = [away("wang", 6, 18, acting), *([away("zheng", 0, 24, id=2)] if both_away else [])]
    duty_book = book(*staff(wang=card("wang", "deputy", stand_in=stand_in), zheng=card("zheng", "duty_leader", stand_in=None)),
                     absences=absences)
    gaps = found(duty_book, OFFICER, rung(2, AFTER, 1, "head"), rung(3, AFTER, 2, "deputy"))
    assert told(gaps) == expected
    assert all(gap.lacks[0].people == ("WANG",) for gap in gaps)


# ── channels and addresses ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("has", "by", "channels", "why"), [
    ({}, None, BOTH, None),
    ({"phone": False}, None, BOTH, None),
    ({"phone": False, "email": False}, None, BOTH, NO_ADDRESS),
    ({"phone": False, "email": False}, None, ("console",), None),  # everybody can look at the page
    ({"phone": False, "email": False}, ("sms",), ("sms", "console"), None),
    ({"phone": False}, None, ("sms",), NO_ADDRESS),
    ({"email": False}, None, ("sms",), None),
    ({"phone": False}, ("sms",), BOTH, NO_ADDRESS),
    ({}, ("sms",), BOTH, None),
    ({}, ("sms",), ("email",), NO_ADDRESS),  # the channel is switched off
    ({}, None, (), NO_CHANNEL),
])
def test_a_person_counts_only_with_an_address_of_a_channel_that_is_on(has: dict, by: tuple | None, channels: tuple,
                                                                      why: str | None) -> None:
    gaps = found(book(card("feng", "head", **has)), rung(1, AFTER, 0, "head", by=by), channels=channels)
    assert told(gaps) == ([] if why is None else [(1, 0, 24, [("head", why)])])
    assert [gap.lacks[0].people for gap in gaps] == ([] if why is None else [("FENG",) if why == NO_ADDRESS else ()])


def test_somebody_on_duty_without_an_address_is_no_gap_while_the_rung_reaches_others() -> None:
    mute = card("zheng", "duty_leader", phone=False, email=False)
    duty_book = book(*staff(zheng=mute), shifts=[shift("zheng", 0, 24, "duty_leader")])
    assert found(duty_book, WITH_LEADER) == ()


# ── spans become one ──────────────────────────────────────────────────────────────────────────────────────


def test_neighbouring_spans_of_one_gap_are_one() -> None:
    """Six other shifts and leaves change the book meanwhile, and nothing of this gap."""
    duty_book = book(*staff(), shifts=[NIGHT, *(shift("zheng", hour, hour + 3, "duty_leader") for hour in range(0, 24, 3))],
                     absences=[away("feng", 10, 11, "wang")])
    assert told(found(duty_book, OFFICER)) == [(1, 8.5, 24, [("duty_officer", NOT_ROSTERED)])]


def test_another_reason_is_another_gap() -> None:
    duty_book = book(*staff(zhou=card("zhou", "duty_officer")), shifts=[shift("zhou", 0, 12)], absences=[away("zhou", 6, 12)])
    assert told(found(duty_book, OFFICER)) == [
        (1, 6, 12, [("duty_officer", AWAY)]), (1, 12, 24, [("duty_officer", NOT_ROSTERED)])]


def test_a_gap_that_was_closed_meanwhile_comes_twice() -> None:
    duty_book = book(*staff(), shifts=[NIGHT, shift("wu", 10, 12)])
    assert [span[1:3] for span in told(found(duty_book, OFFICER))] == [(8.5, 10), (12, 24)]


def test_gaps_stand_in_the_order_of_time_then_of_the_rules() -> None:
    second = small_rule(rung(1, AFTER, 0, "head"), key="second")
    duty_book = book(*staff("feng"), shifts=[shift("zhou", -15.5, 8.5)])
    gaps = found(duty_book, rules=(DUTY, second))
    assert [(gap.protocol, gap.rung, (gap.from_at - at(0)) / HOUR) for gap in gaps] == [
        ("second", 1, 0), ("small", 1, 8.5), ("small", 2, 8.5)]


def test_a_hole_is_one_role_however_many_rungs_it_leaves_short() -> None:
    duty_book = book(*staff("feng", "wang"), shifts=[shift("zhou", -15.5, 8.5)])
    gaps = found(duty_book)
    assert [(gap.rung, gap.roles) for gap in gaps] == [
        (3, ("deputy",)), (4, ("deputy", "head")), (1, ("duty_officer",)), (2, ("duty_officer",))]
    counted = [(hole.lack.role, hole.from_at, hole.until_at, len(hole.gaps)) for hole in holes(gaps)]
    assert counted == [("deputy", at(0), at(24), 2), ("head", at(0), at(24), 1), ("duty_officer", at(8.5), at(24), 2)]


# ── it agrees with the call, and it is quick ──────────────────────────────────────────────────────────────

KEYS = ("zhou", "wu", "zheng", "wang", "feng")
spans = st.tuples(st.integers(-20, 40), st.integers(1, 30)).map(lambda span: (span[0], span[0] + span[1]))
books = st.builds(
    lambda shifts, leaves, reachable: book(
        *staff(**{one.key: card(one.key, *one.roles, phone=one.key in reachable, email=False, stand_in=one.stand_in)
                  for one in staff()}),
        shifts=[shift(person, *span, role=role, id=number) for number, (person, role, span) in enumerate(shifts)],
        absences=[away(person, *span, acting=acting, id=number) for number, (person, acting, span) in enumerate(leaves)]),
    st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(ROSTERED_ROLES), spans), max_size=6),
    st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from([None, *KEYS]), spans), max_size=4),
    st.sets(st.sampled_from(KEYS)))


@settings(max_examples=150)
@given(books, st.floats(0, 23.99))
def test_at_every_instant_a_gap_says_what_the_call_would_meet(duty_book: DutyBook, hour: float) -> None:
    instant, given_then = at(hour), Conditions(("sms",))
    gaps = {gap.rung: gap for gap in found(duty_book, channels=("sms",)) if gap.from_at <= instant < gap.until_at}
    for one in DUTY.steps[0].ladder:
        heard = reach(one.number, roles_of(one), book=duty_book, at=instant, given=given_then)
        off_duty = {role for role in heard.unreachable
                    if duty_book.is_rostered(role, instant) and not duty_book.holders(role, instant)}
        if heard.is_empty:
            assert gaps[one.number].is_empty
            assert gaps[one.number].roles == heard.unreachable
        elif off_duty:
            assert set(gaps[one.number].roles) == off_duty
            assert all(lack.why in OFF_DUTY for lack in gaps[one.number].lacks)
        else:
            assert one.number not in gaps


def test_one_shift_left_out_of_a_year_for_sixty_people_is_the_only_gap() -> None:
    people = [card(f"p{number}", *ROSTERED_ROLES, "publicity_chief", "deputy", "head", stand_in=f"p{(number + 1) % 60}")
              for number in range(60)]
    shifts = [shift(f"p{(day + place) % 60}", 24 * day + 8.5, 24 * day + 32.5, role)
              for day in range(-60, 305) for place, role in enumerate(ROSTERED_ROLES) if (day, place) != (5, 2)]
    duty_book = book(*people, shifts=shifts, absences=[away(f"p{day}", 24 * day, 24 * day + 60) for day in range(14)])
    gaps = found(duty_book, rules=(rule(), rule("general-48h")), until=24 * 14)
    assert {(gap.from_at, gap.until_at, gap.roles) for gap in gaps} == {(at(128.5), at(152.5), ("duty_leader",))}


def test_a_rung_is_looked_at_by_its_own_roles_and_channels() -> None:
    """Rungs that ask for the same share one look; those that differ in `by` alone do not."""
    duty_book = book(card("feng", "head", phone=False))
    rungs = (rung(1, AFTER, 0, "head"), rung(2, AFTER, 1, "head", by=("sms",)), rung(3, BEFORE_DUE, 1, "head", by=("email",)))
    assert [span[0] for span in told(found(duty_book, *rungs))] == [2]
