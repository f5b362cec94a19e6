"""SMTP_URL and MAIL_FROM: what they mean, and what is complained of."""

import pytest

from incident_clock.channels.base import ChannelSettings
from incident_clock.channels.mail import MailChannel
from incident_clock.channels.mail_settings import Mailbox, SmtpServer, read_mail_from, read_smtp_url
from incident_clock.errors import ConfigError


@pytest.mark.parametrize(("url", "host", "port", "is_implicit_tls"), [
    ("smtp://mail.example.com", "mail.example.com", 25, False),
    ("smtp://u:p@mail.example.com", "mail.example.com", 587, False),
    ("smtps://mail.example.com", "mail.example.com", 465, True),
    ("smtps://u:p@mail.example.com", "mail.example.com", 465, True),
    ("smtp://mail.example.com:2525/", "mail.example.com", 2525, False),
    ("SMTPS://Mail.Example.com:26", "mail.example.com", 26, True),
    ("smtp://[::1]:1025", "::1", 1025, False),
    ("smtp://10.0.0.7", "10.0.0.7", 25, False),
])
def test_scheme_and_port_say_how_to_connect(url: str, host: str, port: int, is_implicit_tls: bool) -> None:
    server = read_smtp_url(url)
    assert (server.host, server.port, server.is_implicit_tls) == (host, port, is_implicit_tls)


def test_user_and_password_are_percent_decoded_and_stay_out_of_the_repr() -> None:
    server = read_smtp_url("smtp://clock%40example.com:a%2Fb%3A%25%20c@mail.example.com")
    assert server == SmtpServer(host="mail.example.com", port=587, is_implicit_tls=False,
                                user="clock@example.com", password="a/b:% c")
    assert "a/b" not in repr(server)
    assert "clock" not in repr(server)


@pytest.mark.parametrize(("url", "word"), [
    (None, "not set"),
    ("", "not set"),
    ("http://mail.example.com", "smtp://"),
    ("mail.example.com:25", "smtp://"),
    ("smtp://", "host"),
    ("smtp://:25", "host"),
    ("smtp://mail example.com", "host"),
    ("smtp://a..b", "host"),
    ("smtp://mail.example.com:port", "host"),
    ("smtp://mail.example.com:99999", "host"),
    ("smtp://[::1", "host"),
    ("smtp://u:hidden/x@mail.example.com", ""),
    ("smtp://mail.example.com/inbox", "%2F"),
    ("smtp://mail.example.com?tls=1", "%3F"),
    ("smtp://u@mail.example.com", "password"),
    ("smtp://:hidden@mail.example.com", "user"),
    ("smtp://u:hidden%0D%0A@mail.example.com", "ASCII"),
    ("smtp://u:hidden%E4%B8%AD@mail.example.com", "ASCII"),
])
def test_a_useless_smtp_url_is_explained_without_quoting_it(url: str | None, word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_smtp_url(url)
    assert word in " ".join(caught.value.problems)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(("mail_from", "name", "address"), [
    ("clock@example.com", "", "clock@example.com"),
    ("云河舆情时钟 <clock@example.com>", "云河舆情时钟", "clock@example.com"),
    ('"Clock, Incident" <clock@mail.yunhe>', "Clock, Incident", "clock@mail.yunhe"),
    ("root@localhost", "", "root@localhost"),
])
def test_a_sender_may_have_a_name(mail_from: str, name: str, address: str) -> None:
    assert read_mail_from(mail_from) == Mailbox(name, address)


@pytest.mark.parametrize("mail_from", [None, "", "clock", "clock@", "时钟@example.com", "a@example.com, b@example.com",
                                       "x\r\nBcc: spy@example.com <clock@example.com>", "clock@example.com\n"])
def test_a_useless_sender_is_explained(mail_from: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        read_mail_from(mail_from)
    assert "MAIL_FROM" in str(caught.value)


def test_every_complaint_is_told_at_once() -> None:
    complaints = MailChannel(ChannelSettings(smtp_url="ftp://u@")).problems()
    assert [complaint.split()[0] for complaint in complaints] == ["SMTP_URL"] * 3 + ["MAIL_FROM"]


@pytest.mark.parametrize(("url", "is_loopback"), [
    ("smtp://127.0.0.1:25", True), ("smtp://127.8.9.10", True), ("smtp://[::1]", True), ("smtps://LOCALHOST", True),
    ("smtp://10.0.0.1", False), ("smtp://0.0.0.0", False), ("smtp://localhost.example.com", False),
    ("smtp://127.0.0.1.example.com", False), ("smtp://127.0.0.1@evil.example.com", False), (None, False),
])
def test_loopback_is_judged_by_the_written_host(url: str | None, is_loopback: bool) -> None:
    assert MailChannel(ChannelSettings(smtp_url=url)).is_loopback is is_loopback
