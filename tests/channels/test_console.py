"""The console channel: one line a letter, and nothing in it that a log must not hold."""

import pytest

from tests.channels.rigs import ConsoleRig, letter


def line_of(rig: ConsoleRig, caplog: pytest.LogCaptureFixture, **other: object) -> str:
    rig.channel.send(letter(**{"to": "zhou"} | other))
    (record,) = caplog.records
    return record.getMessage()


def test_a_line_names_the_person_the_reference_the_subject_and_the_text(
        console_rig: ConsoleRig, caplog: pytest.LogCaptureFixture) -> None:
    line = line_of(console_rig, caplog, subject="037 电话上报", text="剩5分钟")
    assert line == "to zhou [K7Q2] 037 电话上报 | 剩5分钟"


def test_addresses_are_masked_wherever_they_stand(console_rig: ConsoleRig, caplog: pytest.LogCaptureFixture) -> None:
    line = line_of(console_rig, caplog, to="+8613800000001", subject="来电 138 0000 0002", text="问 wu@example.com")
    assert line == "to ****0001 [K7Q2] 来电 ****0002 | 问 w…@example.com"


@pytest.mark.parametrize("character", ["\n", "\r\n", "\x1b", "\0", "\u2028", "\u202e", "\u2066", "\x9b", "\ud800"])
def test_nothing_breaks_the_line_or_moves_the_cursor(
        console_rig: ConsoleRig, caplog: pytest.LogCaptureFixture, character: str) -> None:
    line = line_of(console_rig, caplog, subject=f"甲{character}乙", text=f"丙{character}丁")
    assert line == "to zhou [K7Q2] 甲 乙 | 丙 丁"
