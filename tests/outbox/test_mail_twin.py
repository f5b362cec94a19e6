"""The HTML twin of a mail: what it shows, that nothing in it can act, and that every word is only a word."""

from html.parser import HTMLParser

import pytest

from incident_clock.outbox.mail_twin import Parts, html_of
from incident_clock.phrases import Phrases
from tests.support.bureau import ZONE

LINK, ANSWER = "https://clock.example.com/incidents/2026-0037", "https://clock.example.com/answer/NDI.x-y_z"
HARMLESS = {"html", "head", "meta", "title", "body", "table", "tr", "td", "p", "a"}
both_languages = pytest.mark.parametrize("language", ["zh", "en"])


class Page(HTMLParser):
    """The elements, the links and the text of a document, as a mail reader sees them."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements, self.attributes, self.texts = list[str](), list[tuple[str, str]](), list[str]()
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data.strip())

    def of(self, name: str) -> list[str]:
        return [value for found, value in self.attributes if found == name]


def parts(**other: object) -> Parts:
    return Parts(**{
        "subject": "2026-0037 电话上报剩5分", "line": "【云河综合执法】事件037电话上报剩5分。编号K7Q2",
        "title": "2026-0037 牌坊倒塌", "step": "电话上报", "due": "2026-03-12 14:25 截止",
        "todo": "请电话报区总值班室并登记", "link": LINK, "answer_link": ANSWER,
        "notes": ["确认收到不等于办结；登记办理情况后才停止催办。"]} | other)


def page(language: str = "zh", **other: object) -> Page:
    return Page(html_of(parts(**other), Phrases(language, ZONE)))


@both_languages
def test_it_shows_every_word_of_the_mail_and_a_button_for_each_link(language: str):
    shown = page(language)
    text = " ".join(shown.texts)
    given = parts()
    assert all(word in text for word in (given.subject, given.line, given.title, given.step, given.due, given.todo,
                                         *given.notes))
    assert shown.of("href") == [ANSWER, LINK]
    assert shown.of("lang") == ["zh-Hans-CN" if language == "zh" else "en"]


def test_the_deadline_and_the_thing_to_do_are_the_largest():
    document = html_of(parts(), Phrases("zh", ZONE))
    sizes = {line.partition(">")[2].partition("<")[0]: int(line.partition("font-size:")[2].partition("px")[0])
             for line in document.splitlines() if line.startswith("<p")}
    largest = sorted(sizes, key=lambda text: -sizes[text])[:2]
    assert largest == [parts().due, parts().todo]


@both_languages
def test_nothing_in_it_acts_or_is_fetched(language: str):
    shown = page(language, is_drill=True)
    assert set(shown.elements) <= HARMLESS
    assert not {name for name, _ in shown.attributes if name.startswith("on") or name in ("src", "class", "id")}
    assert all("url(" not in style and "expression" not in style for style in shown.of("style"))


HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>\0\r\n"


@pytest.mark.parametrize("place", ["subject", "line", "title", "step", "due", "todo", "notes"])
def test_markup_in_any_word_is_text(place: str):
    shown = page(**{place: [HOSTILE] if place == "notes" else HOSTILE})
    assert shown.elements == page().elements
    assert "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>" in " ".join(shown.texts)


@pytest.mark.parametrize("link", ["", "javascript:alert(1)", "https://a b", "https://a\r\nx", "/incidents/1",
                                  "https://例子.中国"])
def test_what_is_no_plain_web_address_becomes_no_button(link: str):
    assert page(link=link).of("href") == [ANSWER]
    assert page(answer_link=link).of("href") == [LINK]


def test_a_quote_in_a_link_stays_in_the_link():
    assert page(link='https://a.example/"onclick="x').of("href") == [ANSWER, 'https://a.example/"onclick="x']


@pytest.mark.parametrize(("language", "mark"), [("zh", "【演练】"), ("en", "[DRILL]")])
def test_a_drill_says_so_first_and_last(language: str, mark: str):
    texts = page(language, is_drill=True).texts
    assert (texts[1].upper(), texts[-1].upper()) == (mark, mark)  # the first of all is the title of the document
    assert mark not in " ".join(page(language).texts).upper()


def test_a_mail_that_asks_for_nothing_has_no_empty_places():
    shown = page(due="", todo="", answer_link=None, link="", notes=())
    assert shown.of("href") == []
    assert shown.texts == [parts().subject, parts().title, parts().step, parts().line]

