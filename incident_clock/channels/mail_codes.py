"""What the codes of SMTP servers mean for a letter: the truth table of replies and of bounces alike.

What a server says in words is never passed on, because it repeats the address; the sentences here take its place.
"""

import re
from dataclasses import dataclass

from incident_clock.channels.base import GATEWAY_DOWN, PERMANENT, TEMPORARY, ChannelError

ENHANCED_CODE = re.compile(r"(?<![0-9.])([245])\.(\d{1,3}\.\d{1,3})(?![0-9.])", re.ASCII)  # RFC 3463
BASIC_CODE = re.compile(r"(?<![0-9.])([45]\d\d)(?![0-9.])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row: what becomes of the letter, and why. `is_address_dead`: no letter to that address will arrive."""

    fate: str
    why: str
    is_address_dead: bool = False


def _refused(why: str) -> Meaning:
    return Meaning(PERMANENT, why)


def _dead(why: str) -> Meaning:
    return Meaning(PERMANENT, why, is_address_dead=True)


def _down(why: str) -> Meaning:
    return Meaning(GATEWAY_DOWN, why)


LOGIN = _down("it did not accept the login: see user and password in SMTP_URL")
RELAYING = _down("it passes nothing on for us: see SMTP_URL and MAIL_FROM")
NOT_OF_THE_LETTER = _down("it would refuse any other letter too: see SMTP_URL and MAIL_FROM")
NO_SUCH_MAILBOX = _dead("there is no such mailbox")
PASSING = Meaning(TEMPORARY, "it could not take it just now")
SILENT_ON_WHY = Meaning(TEMPORARY, "it did not say why")

# RFC 3463 without its first figure. These are the refusals for good, `5.…`; the same with a 4 is always temporary.
ENHANCED = {
    "1.0": _refused("the address is not accepted"),
    "1.1": NO_SUCH_MAILBOX,
    "1.2": _dead("there is no such mail domain"),
    "1.3": _dead("the address is not one of e-mail"),
    "1.4": _refused("the address fits more than one mailbox"),
    "1.6": _dead("the mailbox has moved away and left no address"),
    "1.7": _down("MAIL_FROM is not accepted as a sender"),
    "1.8": _down("the domain of MAIL_FROM is not known there"),
    "1.10": _dead("nobody takes mail at that address"),  # a domain's null MX (RFC 7505); Exchange: no such recipient
    "2.0": _refused("the mailbox does not take it"),
    "2.1": _refused("the mailbox is switched off"),
    "2.2": _refused("the mailbox is full"),
    "2.3": _refused("the text is larger than the mailbox allows"),
    "3.4": _refused("the text is larger than the server allows"),
    "4.1": _refused("no server of that domain answered"),
    "4.4": _refused("no way to a server of that domain was found"),
    "4.6": _refused("the mail went round in a circle"),
    "4.7": _refused("it was tried for too long without success"),
    "6.0": _refused("the form of the text is not accepted"),
    "6.1": _refused("the form of the text is not accepted"),
    "7.0": _refused("a rule there does not let it in"),
    "7.1": _refused("a rule there does not let it in"),
    "7.8": LOGIN,
    "7.9": LOGIN,
    "7.23": _refused("SPF does not name our mail server: see the DNS of MAIL_FROM's domain"),
    "7.25": _refused("our mail server has no name in reverse DNS"),
    "7.26": _refused("neither SPF nor DKIM speaks for us: see the DNS of MAIL_FROM's domain"),
    "7.54": RELAYING,
    "7.57": LOGIN,
    "7.60": _down("we may not send as MAIL_FROM"),
}

# RFC 5321, 4954 and 7504, for servers that give no code of RFC 3463 or one that is not in the table.
BASIC = {
    530: LOGIN,
    534: LOGIN,
    535: LOGIN,
    538: LOGIN,
    550: _refused("it is not taken there, for a reason that is not known here"),
    551: NO_SUCH_MAILBOX,
    552: _refused("the mailbox is full or the text too large"),
    553: _refused("the address is not accepted"),
    554: _refused("it was taken for unwanted"),
    556: _dead("that domain takes no mail (null MX)"),
}
LOGIN_REFUSALS = (530, 534, 535, 538)

# Words decide only where the code does not: 550 alone stands for a dozen things.
NO_RELAYING = re.compile(r"relay(ing)? (access )?(denied|not permitted|not allowed)|unable to relay", re.IGNORECASE)
RELAYING_CODES = ("", "5.0.0", "5.7.0", "5.7.1")
NO_SUCH_USER = re.compile(
    r"no such (user|recipient|mailbox|person)|(user|recipient|mailbox|account|address) (is )?(unknown|not found)"
    r"|unknown (user|recipient|mailbox)|(user|mailbox|account|recipient|address) (does not|doesn't|not) exist"
    r"|non-?existent (user|account|mailbox)|invalid recipient|用户不存在|[账帐]号不存在", re.IGNORECASE)
NO_SUCH_USER_CODES = (0, 550, 553, 554)


def codes_in(words: str) -> tuple[int, str]:
    """(550, "5.1.1") of what a server said; 0 and "" where it gave none."""
    basic, enhanced = BASIC_CODE.search(words), ENHANCED_CODE.search(words)
    return int(basic[1]) if basic else 0, enhanced[0] if enhanced else ""


def meaning(code: int, enhanced: str, words: str) -> Meaning:
    """What a refusal of one recipient or text means, by RFC 3463 first, then by words, then by RFC 5321."""
    first = str(code)[0] if code else enhanced[:1]
    if first == "4":
        return PASSING
    if first != "5":
        return SILENT_ON_WHY
    if enhanced in RELAYING_CODES and NO_RELAYING.search(words):
        return RELAYING
    if code in LOGIN_REFUSALS:
        return LOGIN
    if enhanced[:1] == "5" and enhanced[2:] in ENHANCED:
        return ENHANCED[enhanced[2:]]
    if code in NO_SUCH_USER_CODES and NO_SUCH_USER.search(words):
        return NO_SUCH_MAILBOX
    return BASIC.get(code, _refused("the reason given is not known here"))


def refusal(refused: str, code: int, reply: bytes, *, is_of_the_letter: bool) -> ChannelError:
    """What a reply other than the one hoped for means while nothing has been accepted.

    Where it is not `of the letter` (greeting, login, sender) a 5xx, or a reply that is none, would meet every other
    letter too: the gateway is down.
    """
    words = reply.decode("utf-8", "replace")
    enhanced = codes_in(words)[1]
    is_smtp = code // 100 in (2, 3, 4, 5)
    if code // 100 == 4 or (is_of_the_letter and code // 100 != 5):
        row = PASSING
    elif is_of_the_letter:
        row = meaning(code, enhanced, words)
    else:
        row = LOGIN if code in LOGIN_REFUSALS else NOT_OF_THE_LETTER
    said = " ".join(filter(None, (str(code), enhanced))) if is_smtp else "in no words of SMTP"
    return ChannelError(f"The mail server refused {refused}: {row.why} ({said}).",
                        is_permanent=row.fate == PERMANENT, is_gateway_down=row.fate == GATEWAY_DOWN,
                        code=(enhanced or str(code)) if is_smtp else "", is_address_dead=row.is_address_dead)
