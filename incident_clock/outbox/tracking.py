"""The word that goes with every letter and comes back with what is reported of it: message, attempt, and a seal.

The seal keeps a stranger from making one up; it holds no address and opens nothing.
"""

import hashlib
import hmac
import re

FORM = re.compile(r"([0-9]{1,12})-([0-9]{1,6})-([0-9a-f]{12})")


def sign(secret: str, message_id: int, attempt: int) -> str:
    """The word for one attempt of one message, `37-1-9f2c41d07ab3`."""
    return f"{message_id}-{attempt}-{_seal(secret, message_id, attempt)}"


def read(secret: str, word: str) -> tuple[int, int] | None:
    """(message, attempt) of a word; None for anything that was not made with this secret."""
    found = FORM.fullmatch(word)
    if found is None:
        return None
    message_id, attempt = int(found[1]), int(found[2])
    return (message_id, attempt) if hmac.compare_digest(found[3], _seal(secret, message_id, attempt)) else None


def _seal(secret: str, message_id: int, attempt: int) -> str:
    said = f"tracking\n{message_id}\n{attempt}".encode()
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()[:12]
