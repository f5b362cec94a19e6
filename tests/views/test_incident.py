"""One incident as the page, the API and the command line see it: four times, both verdicts, each ladder in words."""

from datetime import datetime, timedelta

import pytest

from incident_clock.people.duty_tables import Shift
from incident_clock.views.shapes import ChainView, IncidentView, StepView
from tests.support.bureau import WANG, ZHOU
from tests.support.room import Room

MINUTE = timedelta(minutes=1)


def seen(room: Room, number: str) -> IncidentView:
    return room.views.incident(number, room.now)


def step(room: Room, number: str, key: str = "phone_report") -> StepView:
    return next(one for one in seen(room, number).steps if one.key == key)


def ladder(room: Room, number: str, key: str = "phone_report") -> list[tuple[str, list[str]]]:
    return [(rung.state, [person.name for person in rung.people]) for rung in step(room, number, key).ladder]


def test_everything_that_was_registered_is_shown(room: Room, now: datetime):
    given = {
        "title": "青禾路户外广告牌坠落", "place": "青禾路", "source": "区12345热线", "first_learned_by": "一中队 蒋壬", "summary": "两人受伤",
        "unit": "城区一中队", "category": "accident", "event_grade": "一般", "opinion_grade": "较大",
        "occurred_at": now - 15 * MINUTE, "first_online_at": now + MINUTE, "received_at": now - MINUTE}
    shown = seen(room, room.register(**given))
    assert {name: getattr(shown, name) for name in given} == given
    assert (shown.number, shown.spoken, shown.is_drill, shown.registered_at) == ("2026-0001", "001", False, now)
    assert (shown.clock_started_at, shown.protocol_key, shown.protocol_version) == \
        (now - MINUTE, "district-emergency", "2019-2")
    assert shown.focus.key == "phone_report"


def test_an_incident_is_found_by_number_and_by_id(room: Room):
    number = room.register(is_drill=True)
    assert seen(room, number) == room.views.incident(room.incident(number).id, room.now)


@pytest.mark.parametrize(("minutes", "standing"), [
    (0, "waiting"), (14.99, "waiting"), (15, "nearing"), (20.99, "nearing"), (21, "overdue")])
def test_an_open_step_stands_where_the_clock_says(room: Room, minutes: float, standing: str):
    number = room.register()
    assert step(room.wait(minutes=minutes), number).standing.value == standing


def test_both_verdicts_are_shown_where_the_occurrence_is_known(room: Room, now: datetime):
    """S03: learned 45 minutes late, phoned in time by receipt, late by occurrence."""
    number = room.register(occurred_at=now - 45 * MINUTE)
    room.wait(minutes=10)
    room.log(number)
    shown = step(room, number)
    assert (shown.verdict.standing.value, shown.due_at) == ("met", now + 20 * MINUTE)
    assert (shown.occurred_verdict.standing.value, shown.occurred_verdict.late_minutes) == ("met_late", 35)
    assert shown.occurred_due_at == now - 25 * MINUTE
    still_open = step(room, number, "preliminary_report")
    assert (still_open.occurred_verdict.standing.value, still_open.occurred_due_at) == ("nearing", now + 15 * MINUTE)


@pytest.mark.parametrize("occurred", [None, 0])
def test_one_verdict_is_enough_where_the_occurrence_is_unknown_or_the_same(room: Room, now: datetime, occurred):
    number = room.register(received_at=now, occurred_at=None if occurred is None else now)
    assert (step(room, number).occurred_verdict, step(room, number).occurred_due_at) == (None, None)


def test_a_logged_step_shows_who_did_what_and_when(room: Room, now: datetime):
    number = room.register()
    room.wait(minutes=12)
    room.log(number, actor=WANG, done_at=now + 9 * MINUTE, report_to="区总值班室", evidence="录音3号")
    shown = step(room, number)
    assert (shown.is_open, shown.done_at, shown.recorded_at, shown.logged_by, shown.report_to, shown.evidence_text) == \
        (False, now + 9 * MINUTE, room.now, "王丁", "区总值班室", "录音3号")
    assert shown.next_rung_at is None
    assert seen(room, number).focus.key == "preliminary_report"


def test_a_withdrawn_log_shows_no_more_on_its_card(room: Room):
    number = room.register()
    room.log(number, evidence="录音3号")
    room.withdraw(number)
    shown = step(room, number)
    assert (shown.is_open, shown.logged_by, shown.evidence_text, shown.done_at) == (True, None, None, None)


# ── the ladder ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_ladder_shows_who_was_told_and_who_is_next(room: Room):
    number = room.register()
    room.work(minutes=12)
    assert ladder(room, number) == [
        ("told", ["周甲", "吴乙"]), ("told", ["周甲", "吴乙"]), ("next", ["郑丙", "陈己"]), ("later", ["王丁"]),
        ("later", ["王丁", "冯戊"])]
    rung = step(room, number).ladder[1]
    assert (rung.told, rung.channels, rung.undelivered, rung.at) == (1, ("sms", "email"), (), room.now - 2 * MINUTE)


def test_a_ladder_after_a_gap_shows_what_was_passed_over(room: Room):
    number = room.register()
    room.work(minutes=1)
    room.wait(minutes=16).work(seconds=1)
    assert [state for state, _ in ladder(room, number)] == ["told", "passed", "told", "next", "later"]
    assert ladder(room, number)[2][1] == ["周甲", "吴乙", "郑丙", "陈己"]


def test_a_ladder_of_a_logged_step_shows_what_it_did_not_come_to(room: Room):
    number = room.register()
    room.work(minutes=11)
    room.log(number)
    assert [state for state, _ in ladder(room, number)] == ["told", "told", "gone", "gone", "gone"]


def test_a_repeating_rung_shows_its_count_and_its_pace(room: Room):
    number = room.register()
    room.work(minutes=32)
    rung = step(room, number).ladder[4]
    assert (rung.told, rung.repeat, rung.every, rung.is_overdue_rung) == (3, 2, timedelta(minutes=5), True)
    room.work(minutes=30)
    assert step(room, number).ladder[4].every == timedelta(minutes=10)


def test_somebody_no_channel_has_reached_is_named(room: Room):
    for channel in room.channels.values():
        channel.fate = lambda letter: "temporary" if "wu@" in letter.to or letter.to.endswith("2") else "arrives"
    number = room.register()
    room.work(seconds=1)
    assert step(room, number).ladder[0].undelivered == ("吴乙",)
    for channel in room.channels.values():
        channel.fate = lambda letter: "arrives"
    room.work(seconds=3)
    assert step(room, number).ladder[0].undelivered == ()


def test_the_ruler_goes_from_empty_to_full(room: Room):
    number = room.register()
    shares = [step(room, number).spent, step(room.wait(minutes=10), number).spent, step(room.wait(hours=1), number).spent]
    assert shares[0] == 0 < shares[1] < shares[2] < 1
    marks = step(room, number).marks
    assert [share for share, _, _ in marks] == sorted(share for share, _, _ in marks)
    assert [is_overdue for _, _, is_overdue in marks] == [False] * 4 + [True]


# ── the timeline ──────────────────────────────────────────────────────────────────────────────────────────


def test_what_became_of_a_message_is_folded_under_its_call(room: Room):
    number = room.register()
    room.work(minutes=1)
    room.log(number)
    room.work(minutes=1)
    found = room.views.timeline(room.incident(number).id, order="asc")
    shown = found.entries
    assert [entry.kind for entry in shown] == ["IncidentRegistered", "RungRaised", "StepLogged", "AudienceTold"]
    assert [len(entry.notes) for entry in shown] == [0, 4, 0, 4]
    assert {body["person"] for _, _, body in shown[1].notes} == {"周甲", "吴乙"}
    assert found.counts == {"all": 4, "work": 2, "reminders": 2, "answers": 0, "changes": 0}
    assert room.views.timeline(room.incident(number).id).entries == shown[::-1]


def test_a_first_look_lists_the_newest_entries_and_says_how_many_it_leaves_out(room: Room):
    number = room.register()
    room.work(minutes=16)
    everything = room.views.timeline(room.incident(number).id)
    incident, found, chain = room.views.whole(number, room.now, order="desc", only="all", limit=2)
    assert (found.entries, found.hidden) == (everything.entries[:2], len(everything.entries) - 2)
    assert (found.counts, everything.hidden) == (everything.counts, 0)
    assert incident == seen(room, number)
    assert chain == room.views.chain_state(incident.id)


def test_the_timeline_shows_both_times_and_marks_what_came_late_or_was_taken_back(room: Room, now: datetime):
    number = room.register()
    room.wait(minutes=12)
    room.log(number, done_at=now + 2 * MINUTE)
    room.withdraw(number)
    found = room.views.timeline(room.incident(number).id, order="asc", only="changes")
    logged, withdrawn = found.entries
    assert (logged.happened_at, logged.recorded_at, logged.is_late_entry) == (now + 2 * MINUTE, room.now, True)
    assert logged.withdrawn_by == withdrawn.sequence
    assert (withdrawn.kind, found.counts["changes"]) == ("LogWithdrawn", 2)


@pytest.mark.parametrize(("only", "kinds"), [
    ("work", {"IncidentRegistered", "StepLogged"}), ("reminders", {"RungRaised", "AudienceTold"}), ("changes", set())])
def test_a_filter_shows_its_part(room: Room, only: str, kinds: set[str]):
    number = room.register()
    room.work(minutes=1)
    room.log(number)
    shown = room.views.timeline(room.incident(number).id, only=only)
    assert {entry.kind for entry in shown.entries} == kinds


def test_the_state_of_the_chain_is_its_length_and_its_head(room: Room):
    number = room.register()
    room.work(minutes=1)
    entries = room.entries(number)
    assert room.views.chain_state(room.incident(number).id) == ChainView(len(entries), entries[-1]["hash"], True)
    assert room.views.entries(room.incident(number).id) == entries


def test_a_closed_incident_has_nothing_to_do_next(room: Room):
    number = room.register(protocol="general-48h")
    room.log(number, "response")
    room.desk.close(number, None, actor=ZHOU, now=room.now)
    assert (seen(room, number).focus, seen(room, number).closed_at) == (None, room.now)


def test_a_rung_to_come_names_who_is_on_duty_at_its_own_instant(room: Room, now: datetime):
    number = room.register()
    first, *later = step(room, number).ladder
    second = next(rung for rung in later if rung.at > first.at and "duty_officer" in {p.role for p in rung.people})
    changes_at = second.at
    with room.store.write() as session:
        session.add_all([
            Shift(role="duty_officer", person="zhou", from_at=now - MINUTE, until_at=changes_at),
            Shift(role="duty_officer", person="wu", from_at=changes_at, until_at=changes_at + timedelta(hours=8))])
    for rung in step(room, number).ladder:
        officers = {person.key for person in rung.people if person.role == "duty_officer"}
        assert officers <= ({"zhou"} if rung.at < changes_at else {"wu"})
    assert any(p.key == "wu" for rung in step(room, number).ladder for p in rung.people if p.role == "duty_officer")
