"""Reading the mailbox that reports come to: whole mails, each once, and nothing lost when something breaks."""

import logging
import traceback
from urllib.parse import quote

import pytest

from incident_clock.channels.base import ChannelError
from incident_clock.channels.mail_bounces import LARGEST_READ
from incident_clock.channels.mail_line import Limits
from incident_clock.channels.mail_settings import ImapFolder, read_imap_url
from incident_clock.channels.mailbox import MOST_AT_ONCE, read_new
from incident_clock.errors import ConfigError
from tests.channels.server_imap import FOLDER, PASSWORD, USER, ImapServer
from tests.channels.servers import free_port, no_such_name, trusting_tls

IMPATIENT = Limits(answer_s=0.3, conversation_s=3)
MAILS = [b"Subject: one\r\n\r\nfirst\r\n", "Subject: 二\r\n\r\n第二封\r\n".encode(), b"Subject: three\r\n\r\n\xff\r\n"]


def url(server: ImapServer, scheme: str = "imap", *, password: str = PASSWORD, folder: str = FOLDER) -> str:
    return f"{scheme}://{quote(USER)}:{quote(password)}@127.0.0.1:{server.port}/{folder}"


def failure(imap_url: str | None, **other: object) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        read_new(imap_url, lambda data: None, limits=IMPATIENT, **other)
    said = "".join(traceback.format_exception(caught.value))
    assert USER not in said
    assert PASSWORD not in said
    return caught.value


class TestWhatIsRead:
    @pytest.mark.parametrize("is_tls", [False, True])
    def test_every_unseen_mail_is_handled_once_to_the_byte(self, is_tls: bool) -> None:
        got: list[bytes] = []
        with ImapServer(*MAILS, is_tls=is_tls) as server:
            server.seen.add(2)
            visits = [read_new(url(server, "imaps" if is_tls else "imap"), got.append, tls=trusting_tls)
                      for _ in range(2)]
        assert visits == [2, 0]
        assert sorted(got) == sorted([MAILS[0], MAILS[2]])
        assert server.seen == {1, 2, 3}

    def test_a_mail_is_marked_only_after_it_was_handled(self) -> None:
        marked: list[set[int]] = []
        with ImapServer(MAILS[0]) as server:
            read_new(url(server), lambda data: marked.append(set(server.seen)))
        assert marked == [set()]
        assert server.seen == {1}

    def test_a_mail_that_cannot_be_handled_stays_and_holds_up_no_other(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.ERROR)

        def handle(data: bytes) -> None:
            if data == MAILS[1]:
                raise ValueError("odd")

        with ImapServer(*MAILS) as server:
            assert read_new(url(server), handle) == 2
        assert server.seen == {1, 3}
        assert "stays unseen" in caplog.text

    def test_of_a_huge_mail_only_the_front_is_fetched(self) -> None:
        got: list[bytes] = []
        with ImapServer(b"x" * (LARGEST_READ + 5_000_000)) as server:
            read_new(url(server), got.append)
        assert [len(data) for data in got] == [LARGEST_READ]

    def test_a_flood_is_read_in_portions_the_newest_first(self) -> None:
        got: list[bytes] = []
        with ImapServer(*(f"{number}".encode() for number in range(MOST_AT_ONCE + 2))) as server:
            assert read_new(url(server), got.append) == MOST_AT_ONCE
            assert read_new(url(server), got.append) == 2
        assert got[0] == f"{MOST_AT_ONCE + 1}".encode()

    def test_a_provider_that_wants_a_name_gets_one(self) -> None:
        with ImapServer(MAILS[0], is_fussy=True) as server:
            assert read_new(url(server), lambda data: None) == 1


class TestWhatBreaks:
    @pytest.mark.parametrize(("trouble", "words"), [
        ({"refuses": ("LOGIN",)}, "refused"), ({"refuses": ("SELECT",)}, "refused"), ({"refuses": ("SEARCH",)}, "refused"),
        ({"hangs_at": "LOGIN"}, "in time"), ({"hangs_at": "FETCH"}, "in time"),
        ({"closes_at": "CAPABILITY"}, "ended"), ({"closes_at": "FETCH"}, "ended"), ({"closes_at": "STORE"}, "ended"),
    ])
    def test_it_is_said_without_the_servers_words_and_nothing_is_marked(
            self, trouble: dict[str, object], words: str) -> None:
        with ImapServer(MAILS[0], **trouble) as server:
            error = failure(url(server))
        assert error.is_gateway_down
        assert words in error.detail
        assert server.seen == set()

    def test_a_wrong_password_or_folder_is_the_operators_matter(self) -> None:
        with ImapServer() as server:
            assert "IMAP_URL" in failure(url(server, password="wrong")).detail
            assert "IMAP_URL" in failure(url(server, folder="Elsewhere")).detail

    def test_a_certificate_nobody_vouches_for_gets_no_password(self) -> None:
        with ImapServer(MAILS[0], is_tls=True) as server:
            assert "certificate" in failure(url(server, "imaps")).detail
        assert server.heard == []

    def test_nobody_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "refuses connections" in failure(f"imap://u:p@127.0.0.1:{free_port()}").detail
        assert "not set" in failure(None).detail
        monkeypatch.setattr("socket.getaddrinfo", no_such_name)
        assert "DNS" in failure("imaps://u:p@mail.example.com").detail


class TestTheAddress:
    @pytest.mark.parametrize(("written", "folder"), [
        ("imaps://u%40x.cn:a%2Fb@mail.example.com", ImapFolder(
            host="mail.example.com", port=993, is_tls=True, user="u@x.cn", password="a/b", name="INBOX")),
        ("imaps://u:p@mail.example.com:1993/clock/bounces", ImapFolder(
            host="mail.example.com", port=1993, is_tls=True, user="u", password="p", name="clock/bounces")),
        ("imap://u:p%20q@localhost/&XfJSIJZk-", ImapFolder(
            host="localhost", port=143, is_tls=False, user="u", password="p q", name="&XfJSIJZk-")),
    ])
    def test_it_names_server_login_and_folder(self, written: str, folder: ImapFolder) -> None:
        assert read_imap_url(written) == folder
        assert "password" not in repr(folder)

    @pytest.mark.parametrize(("written", "word"), [
        (None, "not set"), ("", "not set"), ("pop3://u:hidden@x.cn", "imaps://"), ("imaps://u:hidden@x.cn:port", "port"),
        ("imap://u:hidden@mail.example.com", "TLS"), ("imaps://u:hidden@", "host"), ("imaps://mail.example.com", "password"),
        ("imaps://u@mail.example.com", "password"), ("imaps://u%0D%0Aa:hidden@x.cn", "user"),
        ("imaps://u%20v:hidden@x.cn", "user"), ("imaps://u:hidden%0A@x.cn", "password"),
        ("imaps://u:hidden@x.cn/a%22b", "folder"), ("imaps://u:hidden@x.cn/a%0D%0Ab", "folder"),
        ("imaps://u:hidden@x.cn/中", "folder"), ("imaps://u:hidden@x.cn/a?b", "folder"),
    ])
    def test_a_useless_one_is_explained_without_quoting_it(self, written: str | None, word: str) -> None:
        with pytest.raises(ConfigError) as caught:
            read_imap_url(written)
        assert word in " ".join(caught.value.problems)
        assert "hidden" not in str(caught.value)
