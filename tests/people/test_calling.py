"""Whom a call reaches, on the pure parts: climbing past empty rungs, channels, budgets, pauses, gaps, one phone for two."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest

from incident_clock.people import calling
from incident_clock.people.calling import Conditions, Heard
from incident_clock.people.cards import EMAIL, MOBILE, Contact, PersonCard
from incident_clock.people.duty import Away, DutyBook, Holder, OnShift
from incident_clock.protocol import ladder
from incident_clock.protocol.ladder import Decision, Occurrence, PassedOver
from incident_clock.protocol.steps import AFTER, BEFORE_DUE, Rung, Step
from tests.support.bureau import rung

NOW = datetime(2026, 3, 12, 6, 5, tzinfo=UTC)
BOTH = ("sms", "email")


def card(key: str, *roles: str, phone: str | None = "", email: str | None = "", stand_in: str | None = None) -> PersonCard:
    """Somebody with a number and a mailbox of his own; None: without one."""
    found = ((MOBILE, f"+86 {key}" if phone == "" else phone), (EMAIL, f"{key}@example.com" if email == "" else email))
    return PersonCard(key, key, "duty", roles, tuple(Contact(kind, one) for kind, one in found if one), stand_in, "zh")


def step(*rungs: Rung, within: timedelta = timedelta(minutes=20)) -> Step:
    return Step("phone_report", {"zh": "电话上报", "en": "Phone report"}, within, "call", rungs)


LADDER = step(rung(1, AFTER, 0, "duty_officer"), rung(2, BEFORE_DUE, 10, "duty_chief"),
              rung(3, BEFORE_DUE, 5, "duty_leader"), rung(4, BEFORE_DUE, 2, "deputy"))
OFFICER, CHIEF, LEADER, DEPUTY = (card("zhou", "duty_officer"), card("wu", "duty_chief"), card("zheng", "duty_leader"),
                                  card("wang", "deputy"))


def call(number: int, *people: PersonCard, on: Step = LADDER, channels: Collection[str] = BOTH, roles=None,
         paused: Collection[tuple[int, str]] = (), spent: Collection[str] = (), book: DutyBook | None = None) -> Heard:
    """The call of one rung. `spent`: keys of persons whose number has used up its day."""
    own = next(one for one in on.ladder if one.number == number)
    return calling.who_hears(
        on, number, roles or calling.roles_of(own), book=book or DutyBook({one.key: one for one in people}), at=NOW,
        given=Conditions(channels, lambda rung, person: (rung, person) in paused, lambda address, person: person in spent))


def told(heard: Heard) -> dict[str, list[str]]:
    """Person → channels."""
    return {one.card.key: sorted(one.ways) for one in heard.reached}


# ── an empty rung ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("called", "there", "heard_on", "skipped"), [
    (1, (OFFICER, CHIEF, LEADER, DEPUTY), 1, ()),
    (2, (OFFICER, LEADER, DEPUTY), 3, (2,)),
    (2, (OFFICER, DEPUTY), 4, (2, 3)),
    (1, (DEPUTY,), 4, (1, 2, 3)),
    (4, (OFFICER, CHIEF, LEADER), 3, (4,)),  # above the top one there is only downwards
    (4, (OFFICER,), 1, (4, 3, 2)),
    (3, (OFFICER, CHIEF), 2, (3, 4)),  # first upwards, then downwards
    (3, (OFFICER,), 1, (3, 4, 2)),
    (2, (OFFICER,), 1, (2, 3, 4)),
])
def test_an_empty_rung_is_gone_over_to_the_next_above_else_below(called, there, heard_on, skipped):
    heard = call(called, *there)
    assert (heard.rung, heard.skipped, heard.is_empty) == (heard_on, skipped, False)
    assert [one.holder.role for one in heard.reached] == list(LADDER.ladder[heard_on - 1].tell)


def test_on_a_ladder_without_anybody_the_call_stays_where_it_was_made():
    heard = call(2)
    assert (heard.rung, heard.skipped, heard.reached, heard.is_empty) == (2, (), (), True)
    assert heard.unreachable == ("duty_chief",)


def test_the_roles_nobody_holds_are_named_for_every_rung_gone_over():
    assert call(1, DEPUTY).unreachable == ("duty_officer", "duty_chief", "duty_leader")
    assert call(3, OFFICER).unreachable == ("duty_leader", "deputy", "duty_chief")


def test_a_rung_that_reaches_one_of_its_roles_is_not_gone_over():
    both = step(rung(1, AFTER, 0, "duty_officer", "duty_chief"), rung(2, AFTER, 5, "deputy"))
    heard = call(1, CHIEF, DEPUTY, on=both)
    assert (heard.rung, heard.unreachable, told(heard)) == (1, ("duty_officer",), {"wu": ["email", "sms"]})


def test_rungs_of_one_instant_are_gone_over_by_their_numbers():
    twins = step(rung(1, AFTER, 5, "duty_officer"), rung(2, AFTER, 5, "deputy"))
    assert call(1, DEPUTY, on=twins).rung == 2
    assert call(2, OFFICER, on=twins).rung == 1


def test_a_hole_in_the_roster_makes_a_rung_empty():
    """The directory still names two duty officers; the roster knows none for this hour."""
    people = {one.key: one for one in (OFFICER, card("jiang", "duty_officer"), CHIEF)}
    earlier = OnShift("duty_officer", "zhou", NOW - timedelta(hours=8), NOW)
    hole = DutyBook(people, [earlier], rostered_from={"duty_officer": earlier.from_at})
    assert told(call(1, book=hole)) == {"wu": ["email", "sms"]}


def test_a_deputy_who_cannot_be_reached_himself_leaves_the_rung_empty():
    away = Away("zhou", "deaf", NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    people = {one.key: one for one in (OFFICER, card("deaf", "reporter", phone=None, email=None), CHIEF)}
    assert call(1, book=DutyBook(people, absences=[away])).rung == 2


# ── channels ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("by", "channels", "who", "expected"), [
    (None, BOTH, card("zhou", "duty_officer"), ["email", "sms"]),
    (None, ("email",), card("zhou", "duty_officer"), ["email"]),
    (("sms",), BOTH, card("zhou", "duty_officer"), ["sms"]),
    (("sms", "email"), BOTH, card("zhou", "duty_officer", email=None), ["sms"]),
    (("sms",), BOTH, card("zhou", "duty_officer", phone=None), None),
    (("sms",), ("email",), card("zhou", "duty_officer"), None),
    (None, BOTH, card("zhou", "duty_officer", phone=None, email=None), None),
    (None, (), card("zhou", "duty_officer"), None),
    (None, ("console",), card("zhou", "duty_officer", phone=None, email=None), ["console"]),
    (("sms",), ("console",), card("zhou", "duty_officer"), ["console"]),  # the console stands in for every channel
    (("sms",), ("console", "sms"), card("zhou", "duty_officer"), ["console", "sms"]),
])
def test_a_person_is_told_on_what_is_on_what_the_rung_names_and_what_he_has(by, channels, who, expected):
    one = step(rung(1, AFTER, 0, "duty_officer", by=by))
    heard = call(1, who, on=one, channels=channels)
    assert told(heard) == ({} if expected is None else {"zhou": expected})
    assert heard.unreachable == (("duty_officer",) if expected is None else ())


def test_a_rung_nobody_has_the_named_channel_for_is_gone_over():
    by_mail = step(rung(1, AFTER, 0, "duty_officer", by=("email",)), rung(2, AFTER, 5, "duty_chief", by=("sms",)))
    heard = call(1, card("zhou", "duty_officer", email=None), CHIEF, on=by_mail)
    assert (heard.rung, heard.skipped, told(heard)) == (2, (1,), {"wu": ["sms"]})


def test_two_roles_of_one_person_are_one_call():
    both = step(rung(1, AFTER, 0, "duty_officer", "deputy"))
    heard = call(1, card("zhou", "deputy", "duty_officer"), on=both)
    assert [(one.card.key, one.holder.role) for one in heard.reached] == [("zhou", "duty_officer")]


def test_two_people_with_one_phone_are_both_told():
    shared = [card(key, "duty_officer", phone="+8613800000001", email=None) for key in ("zhou", "wu")]
    heard = call(1, *shared)
    assert [(one.card.key, one.ways) for one in heard.reached] == [
        ("zhou", {"sms": "+8613800000001"}), ("wu", {"sms": "+8613800000001"})]


# ── after a gap ───────────────────────────────────────────────────────────────────────────────────────────


def union(on: Step, raised: int, *passed: int) -> dict[str, tuple[str, ...] | None]:
    return ladder.audience(on, Decision((Occurrence(raised, 0, NOW),), tuple(PassedOver(one, 0, 0) for one in passed), None))


def test_after_a_gap_everybody_of_the_rungs_passed_over_is_told_too():
    assert told(call(3, OFFICER, CHIEF, LEADER, DEPUTY, roles=union(LADDER, 3, 1, 2))).keys() == {"zhou", "wu", "zheng"}


def test_after_a_gap_one_of_the_roles_is_enough():
    heard = call(3, OFFICER, DEPUTY, roles=union(LADDER, 3, 1, 2))
    assert (heard.rung, heard.skipped, [*told(heard)]) == (3, (), ["zhou"])
    assert heard.unreachable == ("duty_chief", "duty_leader")


def test_after_a_gap_with_nobody_in_all_its_rungs_the_next_above_is_told_alone():
    heard = call(2, LEADER, DEPUTY, roles=union(LADDER, 2, 1))
    assert (heard.rung, heard.skipped, [*told(heard)]) == (3, (2,), ["zheng"])
    assert heard.unreachable == ("duty_officer", "duty_chief")


def test_after_a_gap_a_person_is_told_on_the_channels_of_all_his_rungs():
    named = step(rung(1, AFTER, 0, "duty_officer", by=("sms",)), rung(2, AFTER, 5, "duty_chief", by=("email",)))
    two = card("zhou", "duty_officer", "duty_chief")
    assert told(call(2, two, on=named, roles=union(named, 2, 1))) == {"zhou": ["email", "sms"]}
    by_role = step(rung(1, AFTER, 0, "duty_officer", by=("sms",)), rung(2, AFTER, 5, "duty_officer", by=("email",)))
    assert told(call(2, OFFICER, on=by_role, roles=union(by_role, 2, 1))) == {"zhou": ["email", "sms"]}


# ── who has acknowledged ──────────────────────────────────────────────────────────────────────────────────


def test_who_has_acknowledged_is_left_alone_and_the_others_of_his_rung_are_told():
    both = step(rung(1, AFTER, 0, "duty_officer", "duty_chief"))
    heard = call(1, OFFICER, CHIEF, on=both, paused=[(1, "zhou")])
    assert ([*told(heard)], [one.key for one in heard.paused], heard.is_empty) == (["wu"], ["zhou"], False)


def test_a_rung_all_of_whom_have_acknowledged_is_quiet_and_not_empty():
    heard = call(1, OFFICER, CHIEF, paused=[(1, "zhou")])
    assert (heard.rung, heard.skipped, heard.reached, heard.is_empty) == (1, (), (), False)


def test_an_acknowledgement_of_one_rung_is_none_of_another():
    assert [*told(call(2, OFFICER, CHIEF, paused=[(1, "wu")]))] == ["wu"]


def test_a_call_that_climbs_is_held_back_by_the_acknowledgement_of_the_rung_it_lands_on():
    heard = call(1, LEADER, DEPUTY, paused=[(3, "zheng")])
    assert (heard.rung, heard.skipped, heard.reached, [one.key for one in heard.paused]) == (3, (1, 2), (), ["zheng"])


# ── a number's day ────────────────────────────────────────────────────────────────────────────────────────


def test_a_number_that_is_used_up_is_spared_and_mail_carries_the_message():
    heard = call(1, OFFICER, spent=["zhou"])
    assert told(heard) == {"zhou": ["email"]}
    assert [one.is_capped for one in heard.reached] == [True]
    assert heard.capped == ()


def test_mail_carries_it_also_where_the_rung_asked_for_text_messages_alone():
    assert told(call(1, OFFICER, on=step(rung(1, AFTER, 0, "duty_officer", by=("sms",))), spent=["zhou"])) == \
        {"zhou": ["email"]}


def test_a_rung_by_mail_alone_knows_no_budget():
    heard = call(1, OFFICER, on=step(rung(1, AFTER, 0, "duty_officer", by=("email",))), spent=["zhou"])
    assert [one.is_capped for one in heard.reached] == [False]


def test_who_has_no_other_channel_is_left_out_while_somebody_else_of_the_rung_is_told():
    both = step(rung(1, AFTER, 0, "duty_officer", "duty_chief"))
    heard = call(1, card("zhou", "duty_officer", email=None), CHIEF, on=both, spent=["zhou"])
    assert ([*told(heard)], [one.key for one in heard.capped], heard.skipped) == (["wu"], ["zhou"], ())
    assert heard.unreachable == ()  # he can be reached: it is the budget that keeps him from being told


def test_a_channel_that_is_off_cannot_take_over():
    both = step(rung(1, AFTER, 0, "duty_officer", "duty_chief"))
    heard = call(1, OFFICER, CHIEF, on=both, channels=("sms",), spent=["zhou"])
    assert ([*told(heard)], [one.key for one in heard.capped]) == (["wu"], ["zhou"])


def test_a_rung_left_empty_by_budgets_is_gone_over_and_names_whom_it_spared():
    heard = call(1, OFFICER, CHIEF, channels=("sms",), spent=["zhou"])
    assert (heard.rung, heard.skipped, [*told(heard)]) == (2, (1,), ["wu"])
    assert ([one.key for one in heard.capped], heard.unreachable) == (["zhou"], ())


def test_a_budget_that_would_silence_the_whole_ladder_is_set_aside():
    people = (OFFICER, CHIEF, LEADER, DEPUTY)
    heard = call(2, *people, channels=("sms",), spent=[one.key for one in people])
    assert (heard.rung, heard.skipped, told(heard), heard.capped) == (2, (), {"wu": ["sms"]}, ())


def test_a_budget_that_is_set_aside_still_goes_over_rungs_that_are_empty():
    heard = call(2, OFFICER, DEPUTY, channels=("sms",), spent=["zhou", "wang"])
    assert (heard.rung, heard.skipped, told(heard)) == (4, (2, 3), {"wang": ["sms"]})


def test_an_acknowledgement_above_is_no_reason_to_set_a_budget_aside():
    """Somebody has received it: nobody needs to be woken over his number's day."""
    heard = call(1, OFFICER, CHIEF, channels=("sms",), spent=["zhou"], paused=[(2, "wu")])
    assert (heard.rung, heard.reached, [one.key for one in heard.capped]) == (2, (), ["zhou"])


def test_two_people_on_one_used_up_phone_each_have_their_own_mail():
    shared = [card(key, "duty_officer", phone="+8613800000001") for key in ("zhou", "wu")]
    assert told(call(1, *shared, spent=["zhou", "wu"])) == {"zhou": ["email"], "wu": ["email"]}


# ── answers and stand-ins ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("answers", "told", "needed"), [
    (None, 0, 0), (None, 3, 3), ("all", 3, 3), ("any", 3, 1), ("any", 1, 1), ("any", 0, 0), (2, 3, 2), (2, 2, 2),
    (2, 1, 1), (50, 3, 3),
])
def test_a_rung_asks_for_so_many_answers_and_never_for_more_than_were_told(answers, told, needed):
    assert calling.answers_needed(Rung(1, AFTER, timedelta(0), ("head",), answers=answers), told) == needed


@pytest.mark.parametrize(("role", "left", "expected"), [
    ("deputy", timedelta(minutes=5), True),  # exactly at the last quarter of 20 minutes
    ("deputy", timedelta(minutes=5, microseconds=1), False),
    ("deputy", timedelta(microseconds=1), True),
    ("deputy", timedelta(0), False),  # due: nothing is left to stand in for
    ("deputy", timedelta(minutes=-1), False),
    ("duty_leader", timedelta(minutes=4), True),
    ("head", timedelta(minutes=4), True),
    ("spokesman", timedelta(minutes=4), True),
    ("duty_officer", timedelta(minutes=4), False),
    ("duty_chief", timedelta(minutes=4), False),
    ("publicity_chief", timedelta(minutes=4), False),
    ("office", timedelta(minutes=4), False),
])
def test_the_silence_of_a_leader_counts_in_the_last_quarter(role, left, expected):
    holder = Holder(card("x", "reporter"), role, "acting", of="wang")  # it is the role he was told in that counts
    assert calling.needs_stand_in(LADDER, holder, due=NOW + left, at=NOW) == expected
