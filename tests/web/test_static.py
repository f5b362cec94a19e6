"""What is served beside the pages: nothing from elsewhere, nothing inline, and the vendored script untouched."""

import hashlib
import re
from pathlib import Path

import pytest

import incident_clock.web
from tests.web.house import House

STATIC = Path(incident_clock.web.__file__).parent / "static"


def test_vendored_files_are_what_was_checked_in() -> None:
    listed = dict(reversed(line.split()) for line in (STATIC / "vendor/SHA256SUMS").read_text().splitlines())
    assert listed == {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                      for path in (STATIC / "vendor").iterdir() if path.name != "SHA256SUMS"}


@pytest.mark.parametrize("name", ["clock.css", "clock.js", "icon.svg"])
def test_our_own_files_fetch_nothing_from_elsewhere(name: str) -> None:
    text = (STATIC / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//\w|url\(|@import|\beval\(|innerHTML", text)


@pytest.mark.parametrize("path", ["/", "/register", "/incidents", "/outbox", "/incidents/2026-0036", "/nowhere",
                                  "/sign-in", "/incidents/2026-0036?order=asc&show=changes"])
def test_no_page_holds_a_style_or_a_script_of_its_own(busy: House, path: str) -> None:
    page = busy.client("zhou").get(path, follow_redirects=True).text
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", page)
    for address in re.findall(r'(?:src|href|action|hx-get)="([^"]*)"', page):
        assert address == "" or address.startswith(("/", "#", "tel:")), address


def test_ids_are_used_once_on_a_page(busy: House) -> None:
    for path in ("/", "/register", "/incidents/2026-0036", "/incidents/2026-0036?step=release", "/outbox"):
        ids = re.findall(r'\sid="([^"]+)"', busy.client("zhou").get(path).text)
        assert sorted(ids) == sorted(set(ids)), path
