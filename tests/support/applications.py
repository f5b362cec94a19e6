"""Applications lent to one house after the other: putting the pages together takes longer than most tests.

What an application knows of its assembly is `extensions["assembly"]` and the settings it is kept under here.
"""

from apiflask import APIFlask

from incident_clock.assembly import Assembly
from incident_clock.web.app import create_app

_FREE: dict[tuple[str, str], list[APIFlask]] = {}  # secret key and public address → applications nobody uses


def lent(assembly: Assembly) -> APIFlask:
    """An application over `assembly`, until it is given back."""
    free = _FREE.get(_key(assembly), [])
    app = free.pop() if free else create_app(assembly)
    app.extensions["assembly"] = assembly
    return app


def given_back(app: APIFlask) -> None:
    """Nobody uses it any more."""
    _FREE.setdefault(_key(app.extensions["assembly"]), []).append(app)


def _key(assembly: Assembly) -> tuple[str, str]:
    return assembly.settings.secret_key.get_secret_value(), assembly.settings.public_url
