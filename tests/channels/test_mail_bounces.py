"""Bounces as the servers of this world write them: whose letter, what became of it, and nothing made of the rest."""

import random

import pytest

from incident_clock.channels.base import DELIVERED, FAILED, PERMANENT, SENT, TEMPORARY, Report
from incident_clock.channels.mail_bounces import LARGEST_READ, Bounce, read_bounce
from incident_clock.channels.mail_format import compose
from incident_clock.channels.mail_settings import read_mail_from
from tests.channels.rigs import MAIL, letter

TRACKING, MESSAGE_ID = "37-1-9f2c41d07ab3", "<2026-0037.K7Q2@example.com>"
LETTER = compose(letter(MAIL, tracking=TRACKING, html="<p>事件037"), read_mail_from("clock@example.com"))
HEADERS = LETTER.partition(b"\r\n\r\n")[0].decode()

POSTFIX = ("Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.com (Mail Delivery System)\nSubject: Undelivered Mail\n")
EXCHANGE = ("From: Microsoft Outlook <postmaster@corp.example.com>\nSubject: Undeliverable: 2026-0037\nX-MS-Exchange: 1\n")
QQ = "From: PostMaster@qq.com\nSubject: =?gb18030?B?z7XNs83L0MU=?=\nX-QQ-mid: bounce\n"
COREMAIL = "From: Postmaster@163.com\nSubject: =?GBK?B?z7XNs83L0MU=?=\nX-CM-TRANSID: 1\n"


def mail(head: str, *, envelope: str = f"Original-Envelope-Id: {TRACKING}", person: str, returned: str | None = HEADERS,
         returned_as: str = "text/rfc822-headers", kind: str = "report; report-type=delivery-status",
         words: str = "Sorry, <zhou@example.com> could not be reached.") -> bytes:
    """A report as RFC 3464 has it; `person` are the fields of the one recipient (or several, an empty line between)."""
    parts = [f"Content-Type: text/plain; charset=utf-8\n\n{words}\n",
             f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n{envelope}\n\n{person}\n"]
    if returned is not None:
        parts.append(f"Content-Type: {returned_as}\n\n{returned}\n")
    body = "".join(f"--edge\n{part}\n" for part in parts)
    return f"{head}MIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary=edge\n\n{body}--edge--\n".encode()


def person(action: str, status: str, said: str = "", more: str = "") -> str:
    diagnosis = f"\nDiagnostic-Code: smtp; {said}" if said else ""
    return f"Final-Recipient: rfc822; {MAIL}\nAction: {action}\nStatus: {status}{diagnosis}{more}"


NO_SUCH = ("The mail came back: there is no such mailbox (5.1.1).", PERMANENT, True)

# what it is, its bytes, and of the report: status, code, (detail, fate, is_address_dead) as far as they matter
SAMPLES: dict[str, tuple[bytes, str, str, tuple[str, str, bool]]] = {
    "Postfix, no such user": (
        mail(POSTFIX, person=person("failed", "5.1.1", "550 5.1.1 <zhou@example.com>: Recipient address\n    rejected")),
        FAILED, "5.1.1", NO_SUCH),
    "Postfix, given up after five days": (
        mail(POSTFIX, person=person("failed", "4.4.1", "X-Postfix; connect to mx: Connection timed out")),
        FAILED, "4.4.1", ("The mail came back: it could not take it just now (4.4.1).", TEMPORARY, False)),
    "Postfix, delayed": (
        mail(POSTFIX, person=person("delayed", "4.4.1", more="\nWill-Retry-Until: Tue, 17 Mar 2026 06:20:00 +0000")),
        SENT, "4.4.1", ("A mail server on the way keeps trying (4.4.1).", TEMPORARY, False)),
    "Postfix, delivered": (
        mail(POSTFIX, person=person("delivered", "2.0.0", "250 2.0.0 Saved")),
        DELIVERED, "2.0.0", ("The mail is in the mailbox (2.0.0).", TEMPORARY, False)),
    "relayed to a server without receipts": (
        mail(POSTFIX, person=person("relayed", "2.1.9")), SENT, "2.1.9",
        ("The mail went on to a server that gives no receipts (2.1.9).", TEMPORARY, False)),
    "expanded to a list": (
        mail(POSTFIX, person=person("expanded", "2.1.5")), SENT, "2.1.5",
        ("The mail went on to the members of a list (2.1.5).", TEMPORARY, False)),
    "Exchange, the whole letter returned": (
        mail(EXCHANGE, returned=LETTER.decode(), returned_as="message/rfc822",
             person=person("failed", "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; zhou@example.com not found")),
        FAILED, "5.1.10", ("The mail came back: nobody takes mail at that address (5.1.10).", PERMANENT, True)),
    "Exchange, full": (
        mail(EXCHANGE, person=person("FAILED", "5.2.2", "554 5.2.2 mailbox full; STOREDRV.Deliver")),
        FAILED, "5.2.2", ("The mail came back: the mailbox is full (5.2.2).", PERMANENT, False)),
    "Coremail (163), only 5.0.0 and 550 in words": (
        mail(COREMAIL, person=person("failed", "5.0.0", "550 User not found: zhou@example.com")),
        FAILED, "550", ("The mail came back: there is no such mailbox (550).", PERMANENT, True)),
    "QQ, in a plain mixed mail with a gb18030 text": (
        mail(QQ, kind="mixed", words="=B1=A7=C7=B8",
             person=person("failed", "5.0.0", "550 Mailbox unavailable or access denied [0g2TVsHYq9]. IP: 1.2.3.4")),
        FAILED, "550", ("The mail came back: it is not taken there, for a reason that is not known here (550).",
                        PERMANENT, False)),
    "spam": (
        mail(COREMAIL, person=person("failed", "5.7.1 (content)", "554 DT:SPM 163 smtp10")),
        FAILED, "5.7.1", ("The mail came back: a rule there does not let it in (5.7.1).", PERMANENT, False)),
    "a relay on the way that refuses relaying takes no gateway of ours down": (
        mail(POSTFIX, person=person("failed", "5.7.1", "554 5.7.1 Relay access denied")),
        FAILED, "5.7.1", ("The mail came back: it passes nothing on for us: see SMTP_URL and MAIL_FROM (5.7.1).",
                          PERMANENT, False)),
    "the word of the report counts more than that of the server": (
        mail(POSTFIX, person=person("failed", "4.4.7", "550 5.1.1 no such user")),
        FAILED, "4.4.7", ("The mail came back: it could not take it just now (4.4.7).", TEMPORARY, False)),
    "failed without a word why": (
        mail(POSTFIX, person=f"Final-Recipient: rfc822; {MAIL}\nAction: failed"),
        FAILED, "", ("The mail came back: it did not say why.", TEMPORARY, False)),
    "one member of a list had it, another did not": (
        mail(POSTFIX, person=person("delivered", "2.0.0") + "\n\n" + person("failed", "5.1.1")), FAILED, "5.1.1", NO_SUCH),
}


class TestWhatTheySay:
    @pytest.mark.parametrize("sample", SAMPLES)
    def test_every_kind_of_bounce_is_read(self, sample: str) -> None:
        data, status, code, (detail, fate, is_address_dead) = SAMPLES[sample]
        report = Report(status, code=code, detail=detail, fate=fate, is_address_dead=is_address_dead)
        assert read_bounce(data) == Bounce(tracking=TRACKING, message_id=MESSAGE_ID, report=report)
        assert read_bounce(data.replace(b"\n", b"\r\n").replace(b"\r\r", b"\r")) == read_bounce(data)

    @pytest.mark.parametrize("sample", SAMPLES)
    def test_no_address_and_no_word_of_a_stranger_is_passed_on(self, sample: str) -> None:
        bounce = read_bounce(SAMPLES[sample][0])
        assert bounce is not None
        assert "zhou" not in repr(bounce)


class TestWhoseLetterItIs:
    FAILED = person("failed", "5.1.1")
    OLD = "\n".join(line for line in HEADERS.splitlines() if "Tracking" not in line)

    @pytest.mark.parametrize(("envelope", "returned", "expected"), [
        (f"Original-Envelope-Id: {TRACKING}", HEADERS, (TRACKING, MESSAGE_ID)),
        (f"Original-Envelope-Id: {TRACKING}", None, (TRACKING, "")),
        ("Original-Envelope-Id: a+2Bb+3DC", None, ("a+b=C", "")),
        ("Arrival-Date: Thu, 12 Mar 2026 06:20:00 +0000", HEADERS, (TRACKING, MESSAGE_ID)),
        ("Arrival-Date: Thu, 12 Mar 2026 06:20:00 +0000", OLD, ("", MESSAGE_ID)),
        ("Original-Envelope-Id: 甲\x01", OLD, ("", MESSAGE_ID)),
        ("Original-Envelope-Id: " + "x" * 100_000, OLD, ("", MESSAGE_ID)),
    ])
    def test_it_is_named_by_the_envelope_or_by_the_headers_that_came_back(
            self, envelope: str, returned: str | None, expected: tuple[str, str]) -> None:
        bounce = read_bounce(mail(POSTFIX, envelope=envelope, person=self.FAILED, returned=returned))
        assert bounce is not None
        assert (bounce.tracking, bounce.message_id) == expected

    @pytest.mark.parametrize("returned_as", ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers",
                                             "message/global", "message/global-headers"])
    def test_in_whatever_form_they_came_back(self, returned_as: str) -> None:
        bounce = read_bounce(mail(POSTFIX, envelope="X: y", person=self.FAILED, returned_as=returned_as))
        assert bounce is not None
        assert (bounce.tracking, bounce.message_id) == (TRACKING, MESSAGE_ID)

    def test_a_report_on_a_letter_that_is_not_named_is_none_for_us(self) -> None:
        assert read_bounce(mail(POSTFIX, envelope="X: y", person=self.FAILED, returned=None)) is None
        assert read_bounce(mail(POSTFIX, envelope="X: y", person=self.FAILED, returned="Message-ID: 2026-0037")) is None


class TestWhatIsNoReport:
    @pytest.mark.parametrize("data", [
        b"",
        b"\0\xff\r\n\r\n",
        LETTER,
        b"From: zhou@example.com\nSubject: Re: 2026-0037\nIn-Reply-To: <2026-0037@x>\n\nAction: failed\nStatus: 5.1.1\n",
        b"From: wu@example.com\nAuto-Submitted: auto-replied\nSubject: holiday\n\nback on Monday\n",
        mail(POSTFIX, person=person("read", "2.0.0")),
        mail(POSTFIX, person="Final-Recipient: rfc822; zhou@example.com"),
        mail(POSTFIX, person=person("failed", "5.1.1")).replace(b"message/delivery-status", b"text/plain"),
        mail(POSTFIX, person=person("failed", "5.1.1")).replace(
            b"message/delivery-status\n", b"message/delivery-status\nContent-Transfer-Encoding: base64\n").replace(
            b"Reporting-MTA", b"UmVwb3J0aW5n\n\nReporting").replace(b"Action", b"QWN0aW9u"),
        b"Content-Type: message/delivery-status\n\n",
        b"Content-Type: multipart/report\n\nno boundary\n",
    ])
    def test_other_mails_and_odd_ones_are_none(self, data: bytes) -> None:
        assert read_bounce(data) is None

    def test_however_it_is_cut_off_or_garbled_nothing_is_raised(self) -> None:
        chance = random.Random(37)
        for sample in list(SAMPLES.values())[::3]:
            data = sample[0]
            for _ in range(40):
                garbled = bytearray(data[:chance.randrange(len(data))])
                for _ in range(chance.randrange(6)):
                    if garbled:
                        garbled[chance.randrange(len(garbled))] = chance.randrange(256)
                read_bounce(bytes(garbled))

    def test_one_cut_off_behind_the_report_is_still_read(self) -> None:
        data = SAMPLES["Postfix, no such user"][0]
        bounce = read_bounce(data[:data.index(b"text/rfc822-headers")])
        assert bounce is not None
        assert bounce.report.code == "5.1.1"

    def test_a_huge_one_is_read_in_its_front_alone(self) -> None:
        data = SAMPLES["Postfix, no such user"][0] + b"x" * 20 * LARGEST_READ
        bounce = read_bounce(data)
        assert bounce is not None
        assert bounce.tracking == TRACKING
        assert read_bounce(mail(POSTFIX, person=person("failed", "5.1.1"), words="x" * LARGEST_READ)) is None

    @pytest.mark.parametrize("nested", [
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(800)) + b"x\n" * 100_000,
        b"Content-Type: message/rfc822\n\n" * 5000,
        b"Content-Type: message/delivery-status\n\n" + b"Action: failed\n\n" * 15_000,
    ])
    def test_a_nest_of_parts_ends_soon(self, nested: bytes) -> None:
        assert read_bounce(nested) is None
