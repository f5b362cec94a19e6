"""What the sandbox must never do: pass for the real thing, or let another site answer for anybody."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qsl
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner
from sqlalchemy import update
from twilio.request_validator import RequestValidator

from incident_clock.assembly import Assembly
from incident_clock.cli import processes
from incident_clock.clock import VirtualClock
from incident_clock.people.tables import Directory
from incident_clock.sandbox.account import AUTH_TOKEN
from incident_clock.sandbox.phones import ANSWER, CALL, SMS, Phones
from incident_clock.sandbox.reporting import Reporter
from incident_clock.sandbox.server import Sandbox
from incident_clock.settings import read_settings
from incident_clock.store.session import Store
from tests.channels.servers import free_port
from tests.support.bureau import ZONE, move_in

NOW = datetime(2026, 3, 12, 6, 5, tzinfo=UTC)
PHONE = "+8613800000001"


class Product:
    """Stands where the product would be: keeps each callback with what Twilio's own validator says of it."""

    def __init__(self, *, redirects_to: str = "") -> None:
        self.paths, self.verdicts = list[str](), list[bool]()
        product, validator = self, RequestValidator(AUTH_TOKEN)

        class Page(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                product.paths.append(self.path)
                product.verdicts.append(validator.validate(product.url + self.path, form,
                                                           self.headers["X-Twilio-Signature"]))
                self.send_response(302 if redirects_to else 200)
                if redirects_to:
                    self.send_header("Location", redirects_to)
                self.end_headers()

            def do_GET(self) -> None:
                product.paths.append(f"GET {self.path}")
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Page)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> "Product":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(port=0, smtp_port=free_port(), public_url="http://127.0.0.1:9", clock=VirtualClock(NOW), zone=ZONE,
                  pause_s=0.0)
    box.start()
    yield box
    box.stop()


def test_every_callback_is_signed_as_twilio_signs() -> None:
    phones = Phones()
    with Product() as product:
        reporter = Reporter(phones, product.url, pause_s=0.0)
        assert reporter.answer(phones.add(ANSWER, PHONE, "1037 收到", NOW))
        assert reporter.press(phones.add(CALL, PHONE, "", NOW, action=f"{product.url}/key?m=a%20b"), "1") == ""
        reporter._follow(phones.add(SMS, f"{PHONE[:-5]}99002", "", NOW, callback=f"{product.url}/status?m=x"))
        reporter.close()
    assert product.paths == ["/callbacks/twilio/inbound", "/key?m=a%20b", *["/status?m=x"] * 6]
    assert all(product.verdicts)


@pytest.mark.parametrize("elsewhere", [
    "https://127.0.0.1/", "http://192.0.2.1/", "http://127.0.0.1.example.com/", "http://127.0.0.1@192.0.2.1/",
    "http://127.0.0.1:80@192.0.2.1/", "http://[::1", "ftp://127.0.0.1/", ""])
def test_it_reports_to_this_machine_only(elsewhere: str) -> None:
    phones = Phones()
    reporter = Reporter(phones, "http://127.0.0.1:9", pause_s=0.0)
    assert reporter.press(phones.add(CALL, PHONE, "", NOW, action=elsewhere), "1") is None
    reporter.close()


def test_it_follows_no_redirect() -> None:
    with Product() as other, Product(redirects_to=f"{other.url}/away") as product:
        phones = Phones()
        reporter = Reporter(phones, product.url, pause_s=0.0)
        assert not reporter.answer(phones.add(ANSWER, PHONE, "1037", NOW))
        reporter.close()
    assert (len(product.paths), other.paths) == (1, [])


@pytest.mark.parametrize(("headers", "status"), [
    ({}, 200), ({"Origin": "http://127.0.0.1:PORT"}, 200), ({"Origin": "http://example.com"}, 403),
    ({"Origin": "null"}, 403), ({"Host": "example.com:PORT"}, 403),
    ({"Host": "example.com:PORT", "Origin": "http://example.com:PORT"}, 403)])
def test_another_site_in_the_same_browser_answers_for_nobody(sandbox: Sandbox, headers: dict[str, str], status: int) -> None:
    given = {name: value.replace("PORT", str(sandbox.port)) for name, value in headers.items()}
    try:
        with urlopen(Request(f"http://127.0.0.1:{sandbox.port}/fate", b"number=&fate=50300", given)) as answer:
            got = answer.status
    except HTTPError as error:
        got = error.code
        error.close()
    assert (got, bool(list(sandbox.phones.set_fates()))) == (status, status == 200)
    sandbox.phones.set_fate("", None)


def test_a_real_bureau_is_never_told_through_the_sandbox_that_run_keeps(
        sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_in(sqlite_store, NOW)
    mine = {"DATABASE_URL": str(sqlite_store.url), "INCIDENT_CLOCK_SECRET_KEY": "k" * 32}
    for name, value in mine.items():
        monkeypatch.setenv(name, value)
    given: dict[str, str] = {}
    monkeypatch.setattr(processes, "keep_running", lambda commands, _, environment: given.update(environment) or 0)
    done = CliRunner().invoke(processes.run)
    assert done.exit_code == 0, done.output
    assembly = Assembly.of(read_settings({**mine, **given}, root=tmp_path), VirtualClock(NOW))
    with sqlite_store.write() as session:
        assert set(assembly.enabled_channels(session)) == {"console", "email", "sms"}
        session.execute(update(Directory).values(is_example=False))
        assert not assembly.enabled_channels(session)
    assembly.store.dispose()
