"""The directory in words: kinds of contacts, leave, and what an edit changed. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from incident_clock.people.access import role_title
from incident_clock.people.cards import CHAT, DESK_PHONE, EMAIL, MOBILE, PersonCard
from incident_clock.people.edits import LABELS
from incident_clock.phrases import N_
from incident_clock.views.directory import LeaveView, Names
from incident_clock.web.telling import Telling
from incident_clock.web.telling_messages import Messages
from incident_clock.web.telling_timeline import ERASED

KINDS = {MOBILE: N_("手机"), DESK_PHONE: N_("座机"), EMAIL: N_("邮箱"), CHAT: N_("聊天账号")}
LANGUAGES = {"zh": N_("中文"), "en": N_("英文")}
UNITS, PEOPLE = ("unit", "parent"), ("stand_in", "reporter", "second_reporter")  # fields that hold a key
NOBODY = Names()
AN_ADDRESS = re.compile(rf"(?:^|, )({'|'.join(KINDS)}) ")

Changes = Mapping[str, Mapping[str, str | None]]  # field → before and after


@dataclass(frozen=True, slots=True)
class DirectoryWords:
    """The words of one reader at one instant. `names` are for changes that hold keys."""

    telling: Telling
    names: Names = NOBODY

    def say(self, text: str, /, **params: object) -> str:
        return self.telling.phrases.say(text, **params)

    def roles(self, card: PersonCard) -> str:
        return self.telling.phrases.names(self.telling.role(role) for role in card.roles)

    def kind(self, kind: str) -> str:
        """`手机`."""
        return self.say(KINDS.get(kind, kind))

    def failure(self, detail: str) -> str:
        """Why a provider calls an address dead."""
        return Messages(self.telling).why(detail)

    def language(self, language: str) -> str:
        return self.say(LANGUAGES.get(language, language))

    def until(self, instant: datetime) -> str:
        """The end of a span: midnight is `24:00` of the day that ends."""
        local = instant.astimezone(self.telling.phrases.zone)
        if local.hour or local.minute:
            return self.telling.phrases.moment(instant)
        return f"{self.telling.phrases.moment(instant - timedelta(days=1))[:10]} 24:00"

    def span(self, from_at: datetime, until_at: datetime) -> str:
        """`2026-03-14 08:30 至 2026-03-16 24:00`."""
        return self.say(N_("%(since)s 至 %(until)s"), since=self.telling.phrases.moment(from_at),
                        until=self.until(until_at))

    def away(self, leave: LeaveView) -> str:
        """`外出到 2026-03-16 24:00，由 褚庚 代`."""
        if leave.acting is not None:
            return self.say(N_("外出到 %(until)s，由 %(name)s 代"), until=self.until(leave.until_at),
                            name=leave.acting.name)
        return self.say(N_("外出到 %(until)s，由B角代"), until=self.until(leave.until_at))

    def changes(self, changes: Changes) -> list[str]:
        """`单位：值班室 → 宣传科`, a line for each field."""
        return [self.say(N_("%(field)s：%(before)s → %(after)s"), field=self.say(LABELS.get(name, name)),
                         before=self._value(name, one.get("before")), after=self._value(name, one.get("after")))
                if one.get("before") or one.get("after") else self.say(ERASED) for name, one in _in_order(changes)]

    def additions(self, changes: Changes, side: str = "after") -> list[str]:
        """`单位：值班室`, a line for each field of what is new, or with `side` before of what went."""
        return [self.say(N_("%(label)s：%(said)s"), label=self.say(LABELS.get(name, name)),
                         said=self._value(name, one.get(side))) for name, one in _in_order(changes)]

    def called(self, key: str | None) -> str:
        """The name of the person behind a key of an entry; what was erased says so."""
        return self.say(ERASED) if key is None else self.names.people.get(key, key)

    def address(self, text: str) -> str:
        """`手机 +8613800000001`, of the ledger's `mobile +8613800000001`."""
        kind, _, address = text.partition(" ")
        return f"{self.kind(kind)} {address}"

    def _value(self, field: str, value: str | None) -> str:
        """A value of the ledger as people read it."""
        if not value:
            return self.say(N_("（空）"))
        if field in UNITS:
            return self.names.units.get(value, value)
        if field in PEOPLE:
            return self.called(value)
        if field == "roles":
            return self.telling.phrases.names(self.say(role_title(role)) for role in value.split(", "))
        if field == "language":
            return self.language(value)
        if field == "contacts":
            kinds, addresses = AN_ADDRESS.findall(value), AN_ADDRESS.split(value)[2::2]
            return self.telling.phrases.names(f"{self.kind(kind)} {address}"
                                              for kind, address in zip(kinds, addresses, strict=True))
        return value


def _in_order(changes: Changes) -> list[tuple[str, Mapping[str, str | None]]]:
    """As the form has them; the ledger keeps them by the alphabet."""
    order = list(LABELS)
    return sorted(changes.items(), key=lambda one: order.index(one[0]) if one[0] in order else len(order))
