"""Random tokens, of which only a hash is stored, and the bearer tokens by which other systems sign in."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from incident_clock.errors import Invalid, NotFound
from incident_clock.people.sign_in_tables import ApiToken
from incident_clock.phrases import N_
from incident_clock.protocol.steps import ROLES

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Who calls with a bearer token: `label` is the actor in the ledger, `role` says what it may do."""

    role: str
    label: str


def issue_token(session: Session, role: str, label: str, now: datetime) -> str:
    """A new bearer token, shown this once. Raises Invalid for an unknown role or an empty label."""
    if role not in ROLES:
        raise Invalid(N_("没有“%(role)s”这个角色"), field="role", role=role)
    label = label.strip()
    if not label or not label.isprintable():
        raise Invalid(N_("请给令牌起一个名字，它会作为操作人写入台账"), field="label")
    token = new_token()
    session.add(ApiToken(token_hash=digest(token), role=role, label=label, created_at=now))
    return token


def token_holder(session: Session, token: str) -> TokenHolder | None:
    """Whose token this is; None when unknown or revoked."""
    found = session.scalars(select(ApiToken).where(ApiToken.token_hash == digest(token),
                                                   ApiToken.revoked_at.is_(None))).first()
    return None if found is None else TokenHolder(role=found.role, label=found.label)


def revoke_token(session: Session, label: str, now: datetime) -> int:
    """Revoke every valid token with this label and say how many. Raises NotFound when there is none."""
    revoked = session.scalars(update(ApiToken).where(ApiToken.label == label, ApiToken.revoked_at.is_(None))
                              .values(revoked_at=now).returning(ApiToken.token_hash)).all()
    if not revoked:
        raise NotFound(N_("没有名为“%(label)s”的有效令牌"), label=label)
    return len(revoked)


def new_token() -> str:
    """256 random bits, safe in a URL and a header."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(text: str) -> str:
    """SHA-256, hexadecimal. Enough for random tokens; passwords go through Argon2id."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
