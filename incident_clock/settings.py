"""The settings of one installation, from the environment or `.env`; the environment wins. Nothing else reads it.

Whether a protocol, a person or a channel behind a setting can be used is told by those who read them.
"""

import difflib
import io
import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import time
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from dotenv.parser import parse_stream
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, SecretStr, ValidationError, ValidationInfo
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from incident_clock.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent  # the project's folder: relative paths count from here
PREFIX = "INCIDENT_CLOCK_"
SECRET_KEY = "INCIDENT_CLOCK_SECRET_KEY"
SHORTEST_SECRET_KEY = 16  # characters
NO_TEXT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
SLIP = 0.85  # how alike two names must be for a foreign line of .env to count as a slip
SEE_EXAMPLE = ".env.example explains all of them."

YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
DATABASE_EXAMPLES = "write sqlite:///var/incident_clock.db or postgresql+psycopg://user:password@host:5432/name"


# ── one reader per kind of value: text in, value out, ValueError with the rest of the sentence ─────────────

def _database_url(written: str, info: ValidationInfo) -> str:
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
    return url.set(database=str(_path(url.database, info))).render_as_string(hide_password=False)


def _path(written: str | Path, info: ValidationInfo) -> Path:
    root: Path = info.data["root"]
    return root / written


def _host(written: str) -> str:
    with suppress(ValueError):
        return str(ipaddress.ip_address(written.strip("[]")))
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", written):
        raise ValueError(f"is {written!r}; write an address or a host name alone, like 127.0.0.1 (the port is PORT)")
    return written


def _port(written: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", written) or not 1 <= int(written) <= 65_535:
        raise ValueError(f"is {written!r}; write a whole number from 1 to 65535")
    return int(written)


def _web_address(written: str) -> str:
    example = "write one like https://clock.example.com"
    try:
        parts = urlsplit(written)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ValueError(f"is not a web address; {example}") from error
    if not is_web or parts.username or parts.query or parts.fragment or re.search(r"\s", written):
        raise ValueError(f"is not a plain web address; {example}")
    return written.rstrip("/")


def _zone(written: str) -> ZoneInfo:
    try:
        return ZoneInfo(written)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = _near(written, {name: name for name in available_timezones()})
        raise ValueError(f"is {written!r}, no time zone; {near or 'write one like Asia/Shanghai'}") from error


def _locale(written: str) -> str:
    if not re.fullmatch(r"(zh|en)([_-][A-Za-z]+)*", written):
        raise ValueError(f"is {written!r}; write zh_Hans_CN for Chinese or en for English")
    return written


def _channels(written: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in written.split(",")))
    if not all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names):
        raise ValueError(f"is {written!r}; write channel names with commas between them, like email,sms")
    return names


def _secret_key(written: str) -> SecretStr:
    if len(written) < SHORTEST_SECRET_KEY:
        raise ValueError(f"is too short to keep anybody out; write at least {SHORTEST_SECRET_KEY} random characters, "
                         "or leave it out and one is made and kept in var/")
    return SecretStr(written)


def _time_of_day(written: str) -> time:
    if not re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", written):
        raise ValueError(f"is {written!r}; write hours and minutes, like 08:30")
    return time.fromisoformat(written)


def _budget(written: str) -> int:
    if not re.fullmatch("[0-9]{1,6}", written) or not int(written):
        raise ValueError(f"is {written!r}; write how many text messages one number may get a day, like 40")
    return int(written)


def _switch(written: str) -> bool:
    if written.lower() not in (*YES, *NO):
        raise ValueError(f"is {written!r}; write 1, or leave it out")
    return written.lower() in YES


def _own_address(valid: dict[str, Any]) -> str:
    """Where a browser on this machine finds the page."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(valid["host"], valid["host"])
    return f"http://{f'[{host}]' if ':' in host else host}:{valid['port']}"


class Settings(BaseModel):
    """Paths and the SQLite URL are absolute. Secrets never show in its text form."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    root: Path
    database_url: Annotated[str, PlainValidator(_database_url)] = Field(
        "sqlite:///var/incident_clock.db", validation_alias="DATABASE_URL", validate_default=True, repr=False)
    host: Annotated[str, PlainValidator(_host)] = Field("127.0.0.1", validation_alias="HOST")
    port: Annotated[int, PlainValidator(_port)] = Field(8000, validation_alias="PORT")
    secret_key: Annotated[SecretStr, PlainValidator(_secret_key)] = Field(validation_alias=SECRET_KEY)
    public_url: Annotated[str, PlainValidator(_web_address)] = Field(
        default_factory=_own_address, validation_alias="INCIDENT_CLOCK_PUBLIC_URL")
    protocol: Annotated[Path, PlainValidator(_path)] = Field(
        Path("config/protocols/district-emergency.yaml"), validation_alias="INCIDENT_CLOCK_PROTOCOL",
        validate_default=True)
    protocols: Annotated[Path, PlainValidator(_path)] = Field(
        Path("config/protocols"), validation_alias="INCIDENT_CLOCK_PROTOCOLS", validate_default=True)
    people: Annotated[Path, PlainValidator(_path)] | None = Field(None, validation_alias="INCIDENT_CLOCK_PEOPLE")
    timezone: Annotated[ZoneInfo, PlainValidator(_zone)] = Field(
        ZoneInfo("Asia/Shanghai"), validation_alias="INCIDENT_CLOCK_TIMEZONE")
    locale: Annotated[str, PlainValidator(_locale)] = Field("zh_Hans_CN", validation_alias="INCIDENT_CLOCK_LOCALE")
    channels: Annotated[tuple[str, ...], PlainValidator(_channels)] | None = Field(
        None, validation_alias="INCIDENT_CLOCK_CHANNELS")
    smtp_url: SecretStr | None = Field(None, validation_alias="SMTP_URL")
    mail_from: str | None = Field(None, validation_alias="MAIL_FROM")
    twilio_account_sid: str | None = Field(None, validation_alias="TWILIO_ACCOUNT_SID")
    twilio_auth_token: SecretStr | None = Field(None, validation_alias="TWILIO_AUTH_TOKEN")
    twilio_from: str | None = Field(None, validation_alias="TWILIO_FROM")
    twilio_api_base_url: Annotated[str, PlainValidator(_web_address)] | None = Field(
        None, validation_alias="TWILIO_API_BASE_URL")
    allow_overseas_gateway: Annotated[bool, PlainValidator(_switch)] = Field(
        False, validation_alias="INCIDENT_CLOCK_ALLOW_OVERSEAS_GATEWAY")
    handover_time: Annotated[time, PlainValidator(_time_of_day)] = Field(
        time(8, 30), validation_alias="INCIDENT_CLOCK_HANDOVER_TIME")
    daily_budget: Annotated[int, PlainValidator(_budget)] = Field(40, validation_alias="INCIDENT_CLOCK_DAILY_BUDGET")
    holidays: Annotated[Path, PlainValidator(_path)] | None = Field(None, validation_alias="INCIDENT_CLOCK_HOLIDAYS")

    @property
    def var(self) -> Path:
        """The folder of what this installation keeps beside the database."""
        return self.root / "var"


NAMES = tuple(str(field.validation_alias) for field in Settings.model_fields.values() if field.validation_alias)


class _Given(NamedTuple):
    """A name as it was written, and where: empty for the environment, else ` (.env line 3)`."""

    name: str
    value: str
    where: str = ""


def read_settings(environ: Mapping[str, str] | None = None, env_file: Path | None = None,
                  root: Path | None = None) -> Settings:
    """The settings of this installation. Makes `var/secret_key` (mode 0600) when no secret key is given.

    Absent arguments mean the process's environment, `.env` in the project's folder, and that folder. An empty
    value counts as absent. Raises ConfigError with every complaint: which name, what is wrong, what to write.
    """
    root = (root or ROOT).absolute()
    environ = os.environ if environ is None else environ
    problems: list[str] = []
    given = [*_read_env_file(env_file or root / ".env", problems), *(_Given(*item) for item in environ.items())]
    problems += [problem for each in given if (problem := _unknown(each))]
    written = {each.name: each for each in given if each.name in NAMES and each.value.strip()}
    problems += [f"{each.name}{each.where} holds a line break or a byte that is no text; write it anew"
                 for each in written.values() if NO_TEXT.search(each.value.strip())]
    values = {name: each.value.strip() for name, each in written.items()}
    if SECRET_KEY not in values and (key := _kept_secret_key(root / "var" / "secret_key", problems)):
        values[SECRET_KEY] = key
    try:
        settings = Settings.model_validate({"root": root, **values})
    except ValidationError as error:
        for detail in error.errors():
            name = str(detail["loc"][0])
            if name in written:  # else it only follows from another one
                problems.append(f"{name}{written[name].where} {detail['ctx']['error']}")
    if problems:
        raise ConfigError(problems)
    return settings


def _read_env_file(file: Path, problems: list[str]) -> list[_Given]:
    """The lines `NAME=value` of a file in the usual shape (quotes, comments, `export`); no file, no lines."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        problems.append(f"{file} cannot be read: {reason}. Mend the file, or take it away.")
        return []
    given = []
    for binding in parse_stream(io.StringIO(text)):
        place = f"{file.name} line {binding.original.line}"
        if binding.error or (binding.key is not None and binding.value is None):
            problems.append(f"{place} cannot be understood; write NAME=value, or start it with #.")
        elif binding.key is not None:
            given.append(_Given(binding.key, binding.value or "", f" ({place})"))
    return given


def _unknown(given: _Given) -> str:
    """Why a name is refused: a foreign one with our prefix, or in `.env` one that looks like a slip of ours."""
    name = given.name.upper()
    is_ours = name.startswith(PREFIX)
    is_slip = given.where and difflib.get_close_matches(name, NAMES, n=1, cutoff=SLIP)
    if given.name in NAMES or not (is_ours or is_slip):
        return ""
    meant = {known.removeprefix(PREFIX): known for known in NAMES}
    return f"{given.name}{given.where} is no setting; {_near(name.removeprefix(PREFIX), meant) or SEE_EXAMPLE}"


def _near(word: str, known: Mapping[str, str]) -> str:
    """`did you mean "X"?` for the `known` word nearest to `word`, by the name it stands for; empty when none is."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean \"{known[near[0]]}\"?" if near else ""


def _kept_secret_key(file: Path, problems: list[str]) -> str | None:
    """The key of this installation, made at the first start; two processes starting at once end up with one."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            _write_once(file, secrets.token_urlsafe(48))
        key = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it holds no text"
        problems.append(f"{file} cannot be made or read: {reason}. Mend its permissions, or set {SECRET_KEY}.")
    else:
        if len(key) >= SHORTEST_SECRET_KEY:
            return key
        problems.append(f"{file} holds no usable key. Delete it and start again; everybody then signs in anew.")
    return None


def _write_once(file: Path, content: str) -> None:
    """The file appears whole, with its mode, and never over one that another process has made meanwhile."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
            out.write(f"{content}\n")
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)
