"""How long a message waits before it is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from incident_clock.protocol.retry import next_look, retry_after


@pytest.mark.parametrize(("failures", "seconds"), [(1, 2), (2, 5), (3, 10), (4, 20), (5, 30), (6, 60), (500, 60)])
def test_the_pause_grows_to_one_minute_and_stays_there(failures, seconds):
    assert retry_after(failures) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("failures", "seconds"), [(1, 30), (2, 120), (3, 300), (4, 600), (9, 600)])
def test_an_unknown_outcome_gives_a_slow_receipt_half_a_minute_and_copies_grow_rare(failures, seconds):
    assert retry_after(failures, is_unknown=True) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("asked_s", "seconds"), [(1, 2), (3, 3), (59, 59), (3_600, 60)])
def test_a_pause_the_provider_asks_for_is_kept_up_to_a_minute(asked_s, seconds):
    assert retry_after(1, asked_s=asked_s) == timedelta(seconds=seconds)


SENT = datetime(2026, 3, 12, 6, 5, tzinfo=UTC)


@pytest.mark.parametrize(("after_s", "within_s", "next_s"), [
    (0, 60, 30), (29.9, 60, 30), (30, 60, 60), (60, 60, 120), (119.9, 60, 120), (120, 60, None), (0, None, None),
    (30, 45, 45), (60, 90, 90), (0, 10, 10), (120, 300, 300)])
def test_a_message_that_left_is_looked_at_at_fixed_pauses_and_when_its_receipt_is_overdue(after_s, within_s, next_s):
    found = next_look(sent_at=SENT, now=SENT + timedelta(seconds=after_s),
                      receipt_within=timedelta(seconds=within_s) if within_s else None)
    assert found == (SENT + timedelta(seconds=next_s) if next_s else None)
