"""The address in a mail at which one person can acknowledge one message: signed, so that nobody can make one up.

It holds the message's id and nothing else. That it works once is settled by the answer itself (`registry/calls.py`).
"""

from itsdangerous import BadData, URLSafeSerializer

SALT = "acknowledge"
LONGEST = 100  # characters of a token


def sign(secret: str, message_id: int) -> str:
    """The token for a message."""
    return str(URLSafeSerializer(secret, salt=SALT).dumps(message_id))


def read(secret: str, token: str) -> int | None:
    """The message a token was made for; None for anything that was not signed with this secret."""
    if len(token) > LONGEST:
        return None
    try:
        found = URLSafeSerializer(secret, salt=SALT).loads(token)
    except BadData:
        return None
    return found if isinstance(found, int) else None
