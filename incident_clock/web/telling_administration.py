"""The administrative ledger in words: one entry in, its sentence out. Pure. Unknown kinds are told by their name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incident_clock.ledger.chain import UNREADABLE
from incident_clock.people.access import TITLES, role_title
from incident_clock.people.facts import ADDED, ALTERED, OUTGOING, RESTORED, RETIRED
from incident_clock.phrases import N_
from incident_clock.views.administration import AdministrationEntry
from incident_clock.views.directory import Names
from incident_clock.web.telling import Telling
from incident_clock.web.telling_directory import DirectoryWords
from incident_clock.web.telling_timeline import ERASED

PERSON = {ADDED: N_("人员新增"), ALTERED: N_("人员修改"), RETIRED: N_("人员停用"), RESTORED: N_("人员恢复")}
UNIT = {ADDED: N_("单位新增"), ALTERED: N_("单位修改"), RETIRED: N_("单位删去")}
OUTSIDE = {ADDED: N_("区外单位新增"), ALTERED: N_("区外单位修改"), RETIRED: N_("区外单位删去")}
ACCESS = {"link": N_("发登录链接"), "password": N_("设密码"), "token": N_("发接口令牌"),
          "calendar": N_("发日历订阅地址")}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in words: what kind of thing, the sentence, and a line for each detail."""

    kind: str
    text: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AdministrationWords:
    """The words of one reader. `names`: of everybody and every unit the directory knows now."""

    telling: Telling
    names: Names

    def entry(self, entry: AdministrationEntry) -> Line:
        tell = KINDS.get(entry.kind)
        try:
            return tell(self, entry) if tell else Line(entry.kind)
        except UNREADABLE:  # somebody has changed it: the chain is broken here, and the page says so
            return Line(entry.kind, self.say(N_("（内容读不出来）")))

    def actor(self, entry: AdministrationEntry) -> str:
        """Name and role; a command line's account has no role."""
        name = entry.actor if entry.actor is not None else self.say(ERASED)
        return f"{name} {self.say(TITLES[entry.actor_role])}" if entry.actor_role in TITLES else name

    def say(self, text: str, /, **params: object) -> str:
        return self.telling.phrases.say(text, **params)

    @property
    def directory(self) -> DirectoryWords:
        return DirectoryWords(self.telling, self.names)

    def who(self, key: str | None) -> str:
        return self.directory.called(key)

    def people(self, keys: list[str | None]) -> str:
        return self.telling.phrases.names(self.who(key) for key in keys)

    def role(self, role: str) -> str:
        return self.say(role_title(role))

    def span(self, body: Mapping[str, Any]) -> str:
        return self.directory.span(datetime.fromisoformat(body["from_at"]), datetime.fromisoformat(body["until_at"]))

    def reason(self, body: Mapping[str, Any]) -> tuple[str, ...]:
        return (self.say(N_("原因：%(text)s"), text=body["reason"]),) if body.get("reason") else ()


def _imported(words: AdministrationWords, entry: AdministrationEntry) -> Line:
    body = entry.body
    text = words.say(N_("%(source)s：%(units)s个单位，%(people)s人"), source=body["source"] or words.say(ERASED),
                     units=body["units"], people=body["people"])
    each = ((N_("新增：%(names)s"), "added"), (N_("改动：%(names)s"), "changed"), (N_("停用：%(names)s"), "retired"))
    return Line(words.say(N_("导入人员名单")), text,
                tuple(words.say(said, names=words.people(body[name])) for said, name in each if body[name]))


def _person(words: AdministrationWords, entry: AdministrationEntry) -> Line:
    body = entry.body
    name, changes = body["name"] or words.say(ERASED), dict(body["changes"])
    verified = changes.pop("verified", None)
    if verified is not None:
        said = words.say(N_("%(name)s：%(address)s 可用"), name=name,
                         address=words.directory.address(verified["after"]) if verified["after"] else words.say(ERASED))
        return Line(words.say(N_("核实联系方式")), said)
    return _changed(words, PERSON, body, f"{name}（{body['person']}）" if body["person"] else name, changes)


def _unit(words: AdministrationWords, entry: AdministrationEntry) -> Line:
    body = entry.body
    return _changed(words, UNIT, body, body["name"] or words.say(ERASED), body["changes"])


def _outside(words: AdministrationWords, entry: AdministrationEntry) -> Line:
    body = entry.body
    return _changed(words, OUTSIDE, body, body["name"] or words.say(ERASED), body["changes"])


def _changed(words: AdministrationWords, kinds: Mapping[str, str], body: dict[str, Any], name: str,
             changes: Mapping[str, Any]) -> Line:
    """Before and after where something was altered, else what is there or was."""
    change = body["change"]
    if change == ALTERED:
        details = words.directory.changes(changes)
    else:
        details = words.directory.additions(changes, "before" if change == RETIRED else "after")
    return Line(words.say(kinds.get(change, change)), name, tuple(details))


def _leave(words: AdministrationWords, entry: AdministrationEntry) -> Line:
    body = entry.body
    said = words.say(N_("%(name)s %(span)s 外出"), name=words.who(body["person"]), span=words.span(body))
    acting = words.say(N_("由 %(acting)s 代 %(name)s"), acting=words.who(body["acting"]),
                       name=words.who(body["person"])) if body["acting"] else words.say(N_("由B角代"))
    return Line(words.say(N_("请假")), words.telling.clauses([said, acting]), words.reason(body))


def _leave_removed(words: AdministrationWords, entry: AdministrationEntry) -> Line:
    name, entered = words.who(entry.body["person"]), entry.ends
    if entered is None:
        return Line(words.say(N_("销假")), name)
    has_begun = datetime.fromisoformat(entered["from_at"]) < entry.happened_at
    said = N_("%(name)s 已回来（原定 %(span)s）") if has_begun else N_("%(name)s 不请了（原定 %(span)s）")
    return Line(words.say(N_("销假")), words.say(said, name=name, span=words.span(entered)))


def _roster_imported(words: AdministrationWords, entry: AdministrationEntry) -> Line:
    body = entry.body
    text = words.say(N_("%(source)s：%(roles)s，%(span)s，%(shifts)s班，换下%(replaced)s班"),
                     source=body["source"] or words.say(ERASED), shifts=body["shifts"], span=words.span(body),
                     roles=words.telling.phrases.names(map(words.role, body["roles"])), replaced=body["replaced"])
    return Line(words.say(N_("导入值班表")), text, (words.say(N_("文件 SHA-256 %(hash)s"), hash=body["sha256"]),))


def _planned(words: AdministrationWords, entry: AdministrationEntry) -> Line:
    body = entry.body
    text = words.say(N_("%(role)s，%(span)s，%(shifts)s班，换下%(replaced)s班"), role=words.role(body["role"]),
                     span=words.span(body), shifts=body["shifts"], replaced=body["replaced"])
    turns = ((N_("工作日轮：%(names)s"), "workday_turn"), (N_("休息日轮：%(names)s"), "restday_turn"))
    return Line(words.say(N_("轮流排班")), text,
                tuple(words.say(said, names=words.people(body[name])) for said, name in turns if body[name]))


def _shift(kind: str) -> Callable[[AdministrationWords, AdministrationEntry], Line]:
    return lambda words, entry: Line(words.say(kind), words.say(
        N_("%(role)s %(name)s，%(span)s"), role=words.role(entry.body["role"]), name=words.who(entry.body["person"]),
        span=words.span(entry.body)))


def _cover(words: AdministrationWords, entry: AdministrationEntry) -> Line:
    body = entry.body
    text = words.say(N_("%(name)s 替 %(instead_of)s 值%(role)s，%(span)s"), name=words.who(body["person"]),
                     instead_of=words.who(body["instead_of"]), role=words.role(body["role"]), span=words.span(body))
    return Line(words.say(N_("调班") if body["swap"] else N_("替班")), text, words.reason(body))


def _cover_removed(words: AdministrationWords, entry: AdministrationEntry) -> Line:
    body = entry.body
    return Line(words.say(N_("撤销替班")), words.say(
        N_("%(name)s 不再替 %(instead_of)s 值%(role)s"), name=words.who(body["person"]),
        instead_of=words.who(body["instead_of"]), role=words.role(body["role"])))


def _signed(words: AdministrationWords, entry: AdministrationEntry) -> Line:
    body = entry.body
    said = N_("%(name)s 交班签字，在办%(count)s步") if body["side"] == OUTGOING \
        else N_("%(name)s 接班签字，在办%(count)s步")
    note = (words.say(N_("备注：%(text)s"), text=body["note"]),) if body.get("note") else ()
    return Line(words.say(N_("交接班")), words.say(said, name=words.who(body["person"]),
                                                count=len(body["open_clocks"])), note)


def _access(words: AdministrationWords, entry: AdministrationEntry) -> Line:
    body = entry.body
    role = (words.say(N_("角色：%(roles)s"), roles=words.role(body["role"])),) if body["role"] else ()
    return Line(words.say(ACCESS.get(body["what"], body["what"])), words.who(body["person"]), role)


KINDS: dict[str, Callable[[AdministrationWords, AdministrationEntry], Line]] = {
    "DirectoryImported": _imported, "PersonChanged": _person, "UnitChanged": _unit, "OutsidePartyChanged": _outside,
    "LeaveEntered": _leave, "LeaveRemoved": _leave_removed, "RosterImported": _roster_imported,
    "RosterPlanned": _planned, "ShiftAdded": _shift(N_("加一班")), "ShiftRemoved": _shift(N_("删去一班")),
    "CoverEntered": _cover, "CoverRemoved": _cover_removed, "HandoverSigned": _signed, "AccessGiven": _access,
}
