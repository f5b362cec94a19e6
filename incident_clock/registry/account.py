"""The ledger of one incident, read once: its links, the entries in plain form, what they come to. Each is worked out
when it is first asked for, so that a broken chain can still be looked at.
"""

from collections.abc import Mapping
from functools import cached_property

from incident_clock.ledger.chain import Link, plain
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry.history import Entry, History
from incident_clock.registry.retelling import retell


class Account:
    """The whole chain of one incident. `rules` by content hash."""

    def __init__(self, links: list[Link], rules: Mapping[str, ResponseProtocol]) -> None:
        self.links, self.rules = links, rules

    @cached_property
    def entries(self) -> list[Entry]:
        """As the API and the export show them."""
        return [plain(link) for link in self.links]

    @cached_property
    def history(self) -> History:
        return retell(self.entries, self.rules)
