"""Signing in: one-time links, passwords and the sessions they open. Bearer tokens of other systems: `tokens.py`.

What proves a person is stored as a hash only. Being made inactive ends everything at once.
"""

import unicodedata
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from incident_clock.errors import Invalid, NotFound, Refusal
from incident_clock.people.cards import PersonCard
from incident_clock.people.roster import card_of, everybody
from incident_clock.people.sign_in_tables import FailedSignIn, Password, SignInLink, SignInSession
from incident_clock.people.tables import Person
from incident_clock.people.tokens import digest, new_token
from incident_clock.phrases import N_

LINK_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(hours=24)
SESSION_IDLE = timedelta(hours=12)  # a whole shift: nobody is signed out in the middle of an incident
SEEN_GRAIN = timedelta(minutes=10)  # how coarsely being seen is written down
PASSWORD_SHORTEST = 12  # characters
PASSWORD_LONGEST = 128
TRIES = 5  # wrong passwords per account within TRIES_WITHIN
TRIES_WITHIN = timedelta(minutes=15)

# OWASP's smallest setting for Argon2id: about 30 ms, because on SQLite a try holds the write lock.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class TooManyTries(Refusal):
    """The account rests after too many wrong passwords (429). `at` says from when on a try counts again."""

    http_status = 429


# ── one-time links ────────────────────────────────────────────────────────────
def issue_link(session: Session, person_key: str, now: datetime) -> str:
    """A new token for `person_key`, good once within LINK_LIFETIME. Raises NotFound for nobody active."""
    _require_active(session, person_key)
    token = new_token()
    session.add(SignInLink(token_hash=digest(token), person=person_key, created_at=now,
                           expires_at=now + LINK_LIFETIME))
    return token


def peek_link(session: Session, token: str, now: datetime) -> PersonCard | None:
    """Whom this link would sign in, without using it: mail scanners open links before people do."""
    person = session.scalars(
        select(Person).join(SignInLink, SignInLink.person == Person.key)
        .where(SignInLink.token_hash == digest(token), *_is_usable(now), Person.is_active)).first()
    return None if person is None else card_of(person)


def use_link(session: Session, token: str, now: datetime) -> PersonCard | None:
    """Use the link up: of two who come at once, one gets the person and the other None."""
    key = session.scalar(update(SignInLink).where(SignInLink.token_hash == digest(token), *_is_usable(now))
                         .values(used_at=now).returning(SignInLink.person))
    person = session.get(Person, key) if key else None
    return card_of(person) if person is not None and person.is_active else None


# ── passwords ─────────────────────────────────────────────────────────────────
def set_password(session: Session, person_key: str, password: str, now: datetime) -> None:
    """Set a new password and sign the person out everywhere.

    Raises Invalid for fewer than PASSWORD_SHORTEST or more than PASSWORD_LONGEST characters, NotFound for nobody
    active.
    """
    _require_active(session, person_key)
    password = _typed(password)
    if not PASSWORD_SHORTEST <= len(password) <= PASSWORD_LONGEST:
        raise Invalid(N_("密码要有 %(shortest)s 到 %(longest)s 个字符"), field="password",
                      shortest=PASSWORD_SHORTEST, longest=PASSWORD_LONGEST)
    session.merge(Password(person=person_key, hash=HASHER.hash(password), set_at=now))
    sign_out_everywhere(session, person_key, now)
    _forget_failures(session, digest(person_key))


def check_password(session: Session, account: str, password: str, now: datetime) -> PersonCard | None:
    """The active person whose key (or name, when only one has it) is `account`, or None for a wrong password.

    The caller commits also when the answer is None, or the failure is not counted. Raises TooManyTries after
    TRIES failures within TRIES_WITHIN; an account that does not exist behaves and lasts like one that does.
    """
    person = _account_holder(session, account)
    if person is not None:  # tries on one account follow each other, or a crowd of them would outrun the count
        session.execute(select(Person.key).where(Person.key == person.key).with_for_update(key_share=True))
    counted = digest(person.key if person else account.strip())
    _require_tries_left(session, counted, now)
    stored = session.get(Password, person.key) if person else None
    is_right = _verifies(stored.hash if stored else _nobodys_hash(), password)
    if person is None or stored is None or not is_right:
        session.execute(delete(FailedSignIn).where(FailedSignIn.at <= now - TRIES_WITHIN))
        session.add(FailedSignIn(account=counted, at=now))
        return None
    _forget_failures(session, counted)
    return person


# ── sessions ──────────────────────────────────────────────────────────────────
def open_session(session: Session, person_key: str, now: datetime) -> str:
    """The token of a new browser session. Raises NotFound for nobody active."""
    _require_active(session, person_key)
    token = new_token()
    session.add(SignInSession(token_hash=digest(token), person=person_key, created_at=now, seen_at=now))
    return token


def session_person(session: Session, token: str, now: datetime) -> PersonCard | None:
    """Who is signed in with this token; None when ended, older than SESSION_LIFETIME, idle or inactive. Only reads."""
    person = session.scalars(
        select(Person).join(SignInSession, SignInSession.person == Person.key)
        .where(SignInSession.token_hash == digest(token), SignInSession.ended_at.is_(None), Person.is_active,
               SignInSession.created_at > now - SESSION_LIFETIME, SignInSession.seen_at > now - SESSION_IDLE)).first()
    return None if person is None else card_of(person)


def is_seen_lately(session: Session, token: str, now: datetime) -> bool:
    """Whether nothing needs to be written about this session being in use."""
    seen_at = session.scalar(select(SignInSession.seen_at).where(SignInSession.token_hash == digest(token)))
    return seen_at is not None and seen_at > now - SEEN_GRAIN


def mark_seen(session: Session, token: str, now: datetime) -> None:
    """Write down that the session is in use; writes at most once per SEEN_GRAIN. `session_person` came first."""
    session.execute(update(SignInSession).where(SignInSession.token_hash == digest(token),
                                                SignInSession.seen_at <= now - SEEN_GRAIN).values(seen_at=now))


def end_session(session: Session, token: str, now: datetime) -> None:
    """Sign out. A token that is unknown or ended already changes nothing."""
    session.execute(update(SignInSession).where(SignInSession.token_hash == digest(token),
                                                SignInSession.ended_at.is_(None)).values(ended_at=now))


def sign_out_everywhere(session: Session, person_key: str, now: datetime) -> None:
    """End all sessions of a person and call in the links not used yet."""
    session.execute(update(SignInSession).where(SignInSession.person == person_key, SignInSession.ended_at.is_(None))
                    .values(ended_at=now))
    session.execute(update(SignInLink).where(SignInLink.person == person_key, SignInLink.used_at.is_(None))
                    .values(used_at=now))


# ── below: how ────────────────────────────────────────────────────────────────
def _is_usable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return SignInLink.used_at.is_(None), SignInLink.expires_at > now


def _require_active(session: Session, person_key: str) -> None:
    person = session.get(Person, person_key)
    if person is None or not person.is_active:
        raise NotFound(N_("人员名单里没有“%(key)s”，或者已经停用"), key=person_key)


def _typed(password: str) -> str:
    """One spelling for what an input method may type in full width or in pieces."""
    return unicodedata.normalize("NFKC", password)


def _account_holder(session: Session, account: str) -> PersonCard | None:
    account = account.strip()
    people = everybody(session)
    fitting = [card for card in people if card.key == account] or [card for card in people if card.name == account]
    return fitting[0] if len(fitting) == 1 else None


def _require_tries_left(session: Session, counted: str, now: datetime) -> None:
    failures = session.scalars(
        select(FailedSignIn.at).where(FailedSignIn.account == counted, FailedSignIn.at > now - TRIES_WITHIN)
        .order_by(FailedSignIn.at.desc()).limit(TRIES)).all()
    if len(failures) == TRIES:
        again = failures[-1] + TRIES_WITHIN
        if again.second or again.microsecond:  # told in minutes, so it must not be told too early
            again = again.replace(second=0, microsecond=0) + timedelta(minutes=1)
        raise TooManyTries(N_("密码输错太多次，请 %(at)s 以后再试，或者请系统管理员生成登录链接"),
                           field="password", at=again)


def _forget_failures(session: Session, counted: str) -> None:
    session.execute(delete(FailedSignIn).where(FailedSignIn.account == counted))


def _verifies(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, _typed(password))
    except VerifyMismatchError:
        return False


@cache
def _nobodys_hash() -> str:
    """Verified when there is no password to verify, so that the answer takes as long."""
    return HASHER.hash(new_token())
