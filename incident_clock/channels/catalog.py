"""Every channel there is, by the name a protocol's `by` and the settings use."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from incident_clock.channels.base import Channel, ChannelSettings
from incident_clock.channels.console import ConsoleChannel
from incident_clock.channels.mail import MailChannel
from incident_clock.channels.sms_twilio import TwilioChannel
from incident_clock.errors import ConfigError

CATALOG: dict[str, Callable[[ChannelSettings], Channel]] = {
    "console": lambda settings: ConsoleChannel(),
    "email": MailChannel,
    "sms": TwilioChannel,
}


def open_channels(names: Iterable[str], settings: ChannelSettings) -> dict[str, Channel]:
    """The named channels in the order given, each name once. Opening connects nowhere; see `Channel.problems`.

    Raises ConfigError with one sentence per unknown name.
    """
    wanted = list(dict.fromkeys(names))
    unknown = [_complaint(name) for name in wanted if name not in CATALOG]
    if unknown:
        raise ConfigError(unknown)
    return {name: CATALOG[name](settings) for name in wanted}


def _complaint(name: str) -> str:
    close = get_close_matches(name.lower(), CATALOG, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"There is no channel {name!r}{hint}: write a comma list of {', '.join(CATALOG)}."
