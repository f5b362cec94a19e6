"""Leave with an acting deputy: who is on duty meanwhile, what is refused, and that history keeps its answer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from incident_clock.errors import Conflict, NotFound, Refusal, Refusals
from incident_clock.ledger.chain import plain
from incident_clock.ledger.fact import Actor
from incident_clock.people import directory, leave, ledger, roster
from incident_clock.people.leave import FARTHEST, LONGEST_LEAVE
from incident_clock.store.session import Store
from tests.people.duty_room import at
from tests.support.bureau import SHEN, WANG

ZHENG = Actor(name="郑丙", role="duty_leader", key="zheng")


def do(store: Store, verb: Callable[..., Any], *given: Any, now: datetime, actor: Actor = SHEN, **more: Any) -> Any:
    with store.write() as session:
        return verb(session, *given, actor=actor, now=now, **more)


def enter(store: Store, now: datetime, since: str = "14 08:30", until: str = "16 08:30", *, person: str = "zheng",
          acting: str | None = "feng", reason: str | None = "出差", actor: Actor = SHEN) -> leave.EnteredLeave:
    return do(store, leave.enter_leave, person=person, from_at=at(since), until_at=at(until), acting=acting, reason=reason,
              actor=actor, now=now)


def leader(store: Store, when: datetime) -> list[tuple[str, str]]:
    with store.read() as session:
        return [(holder.card.key, holder.why) for holder in roster.who_is(session, "duty_leader", when)]


def last_entry(store: Store) -> dict[str, Any]:
    with store.read() as session:
        return plain(ledger.links(session)[-1])


def test_the_acting_deputy_holds_every_role_from_the_first_to_the_last_instant(bureau: Store, now: datetime) -> None:
    done = enter(bureau, now)
    second = timedelta(seconds=1)
    assert leader(bureau, at("14 08:30") - second) == [("zheng", "directory")]
    assert leader(bureau, at("14 08:30")) == leader(bureau, at("16 08:30") - second) == [("feng", "acting")]
    assert leader(bureau, at("16 08:30")) == [("zheng", "directory")]
    entry = last_entry(bureau)
    assert (entry["kind"], entry["body"]["leave"], entry["body"]["person"], entry["body"]["acting"]) == (
        "LeaveEntered", done.leave, "zheng", "feng")
    assert entry["body"]["reason"] == "出差"
    for personal in ("zheng", "feng", "出差"):
        assert personal not in entry["canonical"]


def test_without_an_acting_deputy_the_stand_in_takes_over(bureau: Store, now: datetime) -> None:
    enter(bureau, now, acting=None, reason=None)
    assert leader(bureau, at("15 12:00")) == [("wang", "stand_in")]


def test_who_enters_his_own_leave_names_who_acts(bureau: Store, now: datetime) -> None:
    with pytest.raises(Refusals, match="由谁代") as refused:
        enter(bureau, now, acting=None, actor=ZHENG)
    assert [one.field for one in refused.value.refusals] == ["acting"]
    enter(bureau, now, actor=ZHENG)
    assert last_entry(bureau)["actor"] == "郑丙"


@pytest.mark.parametrize(("roles", "key", "may"), [
    (("admin",), "shen", True), (("duty_leader",), "zheng", True), (("duty_leader",), "wang", False),
    (("auditor",), "yang", False), (("office", "admin"), "chu", True),
])
def test_leave_is_entered_by_an_administrator_or_the_person_himself(roles: tuple[str, ...], key: str, may: bool) -> None:
    assert leave.may_enter(roles, key, person="zheng") is may


@pytest.mark.parametrize(("changes", "wrong"), [
    ({"person": "nobody"}, ["person"]), ({"acting": "nobody"}, ["acting"]), ({"acting": "zheng"}, ["acting"]),
    ({"acting": "yang"}, ["acting"]), ({"acting": "shen"}, ["acting"]),  # who audits or administers never logs a step
    ({"until": "14 08:30"}, ["until_at"]), ({"until": "13 08:30"}, ["until_at"]),
    ({"since": "10 08:30", "until": "11 08:30"}, ["until_at"]), ({"since": "11 14:04"}, ["from_at"]),
    ({"reason": "长" * 501}, ["reason"]), ({"reason": "a\0b"}, ["reason"]),
    ({"person": "nobody", "until": "13 08:30", "acting": "nobody", "reason": "\0"},
     ["person", "until_at", "acting", "reason"]),
])
def test_what_cannot_be_right_is_told_at_its_field(
        bureau: Store, now: datetime, changes: dict[str, Any], wrong: list[str]) -> None:
    with pytest.raises(Refusals) as refused:
        enter(bureau, now, **changes)
    assert [one.field for one in refused.value.refusals] == wrong


@pytest.mark.parametrize(("from_at", "until_at", "is_taken"), [
    (timedelta(hours=-24), timedelta(hours=1), True), (timedelta(hours=-24, seconds=-1), timedelta(hours=1), False),
    (timedelta(0), LONGEST_LEAVE, True), (timedelta(0), LONGEST_LEAVE + timedelta(seconds=1), False),
    (FARTHEST, FARTHEST + timedelta(days=1), True),
    (FARTHEST + timedelta(seconds=1), FARTHEST + timedelta(days=1), False),
    (timedelta(hours=-1), timedelta(seconds=1), True), (timedelta(hours=-1), timedelta(0), False),
])
def test_leave_has_its_limits(bureau: Store, now: datetime, from_at: timedelta, until_at: timedelta, is_taken: bool) -> None:
    try:
        do(bureau, leave.enter_leave, person="zheng", from_at=now + from_at, until_at=now + until_at, acting="feng",
           reason=None, now=now)
    except Refusal:
        assert not is_taken
    else:
        assert is_taken


@pytest.mark.parametrize(("since", "until", "is_taken"), [
    ("13 08:30", "14 08:30", True), ("16 08:30", "17 08:30", True), ("13 08:30", "14 08:31", False),
    ("16 08:29", "17 08:30", False), ("15 00:00", "15 12:00", False), ("13 00:00", "18 00:00", False),
])
def test_nobody_is_on_leave_twice_at_once(bureau: Store, now: datetime, since: str, until: str, is_taken: bool) -> None:
    enter(bureau, now)
    if is_taken:
        enter(bureau, now, since, until)
        return
    with pytest.raises(Conflict, match="已经请假") as refused:
        enter(bureau, now, since, until)
    assert refused.value.field == "from_at"
    enter(bureau, now, since, until, person="wang")  # somebody else may be


def test_an_acting_deputy_who_is_away_himself_is_warned_of(bureau: Store, now: datetime) -> None:
    enter(bureau, now, "15 08:30", "17 08:30", person="feng", acting="chen")
    assert enter(bureau, now).acting_away == (at("15 08:30"), at("17 08:30"))
    assert leader(bureau, at("15 12:00")) == [("chen", "acting")]  # whoever acts for the one who acts
    assert enter(bureau, now, "18 08:30", "19 08:30").acting_away is None


def test_somebody_who_has_left_acts_for_nobody(bureau: Store, now: datetime) -> None:
    do(bureau, directory.retire_person, "feng", now=now)
    with pytest.raises(Refusals) as refused:
        enter(bureau, now)
    assert [one.field for one in refused.value.refusals] == ["acting"]


def test_leave_to_come_is_taken_back_as_if_it_had_never_been(bureau: Store, now: datetime) -> None:
    done = enter(bureau, now)
    assert do(bureau, leave.remove_leave, done.leave, now=now) == "zheng"
    assert leader(bureau, at("15 12:00")) == [("zheng", "directory")]
    assert (last_entry(bureau)["kind"], last_entry(bureau)["body"]) == ("LeaveRemoved", {"leave": done.leave, "person": "zheng"})
    with pytest.raises(NotFound):
        do(bureau, leave.remove_leave, done.leave, now=now)
    enter(bureau, now)  # and its time is free again


def test_who_comes_back_early_is_there_from_now_on_and_was_away_before(bureau: Store, now: datetime) -> None:
    done = enter(bureau, now)
    noon = at("15 12:00")
    do(bureau, leave.remove_leave, done.leave, now=noon)
    assert leader(bureau, noon) == [("zheng", "directory")]
    assert leader(bureau, noon - timedelta(seconds=1)) == [("feng", "acting")]
    with pytest.raises(Conflict, match="已经结束"):
        do(bureau, leave.remove_leave, done.leave, now=noon)


def test_two_who_enter_the_same_leave_at_once_leave_one(bureau: Store, now: datetime, at_once: Callable[..., list[Any]]) -> None:
    answers = at_once(lambda: enter(bureau, now), 3)
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Conflict", "EnteredLeave"]


def test_a_deputy_may_enter_leave_for_himself_while_he_acts(bureau: Store, now: datetime) -> None:
    enter(bureau, now, acting="wang")
    enter(bureau, now, "15 08:30", "15 20:00", person="wang", acting="chen", actor=WANG)
    assert leader(bureau, at("15 12:00")) == [("chen", "acting")]
