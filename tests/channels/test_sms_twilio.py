"""SMS by the real SDK against a loopback server shaped like Twilio's."""

import base64
import json
import logging
import socket
import subprocess
import sys
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from incident_clock.channels.base import (
    FAILED,
    GATEWAY_DOWN,
    PERMANENT,
    TEMPORARY,
    UNKNOWN,
    ChannelError,
)
from incident_clock.channels.sms_twilio import TwilioGateway
from incident_clock.channels.twilio_client import TwilioClient
from tests.channels.rigs import ACCOUNT, NUMBER, PHONE, PUBLIC_URL, TOKEN, letter, twilio_settings
from tests.channels.servers import CLOSE, TwilioServer, free_port, no_such_name

SERVICE = "MG" + "0" * 32
SID = "SM" + "a1" * 16


def failure(channel: TwilioGateway) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(letter(PHONE))
    return caught.value


def answered(status: int, code: object) -> ChannelError:
    with TwilioServer() as server:
        server.refuse(status, code, f"about {PHONE}")
        error = failure(TwilioGateway(twilio_settings(server.port)))
    assert len(server.requests) == 1  # no retry of the SDK's own behind our back
    return error


class TestWhatArrives:
    def test_the_sdk_posts_number_sender_and_text_with_the_accounts_login(self) -> None:
        with TwilioServer() as server:
            receipt = TwilioGateway(twilio_settings(server.port)).send(letter(PHONE, text="事件037 已登记"))
        assert server.requests == [{"To": PHONE, "From": NUMBER, "Body": "事件037 已登记",
                                    "StatusCallback": f"{PUBLIC_URL}/callbacks/twilio/status"}]
        assert server.paths == [f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"]
        assert server.logins == ["Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()]
        assert receipt.provider_id == "SM" + "1".zfill(32)

    def test_a_messaging_service_takes_the_place_of_the_number(self) -> None:
        with TwilioServer() as server:
            TwilioGateway(twilio_settings(server.port, twilio_from=SERVICE)).send(letter(PHONE))
        assert server.requests[0]["MessagingServiceSid"] == SERVICE
        assert "From" not in server.requests[0]

    @pytest.mark.parametrize(("valid_for_s", "asked"), [
        (None, None), (0, "10"), (9, "10"), (240, "240"), (36_000, "36000"), (90_000, "36000")])
    def test_it_waits_in_twilios_queue_no_longer_than_to_the_next_reminder(
            self, valid_for_s: int | None, asked: str | None) -> None:
        with TwilioServer() as server:
            TwilioGateway(twilio_settings(server.port)).send(letter(PHONE, valid_for_s=valid_for_s))
        assert server.requests[0].get("ValidityPeriod") == asked

    @pytest.mark.parametrize(("public_url", "asked"), [
        ("https://clock.example.cn/", "https://clock.example.cn/callbacks/twilio/status?m=37-1-9f2c"),
        ("https://clock.example.cn/duty", "https://clock.example.cn/duty/callbacks/twilio/status?m=37-1-9f2c"),
        ("http://localhost:8000", "http://localhost:8000/callbacks/twilio/status?m=37-1-9f2c"),
        ("http://clock.example.cn", None), ("", None), ("https://", None), ("http://[::1", None),
        ("ftp://127.0.0.1", None),
    ])
    def test_reports_are_asked_for_only_where_they_come_in_safely(self, public_url: str, asked: str | None) -> None:
        with TwilioServer() as server:
            TwilioGateway(twilio_settings(server.port, public_url=public_url)).send(
                letter(PHONE, tracking="37-1-9f2c"))
        assert server.requests[0].get("StatusCallback") == asked

    def test_the_real_twilio_is_not_asked_to_report_to_this_machine(self) -> None:
        settings = twilio_settings(1, twilio_api_base_url=None, public_url="https://localhost:8000")
        assert TwilioClient(settings).callback_url("/callbacks/twilio/status", "x") is None

    @pytest.mark.parametrize(("said", "segments"), [("1", 1), ("3", 3), ("0", None), (None, None), ("x", None)])
    def test_the_receipt_says_who_took_it_and_how_many_parts_are_billed(
            self, said: str | None, segments: int | None) -> None:
        with TwilioServer(body={"num_segments": said}) as server:
            receipt = TwilioGateway(twilio_settings(server.port)).send(letter(PHONE))
        assert (receipt.gateway, receipt.segments) == ("twilio", segments)

    @pytest.mark.parametrize(("region", "edge", "host"), [
        (None, None, "api.twilio.com"), ("ie1", None, "api.ie1.twilio.com"),
        ("jp1", "tokyo", "api.tokyo.jp1.twilio.com"), (None, "singapore", "api.singapore.us1.twilio.com"),
    ])
    def test_region_and_edge_choose_the_server(self, region: str | None, edge: str | None, host: str,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TWILIO_REGION", "of-the-environment")
        asked: list[str] = []

        def nobody(name: str, *_: object, **__: object) -> None:
            asked.append(name)
            no_such_name()

        monkeypatch.setattr(socket, "getaddrinfo", nobody)
        failure(TwilioGateway(twilio_settings(1, twilio_api_base_url=None, allow_overseas_gateway=True,
                                              twilio_region=region, twilio_edge=edge)))
        assert asked == [host]

    def test_a_proxy_of_the_environment_is_not_asked_about_a_server_on_this_machine(
            self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
        monkeypatch.setenv("NO_PROXY", "")
        with TwilioServer() as server:
            TwilioGateway(twilio_settings(server.port)).send(letter(PHONE))
        assert len(server.requests) == 1

    def test_the_sdk_keeps_quiet(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        with TwilioServer() as server:
            TwilioGateway(twilio_settings(server.port)).send(letter(PHONE))
        assert caplog.records == []

    def test_the_slow_sdk_is_imported_by_the_first_letter_only(self) -> None:
        code = "import sys, incident_clock.channels.catalog; print('twilio' in sys.modules, 'requests' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["False", "False"]


class TestWhatAnswersMean:
    @pytest.mark.parametrize(("status", "code", "fate"), [
        (400, 21610, PERMANENT), (401, 20003, GATEWAY_DOWN), (429, 20429, TEMPORARY), (500, 20500, UNKNOWN)])
    def test_a_refusal_comes_out_of_the_sdk_with_its_code(self, status: int, code: int, fate: str) -> None:
        error = answered(status, code)
        assert (error.fate, error.code, error.gateway) == (fate, str(code), "twilio")

    @pytest.mark.parametrize(("said", "asked_s"), [
        ("7", 7), ("600", 600), ("999999", None), ("9999", 3600), ("0", None), ("-1", None), ("soon", None),
        ("٣", None), (None, None)])
    def test_the_pause_twilio_asks_for_is_passed_on(self, said: str | None, asked_s: float | None) -> None:
        headers = {"Retry-After": said} if said and said.isascii() else {}
        with TwilioServer(headers=headers) as server:
            server.refuse(429, 20429, "too many")
            assert failure(TwilioGateway(twilio_settings(server.port))).retry_after_s == asked_s

    def test_the_pause_of_one_answer_is_not_that_of_the_next(self) -> None:
        with TwilioServer(headers={"Retry-After": "7"}) as server:
            gateway = TwilioGateway(twilio_settings(server.port))
            server.refuse(429, 20429, "too many")
            failure(gateway)
            server.headers = {}
            assert failure(gateway).retry_after_s is None

    def test_the_login_is_named_when_it_is_refused(self) -> None:
        assert "TWILIO_AUTH_TOKEN" in answered(401, 20003).detail

    def test_a_refusal_in_the_newer_shape_is_read_too(self) -> None:
        with TwilioServer(status=400, body={
                "type": "about:blank", "title": "Bad", "status": 400, "code": 21610, "detail": f"{PHONE} said STOP",
        }) as server:
            error = failure(TwilioGateway(twilio_settings(server.port)))
        assert error.is_permanent
        assert "21610" in error.detail

    @pytest.mark.parametrize(("body", "outcome"), [
        ({"status": "failed", "error_code": 30008}, "temporary"),
        ({"status": "undelivered", "error_code": 21610}, "permanent"),
        ({"status": "failed", "error_code": None}, "temporary"),
        ({"status": "canceled", "error_code": 30002}, "gateway_down"),
        ({"sid": None}, "unknown"),
        ({"sid": "SM/1"}, "unknown"),
        ("<html>accepted</html>", "unknown"),
        ('{"sid": "SM0', "unknown"),
        ("[]", "unknown"),
        ("", "unknown"),
        ("[" * 100_000, "unknown"),
    ])
    def test_a_201_is_believed_only_as_far_as_it_goes(self, body: object, outcome: str) -> None:
        with TwilioServer(body=body if body != "[]" else json.dumps([])) as server:
            error = failure(TwilioGateway(twilio_settings(server.port)))
        assert error.fate == outcome


class TestWhatBecameOfIt:
    def test_a_look_up_reads_status_code_and_parts(self) -> None:
        entry = {"sid": SID, "status": "undelivered", "error_code": 30005, "num_segments": "2"}
        with TwilioServer(shelf=[entry]) as server:
            report = TwilioGateway(twilio_settings(server.port)).look_up(SID)
        assert report is not None
        assert (report.status, report.code, report.fate, report.segments) == (FAILED, "30005", PERMANENT, 2)
        assert report.is_address_dead

    @pytest.mark.parametrize("sid", ["", "SM", "SM-1", SID + "/../x", "CA/../../Accounts"])
    def test_what_is_no_sid_is_not_asked_about(self, sid: str) -> None:
        with TwilioServer() as server:
            assert TwilioGateway(twilio_settings(server.port)).look_up(sid) is None
        assert server.paths == []

    @pytest.mark.parametrize("look", ["look_up", "find"])
    @pytest.mark.parametrize("trouble", ["reset", "500", "401"])
    def test_a_question_without_an_answer_is_an_error_that_is_never_unknown(self, look: str, trouble: str) -> None:
        with TwilioServer(trouble=CLOSE if trouble == "reset" else None) as server:
            if trouble != "reset":
                server.refuse(int(trouble), 20003 if trouble == "401" else 20500, f"about {PHONE}")
            gateway = TwilioGateway(twilio_settings(server.port))
            with pytest.raises(ChannelError) as caught:
                gateway.look_up(SID) if look == "look_up" else gateway.find(letter(PHONE))
        assert caught.value.fate in (TEMPORARY, GATEWAY_DOWN)

    @pytest.mark.parametrize(("change", "is_found"), [
        ({}, True), ({"body": "事件037 编号K7Q3"}, False), ({"body": None}, False),
        ({"date_created": "Thu, 12 Mar 2026 06:19:55 +0000"}, True),
        ({"date_created": "Thu, 12 Mar 2026 06:19:54 +0000"}, False),
        ({"date_created": None}, False), ({"sid": "SM/1"}, False), ({"status": "failed"}, True),
    ])
    def test_a_letter_whose_answer_was_lost_is_known_by_number_code_and_time(
            self, change: dict[str, object], is_found: bool) -> None:
        entry = {"sid": SID, "body": "事件037 编号K7Q2", "status": "queued",
                 "date_created": "Thu, 12 Mar 2026 06:20:01 +0000"} | change
        with TwilioServer(shelf=[{"sid": "SM" + "9" * 32, "body": "别的"}, entry]) as server:
            receipt = TwilioGateway(twilio_settings(server.port)).find(letter(PHONE))
        assert (receipt.provider_id if receipt else None) == (SID if is_found else None)
        assert parse_qs(server.paths[0].partition("?")[2])["To"] == [PHONE]


@pytest.mark.parametrize(("base_url", "replies", "is_two_way"), [
    (None, None, False), (None, True, True), (None, False, False), ("http://127.0.0.1:9", None, True),
    ("http://127.0.0.1:9", False, False)])
def test_no_text_asks_for_a_reply_that_cannot_come_back(base_url: str | None, replies: bool | None, is_two_way: bool) -> None:
    settings = replace(twilio_settings(9), twilio_api_base_url=base_url, sms_replies=replies)
    assert TwilioGateway(settings).is_two_way is is_two_way
