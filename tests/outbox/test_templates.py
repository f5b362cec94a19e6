"""The named SMS templates, what a letter carries of them, and the complaints of the lint."""

import random
from datetime import timedelta

import pytest

from incident_clock.outbox import lint, wording
from incident_clock.outbox.messages import ALL_CLEAR, REMINDER, REOPENED, STAND_IN
from incident_clock.outbox.tables import Attempt
from incident_clock.outbox.templates import EXAMPLES, FILED, TEMPLATES
from incident_clock.phrases import Phrases
from incident_clock.views.messages import billed_as
from tests.outbox.test_wording import STEPS, T0, message, said
from tests.support.bureau import ZONE

ZH, EN = Phrases("zh", ZONE), Phrases("en", ZONE)
both_languages = pytest.mark.parametrize("phrases", [ZH, EN], ids=["zh", "en"])
SIGNATURE = "【云河综合执法】"


@pytest.mark.parametrize(("text", "units", "segments"), [
    ("字" * 70, 70, 1), ("字" * 71, 71, 2), ("字" * 134, 134, 2), ("字" * 135, 135, 3), ("𠮷" * 35, 70, 1),
    ("𠮷" * 35 + "a", 71, 2), ("🚨", 2, 1), ("", 0, 1)])
def test_an_sms_is_billed_by_its_units(text: str, units: int, segments: int):
    assert (lint.units(text), lint.segments(text)) == (units, segments)


@pytest.mark.parametrize(("body", "count"), [
    ("事件037电话上报剩5分。", 0), ("见 https://a.example", 1), ("见 gov.cn", 1), ("【演练】事件", 1), ("[演练]事件", 1),
    ("（演练）事件Y05（演练）", 0)])
def test_addresses_and_brackets_are_complained_of(body: str, count: int):
    assert len(lint.of_body(body)) == count


def test_params_are_short_filled_known_and_no_addresses():
    names = ("spoken", "left")
    assert lint.of_params({"spoken": "037", "left": "5分"}, names) == []
    assert lint.of_params({"spoken": "037", "left": "5分", "title": "牌坊倒塌"}, names) == ["{title} is no place of the template"]
    assert lint.of_params({"spoken": "037"}, names) == ["{left} is empty"]
    assert lint.of_params({"spoken": "0" * 21, "left": "5分"}, names) == ["{spoken} is longer than 20 characters"]
    assert lint.of_params({"spoken": "www.a.cn", "left": "5分"}, names) == ["{spoken} has a web address"]


@pytest.mark.parametrize("key", FILED)
def test_every_chinese_template_may_be_filed(key: str):
    template = FILED[key]
    assert lint.of_template(template, ZH) == []
    assert lint.of_length(SIGNATURE + template.body(template.example(ZH), ZH)) == []


@both_languages
@pytest.mark.parametrize("key", TEMPLATES)
def test_a_template_has_only_places_that_may_stand_in_an_sms_and_is_marked_as_a_drill_at_both_ends(key, phrases):
    template, mark = TEMPLATES[key], phrases.say("（演练）").strip()
    filed = template.filed(phrases)
    assert set(template.names) <= set(EXAMPLES)
    assert all(filed.count(f"{{{name}}}") == 1 for name in template.names)
    assert "%" not in filed
    assert template.is_drill == (filed.startswith(mark) and filed.endswith(mark)) == (mark in filed)


def test_no_text_of_a_thousand_situations_breaks_a_rule_and_its_template_says_the_same():
    dice = random.Random(4)
    too_long = []
    for _ in range(1_200):
        step = dice.choice(STEPS)
        kind = dice.choice([REMINDER, REMINDER, ALL_CLEAR, REOPENED, STAND_IN])
        is_drill, is_copy = dice.random() < 0.3, dice.random() < 0.3
        one = message(step, kind, is_drill=is_drill, is_opening=dice.random() < 0.3, may_be_copy=is_copy,
                      spoken=f"Y{dice.randrange(100):02}" if is_drill else f"{dice.randrange(1000):03}")
        one.reason = dice.choice(["on_time", "passed_on"])
        code = dice.choice([None, "482913"])
        now = T0 + timedelta(seconds=dice.choice([dice.uniform(0, 3_000), dice.uniform(0, 48 * 3_600)]))
        for phrases in (ZH, EN):
            text = wording.sms_text(one, phrases, now=now, code=code)
            key, params = wording.filed(one, phrases, now=now, code=code)
            template = FILED[key.removesuffix("-en")]
            body = text.removeprefix(SIGNATURE)
            assert lint.of_body(body) == []
            assert "牌坊" not in text
            if phrases is ZH and lint.units(text) > (77 if is_copy else 70):
                too_long.append(text)
            if phrases is ZH:
                assert lint.of_params(params, template.names) == []
            if not is_copy:
                assert template.body(params, phrases) == body
    assert too_long == []


@pytest.mark.parametrize("after", [timedelta(minutes=10), timedelta(days=2)])
def test_repeats_to_one_person_differ(after: timedelta):
    step, now, texts = STEPS[0], T0 + STEPS[0].within + after, []
    for reference in ("ACDE", "FGHJ", "KLMN"):  # the repeat is part of the message's identity, hence of its reference
        one = message(step)
        one.reference = reference
        texts.append(said(one, now))
    assert lint.third_of_a_kind(texts) == []
    assert len(set(texts)) == 3


def test_a_third_sending_of_one_message_within_a_minute_is_numbered():
    texts = []
    for count in (1, 2, 3, 4):
        one = message(STEPS[0], may_be_copy=count > 1)
        one.attempt_count = count
        texts.append(said(one, T0 + timedelta(minutes=10)))
    assert [text[-6:] for text in texts] == ["编号ACDE", "编号ACDE", "ACDE-3", "ACDE-4"]
    assert lint.third_of_a_kind(texts) == []
    assert lint.third_of_a_kind(["a", "a", "b"]) == []
    assert lint.third_of_a_kind(["a", "b", "a", "a"]) == ["a"]


@both_languages
def test_a_mail_s_twin_says_deadline_and_deed_and_a_cleared_one_asks_for_nothing(phrases: Phrases):
    asking, clear = message(STEPS[0]), message(STEPS[0], ALL_CLEAR)
    parts = wording.mail_parts(asking, "行\n", phrases, now=T0, link="https://x.example", answer_link=None)
    assert "2026-03-12 14:25" in parts.due
    assert parts.todo == phrases.say("请电话报区总值班室并登记")
    assert parts.line == "行"
    cleared = wording.mail_parts(clear, "行\n", phrases, now=T0, link="", answer_link=None)
    assert (cleared.due, cleared.todo) == ("", "")
    drill = message(STEPS[0], is_drill=True, spoken="Y05")
    body = wording.mail_text(drill, phrases, now=T0, link="https://x.example")
    assert wording.mail_parts(drill, body, phrases, now=T0, link="", answer_link=None).line == said(
        drill, T0, phrases.language)


@pytest.mark.parametrize(("channel", "told", "length", "billed"), [
    ("sms", None, 70, 1), ("sms", None, 71, 2), ("sms", 3, 70, 3), ("email", None, 500, 1)])
def test_the_outbox_shows_how_many_sms_a_message_is_billed_as(channel: str, told: int | None, length: int, billed: int):
    one = message(STEPS[0])
    one.channel, one.attempts = channel, [Attempt(number=1, segments=told)]
    assert billed_as(one, "字" * length) == billed
