"""One call of Aliyun's SMS API: signed with ACS3-HMAC-SHA256, posted, and what came back.

Own code instead of the SDK: docs/decisions/0011-aliyun-without-sdk.md. Nothing here writes a number into a log.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from incident_clock.channels.http_post import Answer, post

ALGORITHM = "ACS3-HMAC-SHA256"
VERSION = "2017-05-25"  # of the SMS API
NO_BODY = hashlib.sha256(b"").hexdigest()
WHO = "Aliyun"


def call(endpoint: str, action: str, query: Mapping[str, str], *, key_id: str, key_secret: str, now: datetime,
         timeout_s: float) -> Answer:
    """Ask for `action`. `endpoint` is `https://host`, `now` may be 15 min wrong at most.

    Raises ChannelError as `http_post.post` does, UnicodeEncodeError for a query that is no proper Unicode.
    """
    written = canonical(query)
    headers = {
        "host": urlsplit(endpoint).netloc,
        "x-acs-action": action,
        "x-acs-content-sha256": NO_BODY,
        "x-acs-date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": secrets.token_hex(16),
        "x-acs-version": VERSION,
    }
    signed = authorization(written, headers, key_id=key_id, key_secret=key_secret)
    return post(f"{endpoint}/?{written}", b"", headers=headers | {"Authorization": signed}, who=WHO,
                timeout_s=timeout_s)


def canonical(query: Mapping[str, str]) -> str:
    """The query as it is signed and sent: sorted, and escaped after RFC 3986."""
    return "&".join(f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query))


def authorization(query: str, headers: Mapping[str, str], *, key_id: str, key_secret: str) -> str:
    """The header `Authorization` of a POST to `/` without a body; `headers` are all signed, their names small."""
    names = sorted(headers)
    request = "\n".join(["POST", "/", query, *(f"{name}:{headers[name]}" for name in names), "", ";".join(names),
                         NO_BODY])
    told = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(key_secret.encode(), told.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={';'.join(names)},Signature={signature}"
