"""The settings of one installation, from the environment or `.env`; the environment wins. Nothing else reads it.

Whether a protocol, a person or a channel behind a setting can be used is told by those who read them.
"""

import difflib
import io
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

from dotenv.parser import parse_stream
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, SecretStr, ValidationError

from incident_clock import setting_values as values
from incident_clock.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent  # the project's folder: relative paths count from here
PREFIX = "INCIDENT_CLOCK_"
SECRET_KEY = "INCIDENT_CLOCK_SECRET_KEY"
NO_TEXT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
SLIP = 0.85  # how alike two names must be for a foreign line of .env to count as a slip
SEE_EXAMPLE = ".env.example explains all of them."


def _own_address(valid: dict[str, Any]) -> str:
    """Where a browser on this machine finds the page."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(valid["host"], valid["host"])
    return f"http://{f'[{host}]' if ':' in host else host}:{valid['port']}"


class Settings(BaseModel):
    """Paths and the SQLite URL are absolute. Secrets never show in its text form."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    root: Path
    database_url: Annotated[str, PlainValidator(values.database_url)] = Field(
        "sqlite:///var/incident_clock.db", validation_alias="DATABASE_URL", validate_default=True, repr=False)
    host: Annotated[str, PlainValidator(values.host)] = Field("127.0.0.1", validation_alias="HOST")
    port: Annotated[int, PlainValidator(values.port)] = Field(8000, validation_alias="PORT")
    secret_key: Annotated[SecretStr, PlainValidator(values.secret_key)] = Field(validation_alias=SECRET_KEY)
    public_url: Annotated[str, PlainValidator(values.web_address)] = Field(
        default_factory=_own_address, validation_alias="INCIDENT_CLOCK_PUBLIC_URL")
    protocol: Annotated[Path, PlainValidator(values.path)] = Field(
        Path("config/protocols/district-emergency.yaml"), validation_alias="INCIDENT_CLOCK_PROTOCOL",
        validate_default=True)
    protocols: Annotated[Path, PlainValidator(values.path)] = Field(
        Path("config/protocols"), validation_alias="INCIDENT_CLOCK_PROTOCOLS", validate_default=True)
    people: Annotated[Path, PlainValidator(values.path)] | None = Field(None, validation_alias="INCIDENT_CLOCK_PEOPLE")
    drill_people: Annotated[Path, PlainValidator(values.path)] | None = Field(
        None, validation_alias="INCIDENT_CLOCK_DRILL_PEOPLE")
    timezone: Annotated[ZoneInfo, PlainValidator(values.zone)] = Field(
        ZoneInfo("Asia/Shanghai"), validation_alias="INCIDENT_CLOCK_TIMEZONE")
    locale: Annotated[str, PlainValidator(values.locale)] = Field(
        "zh_Hans_CN", validation_alias="INCIDENT_CLOCK_LOCALE")
    channels: Annotated[tuple[str, ...], PlainValidator(values.channels)] | None = Field(
        None, validation_alias="INCIDENT_CLOCK_CHANNELS")
    example_channels: Annotated[tuple[str, ...], PlainValidator(values.channels)] | None = Field(
        None, validation_alias="INCIDENT_CLOCK_EXAMPLE_CHANNELS")
    sms_gateways: Annotated[tuple[str, ...], PlainValidator(values.channels)] = Field(
        ("twilio",), validation_alias="INCIDENT_CLOCK_SMS_GATEWAYS")
    sms_replies: Annotated[bool, PlainValidator(values.switch)] | None = Field(
        None, validation_alias="INCIDENT_CLOCK_SMS_REPLIES")
    sms_templates: Annotated[Path, PlainValidator(values.path)] | None = Field(
        None, validation_alias="INCIDENT_CLOCK_SMS_TEMPLATES")
    http_gateway: Annotated[Path, PlainValidator(values.path)] | None = Field(
        None, validation_alias="INCIDENT_CLOCK_HTTP_GATEWAY")
    aliyun_access_key_id: SecretStr | None = Field(None, validation_alias="INCIDENT_CLOCK_ALIYUN_ACCESS_KEY_ID")
    aliyun_access_key_secret: SecretStr | None = Field(None, validation_alias="INCIDENT_CLOCK_ALIYUN_ACCESS_KEY_SECRET")
    aliyun_sign_name: str | None = Field(None, validation_alias="INCIDENT_CLOCK_ALIYUN_SIGN_NAME")
    aliyun_endpoint: str | None = Field(None, validation_alias="INCIDENT_CLOCK_ALIYUN_ENDPOINT")
    wecom_robot: SecretStr | None = Field(None, validation_alias="INCIDENT_CLOCK_WECOM_ROBOT")
    dingtalk_robot: SecretStr | None = Field(None, validation_alias="INCIDENT_CLOCK_DINGTALK_ROBOT")
    dingtalk_secret: SecretStr | None = Field(None, validation_alias="INCIDENT_CLOCK_DINGTALK_SECRET")
    feishu_robot: SecretStr | None = Field(None, validation_alias="INCIDENT_CLOCK_FEISHU_ROBOT")
    feishu_secret: SecretStr | None = Field(None, validation_alias="INCIDENT_CLOCK_FEISHU_SECRET")
    apprise_url: SecretStr | None = Field(None, validation_alias="INCIDENT_CLOCK_APPRISE_URL")
    mail_expects_receipt: Annotated[bool, PlainValidator(values.switch)] = Field(
        False, validation_alias="INCIDENT_CLOCK_MAIL_RECEIPTS")
    imap_url: SecretStr | None = Field(None, validation_alias="IMAP_URL")
    test_message_to: Annotated[tuple[str, ...], PlainValidator(values.addresses)] = Field(
        (), validation_alias="INCIDENT_CLOCK_TEST_MESSAGE_TO", repr=False)
    test_message_every: Annotated[timedelta, PlainValidator(values.span)] = Field(
        timedelta(hours=1), validation_alias="INCIDENT_CLOCK_TEST_MESSAGE_EVERY")
    smtp_url: SecretStr | None = Field(None, validation_alias="SMTP_URL")
    mail_from: str | None = Field(None, validation_alias="MAIL_FROM")
    twilio_account_sid: str | None = Field(None, validation_alias="TWILIO_ACCOUNT_SID")
    twilio_auth_token: SecretStr | None = Field(None, validation_alias="TWILIO_AUTH_TOKEN")
    twilio_auth_token_previous: SecretStr | None = Field(None, validation_alias="TWILIO_AUTH_TOKEN_PREVIOUS")
    twilio_from: str | None = Field(None, validation_alias="TWILIO_FROM")
    twilio_voice_from: str | None = Field(None, validation_alias="TWILIO_VOICE_FROM")
    twilio_region: str | None = Field(None, validation_alias="TWILIO_REGION")
    twilio_edge: str | None = Field(None, validation_alias="TWILIO_EDGE")
    twilio_api_base_url: Annotated[str, PlainValidator(values.web_address)] | None = Field(
        None, validation_alias="TWILIO_API_BASE_URL")
    allow_overseas_gateway: Annotated[bool, PlainValidator(values.switch)] = Field(
        False, validation_alias="INCIDENT_CLOCK_ALLOW_OVERSEAS_GATEWAY")
    handover_time: Annotated[time, PlainValidator(values.time_of_day)] = Field(
        time(8, 30), validation_alias="INCIDENT_CLOCK_HANDOVER_TIME")
    daily_budget: Annotated[int, PlainValidator(values.budget)] = Field(
        40, validation_alias="INCIDENT_CLOCK_DAILY_BUDGET")
    holidays: Annotated[Path, PlainValidator(values.path)] | None = Field(
        None, validation_alias="INCIDENT_CLOCK_HOLIDAYS")

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
    texts = {name: each.value.strip() for name, each in written.items()}
    if SECRET_KEY not in texts and (key := _kept_secret_key(root / "var" / "secret_key", problems)):
        texts[SECRET_KEY] = key
    try:
        settings = Settings.model_validate({"root": root, **texts})
    except ValidationError as error:
        for detail in error.errors():
            name = str(detail["loc"][0])
            if name in written:  # else it only follows from another one
                problems.append(f"{name}{written[name].where} {detail['ctx']['error']}")
    if problems:
        raise ConfigError(problems)
    return settings


def with_environment(more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that is started from this one, with `more` of its own."""
    return {**os.environ, **more}


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
    return f"{given.name}{given.where} is no setting; {values.near(name.removeprefix(PREFIX), meant) or SEE_EXAMPLE}"


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
        if len(key) >= values.SHORTEST_SECRET_KEY:
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
