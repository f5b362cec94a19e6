"""Bearer tokens of other systems, and that nothing secret lies in the database in clear."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from incident_clock.errors import Invalid, NotFound
from incident_clock.people import sign_in, tokens
from incident_clock.people.tokens import TokenHolder
from incident_clock.store.base import Base
from incident_clock.store.session import Store


def test_a_token_says_its_role_and_label(store: Store, now: datetime) -> None:
    with store.write() as session:
        token = tokens.issue_token(session, "duty_officer", " 热线系统 ", now)
    with store.read() as session:
        assert tokens.token_holder(session, token) == TokenHolder(role="duty_officer", label="热线系统")
        assert tokens.token_holder(session, token[:-1]) is None
        assert tokens.token_holder(session, "") is None


def test_revoking_a_label_ends_all_its_tokens_and_no_other(store: Store, now: datetime) -> None:
    with store.write() as session:
        first, second = (tokens.issue_token(session, "reporter", "hotline", now) for _ in range(2))
        other = tokens.issue_token(session, "auditor", "audit", now)
        assert tokens.revoke_token(session, "hotline", now + timedelta(hours=1)) == 2
    with store.read() as session:
        assert tokens.token_holder(session, first) is None
        assert tokens.token_holder(session, second) is None
        assert tokens.token_holder(session, other).label == "audit"


def test_a_label_without_a_valid_token_cannot_be_revoked(store: Store, now: datetime) -> None:
    with store.write() as session:
        tokens.issue_token(session, "reporter", "hotline", now)
        tokens.revoke_token(session, "hotline", now)
    for label in ("hotline", "unknown"):
        with pytest.raises(NotFound), store.write() as session:
            tokens.revoke_token(session, label, now)


@pytest.mark.parametrize(("role", "label", "field"), [
    ("boss", "hotline", "role"), ("reporter", " ", "label"), ("reporter", "a\nb", "label")])
def test_a_token_needs_a_known_role_and_a_label_of_one_line(
        store: Store, now: datetime, role: str, label: str, field: str) -> None:
    with pytest.raises(Invalid) as refused, store.write() as session:
        tokens.issue_token(session, role, label, now)
    assert refused.value.field == field


def test_nothing_secret_is_stored_in_clear(bureau: Store, now: datetime) -> None:
    password, mistyped = "correct horse battery", "a password typed as a name"
    with bureau.write() as session:
        secrets = [password, mistyped, sign_in.issue_link(session, "zhou", now),
                   sign_in.open_session(session, "wu", now), tokens.issue_token(session, "reporter", "hotline", now)]
        sign_in.set_password(session, "zhou", password, now)
        sign_in.check_password(session, mistyped, password, now)
        sign_in.check_password(session, "zhou", password, now)
    with bureau.read() as session:
        stored = "\n".join(str(row) for table in Base.metadata.sorted_tables for row in session.execute(select(table)))
    if bureau.is_sqlite:
        file = Path(bureau.url.database)
        stored += "".join(path.read_bytes().decode("latin-1") for path in file.parent.glob(f"{file.name}*"))
    assert all(stored.count(tokens.digest(secret)) for secret in secrets[1:])  # these are what is looked for
    assert not [secret for secret in secrets if secret in stored]
