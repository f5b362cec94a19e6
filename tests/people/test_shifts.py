"""Shifts one by one and laid out in turn: what is taken, what is refused, what the ledger says, what history keeps."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from incident_clock.errors import Conflict, Invalid, NotFound, Refusals
from incident_clock.ledger.chain import plain
from incident_clock.people import covers, ledger, planning, roster, shifts
from incident_clock.people.duty_tables import Shift
from incident_clock.people.rest_days import RestDays
from tests.people.duty_room import ACTOR, Duty, at, duty, instant_text

__all__ = ["duty"]


# ── one by one ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_shift_puts_one_person_on_duty_from_its_start_to_the_instant_before_its_end(duty: Duty) -> None:
    duty.add("zhou", "14 08:30", "15 08:30")
    assert duty.on_duty("14 08:30") == ["zhou"]
    assert duty.on_duty("15 08:29") == ["zhou"]
    assert duty.on_duty("15 08:30") == []
    assert duty.on_duty("14 08:29") == ["zhou", "li", "han"]  # not rostered yet: everybody who has the role


def test_the_next_shift_may_begin_at_the_very_instant_the_last_one_ends(duty: Duty) -> None:
    duty.add("zhou", "14 08:30", "15 08:30")
    duty.add("zhou", "15 08:30", "16 08:30")
    duty.add("li", "14 08:30", "15 08:30")  # and a second person may stand beside the first
    assert duty.on_duty("15 08:30") == ["zhou"]
    assert duty.on_duty("14 12:00") == ["zhou", "li"]


@pytest.mark.parametrize(("since", "until"), [
    ("14 08:30", "15 08:30"), ("14 20:00", "15 12:00"), ("13 08:30", "14 08:31"), ("15 08:29", "16 08:30"),
    ("13 08:30", "16 08:30"),
])
def test_nobody_gets_two_shifts_in_a_role_at_once(duty: Duty, since: str, until: str) -> None:
    duty.add("zhou", "14 08:30", "15 08:30")
    with pytest.raises(Conflict, match="周甲已有") as refused:
        duty.add("zhou", since, until)
    assert refused.value.field == "person"


@pytest.mark.parametrize(("role", "person", "since", "until", "fields"), [
    ("deputy", "zhou", "14 08:30", "15 08:30", ["role", "person"]),
    ("duty_officer", "nobody", "14 08:30", "15 08:30", ["person"]),
    ("duty_officer", "gone", "14 08:30", "15 08:30", ["person"]),
    ("duty_officer", "wu", "14 08:30", "15 08:30", ["person"]),
    ("duty_officer", "zhou", "14 08:30", "14 08:30", ["until_at"]),
    ("duty_officer", "zhou", "14 08:30", "13 08:30", ["until_at"]),
    ("duty_officer", "zhou", "14 08:30", "21 08:31", ["until_at"]),
    ("duty_officer", "zhou", "12 08:00", "12 14:05", ["until_at"]),
    ("duty_officer", "zhou", "11 14:04", "12 20:00", ["from_at"]),
    ("duty_officer", "wu", "11 14:04", "12 20:00", ["person", "from_at"]),
])
def test_what_cannot_be_right_is_told_at_its_field_all_at_once(
        duty: Duty, role: str, person: str, since: str, until: str, fields: list[str]) -> None:
    with pytest.raises(Refusals) as refused:
        duty.add(person, since, until, role=role)
    assert [each.field for each in refused.value.refusals] == fields
    assert duty.rows() == []
    assert duty.kinds() == ["DirectoryImported"] * 2


@pytest.mark.parametrize(("since", "until"), [("14 08:30", "21 08:30"), ("11 14:05", "12 20:00"), ("12 08:30", "12 14:06")])
def test_the_longest_shift_and_the_latest_note_are_still_taken(duty: Duty, since: str, until: str) -> None:
    duty.add("zhou", since, until)
    assert len(duty.rows()) == 1


def test_a_shift_that_has_not_begun_is_taken_off_the_roster(duty: Duty) -> None:
    kept, removed = duty.add("zhou", "14 08:30", "15 08:30"), duty.add("li", "15 08:30", "16 08:30")
    duty.do(lambda session: shifts.remove_shift(session, removed, actor=ACTOR, now=duty.now))
    assert duty.rows() == [(kept, "zhou", at("14 08:30"), at("15 08:30"))]
    entry = duty.entries()[-1]
    assert entry["kind"] == "ShiftRemoved"
    assert entry["body"]["person"] == "li"
    assert (entry["actor"], entry["actor_role"]) == ("沈癸", "admin")
    with pytest.raises(NotFound):
        duty.do(lambda session: shifts.remove_shift(session, removed, actor=ACTOR, now=duty.now))


def test_of_a_shift_that_has_begun_only_the_rest_is_taken_away_and_the_past_keeps_its_answer(duty: Duty) -> None:
    removed = duty.add("zhou", "12 08:30", "13 08:30")
    duty.do(lambda session: shifts.remove_shift(session, removed, actor=ACTOR, now=duty.now))
    assert duty.on_duty("12 14:04") == ["zhou"]
    assert duty.on_duty("12 14:05") == []
    body = duty.entries()[-1]["body"]
    assert (body["from_at"], body["until_at"]) == (instant_text(at("12 14:05")), instant_text(at("13 08:30")))


def test_a_shift_that_is_over_stays(duty: Duty) -> None:
    over = duty.add("zhou", "12 08:30", "12 20:00")
    with pytest.raises(Conflict, match="已经值完"):
        duty.do(lambda session: shifts.remove_shift(session, over, actor=ACTOR, now=at("12 20:00")))


def test_a_shift_with_a_cover_on_it_stays_until_the_cover_is_taken_back(duty: Duty) -> None:
    shift = duty.add("zhou", "14 08:30", "15 08:30")
    cover = duty.cover("li", "zhou", "14 20:00", "15 08:30")
    with pytest.raises(Conflict, match="李酉替周甲的班"):
        duty.do(lambda session: shifts.remove_shift(session, shift, actor=ACTOR, now=duty.now))
    duty.do(lambda session: covers.remove_cover(session, cover, actor=ACTOR, now=duty.now))
    duty.do(lambda session: shifts.remove_shift(session, shift, actor=ACTOR, now=duty.now))
    assert duty.rows() == []


def test_an_unknown_shift_is_not_there(duty: Duty) -> None:
    with pytest.raises(NotFound):
        duty.do(lambda session: shifts.remove_shift(session, 99, actor=ACTOR, now=duty.now))


def test_of_two_who_remove_the_same_shift_at_once_one_does_and_the_ledger_says_so_once(duty: Duty, at_once) -> None:
    shift = duty.add("zhou", "14 08:30", "15 08:30")
    answers = at_once(lambda: duty.do(lambda s: shifts.remove_shift(s, shift, actor=ACTOR, now=duty.now)), 4)
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType"] + ["NotFound"] * 3
    assert duty.kinds().count("ShiftRemoved") == 1


def test_of_two_who_enter_the_same_shift_at_once_one_is_refused(duty: Duty, at_once) -> None:
    answers = at_once(lambda: duty.add("zhou", "14 08:30", "15 08:30"), 4)
    assert [type(answer).__name__ for answer in answers].count("Conflict") == 3
    assert len(duty.rows()) == 1


# ── in turn ───────────────────────────────────────────────────────────────────────────────────────────────


def laid(first: int, last: int, turn: list[str]) -> tuple[planning.PlannedShift, ...]:
    return planning.plan("duty_officer", planning.days_between(date(2026, 3, first), date(2026, 3, last)),
                         workday_turn=turn, restday_turn=[], handover_time=time(8, 30), zone=at("1 00:00").tzinfo,
                         day_kind=RestDays().kind)


def save(duty: Duty, first: int, last: int, *turn: str) -> int:
    planned = laid(first, last, list(turn))
    return duty.do(lambda session: shifts.save_plan(session, planned, workday_turn=turn, restday_turn=(),
                                                    actor=ACTOR, now=duty.now))


def test_a_plan_becomes_the_roster_and_one_entry(duty: Duty) -> None:
    assert save(duty, 13, 16, "zhou", "li") == 0
    assert [person for _, person, _, _ in duty.rows()] == ["zhou", "li", "zhou", "li"]
    entry = duty.entries()[-1]
    assert entry["kind"] == "RosterPlanned"
    assert (entry["body"]["shifts"], entry["body"]["replaced"]) == (4, 0)
    assert entry["body"]["workday_turn"] == ["zhou", "li"]
    with duty.store.read() as session:
        assert shifts.reaches(session, "duty_officer") == at("17 08:30")
        assert shifts.reaches(session, "duty_chief") is None


def test_a_shift_that_the_plan_names_again_stays_the_one_it_is(duty: Duty) -> None:
    save(duty, 13, 15, "zhou", "li")
    before = duty.rows()
    assert save(duty, 13, 15, "zhou", "li") == 0
    assert duty.rows() == before
    assert save(duty, 13, 15, "zhou", "han") == 1
    assert [row for row in duty.rows() if row[1] == "zhou"] == [row for row in before if row[1] == "zhou"]


def test_what_a_plan_meets_is_kept_only_outside_of_it(duty: Duty) -> None:
    duty.add("han", "12 20:00", "13 20:00")  # reaches into it
    duty.add("han", "15 20:00", "16 20:00")  # and out of it
    assert save(duty, 13, 15, "zhou") == 2
    assert [(person, since, until) for _, person, since, until in duty.rows()] == [
        ("han", at("12 20:00"), at("13 08:30")), ("zhou", at("13 08:30"), at("14 08:30")),
        ("zhou", at("14 08:30"), at("15 08:30")), ("zhou", at("15 08:30"), at("16 08:30")),
        ("han", at("16 08:30"), at("16 20:00"))]


def test_a_plan_leaves_other_roles_alone(duty: Duty) -> None:
    duty.add("wu", "13 08:30", "14 08:30", role="duty_chief")
    assert save(duty, 13, 15, "zhou") == 0
    assert duty.on_duty("13 12:00", "duty_chief") == ["wu"]


@pytest.mark.parametrize(("first", "turn", "fields"), [
    (12, ["zhou"], ["first_day"]), (13, ["zhou", "wu"], ["workday_turn"]), (13, ["gone", "nobody"], ["workday_turn"] * 2),
])
def test_a_plan_that_cannot_be_is_refused(duty: Duty, first: int, turn: list[str], fields: list[str]) -> None:
    with pytest.raises(Refusals) as refused:
        save(duty, first, 15, *turn)
    assert [each.field for each in refused.value.refusals] == fields
    assert duty.rows() == []


def test_a_plan_under_which_a_cover_would_hang_in_the_air_is_refused(duty: Duty) -> None:
    save(duty, 13, 15, "zhou", "li")
    duty.cover("han", "zhou", "15 08:30", "15 20:00")
    with pytest.raises(Conflict, match="韩子替周甲的班"):
        save(duty, 13, 15, "li", "zhou")
    assert save(duty, 13, 16, "zhou", "li") == 0  # on the 15th it is 周甲 again
    assert duty.on_duty("15 12:00") == ["han"]


def test_a_turn_of_nobody_is_refused() -> None:
    with pytest.raises(Invalid, match="请写明轮到谁值班"):
        laid(13, 15, [])


def test_the_chain_holds_after_all_of_it(duty: Duty) -> None:
    shift = duty.add("zhou", "14 08:30", "15 08:30")
    duty.cover("li", "zhou", "14 20:00", "15 08:30")
    save(duty, 16, 18, "li")
    with duty.store.read() as session:
        assert ledger.verify(session).broken is None
        assert {plain(link)["incident"] for link in ledger.links(session)} == {"administration"}
        assert session.scalars(select(Shift.removed_at).where(Shift.id == shift)).one() is None


def test_a_year_of_three_roles_is_looked_up_day_by_day(duty: Duty) -> None:
    planned = planning.plan("duty_officer", planning.days_between(date(2026, 3, 13), date(2027, 3, 12)),
                            workday_turn=["zhou", "li"], restday_turn=["han"], handover_time=time(8, 30),
                            zone=at("1 00:00").tzinfo, day_kind=RestDays().kind)
    duty.do(lambda session: shifts.save_plan(session, planned, workday_turn=["zhou", "li"], restday_turn=["han"],
                                             actor=ACTOR, now=duty.now))
    with duty.store.read() as session:
        for one in planned[::30]:
            assert [h.card.key for h in roster.who_is(session, "duty_officer", one.until_at - timedelta(minutes=1))] \
                == [one.person]
