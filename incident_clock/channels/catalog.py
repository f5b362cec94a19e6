"""Every channel there is, by the name a protocol's `by` and the settings use, and every gateway of the channel sms."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from incident_clock.channels.apprise_door import AppriseChannel
from incident_clock.channels.base import Channel, ChannelSettings
from incident_clock.channels.console import ConsoleChannel
from incident_clock.channels.http_gateway import HttpGateway
from incident_clock.channels.mail import MailChannel
from incident_clock.channels.robot_dingtalk import DingtalkRobot
from incident_clock.channels.robot_feishu import FeishuRobot
from incident_clock.channels.robot_wecom import WecomRobot
from incident_clock.channels.sms_aliyun import AliyunGateway
from incident_clock.channels.sms_twilio import TwilioGateway
from incident_clock.channels.switchboard import Switchboard
from incident_clock.channels.voice_twilio import VoiceChannel
from incident_clock.errors import ConfigError

Opener = Callable[[ChannelSettings], Channel]

SMS = "sms"

GATEWAYS: dict[str, Opener] = {
    "twilio": TwilioGateway,
    "aliyun": AliyunGateway,
    "http": HttpGateway,
}

CATALOG: dict[str, Opener] = {
    "console": lambda settings: ConsoleChannel(),
    "email": MailChannel,
    SMS: lambda settings: Switchboard(SMS, [GATEWAYS[name](settings) for name in _once(settings.sms_gateways)]),
    "voice": VoiceChannel,
    "wecom": WecomRobot,
    "dingtalk": DingtalkRobot,
    "feishu": FeishuRobot,
    "apprise": AppriseChannel,
}


def open_channels(names: Iterable[str], settings: ChannelSettings) -> dict[str, Channel]:
    """The named channels in the order given, each name once. Opening connects nowhere; see `Channel.problems`.

    Raises ConfigError with one sentence per unknown name of a channel, or of a gateway where sms is wanted.
    """
    wanted = _once(names)
    complaints = [_unknown("channel", name, CATALOG) for name in wanted if name not in CATALOG]
    if SMS in wanted:
        complaints += [_unknown("SMS gateway", name, GATEWAYS) for name in _once(settings.sms_gateways)
                       if name not in GATEWAYS]
        if not settings.sms_gateways:
            complaints.append(f"INCIDENT_CLOCK_SMS_GATEWAYS names no gateway: write a comma list of "
                              f"{', '.join(GATEWAYS)}.")
    if complaints:
        raise ConfigError(complaints)
    return {name: CATALOG[name](settings) for name in wanted}


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _unknown(kind: str, name: str, known: dict[str, Opener]) -> str:
    close = get_close_matches(name.lower(), known, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"There is no {kind} {name!r}{hint}: write a comma list of {', '.join(known)}."
