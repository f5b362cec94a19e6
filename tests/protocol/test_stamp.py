"""The rule an incident is registered under: written down and read back exactly, named by its hash."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incident_clock.protocol.steps import ResponseProtocol


@pytest.fixture(params=["district", "general"])
def rule(request):
    return request.getfixturevalue(request.param)


def test_a_stamp_reads_back_as_the_same_rule(rule):
    assert ResponseProtocol.from_stamp(rule.stamp()) == rule


def test_a_stamp_is_one_line_of_readable_chinese(district):
    assert "突发事件舆情五步时限" in district.stamp()
    assert "\n" not in district.stamp()


def test_the_hash_of_the_shipped_rule_stays_what_it_was(district, general):
    """Incidents of earlier versions point at these hashes. A changed step needs a new `version`."""
    steps_alone = replace(district, follow_ups=())  # which came later, and are no part of older stamps
    assert (district.version, steps_alone.content_hash()[:16]) == ("2019-2", "83d3523e2d871645")
    assert (general.version, general.content_hash()[:16]) == ("2016-61", "9fdaee815290eb23")


def test_the_order_of_a_title_in_the_file_does_not_change_the_hash(rule):
    turned = replace(rule, title=dict(reversed(rule.title.items())))
    assert turned.content_hash() == rule.content_hash()


def test_every_part_of_a_rule_changes_its_hash(district):
    step, rung = district.steps[0], district.steps[0].ladder[-1]
    repeat = rung.repeats[0]

    def with_rung(changed):
        return replace(district, steps=(replace(step, ladder=(*step.ladder[:-1], changed)), *district.steps[1:]))

    changed = [
        replace(district, key="other"), replace(district, version="2019-3"), replace(district, source="x"),
        replace(district, title={**district.title, "en": "x"}), replace(district, clock_starts_at="occurred"),
        replace(district, steps=district.steps[:-1]), replace(district, steps=district.steps[::-1]),
        replace(district, steps=(replace(step, within=timedelta(minutes=21)), *district.steps[1:])),
        replace(district, steps=(replace(step, evidence="note"), *district.steps[1:])),
        replace(district, steps=(replace(step, title={"zh": "x", "en": "x"}), *district.steps[1:])),
        with_rung(replace(rung, anchor="after")), with_rung(replace(rung, offset=timedelta(minutes=2))),
        with_rung(replace(rung, tell=("head", "deputy"))), with_rung(replace(rung, by=("sms",))),
        with_rung(replace(rung, repeats=())),
        with_rung(replace(rung, repeats=(replace(repeat, every=timedelta(minutes=6)), *rung.repeats[1:]))),
        with_rung(replace(rung, repeats=(replace(repeat, times=4), *rung.repeats[1:]))),
        *(with_rung(replace(rung, answers=answers)) for answers in ("all", "any", 1, 2)),
    ]
    hashes = {district.content_hash(), *(rule.content_hash() for rule in changed)}
    assert len(hashes) == 1 + len(changed)


@pytest.mark.parametrize("answers", ["all", "any", 1, 2, 50])
def test_how_many_must_answer_is_written_down_and_read_back(district, answers):
    step = district.steps[0]
    asking = replace(district, steps=(replace(step, ladder=(*step.ladder[:-1], replace(step.ladder[-1], answers=answers))),
                                      *district.steps[1:]))
    assert ResponseProtocol.from_stamp(asking.stamp()) == asking
    assert asking.stamp().count('"answers":') == 1


def test_a_rule_that_asks_nobody_is_written_down_as_it_was_before_rungs_could_ask(rule):
    """Else every running incident would stand under another rule after an upgrade."""
    assert "answers" not in rule.stamp()


def test_a_step_is_found_by_its_key(district):
    assert district.step("release") is district.steps[3]
    assert district.step("Release") is None
