"""What people read, in Chinese first and English second: catalogues, durations and instants in words.

Message ids are the Chinese texts themselves, so a missing translation falls back to Chinese and the source
reads as the page does. English lives in `translations/en/LC_MESSAGES/messages.po`, read without a compile step.
Used by the page, the SMS and e-mail texts and the API alike; knows nothing of incidents.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.messages.pofile import read_po

from incident_clock.errors import Refusal

CATALOGUES = Path(__file__).parent / "translations"
CHINESE, ENGLISH = "zh", "en"
LANGUAGES = (CHINESE, ENGLISH)

Translate = Callable[[str], str]


def N_(text: str) -> str:
    """Mark a Chinese text for the catalogue where it is written; it is translated where it is read."""
    return text


def language_of(locale: str | None) -> str:
    """`zh_Hans_CN`, `zh-CN`, `en_GB` … → `zh` or `en`; anything unknown is Chinese."""
    return ENGLISH if (locale or "").lower().startswith("en") else CHINESE


@cache
def catalogue(language: str) -> dict[str, str]:
    """Chinese text → text in `language`. Empty for Chinese."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if language == CHINESE or not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale=language) if m.id and m.string}


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words of one reader: language and time zone."""

    language: str
    zone: ZoneInfo

    def say(self, text: str, /, **params: object) -> str:
        """The text in the reader's language, its `%(name)s` places filled."""
        said = catalogue(self.language).get(text, text)
        return said % params if params else said

    def names(self, names: Iterable[str]) -> str:
        return ("、" if self.language == CHINESE else ", ").join(names)

    def refusal(self, refusal: Refusal, *, seen: datetime) -> str:
        """Why something was not carried out, in the reader's words. `seen` is now: other days' instants get a date."""
        return self.say(refusal.phrase, **{name: self._worded(value, seen) for name, value in refusal.params.items()})

    def _worded(self, value: object, seen: datetime) -> object:
        if isinstance(value, datetime):
            return self.at(value, seen=seen)
        if isinstance(value, dict):  # a title in both languages
            return value[self.language]
        if isinstance(value, list | tuple):
            return self.names(str(self._worded(inner, seen)) for inner in value)
        return self.say(value) if isinstance(value, str) else value

    # ── instants (with a colon) ───────────────────────────────────────────────
    def time(self, instant: datetime, *, seconds: bool = False) -> str:
        """`14:05`, or `14:05:30`."""
        return instant.astimezone(self.zone).strftime("%H:%M:%S" if seconds else "%H:%M")

    def day(self, instant: datetime) -> str:
        """`3月12日` / `12 Mar`."""
        local = instant.astimezone(self.zone)
        return f"{local.month}月{local.day}日" if self.language == CHINESE else f"{local.day} {local:%b}"

    def at(self, instant: datetime, *, seen: datetime, seconds: bool = False) -> str:
        """The time of day, led by the date when that is not the day of `seen`: `13日 14:05`."""
        local, there = instant.astimezone(self.zone), seen.astimezone(self.zone)
        text = self.time(instant, seconds=seconds)
        if local.date() == there.date():
            return text
        if local.year != there.year:
            return f"{local:%Y-%m-%d} {text}"
        if self.language == CHINESE and local.month == there.month:
            return f"{local.day}日 {text}"
        return f"{self.day(instant)} {text}"

    def moment(self, instant: datetime) -> str:
        """Date and time in full: `2026-03-12 14:05`."""
        return instant.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    # ── durations (with units, never a colon) ─────────────────────────────────
    def parts(self, duration: timedelta) -> list[tuple[int, str]]:
        """At most two figures with their units: `[(14, "分"), (48, "秒")]`; whole hours and days drop seconds."""
        total = max(0, int(duration.total_seconds()))
        days, rest = divmod(total, 86_400)
        hours, rest = divmod(rest, 3_600)
        minutes, seconds = divmod(rest, 60)
        zh = self.language == CHINESE
        named = [(days, "天" if zh else "d"), (hours, "小时" if zh else "h"), (minutes, "分" if zh else "min"),
                 (seconds, "秒" if zh else "s")]
        while len(named) > 1 and named[0][0] == 0:
            named.pop(0)
        if total < 3_600:
            return [p for p in named if p[0]] or [(0, named[-1][1])]
        return [p for p in named[:2] if p[0]]

    def duration(self, duration: timedelta) -> str:
        """`14分48秒` / `14 min 48 s`."""
        zh = self.language == CHINESE
        return ("" if zh else " ").join(f"{n}{unit}" if zh else f"{n} {unit}" for n, unit in self.parts(duration))

    def minutes(self, minutes: int) -> str:
        """Whole minutes as people say them: `6分`, `1小时5分`."""
        return self.duration(timedelta(minutes=minutes))
