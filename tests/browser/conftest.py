"""The pages of a house, served on loopback for the real Chromium."""

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page
from werkzeug.serving import make_server

from tests.chromium import Windows
from tests.web.conftest import billboard_file, busy, house
from tests.web.house import House

__all__ = ["billboard_file", "busy", "house"]

PHONE, DESK = (390, 844), (1366, 768)

Visit = Callable[..., Page]


@pytest.fixture
def site(busy: House) -> Iterator[str]:
    """The address of the busy house's pages."""
    server = make_server("127.0.0.1", 0, busy.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(page: Windows, site: str, busy: House) -> Visit:
    """`visit("/", person="zhou", size=PHONE)` opens a page of the house as somebody who is signed in."""

    def open_page(path: str, *, person: str = "zhou", size: tuple[int, int] = DESK, has_javascript: bool = True) -> Page:
        window = page(width=size[0], height=size[1], has_javascript=has_javascript)
        window.goto(site + busy.link(person))
        window.click("button.btn-main")
        window.goto(site + path)
        return window

    return open_page
