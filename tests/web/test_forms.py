"""Times as people type them, at midnight and elsewhere."""

from datetime import date, datetime, time, timedelta

import pytest

from incident_clock.errors import Invalid
from incident_clock.web import forms
from tests.support.bureau import ZONE
from tests.web.house import at


@pytest.mark.parametrize(("typed", "meant"), [
    ("1432", time(14, 32)), ("14:32", time(14, 32)), ("14：32", time(14, 32)), ("１４３２", time(14, 32)),
    ("９：０５", time(9, 5)), ("905", time(9, 5)), ("9.05", time(9, 5)), (" 14 32 ", time(14, 32)),
    ("14点32分", time(14, 32)), ("0000", time(0, 0)), ("2359", time(23, 59)), ("005", time(0, 5)),
])
def test_a_time_of_day_is_read_in_every_usual_spelling(typed: str, meant: time) -> None:
    assert forms.time_of_day(typed) == meant


@pytest.mark.parametrize("typed", ["2400", "1460", "5", "14:32:10", "ab", "", "-132", "14h", "99999", "٣٤٥٦x", "\0"])
def test_what_is_no_time_of_day_is_refused_with_the_right_form(typed: str) -> None:
    with pytest.raises(Invalid, match="1432"):
        forms.time_of_day(typed)


@pytest.mark.parametrize(("now", "typed", "meant", "is_yesterday"), [
    (at("00:05"), "2358", at("23:58", 11), True),  # just past midnight, just before it
    (at("00:05"), "0004", at("00:04"), False),
    (at("00:05"), "0007", at("00:07"), False),  # two minutes ahead is tolerated, not yesterday
    (at("00:05"), "1206", at("12:06", 11), True),  # nearer yesterday than later today
    (at("00:05"), "1204", at("12:04"), False),  # nearer later today: the registry refuses it as future
    (at("14:50"), "1520", at("15:20"), False),
    (at("14:50"), "0250", at("02:50"), False),
    (at("07:00"), "2000", at("20:00", 11), True),
    (at("23:59"), "0001", at("00:01"), False),  # early this morning, not tomorrow
])
def test_a_time_of_day_that_has_not_come_yet_means_yesterday_when_that_is_near(
        now: datetime, typed: str, meant: datetime, is_yesterday: bool) -> None:
    form = {"done_at": "other", "done_at_time": typed, "done_at_day": now.astimezone(ZONE).date().isoformat()}
    assert forms.read_instant(form, "done_at", now=now, zone=ZONE) == forms.Entered(meant, is_yesterday)


def test_a_day_that_was_chosen_is_taken_as_chosen() -> None:
    form = {"done_at_time": "2358", "done_at_day": "2026-03-10"}
    assert forms.read_instant(form, "done_at", now=at("00:05"), zone=ZONE) == forms.Entered(at("23:58", 10))


def test_filling_in_a_time_chooses_it_whatever_is_ticked() -> None:
    form = {"done_at": "2026-03-12T14:50+08:00", "done_at_time": "1441", "page_seen_at": at("14:50").isoformat()}
    assert forms.read_instant(form, "done_at", now=at("14:50"), zone=ZONE) == forms.Entered(at("14:41"))


@pytest.mark.parametrize(("age", "is_taken"), [(timedelta(0), True), (timedelta(minutes=10), True),
                                               (timedelta(minutes=10, seconds=1), False)])
def test_a_printed_choice_is_what_was_read_until_the_page_is_ten_minutes_old(age: timedelta, is_taken: bool) -> None:
    form = {"done_at": "2026-03-12T14:50+08:00", "page_seen_at": at("14:50").isoformat()}
    if is_taken:
        assert forms.read_instant(form, "done_at", now=at("14:50") + age, zone=ZONE) == forms.Entered(at("14:50"))
    else:
        with pytest.raises(Invalid, match="超过10分钟"):
            forms.read_instant(form, "done_at", now=at("14:50") + age, zone=ZONE)


@pytest.mark.parametrize("picked", ["2026-03-12T14:50", "now", "2026-02-30T10:00+08:00", "0001-01-01T00:00+08:00",
                                    "9999-12-31T23:59-12:00", "\0", "other"])
def test_a_choice_that_is_no_instant_with_its_offset_is_refused_at_its_field(picked: str) -> None:
    with pytest.raises(Invalid) as refused:
        forms.read_instant({"done_at": picked, "page_seen_at": at("14:50").isoformat()}, "done_at", now=at("14:50"),
                           zone=ZONE)
    assert refused.value.field == "done_at"


@pytest.mark.parametrize("day", ["2026-02-30", "gestern", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_not_in_the_calendar_is_refused(day: str) -> None:
    with pytest.raises(Invalid, match="日历"):
        forms.read_instant({"done_at_time": "1432", "done_at_day": day}, "done_at", now=at("14:50"), zone=ZONE)


def test_nothing_entered_is_nothing() -> None:
    assert forms.read_instant({"done_at": "", "done_at_time": " "}, "done_at", now=at("14:50"), zone=ZONE) is None


def test_choices_print_the_instant_they_send_and_keep_an_earlier_pick() -> None:
    offered = forms.choices((0, 5), now=at("14:50:12"), zone=ZONE, picked="2026-03-12T14:31+08:00")
    assert [(choice.value, choice.minutes_ago) for choice in offered] == [
        ("2026-03-12T14:31+08:00", None), ("2026-03-12T14:50+08:00", 0), ("2026-03-12T14:45+08:00", 5)]
    assert len(forms.choices((0, 5), now=at("14:50"), zone=ZONE, picked="nonsense")) == 2


@pytest.mark.parametrize(("since", "count"), [(None, 3), (at("14:05"), 1), (at("23:50", 11), 2), (at("10:00", 1), 12),
                                              (at("10:00", 1) - timedelta(days=30), 14)])
def test_the_days_offered_reach_back_to_the_start_of_the_clock(since: datetime | None, count: int) -> None:
    offered = forms.days(now=at("14:50"), zone=ZONE, since=since)
    assert offered == [date(2026, 3, 12) - timedelta(days=ago) for ago in range(count)]
