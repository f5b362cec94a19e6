"""The HTML twin of a mail's text: the deadline and the one thing to do large, and a button for each link.

Calm and small: inline styles only, tables where Outlook needs them, no images, no scripts, nothing from elsewhere.
Every word comes in finished (`wording.py` makes them) and is escaped here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from incident_clock.phrases import CHINESE, Phrases

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
WEB_ADDRESS = re.compile(r"https?://[!-~]+")

# The colours of the page in daylight (`web/static/clock.css`).
PAPER, CARD, LINE, INK, QUIET_INK = "#f3f5f7", "#ffffff", "#d3dbe2", "#13202b", "#455463"
ACT, ACT_INK, DRILL, DRILL_PAPER = "#0b4f82", "#ffffff", "#4b3a8f", "#efedfa"
SMALL = f"font-size:14px;color:{QUIET_INK}"
LAYOUT = 'role="presentation" cellpadding="0" cellspacing="0"'  # of a table that is none
FONT = "'PingFang SC','HarmonyOS Sans SC','Microsoft YaHei',system-ui,sans-serif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The finished words of a mail, in its reader's language.

    `line` is that of the SMS, with reference and copy mark; `due` the deadline (`2026-03-12 14:25 截止`) and `todo` the
    one thing to do, each empty where the mail asks for nothing; `link` the incident's page; `answer_link` the one-time
    address at which its reader acknowledges; `notes` go below.
    """

    subject: str
    line: str
    title: str
    step: str
    due: str = ""
    todo: str = ""
    link: str = ""
    answer_link: str | None = None
    is_drill: bool = False
    notes: Sequence[str] = ()


def html_of(parts: Parts, phrases: Phrases) -> str:
    """The whole document, in ASCII but for the words."""
    can_answer = _is_web(parts.answer_link)
    mark = _drill_mark(phrases) if parts.is_drill else ""
    language = "zh-Hans-CN" if phrases.language == CHINESE else "en"
    blocks = [
        mark,
        _paragraph(parts.title, f"font-size:16px;color:{QUIET_INK}"),
        _paragraph(parts.step, "font-size:20px;font-weight:bold"),
        _paragraph(parts.due, "font-size:26px;line-height:34px;font-weight:bold"),
        _paragraph(parts.todo, "font-size:22px;line-height:32px;font-weight:bold"),
        _button(parts.answer_link or "", phrases.say("确认收到"), is_main=True),
        _paragraph(phrases.say("只有本人能用，一次有效；打开后再按一次才算确认。") if can_answer else "", SMALL),
        _button(parts.link, phrases.say("打开事件页，登记办理情况"), is_main=not can_answer),
        _paragraph(parts.line, f"font-size:16px;border-top:1px solid {LINE};padding-top:12px"),
        *(_paragraph(note, SMALL) for note in parts.notes),
        mark,
    ]
    inside = "\n".join(block for block in blocks if block)
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="color-scheme" content="light"><title>{_safe(parts.subject)}</title></head>\n'
        f'<body style="margin:0;padding:16px;background:{PAPER}">\n'
        f'<table {LAYOUT} width="100%" style="max-width:560px;margin:0 auto">'
        f'<tr><td style="padding:20px;background:{CARD};border:1px solid {LINE};color:{INK};font-family:{FONT};'
        f'line-height:1.5;word-break:break-word">\n{inside}\n</td></tr></table>\n</body>\n</html>\n')


def _drill_mark(phrases: Phrases) -> str:
    return _paragraph(phrases.say("【演练】"),
                      f"font-size:18px;font-weight:bold;padding:6px 10px;color:{DRILL};background:{DRILL_PAPER}")


def _paragraph(text: str, style: str) -> str:
    return f'<p style="margin:0 0 12px;{style}">{_safe(text)}</p>' if text else ""


def _button(link: str, words: str, *, is_main: bool) -> str:
    """A link as a button; nothing for what is no web address. The colour stands on the cell, for Outlook."""
    if not _is_web(link):
        return ""
    ink, paper = (ACT_INK, ACT) if is_main else (ACT, CARD)
    return (f'<table {LAYOUT} style="margin:0 0 12px"><tr>'
            f'<td bgcolor="{paper}" style="background:{paper};border:1px solid {ACT};border-radius:8px;'
            f'padding:12px 20px"><a href="{_safe(link)}" style="color:{ink};font-size:18px;font-weight:bold;'
            f'text-decoration:none;display:block">{_safe(words)}</a></td></tr></table>')


def _is_web(link: str | None) -> bool:
    return bool(link and WEB_ADDRESS.fullmatch(link))


def _safe(text: str) -> str:
    return escape(UNPRINTABLE.sub(" ", text), quote=True)
