"""One channel over several gateways: the first that works is asked, a dead one is left alone for a while.

Each `send` asks one gateway only, so that a hung one costs one timeout and its try is written down on its own. A
gateway that failed is passed by until its pause is over; when all of them failed, the one that did so first is asked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from incident_clock.channels.base import Channel, ChannelError, Letter, Receipt, Report

PAUSE = timedelta(seconds=60)  # how long a gateway that failed is passed by: a lost answer's copy comes within it
LONGEST_PAUSE = timedelta(minutes=10)  # at most, whatever the gateway itself asks for


class Switchboard(Channel):
    """A channel `name` whose letters go out over `gateways`, the first that works."""

    def __init__(self, name: str, gateways: Sequence[Channel]) -> None:
        self._name, self._gateways = name, tuple(gateways)
        self._paused_until: dict[str, datetime] = {}  # gateway → when it is asked again; racing threads do no harm

    @property
    def name(self) -> str:
        return self._name

    @property
    def gateways(self) -> tuple[str, ...]:
        return tuple(gateway.name for gateway in self._gateways)

    @property
    def is_loopback(self) -> bool:
        return all(gateway.is_loopback for gateway in self._gateways)

    @property
    def receipt_within(self) -> timedelta | None:  # type: ignore[override]
        return max((gateway.receipt_within for gateway in self._gateways if gateway.receipt_within), default=None)

    @property
    def is_two_way(self) -> bool:  # type: ignore[override]
        """Only where every gateway carries answers: a text is worded before it is known which one will carry it."""
        return bool(self._gateways) and all(gateway.is_two_way for gateway in self._gateways)

    def problems(self) -> list[str]:
        return [complaint for gateway in self._gateways for complaint in gateway.problems()]

    def send(self, letter: Letter) -> Receipt:
        gateway = (self._named(letter.gateway) if letter.gateway else None) or self._next(letter.sent_at, letter.avoid)
        try:
            receipt = gateway.send(letter)
        except ChannelError as error:
            error.gateway = gateway.name
            self._note(gateway, error, letter.sent_at)
            raise
        except Exception:  # a fault of ours in one gateway is no reason to ask it again at once
            self._paused_until[gateway.name] = letter.sent_at + PAUSE
            raise
        self._paused_until.pop(gateway.name, None)
        return Receipt(receipt.provider_id, receipt.detail, gateway.name, receipt.segments)

    def look_up(self, provider_id: str, *, gateway: str = "") -> Report | None:
        found = self._named(gateway)
        return found.look_up(provider_id) if found else None

    def find(self, letter: Letter, *, gateway: str = "") -> Receipt | None:
        found = self._named(gateway)
        receipt = found.find(letter) if found else None
        return Receipt(receipt.provider_id, receipt.detail, gateway, receipt.segments) if receipt else None

    def _next(self, now: datetime, avoid: str = "") -> Channel:
        def rank(gateway: Channel) -> tuple[bool, bool, datetime]:
            paused_until = self._paused_until.get(gateway.name)
            is_paused = paused_until is not None and paused_until > now
            return is_paused, gateway.name == avoid, paused_until if is_paused and paused_until is not None else now
        return min(self._gateways, key=rank)  # of equals the first in the settings

    def _note(self, gateway: Channel, error: ChannelError, now: datetime) -> None:
        """A refusal of this one letter says nothing of the gateway; any other failure does."""
        if not error.is_permanent:
            asked = timedelta(seconds=error.retry_after_s) if error.retry_after_s else PAUSE
            self._paused_until[gateway.name] = now + min(max(asked, PAUSE), LONGEST_PAUSE)
            if any(self._paused_until.get(other.name, now) <= now for other in self._gateways):
                error.retry_after_s = None  # the pause is this gateway's, not the letter's

    def _named(self, name: str) -> Channel | None:
        return next((gateway for gateway in self._gateways if gateway.name == name),
                    self._gateways[0] if not name and self._gateways else None)
