"""How long a message waits before it is tried again."""

from datetime import timedelta

import pytest

from incident_clock.protocol.retry import retry_after


@pytest.mark.parametrize(("failures", "seconds"), [(1, 2), (2, 5), (3, 10), (4, 20), (5, 30), (6, 60), (500, 60)])
def test_the_pause_grows_to_one_minute_and_stays_there(failures, seconds):
    assert retry_after(failures) == timedelta(seconds=seconds)


def test_an_unknown_outcome_gives_a_slow_receipt_half_a_minute():
    assert retry_after(1, is_unknown=True) == retry_after(9, is_unknown=True) == timedelta(seconds=30)
