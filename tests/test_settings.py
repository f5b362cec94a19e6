"""The settings: where they come from, what they mean, and what a wrong one is told."""

import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import time
from pathlib import Path
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import make_url

from incident_clock.errors import ConfigError
from incident_clock.settings import NAMES, ROOT, read_settings

KEY = {"INCIDENT_CLOCK_SECRET_KEY": "k" * 32}
EXAMPLE = ROOT / ".env.example"


@pytest.fixture
def read(tmp_path):
    """Settings of an empty project in `tmp_path`: the environment as keywords, `.env` as text."""
    def read(env_file: str | bytes | None = None, **environ: str):
        if env_file is not None:
            (tmp_path / ".env").write_bytes(env_file if isinstance(env_file, bytes) else env_file.encode())
        return read_settings(environ, root=tmp_path)
    return read


@pytest.fixture
def problems(read):
    """What the same settings are told."""
    def problems(env_file: str | bytes | None = None, **environ: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(env_file, **KEY, **environ)
        return list(caught.value.problems)
    return problems


# ── where they come from ──────────────────────────────────────────────────────────────────────────────────

def test_without_any_setting_everything_has_its_ordinary_value(read, tmp_path):
    settings = read()
    assert settings.database_url == f"sqlite:///{tmp_path}/var/incident_clock.db"
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert settings.protocol == tmp_path / "config/protocols/district-emergency.yaml"
    assert settings.protocols == tmp_path / "config/protocols"
    assert (settings.timezone, settings.locale) == (ZoneInfo("Asia/Shanghai"), "zh_Hans_CN")
    assert (settings.root, settings.var) == (tmp_path, tmp_path / "var")
    assert settings.allow_overseas_gateway is False
    assert (settings.handover_time, settings.daily_budget, settings.holidays) == (time(8, 30), 40, None)
    for name in ("people", "channels", "smtp_url", "mail_from", "twilio_account_sid", "twilio_auth_token",
                 "twilio_from", "twilio_api_base_url"):
        assert getattr(settings, name) is None


def test_every_setting_is_read_under_its_name(read, tmp_path):
    settings = read(
        DATABASE_URL="postgresql+psycopg://u:p@db:5432/clock", HOST="0.0.0.0", PORT="9000", **KEY,
        INCIDENT_CLOCK_PUBLIC_URL="https://clock.example.com/", INCIDENT_CLOCK_PROTOCOL="rules/mine.yaml",
        INCIDENT_CLOCK_PROTOCOLS="/elsewhere/rules", INCIDENT_CLOCK_PEOPLE="people.yaml",
        INCIDENT_CLOCK_TIMEZONE="Asia/Urumqi", INCIDENT_CLOCK_LOCALE="en", INCIDENT_CLOCK_CHANNELS="email,sms",
        SMTP_URL="smtp://mail.example.com", MAIL_FROM="clock@example.com", TWILIO_ACCOUNT_SID="AC1",
        TWILIO_AUTH_TOKEN="t0ken", TWILIO_FROM="+15005550006", TWILIO_API_BASE_URL="http://127.0.0.1:4010",
        INCIDENT_CLOCK_ALLOW_OVERSEAS_GATEWAY="1", INCIDENT_CLOCK_HANDOVER_TIME="20:00",
        INCIDENT_CLOCK_DAILY_BUDGET="5", INCIDENT_CLOCK_HOLIDAYS="config/days.yaml")
    assert settings.database_url == "postgresql+psycopg://u:p@db:5432/clock"
    assert (settings.host, settings.port, settings.public_url) == ("0.0.0.0", 9000, "https://clock.example.com")
    assert settings.secret_key.get_secret_value() == "k" * 32
    assert settings.protocol == tmp_path / "rules/mine.yaml"
    assert (settings.protocols, settings.people) == (Path("/elsewhere/rules"), tmp_path / "people.yaml")
    assert (settings.timezone, settings.locale) == (ZoneInfo("Asia/Urumqi"), "en")
    assert settings.channels == ("email", "sms")
    assert settings.smtp_url.get_secret_value() == "smtp://mail.example.com"
    assert (settings.mail_from, settings.twilio_from) == ("clock@example.com", "+15005550006")
    assert (settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value()) == ("AC1", "t0ken")
    assert settings.twilio_api_base_url == "http://127.0.0.1:4010"
    assert settings.allow_overseas_gateway is True
    assert (settings.handover_time, settings.daily_budget) == (time(20), 5)
    assert settings.holidays == tmp_path / "config/days.yaml"


def test_the_environment_wins_over_the_file(read):
    settings = read("PORT=9001\nHOST=127.0.0.2\n", PORT="9002")
    assert (settings.host, settings.port) == ("127.0.0.2", 9002)


def test_an_empty_value_counts_as_absent(read):
    settings = read("PORT=9001\nHOST=\n", PORT="", INCIDENT_CLOCK_CHANNELS=" ")
    assert (settings.host, settings.port, settings.channels) == ("127.0.0.1", 9001, None)


def test_without_arguments_the_process_s_environment_and_the_project_s_folder_count(monkeypatch):
    monkeypatch.setattr(os, "environ", {**KEY, "PORT": "9003", "DATABASE_URL": "sqlite:///x.db"})
    settings = read_settings(env_file=ROOT / "no-such.env")
    assert (settings.root, settings.port) == (Path(__file__).resolve().parents[1], 9003)


def test_another_file_may_be_named(read, tmp_path):
    (tmp_path / "other.env").write_text("PORT=9004\n")
    assert read_settings(KEY, env_file=tmp_path / "other.env", root=tmp_path).port == 9004


def test_the_file_may_have_quotes_comments_exports_and_a_byte_order_mark(read):
    settings = read(b"\xef\xbb\xbf# comment\r\nexport PORT=9005 # comment\r\nMAIL_FROM='\xe8\x88\x86\xe6\x83\x85 "
                    b"<a@example.com>'\r\nSMTP_URL=smtp://u:a${HOME}#b@h\r\n")
    assert (settings.port, settings.mail_from) == (9005, "舆情 <a@example.com>")
    assert settings.smtp_url.get_secret_value() == "smtp://u:a${HOME}#b@h"


# ── what they mean ────────────────────────────────────────────────────────────────────────────────────────

@pytest.mark.parametrize(("written", "path"), [
    ("sqlite:///var/x.db", "{root}/var/x.db"), ("sqlite:////tmp/x.db", "/tmp/x.db"), ("sqlite:///x.db", "{root}/x.db"),
    ("sqlite:///数据 库/x.db", "{root}/数据 库/x.db"), ("sqlite:///a%20b.db", "{root}/a b.db"),
])
def test_a_relative_sqlite_path_counts_from_the_project_s_folder(read, tmp_path, written, path):
    assert make_url(read(DATABASE_URL=written).database_url).database == path.format(root=tmp_path)


def test_a_project_s_folder_with_an_odd_name_is_kept_whole(tmp_path):
    root = tmp_path / "舆情 时钟 #1 50% ?"
    settings = read_settings(KEY, root=root)
    assert make_url(settings.database_url).database == f"{root}/var/incident_clock.db"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_always_reached_through_psycopg(read, scheme):
    settings = read(DATABASE_URL=f"{scheme}://u:p%40ss@db/clock?sslmode=require")
    assert settings.database_url == "postgresql+psycopg://u:p%40ss@db/clock?sslmode=require"


@pytest.mark.parametrize(("host", "url"), [
    ("127.0.0.1", "http://127.0.0.1:8000"), ("localhost", "http://localhost:8000"), ("::1", "http://[::1]:8000"),
    ("[::1]", "http://[::1]:8000"), ("0.0.0.0", "http://127.0.0.1:8000"), ("::", "http://[::1]:8000"),
])
def test_the_page_s_own_address_follows_host_and_port(read, host, url):
    assert read(HOST=host).public_url == url


@pytest.mark.parametrize(("written", "channels"), [
    ("email,sms", ("email", "sms")), (" sms , email ", ("sms", "email")), ("console", ("console",)),
    ("sms,sms", ("sms",)),
])
def test_channels_are_names_with_commas_between_them(read, written, channels):
    assert read(INCIDENT_CLOCK_CHANNELS=written).channels == channels


@pytest.mark.parametrize(("written", "is_allowed"), [("1", True), ("true", True), ("YES", True), ("0", False), ("no", False)])
def test_the_overseas_gateway_is_allowed_by_a_plain_yes(read, written, is_allowed):
    assert read(INCIDENT_CLOCK_ALLOW_OVERSEAS_GATEWAY=written).allow_overseas_gateway is is_allowed


def test_settings_do_not_change_and_never_show_a_secret(read):
    settings = read(DATABASE_URL="postgresql://u:geheim@db/clock", SMTP_URL="smtp://u:geheim@h",
                    TWILIO_AUTH_TOKEN="geheim", INCIDENT_CLOCK_SECRET_KEY="geheim-geheim-geheim")
    assert "geheim" not in f"{settings!r} {settings}"
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


# ── the secret key ────────────────────────────────────────────────────────────────────────────────────────

def test_a_secret_key_is_made_once_and_kept_for_its_owner_alone(read, tmp_path):
    first = read().secret_key
    file = tmp_path / "var" / "secret_key"
    assert read().secret_key == first
    assert len(first.get_secret_value()) >= 32
    assert file.read_text().strip() == first.get_secret_value()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["secret_key"]


def test_two_projects_get_two_secret_keys(tmp_path):
    keys = {read_settings({}, root=tmp_path / name).secret_key.get_secret_value() for name in ("a", "b")}
    assert len(keys) == 2


def test_a_given_secret_key_leaves_nothing_in_the_folder(read, tmp_path):
    read(**KEY)
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_appears_in_the_moment_of_making_one_is_kept(read, tmp_path, monkeypatch):
    (tmp_path / "var").mkdir()
    file = tmp_path / "var" / "secret_key"
    with monkeypatch.context() as patch:
        patch.setattr(Path, "exists", lambda path: not file.write_text("the other one's key\n"))
        assert read().secret_key.get_secret_value() == "the other one's key"
    assert [each.name for each in file.parent.iterdir()] == ["secret_key"]


def test_starts_at_one_moment_end_up_with_one_secret_key(tmp_path):
    starts = 8
    together = Barrier(starts)

    def start(root: Path) -> str:
        together.wait()
        return read_settings({}, root=root).secret_key.get_secret_value()

    with ThreadPoolExecutor(starts) as pool:
        for number in range(20):
            root = tmp_path / str(number)
            assert len(set(pool.map(start, [root] * starts))) == 1
            assert [each.name for each in (root / "var").iterdir()] == ["secret_key"]


@pytest.mark.parametrize("content", [b"", b"\n", b"short\n", b"\xff" * 40])
def test_a_damaged_secret_key_is_told_and_not_replaced(tmp_path, content):
    file = tmp_path / "var" / "secret_key"
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_settings({}, root=tmp_path)
    (problem,) = caught.value.problems
    assert problem.startswith(str(file))
    assert file.read_bytes() == content


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "var").write_text("in the way")
    with pytest.raises(ConfigError, match=r"secret_key cannot be made or read: .*set INCIDENT_CLOCK_SECRET_KEY"):
        read_settings({}, root=tmp_path)


# ── what a wrong one is told ──────────────────────────────────────────────────────────────────────────────

@pytest.mark.parametrize(("name", "written", "what"), [
    ("PORT", "0", "is '0'; write a whole number from 1 to 65535"), ("PORT", "65536", "from 1 to 65535"),
    ("PORT", "-1", "from 1 to 65535"), ("PORT", "80.5", "from 1 to 65535"), ("PORT", "http", "from 1 to 65535"),
    ("PORT", "８０００", "from 1 to 65535"), ("PORT", "9" * 5_000, "from 1 to 65535"),
    ("HOST", "http://localhost", "a host name alone, like 127.0.0.1"), ("HOST", "0.0.0.0:80", "the port is PORT"),
    ("HOST", "a b", "is 'a b'; write an address"), ("HOST", "-x", "write an address"),
    ("INCIDENT_CLOCK_PUBLIC_URL", "clock.example.com", "write one like https://clock.example.com"),
    ("INCIDENT_CLOCK_PUBLIC_URL", "ftp://clock.example.com", "write one like https://"),
    ("INCIDENT_CLOCK_PUBLIC_URL", "https://", "write one like https://"),
    ("INCIDENT_CLOCK_PUBLIC_URL", "https://h:port", "write one like https://"),
    ("INCIDENT_CLOCK_PUBLIC_URL", "https://h/?a=b", "is not a plain web address"),
    ("TWILIO_API_BASE_URL", "localhost:4010", "is not a plain web address"),
    ("INCIDENT_CLOCK_TIMEZONE", "Asia/Shanghia", 'no time zone; did you mean "Asia/Shanghai"?'),
    ("INCIDENT_CLOCK_TIMEZONE", "+08:00", "write one like Asia/Shanghai"),
    ("INCIDENT_CLOCK_TIMEZONE", "../../etc/passwd", "no time zone"), ("INCIDENT_CLOCK_TIMEZONE", "Asia", "no time zone"),
    ("INCIDENT_CLOCK_LOCALE", "fr_FR", "write zh_Hans_CN for Chinese or en for English"),
    ("INCIDENT_CLOCK_CHANNELS", "email;sms", "write channel names with commas between them, like email,sms"),
    ("INCIDENT_CLOCK_CHANNELS", '["email"]', "like email,sms"), ("INCIDENT_CLOCK_CHANNELS", "email,,sms", "like email,sms"),
    ("INCIDENT_CLOCK_ALLOW_OVERSEAS_GATEWAY", "ja", "is 'ja'; write 1, or leave it out"),
    ("INCIDENT_CLOCK_HANDOVER_TIME", "8:30", "is '8:30'; write hours and minutes, like 08:30"),
    ("INCIDENT_CLOCK_HANDOVER_TIME", "24:00", "write hours and minutes"), ("INCIDENT_CLOCK_DAILY_BUDGET", "0", "like 40"),
    ("INCIDENT_CLOCK_DAILY_BUDGET", "viele", "write how many text messages one number may get a day"),
    ("DATABASE_URL", "incident_clock.db", "is not a database URL; write sqlite:///var/incident_clock.db or postgresql"),
    ("DATABASE_URL", "mysql://u:p@h/d", "names no SQLite file and no PostgreSQL database"),
    ("DATABASE_URL", "postgresql+psycopg://u:p@h:port/d", "is not a database URL"),
    ("DATABASE_URL", "postgresql+psycopg://u:p@h", "names no SQLite file and no PostgreSQL database"),
    ("DATABASE_URL", "sqlite://", "names no SQLite file"),
    ("DATABASE_URL", "sqlite:///:memory:", "is not a file that web and engine can share"),
    ("DATABASE_URL", "sqlite://var/x.db", "is not a file that web and engine can share"),
    ("MAIL_FROM", "a\udcff", "holds a line break or a byte that is no text; write it anew"),
    ("MAIL_FROM", "a@example.com\nBcc: b@example.com", "holds a line break"),
])
def test_a_wrong_value_is_told_with_its_name_and_what_to_write(problems, name, written, what):
    (problem,) = problems(**{name: written})
    assert problem.startswith(f"{name} ")
    assert what in problem


def test_a_short_secret_key_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="INCIDENT_CLOCK_SECRET_KEY is too short"):
        read_settings({"INCIDENT_CLOCK_SECRET_KEY": "k" * 15}, root=tmp_path)


def test_every_complaint_is_told_at_once_with_the_place_in_the_file(problems):
    told = problems("# mine\nPORT=0\nINCIDENT_CLOCK_LOCALE=fr\n", HOST="a b", INCIDENT_CLOCK_TIMEZONE="Mars",
                    INCIDENT_CLOCK_CHANELS="sms")
    assert [problem.split(" is ")[0] for problem in told] == [
        "INCIDENT_CLOCK_CHANELS", "HOST", "PORT (.env line 2)", "INCIDENT_CLOCK_TIMEZONE",
        "INCIDENT_CLOCK_LOCALE (.env line 3)"]


def test_no_complaint_repeats_a_secret(tmp_path):
    with pytest.raises(ConfigError) as caught:
        read_settings({"DATABASE_URL": "mysql://u:geheim@h/d", "INCIDENT_CLOCK_SECRET_KEY": "geheim",
                       "INCIDENT_CLOCK_PUBLIC_URL": "https://u:geheim@h", "TWILIO_API_BASE_URL": "x:geheim@h"},
                      root=tmp_path)
    assert len(caught.value.problems) == 4
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(("name", "meant"), [
    ("INCIDENT_CLOCK_CHANELS", "INCIDENT_CLOCK_CHANNELS"), ("INCIDENT_CLOCK_PROTOKOL", "INCIDENT_CLOCK_PROTOCOL"),
    ("INCIDENT_CLOCK_PORT", "PORT"), ("INCIDENT_CLOCK_DATABASE_URL", "DATABASE_URL"),
    ("incident_clock_timezone", "INCIDENT_CLOCK_TIMEZONE"), ("INCIDENT_CLOCK_TWILIO_FROM", "TWILIO_FROM"),
])
def test_an_unknown_name_of_ours_is_refused_wherever_it_stands(problems, name, meant):
    assert problems(**{name: "x"}) == [f'{name} is no setting; did you mean "{meant}"?']
    assert problems(f"{name}=x\n") == [f'{name} (.env line 1) is no setting; did you mean "{meant}"?']


def test_an_unknown_name_that_resembles_nothing_points_to_the_example(problems):
    assert problems(INCIDENT_CLOCK_XYZZY="1") == [
        "INCIDENT_CLOCK_XYZZY is no setting; .env.example explains all of them."]


@pytest.mark.parametrize("slip", ["SMPT_URL", "MAIL_FORM", "TWILIO_ACOUNT_SID", "DATABSE_URL", "smtp_url"])
def test_a_slip_in_the_file_is_refused_even_without_our_prefix(read, problems, slip):
    (problem,) = problems(f"{slip}=x\n")
    assert "is no setting; did you mean" in problem
    read("", **{slip: "x"})  # in the environment it is somebody else's


def test_foreign_names_are_left_alone(read):
    read("TZ=UTC\nLANG=C\nTWILIO_REGION=ie1\nCOMPOSE_PROJECT_NAME=x\n", PATH="/bin", HOSTNAME="h", SMTP_HOST="h")


@pytest.mark.parametrize(("content", "what"), [
    ("PORT=1\nthis is no line\n", ".env line 2 cannot be understood; write NAME=value"),
    ("PORT\n", ".env line 1 cannot be understood"), ("MAIL_FROM='x\n", ".env line 1 cannot be understood"),
    (b"MAIL_FROM=\xcd\xc5\n", "it is not UTF-8 text. Mend the file, or take it away."),
])
def test_a_file_that_cannot_be_understood_is_told_with_its_line(problems, content, what):
    assert what in problems(content)[0]


def test_a_folder_in_the_place_of_the_file_is_told(problems, tmp_path):
    (tmp_path / ".env").mkdir()
    assert "cannot be read" in problems()[0]


# ── the example ───────────────────────────────────────────────────────────────────────────────────────────

def test_the_example_explains_every_setting_and_sets_none(tmp_path):
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("#") for line in lines if line)
    explained = [line[1:].partition("=")[0] for line in lines if re.match("#[A-Z_]+=", line)]
    assert set(explained) == set(NAMES)


def test_the_example_is_valid_when_everything_in_it_is_set(tmp_path):
    file = tmp_path / ".env"
    file.write_text(re.sub("(?m)^#(?=[A-Z_]+=)", "", EXAMPLE.read_text(encoding="utf-8")), encoding="utf-8")
    settings = read_settings({}, root=tmp_path)
    assert settings.channels == ("email", "sms")
    assert settings.public_url == "https://clock.example.com"
