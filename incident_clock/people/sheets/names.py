"""Persons as a sheet names them: by key, or by a name that only one has."""

import re
from collections.abc import Iterable, Mapping

from incident_clock.people.cards import PersonCard
from incident_clock.people.sheets.cells import Wrong, plain
from incident_clock.people.sheets.complaints import listed, quoted
from incident_clock.phrases import N_
from incident_clock.protocol.complaints import closest

BETWEEN = re.compile(r"[、,;/\n]")  # after full-width signs became ordinary ones


class Names:
    """The persons who may be named."""

    def __init__(self, people: Iterable[PersonCard]) -> None:
        self._keys: Mapping[str, PersonCard] = {card.key: card for card in people}
        self._names: dict[str, list[PersonCard]] = {}
        for card in self._keys.values():
            self._names.setdefault(_close(card.name), []).append(card)

    def one(self, written: str) -> PersonCard | Wrong:
        """The one person who is meant."""
        named = self._named(written)
        if len(named) == 1:
            return named[0]
        if named:
            return Wrong(N_("%(cell)s：通讯录里有%(count)s个“%(written)s”，请改写编号（%(keys)s）"),
                         {"count": len(named), "written": quoted(written), "keys": listed(card.key for card in named)})
        meant = closest(_close(written), [*self._names, *self._keys])
        if meant:
            return Wrong(N_("%(cell)s：通讯录里没有“%(written)s”，是不是“%(meant)s”？"),
                         {"written": quoted(written), "meant": meant})
        return Wrong(N_("%(cell)s：通讯录里没有“%(written)s”。请核对姓名，或先把他加进通讯录"),
                     {"written": quoted(written)})

    def several(self, written: str) -> tuple[PersonCard, ...] | Wrong:
        """One or more persons, parted by 、，,；/ or spaces. A space within a short name (周　甲) parts nothing."""
        found: list[PersonCard] = []
        for part in filter(str.strip, BETWEEN.split(plain(written))):
            pieces = [part] if self._named(part) else part.split()
            for piece in pieces:
                card = self.one(piece)
                if isinstance(card, Wrong):
                    return card
                found.append(card)
        return tuple(found)

    def _named(self, written: str) -> list[PersonCard]:
        by_key = self._keys.get(plain(written).strip().lower())
        return [by_key] if by_key else self._names.get(_close(written), [])


def is_several(written: str) -> bool:
    """Whether more than one person seems to be named."""
    return len(list(filter(str.strip, BETWEEN.split(plain(written))))) > 1


def _close(name: str) -> str:
    return "".join(plain(name).split()).casefold()
