"""One reader for each kind of value a setting can hold: text in, value out, or ValueError with the rest of a sentence.

`info.data["root"]` is the project's folder, from which relative paths count.
"""

import difflib
import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import time, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import SecretStr, ValidationInfo
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

SHORTEST_SECRET_KEY = 16  # characters
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
DATABASE_EXAMPLES = "write sqlite:///var/incident_clock.db or postgresql+psycopg://user:password@host:5432/name"


def database_url(written: str, info: ValidationInfo) -> str:
    written = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", written)
    try:
        url = make_url(written)
    except (ArgumentError, ValueError) as error:
        raise ValueError(f"is not a database URL; {DATABASE_EXAMPLES}") from error
    if url.drivername not in ("sqlite", "postgresql+psycopg") or not url.database:
        raise ValueError(f"names no SQLite file and no PostgreSQL database; {DATABASE_EXAMPLES}")
    if url.drivername == "postgresql+psycopg":
        return written
    if url.host or url.database.startswith((":memory:", "file:")):
        raise ValueError("is not a file that web and engine can share; write sqlite:///var/incident_clock.db "
                         "or sqlite:////folder/file.db")
    return url.set(database=str(path(url.database, info))).render_as_string(hide_password=False)


def path(written: str | Path, info: ValidationInfo) -> Path:
    root: Path = info.data["root"]
    return root / written


def host(written: str) -> str:
    with suppress(ValueError):
        return str(ipaddress.ip_address(written.strip("[]")))
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", written):
        raise ValueError(f"is {written!r}; write an address or a host name alone, like 127.0.0.1 (the port is PORT)")
    return written


def port(written: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", written) or not 1 <= int(written) <= 65_535:
        raise ValueError(f"is {written!r}; write a whole number from 1 to 65535")
    return int(written)


def web_address(written: str) -> str:
    example = "write one like https://clock.example.com"
    try:
        parts = urlsplit(written)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ValueError(f"is not a web address; {example}") from error
    if not is_web or parts.username or parts.query or parts.fragment or re.search(r"\s", written):
        raise ValueError(f"is not a plain web address; {example}")
    return written.rstrip("/")


def zone(written: str) -> ZoneInfo:
    try:
        return ZoneInfo(written)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        close = near(written, {name: name for name in available_timezones()})
        raise ValueError(f"is {written!r}, no time zone; {close or 'write one like Asia/Shanghai'}") from error


def locale(written: str) -> str:
    if not re.fullmatch(r"(zh|en)([_-][A-Za-z]+)*", written):
        raise ValueError(f"is {written!r}; write zh_Hans_CN for Chinese or en for English")
    return written


def channels(written: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in written.split(",")))
    if not all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names):
        raise ValueError(f"is {written!r}; write channel names with commas between them, like email,sms")
    return names


def secret_key(written: str) -> SecretStr:
    if len(written) < SHORTEST_SECRET_KEY:
        raise ValueError(f"is too short to keep anybody out; write at least {SHORTEST_SECRET_KEY} random characters, "
                         "or leave it out and one is made and kept in var/")
    return SecretStr(written)


def time_of_day(written: str) -> time:
    if not re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", written):
        raise ValueError(f"is {written!r}; write hours and minutes, like 08:30")
    return time.fromisoformat(written)


def span(written: str) -> timedelta:
    found = re.fullmatch("([1-9][0-9]{0,3})([mhd])", written)
    if not found:
        raise ValueError(f"is {written!r}; write minutes, hours or days, like 60m")
    return int(found[1]) * {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[found[2]]


def addresses(written: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(part.strip() for part in written.split(",")))
    if not all(re.fullmatch(r"\+[1-9][0-9]{6,14}|[^@\s]+@[^@\s]+", part) for part in found):
        raise ValueError("is no comma list of numbers like +8613800000001 and mail addresses")
    return found


def budget(written: str) -> int:
    if not re.fullmatch("[0-9]{1,6}", written) or not int(written):
        raise ValueError(f"is {written!r}; write how many text messages one number may get a day, like 40")
    return int(written)


def switch(written: str) -> bool:
    if written.lower() not in (*YES, *NO):
        raise ValueError(f"is {written!r}; write 1, or leave it out")
    return written.lower() in YES


def near(word: str, known: Mapping[str, str]) -> str:
    """`did you mean "X"?` for the `known` word nearest to `word`, by the name it stands for; empty when none is."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean \"{known[near[0]]}\"?" if near else ""
