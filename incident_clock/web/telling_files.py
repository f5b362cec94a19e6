"""Files kept as evidence, in words: their size, their kind, and their entry in the timeline. Pure."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from incident_clock.phrases import N_, Phrases
from incident_clock.registry.attachments import MB
from incident_clock.registry.file_kinds import KINDS as FILE_KINDS
from incident_clock.views.shapes import EntryView
from incident_clock.web.telling_replies import Words

if TYPE_CHECKING:
    from incident_clock.web.telling_timeline import Timeline

KB = 1024  # bytes
SHOWN_OF_HASH = 12  # characters


def size(count: int) -> str:
    """`1.2 MB`, `35 KB`, `812 B`: the same in both languages."""
    if count >= MB:
        return f"{count / MB:.1f} MB"
    return f"{count / KB:.0f} KB" if count >= KB else f"{count} B"


def kind(media_type: str, phrases: Phrases) -> str:
    """What a file is called by its content."""
    found = FILE_KINDS.get(media_type)
    return phrases.say(found.title) if found else media_type


def _attached(line: "Timeline", entry: EntryView) -> Words:
    body: dict[str, Any] = entry.body
    notes = [kind(str(body["media_type"]), line.telling.phrases), size(int(body["size"] or 0)),
             line.say(N_("SHA-256 %(hash)s…"), hash=str(body["sha256"])[:SHOWN_OF_HASH])]
    if body.get("about") is not None:
        notes.insert(0, line.say(N_("第%(sequence)s条的凭证"), sequence=body["about"]))
    if body.get("supersedes") is not None:
        notes.insert(0, line.say(N_("代替第%(sequence)s条的附件，原附件保留"), sequence=body["supersedes"]))
    return line.say(N_("上传附件")), line.names([body.get("name")]), (line.telling.clauses(notes),)


KINDS: dict[str, Callable[["Timeline", EntryView], Words]] = {"FileAttached": _attached}
