"""Opening channels by name."""

import pytest

from incident_clock.channels.base import ChannelError, ChannelSettings
from incident_clock.channels.catalog import CATALOG, GATEWAYS, open_channels
from incident_clock.errors import ConfigError


def test_channels_open_in_the_order_given_and_once_each() -> None:
    opened = open_channels(["sms", "console", "email", "sms"], ChannelSettings())
    assert list(opened) == ["sms", "console", "email"]
    assert all(channel.name == name for name, channel in opened.items())


def test_opening_an_unset_channel_is_no_error_but_a_complaint() -> None:
    opened = open_channels(CATALOG, ChannelSettings())
    assert {name for name, channel in opened.items() if channel.problems()} == CATALOG.keys() - {"console"}
    assert {name for name, channel in opened.items() if channel.is_loopback} == {"console"}


def test_no_names_open_nothing() -> None:
    assert open_channels([], ChannelSettings()) == {}


@pytest.mark.parametrize(("name", "meant"), [
    ("emial", "email"), ("e-mail", "email"), ("SMS", "sms"), ("Console", "console")])
def test_a_misspelt_name_is_refused_with_what_was_meant(name: str, meant: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_channels(["console", name], ChannelSettings())
    assert f"did you mean {meant!r}" in str(caught.value)


def test_every_unknown_name_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        open_channels(["pigeon", "console", "emial"], ChannelSettings())
    assert len(caught.value.problems) == 2
    assert "did you mean" not in caught.value.problems[0]


def test_the_gateways_of_sms_open_in_the_order_of_the_settings_and_once_each() -> None:
    opened = open_channels(["sms"], ChannelSettings(sms_gateways=("http", "twilio", "http")))["sms"]
    assert opened.gateways == ("http", "twilio")


def test_every_gateway_goes_by_its_name() -> None:
    assert [open_one(ChannelSettings()).name for open_one in GATEWAYS.values()] == list(GATEWAYS)


@pytest.mark.parametrize(("gateways", "said"), [
    (("twillio",), "did you mean 'twilio'?"), (("carrier-pigeon",), "There is no SMS gateway 'carrier-pigeon'"),
    ((), "INCIDENT_CLOCK_SMS_GATEWAYS names no gateway"),
])
def test_a_gateway_there_is_not_is_named_where_sms_is_wanted(gateways: tuple[str, ...], said: str) -> None:
    settings = ChannelSettings(sms_gateways=gateways)
    with pytest.raises(ConfigError) as caught:
        open_channels(["sms", "console"], settings)
    (complaint,) = caught.value.problems
    assert said in complaint
    assert list(open_channels(["console"], settings)) == ["console"]


def test_a_failure_cannot_be_both_for_good_and_unknown() -> None:
    with pytest.raises(ValueError, match="one fate, not permanent and unknown"):
        ChannelError("x", is_permanent=True, is_unknown=True)
