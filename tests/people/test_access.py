"""What each role may do: the whole table, written out as the contract has it."""

import pytest

from incident_clock.people.access import (
    ACTIONS,
    ADMIN,
    AUDIT,
    LOG,
    READ,
    ROSTER,
    WRITE,
    main_role,
    may,
    may_cover,
    role_title,
)
from incident_clock.protocol.steps import ROLES

WRITERS = {"duty_officer", "duty_chief", "publicity_chief", "office", "reporter", "squad"}
LEADERS = {"duty_leader", "deputy", "head", "spokesman"}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_the_table_says(role: str, action: str) -> None:
    expected = {READ: True, WRITE: role in WRITERS, LOG: role in WRITERS | LEADERS, ADMIN: role == "admin",
                ROSTER: role in {"admin", "office", "duty_chief"}, AUDIT: role in {"admin", "auditor"}}
    assert may([role], action) is expected[action]


@pytest.mark.parametrize(("roles", "actions"), [
    (("duty_leader", "reporter"), {READ, LOG, WRITE}),
    (("head", "spokesman"), {READ, LOG}),
    (("auditor", "duty_officer"), {READ, AUDIT}),
    (("duty_officer", "admin"), {READ, ADMIN, ROSTER, AUDIT}),
    (("deputy", "auditor", "admin"), {READ, ADMIN, ROSTER, AUDIT}),
    (("stranger",), set()),
    ((), set()),
])
def test_several_roles_add_up_but_auditors_and_administrators_never_write(
        roles: tuple[str, ...], actions: set[str]) -> None:
    assert {action for action in ACTIONS if may(roles, action)} == actions


@pytest.mark.parametrize(("roles", "key", "expected"), [
    (("duty_officer",), "zhou", True), (("duty_officer",), "li", False), (("office",), "chu", True),
    (("auditor",), "yang", False),
])
def test_everybody_may_let_his_own_duty_be_done_and_who_keeps_the_roster_that_of_anybody(
        roles: tuple[str, ...], key: str, expected: bool) -> None:
    assert may_cover(roles, key, instead_of="zhou") is expected


@pytest.mark.parametrize(("roles", "expected"), [
    (("deputy",), "deputy"),
    (("spokesman", "publicity_chief"), "spokesman"),
    (("office", "admin"), "admin"),
    (("duty_officer", "auditor"), "auditor"),
])
def test_a_person_is_named_by_the_first_role_or_by_the_one_that_binds_him(
        roles: tuple[str, ...], expected: str) -> None:
    assert main_role(roles) == expected


def test_every_role_has_a_title_of_its_own() -> None:
    titles = [role_title(role) for role in ROLES]
    assert len(set(titles)) == len(ROLES)
    assert not set(titles) & set(ROLES)


def test_an_unknown_role_is_its_own_title() -> None:
    assert role_title("stranger") == "stranger"
