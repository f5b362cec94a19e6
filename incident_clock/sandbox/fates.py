"""What becomes of a message, by the last five digits of the number it goes to: every trouble a provider can make.

A number that ends in none of these takes its messages as a good one does. The page can set a fate for every number.
"""

from dataclasses import dataclass

DIGITS = 5


@dataclass(frozen=True, slots=True)
class Fate:
    """`said`: in words. `refusal`: (HTTP status, Twilio's code) instead of an answer; `statuses` are reported after
    it was taken, the last with `code`. `is_lost`: taken, and the connection is cut before the answer; `hang_s`: silence
    first; `body` is said instead of JSON."""

    said: str
    refusal: tuple[int, int] | None = None
    statuses: tuple[str, ...] = ("sent", "delivered")
    code: int | None = None
    is_lost: bool = False
    hang_s: float = 0.0
    retry_after_s: int | None = None
    body: str | None = None


ARRIVES = Fate("delivered")
FATES: dict[str, Fate] = {
    "30003": Fate("taken, then undelivered: the phone is off (30003)", statuses=("sent", "undelivered"), code=30003),
    "30005": Fate("taken, then undelivered: no such number (30005)", statuses=("sent", "undelivered"), code=30005),
    "21610": Fate("refused: the person opted out (21610)", refusal=(400, 21610)),
    "21211": Fate("refused: not a phone number (21211)", refusal=(400, 21211)),
    "20429": Fate("refused: too many requests (429, Retry-After 3)", refusal=(429, 20429), retry_after_s=3),
    "20003": Fate("refused: the login is wrong (401)", refusal=(401, 20003)),
    "50000": Fate("HTTP 500", refusal=(500, 20500)),
    "50300": Fate("HTTP 503", refusal=(503, 20503)),
    "99000": Fate("taken, and the connection is cut before the answer", is_lost=True),
    "99001": Fate("taken, and never heard of again: no callback", statuses=()),
    "99002": Fate("callbacks out of order, and each twice",
                  statuses=("delivered", "sent", "delivered", "queued", "sent", "queued")),
    "99003": Fate("HTTP 200 with a web page instead of JSON", body="<html><body>502 Bad Gateway</body></html>"),
    "99030": Fate("30 s of silence", hang_s=30.0),
}


def fate_of(number: str) -> Fate:
    return FATES.get(number[-DIGITS:], ARRIVES)
