"""The channel `voice`: a call by Twilio that reads the text out twice and waits for a key.

Only the key says that somebody was told: it comes to `/callbacks/twilio/voice`, so there is no voice without a
public address.
"""

from datetime import timedelta

from incident_clock.channels.base import Channel, ChannelError, ChannelSettings, Letter, Receipt, Report
from incident_clock.channels.twilio_callbacks import STATUS_PATH, VOICE_PATH
from incident_clock.channels.twilio_client import ANSWER_TIMEOUT_S, ANSWERED_SID, PHONE_NUMBER, TwilioClient
from incident_clock.channels.twilio_codes import (
    CALL,
    CALL_STATUSES,
    FAILED,
    NOT_FOUND,
    lost,
    not_sent,
    report_of_call,
)
from incident_clock.channels.twilio_twiml import read_out

RING_S = 30  # then nobody is there, and before most mailboxes pick up
LONGEST_CALL_S = 120
RECEIPT_WITHIN = timedelta(seconds=90)  # ringing, and the text twice


class VoiceChannel(Channel):
    """Calls from `TWILIO_VOICE_FROM` (else `TWILIO_FROM`), an E.164 number.

    It asks for keys itself, so its texts may not ask for a reply. A call whose answer was lost cannot be found again:
    Twilio lists no call by its words, and one to the same number may be another letter's.
    """

    name = "voice"
    receipt_within = RECEIPT_WITHIN
    is_two_way = False

    def __init__(self, settings: ChannelSettings, *, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._client = TwilioClient(settings, timeout_s=timeout_s)
        self._caller = settings.twilio_voice_from or settings.twilio_from or ""

    @property
    def is_loopback(self) -> bool:
        return self._client.is_loopback

    def problems(self) -> list[str]:
        complaints = self._client.problems()
        if self._client.callback_url(VOICE_PATH, "") is None:
            complaints.insert(0, "INCIDENT_CLOCK_PUBLIC_URL must be an https:// address for voice: the key a person "
                                 "presses is sent there.")
        if not PHONE_NUMBER.fullmatch(self._caller):
            complaints.insert(0, "TWILIO_VOICE_FROM (or else TWILIO_FROM) is missing or not a number like "
                                 "+15005550006, from which calls are made.")
        return complaints

    def send(self, letter: Letter) -> Receipt:
        complaints = self.problems()
        if complaints:
            raise ChannelError(complaints[0], is_gateway_down=True, gateway="twilio")
        if not PHONE_NUMBER.fullmatch(letter.to):
            raise ChannelError("The person's number is not in international form (+86…).", is_permanent=True,
                               gateway="twilio")
        action = self._client.callback_url(VOICE_PATH, letter.tracking) or ""
        status_url = self._client.callback_url(STATUS_PATH, letter.tracking) or ""
        with self._client.telling(CALL, now=letter.sent_at) as client:
            call = client.calls.create(
                to=letter.to, from_=self._caller, timeout=RING_S, time_limit=LONGEST_CALL_S,
                twiml=read_out(letter.text, language=letter.language, action=action),
                status_callback=status_url, status_callback_event=["answered", "completed"])
            sid, status = call.sid, call.status
        if CALL_STATUSES.get(str(status)) == FAILED:
            raise not_sent(CALL, code=None)
        if not isinstance(sid, str) or not ANSWERED_SID.fullmatch(sid):
            raise lost(CALL, "it named no call")
        return Receipt(sid, "Twilio is calling", "twilio")

    def look_up(self, provider_id: str, *, gateway: str = "") -> Report | None:
        if self.problems() or not ANSWERED_SID.fullmatch(provider_id):
            return None
        try:
            with self._client.asking() as client:
                status = client.calls(provider_id).fetch().status
        except ChannelError as error:
            if error.code in NOT_FOUND:
                return None
            raise
        return report_of_call(str(status))
