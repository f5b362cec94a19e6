"""Sentences of the forecast: pure values in, words out."""

from datetime import timedelta
from typing import Any

import pytest

from incident_clock.outbox.messages import REMINDER, STAND_IN
from incident_clock.people.readiness import Lack
from incident_clock.phrases import Phrases
from incident_clock.protocol.ladder import PassedOver
from incident_clock.protocol.steps import AFTER
from incident_clock.registry.facts import RungRaised, StandInCalled
from incident_clock.views.explaining import PastCall
from incident_clock.views.forecast_shapes import Again, Call, Recipient
from incident_clock.views.shapes import EntryView, Name
from incident_clock.web.telling import Telling
from incident_clock.web.telling_forecast import REASONS, ForecastWords
from tests.support.bureau import ZONE, rung, small_rule
from tests.web.house import at
from tests.web.test_telling import incident

NOW = at("14:50:12")
WORDS = ForecastWords(Telling(Phrases("zh", ZONE), NOW))
STEP = small_rule(rung(1, AFTER, 0, "duty_officer")).steps[0]
ZHOU, JIANG, ZHENG = (Name(key, name, role) for key, name, role in (
    ("zhou", "周甲", "duty_officer"), ("jiang", "蒋壬", "duty_officer"), ("zheng", "郑丙", "duty_leader")))


def recipient(**changed: Any) -> Recipient:
    return Recipient(**{"person": JIANG, "why": "directory", "of": None, "from_at": None, "until_at": None,
                        "ways": (("sms", "****0009"),), **changed})


def call(**changed: Any) -> Call:
    return Call(**{"at": at("15:00"), "planned_at": at("15:00"), "kind": REMINDER, "step": STEP, "due_at": at("15:05"), "rung": 3,
                   "repeat": 0, "told_rung": 3, "reason": "on_time", "recipients": (recipient(),), **changed})


def past(kind: str, **body: Any) -> list[str]:
    body = {"RungRaised": {"step": STEP.key, "rung": 2, "repeat": 0, "told_rung": 2, "skipped": [], "reason": "on_time",
                           "audience": [], "unreachable": [], "passed_over": [], "paused": [], "capped": []}}.get(kind, {}) | body
    entry = EntryView(7, kind, NOW, NOW, None, "engine", body, "ab", False)
    return WORDS.past_notes(PastCall(entry, STEP.title, ()), incident())


@pytest.mark.parametrize(("given", "said"), [
    ({"why": "directory"}, "通讯录"),
    ({"why": "shift", "until_at": at("20:00")}, "值班表（至 20:00）"),
    ({"why": "shift", "until_at": at("08:30") + timedelta(days=1)}, "值班表（至 3月13日 08:30）"),
    ({"why": "cover", "of": ZHOU, "until_at": at("20:00")}, "替班，代 周甲（至 20:00）"),
    ({"why": "acting", "of": ZHENG, "until_at": at("20:00")}, "代理，代 郑丙（至 20:00）"),
    ({"why": "stand_in", "of": ZHENG}, "B角，代 郑丙")])
def test_why_it_is_this_person(given: dict[str, Any], said: str):
    assert WORDS.why(recipient(**given)) == said


@pytest.mark.parametrize(("given", "said"), [
    ({"ways": (("sms", "****0009"), ("email", "ji…@example.com"))}, "短信 ****0009、邮件 ji…@example.com"),
    ({"ways": (("console", ""),)}, "页面"),
    ({"ways": (("email", "ji…@example.com"),), "is_capped": True}, "邮件 ji…@example.com；短信已达每日上限，改走别的渠道")])
def test_how_a_person_is_reached(given: dict[str, Any], said: str):
    assert WORDS.ways(recipient(**given)) == said


@pytest.mark.parametrize(("given", "heading", "left"), [
    ({}, "第3级", "剩5分"), ({"at": at("15:05")}, "第3级", "到时限"),
    ({"at": at("15:06"), "rung": 4, "repeat": 2}, "第4级，第2次重复", "已超1分"),
    ({"kind": STAND_IN, "in_place_of": ZHENG}, "第3级转B角：郑丙 2分未应答", "剩5分")])
def test_a_call_is_named_by_its_rung_and_the_time_left(given: dict[str, Any], heading: str, left: str):
    assert (WORDS.heading(call(**given)), WORDS.left(call(**given))) == (heading, left)


NOBODY = Lack("duty_leader", "not_rostered")


@pytest.mark.parametrize(("given", "notes"), [
    ({}, []),
    ({"reason": "recovered", "passed_over": (PassedOver(1, 0, 0), PassedOver(2, 0, 3))},
     ["催办中断后恢复，只发最高一级", "越过第1、2级，其对象已一并告知"]),
    ({"skipped": (3, 4), "told_rung": 5, "lacks": (NOBODY,)}, ["第3、4级无人，转第5级", "这一级缺人：带班领导：未排班"]),
    ({"paused": ((ZHOU, at("14:58")),)}, ["周甲 已签收，14:58 前不重复催"]),
    ({"capped": (ZHOU,)}, ["短信已达每日上限，又没有别的渠道：周甲"])])
def test_what_else_is_to_be_known_of_a_call(given: dict[str, Any], notes: list[str]):
    assert WORDS.notes(call(**given)) == notes


@pytest.mark.parametrize(("given", "said"), [
    ({"lacks": (NOBODY,)}, "整条阶梯都没有人可催。带班领导：未排班"),
    ({"kind": STAND_IN, "in_place_of": ZHENG}, "郑丙未应答，没有可转的B角")])
def test_a_call_that_reaches_nobody_says_why(given: dict[str, Any], said: str):
    empty = call(recipients=(), **given)
    assert WORDS.is_empty(empty)
    assert WORDS.nobody(empty) == said


def test_a_call_whose_people_have_all_acknowledged_is_no_alarm():
    assert not WORDS.is_empty(call(recipients=(), paused=((ZHOU, at("14:58")),)))


@pytest.mark.parametrize(("paces", "said"), [
    ((), ""),
    (((30, 1, False),), "仍无记录，15:36 再催一次"),
    (((5, 3, False), (10, 6, False), (30, 4, True)),
     "仍无记录，每5分催一次，共3次（至 15:21）；再每10分催一次，共6次（至 16:21）；再每30分催一次，直到有记录")])
def test_repeats_are_told_by_their_pace(paces: tuple, said: str):
    found, last = [], at("15:06")
    for minutes, times, is_endless in paces:
        every = timedelta(minutes=minutes)
        found.append(Again(every, times, last + every, last + every * times, is_endless))
        last += every * times
    assert WORDS.again(found) == said


@pytest.mark.parametrize(("body", "notes"), [
    ({}, ["到时仍无记录"]),
    ({"reason": "late_registration", "passed_over": [{"rung": 1, "first": 0, "last": 0}]},
     ["登记时已过，只发最高一级", "越过第1级，其对象已一并告知"]),
    ({"skipped": [2], "told_rung": 3, "unreachable": ["duty_leader"]},
     ["到时仍无记录", "第2级无人，转第3级", "没有可联系的人：带班领导"]),
    ({"audience": ["周甲", "蒋壬"], "capped": ["周甲", "郑丙"], "paused": ["吴乙"]},
     ["到时仍无记录", "已签收，暂不重复提醒：吴乙", "短信已达每日上限，改走别的渠道：周甲", "短信已达每日上限，又没有别的渠道：郑丙"]),
    ({"paused": [None]}, ["到时仍无记录", "已签收，暂不重复提醒：（文字已按规定销毁）"])])
def test_why_a_call_was_made_and_who_was_left_out(body: dict[str, Any], notes: list[str]):
    assert past("RungRaised", **body) == notes


@pytest.mark.parametrize("reason", StandInCalled.REASONS)
def test_a_stand_in_that_was_called_or_not_is_told_with_the_leader(reason: str):
    note, = past("StandInCalled", rung=3, in_place_of="郑丙", person="王丁", reason=reason)
    first = {"unreachable": "郑丙哪个渠道都没有送到，", "passed_on": "郑丙要求转B角 → 王丁", "passed_to_nobody": "郑丙要求转B角，但没有"}
    assert note.startswith(first.get(reason, "郑丙未应答，"))


def test_every_reason_has_its_words():
    assert set(REASONS) == set(RungRaised.REASONS)
