"""What the outbox may rely on, whichever channel it talks to."""

import logging
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from incident_clock.channels.base import ChannelError
from incident_clock.channels.catalog import CATALOG, GATEWAYS
from tests.channels.rigs import PERMANENT, TEMPORARY, UNKNOWN, OutsideRig, Rig, letter

RARE_TEXT = "事件037电话上报剩5分钟（14:25截止）𠮷野家𪚥 🧭👨‍👩‍👧 Phone report: 5 min left. K7Q2"
SERVERS_OWN_LOGS = ("mail.", "asyncio")  # aiosmtpd runs in this process and writes down what it hears


def outcome_of(error: ChannelError) -> str:
    return PERMANENT if error.is_permanent else UNKNOWN if error.is_unknown else TEMPORARY


class TestEveryChannel:
    def test_a_letter_arrives_once_and_to_the_letter(self, rig: Rig) -> None:
        receipt = rig.channel.send(letter(rig.to, text=RARE_TEXT))
        assert rig.arrived() == [RARE_TEXT]
        assert receipt.provider_id
        assert receipt.detail

    def test_letters_sent_from_several_threads_arrive_once_each(self, rig: Rig) -> None:
        texts = [f"第{number}封" for number in range(8)]
        with ThreadPoolExecutor(4) as threads:
            receipts = list(threads.map(lambda text: rig.channel.send(letter(rig.to, text=text)), texts))
        assert sorted(rig.arrived()) == texts
        assert len(receipts) == len(texts)

    def test_a_channel_that_is_set_up_has_nothing_to_complain_of(self, rig: Rig) -> None:
        assert rig.channel.problems() == []

    def test_a_server_on_this_machine_is_loopback(self, rig: Rig) -> None:
        assert rig.channel.is_loopback

    def test_asked_for_a_letter_that_never_was_it_knows_nothing_of_it(self, rig: Rig) -> None:
        assert rig.channel.look_up("SM" + "f" * 32) is None
        assert rig.channel.find(letter(rig.to)) is None

    def test_it_goes_by_its_name_in_the_catalogue(self, rig: Rig) -> None:
        assert rig.channel.name in CATALOG | GATEWAYS


class TestEveryChannelThatCanFail:
    @pytest.mark.parametrize("outcome", [PERMANENT, TEMPORARY, UNKNOWN])
    def test_the_three_ways_of_failing_are_told_apart(self, outside_rig: OutsideRig, outcome: str) -> None:
        outside_rig.will(outcome)
        with pytest.raises(ChannelError) as caught:
            outside_rig.channel.send(letter(outside_rig.to))
        assert outcome_of(caught.value) == outcome

    @pytest.mark.parametrize("outcome", [PERMANENT, TEMPORARY, UNKNOWN])
    def test_no_address_and_no_secret_reaches_an_error_a_traceback_or_a_log(
            self, outside_rig: OutsideRig, outcome: str, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        outside_rig.channel.send(letter(outside_rig.to))
        outside_rig.will(outcome)
        with pytest.raises(ChannelError) as caught:
            outside_rig.channel.send(letter(outside_rig.to))
        said = [record.getMessage() for record in caplog.records if not record.name.startswith(SERVERS_OWN_LOGS)]
        said += [caught.value.detail, repr(caught.value), *traceback.format_exception(caught.value)]
        assert [line for line in said for secret in outside_rig.secrets if secret in line] == []

    @pytest.mark.parametrize("smuggled", [
        "\r\n", "\n", "\r", "\0", "\r\nBcc: spy@example.com", ",spy@example.com", " "])
    def test_an_address_with_something_tacked_on_is_refused_for_good(
            self, outside_rig: OutsideRig, smuggled: str) -> None:
        with pytest.raises(ChannelError) as caught:
            outside_rig.channel.send(letter(outside_rig.to + smuggled))
        assert caught.value.is_permanent
        assert outside_rig.arrived() == []

    def test_a_text_that_is_no_proper_unicode_is_refused_for_good(self, outside_rig: OutsideRig) -> None:
        with pytest.raises(ChannelError) as caught:
            outside_rig.channel.send(letter(outside_rig.to, text="事件\udfff"))
        assert caught.value.is_permanent
        assert outside_rig.arrived() == []

    def test_after_a_failure_the_same_channel_tells_the_next_letter(self, outside_rig: OutsideRig) -> None:
        outside_rig.will(TEMPORARY)
        with pytest.raises(ChannelError):
            outside_rig.channel.send(letter(outside_rig.to))
        before = len(outside_rig.arrived())
        outside_rig.recover()
        outside_rig.channel.send(letter(outside_rig.to))
        assert len(outside_rig.arrived()) == before + 1
