"""What every edit of the directory has in common: tidy words, what changed, and two editors at once.

A draft is what a form holds: a frozen dataclass of the fields that can be edited. `seen` is the draft as the editor
had it before him when he began; if the directory says something else by now, nothing is overwritten (`Stale`).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from incident_clock.errors import Conflict, Invalid
from incident_clock.ledger.fact import Erasable
from incident_clock.people.people_file import KEY, LONGEST_KEY, LONGEST_NAME
from incident_clock.phrases import N_
from incident_clock.protocol.complaints import is_invisible

RESERVED_KEYS = ("new",)  # an address of the pages

LABELS = {  # field of a draft → how people call it
    "name": N_("名字"), "unit": N_("单位"), "roles": N_("角色"), "contacts": N_("联系方式"), "stand_in": N_("B角"),
    "language": N_("消息语言"), "short_name": N_("简称"), "parent": N_("上级单位"), "reporter": N_("宣传员"),
    "second_reporter": N_("宣传员B角"), "phone": N_("电话"), "email": N_("邮箱"), "note": N_("说明"),
}

Changes = dict[str, dict[str, Erasable | None]]  # field → before and after, as the ledger keeps them


class Stale(Conflict):
    """Somebody changed it while the form was open. `current` is the draft as it stands now."""

    def __init__(self, current: Any, *, changed: list[str]) -> None:
        super().__init__(N_("您打开这一页以后，有人刚改过：%(changed)s。您填的都还在，请核对后再保存"), changed=changed)
        self.current = current


def require_unchanged(current: Any, seen: Any) -> None:
    """Raises Stale, naming the fields that are no longer as the editor saw them."""
    changed = [LABELS[field.name] for field in fields(current)
               if getattr(current, field.name) != getattr(seen, field.name)]
    if changed:
        raise Stale(current, changed=changed)


def differences(before: Any | None, after: Any | None) -> Changes:
    """Field → what it was and what it is, for every field of two drafts that differs; None: there is none."""
    old, new = _texts(before), _texts(after)
    return {name: {"before": old.get(name), "after": new.get(name)} for name in {**old, **new}
            if old.get(name) != new.get(name)}


def checked_key(key: str, taken: Mapping[str, bool], *, field: str = "key") -> str:
    """A new key. `taken`: key → whether it is in use. Raises Invalid, Conflict for one that was given already."""
    key = unicodedata.normalize("NFKC", key).strip().lower()
    if not re.fullmatch(KEY, key) or len(key) > LONGEST_KEY or key in RESERVED_KEYS:
        raise Invalid(N_("请用小写字母开头，只含字母、数字、_ 和 -，最多%(limit)s个，如 zhou 或 squad2"), field=field,
                      limit=LONGEST_KEY)
    if key in taken:
        raise Conflict(N_("“%(key)s”已经有了，请另起一个") if taken[key]
                       else N_("“%(key)s”是已停用的人，请恢复他，或另起一个"), field=field, key=key)
    return key


def checked_line(text: str | None, *, field: str, longest: int = LONGEST_NAME, is_required: bool = False) -> str | None:
    """One plain line without what cannot be seen; None when nothing was typed. Raises Invalid."""
    tidy = " ".join(unicodedata.normalize("NFC", text or "").split())
    for place, character in enumerate(tidy, start=1):
        if is_invisible(character):
            raise Invalid(N_("第%(place)s个字是看不见的控制字符，请删去后再提交"), field=field, place=place)
    if len(tidy) > longest:
        raise Invalid(N_("最多%(limit)s字，现有%(length)s字，请缩短"), field=field, limit=longest, length=len(tidy))
    if is_required and not tidy:
        raise Invalid(N_("请填写这一项"), field=field)
    return tidy or None


def _texts(draft: Any | None) -> dict[str, Erasable | None]:
    return {} if draft is None else {field.name: _kept(getattr(draft, field.name)) for field in fields(draft)}


def _kept(value: Any) -> Erasable | None:
    """How a field's value stands in the ledger: keys and addresses as they are, lists with commas between."""
    if isinstance(value, tuple):
        value = ", ".join(" ".join(one) if isinstance(one, tuple) else one for one in value)
    return Erasable(value) if value else None
