"""Every text a person sees has its English, with the same places to fill; and no English is left over."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from incident_clock.phrases import ENGLISH, Phrases, catalogue
from incident_clock.settings import ROOT

SOURCES = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
MARKS = {"N_": None, "say": None, "_": None}
PLACE = re.compile(r"%\((\w+)\)s")


def written_texts() -> set[str]:
    found = extract_from_dir(str(ROOT / "incident_clock"), SOURCES, keywords=MARKS)
    return {text for _, _, text, _, _ in found if isinstance(text, str) and not text.isascii()}


def test_every_chinese_text_has_its_english_and_no_english_is_left_over() -> None:
    assert len(written_texts()) > 300, "the extraction works"
    assert written_texts() - set(catalogue(ENGLISH)) == set()
    assert set(catalogue(ENGLISH)) - written_texts() == set()


def test_both_languages_fill_the_same_places() -> None:
    for chinese, english in catalogue(ENGLISH).items():
        assert set(PLACE.findall(english)) == set(PLACE.findall(chinese)), chinese


def test_no_chinese_is_left_in_the_english() -> None:
    for english in catalogue(ENGLISH).values():
        assert not re.search(r"[\u4e00-\u9fff]", english), english


@pytest.mark.parametrize("path", sorted((ROOT / "incident_clock" / "web" / "templates").rglob("*.html")),
                         ids=lambda path: path.name)
def test_a_template_says_nothing_outside_the_catalogue(path: Path) -> None:
    bare = re.sub(r"\{[%{#].*?[%}#]\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.findall(r"[\u4e00-\u9fff]+", bare)


def test_a_text_without_english_falls_back_to_chinese(phrases: Phrases) -> None:
    assert phrases.say("没有译文的一句") == "没有译文的一句"


@pytest.fixture
def phrases() -> Phrases:
    from zoneinfo import ZoneInfo

    return Phrases(ENGLISH, ZoneInfo("Asia/Shanghai"))
