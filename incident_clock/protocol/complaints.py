"""What is wrong with a file, collected until all of it is known, in sentences fit for one line of a terminal.

Every complaint reads `file:line: path.to.field: what is wrong; what to write instead`.
"""

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from incident_clock.errors import ConfigError

LONGEST_QUOTE = 40  # characters of a wrong value that a complaint repeats
SHORTEST_BEGINNING = 3  # characters


@dataclass(slots=True)
class Complaints:
    """What is wrong with one file, so far: (line, sentence)."""

    file: Path
    lines: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, what: str, *, path: str = "") -> None:
        """`line` counts from 1; `path` empty means the file as a whole."""
        self.lines.append((line, f"{self.file}:{line}: {path}{': ' if path else ''}{what}"))


def refuse(complaints: Iterable[Complaints]) -> None:
    """Raises ConfigError with every complaint, each file in the order of its lines; nothing to say, nothing raised."""
    sentences = [sentence for about in complaints for _, sentence in sorted(about.lines, key=lambda entry: entry[0])]
    if sentences:
        raise ConfigError(list(dict.fromkeys(sentences)))


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant; empty when none is near. `duty` means the first one that begins so."""
    words, plain = tuple(known), word.strip().lower().replace("-", "_")[:LONGEST_QUOTE]
    beginning = [each for each in words if len(plain) >= SHORTEST_BEGINNING and each.startswith(plain)]
    return next(iter(beginning or difflib.get_close_matches(plain, words, n=1)), "")


def instead(word: str, known: Iterable[str]) -> str:
    """`did you mean "x"?`, or the whole choice when no known word is near."""
    words = tuple(known)
    meant = closest(word, words)
    return f"did you mean \"{meant}\"?" if meant else f"write one of {', '.join(words)}"


def is_invisible(character: str) -> bool:
    """Control characters, half surrogates, line breaks, zero-width and direction marks."""
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def shown(text: str, *, longest: int = LONGEST_QUOTE) -> str:
    """A foreign text, shortened, with a code for everything one could not see; a full-width space is ordinary."""
    short = text if len(text) <= longest else text[:longest] + "…"
    return "".join(c if c.isprintable() or c == "\u3000" else c.encode("unicode_escape").decode() for c in short)
