"""A YAML file as a tree of places that know their line: read it, walk it, complain where it is wrong.

Lists count from 1 in a path. Knows nothing of protocols, and makes no object of anything in the file.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from incident_clock.protocol.complaints import Complaints, closest, instead, is_invisible, shown

MOST_BYTES = 256 * 1024
MOST_ITEMS = 50  # of one list

_TAG = "tag:yaml.org,2002:"
_KINDS = {f"{_TAG}int": "the number", f"{_TAG}float": "the number", f"{_TAG}bool": "the truth value"}


@dataclass(frozen=True, slots=True)
class Place:
    """One value of the file. A reader method that cannot read it complains and gives an empty value to go on with.

    `node` None: the key is not in the file. That was complained about where it was required, and reads as empty.
    `key_line` is the line of its key, for a value that is not there to have one; 0 without a key.
    """

    node: Node | None
    path: str
    complaints: Complaints
    key_line: int = 0

    @property
    def is_absent(self) -> bool:
        return self.node is None

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, MappingNode)

    @property
    def line(self) -> int:
        if self.node is None or (self.key_line and self.node.value == ""):
            return self.key_line or 1
        return _line(self.node)

    def complain(self, what: str) -> None:
        self.complaints.add(self.line, what, path=self.path)

    def fields(self, *, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, "Place"]:
        """The values of a mapping: every key of `required` and `optional` is in the answer, absent or not."""
        known = (*required, *optional)
        found: dict[str, Place] = {}
        if isinstance(self.node, MappingNode):
            guesses: dict[str, Place] = {}
            for key, value in self.node.value:
                name = str(key.value) if isinstance(key, ScalarNode) else ""
                if name in found:
                    self.complaints.add(_line(key), "stands here a second time; keep one of them", path=self._at(name))
                elif name in known:
                    found[name] = Place(value, self._at(name), self.complaints, _line(key))
                else:
                    self._complain_of_key(key, name, known)
                    meant = closest(name, known)
                    guesses[meant] = Place(value, self._at(meant), self.complaints, _line(key))
            found = {name: guess for name, guess in guesses.items() if name} | found
            missing = [name for name in required if name not in found]
            if missing:
                self.complain(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; "
                              f"write {' and '.join(f'`{name}: …`' for name in missing)}")
        elif self.node is not None:
            self.complain(f"is {self.quoted()}; write a mapping with the keys {', '.join(required)}")
        return {name: found.get(name, Place(None, self._at(name), self.complaints)) for name in known}

    def items(self, *, example: str) -> list["Place"]:
        """The values of a list with at least one; `example` shows how to write it."""
        if self.node is None:
            return []
        if not isinstance(self.node, SequenceNode):
            self.complain(f"is {self.quoted()}; write a list: {example}")
            return []
        if not self.node.value:
            self.complain(f"is an empty list; write {example}")
        if len(self.node.value) > MOST_ITEMS:
            self.complain(f"has {len(self.node.value)} entries; write at most {MOST_ITEMS}")
        return [Place(node, f"{self.path}[{number}]", self.complaints)
                for number, node in enumerate(self.node.value[:MOST_ITEMS], start=1)]

    def text(self, *, longest: int, pattern: str = "", example: str = "") -> str:
        """One line of text without invisible characters; `pattern` must match the whole of it."""
        if self.node is None:
            return ""
        if not isinstance(self.node, ScalarNode) or not self.node.value.strip():
            self.complain(f"is {self.quoted()}; write a text{f' like {example}' if example else ''}")
        elif self.node.tag != f"{_TAG}str":
            self.complain(f"is {self.quoted()}, not a text; put it in quotes: \"{shown(self.node.value)}\"")
        else:
            text = str(self.node.value).strip()
            if any(is_invisible(character) for character in text):
                self.complain(f"is {self.quoted()} with a line break or an invisible character; write one plain line")
            elif len(text) > longest:
                self.complain(f"is {len(text)} characters long; write at most {longest}")
            elif pattern and not re.fullmatch(pattern, text):
                self.complain(f"is {self.quoted()}; write something like {example}")
            else:
                return text
        return ""

    def choice(self, known: Iterable[str], *, noun: str) -> str:
        """One of the `known` words; `noun` says what they are."""
        words = tuple(known)
        text = self.text(longest=60, example=words[0])
        if text and text not in words:
            self.complain(f"\"{shown(text)}\" is not a known {noun}; {instead(text, words)}")
            return ""
        return text

    def whole_number(self, *, least: int, most: int) -> int:
        if self.node is None:
            return least
        written = self.node.value if isinstance(self.node, ScalarNode) else ""
        if self.node.tag != f"{_TAG}int" or not re.fullmatch("[0-9]{1,9}", written):
            self.complain(f"is {self.quoted()}; write a whole number like {least}")
        elif not least <= int(written) <= most:
            self.complain(f"is {written}; write a whole number from {least} to {most}")
        else:
            return int(written)
        return least

    def scalar(self) -> str:
        """What is written, number or text alike; empty for a list, a mapping or nothing."""
        return str(self.node.value).strip() if isinstance(self.node, ScalarNode) else ""

    def quoted(self) -> str:
        """The value in words, for a complaint: `the number 20`, `a list`, `nothing`."""
        if isinstance(self.node, MappingNode):
            return "a mapping"
        if isinstance(self.node, SequenceNode):
            return "a list"
        if self.node is None or not self.node.value.strip():
            return "nothing"
        kind = _KINDS.get(str(self.node.tag))
        return f"{kind} {shown(self.node.value)}" if kind else f"\"{shown(self.node.value)}\""

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def _complain_of_key(self, key: Node, name: str, known: tuple[str, ...]) -> None:
        if name:
            self.complaints.add(_line(key), f"unknown key; {instead(name, known)}", path=self._at(shown(name)))
        else:
            self.complaints.add(_line(key), f"has a key that is not a word; {instead(name, known)}", path=self.path)


def read_tree(complaints: Complaints) -> Place:
    """The whole of `complaints.file`; an absent place when it cannot be read as YAML, which was complained about."""
    text = _read_text(complaints)
    root = None if text is None else _compose(text, complaints)
    if root is None and not complaints.lines:
        complaints.add(1, "is empty; start from a file in config/")
    return Place(root, "", complaints)


def _read_text(complaints: Complaints) -> str | None:
    try:
        with complaints.file.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        complaints.add(1, f"cannot be read: {reason}; check the path and the file's permissions")
        return None
    if len(content) > MOST_BYTES:
        complaints.add(1, f"is larger than {MOST_BYTES // 1024} KiB; write a shorter file")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        complaints.add(content.count(b"\n", 0, error.start) + 1, "is not UTF-8 text; save it with the encoding UTF-8")
        return None


def _compose(text: str, complaints: Complaints) -> Node | None:
    """The tree without making any object of it: no tag of the file is ever carried out."""
    try:
        return YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        _complain_of_syntax(error, text, complaints)
    except ReaderError as error:
        complaints.add(text.count("\n", 0, error.position) + 1,
                       "is not readable as YAML: a control character stands here; remove it")
    except RecursionError:
        complaints.add(1, "is nested too deeply; write it like the files in config/")
    except Exception as error:  # a flaw of the YAML library is still a fault of the file to the person who wrote it
        complaints.add(1, f"is not readable as YAML ({type(error).__name__}); write it like the files in config/")
    return None


def _complain_of_syntax(error: MarkedYAMLError, text: str, complaints: Complaints) -> None:
    mark = error.problem_mark or error.context_mark
    number = mark.line + 1 if mark is not None else 1
    lines = text.splitlines()
    indent = re.match(r"\s*", lines[number - 1])[0] if number <= len(lines) else ""  # type: ignore[index]
    if "\t" in indent:
        complaints.add(number, "is indented with a tab; YAML wants spaces, two for each level")
    else:
        why = " ".join(f"{error.problem or error.context or 'wrong syntax'}".split())
        complaints.add(number, f"is not readable as YAML: {shown(why, longest=120)}; "
                       "look for a missing colon, bracket or quote, here or in the line before")


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
