"""How long to wait before a message is tried again, and when to look what became of one that has left."""

from datetime import datetime, timedelta

RETRY_AFTER_S = (2, 5, 10, 20, 30)  # then RETRY_EVERY_S, for as long as the message is wanted
RETRY_EVERY_S = 60
# The answer was lost after sending: give a slow receipt time before a marked copy. Whoever has got the first ones need
# not get one every half minute while answers stay lost; another way goes beside it anyway.
UNKNOWN_RETRY_S = (30, 120, 300, 600)
FIND_AFTER_S = 15  # and look for it at the provider before that

UNDELIVERED_RETRY_S = 60  # the provider took it and could not deliver it, which may pass
UNDELIVERED_RETRIES = 2

LOOK_AFTER_S = (30, 60, 120)  # after it left, while no callback came


def retry_after(failures: int, *, is_unknown: bool = False, asked_s: float | None = None) -> timedelta:
    """The pause after the `failures`-th failed attempt (from 1). `asked_s`: the provider wants at least so much; it
    gets up to RETRY_EVERY_S."""
    if is_unknown:
        return timedelta(seconds=UNKNOWN_RETRY_S[min(failures, len(UNKNOWN_RETRY_S)) - 1])
    seconds = RETRY_AFTER_S[failures - 1] if failures <= len(RETRY_AFTER_S) else RETRY_EVERY_S
    return timedelta(seconds=max(seconds, min(asked_s or 0, RETRY_EVERY_S)))


def next_look(*, sent_at: datetime, now: datetime, receipt_within: timedelta | None) -> datetime | None:
    """When to look next at a message a provider took at `sent_at`: at fixed pauses, and when its receipt is overdue.
    None: no more, or the channel gives no receipts.
    """
    if receipt_within is None:
        return None
    looks = sorted({*(timedelta(seconds=seconds) for seconds in LOOK_AFTER_S), receipt_within})
    return next((sent_at + pause for pause in looks if sent_at + pause > now), None)
