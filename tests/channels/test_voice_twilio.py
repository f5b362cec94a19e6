"""Calls by the real SDK against a loopback server shaped like Twilio's, and what they say."""

from xml.etree.ElementTree import fromstring

import pytest

from incident_clock.channels.base import FAILED, GATEWAY_DOWN, PERMANENT, UNKNOWN, ChannelError
from incident_clock.channels.twilio_client import OVERSEAS
from incident_clock.channels.twilio_twiml import LONGEST_SPOKEN, answer, read_out
from incident_clock.channels.voice_twilio import VoiceChannel
from tests.channels.rigs import ACCOUNT, NUMBER, PHONE, PUBLIC_URL, letter, twilio_settings
from tests.channels.servers import CLOSE, TwilioServer

SID = "CA" + "1b" * 16
ACTION = f"{PUBLIC_URL}/callbacks/twilio/voice?m=37-1-9f2c"


def failure(channel: VoiceChannel) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(letter(PHONE))
    return caught.value


class TestTheCall:
    def test_the_sdk_asks_for_a_short_call_with_the_text_in_it_and_both_addresses(self) -> None:
        with TwilioServer() as server:
            receipt = VoiceChannel(twilio_settings(server.port)).send(letter(PHONE, tracking="37-1-9f2c"))
        (request,) = server.requests
        assert fromstring(request.pop("Twiml")).find("Gather[@action]").get("action") == ACTION  # type: ignore[union-attr]
        assert request == {
            "To": PHONE, "From": NUMBER, "Timeout": "30", "TimeLimit": "120",
            "StatusCallback": f"{PUBLIC_URL}/callbacks/twilio/status?m=37-1-9f2c",
            "StatusCallbackEvent": "answered,completed"}
        assert server.paths == [f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"]
        assert (receipt.provider_id, receipt.gateway) == ("CA" + "1".zfill(32), "twilio")

    def test_the_number_for_calls_goes_before_that_for_sms(self) -> None:
        with TwilioServer() as server:
            settings = twilio_settings(server.port, twilio_from="MG" + "0" * 32, twilio_voice_from="+15005550007")
            VoiceChannel(settings).send(letter(PHONE))
        assert server.requests[0]["From"] == "+15005550007"

    @pytest.mark.parametrize(("language", "voice", "keys"), [
        ("zh", "zh-CN", "按1确认收到，按2转给B角。"), ("en", "en-US", None)])
    def test_it_says_text_and_keys_twice_in_the_persons_language(
            self, language: str, voice: str, keys: str | None) -> None:
        said = list(fromstring(read_out("事件037 <剩5分钟> & 催办", language=language, action=ACTION)).iter("Say"))
        assert [say.get("language") for say in said] == [voice] * 4
        assert [say.text for say in said[::2]] == ["事件037 <剩5分钟> & 催办"] * 2
        assert keys is None or [say.text for say in said[1::2]] == [keys] * 2

    def test_one_key_is_waited_for_and_sent_to_us(self) -> None:
        (gather,) = fromstring(read_out("x", language="zh", action=ACTION))
        assert (gather.tag, gather.get("numDigits"), gather.get("action"), gather.get("method")) == (
            "Gather", "1", ACTION, "POST")

    @pytest.mark.parametrize("text", ["\x00\x08\x1b[2J\ufffe", "𠮷" * 5_000, "</Say><Hangup/>"])
    def test_no_text_breaks_the_markup_or_outgrows_it(self, text: str) -> None:
        for markup in (read_out(text, language="zh", action=ACTION), answer(text, language="zh")):
            response = fromstring(markup)
            assert {element.tag for element in response.iter()} <= {"Response", "Gather", "Say", "Hangup"}
            assert all(len(say.text or "") <= LONGEST_SPOKEN for say in response.iter("Say"))

    def test_after_the_key_it_answers_and_hangs_up(self) -> None:
        assert [element.tag for element in fromstring(answer("已确认。", language="zh"))] == ["Say", "Hangup"]


class TestWhatBecameOfIt:
    @pytest.mark.parametrize(("status", "code", "fate"), [
        (400, 21217, PERMANENT), (400, 21210, GATEWAY_DOWN), (500, 20500, UNKNOWN)])
    def test_a_refusal_is_read_by_the_same_table(self, status: int, code: int, fate: str) -> None:
        with TwilioServer() as server:
            server.refuse(status, code, f"about {PHONE}")
            assert failure(VoiceChannel(twilio_settings(server.port))).fate == fate

    @pytest.mark.parametrize(("body", "fate"), [
        ({"status": "failed"}, "temporary"), ({"sid": None}, "unknown"), ({"sid": "CA/1"}, "unknown")])
    def test_a_201_is_believed_only_as_far_as_it_goes(self, body: dict[str, object], fate: str) -> None:
        with TwilioServer(body=body) as server:
            assert failure(VoiceChannel(twilio_settings(server.port))).fate == fate

    def test_an_answer_lost_after_dialling_is_unknown(self) -> None:
        with TwilioServer(trouble=CLOSE) as server:
            assert failure(VoiceChannel(twilio_settings(server.port))).is_unknown

    def test_a_look_up_reads_the_status_and_knows_no_strangers(self) -> None:
        with TwilioServer(shelf=[{"sid": SID, "status": "no-answer"}]) as server:
            channel = VoiceChannel(twilio_settings(server.port))
            report = channel.look_up(SID)
            assert channel.look_up("CA" + "2" * 32) is None
            assert channel.look_up("../x") is None
        assert report is not None
        assert report.status == FAILED


class TestSettings:
    @pytest.mark.parametrize(("name", "value", "word"), [
        ("public_url", "", "INCIDENT_CLOCK_PUBLIC_URL"),
        ("public_url", "http://clock.example.cn", "INCIDENT_CLOCK_PUBLIC_URL"),
        ("twilio_from", "MG" + "0" * 32, "TWILIO_VOICE_FROM"), ("twilio_voice_from", "138", "TWILIO_VOICE_FROM"),
        ("twilio_auth_token", "", "TWILIO_AUTH_TOKEN"),
    ])
    def test_what_keeps_it_from_calling_is_named_and_nothing_is_sent(self, name: str, value: str, word: str) -> None:
        with TwilioServer() as server:
            channel = VoiceChannel(twilio_settings(server.port, **{name: value}))
            (complaint,) = channel.problems()
            error = failure(channel)
        assert complaint.startswith(word)
        assert (error.detail, error.is_gateway_down, server.requests) == (complaint, True, [])

    def test_it_refuses_to_carry_numbers_abroad_until_that_is_allowed(self) -> None:
        abroad = {"twilio_api_base_url": None, "public_url": "https://clock.example.cn"}
        assert VoiceChannel(twilio_settings(1, **abroad)).problems() == [OVERSEAS]
        assert VoiceChannel(twilio_settings(1, **abroad, allow_overseas_gateway=True)).problems() == []
