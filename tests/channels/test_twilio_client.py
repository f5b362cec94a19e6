"""Twilio's SDK as the channels use it: its connections, what breaks them, and the settings of the account."""

import socket
from datetime import timedelta

import pytest

from incident_clock.channels.base import ChannelError, ChannelSettings
from incident_clock.channels.sms_twilio import TwilioGateway
from incident_clock.channels.twilio_client import KEPT_ALIVE, OVERSEAS
from tests.channels.rigs import NUMBER, PHONE, SENT_AT, TOKEN, letter, twilio_settings
from tests.channels.servers import CLOSE, HANG, TRICKLE, TwilioServer, free_port, no_such_name


def failure(gateway: TwilioGateway) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        gateway.send(letter(PHONE))
    return caught.value


class TestConnections:
    def test_letters_of_one_thread_share_a_connection(self) -> None:
        with TwilioServer() as server:
            gateway = TwilioGateway(twilio_settings(server.port))
            for number in range(5):
                gateway.send(letter(PHONE, sent_at=SENT_AT + number * KEPT_ALIVE))
        assert len(server.connections) == 1

    def test_a_connection_idle_for_long_is_not_trusted_with_a_letter(self) -> None:
        with TwilioServer() as server:
            gateway = TwilioGateway(twilio_settings(server.port))
            gateway.send(letter(PHONE))
            gateway.send(letter(PHONE, sent_at=SENT_AT + KEPT_ALIVE + timedelta(seconds=1)))
        assert len(server.connections) == 2

    def test_a_server_that_hangs_up_behind_each_answer_loses_no_letter(self) -> None:
        with TwilioServer(hangs_up=True) as server:
            gateway = TwilioGateway(twilio_settings(server.port))
            for _ in range(3):
                gateway.send(letter(PHONE))
                server.hung_up.acquire()
        assert len(server.requests) == 3


class TestBrokenConnections:
    @pytest.mark.parametrize("trouble", [CLOSE, HANG, TRICKLE])
    def test_an_answer_lost_after_sending_is_unknown(self, trouble: str) -> None:
        with TwilioServer(trouble=trouble) as server:
            error = failure(TwilioGateway(twilio_settings(server.port), timeout_s=0.4))
        assert error.is_unknown
        assert len(server.requests) == 1

    def test_nobody_listening_is_temporary(self) -> None:
        error = failure(TwilioGateway(twilio_settings(free_port())))
        assert (error.is_permanent, error.is_unknown) == (False, False)
        assert "reached" in error.detail

    def test_a_name_nobody_knows_is_temporary(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
        settings = twilio_settings(1, twilio_api_base_url="https://sms.example.com", allow_overseas_gateway=True)
        error = failure(TwilioGateway(settings))
        assert (error.is_permanent, error.is_unknown) == (False, False)
        assert "DNS" in error.detail


class TestSettings:
    def test_it_refuses_to_carry_numbers_abroad_until_that_is_allowed(self) -> None:
        abroad = twilio_settings(1, twilio_api_base_url=None)
        assert TwilioGateway(abroad).problems() == [OVERSEAS]
        error = failure(TwilioGateway(abroad))
        assert error.detail == OVERSEAS
        assert error.is_gateway_down
        assert TwilioGateway(twilio_settings(1, twilio_api_base_url=None, allow_overseas_gateway=True)).problems() == []

    def test_a_proxy_elsewhere_does_not_make_it_domestic(self) -> None:
        elsewhere = twilio_settings(1, twilio_api_base_url="https://sms.example.com")
        assert TwilioGateway(elsewhere).problems() == [OVERSEAS]

    def test_every_missing_setting_is_named_at_once(self) -> None:
        words = [complaint.split()[0] for complaint in TwilioGateway(ChannelSettings()).problems()]
        assert words == ["TWILIO_FROM", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "Twilio"]

    @pytest.mark.parametrize(("name", "value"), [
        ("twilio_account_sid", "SK" + "0" * 32), ("twilio_account_sid", "AC/../x"), ("twilio_auth_token", "a\nb"),
        ("twilio_auth_token", "秘密"), ("twilio_from", "13800000001"), ("twilio_from", "SM123"),
        ("twilio_from", "+86 1"), ("twilio_region", "ie1.example.com/"), ("twilio_edge", "Dublin"),
        ("twilio_api_base_url", "sms.example.com"), ("twilio_api_base_url", "ftp://127.0.0.1"),
        ("twilio_api_base_url", "http://127.0.0.1/twilio"), ("twilio_api_base_url", "http://u:p@127.0.0.1"),
        ("twilio_api_base_url", "http://127.0.0.1:port"), ("twilio_api_base_url", "http://"),
        ("twilio_api_base_url", "http://127.0.0.1\\@sms.example.com"), ("twilio_api_base_url", "http://[::1"),
        ("twilio_api_base_url", "http://127.0.0.1?x"), ("twilio_api_base_url", "http://a..b"),
    ])
    def test_a_useless_setting_is_complained_of_without_quoting_it(self, name: str, value: str) -> None:
        complaints = TwilioGateway(twilio_settings(9, **{name: value})).problems()
        assert complaints[0].startswith(name.upper())
        assert value not in complaints[0]

    def test_the_token_does_not_go_over_the_network_unprotected(self) -> None:
        settings = twilio_settings(9, twilio_api_base_url="http://sms.example.com", allow_overseas_gateway=True)
        (complaint,) = TwilioGateway(settings).problems()
        assert "https://" in complaint

    @pytest.mark.parametrize(("url", "is_loopback"), [
        ("http://127.0.0.1:9", True), ("http://127.9.9.9", True), ("http://[::1]:9", True),
        ("http://LocalHost:9", True),
        ("https://localhost/", True), ("https://sms.example.com", False), ("http://10.0.0.1", False), ("", False),
        ("http://127.0.0.1@sms.example.com", False), ("http://127.0.0.1.example.com", False), (None, False),
    ])
    def test_loopback_is_judged_by_the_written_host(self, url: str | None, is_loopback: bool) -> None:
        assert TwilioGateway(twilio_settings(9, twilio_api_base_url=url)).is_loopback is is_loopback

    def test_secrets_and_numbers_stay_out_of_the_repr(self) -> None:
        shown = repr(twilio_settings(9, smtp_url="smtp://u:hidden@x")) + repr(letter(PHONE))
        assert [secret for secret in (TOKEN, NUMBER, PHONE, "hidden") if secret in shown] == []
