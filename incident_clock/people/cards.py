"""A person as the rest of the house knows him: a frozen card, without the database behind it."""

from dataclasses import dataclass
from datetime import datetime

MOBILE, DESK_PHONE, EMAIL, CHAT = "mobile", "desk_phone", "email", "chat"
CONTACT_KINDS = (MOBILE, DESK_PHONE, EMAIL, CHAT)

CONSOLE = "console"
CONTACT_OF = {  # channel → the kind of contact it needs; a robot of a group calls the person by it
    "sms": MOBILE, "voice": MOBILE, "email": EMAIL,
    "wecom": MOBILE, "dingtalk": MOBILE, "feishu": CHAT, "apprise": CHAT,
}


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach a person. `address`: E.164 for phones. `last_delivered_at`: a message last arrived there.
    `failed_at`: since then its provider calls it dead, because of `failure`; it is still tried.
    """

    kind: str
    address: str
    verified_at: datetime | None = None
    last_delivered_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class PersonCard:
    """One person. `unit` and `stand_in` are keys; `contacts` stand in the order they are tried.

    `is_active` False: no longer of the bureau.
    """

    key: str
    name: str
    unit: str
    roles: tuple[str, ...]
    contacts: tuple[Contact, ...]
    stand_in: str | None
    language: str
    is_active: bool = True

    @property
    def phone(self) -> str | None:
        """The number to ring: the first mobile, else the first desk phone."""
        return self._first(MOBILE) or self._first(DESK_PHONE)

    @property
    def email(self) -> str | None:
        return self._first(EMAIL)

    def addresses(self) -> dict[str, str]:
        """Channel → address, for every channel this person can be reached on; of two of a kind the first."""
        first: dict[str, str] = {}
        for contact in self.contacts:
            first.setdefault(contact.kind, contact.address)
        return {**{channel: first[kind] for channel, kind in CONTACT_OF.items() if kind in first}, CONSOLE: self.key}

    def _first(self, kind: str) -> str | None:
        return next((contact.address for contact in self.contacts if contact.kind == kind), None)
