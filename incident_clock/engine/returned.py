"""Mails that came back: read from the mailbox, and taken as reports where they carry our own word."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from incident_clock.channels.mail_bounces import read_bounce
from incident_clock.channels.mailbox import read_new
from incident_clock.engine.receiving import Receiver


@dataclass(frozen=True, slots=True)
class ReturnedMail:
    """Reads the mailbox at `imap_url`. A mail without a word that we sealed is no report: anybody may write one."""

    imap_url: str
    receiver: Receiver
    read_tracking: Callable[[str], tuple[int, int] | None]

    def fetch(self, now: datetime) -> int:
        """Take every new report; gives how many mails there were. Raises ChannelError when the mailbox cannot be read.

        A mail may be taken twice, which changes nothing.
        """
        return read_new(self.imap_url, lambda mail: self._take(mail, now))

    def _take(self, mail: bytes, now: datetime) -> None:
        bounce = read_bounce(mail)
        if bounce is not None and self.read_tracking(bounce.tracking) is not None:
            self.receiver.receive(bounce.report, gateway="", provider_id=bounce.tracking, tracking=bounce.tracking,
                                  now=now)
