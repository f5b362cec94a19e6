"""Gaps in words, for a person who must fill them: a line for an SMS, a text for a mail, a clause for a page.

Pure: gaps and a reader's phrases in, texts out. The SMS names no person, no number and no address.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from incident_clock.people.access import role_title
from incident_clock.people.readiness import (
    AWAY,
    GONE,
    NO_ADDRESS,
    NO_CHANNEL,
    NO_HOLDER,
    NOT_ROSTERED,
    Gap,
    Hole,
    Lack,
    holes,
)
from incident_clock.people.readiness_days import DEAD, NO_STAND_IN, ONE_WAY, PAGE_ONLY, OnDuty
from incident_clock.phrases import CHINESE, N_, Phrases

MAIL_LINES = 40  # holes listed in one mail
MOST_COUNTED = 99  # a larger number says nothing more, and lengthens an SMS

WHY = {
    NOT_ROSTERED: N_("未排班"), GONE: N_("排的人已不在通讯录"), AWAY: N_("%(people)s不在岗，无人接替"),
    NO_HOLDER: N_("没有人担任"), NO_ADDRESS: N_("%(people)s没有可用的号码或邮箱"), NO_CHANNEL: N_("没有启用发送渠道"),
}
WEAK = {NO_STAND_IN: N_("无B角"), PAGE_ONLY: N_("只有页面提醒"), DEAD: N_("号码失效")}
ONLY = {"sms": N_("只有短信"), "email": N_("只有邮件")}
WEEKDAYS = (N_("周一"), N_("周二"), N_("周三"), N_("周四"), N_("周五"), N_("周六"), N_("周日"))


def subject(gaps: Sequence[Gap], phrases: Phrases, *, days: int) -> str:
    """The mail's subject."""
    return phrases.say(N_("值守检查：今后%(days)s天%(count)s处无人可催"), days=days, count=len(holes(gaps)))


def sms_line(gaps: Sequence[Gap], phrases: Phrases, *, days: int) -> str:
    """How many gaps, and day and role of the earliest: at most 62 characters, so that a signature of 8 fits into one
    SMS. `gaps` are not empty."""
    found = holes(gaps)
    return phrases.say(N_("今后%(days)s天有%(count)s处催办无人可接，最早%(day)s %(role)s。请及时安排。"), days=days,
                       count=min(len(found), MOST_COUNTED), day=phrases.day(found[0].from_at),
                       role=phrases.say(role_title(found[0].lack.role)))


def mail_text(gaps: Sequence[Gap], phrases: Phrases, *, days: int) -> str:
    """Every hole with its span, reason and the rungs that are short, a line each."""
    found = holes(gaps)
    lines = [phrases.say(N_("今后%(days)s天有%(count)s处催办无人可接："), days=days, count=len(found)), ""]
    lines += [hole_line(hole, phrases) for hole in found[:MAIL_LINES]]
    if len(found) > MAIL_LINES:
        lines.append(phrases.say(N_("另有%(count)s处，见值守检查页。"), count=len(found) - MAIL_LINES))
    return "\n".join([*lines, "", phrases.say(N_("请补排班次、指定代理人，或补上号码和邮箱。")), ""])


def hole_line(hole: Hole, phrases: Phrases) -> str:
    """`2026-03-14 08:30 至 2026-03-15 08:30 带班领导：未排班（电话上报第3级、初步报告第2级）`."""
    rungs: dict[str, list[int]] = {}
    for gap in hole.gaps:
        numbers = rungs.setdefault(gap.step_title[phrases.language], [])
        numbers += [] if gap.rung in numbers else [gap.rung]
    touched = phrases.names(
        phrases.say(N_("%(step)s第%(rungs)s级"), step=step, rungs=phrases.names(map(str, sorted(numbers))))
        for step, numbers in rungs.items())
    return phrases.say(N_("%(from)s 至 %(until)s %(role)s：%(why)s（%(rungs)s）"), role=role(hole.lack, phrases),
                       why=why(hole.lack, phrases), rungs=touched,
                       **{"from": phrases.moment(hole.from_at), "until": phrases.moment(hole.until_at)})


def role(lack: Lack, phrases: Phrases) -> str:
    return phrases.say(role_title(lack.role))


def why(lack: Lack, phrases: Phrases) -> str:
    """Why nobody is reached: `未排班`, `陈己不在岗，无人接替`."""
    return phrases.say(WHY[lack.why], people=phrases.names(lack.people))


def reasons(lacks: Iterable[Lack], phrases: Phrases) -> str:
    """`带班领导：未排班；分管领导：没有人担任`."""
    return ("；" if phrases.language == CHINESE else "; ").join(
        phrases.say(N_("%(role)s：%(why)s"), role=role(lack, phrases), why=why(lack, phrases)) for lack in lacks)


def weakness(one: OnDuty, phrases: Phrases) -> str:
    """What is weak about somebody: `无B角、只有邮件`."""
    only = next((way.channel for way in one.ways if way.channel in ONLY), "")
    return phrases.names(phrases.say(ONLY[only] if kind == ONE_WAY else WEAK[kind]) for kind in one.weak)


def weekday_of(instant: datetime, phrases: Phrases) -> str:
    """`周六` / `Sat`."""
    return phrases.say(WEEKDAYS[instant.astimezone(phrases.zone).weekday()])


def day_of(instant: datetime, phrases: Phrases) -> str:
    """`3月14日 周六` / `Sat 14 Mar`."""
    parts = phrases.day(instant), weekday_of(instant, phrases)
    return " ".join(parts if phrases.language == CHINESE else parts[::-1])
