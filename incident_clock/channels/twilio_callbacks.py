"""What Twilio's callbacks say, read from their forms: states of messages and calls, keys pressed, SMS that came in.

Pure. Whether a callback is Twilio's at all is decided before, in `twilio_signing`; whether it came before is for the
outbox, by what is named here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from incident_clock.channels.base import READ, Report
from incident_clock.channels.twilio_codes import report_of_call, report_of_message

STATUS_PATH = "/callbacks/twilio/status"
INBOUND_PATH = "/callbacks/twilio/inbound"
VOICE_PATH = "/callbacks/twilio/voice"
TRACKING = "m"  # the parameter of our own URL that comes back

# Strict to the digit: Twilio's signature does not tell where a name ends and its value begins, so a copy of a signed
# form could be cut up anew, and an SID with something tacked on would look like another message.
SID = re.compile(r"(?:SM|MM|CA)[0-9a-fA-F]{32}")
ERROR_CODE = re.compile(r"[1-9][0-9]{3,5}")
SEGMENTS = re.compile(r"[1-9][0-9]?")

Form = Mapping[str, Sequence[str]]  # as of `MultiDict.to_dict(flat=False)`: every value of every name


@dataclass(frozen=True, slots=True)
class StatusWord:
    """The state of one message or call. `provider_id` with `report.status` names it; `tracking` is what the letter
    gave, or empty."""

    provider_id: str
    tracking: str
    report: Report


@dataclass(frozen=True, slots=True)
class KeyPress:
    """A key pressed in a call, one of 0–9, * and #. `report`: whatever the key, the text was heard."""

    provider_id: str
    tracking: str
    key: str
    report: Report


@dataclass(frozen=True, slots=True)
class InboundText:
    """An SMS that came in. `provider_id` names it, whoever repeats it; `sender` as Twilio writes it, mostly E.164."""

    provider_id: str
    sender: str = field(repr=False)
    text: str = field(repr=False)


def read_status(form: Form, query: Form) -> StatusWord | None:
    """A callback at STATUS_PATH. None: it is no state of a message or a call."""
    code = _one(form, "ErrorCode")
    code = code if ERROR_CODE.fullmatch(code) else ""
    if "CallSid" in form:
        sid, report = _one(form, "CallSid"), report_of_call(_one(form, "CallStatus"), code=code)
    else:
        sid = _one(form, "MessageSid")
        report = report_of_message(_one(form, "MessageStatus"), code=code,
                                   segments=segments_of(_one(form, "NumSegments")))
    if report is None or not SID.fullmatch(sid):
        return None
    return StatusWord(sid, _one(query, TRACKING), report)


def read_key(form: Form, query: Form) -> KeyPress | None:
    """A callback at VOICE_PATH. None: no call, or no single key."""
    sid, key = _one(form, "CallSid"), _one(form, "Digits")
    if not SID.fullmatch(sid) or len(key) != 1 or key not in "0123456789*#":
        return None
    return KeyPress(sid, _one(query, TRACKING), key, Report(READ, detail=f"key {key} was pressed"))


def read_inbound(form: Form) -> InboundText | None:
    """A callback at INBOUND_PATH. None: no SMS. The text may be empty."""
    sid, sender = _one(form, "MessageSid"), _one(form, "From")
    if not SID.fullmatch(sid) or not sender:
        return None
    return InboundText(sid, sender, _one(form, "Body"))


def segments_of(text: str) -> int | None:
    """How many parts a message is billed as; Twilio says 0 while it does not know."""
    return int(text) if SEGMENTS.fullmatch(text) else None


def _one(form: Form, name: str) -> str:
    """The value of a name that has exactly one, however often it is repeated; else empty."""
    values = set(form.get(name, ()))
    return values.pop() if len(values) == 1 else ""
