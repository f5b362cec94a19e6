"""The truth table of mail: what each code means for the letter, the person and the gateway."""

import pytest

from incident_clock.channels import mail_codes
from incident_clock.channels.base import GATEWAY_DOWN, PERMANENT, TEMPORARY, ChannelError, ChannelSettings
from incident_clock.channels.mail import RECEIPT_WITHIN, MailChannel
from incident_clock.channels.mail_codes import meaning
from tests.channels.rigs import MAIL, SMTP_LOGIN, letter, mail_settings
from tests.channels.servers import MailServer, ScriptedMailServer, free_port, trusting_tls

DEAD, REFUSED, DOWN, PASSING = (PERMANENT, True), (PERMANENT, False), (GATEWAY_DOWN, False), (TEMPORARY, False)

ENHANCED_ROWS = {
    "5.1.0": REFUSED, "5.1.1": DEAD, "5.1.2": DEAD, "5.1.3": DEAD, "5.1.4": REFUSED, "5.1.6": DEAD, "5.1.7": DOWN,
    "5.1.8": DOWN, "5.1.10": DEAD, "5.2.0": REFUSED, "5.2.1": REFUSED, "5.2.2": REFUSED, "5.2.3": REFUSED,
    "5.3.4": REFUSED, "5.4.1": REFUSED, "5.4.4": REFUSED, "5.4.6": REFUSED, "5.4.7": REFUSED, "5.6.0": REFUSED,
    "5.6.1": REFUSED, "5.7.0": REFUSED, "5.7.1": REFUSED, "5.7.8": DOWN, "5.7.9": DOWN, "5.7.23": REFUSED,
    "5.7.25": REFUSED, "5.7.26": REFUSED, "5.7.54": DOWN, "5.7.57": DOWN, "5.7.60": DOWN,
}
BASIC_ROWS = {530: DOWN, 534: DOWN, 535: DOWN, 538: DOWN, 550: REFUSED, 551: DEAD, 552: REFUSED, 553: REFUSED,
              554: REFUSED, 556: DEAD}

# What servers really say at RCPT or after the text, and how it ends.
REPLIES = [
    (b"550 5.1.1 <zhou@example.com>: Recipient address rejected: User unknown in virtual mailbox table", DEAD, "5.1.1"),
    (b"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", DEAD, "5.1.10"),
    (b"550 User not found: zhou@example.com", DEAD, "550"),
    (b"550 No such user here", DEAD, "550"),
    (b"550 The recipient may contain a non-existent account, please check the recipient address.", DEAD, "550"),
    ("550 用户不存在".encode(), DEAD, "550"),
    (b"554 delivery error: dd This user doesn't exist: user not exist", DEAD, "554"),
    (b"550 Mailbox unavailable", REFUSED, "550"),
    (b"550 5.7.1 no such user, we say, but the code says a rule", REFUSED, "5.7.1"),
    (b"550 \xff\xfe", REFUSED, "550"),
    (b"554 5.7.1 <zhou@example.com>: Relay access denied", DOWN, "5.7.1"),
    (b"550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", DOWN, "5.7.54"),
    (b"530 5.7.0 Authentication required", DOWN, "5.7.0"),
    (b"552 5.2.2 mailbox full", REFUSED, "5.2.2"),
    (b"554 DT:SPM 163 smtp,please see the page", REFUSED, "554"),
    (b"599 what?", REFUSED, "599"),
    (b"450 4.2.0 greylisted", PASSING, "4.2.0"),
    (b"450 No such user, for now", PASSING, "450"),
    (b"451 4.7.1 relay access denied for now", PASSING, "4.7.1"),
    (b"452 4.5.3 too many", PASSING, "4.5.3"),
    (b"421 going down", PASSING, "421"),
    (b"354 what?", PASSING, "354"),
]


def outcome(error: ChannelError) -> tuple[str, bool]:
    return error.fate, error.is_address_dead


def failure(channel: MailChannel) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(letter(MAIL))
    return caught.value


class TestTheTable:
    @pytest.mark.parametrize(("code", "expected"), ENHANCED_ROWS.items())
    def test_a_code_of_rfc_3463_decides(self, code: str, expected: tuple[str, bool]) -> None:
        row = meaning(550, code, f"550 {code} words")
        assert (row.fate, row.is_address_dead) == expected

    @pytest.mark.parametrize(("code", "expected"), BASIC_ROWS.items())
    def test_a_code_of_rfc_5321_decides_where_there_is_no_other(self, code: int, expected: tuple[str, bool]) -> None:
        row = meaning(code, "", f"{code} words")
        assert (row.fate, row.is_address_dead) == expected

    def test_every_row_is_tested(self) -> None:
        assert {code[2:] for code in ENHANCED_ROWS} == set(mail_codes.ENHANCED)
        assert set(BASIC_ROWS) == set(mail_codes.BASIC)

    @pytest.mark.parametrize("detail", mail_codes.ENHANCED)
    def test_no_code_is_for_good_when_it_begins_with_a_4(self, detail: str) -> None:
        assert meaning(0, f"4.{detail}", "relay access denied, no such user").fate == TEMPORARY

    @pytest.mark.parametrize(("reply", "expected", "code"), REPLIES)
    def test_what_servers_say_of_the_letter(self, reply: bytes, expected: tuple[str, bool], code: str) -> None:
        error = mail_codes.refusal("it", int(reply[:3]), reply[4:], is_of_the_letter=True)
        assert (outcome(error), error.code) == (expected, code)
        assert "zhou" not in error.detail


class TestWhoIsToBlame:
    @pytest.mark.parametrize(("script", "expected"), [
        ({"": "554 no mail here"}, DOWN),
        ({"": "421 busy"}, PASSING),
        ({"": "SSH-2.0-OpenSSH"}, DOWN),
        ({"": None}, DOWN),
        ({"EHLO": "502 what?", "HELO": "502 what?"}, DOWN),
        ({"MAIL": "550 5.7.1 not from you"}, DOWN),
        ({"MAIL": "553 Mail from must equal authorized user"}, DOWN),
        ({"MAIL": "450 4.1.8 later"}, PASSING),
        ({"RCPT": "550 5.1.1 no"}, DEAD),
        ({"RCPT": "550 5.7.1 no"}, REFUSED),
        ({"DATA": "451 later"}, PASSING),
        ({".": "554 5.7.1 spam"}, REFUSED),
    ])
    def test_it_depends_on_where_in_the_conversation_it_is_said(
            self, script: dict[str, str | None], expected: tuple[str, bool]) -> None:
        with ScriptedMailServer(script) as server:
            assert outcome(failure(MailChannel(mail_settings(server.port)))) == expected

    @pytest.mark.parametrize(("reply", "expected", "code"), [
        ("535 5.7.8 no", DOWN, "5.7.8"), ("550 User has no permission", DOWN, "550"),
        ("454 4.7.0 later", PASSING, "4.7.0")])
    def test_a_refused_login_is_the_gateways(self, reply: str, expected: tuple[str, bool], code: str) -> None:
        with ScriptedMailServer({"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": reply}, smtps=True) as server:
            settings = mail_settings(server.port, scheme="smtps", login=SMTP_LOGIN)
            error = failure(MailChannel(settings, tls=trusting_tls))
        assert (outcome(error), error.code) == (expected, code)

    def test_tls_and_connecting_are_the_gateways(self) -> None:
        with MailServer(starttls=True) as server:
            assert failure(MailChannel(mail_settings(server.port))).is_gateway_down
        with MailServer() as server:
            assert failure(MailChannel(mail_settings(server.port, login=SMTP_LOGIN))).is_gateway_down  # no STARTTLS
        assert failure(MailChannel(mail_settings(free_port()))).is_gateway_down
        assert failure(MailChannel(ChannelSettings())).is_gateway_down


def test_only_where_receipts_are_expected_silence_means_something() -> None:
    assert MailChannel(ChannelSettings()).receipt_within is None
    assert MailChannel(ChannelSettings(mail_expects_receipt=True)).receipt_within == RECEIPT_WITHIN
