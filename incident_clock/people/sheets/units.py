"""Units as a sheet names them: those of the directory, or (while it has none) a tree written as 局名/部门."""

from collections.abc import Sequence
from typing import Protocol

from incident_clock.people.people_file import LONGEST_NAME, UnitCard
from incident_clock.people.sheets.cells import Wrong, plain
from incident_clock.people.sheets.complaints import listed, quoted
from incident_clock.phrases import N_
from incident_clock.protocol.complaints import closest


class Units(Protocol):
    """Where a person may belong."""

    def find(self, written: str) -> str | Wrong:
        """The key of the unit that is meant."""
        ...

    def cards(self) -> tuple[UnitCard, ...]:
        """All units, the bureau first."""
        ...


class KnownUnits:
    """The units of the directory, by key, by name, or by the names from the bureau down."""

    def __init__(self, units: Sequence[UnitCard]) -> None:
        self._units = {unit.key: unit for unit in units}
        self._names: dict[str, list[str]] = {}
        for unit in units:
            for name in {unit.name, self._path(unit)}:
                self._names.setdefault(_close(name), []).append(unit.key)

    def find(self, written: str) -> str | Wrong:
        if plain(written) in self._units:
            return plain(written)
        named = self._names.get(_close(written), [])
        if len(named) == 1:
            return named[0]
        if named:
            return Wrong(N_("%(cell)s：有%(count)s个“%(written)s”，请写编号（%(keys)s）"),
                         {"count": len(named), "written": quoted(written), "keys": listed(named)})
        meant = closest(_close(written), self._names)
        if meant:
            return Wrong(N_("%(cell)s：通讯录里没有部门“%(written)s”，是不是“%(meant)s”？"),
                         {"written": quoted(written), "meant": meant})
        return Wrong(N_("%(cell)s：通讯录里没有部门“%(written)s”。请核对，或先在通讯录里加上它"),
                     {"written": quoted(written)})

    def cards(self) -> tuple[UnitCard, ...]:
        return tuple(self._units.values())

    def _path(self, unit: UnitCard) -> str:
        names, above = [unit.name], unit.parent
        while above in self._units and len(names) <= len(self._units):
            names.append(self._units[above].name)
            above = self._units[above].parent
        return "/".join(reversed(names))


class NewUnits:
    """Units that the sheet itself lays out. The first word of all of them is the bureau."""

    def __init__(self) -> None:
        self._paths: dict[tuple[str, ...], UnitCard] = {}

    def find(self, written: str) -> str | Wrong:
        names = tuple(name for part in plain(written).split("/") if (name := part.strip()))
        bureau = next(iter(self._paths), names[:1])
        if not names or names[:1] != bureau:
            return Wrong(N_("%(cell)s：通讯录里还没有部门。请把每个部门都写成“局名/部门”，第一段是同一个局名，"
                            "如“云河区综合执法局/值班室”"), {})
        if max(map(len, names)) > LONGEST_NAME:
            return Wrong(N_("%(cell)s：有 %(size)s 个字，最多 %(most)s 个"),
                         {"size": max(map(len, names)), "most": LONGEST_NAME})
        for depth in range(1, len(names) + 1):
            path = names[:depth]
            if path not in self._paths:
                above = self._paths[path[:-1]].key if depth > 1 else None
                key = f"unit{len(self._paths)}" if depth > 1 else "bureau"
                self._paths[path] = UnitCard(key, path[-1], None, above)
        return self._paths[names].key

    def cards(self) -> tuple[UnitCard, ...]:
        return tuple(self._paths.values())


def _close(name: str) -> str:
    return "".join(plain(name).split()).casefold()
