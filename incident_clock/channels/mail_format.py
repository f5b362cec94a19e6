"""A letter as the bytes of an e-mail: UTF-8 text and its HTML twin, lines within the limits of SMTP, our headers only.

Built on the older half of the standard library's `email` on purpose: `EmailMessage` decodes encoded words in
the values it is given and, before Python 3.11.10, wrote a line break hidden in one as a new header
(CVE-2024-6923), and it tears long message ids apart.
"""

import base64
import hashlib
import re
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr

from incident_clock.channels.base import ChannelError, Letter
from incident_clock.channels.mail_settings import MAIL_ADDRESS, Mailbox

CRLF = "\r\n"
LONGEST_LINE = 998  # octets of a line (RFC 5322): ours are never folded, so that a filter can match them whole
WIRE = compat32.clone(linesep=CRLF, max_line_length=LONGEST_LINE)
LINE_END = re.compile(r"\r\n|\r|\n")
HEADER_BREAK = re.compile(r"[\r\n\0]")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
EXTRA_HEADER = re.compile(r"X-[A-Za-z0-9-]{1,60}")
MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}>")
TRACKING = re.compile(r"[!-~]{0,60}")
TRACKING_HEADER = "X-Incident-Clock-Tracking"  # for bounces of servers without DSN: they return our headers


def compose(letter: Letter, sender: Mailbox) -> bytes:
    """The whole message with CRLF line ends. Raises a permanent ChannelError for what may not stand in a header."""
    _refuse_smuggling(letter)
    try:
        message = _body(letter)
        message["From"] = formataddr((sender.display_name, sender.address))
        message["To"] = letter.to
        message["Subject"] = _encoded("Subject", UNPRINTABLE.sub(" ", letter.subject).strip())
        message["Date"] = format_datetime(letter.sent_at)
        message["Message-ID"] = letter.message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answer, please
        for name, value in _thread(letter).items():
            message[name] = value
        if letter.tracking:
            message[TRACKING_HEADER] = letter.tracking
        for name, value in letter.headers.items():
            message[name] = value if value.isascii() else _encoded(name, value)
        return message.as_bytes(policy=WIRE)
    except ValueError:
        raise ChannelError("The text cannot be written as an e-mail.", is_permanent=True) from None


def envelope_id(letter: Letter) -> str:
    """The word for a letter's envelope (ENVID, in the xtext of RFC 3461): what its reports are to name."""
    return "".join(char if char not in "+=" else f"+{ord(char):02X}" for char in letter.tracking)


def on_the_wire(message: bytes) -> bytes:
    """`message` as the DATA of SMTP: lines that begin with a dot get a second one, a dot alone ends it (RFC 5321)."""
    return re.sub(rb"(?m)^\.", b"..", message.rstrip(b"\r\n")) + b"\r\n.\r\n"


def _body(letter: Letter) -> MIMEBase:
    """The text alone, or the text and then its twin: readers show the last of the two that they can."""
    text = MIMEText(LINE_END.sub(CRLF, letter.text), "plain", "utf-8")  # base64: 7 bit, 76 a line
    if letter.html is None:
        return text
    edge = "=_" + hashlib.sha256(letter.message_id.encode()).hexdigest()[:32]  # a copy is the same to the byte
    twin = MIMEText(LINE_END.sub(CRLF, letter.html), "html", "utf-8")
    return MIMEMultipart("alternative", edge, [text, twin])


def _thread(letter: Letter) -> dict[str, str]:
    """What keeps the mails of one incident together.

    Most readers go by References, though the mail it names was never sent; Outlook goes by Thread-Index (one byte,
    five of time, sixteen of identity) and Thread-Topic. Gmail also wants equal subjects, and ours tell the time left.
    """
    thread = letter.thread_id
    if not thread or thread == letter.message_id:
        return {}
    index = base64.b64encode(b"\x01" + bytes(5) + hashlib.sha256(thread.encode()).digest()[:16]).decode()
    topic = thread[1:].partition("@")[0]
    return {"In-Reply-To": thread, "References": thread, "Thread-Topic": topic, "Thread-Index": index}


def _encoded(name: str, value: str) -> str:
    """The whole value as RFC 2047 words, folded; what looks like such a word in it is encoded with the rest."""
    return Header(value, "utf-8", header_name=name).encode(linesep=CRLF)


def _refuse_smuggling(letter: Letter) -> None:
    if not MAIL_ADDRESS.fullmatch(letter.to):
        raise ChannelError("The person's e-mail address is not a plain ASCII address.", is_permanent=True)
    values = (letter.subject, letter.message_id, *letter.headers.values())
    if any(HEADER_BREAK.search(value) for value in values):
        raise ChannelError("A header of the e-mail holds a line break or a NUL.", is_permanent=True)
    if not all(EXTRA_HEADER.fullmatch(name) for name in letter.headers):
        raise ChannelError("An extra header of the e-mail is not named X-….", is_permanent=True)
    if not all(MESSAGE_ID.fullmatch(one) for one in (letter.message_id, letter.thread_id) if one is not None):
        raise ChannelError("The message id of the e-mail is not of the form <…@…>.", is_permanent=True)
    if not TRACKING.fullmatch(letter.tracking):
        raise ChannelError("The tracking word of the e-mail is not plain ASCII.", is_permanent=True)
