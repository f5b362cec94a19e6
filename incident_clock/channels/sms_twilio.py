"""The gateway `twilio` of the channel sms: messages by Twilio's API, what became of them, and those gone missing."""

import re
from datetime import timedelta

from incident_clock.channels.base import Channel, ChannelError, ChannelSettings, Letter, Receipt, Report
from incident_clock.channels.twilio_callbacks import STATUS_PATH, segments_of
from incident_clock.channels.twilio_client import ANSWER_TIMEOUT_S, ANSWERED_SID, PHONE_NUMBER, TwilioClient
from incident_clock.channels.twilio_codes import (
    FAILED,
    MESSAGE_STATUSES,
    NOT_FOUND,
    SMS,
    lost,
    not_sent,
    report_of_message,
)

MESSAGING_SERVICE_SID = re.compile(r"MG[0-9A-Za-z]+")

RECEIPT_WITHIN = timedelta(seconds=60)
SHORTEST_VALIDITY_S, LONGEST_VALIDITY_S = 10, 36_000  # Twilio takes 1 to 36,000 and advises more than 5
CLOCKS_DIFFER_BY = timedelta(seconds=5)  # ours and Twilio's
LOOKED_THROUGH = 50  # messages to one number, newest first: far more than it gets in the time a find is for


class TwilioGateway(Channel):
    """Sends as `TWILIO_FROM`, an E.164 number or the SID of a messaging service (`MG…`).

    It is two-way only where the setting says so, and on this machine: by Twilio's own guideline for China, what a +86
    number answers never reaches Twilio. Elsewhere its texts carry a code for the page instead of asking for a reply;
    what people answer all the same is read.
    """

    name = "twilio"
    receipt_within = RECEIPT_WITHIN

    def __init__(self, settings: ChannelSettings, *, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._settings, self._client = settings, TwilioClient(settings, timeout_s=timeout_s)

    @property
    def is_loopback(self) -> bool:
        return self._client.is_loopback

    @property
    def is_two_way(self) -> bool:  # type: ignore[override]
        replies = self._settings.sms_replies
        return self.is_loopback if replies is None else replies

    def problems(self) -> list[str]:
        complaints = self._client.problems()
        if not any(form.fullmatch(self._settings.twilio_from or "") for form in (PHONE_NUMBER, MESSAGING_SERVICE_SID)):
            complaints.insert(0, "TWILIO_FROM is missing or neither a number like +15005550006 nor a messaging "
                                 "service SID (MG…).")
        return complaints

    def send(self, letter: Letter) -> Receipt:
        complaints = self.problems()
        if complaints:
            raise ChannelError(complaints[0], is_gateway_down=True, gateway=self.name)
        if not PHONE_NUMBER.fullmatch(letter.to):
            raise ChannelError("The person's number is not in international form (+86…).", is_permanent=True,
                               gateway=self.name)
        with self._client.telling(SMS, now=letter.sent_at) as client:
            message = client.messages.create(to=letter.to, body=letter.text, **self._options(letter))
            sid, status, code, segments = message.sid, message.status, message.error_code, message.num_segments
        if MESSAGE_STATUSES.get(str(status)) == FAILED:
            raise not_sent(SMS, code=code)
        if not isinstance(sid, str) or not ANSWERED_SID.fullmatch(sid):
            raise lost(SMS, "it named no message")
        return Receipt(sid, "Twilio took it over", self.name, segments_of(str(segments)))

    def look_up(self, provider_id: str, *, gateway: str = "") -> Report | None:
        if self.problems() or not ANSWERED_SID.fullmatch(provider_id):
            return None
        try:
            with self._client.asking() as client:
                message = client.messages(provider_id).fetch()
                status, code, segments = message.status, message.error_code, message.num_segments
        except ChannelError as error:
            if error.code in NOT_FOUND:
                return None
            raise
        return report_of_message(str(status), code=str(code) if isinstance(code, int) else "",
                                 segments=segments_of(str(segments)))

    def find(self, letter: Letter, *, gateway: str = "") -> Receipt | None:
        """By number and date of creation: Twilio's own filter by date goes by that of sending, which a message still
        in its queue does not have, and would hide just the one that is looked for."""
        if self.problems() or not PHONE_NUMBER.fullmatch(letter.to):
            return None
        earliest = letter.sent_at - CLOCKS_DIFFER_BY
        with self._client.asking() as client:
            for message in client.messages.list(to=letter.to, limit=LOOKED_THROUGH, page_size=LOOKED_THROUGH):
                is_ours = letter.reference in (message.body or "") and message.date_created is not None
                if is_ours and message.date_created >= earliest and ANSWERED_SID.fullmatch(message.sid or ""):
                    return Receipt(message.sid, "Twilio had taken it over", self.name,
                                   segments_of(str(message.num_segments)))
        return None

    def _options(self, letter: Letter) -> dict[str, str | int]:
        sender = self._settings.twilio_from or ""
        is_service = MESSAGING_SERVICE_SID.fullmatch(sender) is not None
        options: dict[str, str | int] = {"messaging_service_sid" if is_service else "from_": sender}
        if letter.valid_for_s is not None:
            options["validity_period"] = min(max(letter.valid_for_s, SHORTEST_VALIDITY_S), LONGEST_VALIDITY_S)
        callback = self._client.callback_url(STATUS_PATH, letter.tracking)
        if callback is not None:
            options["status_callback"] = callback
        return options
