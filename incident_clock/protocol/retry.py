"""How long to wait before a message that did not get through is tried again."""

from datetime import timedelta

RETRY_AFTER_S = (2, 5, 10, 20, 30)  # then RETRY_EVERY_S, for as long as the message is wanted
RETRY_EVERY_S = 60
UNKNOWN_RETRY_S = 30  # the answer was lost after sending: give a slow receipt time before a marked copy


def retry_after(failures: int, *, is_unknown: bool = False) -> timedelta:
    """The pause after the `failures`-th failed attempt (from 1)."""
    if is_unknown:
        return timedelta(seconds=UNKNOWN_RETRY_S)
    seconds = RETRY_AFTER_S[failures - 1] if failures <= len(RETRY_AFTER_S) else RETRY_EVERY_S
    return timedelta(seconds=seconds)
