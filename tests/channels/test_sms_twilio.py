"""SMS by the real SDK against a loopback server shaped like Twilio's."""

import base64
import json
import logging
import socket
import subprocess
import sys

import pytest

from incident_clock.channels.base import ChannelError, ChannelSettings
from incident_clock.channels.sms_twilio import OF_THE_GATEWAY, OF_THE_LETTER, OVERSEAS, TwilioChannel
from tests.channels.rigs import ACCOUNT, NUMBER, PHONE, TOKEN, letter, twilio_settings
from tests.channels.servers import CLOSE, HANG, TwilioServer, free_port, no_such_name

SERVICE = "MG" + "0" * 32


def failure(channel: TwilioChannel) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(letter(PHONE))
    return caught.value


def answered(status: int, code: object) -> ChannelError:
    with TwilioServer() as server:
        server.refuse(status, code, f"about {PHONE}")  # type: ignore[arg-type]
        error = failure(TwilioChannel(twilio_settings(server.port)))
    assert len(server.requests) == 1  # no retry of the SDK's own behind our back
    return error


class TestWhatArrives:
    def test_the_sdk_posts_number_sender_and_text_with_the_accounts_login(self) -> None:
        with TwilioServer() as server:
            receipt = TwilioChannel(twilio_settings(server.port)).send(letter(PHONE, text="事件037 已登记"))
        assert server.requests == [{"To": PHONE, "From": NUMBER, "Body": "事件037 已登记"}]
        assert server.paths == [f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"]
        assert server.logins == ["Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()]
        assert receipt.provider_id == "SM" + "1".zfill(32)

    def test_a_messaging_service_takes_the_place_of_the_number(self) -> None:
        with TwilioServer() as server:
            TwilioChannel(twilio_settings(server.port, twilio_from=SERVICE)).send(letter(PHONE))
        assert server.requests[0]["MessagingServiceSid"] == SERVICE
        assert "From" not in server.requests[0]

    def test_a_proxy_of_the_environment_is_not_asked_about_a_server_on_this_machine(
            self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
        monkeypatch.setenv("NO_PROXY", "")
        with TwilioServer() as server:
            TwilioChannel(twilio_settings(server.port)).send(letter(PHONE))
        assert len(server.requests) == 1

    def test_the_sdk_keeps_quiet(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        with TwilioServer() as server:
            TwilioChannel(twilio_settings(server.port)).send(letter(PHONE))
        assert caplog.records == []

    def test_the_slow_sdk_is_imported_by_the_first_letter_only(self) -> None:
        code = "import sys, incident_clock.channels.catalog; print('twilio' in sys.modules, 'requests' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["False", "False"]


class TestWhatAnswersMean:
    @pytest.mark.parametrize("code", sorted(OF_THE_LETTER))
    def test_a_refusal_of_this_number_is_permanent(self, code: int) -> None:
        error = answered(400, code)
        assert error.is_permanent
        assert str(code) in error.detail

    @pytest.mark.parametrize("code", sorted(OF_THE_GATEWAY))
    def test_a_refusal_of_the_account_is_temporary_and_says_what_to_mend(self, code: int) -> None:
        error = answered(400, code)
        assert (error.is_permanent, error.is_unknown) == (False, False)
        assert str(code) in error.detail

    def test_the_codes_the_rule_names_stand_in_the_right_table(self) -> None:
        assert {21211, 21408, 21610, 21612, 21614} <= OF_THE_LETTER.keys()
        assert {20003, 20429} <= OF_THE_GATEWAY.keys()

    @pytest.mark.parametrize(("status", "code", "outcome"), [
        (401, 20003, "temporary"), (403, 20003, "temporary"), (403, 99999, "temporary"), (404, 20404, "temporary"),
        (429, 20429, "temporary"), (429, 429, "temporary"), (408, 408, "temporary"),
        (500, 20500, "temporary"), (503, 20503, "temporary"), (302, 302, "temporary"),
        (502, 502, "unknown"), (504, 504, "unknown"),
        (400, 21617, "permanent"), (400, 12345, "permanent"), (422, None, "permanent"), (400, [1], "permanent"),
        (400, "21211", "permanent"), (400, 8613800000001, "permanent"),
    ])
    def test_a_code_not_known_here_is_judged_by_the_http_status(self, status: int, code: object, outcome: str) -> None:
        error = answered(status, code)
        assert (error.is_permanent, error.is_unknown) == (outcome == "permanent", outcome == "unknown")
        assert PHONE[1:] not in error.detail

    def test_the_login_is_named_when_it_is_refused(self) -> None:
        assert "TWILIO_AUTH_TOKEN" in answered(401, 20003).detail

    def test_a_refusal_in_the_newer_shape_is_read_too(self) -> None:
        with TwilioServer(status=400, body={
                "type": "about:blank", "title": "Bad", "status": 400, "code": 21610, "detail": f"{PHONE} said STOP",
        }) as server:
            error = failure(TwilioChannel(twilio_settings(server.port)))
        assert error.is_permanent
        assert "21610" in error.detail

    @pytest.mark.parametrize(("body", "outcome"), [
        ({"status": "failed", "error_code": 30008}, "temporary"),
        ({"status": "undelivered", "error_code": 21610}, "permanent"),
        ({"status": "failed", "error_code": None}, "temporary"),
        ({"sid": None}, "unknown"),
        ("<html>accepted</html>", "unknown"),
        ('{"sid": "SM0', "unknown"),
        ("[]", "unknown"),
        ("", "unknown"),
        ("[" * 100_000, "unknown"),
    ])
    def test_a_201_is_believed_only_as_far_as_it_goes(self, body: object, outcome: str) -> None:
        with TwilioServer(body=body if body != "[]" else json.dumps([])) as server:
            error = failure(TwilioChannel(twilio_settings(server.port)))
        assert (error.is_permanent, error.is_unknown) == (outcome == "permanent", outcome == "unknown")


class TestBrokenConnections:
    @pytest.mark.parametrize("trouble", [CLOSE, HANG])
    def test_an_answer_lost_after_sending_is_unknown(self, trouble: str) -> None:
        with TwilioServer(trouble=trouble) as server:
            error = failure(TwilioChannel(twilio_settings(server.port), timeout_s=0.7))
        assert error.is_unknown
        assert len(server.requests) == 1

    def test_nobody_listening_is_temporary(self) -> None:
        error = failure(TwilioChannel(twilio_settings(free_port())))
        assert (error.is_permanent, error.is_unknown) == (False, False)
        assert "reached" in error.detail

    def test_a_name_nobody_knows_is_temporary(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
        settings = twilio_settings(1, twilio_api_base_url="https://sms.example.com", allow_overseas_gateway=True)
        error = failure(TwilioChannel(settings))
        assert (error.is_permanent, error.is_unknown) == (False, False)
        assert "DNS" in error.detail


class TestSettings:
    def test_it_refuses_to_carry_numbers_abroad_until_that_is_allowed(self) -> None:
        abroad = twilio_settings(1, twilio_api_base_url=None)
        assert TwilioChannel(abroad).problems() == [OVERSEAS]
        error = failure(TwilioChannel(abroad))
        assert error.detail == OVERSEAS
        assert not error.is_permanent
        assert TwilioChannel(twilio_settings(1, twilio_api_base_url=None, allow_overseas_gateway=True)).problems() == []

    def test_a_proxy_elsewhere_does_not_make_it_domestic(self) -> None:
        elsewhere = twilio_settings(1, twilio_api_base_url="https://sms.example.com")
        assert TwilioChannel(elsewhere).problems() == [OVERSEAS]

    def test_every_missing_setting_is_named_at_once(self) -> None:
        words = [complaint.split()[0] for complaint in TwilioChannel(ChannelSettings()).problems()]
        assert words == ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM", "Twilio"]

    @pytest.mark.parametrize(("name", "value"), [
        ("twilio_account_sid", "SK" + "0" * 32), ("twilio_account_sid", "AC/../x"), ("twilio_auth_token", "a\nb"),
        ("twilio_auth_token", "秘密"), ("twilio_from", "13800000001"), ("twilio_from", "SM123"),
        ("twilio_from", "+86 1"),
        ("twilio_api_base_url", "sms.example.com"), ("twilio_api_base_url", "ftp://127.0.0.1"),
        ("twilio_api_base_url", "http://127.0.0.1/twilio"), ("twilio_api_base_url", "http://u:p@127.0.0.1"),
        ("twilio_api_base_url", "http://127.0.0.1:port"), ("twilio_api_base_url", "http://"),
        ("twilio_api_base_url", "http://127.0.0.1\\@sms.example.com"), ("twilio_api_base_url", "http://[::1"),
        ("twilio_api_base_url", "http://127.0.0.1?x"), ("twilio_api_base_url", "http://a..b"),
    ])
    def test_a_useless_setting_is_complained_of_without_quoting_it(self, name: str, value: str) -> None:
        complaints = TwilioChannel(twilio_settings(9, **{name: value})).problems()
        assert complaints[0].startswith(name.upper())
        assert value not in complaints[0]

    def test_the_token_does_not_go_over_the_network_unprotected(self) -> None:
        settings = twilio_settings(9, twilio_api_base_url="http://sms.example.com", allow_overseas_gateway=True)
        (complaint,) = TwilioChannel(settings).problems()
        assert "https://" in complaint

    @pytest.mark.parametrize(("url", "is_loopback"), [
        ("http://127.0.0.1:9", True), ("http://127.9.9.9", True), ("http://[::1]:9", True),
        ("http://LocalHost:9", True),
        ("https://localhost/", True), ("https://sms.example.com", False), ("http://10.0.0.1", False), ("", False),
        ("http://127.0.0.1@sms.example.com", False), ("http://127.0.0.1.example.com", False), (None, False),
    ])
    def test_loopback_is_judged_by_the_written_host(self, url: str | None, is_loopback: bool) -> None:
        assert TwilioChannel(twilio_settings(9, twilio_api_base_url=url)).is_loopback is is_loopback

    def test_secrets_and_numbers_stay_out_of_the_repr(self) -> None:
        shown = repr(twilio_settings(9, smtp_url="smtp://u:hidden@x")) + repr(letter(PHONE))
        assert [secret for secret in (TOKEN, NUMBER, PHONE, "hidden") if secret in shown] == []
