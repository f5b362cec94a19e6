"""The file that describes a government SMS platform or a carrier's line: read, checked, complained about by line.

Also its small language: places in an answer (`$.data[0].id`), conditions on them (`code == 0`) and `{to}`-like
places in what is sent. Nothing of it is ever run as code.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from incident_clock.channels.base import GATEWAY_DOWN, PERMANENT, TEMPORARY
from incident_clock.channels.http_post import url_complaint

MOST_BYTES = 64 * 1024
MOST_VALUES = 500
METHODS = ("POST", "PUT", "GET")
FATES = (PERMANENT, TEMPORARY, GATEWAY_DOWN)
KEYS = ("url", "method", "headers", "body", "form", "success", "id", "code", "codes")
WORDS = ("to", "mobile", "text", "reference", "tracking", "template")

PLACEHOLDER = re.compile(r"\{([A-Za-z_][\w.]*)\}")
PATH = re.compile(r"(?:\$\.?)?([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d{1,3}\])*)")
CONDITION = re.compile(r"\s*(\S+?)\s*(==|!=|\bnot in\b|\bin\b)\s*(.+?)\s*", re.DOTALL)
HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
MISSING = object()  # what a path finds that leads nowhere


@dataclass(frozen=True, slots=True)
class Condition:
    """`path` compared with one of `values`; kinds count, so that 0, "0" and false are three things."""

    path: str
    is_wanted: bool
    values: tuple[Any, ...]

    def holds(self, body: Any) -> bool | None:
        """None: the answer has nothing there."""
        found = reach(body, self.path)
        if found is MISSING:
            return None
        return any(type(found) is type(value) and found == value for value in self.values) == self.is_wanted


@dataclass(frozen=True, slots=True)
class HttpGatewayFile:
    """A checked description. Its headers and body may hold passwords, so they stay out of its `repr`."""

    url: str = field(repr=False)
    success: Condition
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    id_path: str | None = None
    code_path: str | None = None
    codes: Mapping[str, str] = field(default_factory=dict)


def read_http_gateway(path: Path) -> tuple[HttpGatewayFile | None, list[str]]:
    """The description, or None and every complaint as `file:line: place: what is wrong`."""
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            return None, [f"{path}: is longer than {MOST_BYTES // 1024} KB."]
        tree = YAML(typ="rt", pure=True).load(raw.decode())
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, [f"{path}:{line}: is no proper YAML: {error.problem}."]
    except (OSError, ValueError, YAMLError, RecursionError) as error:
        return None, [f"{path}: cannot be read ({type(error).__name__})."]
    if not isinstance(tree, dict):
        return None, [f"{path}:1: must be a list of settings like url: https://…"]
    complaints = [f"{path}:{_line(tree, place)}: {'.'.join(map(str, place))}: {what}"
                  for place, what in _complaints(tree)]
    return (None, complaints) if complaints else (_described(tree), [])


def reach(body: Any, path: str) -> Any:
    """What stands at `$.a.b[0]` of an answer, or MISSING."""
    whole = PATH.fullmatch(path)
    for name, number in re.findall(r"([A-Za-z_]\w*)|\[(\d+)\]", whole[1] if whole else ""):
        if name:
            body = body.get(name, MISSING) if isinstance(body, dict) else MISSING
        else:
            body = body[int(number)] if isinstance(body, list) and int(number) < len(body) else MISSING
    return body


def condition_of(written: object) -> Condition | None:
    """`code == 0`, `$.status in [0, "OK"]` and their opposites; None where it is none of these."""
    found = CONDITION.fullmatch(written) if isinstance(written, str) else None
    if found is None or not PATH.fullmatch(found[1]):
        return None
    try:
        value = json.loads(found[3])
    except (ValueError, RecursionError):
        return None
    is_list = found[2].endswith("in")
    values = value if isinstance(value, list) else [value]
    if is_list != isinstance(value, list) or any(isinstance(one, dict | list) for one in values):
        return None
    return Condition(found[1], found[2] in ("==", "in"), tuple(values))


def strings(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every text of a template with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from strings(one, (*place, key))


def _complaints(tree: dict[Any, Any]) -> Iterator[tuple[tuple[Any, ...], str]]:
    for key in tree:
        if key not in KEYS:
            yield (key,), f"is no setting; there are {', '.join(KEYS)}."
    url = tree.get("url")
    complaint = url_complaint(url, "It") if isinstance(url, str) else "It is missing."
    if complaint:
        yield ("url",), complaint
    if tree.get("method", "POST") not in METHODS:
        yield ("method",), f"must be one of {', '.join(METHODS)}."
    yield from _complaints_of_content(tree)
    if condition_of(tree.get("success")) is None:
        yield ("success",), 'must be a condition on the answer like code == 0 or $.status in [0, "OK"].'
    for key in ("id", "code"):
        if key in tree and not (isinstance(tree[key], str) and PATH.fullmatch(tree[key])):
            yield (key,), "must be a place in the answer like $.data.msgid."
    codes = tree.get("codes", {})
    if not isinstance(codes, dict):
        yield ("codes",), f"must be a list of code: one of {', '.join(FATES)}."
    else:
        for code, fate in codes.items():
            if fate not in FATES:
                yield ("codes", code), f"must be one of {', '.join(FATES)}."


def _complaints_of_content(tree: dict[Any, Any]) -> Iterator[tuple[tuple[Any, ...], str]]:
    headers, form = tree.get("headers", {}), tree.get("form", {})
    for key, flat in (("headers", headers), ("form", form)):
        if not isinstance(flat, dict) or any(not isinstance(one, str | int) for one in flat.values()):
            yield (key,), "must be a list of name: text."
    if isinstance(headers, dict):
        for name, text in headers.items():
            if not HEADER_NAME.fullmatch(str(name)) or not str(text).isascii() or not str(text).isprintable():
                yield ("headers", name), "must be a name and a text of plain ASCII."
    if ("body" in tree) == ("form" in tree):
        yield ("body" if "body" in tree else "url",), "one of body (sent as JSON) and form is needed, not both."
    elif tree.get("method") == "GET" and "body" in tree:
        yield ("body",), "cannot be sent with GET: write form."
    number = 0
    for number, (place, text) in enumerate(strings({key: tree[key] for key in ("body", "form") if key in tree})):
        if number > MOST_VALUES:
            break
        for name in PLACEHOLDER.findall(text):
            if name not in WORDS and not re.fullmatch(r"params\.\w+", name):
                yield place, f"{{{name}}} is unknown; there are {{{'}, {'.join(WORDS)}}} and {{params.…}}."
    if number > MOST_VALUES:
        yield ("url",), f"the file holds more than {MOST_VALUES} texts."
        return
    try:
        json.dumps(tree.get("body"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        yield ("body",), "holds a value that JSON does not have, such as a date: put it in quotes."


def _line(tree: Any, place: tuple[Any, ...]) -> int:
    """The line of the innermost known part of a place."""
    line: int = 1
    for key in place:
        try:
            at = tree.lc  # of a mapping or a list as ruamel reads them
            line = (at.key(key) if isinstance(tree, dict) else at.item(key))[0] + 1
            tree = tree[key]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line


def _described(tree: dict[Any, Any]) -> HttpGatewayFile:
    success = condition_of(tree["success"])
    assert success is not None
    form = tree.get("form")
    return HttpGatewayFile(
        url=tree["url"], success=success, method=tree.get("method", "POST"), body=tree.get("body"),
        headers={str(name): str(text) for name, text in tree.get("headers", {}).items()},
        form=None if form is None else {str(name): str(text) for name, text in form.items()},
        id_path=tree.get("id"), code_path=tree.get("code"),
        codes={str(code): fate for code, fate in tree.get("codes", {}).items()})
