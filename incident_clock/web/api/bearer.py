"""Who calls: the holder of a bearer token. A browser's session counts for nothing here, so no form can be forged."""

from dataclasses import dataclass
from typing import cast

from apiflask import HTTPTokenAuth
from flask import g, request
from flask.typing import ResponseReturnValue

from incident_clock.errors import Forbidden, Refusal
from incident_clock.ledger.fact import Actor
from incident_clock.people import access, tokens
from incident_clock.phrases import N_
from incident_clock.web.context import assembly

KEY_LENGTH = 16  # characters of the token's hash that stand for it

bearer = HTTPTokenAuth(
    "Bearer", realm="incident-clock", security_scheme_name="bearer",
    description="A token made with `incident-clock token add --role ROLE --name LABEL`.")


class NotSignedIn(Refusal):
    """There is no token, or none that counts (401)."""

    http_status = 401


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of a token. `key` tells two tokens with the same label apart."""

    role: str
    label: str
    key: str


def actor() -> Actor:
    """The caller as the ledger names him."""
    caller = cast(Caller, g.caller)
    return Actor(name=caller.label, role=caller.role, key=caller.key)


@bearer.verify_token
def _holder(token: str | None) -> Caller | None:
    if not token:
        return None
    with assembly().store.read() as session:
        holder = tokens.token_holder(session, token)
    if holder is None:
        return None
    g.caller = Caller(holder.role, holder.label, f"token:{tokens.digest(token)[:KEY_LENGTH]}")
    return cast(Caller, g.caller)


@bearer.get_user_roles
def _actions(caller: Caller) -> list[str]:
    """What the caller may do stands for his roles: `call(needs=…)` names an action."""
    return [action for action in access.ACTIONS if access.may([caller.role], action)]


@bearer.error_handler
def _refuse(status: int) -> ResponseReturnValue:
    if status == Forbidden.http_status:
        raise Forbidden(N_("这个令牌的角色是“%(role)s”，不能做这一步，请换用有权限的令牌"),
                        role=access.role_title(g.caller.role))
    if request.authorization is not None and request.authorization.type == "bearer":
        raise NotSignedIn(N_("这个令牌无效或已停用，请向系统管理员索取新的令牌"))
    raise NotSignedIn(N_("请在请求头里带上令牌，写成 Authorization: Bearer 令牌"))
