"""What people may hand in, field by field and at the boundaries. Nothing here needs a database."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from incident_clock.errors import Invalid, NeedsConfirmation, Refusal, Refusals
from incident_clock.phrases import Phrases
from incident_clock.registry.drafts import NewIncident, StepLog, checked_incident, checked_log, checked_reason
from tests.support.bureau import ZONE

NOW = datetime(2026, 3, 12, 6, 30, 20, tzinfo=UTC)
T0 = datetime(2026, 3, 12, 6, 5, 40, tzinfo=UTC)
NAIVE = datetime(2026, 3, 12, 14, 5)  # noqa: DTZ001 (an instant without an offset is what is tested)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)


def complaints(call, *given, **named) -> dict[str | None, list[Refusal]]:
    """field → what was said about it; empty when nothing was."""
    try:
        call(*given, **named)
    except Refusals as refusals:
        found: dict[str | None, list[Refusal]] = {}
        for one in refusals.refusals:
            found.setdefault(one.field, []).append(one)
        return found
    return {}


def about(**fields) -> dict[str | None, list[Refusal]]:
    return complaints(checked_incident, NewIncident(**{"title": "广告牌坠落", **fields}), now=NOW)


def about_log(**fields) -> dict[str | None, list[Refusal]]:
    return complaints(checked_log, StepLog(**fields), started=T0, now=NOW)


# ── titles and other texts ────────────────────────────────────────────────────────────────────────────────

KEPT = [
    ("广告牌坠落", "广告牌坠落"), ("  广告牌\t坠落\n伤人 ", "广告牌 坠落 伤人"), ("𠮷野家门前", "𠮷野家门前"), ("🔥👨‍👩‍👧 火情", "🔥👨‍👩‍👧 火情"),
    ("e\u0301", "é"), ("全角　空格", "全角 空格"), ("汉" * 200, "汉" * 200), ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
    ("{{7*7}} <script> %(x)s %s", "{{7*7}} <script> %(x)s %s"),
]


@pytest.mark.parametrize(("handed_in", "kept"), KEPT)
def test_a_title_is_kept_tidied(handed_in, kept):
    assert checked_incident(NewIncident(title=handed_in), now=NOW).title == kept


@pytest.mark.parametrize("title", ["", " ", "\n\t ", "\u3000", "\u200b", "\u200b\ufeff \u2060", "\u3164", "\u2800"])
def test_a_title_that_shows_nothing_is_asked_for(title):
    assert list(about(title=title)) == ["title"]


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x9f", "\u202e", "\u202a", "\u2066", "\u2069",
                                       "\u200e", "\u200f", "\u061c", "\ud800", "\udfff"])
def test_a_control_character_is_refused_with_its_place(character):
    (refusal,) = about(title=f"广告{character}牌")["title"]
    assert refusal.params == {"place": 3}


@pytest.mark.parametrize("field", ["place", "source", "first_learned_by", "unit", "summary"])
def test_every_free_text_of_a_registration_is_checked(field):
    assert list(about(**{field: "好\x00"})) == [field]
    assert about(**{field: "好𠮷🔥"}) == {}


@pytest.mark.parametrize(("field", "limit"), [("title", 200), ("place", 200), ("source", 200), ("unit", 200),
                                              ("first_learned_by", 200), ("summary", 4_000)])
def test_a_text_one_character_too_long_is_refused_with_both_lengths(field, limit):
    assert about(**{field: "汉" * limit}) == {}
    (refusal,) = about(**{field: "汉" * (limit + 1)})[field]
    assert refusal.params == {"limit": limit, "length": limit + 1}


def test_a_title_of_ten_thousand_characters_is_refused_in_words():
    (refusal,) = about(title="长" * 10_000)["title"]
    assert Phrases("zh", ZONE).refusal(refusal, seen=NOW) == "最多200字，现有10000字，请缩短"


def test_line_breaks_stay_in_a_summary_and_not_in_a_line():
    kept = checked_incident(NewIncident(title="好", summary="一\r\n二\n三", place="甲\r\n乙"), now=NOW)
    assert (kept.summary, kept.place) == ("一\n二\n三", "甲 乙")


def test_a_text_of_spaces_is_no_text():
    kept = checked_incident(NewIncident(title="好", place="  ", summary="\n\n"), now=NOW)
    assert (kept.place, kept.summary) == (None, None)


# ── instants ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("field", ["received_at", "occurred_at", "first_online_at"])
def test_an_instant_may_lie_two_minutes_ahead_and_not_a_microsecond_more(field):
    assert about(**{field: NOW + timedelta(minutes=2)}) == {}
    assert list(about(**{field: NOW + timedelta(minutes=2) + MICROSECOND})) == [field]


def test_a_log_may_lie_two_minutes_ahead_and_not_a_microsecond_more():
    assert about_log(done_at=NOW + timedelta(minutes=2)) == {}
    assert list(about_log(done_at=NOW + timedelta(minutes=2) + MICROSECOND)) == ["done_at"]


@pytest.mark.parametrize("field", ["received_at", "occurred_at", "first_online_at"])
def test_an_instant_without_an_offset_is_refused(field):
    assert list(about(**{field: NAIVE})) == [field]


def test_a_log_without_an_offset_is_refused():
    assert list(about_log(done_at=NAIVE)) == ["done_at"]
    assert list(about_log(done_at=NAIVE, note="好\x00")) == ["note", "done_at"]


def test_two_minutes_are_the_same_in_every_zone():
    tokyo = timezone(timedelta(hours=9))
    assert about(received_at=(NOW + timedelta(minutes=2)).astimezone(tokyo)) == {}
    assert list(about(received_at=(NOW + timedelta(minutes=2, seconds=1)).astimezone(tokyo))) == ["received_at"]


@pytest.mark.parametrize("instant", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC),
                                     datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
                                     datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))])
def test_the_ends_of_time_are_refused_and_break_nothing(instant):
    assert list(about(received_at=instant)) == ["received_at"]
    assert "done_at" in about_log(done_at=instant)


def test_a_receipt_more_than_a_day_back_asks_for_confirmation():
    assert about(received_at=NOW - timedelta(hours=24)) == {}
    (refusal,) = about(received_at=NOW - timedelta(hours=24) - MICROSECOND)["received_at"]
    assert isinstance(refusal, NeedsConfirmation)
    assert about(received_at=NOW - timedelta(hours=24) - MICROSECOND, confirmed=True) == {}


def test_an_occurrence_more_than_a_day_back_needs_no_confirmation():
    assert about(occurred_at=NOW - timedelta(days=3), first_online_at=NOW - timedelta(days=2)) == {}


def test_an_instant_of_the_year_before_last_is_a_slip_that_no_confirmation_mends():
    (refusal,) = about(received_at=NOW - timedelta(days=366) - MICROSECOND, confirmed=True)["received_at"]
    assert not isinstance(refusal, NeedsConfirmation)


def test_received_means_now_when_it_is_left_out():
    assert checked_incident(NewIncident(title="好"), now=NOW).received_at == NOW


BEFORE_T0 = [
    (T0, True), (T0 - 40 * SECOND, True),  # the same minute: 14:05 for a clock that started at 14:05:40
    (T0 - 40 * SECOND - MICROSECOND, False), (T0 - timedelta(minutes=1), False), (T0 - timedelta(days=2), False),
]


@pytest.mark.parametrize(("done_at", "is_fine"), BEFORE_T0)
def test_a_log_of_an_earlier_minute_than_t0_needs_a_reason(done_at, is_fine):
    late = ["reason", "evidence"]  # more than 15 min after the fact: the other rule
    assert list(about_log(done_at=done_at)) == (late if is_fine else ["reason"])
    assert about_log(done_at=done_at, reason="中队先行电话报告", evidence="通话记录") == {}
    assert list(about_log(done_at=done_at, reason="  ", evidence="通话记录")) == ["reason"]


# ── choices, and several complaints at once ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("field", "value"), [("category", "fire"), ("event_grade", "很大"), ("opinion_grade", "1")])
def test_a_choice_outside_the_list_is_refused_with_the_list(field, value):
    (refusal,) = about(**{field: value})[field]
    assert refusal.params["value"] == value
    assert len(refusal.params["allowed"]) >= 4


def test_all_complaints_are_told_together():
    found = about(title="\x00", received_at=NAIVE, occurred_at=NOW + timedelta(hours=1), place="汉" * 201, category="fire")
    assert sorted(found) == ["category", "occurred_at", "place", "received_at", "title"]
    assert [len(said) for said in found.values()] == [1] * 5
    log = about_log(done_at=T0 - timedelta(hours=1), note="\x00", evidence="汉" * 201)
    assert sorted(log) == ["evidence", "note", "reason"]


def test_a_field_with_two_faults_is_told_one():
    assert [len(said) for said in about(title="\x00" * 300).values()] == [1]
    assert [len(said) for said in about(received_at=NOW + timedelta(days=400)).values()] == [1]


@pytest.mark.parametrize(("reason", "kept"), [(None, None), ("", None), ("  ", None), (" 记错 ", "记错")])
def test_a_reason_may_be_left_out_unless_it_is_required(reason, kept):
    assert checked_reason(reason) == kept
    if kept is None:
        with pytest.raises(Invalid):
            checked_reason(reason, is_required=True)
