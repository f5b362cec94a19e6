"""What each role may do, as a table. Pure: knows roles, not persons or pages."""

from collections.abc import Collection, Sequence

from incident_clock.phrases import N_

READ = "read"
WRITE = "write"  # register, withdraw, close
LOG = "log"  # record that a step was done
ADMIN = "admin"  # accounts and tokens
ROSTER = "roster"  # shifts, covers and plans; a roster is no incident, so an administrator may
AUDIT = "audit"  # read the administrative ledger
ACTIONS = (READ, WRITE, LOG, ADMIN, ROSTER, AUDIT)

_WRITER = frozenset({READ, WRITE, LOG})
_LEADER = frozenset({READ, LOG})

ALLOWED = {
    "duty_officer": _WRITER, "duty_chief": _WRITER | {ROSTER}, "publicity_chief": _WRITER,
    "office": _WRITER | {ROSTER}, "reporter": _WRITER, "squad": _WRITER,
    "duty_leader": _LEADER, "deputy": _LEADER, "head": _LEADER, "spokesman": _LEADER,
    "auditor": frozenset({READ, AUDIT}),
    "admin": frozenset({READ, ADMIN, ROSTER, AUDIT}),
}

# Who checks the record, or holds the accounts, never writes it: not with a second role either.
NEVER_WRITES = ("auditor", "admin")

TITLES = {
    "duty_officer": N_("值班员"), "duty_chief": N_("值班长"), "duty_leader": N_("带班领导"),
    "office": N_("办公室主任"), "publicity_chief": N_("宣传科科长"), "reporter": N_("宣传员"),
    "squad": N_("中队长"), "deputy": N_("分管领导"), "head": N_("主要领导"), "spokesman": N_("新闻发言人"),
    "auditor": N_("审计员"), "admin": N_("系统管理员"),
}


def may(roles: Collection[str], action: str) -> bool:
    """Whether a person with `roles` may do `action`: the union of his roles, except that an auditor or
    administrator never writes to an incident. A role unknown here allows nothing."""
    if action in (WRITE, LOG) and any(role in NEVER_WRITES for role in roles):
        return False
    return any(action in ALLOWED.get(role, ()) for role in roles)


def may_stand_for(roles: Collection[str], *, of: Collection[str]) -> bool:
    """Whether a person with `roles` may be called in the place of one with the roles `of`: whoever stands for somebody
    who logs steps must be allowed to log them himself."""
    return may(roles, LOG) or not may(of, LOG)


def may_cover(roles: Collection[str], key: str, *, instead_of: str) -> bool:
    """Whether a person may let somebody do the duty of `instead_of`: who keeps the roster, and everybody his own."""
    return may(roles, ROSTER) or key == instead_of


def main_role(roles: Sequence[str]) -> str:
    """The role a person is named by: auditor or administrator if he is one, else the first in the file.

    `roles` is not empty (`importing` refuses a person without a role).
    """
    return next((role for role in roles if role in NEVER_WRITES), roles[0])


def role_title(role: str) -> str:
    """The Chinese title, which is the message id of its translation; an unknown role is its own title."""
    return TITLES.get(role, role)
