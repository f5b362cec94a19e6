"""E-mail against SMTP servers that behave, misbehave and fall silent at every step."""

import base64
import smtplib
import socket
import ssl
import threading
import traceback
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime

import pytest

from incident_clock.channels.base import ChannelError, ChannelSettings
from incident_clock.channels.mail import MailChannel
from incident_clock.channels.mail_format import compose, on_the_wire
from incident_clock.channels.mail_line import Limits
from incident_clock.channels.mail_settings import read_mail_from
from tests.channels.rigs import MAIL, MARK, PASSWORD, SENT_AT, SMTP_LOGIN, USER, letter, mail_settings, read
from tests.channels.servers import CLOSE, HANG, MailServer, ScriptedMailServer, free_port, no_such_name, trusting_tls

IMPATIENT = Limits(answer_s=0.7, conversation_s=5)
LONGEST_LINE = 998  # RFC 5322, without CRLF
SENDER = read_mail_from("云河舆情时钟 <clock@example.com>")


def failure(channel: MailChannel, **other: object) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(letter(MAIL, **other))
    return caught.value


class TestWhatArrives:
    def test_headers_name_sender_recipient_instant_and_what_it_is_about(self) -> None:
        with MailServer() as server:
            MailChannel(mail_settings(server.port)).send(letter(MAIL))
        (envelope,) = server.letters
        message = read(envelope)
        assert (envelope.mail_from, envelope.rcpt_tos) == ("clock@example.com", [MAIL])
        assert message["From"] == "云河舆情时钟 <clock@example.com>"
        assert message["To"] == MAIL
        assert message["Subject"] == "【舆情时钟】037 电话上报"
        assert parsedate_to_datetime(message["Date"]) == SENT_AT
        assert message["Message-ID"] == "<2026-0037.K7Q2@example.com>"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["X-Incident-Clock"] == MARK

    def test_a_copy_is_the_same_to_the_byte(self) -> None:
        assert compose(letter(MAIL), SENDER) == compose(letter(MAIL), SENDER)

    def test_a_receipt_names_this_try_of_the_letter_and_the_servers_codes(self) -> None:
        with MailServer() as server:
            channel = MailChannel(mail_settings(server.port))
            receipts = [channel.send(letter(MAIL, tracking=tracking)) for tracking in ("", "37-1-abc", "37-2-def")]
        assert [receipt.provider_id for receipt in receipts] == ["<2026-0037.K7Q2@example.com>", "37-1-abc", "37-2-def"]
        assert "250 2.0.0" in receipts[0].detail

    @pytest.mark.parametrize("text", ["一行", "第一行\n第二行\n", "." * 3 + "\n.\n..", "中" * 5000, "x" * 5000, ""])
    def test_any_text_comes_through_whole_in_short_ascii_lines(self, text: str) -> None:
        with MailServer() as server:
            MailChannel(mail_settings(server.port)).send(letter(MAIL, text=text, subject="中" * 400))
        (envelope,) = server.letters
        lines = envelope.original_content.split(b"\r\n")
        assert read(envelope).get_payload(decode=True) == text.replace("\n", "\r\n").encode()  # RFC 2045: CRLF
        assert read(envelope)["Subject"] == "中" * 400
        assert max(len(line) for line in lines if not line.startswith(b"X-")) <= 78
        assert b"X-Incident-Clock: " + MARK.encode() in lines  # in one piece, for filters
        assert envelope.original_content.isascii()
        assert b"\n" not in b"".join(lines)

    def test_a_long_ascii_subject_keeps_within_the_line_limit(self) -> None:
        data = compose(letter(MAIL, subject="x" * 3000), SENDER)
        assert max(map(len, data.split(b"\r\n"))) <= LONGEST_LINE
        assert message_from_bytes(data, policy=policy.default)["Subject"] == "x" * 3000

    def test_a_letter_with_a_twin_has_both_and_the_better_one_last(self) -> None:
        with MailServer() as server:
            MailChannel(mail_settings(server.port)).send(letter(MAIL, html="<p>事件037</p>\n." + "中" * 3000))
        message = read(server.letters[0])
        assert message.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
        assert plain is not None
        assert plain.get_content() == letter(MAIL).text
        assert html is not None
        assert html.get_content() == "<p>事件037</p>\r\n." + "中" * 3000
        assert server.letters[0].original_content.isascii()
        assert compose(letter(MAIL, html="<p>"), SENDER) == compose(letter(MAIL, html="<p>"), SENDER)

    def test_mails_of_one_incident_are_threaded_and_those_of_another_are_not(self) -> None:
        def thread(number: str, **other: object) -> list[str]:
            data = compose(letter(MAIL, thread_id=f"<{number}@clock.invalid>", **other), SENDER)
            message = message_from_bytes(data, policy=policy.default)
            return [message[name] for name in ("In-Reply-To", "References", "Thread-Topic", "Thread-Index")]

        first = thread("2026-0037")
        assert first[:3] == ["<2026-0037@clock.invalid>", "<2026-0037@clock.invalid>", "2026-0037"]
        assert len(base64.b64decode(first[3])) == 22
        assert thread("2026-0037", message_id="<another@clock.invalid>", subject="其它") == first
        assert not set(thread("2026-0038")) & set(first)
        assert thread("2026-0037", message_id="<2026-0037@clock.invalid>") == [None] * 4  # it begins the thread

    def test_a_dot_at_the_start_of_a_line_does_not_end_the_data(self) -> None:
        assert on_the_wire(b"a\r\n.\r\n..b\r\nc.\r\n") == b"a\r\n..\r\n...b\r\nc.\r\n.\r\n"


class TestHeadersCannotBeSmuggled:
    @pytest.mark.parametrize("place", [
        "subject", "message_id", "thread_id", "tracking", "header value", "header name"])
    @pytest.mark.parametrize("smuggled", ["\r\nBcc: spy@example.com", "\nBcc: spy@example.com", "\rx", "\0x"])
    def test_a_line_break_or_nul_in_a_header_is_refused_for_good(self, place: str, smuggled: str) -> None:
        other: dict[str, object] = {
            "subject": {"subject": "037" + smuggled},
            "message_id": {"message_id": f"<a{smuggled}@example.com>"},
            "thread_id": {"thread_id": f"<a{smuggled}@example.com>"},
            "tracking": {"tracking": "37-1-abc" + smuggled},
            "header value": {"headers": {"X-Incident-Clock": "kind=reminder" + smuggled}},
            "header name": {"headers": {"X-Incident-Clock" + smuggled: "kind=reminder"}},
        }[place]
        with MailServer() as server:
            error = failure(MailChannel(mail_settings(server.port)), **other)
        assert error.is_permanent
        assert server.letters == []

    @pytest.mark.parametrize("name", ["Bcc", "Subject", "From", "X-中", "X-a b", "X-a:b", ""])
    def test_an_extra_header_cannot_be_one_of_the_mail_system(self, name: str) -> None:
        with pytest.raises(ChannelError):
            compose(letter(MAIL, headers={name: "x"}), SENDER)

    @pytest.mark.parametrize("subject", [
        "=?utf-8?q?a=0ABcc:_spy@example.com?=",
        "=?utf-8?q?a=0D=0ABcc:_spy@example.com?= 中文",
        "=?utf-8?b?YQpCY2M6IHNweUBleGFtcGxlLmNvbQ==?=",
        "037 =?utf-8?b?5Lit?= x",
        "Bcc: spy@example.com",
    ])
    def test_an_encoded_word_in_a_subject_is_text_like_any_other(self, subject: str) -> None:
        data = compose(letter(MAIL, subject=subject), SENDER)
        message = message_from_bytes(data, policy=policy.default)
        assert message["Subject"] == subject
        assert sorted(message.keys()) == sorted([
            "Content-Type", "MIME-Version", "Content-Transfer-Encoding", "From", "To", "Subject", "Date", "Message-ID",
            "Auto-Submitted", "X-Incident-Clock"])

    @pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\t", "\x1b"])
    def test_other_separators_in_a_title_become_a_space_rather_than_losing_the_letter(self, separator: str) -> None:
        data = compose(letter(MAIL, subject=f"甲{separator}乙"), SENDER)
        assert message_from_bytes(data, policy=policy.default)["Subject"] == "甲 乙"

    @pytest.mark.parametrize("address", [
        "zhou", "@example.com", "zhou@", "周甲@example.com", "zhou@例子.中国", "a b@x.cn", "<zhou@example.com>",
        "zhou@example.com>", "zhou@[127.0.0.1]", ""])
    def test_what_is_no_plain_address_is_refused_for_good(self, address: str) -> None:
        with pytest.raises(ChannelError) as caught:
            compose(letter(address), SENDER)
        assert caught.value.is_permanent


class TestTlsAndLogin:
    def test_starttls_is_used_when_offered(self) -> None:
        with MailServer(starttls=True) as server:
            error = failure(MailChannel(mail_settings(server.port)))  # the certificate is not known here
            MailChannel(mail_settings(server.port), tls=trusting_tls).send(letter(MAIL))
        assert "certificate" in error.detail
        assert len(server.letters) == 1

    @pytest.mark.parametrize(("scheme", "options"), [("smtp", {"starttls": True}), ("smtps", {"smtps": True})])
    def test_the_percent_decoded_login_goes_through_tls_only(self, scheme: str, options: dict[str, bool]) -> None:
        with MailServer(login=(USER, PASSWORD), **options) as server:
            settings = mail_settings(server.port, scheme=scheme, login=SMTP_LOGIN)
            MailChannel(settings, tls=trusting_tls).send(letter(MAIL))
        assert server.logins == [(USER, PASSWORD)]
        assert server.logins_under_tls == [True]
        assert len(server.letters) == 1

    def test_without_tls_the_password_is_not_sent_and_the_letter_waits(self) -> None:
        with MailServer(login=(USER, PASSWORD)) as server:
            error = failure(MailChannel(mail_settings(server.port, login=SMTP_LOGIN)))
        assert server.logins == []
        assert server.letters == []
        assert (error.is_permanent, error.is_unknown) == (False, False)
        assert "STARTTLS" in error.detail

    @pytest.mark.parametrize(("scheme", "options"), [("smtp", {"starttls": True}), ("smtps", {"smtps": True})])
    def test_a_certificate_nobody_vouches_for_is_not_trusted_with_the_password(
            self, scheme: str, options: dict[str, bool]) -> None:
        with MailServer(login=(USER, PASSWORD), **options) as server:
            error = failure(MailChannel(mail_settings(server.port, scheme=scheme, login=SMTP_LOGIN)))
        assert server.logins == []
        assert (error.is_permanent, error.is_unknown) == (False, False)
        assert "certificate" in error.detail

    def test_a_certificate_for_another_host_is_not_trusted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        look_up = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more: look_up("127.0.0.1", *more))
        with MailServer(starttls=True) as server:
            url = f"smtp://mail.example.com:{server.port}"
            error = failure(MailChannel(mail_settings(server.port, smtp_url=url), tls=trusting_tls))
        assert "certificate" in error.detail
        assert server.letters == []

    def test_a_refused_login_is_the_operators_matter(self) -> None:
        with MailServer(starttls=True, login=(USER, "another")) as server:
            error = failure(MailChannel(mail_settings(server.port, login=SMTP_LOGIN), tls=trusting_tls))
        assert (error.is_permanent, error.is_unknown) == (False, False)
        assert "535" in error.detail
        assert "SMTP_URL" in error.detail

    @pytest.mark.parametrize(("greeting", "words"), [
        ("250 here", "no login"),
        ("250-here\r\n250 AUTH GSSAPI", "no login"),
        ("250-here\r\n250 AUTH CRAM-MD5", "could not be talked to"),  # and then a challenge that is none
    ])
    def test_a_login_that_cannot_be_tried_is_the_operators_matter(self, greeting: str, words: str) -> None:
        with ScriptedMailServer({"EHLO": greeting, "AUTH": "334 =not base 64"}, smtps=True) as server:
            settings = mail_settings(server.port, scheme="smtps", login=SMTP_LOGIN)
            error = failure(MailChannel(settings, tls=trusting_tls, limits=IMPATIENT))
        assert (error.is_permanent, error.is_unknown) == (False, False)
        assert words in error.detail

    def test_what_the_server_says_of_a_refused_login_is_not_passed_on(self) -> None:
        script: dict[str, str | None] = {"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": f"535 5.7.8 {USER} may not"}
        with ScriptedMailServer(script, smtps=True) as server:
            settings = mail_settings(server.port, scheme="smtps", login=SMTP_LOGIN)
            error = failure(MailChannel(settings, tls=trusting_tls))
        assert "535" in error.detail
        assert USER not in "".join(traceback.format_exception(error))

    def test_tls_spoken_to_a_plain_port_is_explained(self) -> None:
        with MailServer() as server:
            error = failure(MailChannel(mail_settings(server.port, scheme="smtps"), limits=IMPATIENT))
        assert (error.is_permanent, error.is_unknown) == (False, False)

    def test_certificates_are_verified_by_default(self) -> None:
        context = MailChannel(ChannelSettings())._tls()
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


class TestBeforeAndAfterTheDot:
    @pytest.mark.parametrize(("trouble", "outcome"), [
        ({"MAIL": "550 5.7.1 not from you"}, "temporary"),  # every letter would fail: MAIL_FROM
        ({"MAIL": "451 4.3.0 later"}, "temporary"),
        ({"RCPT": "450 4.2.0 greylisted"}, "temporary"),
        ({"RCPT": "452 4.5.3 too many"}, "temporary"),
        ({"RCPT": "421 4.3.2 going down"}, "temporary"),
        ({"RCPT": "530 5.7.0 log in first"}, "temporary"),
        ({"RCPT": "550 5.1.1 no such user"}, "permanent"),
        ({"RCPT": "552 5.2.2 mailbox full"}, "permanent"),
        ({"DATA": "451 4.3.0 later"}, "temporary"),
        ({"DATA": "421 4.3.2 going down"}, "temporary"),
        ({"DATA": "554 5.7.1 looks like spam"}, "permanent"),
        ({"MAIL": CLOSE}, "temporary"),
        ({"RCPT": CLOSE}, "temporary"),
        ({"DATA": CLOSE}, "unknown"),
        ({"MAIL": HANG}, "temporary"),
        ({"DATA": HANG}, "unknown"),
    ])
    def test_only_a_lost_answer_after_the_text_is_unknown(self, trouble: dict[str, str], outcome: str) -> None:
        with MailServer(trouble=trouble) as server:
            error = failure(MailChannel(mail_settings(server.port), limits=IMPATIENT))
        assert (error.is_permanent, error.is_unknown) == (outcome == "permanent", outcome == "unknown")

    @pytest.mark.parametrize(("script", "outcome"), [
        ({"": "554 no mail here"}, "temporary"),
        ({"": "421 busy"}, "temporary"),
        ({"": None}, "temporary"),
        ({"": "SSH-2.0-OpenSSH"}, "temporary"),
        ({"EHLO": "502 what?", "HELO": "502 what?"}, "temporary"),
        ({"EHLO": None}, "temporary"),
        ({"DATA": "451 not now"}, "temporary"),
        ({"DATA": "554 no valid recipients"}, "permanent"),
        ({"DATA": None}, "temporary"),
        ({".": "gibberish"}, "unknown"),
        ({".": "354 go on"}, "unknown"),
        ({".": None}, "unknown"),
        ({".": "2" * 9000}, "unknown"),
        ({".": "550 5.7.1 <zhou@example.com> no"}, "permanent"),
    ])
    def test_what_only_a_strange_server_says(self, script: dict[str, str | None], outcome: str) -> None:
        with ScriptedMailServer(script) as server:
            error = failure(MailChannel(mail_settings(server.port), limits=IMPATIENT))
        assert (error.is_permanent, error.is_unknown) == (outcome == "permanent", outcome == "unknown")
        assert "zhou" not in error.detail

    @pytest.mark.parametrize("goodbye", [None, "500 no"])
    def test_once_taken_over_nothing_can_undo_it(self, goodbye: str | None) -> None:
        with ScriptedMailServer({"QUIT": goodbye}) as server:
            MailChannel(mail_settings(server.port), limits=IMPATIENT).send(letter(MAIL))
        assert server.heard[-1] == "QUIT"

    def test_a_goodbye_that_does_not_get_through_undoes_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        say = smtplib.SMTP.putcmd

        def say_all_but_goodbye(smtp: smtplib.SMTP, command: str, *more: str) -> None:
            if command == "QUIT":
                raise smtplib.SMTPServerDisconnected("Server not connected")
            say(smtp, command, *more)

        monkeypatch.setattr(smtplib.SMTP, "putcmd", say_all_but_goodbye)
        with MailServer() as server:
            MailChannel(mail_settings(server.port)).send(letter(MAIL))
        assert len(server.letters) == 1

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    def test_a_server_that_answers_byte_by_byte_is_cut_off(self, scheme: str) -> None:
        with ScriptedMailServer(trickle=True, smtps=scheme == "smtps") as server:
            limits = Limits(answer_s=30, conversation_s=0.5)
            settings = mail_settings(server.port, scheme=scheme)
            error = failure(MailChannel(settings, limits=limits, tls=trusting_tls))
        assert error.is_gateway_down
        assert "in time" in error.detail

    def test_a_server_that_falls_silent_in_the_middle_of_tls_is_cut_off(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            settings = mail_settings(silent.getsockname()[1], scheme="smtps")
            error = failure(MailChannel(settings, limits=Limits(answer_s=30, conversation_s=0.2)))
        assert error.is_gateway_down
        assert "in time" in error.detail

    def test_a_letter_cut_off_behind_the_dot_is_unknown(self) -> None:
        with MailServer(trouble={"DATA": HANG}) as server:
            limits = Limits(answer_s=30, conversation_s=0.3)
            assert failure(MailChannel(mail_settings(server.port), limits=limits)).is_unknown

    def test_no_alarm_outlives_its_letter(self) -> None:
        with MailServer() as server:
            MailChannel(mail_settings(server.port)).send(letter(MAIL))
        alarms = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
        for alarm in alarms:
            alarm.join(timeout=2)
        assert [alarm for alarm in alarms if alarm.is_alive()] == []

    def test_nobody_listening_is_temporary(self) -> None:
        error = failure(MailChannel(mail_settings(free_port())))
        assert (error.is_permanent, error.is_unknown) == (False, False)
        assert "refuses connections" in error.detail

    def test_a_dns_that_says_nothing_holds_nobody_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        is_over = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: is_over.wait() and [])
        error = failure(MailChannel(mail_settings(1, smtp_url="smtp://mail.example.com"),
                                    limits=Limits(connect_s=0.05)))
        is_over.set()
        assert error.is_gateway_down
        assert "in time" in error.detail

    def test_of_many_addresses_two_are_tried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with MailServer() as server:
            found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
                     for port in (free_port(), server.port, free_port())]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
            MailChannel(mail_settings(1)).send(letter(MAIL))
            found.insert(0, found[2])
            assert failure(MailChannel(mail_settings(1))).is_gateway_down
        assert len(server.letters) == 1

    def test_a_whole_conversation_keeps_within_ten_seconds(self) -> None:
        limits = Limits()
        assert limits.answer_s <= 8
        assert limits.connect_s * (1 + 2) <= limits.conversation_s < 10

    def test_a_name_nobody_knows_is_temporary(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
        error = failure(MailChannel(mail_settings(1, smtp_url="smtp://mail.example.com")))
        assert (error.is_permanent, error.is_unknown) == (False, False)
        assert "DNS" in error.detail

    def test_an_unset_channel_sends_nothing_and_says_why(self) -> None:
        error = failure(MailChannel(ChannelSettings(mail_from="clock@example.com")))
        assert not error.is_permanent
        assert "SMTP_URL" in error.detail
