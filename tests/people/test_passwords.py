"""Passwords: their length, whose they are, and the rest after five wrong ones."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from incident_clock.errors import Invalid, NotFound
from incident_clock.people import sign_in
from incident_clock.people.roster import PersonCard
from incident_clock.people.sign_in import TooManyTries
from incident_clock.store.session import Store

RIGHT, WRONG = "correct horse battery", "wrong horse battery"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def account(bureau: Store, now: datetime) -> Store:
    """The bureau, where zhou has a password."""
    with bureau.write() as session:
        sign_in.set_password(session, "zhou", RIGHT, now)
    return bureau


def tries(store: Store, name: str, password: str, now: datetime) -> PersonCard | None:
    with store.write() as session:
        return sign_in.check_password(session, name, password, now)


@pytest.mark.parametrize(("length", "is_good"), [(0, False), (11, False), (12, True), (128, True), (129, False)])
def test_a_password_has_12_to_128_characters(bureau: Store, now: datetime, length: int, is_good: bool) -> None:
    password = ("密码" * 65)[:length]
    if is_good:
        with bureau.write() as session:
            sign_in.set_password(session, "zhou", password, now)
        assert tries(bureau, "zhou", password, now).key == "zhou"
    else:
        with pytest.raises(Invalid) as refused, bureau.write() as session:
            sign_in.set_password(session, "zhou", password, now)
        assert refused.value.field == "password"
        assert "12" in str(refused.value)
        assert "128" in str(refused.value)


@pytest.mark.parametrize(("name", "password", "expected"), [
    ("zhou", RIGHT, "zhou"),
    ("周甲", RIGHT, "zhou"),
    (" 周甲 ", RIGHT, "zhou"),
    ("zhou", "ｃｏｒｒｅｃｔ horse battery", "zhou"),  # typed in full width
    ("zhou", WRONG, None),
    ("zhou", "", None),
    ("zhou", RIGHT.upper(), None),
    ("wu", RIGHT, None),  # has no password
    ("nobody", RIGHT, None),
    ("", RIGHT, None),
    ("zhou\0", RIGHT, None),
])
def test_a_person_signs_in_by_key_or_name(
        account: Store, now: datetime, name: str, password: str, expected: str | None) -> None:
    card = tries(account, name, password, now)
    assert (card and card.key) == expected


def test_a_name_that_two_persons_have_signs_in_neither(store: Store, load: Callable, now: datetime) -> None:
    load("units: [{key: bureau, name: 局}]\npeople:\n" + "".join(
        f"  - {{key: {key}, name: 张三, unit: bureau, roles: [duty_officer], email: a@example.com}}\n"
        for key in ("zhang", "zhang2")))
    with store.write() as session:
        sign_in.set_password(session, "zhang", RIGHT, now)
    assert tries(store, "张三", RIGHT, now) is None
    assert tries(store, "zhang", RIGHT, now).key == "zhang"


@pytest.mark.parametrize("name", ["zhou", "周甲", "nobody"])
def test_after_five_wrong_passwords_the_account_rests_until_the_first_is_15_minutes_old(
        account: Store, now: datetime, name: str) -> None:
    for minute in range(5):
        assert tries(account, name, WRONG, now + minute * MINUTE) is None
    for early in (now + 4 * MINUTE, now + 15 * MINUTE - timedelta(microseconds=1)):
        with pytest.raises(TooManyTries) as refused:
            tries(account, name, RIGHT, early)
        assert refused.value.params["at"] == now + 15 * MINUTE
    card = tries(account, name, RIGHT, now + 15 * MINUTE)
    assert (card is None) is (name == "nobody")


def test_the_time_to_try_again_is_told_in_a_minute_that_has_begun(account: Store, now: datetime) -> None:
    odd = now + timedelta(seconds=1)
    for _ in range(5):
        tries(account, "zhou", WRONG, odd)
    with pytest.raises(TooManyTries) as refused:
        tries(account, "zhou", RIGHT, odd)
    assert refused.value.params["at"] == now + 16 * MINUTE


def test_four_wrong_passwords_and_a_right_one_start_the_count_again(account: Store, now: datetime) -> None:
    for _ in range(2):
        for _ in range(4):
            assert tries(account, "zhou", WRONG, now) is None
        assert tries(account, "zhou", RIGHT, now).key == "zhou"


def test_key_and_name_are_one_account_and_others_are_not_held_up(account: Store, now: datetime) -> None:
    with account.write() as session:
        sign_in.set_password(session, "wu", RIGHT, now)
    for name in ("zhou", "周甲", "zhou", "周甲", "zhou"):
        tries(account, name, WRONG, now)
    with pytest.raises(TooManyTries):
        tries(account, "周甲", RIGHT, now)
    assert tries(account, "wu", RIGHT, now).key == "wu"


def test_a_crowd_of_tries_at_once_does_not_outrun_the_count(account: Store, now: datetime, at_once: Callable) -> None:
    answers = at_once(lambda: tries(account, "zhou", WRONG, now), 8)
    assert sum(answer is None for answer in answers) == 5
    assert sum(isinstance(answer, TooManyTries) for answer in answers) == 3


def test_an_unknown_account_costs_as_much_work_as_a_known_one(
        account: Store, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    done, verifies = [], sign_in._verifies

    def counted(stored: str, password: str) -> bool:
        done.append(stored.rsplit("$", 2)[0])  # algorithm and its costs
        return verifies(stored, password)

    monkeypatch.setattr(sign_in, "_verifies", counted)
    for name in ("zhou", "wu", "nobody"):
        tries(account, name, WRONG, now)
    assert len(done) == 3
    assert set(done) == {done[0]}
    assert done[0].startswith("$argon2id$")


def test_a_new_password_replaces_the_old_one_ends_the_rest_and_signs_out(account: Store, now: datetime) -> None:
    with account.write() as session:
        browser, link = sign_in.open_session(session, "zhou", now), sign_in.issue_link(session, "zhou", now)
    for _ in range(5):
        tries(account, "zhou", WRONG, now)
    with account.write() as session:
        sign_in.set_password(session, "zhou", "another good password", now)
        assert sign_in.session_person(session, browser, now) is None
        assert sign_in.use_link(session, link, now) is None
    assert tries(account, "zhou", "another good password", now).key == "zhou"
    assert tries(account, "zhou", RIGHT, now) is None


def test_there_is_no_password_for_a_stranger(bureau: Store, now: datetime) -> None:
    with pytest.raises(NotFound), bureau.write() as session:
        sign_in.set_password(session, "nobody", RIGHT, now)
