"""The channel for trying things out: one log line per letter. Nothing leaves the machine."""

import logging
import re

from incident_clock.channels.base import Channel, Letter, Receipt
from incident_clock.channels.masking import mask_address

# Whatever could break the line, move the terminal's cursor or turn the reading direction round.
UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")

logger = logging.getLogger("incident_clock.console")


class ConsoleChannel(Channel):
    """Writes to the logger `incident_clock.console` at INFO. The address is the person's key."""

    name = "console"
    is_loopback = True

    def problems(self) -> list[str]:
        return []

    def send(self, letter: Letter) -> Receipt:
        """Never fails. Phone numbers and e-mail addresses are masked wherever they stand."""
        line = f"to {letter.to} [{letter.reference}] {letter.subject} | {letter.text}"
        logger.info("%s", mask_address(UNWRITABLE.sub(" ", line)))
        return Receipt(provider_id=letter.reference, detail="written to the console")
