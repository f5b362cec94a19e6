"""Whether a callback is Twilio's: the signature over the address we gave out and every field of the form.

The address is the configured one, never that of the request, which a proxy changes and a stranger chooses. The
algorithm is HMAC-SHA1, the one that goes with the account's token, whatever a header says. Replays carry a good
signature: those are the outbox's to refuse.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from incident_clock.channels.twilio_callbacks import Form

SIGNATURE_HEADER = "X-Twilio-Signature"
DEFAULT_PORTS = {"https": 443, "http": 80}


class SignatureCheck:
    """`public_url`: under which Twilio reaches us, without a slash at the end. `tokens`: the account's, and during a
    change the one before. Without a token or an address it refuses everything."""

    def __init__(self, public_url: str, tokens: Iterable[str | None]) -> None:
        self._tokens = tuple(token.encode() for token in tokens if token)
        self._bases = _bases(public_url)

    def accepts(self, path: str, query: str, form: Form, signature: str | None) -> bool:
        """`path` from its slash on and `query` without its question mark, both as received, still encoded.
        `signature`: the value of SIGNATURE_HEADER."""
        if not signature or not signature.isascii():
            return False
        tail = path + (f"?{query}" if query else "") + _signed_form(form)
        try:
            signed = [(base + tail).encode() for base in self._bases]
        except UnicodeEncodeError:
            return False
        right = [hmac.compare_digest(sign(token, text), signature) for token in self._tokens for text in signed]
        return any(right)


def sign(token: bytes, text: bytes) -> str:
    """Twilio's signature of an address with the form's names and values behind it."""
    return base64.b64encode(hmac.new(token, text, hashlib.sha1).digest()).decode()


def _signed_form(form: Form) -> str:
    """Names in order, each followed by its value; several values in order, equal ones once."""
    return "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))


def _bases(public_url: str) -> list[str]:
    """The address with and without its port: Twilio is not of one mind on which of the two it signs."""
    try:
        parts = urlsplit(public_url.rstrip("/"))
        host, port = parts.netloc.rpartition("@")[2], parts.port
    except ValueError:
        return []
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.query or parts.fragment:
        return []
    bare = host if port is None else host.removesuffix(f":{port}")
    return [f"{parts.scheme}://{at}{parts.path}" for at in (bare, f"{bare}:{port or DEFAULT_PORTS[parts.scheme]}")]
