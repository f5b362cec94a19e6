"""What the page of one incident prints, and its forms again as they were sent when one was refused.

A form has a name: `log`, `close`, `waive-<step>`, `reject-<sequence>` …; `values` and `complaints` belong to that one.
"""

import secrets
from typing import Any

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from incident_clock.people import access
from incident_clock.phrases import N_
from incident_clock.registry.decisions import APPROVING, why_not_second
from incident_clock.registry.history import CHECK
from incident_clock.registry.record_kinds import KINDS
from incident_clock.views.shapes import ChainView, IncidentView, Name, PendingView, StepView, TimelineView
from incident_clock.views.timeline import ALL, NEWEST_FIRST, OLDEST_FIRST
from incident_clock.web import attachments, blanks, forms
from incident_clock.web.blanks import Complaint
from incident_clock.web.context import assembly, me, now, phrases, zone
from incident_clock.web.guard import actor, allows, not_allowed, page_seen_at
from incident_clock.web.telling import Telling
from incident_clock.web.telling_calls import Calls
from incident_clock.web.telling_cards import Cards
from incident_clock.web.telling_log import LOG_WORDS
from incident_clock.web.telling_timeline import FILTERS, Timeline

MINUTES_AGO = (0, 5)
NAMES_TO_RING = 3
SHOWN_AT_FIRST = 200  # entries; the page is fetched anew every 5 s
ON_A_CARD = ("waive", "transfer", "accept", "refuse")  # forms of an open step
HEADINGS = {  # form → what stands above its complaints
    "close": N_("还没有结案"), "withdraw": N_("没有撤回"), "call": N_("没有记下"), "waive": N_("还没有记入"),
    "transfer": N_("还没有记入"), "accept": N_("还没有记入"), "refuse": N_("还没有记入"), "confirm": N_("没有核定"),
    "reject": N_("没有核定"), "merge": N_("还没有合并"), "void": N_("还没有提出作废"), "real": N_("还没有登记"),
}
LOST = N_("您这一次没有记入")
TYPED = {  # words shown for copying when their form is not there any more
    "to": N_("移交给哪个单位"), "approver": N_("批准人"), "document": N_("文号"), "report_to": N_("对方"),
    "evidence": N_("凭证"), "note": N_("补充说明"), "reason": N_("原因"),
}


def page(number: str, *, focus: str | None = None, values: MultiDict[str, str] | None = None, form: str = "",
         complaints: list[Complaint] | None = None, status: int = 200) -> ResponseReturnValue:
    """The whole page; `form` is the one the `values` and `complaints` belong to."""
    printed = shown(number, focus=focus, values=values, form=form, complaints=complaints)
    files = attachments.section(printed["incident"])
    return make_response(render_template("incident.html", is_fragment=False, files=files, **printed), status)


def cards_of(incident: IncidentView) -> Cards:
    telling = Telling(phrases(), now())
    return Cards(telling, incident, _rule_titles(telling))


def _rule_titles(telling: Telling) -> dict[str, str]:
    return {key: telling.title(rule.title) for key, rule in assembly().protocols.items()}


def shown(number: str, *, focus: str | None, values: MultiDict[str, str] | None = None, form: str = "",
          complaints: list[Complaint] | None = None) -> dict[str, Any]:
    """Everything the incident page prints, save its files."""
    incident, timeline, chain = _whole(number)
    large, typed = _large(incident, focus), values if values is not None else MultiDict()
    lost: MultiDict[str, str] = MultiDict()
    if not _has_place(form, incident, large, focus):  # typed for a step that has no form any more
        lost, typed, form = typed, MultiDict(), ""
    told, telling = _at_fields(form, large, complaints or []), Telling(phrases(), now())
    return {
        "incident": incident, "large": large, "tab": "board", "form": form, "values": typed, "lost": lost,
        "typed": TYPED, "complaints": told, "heading": HEADINGS.get(form.partition("-")[0], LOST),
        "errors": {field: said for field, said in reversed(told) if field},
        "further": [step for step in (*incident.follow_ups, *incident.tasks) if step.is_open],
        "past": [step for step in (*incident.follow_ups, *incident.tasks) if not step.is_open],
        "cards": cards_of(incident), "why_not": _why_not, "timeline": timeline, "chain": chain,
        "line": Timeline(telling, incident, _rule_titles(telling)), "filters": FILTERS,
        "is_all": "all" in request.args, **_rights(incident), "log_labels": _log_labels(large), "kinds": KINDS,
        "blank_days": blanks.offered_days(
            now=now(), zone=zone(), since=incident.clock_started_at),
        "key": (form == "log" and typed.get("key")) or secrets.token_urlsafe(16), "page_seen_at": page_seen_at(),
        "choices": forms.choices(MINUTES_AGO, now=now(), zone=zone(), picked=typed.get("done_at", "")),
        "days": forms.days(now=now(), zone=zone(), since=incident.clock_started_at), **_called(incident, large),
    }


def to_ring(step: StepView, *, besides: str) -> list[Name]:
    """Whom to phone about this step: the next rung first, then those told last; not the reader himself."""
    told = [rung for rung in step.ladder if rung.state in ("told", "passed")]
    coming = [rung for rung in step.ladder if rung.state in ("next", "later")]
    rungs = [*coming[:1], *reversed(told), *coming[1:]]
    found = {person.key: person for rung in rungs for person in rung.people if person.phone and person.key != besides}
    return list(found.values())[:NAMES_TO_RING]


def _large(incident: IncidentView, asked: str | None) -> StepView | None:
    """The one large card: the open one that was asked for, else what is due first. A closed incident has only what its
    closing brought about, and tasks."""
    chosen = incident.obligation(asked) if asked else None
    return chosen if chosen is not None and chosen.is_open and chosen.kind != CHECK else incident.focus


def _has_place(form: str, incident: IncidentView, large: StepView | None, focus: str | None) -> bool:
    """Whether the page still shows the form of that name."""
    kind, _, about = form.partition("-")
    if kind in ("merge", "void", "real"):
        return incident.closed_at is None
    if kind == "log":
        return large is not None and large.key == focus
    if kind in ON_A_CARD:
        step = incident.obligation(about)
        is_asked = step is not None and step.is_open and (kind != "transfer" or step.offered_to is None)
        return any(one.is_open and one.offered_from == about for one in incident.steps) \
            if kind in ("accept", "refuse") else is_asked
    return kind not in ("confirm", "reject") or about in {str(row.sequence) for row in incident.pending}


def _at_fields(form: str, large: StepView | None, told: list[Complaint]) -> list[Complaint]:
    """The complaints with the ids of the fields they are about."""
    kind = form.partition("-")[0]
    if kind == "log" and large is not None and large.evidence in KINDS:
        return blanks.at_fields(told, KINDS[large.evidence])
    if kind in (*ON_A_CARD, "reject", "close", "merge", "void"):
        return [(f"{field}-{form}" if field else None, said) for field, said in told]
    return [(None, said) for _, said in told] if kind in ("withdraw", "call") else told


def _log_labels(large: StepView | None) -> dict[str, str]:
    if large is None:
        return {}
    kind = KINDS.get(large.evidence)
    return {**LOG_WORDS[large.evidence].labels(), **(blanks.labels(kind) if kind else {})}


def _whole(number: str) -> tuple[IncidentView, TimelineView, ChainView]:
    """The incident with its timeline in the order and with the filter that was asked for."""
    order = OLDEST_FIRST if request.args.get("order") == OLDEST_FIRST else NEWEST_FIRST
    chosen = next((name for name in FILTERS if name == request.args.get("show")), ALL)
    return assembly().views.whole(number, now(), order=order, only=chosen,
                                  limit=None if "all" in request.args else SHOWN_AT_FIRST)


def _rights(incident: IncidentView) -> dict[str, object]:
    """What the reader may do here. `may_log` holds on after the closing for what that brought about."""
    card, is_open = me(), incident.closed_at is None
    is_leader = card is not None and access.main_role(card.roles) in APPROVING
    return {"may_log": allows(access.LOG) and (is_open or incident.focus is not None),
            "may_act": allows(access.LOG) and is_open, "may_write": allows(access.WRITE) and is_open,
            "not_allowed": "" if allows(access.LOG) else not_allowed(), "printed_by": card.name if card else "",
            "own_approval": card.name if card and is_leader else ""}


def _called(incident: IncidentView, large: StepView | None) -> dict[str, object]:
    card, calls = me(), Calls(Telling(phrases(), now()))
    called = {one.step: one for one in assembly().views.step_calls(incident.id, now())}
    return {"calls": calls, "called": called,
            "to_ring": to_ring(large, besides=card.key if card else "") if large else [],
            "mine": calls.mine(called.values(), card.key) if card and allows(access.LOG) else []}


def _why_not(row: PendingView) -> str:
    """Why the reader may not decide about an entry that waits, in his words; empty when he may."""
    if not allows(access.LOG):
        return phrases().say(N_("等待另一岗位的人核实"))
    who = actor()
    why = why_not_second({"kind": row.kind, "actor": row.actor, "actor_role": row.actor_role}, name=who.name,
                         role=who.role)
    return phrases().say(why) if why else ""
