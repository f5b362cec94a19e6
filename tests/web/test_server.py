"""The server around the pages: its address, and a log that holds no token."""

import socket
from datetime import timedelta
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from incident_clock.errors import CannotRun
from incident_clock.web.server import ACCESS_FORMAT, DiscreetLogger, listening, masked


def test_a_port_that_is_taken_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotRun, match=rf"^Port {port} on 127.0.0.1 is taken: another program listens there\."):
            listening("127.0.0.1", port)


def test_a_host_that_is_not_here_is_told_in_a_sentence() -> None:
    with pytest.raises(CannotRun, match="is no address of this machine: set HOST"):
        listening("192.0.2.1", 8000)


@pytest.mark.parametrize(("path", "logged"), [
    ("/sign-in/SECRET", "/sign-in/***"), ("/sign-in/SECRET/", "/sign-in/***/"), ("/Sign-In/SECRET", "/Sign-In/***"),
    ("/answer/SECRET", "/answer/***"), ("/answer/SECRET/x", "/answer/***/x"),
    ("/sign-in", "/sign-in"), ("/incidents/2026-0037", "/incidents/2026-0037"), ("/x\ny", "/x%0Ay")])
def test_the_access_log_holds_no_token_and_no_query(
        capsys: pytest.CaptureFixture[str], path: str, logged: str) -> None:
    config = Config()
    config.set("accesslog", "-")
    config.set("access_log_format", ACCESS_FORMAT)
    log = DiscreetLogger(config)
    answer = SimpleNamespace(status="200 OK", headers=[("Location", "/sign-in/SECRET")], sent=12)
    request = SimpleNamespace(headers=[("REFERER", "http://x/sign-in/SECRET")])
    environ = {"REQUEST_METHOD": "GET", "RAW_URI": f"{path}?t=SECRET", "SERVER_PROTOCOL": "HTTP/1.1", "PATH_INFO": path,
               "QUERY_STRING": "t=SECRET", "REMOTE_ADDR": "127.0.0.1", "HTTP_REFERER": "http://x/sign-in/SECRET"}
    log.access(answer, request, environ, timedelta(milliseconds=7))
    line = capsys.readouterr().err
    assert f"GET {logged} 200" in line
    assert "SECRET" not in line
    assert line.count("\n") == 1


def test_an_error_that_names_the_address_is_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    DiscreetLogger(Config()).error("Error handling request %s", "/sign-in/SECRET?x=1")
    assert "/sign-in/***?x=1" in capsys.readouterr().err
    assert masked("no link here") == "no link here"
