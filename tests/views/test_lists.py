"""Board, search, outbox and pulse: what is open, what was told, and whether the engine lives."""

from datetime import datetime, timedelta

import pytest

from incident_clock.engine import beating
from tests.support.bureau import WANG, WU, ZHOU, ZONE
from tests.support.room import Room
from tests.support.telling import PERMANENT, TEMPORARY, UNKNOWN

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


# ── board ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_board_leads_with_what_is_due_first_and_a_real_incident_before_any_drill(room: Room, now: datetime):
    later, first = room.register(received_at=now), room.register(received_at=now - 15 * MINUTE)
    done = room.register(protocol="general-48h", received_at=now - 40 * MINUTE)
    room.log(done, "response")
    drill = room.register(is_drill=True, received_at=now - 5 * MINUTE)
    assert [row.incident.number for row in room.views.board(now).rows] == [first, later, done, drill]


def test_the_board_tells_who_was_told_last_and_who_is_next(room: Room, now: datetime):
    room.register()
    room.work(minutes=12)
    (row,) = room.views.board(room.now).rows
    assert (row.last_told, row.last_told_at) == (("周甲", "吴乙"), now + 10 * MINUTE)
    assert (row.next_told, row.next_told_at) == (("郑丙", "陈己"), now + 15 * MINUTE)


def test_a_row_that_was_never_told_says_so(room: Room):
    room.register(protocol="general-48h")
    (row,) = room.views.board(room.now).rows
    assert (row.last_told, row.last_told_at, row.next_told) == ((), None, ("陈己",))


def test_the_board_counts_what_was_closed_today_in_the_bureaus_zone(room: Room):
    number = room.register(protocol="general-48h")
    room.log(number, "response")
    room.desk.close(number, None, actor=ZHOU, now=room.now)
    midnight = datetime(2026, 3, 13, tzinfo=ZONE)
    assert [room.views.board(at).closed_today for at in (room.now, midnight - SECOND, midnight)] == [1, 1, 0]
    assert room.views.board(room.now).rows == ()


def test_drills_duplicates_and_what_was_void_do_not_count_as_closed_today(room: Room):
    drill = room.register(protocol="general-48h", is_drill=True)
    room.log(drill, "response")
    room.desk.close(drill, None, actor=ZHOU, now=room.now)
    kept, twin, wrong = room.register(), room.register(), room.register()
    room.desk.merge(kept, twin, "同一件事", actor=ZHOU, now=room.now)
    room.desk.void(wrong, "误登", actor=ZHOU, now=room.now)
    room.desk.confirm(wrong, room.view(wrong).pending[0].sequence, None, actor=WANG, now=room.now)
    assert room.views.board(room.now).closed_today == 0


def test_an_empty_board_says_who_is_on_duty(room: Room):
    assert [(name.name, name.role) for name in room.views.board(room.now).on_duty] == [
        ("周甲", "duty_officer"), ("吴乙", "duty_chief"), ("郑丙", "duty_leader")]


# ── search ────────────────────────────────────────────────────────────────────────────────────────────────


def found(room: Room, **query: object) -> list[str]:
    return [incident.number for incident in room.views.search(room.now, **query)[0]]


@pytest.mark.parametrize(("text", "expected"), [
    ("", 3), ("广告", 1), ("青禾路", 2), ("2026-0002", 1), ("广告 青禾路", 1), ("广告 围墙", 0), ("  青禾路  ", 2), ("%", 1), ("_", 0),
    ("\\", 0), ("'; DROP TABLE incident; --", 0), ("\x00", 3), ("广告\x00", 1), ("𠮷", 1), ("ABC", 1), ("abc", 1)])
def test_search_looks_into_number_title_and_place(room: Room, text: str, expected: int):
    room.register("户外广告牌坠落", place="青禾路")
    room.register("围墙倒塌 100% ABC")
    room.register("𠮷祥街积水", place="青禾路口")
    assert len(found(room, text=text)) == expected


def test_search_keeps_open_and_closed_apart(room: Room):
    open_one, closed = room.register(), room.register(protocol="general-48h")
    room.log(closed, "response")
    room.desk.close(closed, None, actor=WU, now=room.now)
    assert (found(room, is_open=True), found(room, is_open=False), found(room)) == \
        ([open_one], [closed], [closed, open_one])


def test_a_long_list_goes_on_where_it_stopped(room: Room):
    numbers = [room.register() for _ in range(35)][::-1]
    first, cursor = room.views.search(room.now)
    second, end = room.views.search(room.now, before=cursor)
    assert [incident.number for incident in (*first, *second)] == numbers
    assert (len(first), end) == (30, None)


@pytest.mark.parametrize("before", [0, -1, -10**30, 2**31, 2**63, 10**30])
def test_any_cursor_is_answered(room: Room, before: int):
    room.register()
    assert len(found(room, before=before)) == (before > 1)


# ── outbox ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_shows_its_tries_and_never_a_whole_address(room: Room):
    room.channels["sms"].fate = lambda letter: TEMPORARY
    number = room.register()
    room.work(seconds=3)
    for seen in room.views.messages(room.now, incident_id=room.incident(number).id):
        assert (seen.incident_number, seen.kind, seen.rung) == (number, "reminder", 1)
        assert "13800000001" not in seen.address
        assert "zhou@" not in seen.address
    waiting = next(seen for seen in room.views.messages(room.now) if (seen.person, seen.channel) == ("zhou", "sms"))
    assert (waiting.state, waiting.state_reason, waiting.person_name, waiting.person_role) == \
        ("queued", "421 try later", "周甲", "duty_officer")
    assert [(attempt.number, attempt.outcome) for attempt in waiting.attempts] == [(1, "retry"), (2, "retry")]
    assert waiting.next_try_at == room.next_try_at()
    assert "电话上报" in waiting.text


def test_a_message_never_tried_shows_what_it_would_say_now(room: Room):
    room.register()
    room.tick()
    assert "接报14:05" in room.views.messages(room.now)[0].text
    assert "超时！" in room.views.messages(room.now + 25 * MINUTE)[0].text


def test_the_outbox_counts_and_filters_by_what_became_of_a_message(room: Room):
    fates = {"1": "arrives", "2": PERMANENT}
    room.channels["sms"].fate = lambda letter: fates[letter.to[-1]]
    room.channels["email"].fate = lambda letter: UNKNOWN if letter.to.startswith("zhou") else TEMPORARY
    room.register()
    room.work(seconds=0)
    assert room.views.message_counts() == {
        "queued": 1, "accepted": 1, "delivered": 0, "failed": 1, "unknown": 1, "withdrawn": 0}
    assert {group: [seen.state for seen in room.views.messages(room.now, group=group)] for group in
            ("queued", "accepted", "failed", "unknown", "withdrawn", "nonsense")} == {
        "queued": ["queued"], "accepted": ["accepted"], "failed": ["failed"], "unknown": ["unknown"], "withdrawn": [],
        "nonsense": []}


# ── pulse ─────────────────────────────────────────────────────────────────────────────────────────────────


def tick(room: Room, *, problem: str = "", audited: bool = True) -> None:
    with room.store.write() as session:
        beating.beat(session, engine="e", started_at=room.now, ticked_at=room.now, now=room.now)
        if audited:
            beating.record_audit(session, engine="e", problem=problem, now=room.now)


def test_an_engine_that_never_ticked_is_silent(room: Room):
    pulse = room.views.pulse(room.now)
    assert (pulse.is_silent, pulse.ticked_at, pulse.silent_for) == (True, None, None)
    assert room.views.why_engine_not_ready(room.now) == "no engine has ticked yet"


def test_an_engine_is_silent_fifteen_seconds_after_its_last_tick(room: Room):
    tick(room)
    at = room.now + 15 * SECOND
    assert (room.views.pulse(at).is_silent, room.views.why_engine_not_ready(at)) == (False, "")
    at += SECOND
    assert (room.views.pulse(at).is_silent, room.views.pulse(at).silent_for) == (True, 16 * SECOND)
    assert room.views.why_engine_not_ready(at) == "the last tick was 16 s ago"


def test_an_engine_whose_self_audit_fails_or_does_not_run_is_not_ready(room: Room):
    tick(room, audited=False)
    assert "no self-audit" in room.views.why_engine_not_ready(room.now)
    tick(room, problem="1 calls have not come back")
    assert room.views.why_engine_not_ready(room.now) == "the self-audit fails: 1 calls have not come back"
    assert room.views.pulse(room.now).audit_problem == "1 calls have not come back"
    tick(room)
    assert room.views.why_engine_not_ready(room.now) == ""
    room.wait(seconds=16)
    tick(room, audited=False)
    assert "no self-audit" in room.views.why_engine_not_ready(room.now)


def test_a_silent_engine_leads_to_a_telephone_list(room: Room, now: datetime):
    """Whom the rungs due so far would have told, the step due first on top."""
    room.register(received_at=now - 16 * MINUTE)
    room.register()
    pulse = room.views.pulse(now)
    assert [(incident.number, step.key, [name.name for name in people]) for incident, step, people in pulse.to_ring] == [
        ("2026-0001", "phone_report", ["郑丙", "陈己"]), ("2026-0002", "phone_report", ["周甲", "吴乙"])]
    assert all(name.phone for _, _, people in pulse.to_ring for name in people)
    assert [name.name for name in pulse.admins] == ["沈癸"]
    tick(room)
    assert (room.views.pulse(now).to_ring, room.views.pulse(now).admins) == ((), ())


def test_the_board_never_says_told_of_people_nothing_has_left_for(room: Room) -> None:
    room.register()
    room.tick()
    (row,) = room.views.board(room.clock.now()).rows
    assert (row.last_told, row.last_told_at) == ((), None)
    assert row.unsent == ("周甲", "吴乙")
    room.work()
    (row,) = room.views.board(room.clock.now()).rows
    assert (row.last_told, row.unsent) == (("周甲", "吴乙"), ())
    assert row.last_told_at == room.clock.now()
