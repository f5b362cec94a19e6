"""Covers and swaps: who is really on duty, what does not fit, and that both names stay."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from incident_clock.errors import Conflict, Invalid, NotFound, Refusal, Refusals
from incident_clock.people import covers, shifts
from incident_clock.people.duty_tables import Cover, Shift
from tests.people.duty_room import ACTOR, Duty, at, duty

__all__ = ["duty"]


@pytest.fixture
def rota(duty: Duty) -> Duty:
    """周甲 on the 14th, 李酉 on the 15th, 周甲 on the 16th, each from 08:30 to 08:30."""
    for person, day in (("zhou", 14), ("li", 15), ("zhou", 16)):
        duty.add(person, f"{day} 08:30", f"{day + 1} 08:30")
    return duty


def swap(duty: Duty, a: int, b: int, *, now=None, reason: str | None = "两人商定") -> tuple[int, int]:
    return duty.do(lambda session: covers.enter_swap(session, shift_a=a, shift_b=b, reason=reason, actor=ACTOR,
                                                     now=now or duty.now))


def take_back(duty: Duty, cover: int, *, now=None) -> None:
    duty.do(lambda session: covers.remove_cover(session, cover, actor=ACTOR, now=now or duty.now))


# ── 替班 ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_cover_holds_to_the_minute_and_both_names_stay(rota: Duty) -> None:
    rota.cover("han", "zhou", "14 20:00", "15 08:30")
    assert rota.on_duty("14 19:59") == ["zhou"]
    assert rota.on_duty("14 20:00") == ["han"]
    assert rota.on_duty("15 08:29") == ["han"]
    assert rota.on_duty("15 08:30") == ["li"]
    entry = rota.entries()[-1]
    assert entry["kind"] == "CoverEntered"
    assert (entry["body"]["person"], entry["body"]["instead_of"], entry["body"]["reason"]) == ("han", "zhou", "家中有事")
    assert "zhou" not in entry["canonical"]
    assert entry["body"]["swap"] is None


def test_a_cover_is_covered_in_turn_and_the_last_one_is_on_duty(rota: Duty) -> None:
    rota.cover("li", "zhou", "14 08:30", "15 08:30")
    rota.cover("han", "li", "14 12:00", "14 18:00")
    assert [rota.on_duty(f"14 {clock}") for clock in ("11:59", "12:00", "17:59", "18:00")] == [
        ["li"], ["han"], ["han"], ["li"]]


@pytest.mark.parametrize(("person", "instead_of", "since", "until", "field"), [
    ("han", "zhou", "14 08:29", "14 20:00", "instead_of"),  # a minute before his shift
    ("han", "zhou", "14 08:30", "15 08:31", "instead_of"),  # a minute past it
    ("han", "li", "14 08:30", "14 20:00", "instead_of"),
    ("han", "zhou", "17 08:30", "17 20:00", "instead_of"),  # the roster has ended
    ("han", "zhou", "13 08:30", "13 20:00", "instead_of"),  # and not begun
    ("han", "nobody", "14 08:30", "14 20:00", "instead_of"),
    ("zhou", "zhou", "14 08:30", "14 20:00", "person"),
])
def test_a_cover_must_lie_where_the_other_is_really_on_duty(
        rota: Duty, person: str, instead_of: str, since: str, until: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        rota.cover(person, instead_of, since, until)
    assert refused.value.field == field
    assert "CoverEntered" not in rota.kinds()


@pytest.mark.parametrize(("changed", "fields"), [
    ({"person": "wu"}, ["person"]), ({"person": "gone"}, ["person"]), ({"reason": None}, ["reason"]),
    ({"reason": " \n "}, ["reason"]), ({"reason": "长" * 501}, ["reason"]), ({"reason": "a\0b"}, ["reason"]),
    ({"role": "head"}, ["role", "person"]), ({"since": "14 20:00", "until": "14 20:00", "reason": ""}, ["until_at", "reason"]),
])
def test_what_cannot_be_right_about_a_cover_is_told_all_at_once(rota: Duty, changed: dict, fields: list[str]) -> None:
    given = {"person": "han", "instead_of": "zhou", "since": "14 08:30", "until": "14 20:00", **changed}
    with pytest.raises(Refusals) as refused:
        rota.cover(**given)
    assert [each.field for each in refused.value.refusals] == fields


def test_who_is_on_duty_himself_cannot_cover(rota: Duty) -> None:
    rota.add("han", "14 20:00", "15 08:30")
    with pytest.raises(Conflict, match="韩子已有"):
        rota.cover("han", "zhou", "14 08:30", "14 20:01")
    assert rota.cover("han", "zhou", "14 08:30", "14 20:00")  # up to the instant his own begins


def test_who_covers_one_person_cannot_cover_another_too(rota: Duty) -> None:
    rota.add("han", "14 08:30", "15 08:30")
    rota.cover("li", "zhou", "14 08:30", "15 08:30")
    with pytest.raises(Conflict, match="李酉这段时间已经在替"):
        rota.cover("li", "han", "14 20:00", "15 08:30")
    with pytest.raises(Conflict, match="李酉这段时间已经在替"):
        rota.add("li", "14 20:00", "15 08:00")


def test_who_is_away_cannot_cover(rota: Duty) -> None:
    rota.away("han", "14 20:00", "16 00:00")
    with pytest.raises(Conflict, match="韩子那时请假"):
        rota.cover("han", "zhou", "14 08:30", "15 08:30")
    assert rota.cover("han", "zhou", "14 08:30", "14 20:00")


def test_one_who_is_away_can_still_be_covered(rota: Duty) -> None:
    rota.away("zhou", "14 00:00", "15 00:00")
    rota.cover("li", "zhou", "14 08:30", "15 08:30")
    assert rota.on_duty("14 12:00") == ["li"]


def test_a_duty_does_not_go_round_in_a_circle(rota: Duty) -> None:
    rota.cover("li", "zhou", "14 08:30", "15 08:30")
    with pytest.raises(Conflict, match="绕回了周甲"):
        rota.cover("zhou", "li", "14 12:00", "14 18:00")


def test_a_cover_of_a_duty_that_is_covered_already_names_the_wrong_person(rota: Duty) -> None:
    rota.cover("li", "zhou", "14 08:30", "14 12:00")
    with pytest.raises(Invalid, match="周甲在这段时间里不是一直在值值班员的班"):
        rota.cover("han", "zhou", "14 08:30", "15 08:30")


def test_a_cover_that_has_begun_is_noted_late_and_one_that_is_over_is_not(rota: Duty) -> None:
    with pytest.raises(Refusals):
        rota.cover("han", "zhou", "14 08:30", "14 12:00", now=at("14 12:00"))
    assert rota.cover("han", "zhou", "14 08:30", "14 12:00", now=at("14 11:59"))


# ── taking a cover back ───────────────────────────────────────────────────────────────────────────────────


def test_a_cover_taken_back_leaves_the_first_person_on_duty(rota: Duty) -> None:
    cover = rota.cover("han", "zhou", "14 08:30", "15 08:30")
    take_back(rota, cover)
    assert rota.on_duty("14 12:00") == ["zhou"]
    assert rota.entries()[-1]["body"] == {"cover": cover, "role": "duty_officer", "person": "han", "instead_of": "zhou"}
    with pytest.raises(NotFound):
        take_back(rota, cover)


def test_of_a_cover_that_has_begun_only_the_rest_is_taken_back(rota: Duty) -> None:
    cover = rota.cover("han", "zhou", "14 08:30", "15 08:30")
    take_back(rota, cover, now=at("14 12:00"))
    assert [rota.on_duty(f"14 {clock}") for clock in ("08:30", "11:59", "12:00")] == [["han"], ["han"], ["zhou"]]


def test_a_cover_that_is_over_stays(rota: Duty) -> None:
    cover = rota.cover("han", "zhou", "14 08:30", "14 12:00")
    with pytest.raises(Conflict, match="已经值完"):
        take_back(rota, cover, now=at("14 12:00"))


def test_a_cover_that_another_hangs_on_stays_until_that_one_is_taken_back(rota: Duty) -> None:
    first = rota.cover("li", "zhou", "14 08:30", "15 08:30")
    second = rota.cover("han", "li", "14 12:00", "14 18:00")
    with pytest.raises(Conflict, match="韩子替李酉"):
        take_back(rota, first)
    take_back(rota, second)
    take_back(rota, first)
    assert rota.on_duty("14 13:00") == ["zhou"]


# ── 调班 ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_swap_exchanges_two_shifts_and_keeps_both_names(rota: Duty) -> None:
    (a, *_), (b, *_), _ = rota.rows()
    halves = swap(rota, a, b)
    assert [rota.on_duty(f"{day} 12:00") for day in (14, 15, 16)] == [["li"], ["zhou"], ["zhou"]]
    with rota.store.read() as session:
        first, second = (session.get_one(Cover, half) for half in halves)
        assert (first.person, first.instead_of, second.person, second.instead_of) == ("li", "zhou", "zhou", "li")
        assert first.swap == second.swap is not None
    assert [entry["body"]["swap"] for entry in rota.entries()[-2:]] == [first.swap] * 2


def test_a_swap_of_shifts_across_midnight_holds_to_the_minute(duty: Duty) -> None:
    a, b = duty.add("zhou", "14 20:00", "15 08:00"), duty.add("li", "15 08:00", "15 20:00")
    swap(duty, a, b)
    assert [duty.on_duty(when) for when in ("14 20:00", "14 23:59", "15 00:00", "15 07:59", "15 08:00", "15 19:59")] == [
        ["li"]] * 4 + [["zhou"]] * 2


def test_of_a_shift_that_has_begun_the_rest_is_swapped(duty: Duty) -> None:
    a, b = duty.add("zhou", "12 08:30", "13 08:30"), duty.add("li", "13 08:30", "14 08:30")
    swap(duty, a, b)
    assert [duty.on_duty(when) for when in ("12 14:04", "12 14:05", "13 08:30")] == [["zhou"], ["li"], ["zhou"]]


@pytest.mark.parametrize(("others", "field", "sentence"), [
    ((("zhou", "16 08:30", "17 08:30"),), "shift_b", "同一个人"),
    ((("li", "14 20:00", "15 20:00"),), "shift_a", "李酉已有"),  # both at once: nothing to swap
    ((("li", "15 08:30", "16 08:30"), ("zhou", "16 00:00", "16 12:00")), "shift_b", "周甲已有"),
])
def test_a_swap_that_does_not_fit_is_told_at_the_shift(duty: Duty, others: tuple, field: str, sentence: str) -> None:
    a = duty.add("zhou", "14 08:30", "15 08:30")
    b, *_ = [duty.add(*other) for other in others]
    with pytest.raises(Refusal, match=sentence) as refused:
        swap(duty, a, b)
    assert refused.value.field == field
    assert "CoverEntered" not in duty.kinds()


def test_two_roles_are_swapped_only_between_persons_who_have_both(duty: Duty) -> None:
    a, b = duty.add("zhou", "14 08:30", "15 08:30"), duty.add("wu", "15 08:30", "16 08:30", role="duty_chief")
    with pytest.raises(Refusals) as refused:
        swap(duty, a, b)
    assert [each.field for each in refused.value.refusals] == ["shift_b", "shift_a"]
    c, d = duty.add("han", "16 08:30", "17 08:30"), duty.add("han", "17 08:30", "18 08:30", role="duty_chief")
    with pytest.raises(Invalid, match="同一个人"):
        swap(duty, c, d)


def test_a_swap_is_taken_back_whole(rota: Duty) -> None:
    (a, *_), (b, *_), _ = rota.rows()
    _, second = swap(rota, a, b)
    take_back(rota, second)
    assert [rota.on_duty(f"{day} 12:00") for day in (14, 15)] == [["zhou"], ["li"]]
    assert rota.kinds().count("CoverRemoved") == 2


def test_a_swap_of_which_one_half_is_over_stays(rota: Duty) -> None:
    (a, *_), (b, *_), _ = rota.rows()
    first, second = swap(rota, a, b)
    for half in (first, second):
        with pytest.raises(Conflict, match="有一半已经值完"):
            take_back(rota, half, now=at("15 08:30"))
    take_back(rota, first, now=at("15 08:29"))  # a minute before: the minute stays with the other
    assert [rota.on_duty(when) for when in ("15 08:28", "15 08:29", "15 08:30")] == [["li"], ["zhou"], ["li"]]


def test_a_swap_names_shifts_that_are_there(rota: Duty) -> None:
    (a, *_), (b, *_), _ = rota.rows()
    with pytest.raises(NotFound) as refused:
        swap(rota, a, 99)
    assert refused.value.field == "shift_b"
    with pytest.raises(Conflict, match="已经值完"):
        swap(rota, a, b, now=at("15 08:30"))
    with pytest.raises(Refusals):
        swap(rota, a, b, reason="")


def test_the_other_half_of_a_swap_is_not_swapped_again_by_its_old_name(rota: Duty) -> None:
    (a, *_), (b, *_), (c, *_) = rota.rows()
    swap(rota, a, b)
    with pytest.raises(Invalid, match="李酉在这段时间里不是一直"):
        swap(rota, c, b)


def test_of_two_who_swap_the_same_shift_at_once_one_is_told_that_it_is_taken(rota: Duty, at_once) -> None:
    (a, *_), (b, *_), _ = rota.rows()
    answers = at_once(lambda: swap(rota, a, b), 3)
    assert sum(isinstance(answer, tuple) for answer in answers) == 1
    assert sum(isinstance(answer, Refusal) for answer in answers) == 2


def test_of_two_who_take_a_swap_back_at_once_one_does(rota: Duty, at_once) -> None:
    (a, *_), (b, *_), _ = rota.rows()
    first, _ = swap(rota, a, b)
    answers = at_once(lambda: take_back(rota, first), 3)
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "NotFound", "NotFound"]
    assert rota.kinds().count("CoverRemoved") == 2


def test_a_whole_shift_is_handed_on_when_a_person_leaves_the_bureau(rota: Duty) -> None:
    """Who has left is on nobody's list: his shift is filled by a new one, not by a cover."""
    (a, *_), *_ = rota.rows()
    with pytest.raises(Refusals):
        rota.cover("gone", "zhou", "14 08:30", "14 20:00")
    rota.do(lambda session: shifts.remove_shift(session, a, actor=ACTOR, now=rota.now))
    rota.add("han", "14 08:30", "15 08:30")
    with rota.store.read() as session:
        assert session.get_one(Shift, a).removed_at == rota.now
        assert session.scalars(select(Shift).where(Shift.person == "han")).one().until_at - at("14 08:30") \
            == timedelta(days=1)
