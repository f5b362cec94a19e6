"""Would every rung of every rule reach somebody right now? The complaints of `check` and of the red banner."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from incident_clock.channels.base import CONSOLE
from incident_clock.errors import Invalid, Refusal
from incident_clock.people import roster
from incident_clock.people.access import role_title
from incident_clock.phrases import N_
from incident_clock.protocol.steps import ResponseProtocol


def complaints(session: Session, protocols: Iterable[ResponseProtocol], *, channels: Collection[str],
               now: datetime) -> list[Refusal]:
    """One complaint per role that a rung names and nobody can be reached in; one when no channel is switched on."""
    if not channels:
        return [Invalid(N_("没有启用任何发送渠道，现在不会有人收到提醒。请系统管理员设置 INCIDENT_CLOCK_CHANNELS"))]
    reachable: dict[tuple[str, str], bool] = {}
    for card in roster.everybody(session):
        for role in card.roles:
            for channel in card.addresses():
                reachable[role, channel] = True
    found: list[Refusal] = []
    for protocol in protocols:
        for step in protocol.steps:
            for rung in step.ladder:
                by = channels if rung.by is None else [c for c in channels if c in rung.by or c == CONSOLE]
                missing = [role for role in rung.tell if not any(reachable.get((role, c)) for c in by)]
                if len(missing) == len(rung.tell):
                    found.append(Invalid(
                        N_("规则 %(rule)s 的“%(step)s”第%(rung)s级催不到任何人（%(roles)s），请补通讯录或渠道"),
                        rule=protocol.key, step=step.title, rung=rung.number,
                        roles=[role_title(role) for role in missing]))
    return found
