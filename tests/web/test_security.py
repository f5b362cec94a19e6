"""Headers on every answer, cookies, CSRF, and error pages that never show a stack trace."""

from unittest.mock import patch

import pytest
from sqlalchemy.exc import OperationalError

from incident_clock.web.security import CONTENT_SECURITY_POLICY
from tests.web.forms_of import forms_of
from tests.web.house import House

SAMPLES = {"number": "2026-0001", "key": "release", "token": "x" * 43, "filename": "clock.css", "id": "2026-0001",
           "step": "release", "rung": 1, "person": "zhou", "day": "2026-03-14", "kind": "csv", "shift": 1, "cover": 1,
           "record": 1, "contact": 1, "leave": 1, "leave_id": 1, "file": 1, "sequence": 1}


def every_address(house: House) -> list[tuple[str, str]]:
    adapter = house.app.url_map.bind("localhost")
    return [(method, adapter.build(rule.endpoint, {name: SAMPLES[name] for name in rule.arguments}))
            for rule in house.app.url_map.iter_rules() for method in sorted(rule.methods - {"OPTIONS"})]


def test_every_answer_carries_the_headers_errors_included(house: House) -> None:
    stranger, officer = house.client(), house.client("zhou")
    asked = [*every_address(house), ("GET", "/nowhere"), ("DELETE", "/"), ("POST", "/"), ("TRACE", "/"), ("GET", "/%00"),
             ("POST", "/healthz"), ("GET", "/static/nothing.css"), ("GET", "/static/../app.py")]
    for visitor in (stranger, officer):
        for method, address in asked:
            answer = visitor.open(address, method=method, buffered=True)
            seen = (method, address, answer.status_code)
            assert answer.status_code != 500, seen
            assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY, seen
            assert answer.headers["X-Content-Type-Options"] == "nosniff", seen
            assert answer.headers["Referrer-Policy"] == "no-referrer", seen
            if not address.startswith("/static/clock.css"):
                assert answer.headers["Cache-Control"] == "no-store", seen


def test_the_policy_lets_nothing_in_from_elsewhere_and_nothing_inline() -> None:
    assert CONTENT_SECURITY_POLICY == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'")


def test_static_files_are_kept_for_ever_under_the_hash_of_their_content(house: House) -> None:
    page = house.client("zhou").get("/").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "?v=" in address
    assert house.client().get(address, buffered=True).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert house.client().get("/static/clock.css", buffered=True).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(("public_url", "name", "is_secure"), [
    ("https://clock.example.com", "__Host-incident-clock", True), ("http://127.0.0.1:8000", "incident-clock", False)])
def test_cookies_follow_the_public_address(sqlite_store, tmp_path, public_url: str, name: str, is_secure: bool) -> None:
    house = House.open(str(sqlite_store.url), tmp_path, public_url=public_url)
    cookie = house.client().get("/sign-in").headers["Set-Cookie"]
    house.close()
    assert cookie.startswith(f"{name}=")
    assert ("Secure" in cookie) == is_secure
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_a_form_from_an_earlier_sign_in_is_asked_about_once_more_with_everything_typed(house: House) -> None:
    visitor = house.client("zhou")
    asked = visitor.post("/register", data={"title": "招牌坠落", "source": "网上巡查", "received_at_time": "1401"})
    assert asked.status_code == 400
    assert "还没有保存，请再确认一次" in asked.text
    form = next(f for f in forms_of(asked.text) if f.action == "/register").fields
    assert visitor.post("/register", data=form).status_code == 303


def test_a_forged_form_does_nothing(house: House) -> None:
    visitor = house.client("zhou")
    for path in ("/register", "/sign-out", "/incidents/2026-0001/close"):
        assert visitor.post(path, data={"title": "x", "csrf_token": "forged"}).status_code == 400
    assert visitor.get("/").status_code == 200
    assert house.assembly.views.board(house.clock.now()).rows == ()


def test_a_sign_in_page_that_lay_open_too_long_asks_again_and_keeps_the_account(house: House) -> None:
    answer = house.client().post("/sign-in", data={"account": "zhou", "password": "whatever it was"})
    assert answer.status_code == 400
    assert "登录页已过期，请再登录一次" in answer.text
    assert 'value="zhou"' in answer.text
    link = house.link("zhou")
    assert house.client().post(link).location == link


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("method", "address", "status"), [
    ("GET", "/nowhere", 404), ("POST", "/nowhere", 404), ("PUT", "/register", 405), ("GET", "/sign-out", 405)])
def test_error_pages_speak_the_readers_language(house: House, language: str, method: str, address: str,
                                                status: int) -> None:
    answer = house.client("zhou").open(f"{address}?lang={language}", method=method)
    assert answer.status_code == status
    assert f'lang="{"en" if language == "en" else "zh-Hans-CN"}"' in answer.text
    assert "Traceback" not in answer.text


def test_a_body_that_is_too_long_is_a_page_not_a_stack_trace(house: House) -> None:
    visitor = house.client("zhou")
    answer = visitor.post("/register", data={"title": "长" * 200_000})
    assert answer.status_code == 413
    assert "太长，没有保存" in answer.text
    many = visitor.post("/register", data={f"f{n}": "x" for n in range(101)},
                        content_type="multipart/form-data")
    assert many.status_code == 413


def test_a_fault_of_ours_is_a_page_that_says_what_to_do(house: House, caplog: pytest.LogCaptureFixture) -> None:
    visitor = house.client("zhou")
    with patch("incident_clock.web.board.render_template", side_effect=RuntimeError("secret detail")):
        answer = visitor.get("/")
    assert answer.status_code == 500
    assert "急件先打电话" in answer.text
    assert "secret detail" not in answer.text
    assert "secret detail" in caplog.text
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_a_database_that_is_gone_is_a_page_that_says_so(house: House) -> None:
    visitor = house.client("zhou")
    broken = OperationalError("SELECT", {}, Exception("disk I/O error"))
    with patch.object(type(house.assembly.store), "read", side_effect=broken):
        answer = visitor.get("/")
    assert answer.status_code == 503
    assert "数据库暂时不能用" in answer.text
