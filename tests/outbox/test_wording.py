"""Every text of every step of the shipped rules, in both languages, at the instants it would really leave."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

import pytest

from incident_clock.outbox import wording
from incident_clock.outbox.messages import ALL_CLEAR, REMINDER, REOPENED, STAND_IN
from incident_clock.outbox.tables import Message
from incident_clock.outbox.wording import Facts
from incident_clock.phrases import Phrases
from incident_clock.protocol.ladder import occurrences
from incident_clock.protocol.steps import Step
from tests.support.bureau import ZONE, rule

T0 = datetime(2026, 3, 12, 14, 5, tzinfo=ZONE)
SEGMENT = 70  # UCS-2 units of one SMS
SECRET = {"title": "牌坊倒塌砸中轿车 Arch collapsed", "place": "银杏巷", "name": "周甲"}
LINK = "http://127.0.0.1:8000/incidents/2026-0037"
HAN = re.compile(r"[\u4e00-\u9fff]")

STEPS = [step for name in ("district-emergency", "general-48h") for step in rule(name).steps]
each_step = pytest.mark.parametrize("step", STEPS, ids=[step.key for step in STEPS])
each_language = pytest.mark.parametrize("language", ["zh", "en"])


def message(step: Step, kind: str = REMINDER, **changes: object) -> Message:
    facts = Facts(**{
        "number": "2026-0037", "spoken": "037", "title": SECRET["title"], "is_drill": False, "step_title": step.title,
        "evidence": step.evidence, "due_at": T0 + step.within, "received_at": T0, "is_opening": False,
        "signature": "云河综合执法", "done_at": T0 + timedelta(minutes=15) if kind == ALL_CLEAR else None,
        **{name: value for name, value in changes.items() if name in Facts.__slots__}}).plain()
    return Message(incident_id=1, kind=kind, step=step.key, channel="sms", reference="ACDE", facts=facts,
                   may_be_copy=bool(changes.get("may_be_copy")))


def said(message: Message, now: datetime, language: str = "zh") -> str:
    return wording.sms_text(message, Phrases(language, ZONE), now=now)


def instants(step: Step) -> Iterator[datetime]:
    """When the reminders of a step leave: every rung, and the first repeats."""
    for rung in step.ladder:
        for call in islice(occurrences(rung, T0 + rung.from_start(step.within)), 12):
            yield call.at


def every_text(step: Step, language: str, **changes: object) -> Iterator[tuple[str, str]]:
    yield "opening", said(message(step, is_opening=True, **changes), T0, language)
    for at in instants(step):
        yield f"reminder at {at}", said(message(step, **changes), at, language)
    for kind in (ALL_CLEAR, REOPENED):
        for after in (timedelta(minutes=16), timedelta(days=2)):
            yield kind, said(message(step, kind, **changes), T0 + after, language)
    for left in left_to_a_stand_in(step):
        yield f"stand-in, {left} left", said(message(step, STAND_IN, **changes), T0 + step.within - left, language)


def left_to_a_stand_in(step: Step) -> Iterator[timedelta]:
    """He is called in the last quarter of a step; after a gap of the engine when it may be long over."""
    yield from (step.within / 4, timedelta(minutes=2), timedelta(seconds=1), timedelta(0))
    yield from (-timedelta(seconds=1), -timedelta(minutes=75), -timedelta(days=1, hours=3))


@each_language
@each_step
def test_no_sms_tells_a_title_a_place_a_name_or_an_address(step: Step, language: str):
    for drill in (False, True):
        for _, text in every_text(step, language, is_drill=drill, may_be_copy=drill):
            assert not [secret for secret in SECRET.values() if secret in text]
            assert not re.search(r"http|www|://|\+86|@|\n|%", text)


@each_language
@each_step
def test_every_sms_names_incident_step_and_reference_and_is_signed(step: Step, language: str):
    for _, text in every_text(step, language):
        assert text.startswith("【云河综合执法】")
        assert text.count("【") == text.count("】") == 1  # carriers refuse a second pair
        assert "037" in text
        assert step.title[language] in text
        assert "ACDE" in text


@each_language
@each_step
def test_what_asks_for_something_names_deadline_and_reply_code(step: Step, language: str):
    due = T0 + step.within
    clock = "14:25" if step.key == "phone_report" else due.strftime("%H:%M")
    for name, text in every_text(step, language):
        if name != ALL_CLEAR:
            assert "1037" in text, text
            assert clock in text, text


@each_step
def test_a_deadline_of_another_day_carries_its_date(step: Step):
    due = T0 + step.within
    the_day_before = due - timedelta(days=1)
    assert f"{due.day}日" in said(message(step), the_day_before)
    assert f"{due.day}日" not in said(message(step), due.replace(hour=0, minute=0))
    assert due.strftime("%d %b").lstrip("0") in said(message(step), the_day_before, "en")


@each_step
def test_every_sms_fits_into_one_segment(step: Step):
    for is_drill in (False, True):
        long = {name: text for name, text in every_text(step, "zh", is_drill=is_drill) if units(text) > SEGMENT}
        assert long == {}


@each_step
def test_a_stand_in_s_sms_of_a_number_with_four_digits_fits_until_the_deadline_and_then_into_two(step: Step):
    for left in left_to_a_stand_in(step):
        text = said(message(step, STAND_IN, spoken="1037"), T0 + step.within - left)
        assert "回复11037确认" in text
        assert units(text) <= (SEGMENT if left >= timedelta(0) else 2 * 67), text


@each_step
def test_a_marked_copy_fits_into_two_segments(step: Step):
    assert [text for _, text in every_text(step, "zh", is_drill=True, may_be_copy=True) if units(text) > 2 * 67] == []


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@each_step
def test_english_is_english(step: Step):
    for is_drill in (False, True):
        for _, text in every_text(step, "en", is_drill=is_drill, may_be_copy=True):
            assert not HAN.search(text.removeprefix("【云河综合执法】")), text
            assert "%" not in text


LEFT = [  # seconds before the due instant → what is said
    (1200, "剩20分"), (300, "剩5分"), (299.7, "剩5分"), (61, "剩2分"), (60, "剩1分"), (59, "剩1分"), (58.5, "剩59秒"), (1, "剩1秒"),
    (0.2, "剩1秒"),
]
OVER = [(0, "已超1秒"), (1, "已超1秒"), (58, "已超58秒"), (60, "已超1分"), (61, "已超1分"), (119, "已超1分"), (3_600, "已超1小时"),
        (3_660, "已超1小时1分")]


@pytest.mark.parametrize(("seconds", "expected"), LEFT)
def test_what_is_left_is_rounded_up(seconds, expected):
    due = T0 + STEPS[0].within
    assert expected in said(message(STEPS[0]), due - timedelta(seconds=seconds))


@pytest.mark.parametrize(("seconds", "expected"), OVER)
def test_what_is_over_is_rounded_down(seconds, expected):
    due = T0 + STEPS[0].within
    text = said(message(STEPS[0]), due + timedelta(seconds=seconds))
    assert expected in text
    assert "超时！" in text


def test_the_opening_says_what_to_do_first_and_only_while_there_is_time():
    opening = message(STEPS[0], is_opening=True)
    assert "已登记，接报14:05" in said(opening, T0)
    assert "请电话" in said(opening, T0)
    assert "超时！" in said(opening, T0 + timedelta(minutes=30))


@pytest.mark.parametrize(("left", "expected"), [
    (timedelta(minutes=5), "电话上报14:25截止，剩5分，请接手"), (timedelta(minutes=2, seconds=59.5), "14:25截止，剩3分，请接手"),
    (timedelta(seconds=1), "剩1秒，请接手"), (timedelta(0), "14:25截止，已到时限，请接手"), (-timedelta(seconds=1), "应14:25完成，已超1秒，请接手"),
    (-timedelta(minutes=6), "应14:25完成，已超6分，请接手")])
def test_a_stand_in_is_told_why_him_and_what_is_left(left: timedelta, expected: str):
    text = said(message(STEPS[0], STAND_IN), T0 + STEPS[0].within - left)
    assert "事件037：A角未应答，现转B角。" in text
    assert expected in text
    assert text.endswith("回复1037确认。编号ACDE")


def test_each_kind_of_text_says_its_news():
    step, later = STEPS[0], T0 + timedelta(minutes=16)
    assert "不再催办" in said(message(step, ALL_CLEAR), later)
    assert "14:20办结" in said(message(step, ALL_CLEAR), later)
    assert "已撤回，恢复计时" in said(message(step, REOPENED), later)
    assert "回复" not in said(message(step, ALL_CLEAR), later)


@each_language
@pytest.mark.parametrize("kind", [REMINDER, ALL_CLEAR, REOPENED, STAND_IN])
def test_a_drill_says_so_at_both_ends_and_a_copy_says_that_it_may_be_one(language: str, kind: str):
    mark, copy = Phrases(language, ZONE).say("（演练）").strip(), Phrases(language, ZONE).say("（可能重复）").strip()
    text = said(message(STEPS[0], kind, is_drill=True, spoken="Y05"), T0, language)
    assert text.removeprefix("【云河综合执法】").startswith(mark)
    assert text.endswith(mark)
    assert "Y05" in text
    assert copy not in text
    plain = said(message(STEPS[0], kind), T0, language)
    assert mark not in plain
    assert copy in said(message(STEPS[0], kind, may_be_copy=True), T0, language)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.key)
def test_a_drill_sends_nobody_to_the_real_duty_office(step: Step):
    for real in (False, True):
        texts = [text for _, text in every_text(step, "zh", is_drill=not real)]
        mail = wording.mail_parts(message(step, is_drill=not real), "\n\n", Phrases("zh", ZONE), now=T0, link=LINK,
                                  answer_link=None)
        named = [text for text in (*texts, mail.todo) if "区总值班室" in text]
        assert bool(named) is (real and step.evidence == "call")
        assert any("模拟" in text for text in (*texts, mail.todo)) is (not real and step.evidence != "note")


def test_a_drill_asks_for_no_reply_code_of_a_real_incident():
    assert "1005" not in said(message(STEPS[0], is_drill=True, spoken="Y05"), T0)


@each_language
@each_step
def test_a_mail_adds_title_deadline_and_link(step: Step, language: str):
    phrases = Phrases(language, ZONE)
    body = wording.mail_text(message(step), phrases, now=T0, link=LINK)
    assert SECRET["title"] in body
    assert LINK in body
    assert (T0 + step.within).strftime("%Y-%m-%d %H:%M") in body
    assert said(message(step), T0, language) in body
    drill = wording.mail_text(message(step, is_drill=True), phrases, now=T0, link=LINK).strip()
    mark = phrases.say("【演练】").strip()
    assert drill.startswith(mark)
    assert drill.endswith(mark)


@each_language
@pytest.mark.parametrize("kind", [REMINDER, ALL_CLEAR, REOPENED, STAND_IN])
def test_a_subject_leads_with_the_number_and_tells_no_title(language: str, kind: str):
    phrases = Phrases(language, ZONE)
    for at in (T0, T0 + timedelta(hours=1)):
        subject = wording.mail_subject(message(STEPS[0], kind), phrases, now=at)
        assert subject.startswith("2026-0037 ")
        assert STEPS[0].title[language] in subject
        assert "\n" not in subject
        assert SECRET["title"] not in subject
        assert (HAN.search(subject) is None) is (language == "en")
    assert wording.mail_subject(message(STEPS[0], kind, is_drill=True), phrases, now=T0).startswith(
        phrases.say("【演练】").strip())


def test_a_bureau_without_a_name_signs_with_nothing():
    assert said(message(STEPS[0], signature=""), T0).startswith("事件037")
