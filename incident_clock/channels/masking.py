"""Phone numbers and e-mail addresses made unreadable, for logs and for what people may look over a shoulder at."""

import re

MAIL = re.compile(r"([\w.!#$%&'*+/=?^`{|}~-]{1,64})@([\w-]{1,63}(?:\.[\w-]{1,63}){0,8})")
PHONE = re.compile(
    r"[+＋][1-9１-９](?:[ -]?\d){6,14}"  # international: +86 138 0000 0001
    r"|(?<!\d)(?:86[ -]?)?[1１][3-9３-９]\d(?:[ -]?\d{4}){2}(?!\d)"  # mainland mobile
    r"|(?<!\d)0\d{2,3}[ -]?\d{7,8}(?!\d)"  # mainland landline with area code
)
SHOWN_DIGITS = 4
SHOWN_LETTERS = 2


def mask_address(text: str) -> str:
    """`text` with every phone number as `****0001` and every e-mail address as `zh…@example.com`.

    Takes an address alone or any text that may hold some; keys, dates and incident numbers stay as they are.
    """
    return MAIL.sub(_masked_mail, PHONE.sub(_masked_phone, text))


def _masked_phone(found: re.Match[str]) -> str:
    return "****" + re.sub(r"\D", "", found[0])[-SHOWN_DIGITS:]


def _masked_mail(found: re.Match[str]) -> str:
    local, domain = found.groups()
    shown = local[:SHOWN_LETTERS] if len(local) > SHOWN_LETTERS else local[:1]
    return f"{shown}…@{domain}"
