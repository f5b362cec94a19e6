"""The machine's own Chromium for the suite, driven by Playwright. Missing: every browser test fails with a sentence."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ON_A_MAC = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
FLAGS = (  # Playwright itself adds --headless and, as Chromium's own sandbox needs a user, --no-sandbox
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = (
    "The suite needs a real Chromium and found none. Either set TEST_CHROMIUM to the path of one (Chrome will do), or "
    "install it (Debian: sudo apt-get install chromium)."
)
ACTION_TIMEOUT_MS = 10_000


@contextmanager
def browser() -> Iterator[Browser]:
    """One browser, closed at the end. Raises LookupError when the machine has none."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=_executable(), args=list(FLAGS), chromium_sandbox=False)
        yield opened
        opened.close()


class Windows:
    """Opens pages, each in a window of its own without cookies; `close` tells what went wrong inside them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.problems: list[str] = []

    def __call__(
        self, *, width: int = 1280, height: int = 800, locale: str = "zh-CN", has_javascript: bool = True
    ) -> Page:
        """A fresh page: a desk screen unless told otherwise (a phone is 390 × 844), in Shanghai's zone."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            timezone_id="Asia/Shanghai",
            java_script_enabled=has_javascript,
            has_touch=width < 600,
        )
        context.set_default_timeout(ACTION_TIMEOUT_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("console", self._listen)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _listen(self, message: ConsoleMessage) -> None:
        """Refused requests (403, 404) are the business of the test; a breach of the page's own policy never is."""
        if message.type == "error" and "Content Security Policy" in message.text:
            self.problems.append(message.text)


def _executable() -> str:
    if named := os.environ.get("TEST_CHROMIUM"):
        if not Path(named).is_file():
            raise LookupError(f"TEST_CHROMIUM names {named}, which is no file: give the path of a Chromium or Chrome.")
        return named
    found = [path for name in NAMES if (path := shutil.which(name))] + [str(path) for path in ON_A_MAC if path.exists()]
    if not found:
        raise LookupError(MISSING)
    return found[0]
