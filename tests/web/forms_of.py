"""Reads the forms of a page as a browser does: where they post to, and what they hold before anybody types."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._inside: Form | None = None
        self._select: str | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._inside = Form(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._inside)
        if self._inside is None:
            return
        name = given.get("name")
        is_choice = given.get("type") in ("radio", "checkbox")
        if tag == "input" and name and (not is_choice or "checked" in given):
            self._inside.fields[name] = given.get("value", "")
        if tag == "select":
            self._select = name
        if tag == "option" and self._select and ("selected" in given or self._select not in self._inside.fields):
            self._inside.fields[self._select] = given.get("value", "")
        if tag == "textarea" and name:
            self._textarea = name
            self._inside.fields[name] = ""

    def handle_data(self, data: str) -> None:
        if self._inside is not None and self._textarea:
            self._inside.fields[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._textarea = None


def forms_of(html: str) -> list[Form]:
    reader = _Reader()
    reader.feed(html)
    return reader.forms
