"""What Twilio's codes and statuses mean for a letter: the truth table, and how it is read.

What Twilio says in words is never passed on, because it repeats the number; the sentences here take its place.
Nothing here knows the SDK: answers are judged by their numbers alone.
"""

from dataclasses import dataclass

from incident_clock.channels.base import (
    DELIVERED,
    FAILED,
    GATEWAY_DOWN,
    PERMANENT,
    QUEUED,
    READ,
    SENT,
    TEMPORARY,
    UNKNOWN,
    ChannelError,
    Report,
)

SMS, CALL = "SMS", "call"  # what a letter is called in the sentences


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row: what becomes of the letter, and why. `is_address_dead`: no letter to that number will arrive."""

    fate: str
    why: str
    is_address_dead: bool = False


def _passing(why: str) -> Meaning:
    return Meaning(TEMPORARY, why)


def _refused(why: str) -> Meaning:
    return Meaning(PERMANENT, why)


def _dead(why: str) -> Meaning:
    return Meaning(PERMANENT, why, is_address_dead=True)


def _down(why: str) -> Meaning:
    return Meaning(GATEWAY_DOWN, why)


# Twilio error codes, those of answers and those of later reports in one table.
CODES = {
    20429: _passing("too many requests at once"),
    21611: _passing("the queue of our number is full"),
    30001: _passing("its queue was full"),
    30003: _passing("the phone is switched off or out of reach"),
    30008: _passing("the network did not say why"),
    30009: _passing("a part of the text was lost"),
    30017: _passing("the person's network is congested"),
    30036: _passing("it lay in the queue until it was too old to be sent"),

    20003: _down("it did not accept the login: see TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"),
    20005: _down("the account is not active"),
    20404: _down("there is no such account: see TWILIO_ACCOUNT_SID"),
    21205: _down("it does not accept our callback URL: see INCIDENT_CLOCK_PUBLIC_URL"),
    21210: _down("TWILIO_VOICE_FROM is not a number of this account that can call"),
    21212: _down("it does not accept TWILIO_FROM as a number"),
    21213: _down("no caller was given: see TWILIO_VOICE_FROM"),
    21603: _down("no sender was given: see TWILIO_FROM"),
    21606: _down("TWILIO_FROM is not a number of this account that can send SMS"),
    21609: _down("it does not accept our callback URL: see INCIDENT_CLOCK_PUBLIC_URL"),
    21659: _down("TWILIO_FROM is not a number of this account"),
    21703: _down("the messaging service of TWILIO_FROM has no number to send from"),
    21704: _down("the messaging service of TWILIO_FROM has no number to send from"),
    30002: _down("the account is suspended"),

    21211: _dead("the number is not a phone number"),
    21217: _dead("the number is not a phone number"),
    21610: _dead("the person has opted out by answering STOP"),
    21614: _dead("the number is not a mobile number"),
    21635: _dead("the number is a landline, which takes no SMS"),
    30005: _dead("the number is unknown or no longer in use"),
    30006: _dead("the number is a landline, or its network takes no SMS"),

    21214: _refused("that number cannot be called"),
    21215: _refused("calling that country is not switched on in Twilio's geo permissions"),
    21216: _refused("the account may not call that number"),
    21219: _refused("a trial account reaches only numbers verified in Twilio's console"),
    21408: _refused("sending to that country is not switched on in Twilio's geo permissions"),
    21602: _refused("the text is empty"),
    21608: _refused("a trial account reaches only numbers verified in Twilio's console"),
    21612: _refused("there is no route from our number to that number"),
    21617: _refused("the text is too long"),
    30004: _refused("the number or its network has blocked it"),
    30007: _refused("a network on the way took it for spam"),
}

NOT_FOUND = ("20404", "404")  # to a question after one letter these say no more than that it is not known
ACCOUNT_STATUSES = (401, 403, 404)
PASSING_STATUSES = (408, 425, 429)
LARGEST_CODE = 999_999  # above it, it is no error code but something that should not be repeated

MESSAGE_STATUSES = {
    "accepted": QUEUED, "scheduled": QUEUED, "queued": QUEUED, "sending": QUEUED,
    "sent": SENT, "delivered": DELIVERED, "read": READ,
    "undelivered": FAILED, "failed": FAILED, "canceled": FAILED, "partially_delivered": FAILED,
}
# A call is told by the key alone: whoever picked up and pressed none may have been a child or a mailbox. The key
# makes it READ, which is more than the FAILED of a call that ended, in whatever order the two come in.
CALL_STATUSES = {
    "queued": QUEUED, "initiated": QUEUED, "ringing": SENT, "in-progress": SENT, "answered": SENT,
    "completed": FAILED, "busy": FAILED, "no-answer": FAILED, "canceled": FAILED, "failed": FAILED,
}
UNTOLD_CALLS = {
    "completed": "the call ended without a key being pressed",
    "busy": "the line was busy",
    "no-answer": "nobody picked up",
    "canceled": "the call was cancelled",
}


def refusal(what: str, *, status: object, code: object, retry_after_s: float | None = None) -> ChannelError:
    """What an answer other than 2xx means, by its error code first and by the HTTP status where that is not known.

    Any 5xx is unknown: Twilio gives no word that it let the letter drop, and has no key against copies.
    """
    status = status if isinstance(status, int) else 0
    code = code if isinstance(code, int) and 0 < code <= LARGEST_CODE else status
    if code in CODES:
        meaning = CODES[code]
    elif status >= 500:
        return lost(what, f"a server said {status}", code=code, retry_after_s=retry_after_s)
    elif status in ACCOUNT_STATUSES:
        meaning = _down("see TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")
    elif 400 <= status < 500 and status not in PASSING_STATUSES:
        meaning = _refused("it gave a reason that is not known here")
    else:
        meaning = _passing("it could not take it just now")
    return _error(f"Twilio refused the {what}: {meaning.why} ({code}).", meaning, code, retry_after_s)


def not_sent(what: str, *, code: object) -> ChannelError:
    """Twilio took it with a 201 and said in the same breath that it will not send it."""
    number = code if isinstance(code, int) else 0
    meaning = CODES.get(number, _passing("it did not say why"))
    return _error(f"Twilio did not send the {what}: {meaning.why} ({number}).", meaning, number, None)


def lost(what: str, why: str, *, code: int = 0, retry_after_s: float | None = None) -> ChannelError:
    """The letter was handed over and nobody can say whether it was taken."""
    return _error(f"Twilio had the {what}, but its answer was lost ({why}).", Meaning(UNKNOWN, why), code,
                  retry_after_s)


def report_of_message(status: str, *, code: str = "", segments: int | None = None) -> Report | None:
    """What a message's status and error code say of the letter. None: no status of a message that left us."""
    ours = MESSAGE_STATUSES.get(status)
    if ours is None:
        return None
    if ours != FAILED:
        return Report(ours, detail=f"Twilio says: {status}", segments=segments)
    return _failure("Twilio could not deliver the SMS", code, "it did not say why", segments)


def report_of_call(status: str, *, code: str = "") -> Report | None:
    """What a call's status and error code say of the letter. None: no status of a call."""
    ours = CALL_STATUSES.get(status)
    if ours is None:
        return None
    if ours != FAILED:
        return Report(ours, detail=f"Twilio says: {status}")
    return _failure("The call told nobody", code, UNTOLD_CALLS.get(status, "it could not be put through"), None)


def _failure(what: str, code: str, otherwise: str, segments: int | None) -> Report:
    meaning = CODES.get(int(code)) if code.isdecimal() else None
    meaning = meaning or _passing(otherwise)
    said = f" ({code})" if code else ""
    return Report(FAILED, code=code, detail=f"{what}: {meaning.why}{said}.", fate=meaning.fate,
                  is_address_dead=meaning.is_address_dead, segments=segments)


def _error(detail: str, meaning: Meaning, code: int, retry_after_s: float | None) -> ChannelError:
    return ChannelError(
        detail, is_permanent=meaning.fate == PERMANENT, is_unknown=meaning.fate == UNKNOWN,
        is_gateway_down=meaning.fate == GATEWAY_DOWN, code=str(code) if code else "",
        is_address_dead=meaning.is_address_dead, retry_after_s=retry_after_s, gateway="twilio")
