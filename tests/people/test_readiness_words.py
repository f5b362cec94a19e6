"""Gaps in words: the SMS fits into one and gives nobody away, the mail lists each gap, every reason has its clause."""

from datetime import timedelta

import pytest

from incident_clock.people import gap_words
from incident_clock.people.access import TITLES
from incident_clock.people.gap_words import MAIL_LINES, WHY
from incident_clock.people.readiness import AWAY, NO_ADDRESS, NOT_ROSTERED, Gap, Lack
from incident_clock.people.readiness_days import board
from incident_clock.phrases import Phrases
from incident_clock.protocol.steps import AFTER, ROLES
from tests.people.readiness_rig import BOTH, DUTY, at, away, book, card, found, shift, staff
from tests.support.bureau import ZONE, rung, small_rule

ZH, EN = Phrases("zh", ZONE), Phrases("en", ZONE)
SIGNATURE = "【云河综合执法】"
ONE_SMS = 70  # characters


def gap(role: str, hour: float = 48, *, rung: int = 1, why: str = NOT_ROSTERED, people: tuple[str, ...] = ()) -> Gap:
    return Gap("small", "phone_report", {"zh": "电话上报", "en": "Phone report"}, rung, at(hour), at(hour + 1),
               (Lack(role, why, people),), True)


# Twelve holes of one hour each, the first on the 28th of a month: two digits wherever there can be two.
MANY = [gap("head", 24 * 274 + 24 * number) for number in range(12)]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("words", [ZH, EN], ids=["zh", "en"])
def test_the_line_fits_into_one_sms_with_its_signature(words: Phrases, role: str) -> None:
    line = gap_words.sms_line([gap(role, 24 * 274 - 1), *MANY * 10], words, days=14)
    assert words.say(TITLES[role]) in line
    assert len(SIGNATURE + line) <= ONE_SMS, line


def test_a_hundred_gaps_do_not_lengthen_the_line() -> None:
    many = [gap("head", 2 * hour) for hour in range(400)]
    assert len(SIGNATURE + gap_words.sms_line(many, ZH, days=14)) <= ONE_SMS
    assert "99处" in gap_words.sms_line(many, ZH, days=14)


def test_the_line_names_how_many_and_day_and_role_of_the_earliest_and_nobody() -> None:
    gaps = [gap("duty_leader", 56.5, rung=2), gap("duty_leader", 56.5, rung=3), gap("deputy", 100, why=AWAY, people=("王丁",))]
    assert gap_words.sms_line(gaps, ZH, days=14) == "今后14天有2处催办无人可接，最早3月14日 带班领导。请及时安排。"
    assert "王丁" not in gap_words.sms_line(gaps[2:], ZH, days=14)
    assert gap_words.subject(gaps, ZH, days=14) == "值守检查：今后14天2处无人可催"


def test_the_mail_lists_each_hole_with_its_rungs_and_its_reason() -> None:
    duty_book = book(*staff(wang=card("wang", "deputy")), shifts=[shift("zhou", -15.5, 8.5)], absences=[away("wang", 30, 54)])
    text = gap_words.mail_text(found(duty_book, until=72), ZH, days=14)
    assert text.splitlines()[:4] == [
        "今后14天有2处催办无人可接：", "",
        "2026-03-12 08:30 至 2026-03-15 00:00 值班员：未排班（电话上报第1、2级）",
        "2026-03-13 06:00 至 2026-03-14 06:00 分管领导：WANG不在岗，无人接替（电话上报第3级）"]
    assert text.splitlines()[-1] == "请补排班次、指定代理人，或补上号码和邮箱。"


def test_a_long_mail_says_how_many_it_leaves_out() -> None:
    text = gap_words.mail_text([gap("head", 2 * hour) for hour in range(MAIL_LINES + 3)], ZH, days=14)
    assert text.count("主要领导") == MAIL_LINES
    assert "另有3处" in text
    assert "另有" not in gap_words.mail_text([gap("head", 2 * hour) for hour in range(MAIL_LINES)], ZH, days=14)


@pytest.mark.parametrize("why", WHY)
def test_every_reason_has_its_clause_in_both_languages(why: str) -> None:
    lack = Lack("head", why, ("冯戊", "王丁") if why in (AWAY, NO_ADDRESS) else ())
    assert ("冯戊、王丁" in gap_words.why(lack, ZH)) is bool(lack.people)
    assert gap_words.reasons([lack, lack], ZH).count("主要领导：") == 2
    assert gap_words.why(lack, EN)


@pytest.mark.parametrize(("feng", "channels", "expected"), [
    ({}, BOTH, "无B角"), ({"phone": False, "stand_in": "wang"}, BOTH, "只有邮件"),
    ({"email": False}, BOTH, "无B角、只有短信"), ({"phone": False, "email": False}, (*BOTH, "console"), "无B角、只有页面提醒")])
def test_what_is_weak_about_somebody_is_said(feng: dict, channels: tuple, expected: str) -> None:
    people = [card("feng", "head", **feng), card("wang", "deputy")]
    shown = board(book(*people), [small_rule(rung(1, AFTER, 0, "head"))], channels=channels, since=at(0), days=1, zone=ZONE)
    assert [gap_words.weakness(place.person, ZH) for place in shown.weak] == [expected]


def test_a_day_is_named_with_its_weekday() -> None:
    assert [gap_words.day_of(at(24 * day), ZH) for day in (0, 2, 3)] == ["3月12日 周四", "3月14日 周六", "3月15日 周日"]
    assert gap_words.day_of(at(48) - timedelta(seconds=1), ZH) == "3月13日 周五"


def test_the_gaps_of_the_rules_are_worded_as_they_are_found() -> None:
    (first, *_) = found(book(*staff("feng", "wang")), rules=[DUTY])
    assert gap_words.hole_line(gap_words.holes([first])[0], ZH) == \
        "2026-03-12 00:00 至 2026-03-13 00:00 分管领导：没有人担任（电话上报第3级）"
