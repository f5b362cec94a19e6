"""What mail servers write back about a letter (RFC 3464), read from the bytes of their mail. Knows no mailbox.

Anybody who learnt the tracking word of a letter (its reader, the servers on its way) can forge a report on it, and
the ids of our mails can be guessed; so only `tracking`, which is sealed, is proof, and `message_id` alone is a hint.
What a forged report does: "failed" has another way tried too, and a person's address looked at; "delivered" keeps
another way from being tried beside this one. Neither stops a clock or a later rung, and none takes a gateway down.
"""

import re
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from typing import Any

from incident_clock.channels.base import DELIVERED, FAILED, GATEWAY_DOWN, PERMANENT, SENT, STATUSES, Report
from incident_clock.channels.mail_codes import SILENT_ON_WHY, codes_in, meaning
from incident_clock.channels.mail_format import MESSAGE_ID, TRACKING, TRACKING_HEADER

LARGEST_READ = 256 * 1024  # bytes: the report stands in front, only the returned letter is cut off
MOST_NESTED = 20  # parts within parts: each costs the parser a look at every line
MOST_RECIPIENTS = 20  # of one report: ours have one recipient, a list of his may make a few of it

# RFC 3464 `Action` → what it says of the letter. The last of several recipients in STATUSES counts.
ACTIONS = {"failed": FAILED, "delayed": SENT, "relayed": SENT, "expanded": SENT, "delivered": DELIVERED}
SENTENCES = {
    "delayed": "A mail server on the way keeps trying",
    "relayed": "The mail went on to a server that gives no receipts",
    "expanded": "The mail went on to the members of a list",
    "delivered": "The mail is in the mailbox",
}
RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers",
            "message/global-headers")
STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?![\d.])", re.ASCII)
XTEXT = re.compile(r"\+([0-9A-F]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What is reported, and of which letter: `tracking` as it was asked for (unchecked; "" where it did not come back)
    and `message_id` (`<…@…>` or ""). At least one of the two is there."""

    tracking: str
    message_id: str
    report: Report


def read_bounce(data: bytes) -> Bounce | None:
    """The report in a mail; None for any other mail and for one that names no letter. Raises nothing."""
    front = data[:LARGEST_READ]
    if front.lower().count(b"boundary") > MOST_NESTED:
        return None
    try:
        return _bounce(message_from_bytes(front))
    except Exception:  # a stranger wrote it: whatever trips the parser, it is no report for us
        return None


def _bounce(mail: Message) -> Bounce | None:
    status = next((part for part in mail.walk() if part.get_content_type() == "message/delivery-status"), None)
    blocks: Any = status.get_payload() if status is not None else None
    if not isinstance(blocks, list):
        return None
    reports = [report for block in blocks[:MOST_RECIPIENTS] if (report := _report(block)) is not None]
    tracking, message_id = _letter_of(mail, blocks[0])
    if not reports or not (tracking or message_id):
        return None
    return Bounce(tracking=tracking, message_id=message_id,
                  report=max(reports, key=lambda report: STATUSES.index(report.status)))


def _report(block: Message) -> Report | None:
    """What the fields of one recipient say; None for the fields of the whole."""
    action = _field(block, "Action").lower()
    if action not in ACTIONS:
        return None
    said = _field(block, "Diagnostic-Code")
    status = STATUS.match(_field(block, "Status"))
    basic, enhanced = codes_in(said.partition(";")[2] or said)
    if status is not None and (not status[1].endswith(".0.0") or not (basic or enhanced)):
        enhanced = status[1]
        basic = 0 if enhanced[0] != str(basic)[0] else basic  # the report's own word counts
    code = enhanced or (str(basic) if basic else "")
    if ACTIONS[action] != FAILED:
        return Report(ACTIONS[action], code=code, detail=f"{SENTENCES[action]}{f' ({code})' if code else ''}.")
    row = meaning(basic, enhanced, said)
    why = row.why if row is not SILENT_ON_WHY or not code else f"{row.why} clearly"
    fate = PERMANENT if row.fate == GATEWAY_DOWN else row.fate  # a mail from outside says nothing of our gateway
    return Report(FAILED, code=code, detail=f"The mail came back: {why}{f' ({code})' if code else ''}.", fate=fate,
                  is_address_dead=row.is_address_dead)


def _letter_of(mail: Message, envelope: Message) -> tuple[str, str]:
    """(tracking, message id) of the letter that is reported on."""
    named = XTEXT.sub(lambda found: chr(int(found[1], 16)), _field(envelope, "Original-Envelope-Id"))
    returned = next((headers for part in mail.walk() if (headers := _returned(part)) is not None), None)
    if returned is None:
        return (named if TRACKING.fullmatch(named) else ""), ""
    tracking, message_id = named or _field(returned, TRACKING_HEADER), _field(returned, "Message-ID")
    return (tracking if TRACKING.fullmatch(tracking) else ""), (message_id if MESSAGE_ID.fullmatch(message_id) else "")


def _returned(part: Message) -> Message | None:
    """The headers of the letter that a part gives back."""
    if part.get_content_type() not in RETURNED:
        return None
    inner: Any = part.get_payload()
    if isinstance(inner, list):  # the parser takes every message/… apart itself
        return inner[0] if inner else None
    decoded: Any = part.get_payload(decode=True)
    return message_from_string(decoded.decode("utf-8", "replace")) if isinstance(decoded, bytes) else None


def _field(message: Message, name: str) -> str:
    """A header in one line; "" where it is missing."""
    return " ".join(str(message.get(name, "")).split())
